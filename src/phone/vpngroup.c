/*
 * The vpnGroup of a configuration: XML to a list of elements. The only user of libxml2.
 *
 * A well-formed file is parsed once, and only what stands inside a vpnGroup, a hundredth of the
 * file, becomes a tree: that halves the time. Many files are not well-formed, and most of those the
 * phone itself accepts, so a file that the strict parser refuses is parsed a second time with
 * XML_PARSE_RECOVER, after NULs are replaced and the text is put inside a few elements of our own:
 * a stray end tag, a second root or words in front of the first tag then do not end the document.
 * What the strict parser said first becomes the warning.
 *
 * Recovery drops what it does not understand, silently. Two marks on the nodes of the tree keep a
 * shortened value from being taken for a whole one: that the end tag was seen, and that an error
 * was reported while the value was being read.
 *
 * A document type declaration ends the parse: no entity is ever declared, loaded or replaced.
 * Prefixes, namespaces and attributes mean nothing here and are dropped on the way into the tree,
 * since CUCM uses a prefix that it does not declare. Comments are dropped as well.
 */
#include "phone/parts.h"

#include "base/text.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <limits.h>
#include <stdatomic.h>

#if LIBXML_VERSION >= 21200
typedef const xmlError *error_ptr;
#else
typedef xmlErrorPtr error_ptr;
#endif

/* One run of the parser: its context's _private. */
struct run {
    struct lp_arena *arena; /* borrowed */
    const char *error;      /* the first, in the arena; NULL for none */
    unsigned long error_line;
    xmlNodePtr open_tag; /* borrowed: the node whose end tag lacks its ">" */
    bool whole;          /* the tree holds every element, and not only those of interest */
    unsigned long kept;  /* elements of interest that are open, and what is inside them */
    bool doctype, commented, no_memory;
};

/* Marks on a node, in its _private. */
enum mark { MARK_CLOSED = 1, MARK_DAMAGED = 2 };

static unsigned marks(const xmlNode *node)
{
    return (unsigned)(uintptr_t)node->_private;
}

static void set_mark(xmlNodePtr node, enum mark mark)
{
    if (node)
        node->_private = (void *)(uintptr_t)(marks(node) | (unsigned)mark);
}

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *id, const xmlChar *uri)
{
    xmlParserCtxtPtr parser = ctx;
    struct run *run = parser->_private;

    (void)name, (void)id, (void)uri;
    run->doctype = true;
    xmlStopParser(parser);
}

static void on_comment(void *ctx, const xmlChar *value)
{
    struct run *run = ((xmlParserCtxtPtr)ctx)->_private;
    if (strstr((const char *)value, "<vpnGroup"))
        run->commented = true;
}

/* An element whose contents are looked at later. */
static bool is_of_interest(const xmlChar *name)
{
    const char *text = (const char *)name;
    return strcmp(text, "vpnGroup") == 0 || strcmp(text, "fullConfig") == 0 ||
           strcmp(text, "encrConfig") == 0;
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are libxml2's */
static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespaces, const xmlChar **namespace, int attributes, int defaulted,
                     const xmlChar **attribute)
{
    (void)prefix, (void)uri, (void)namespaces, (void)namespace;
    (void)attributes, (void)defaulted, (void)attribute;
    struct run *run = ((xmlParserCtxtPtr)ctx)->_private;
    if (!run->whole && run->kept == 0 && !is_of_interest(name))
        return;
    run->kept++;
    xmlSAX2StartElementNs(ctx, name, NULL, NULL, 0, NULL, 0, 0, NULL);
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    xmlParserCtxtPtr parser = ctx;
    struct run *run = parser->_private;

    if (!run->whole && run->kept == 0)
        return;
    if (run->kept > 0)
        run->kept--;
    if (parser->node != run->open_tag)
        set_mark(parser->node, MARK_CLOSED);
    xmlSAX2EndElementNs(ctx, name, prefix, uri);
}

/* Errors about tags do not touch the text between them. */
static bool is_about_tags(int code)
{
    return code == XML_ERR_TAG_NAME_MISMATCH || code == XML_ERR_GT_REQUIRED ||
           code == XML_ERR_TAG_NOT_FINISHED || code == XML_ERR_LTSLASH_REQUIRED;
}

static void on_error(void *ctx, error_ptr error)
{
    xmlParserCtxtPtr parser = ctx;
    struct run *run = parser->_private;

    if (error->code == XML_ERR_NO_MEMORY)
        run->no_memory = true;
    /* an undeclared prefix is how CUCM writes */
    if (error->level == XML_ERR_WARNING || error->domain == XML_FROM_NAMESPACE)
        return;
    if (error->code == XML_ERR_GT_REQUIRED)
        run->open_tag = parser->node;
    if (!is_about_tags(error->code))
        set_mark(parser->node, MARK_DAMAGED);
    if (run->error)
        return;
    const char *message = error->message ? error->message : "not well-formed";
    run->error = lp_text_clean(run->arena, message, strcspn(message, "\n"));
    run->error_line = error->line > 0 ? (unsigned long)error->line : 0;
    if (!run->error)
        run->no_memory = true;
}

/* libxml2 sets itself up when it is first used, and until 2.11 threads that come at the same moment
 * race for it. After the first time nobody waits here for longer than a look at a flag. */
static void initialise(void)
{
    static atomic_flag busy = ATOMIC_FLAG_INIT;

    while (atomic_flag_test_and_set(&busy))
        ;
    xmlInitParser();
    atomic_flag_clear(&busy);
}

/* *doc is owned by the caller; NULL when the file is not what `options` ask for. False only when
 * memory is short. */
static bool parse(struct run *run, struct lp_rd text, int options, xmlDocPtr *doc)
{
    initialise();
    xmlParserCtxtPtr parser = xmlNewParserCtxt();

    *doc = NULL;
    if (!parser)
        return false;
    parser->_private = run;
    parser->sax->internalSubset = on_doctype;
    parser->sax->startElementNs = on_start;
    parser->sax->endElementNs = on_end;
    parser->sax->comment = on_comment;
    parser->sax->processingInstruction = NULL;
    parser->sax->reference = NULL;
    parser->sax->serror = on_error;

    options |= XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES;
    *doc = xmlCtxtReadMemory(parser, (const char *)text.ptr, (int)text.left, NULL, NULL, options);
    if (*doc && (run->doctype || run->no_memory)) {
        xmlFreeDoc(*doc);
        *doc = NULL;
    }
    xmlFreeParserCtxt(parser);
    return !run->no_memory;
}

/* The text for the second parse. A NUL would end the document: it becomes a character that no value
 * holds. */
static bool make_tolerable(struct lp_rd text, struct lp_buf *out)
{
    static const char around[] = "<_><_><_><_><_><_><_><_>";
    uint8_t c;

    if (lp_buf_append(out, around, sizeof around - 1) != LP_GROW_OK ||
        lp_buf_reserve(out, text.left) != LP_GROW_OK)
        return false;
    while (lp_rd_u8(&text, &c)) {
        if (c == 0)
            c = '?';
        if (lp_buf_append(out, &c, 1) != LP_GROW_OK)
            return false;
    }
    return true;
}

static bool parse_tolerantly(struct run *run, struct lp_rd text, xmlDocPtr *doc)
{
    struct lp_buf tolerable = {0};
    bool ok = false;

    if (!make_tolerable(text, &tolerable))
        goto out;
    ok = parse(run, lp_rd_init(tolerable.bytes, tolerable.len),
               XML_PARSE_RECOVER | XML_PARSE_IGNORE_ENC, doc);
out:
    lp_buf_free(&tolerable);
    return ok;
}

/* Strict, then tolerant. *doc may be NULL: nothing could be read. False only when memory is short.
 */
static bool parse_document(struct lp_arena *arena, const struct lp_phone_text *text,
                           struct lp_vpn_group *out, xmlDocPtr *doc)
{
    struct run strict = {.arena = arena}, tolerant = {.arena = arena, .whole = true};
    /* after the conversion "UTF-16" in the declaration is not true any more */
    int options = text->converted ? XML_PARSE_IGNORE_ENC : 0;

    if (!parse(&strict, text->rd, options, doc))
        return false;
    out->commented = strict.commented;
    /* inside other elements a declaration is only an error, so the second parse would not see it */
    out->doctype = strict.doctype || (!*doc && lp_phone_holds(text->rd, "<!DOCTYPE"));
    if (*doc || out->doctype)
        return true;

    if (!parse_tolerantly(&tolerant, text->rd, doc))
        return false;
    out->commented = out->commented || tolerant.commented;
    out->xml_error = strict.error ? strict.error : "not well-formed";
    out->xml_line = strict.error_line + text->skipped;
    return true;
}

/* The next element in document order inside `top`, without entering `node` unless `enter`. */
static xmlNodePtr next_element(xmlNodePtr node, const xmlNode *top, bool enter)
{
    do {
        if (enter && node->type == XML_ELEMENT_NODE && node->children) {
            node = node->children;
        } else {
            while (node != top && !node->next)
                node = node->parent;
            if (node == top)
                return NULL;
            node = node->next;
        }
        enter = true;
    } while (node->type != XML_ELEMENT_NODE);
    return node;
}

static bool is_named(const xmlNode *node, const char *name)
{
    return strcmp((const char *)node->name, name) == 0;
}

static bool is_text(const xmlNode *node)
{
    return node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE;
}

/* Collects the text before the first child element. *split: more text follows behind one. */
static bool own_text(const xmlNode *node, struct lp_buf *text, bool *split)
{
    bool inside = true;

    *split = false;
    text->len = 0;
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (!is_text(child)) {
            inside = false;
            continue;
        }
        const char *part = (const char *)child->content;
        size_t n = part ? strlen(part) : 0;
        if (!inside)
            *split = *split || lp_phone_trim(part, n).left > 0;
        else if (lp_buf_append(text, part, n) != LP_GROW_OK)
            return false;
    }
    return true;
}

static bool add_field(struct lp_arena *arena, const xmlNode *node, struct lp_buf *text,
                      struct lp_vpn_group *out)
{
    bool split;

    if (out->count == LP_MAX_VPN_FIELDS) {
        out->left_out = true;
        return true;
    }
    if (!own_text(node, text, &split) || lp_buf_append(text, "", 1) != LP_GROW_OK)
        return false;

    long line = xmlGetLineNo(node);
    struct lp_vpn_field *field = &out->fields[out->count];
    field->name = lp_arena_text(arena, (const char *)node->name);
    field->parent = lp_arena_text(arena, (const char *)node->parent->name);
    field->text = lp_arena_copy(arena, text->bytes, text->len);
    field->n = text->len - 1;
    field->line = line > 0 ? (unsigned long)line : 0;
    field->closed = (marks(node) & MARK_CLOSED) != 0;
    field->damaged = split || (marks(node) & MARK_DAMAGED) != 0;
    if (!field->name || !field->parent || !field->text)
        return false;
    out->count++;
    return true;
}

static bool is_wanted(const xmlNode *node)
{
    static const char *const names[] = {"hashAlg",         "enableHostIDCheck", "mtu",
                                        "failConnectTime", "authMethod",        "pswdPersistent",
                                        "autoNetDetect"};

    if (strncmp((const char *)node->name, "certHash", 8) == 0 ||
        strncmp((const char *)node->name, "url", 3) == 0)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_named(node, names[i]))
            return true;
    return false;
}

/* A vpnGroup inside another (a forgotten slash) is a group of its own. */
static xmlNodePtr next_of_group(xmlNodePtr node, const xmlNode *group)
{
    do {
        node = next_element(node, group, node == group || !is_named(node, "vpnGroup"));
    } while (node && is_named(node, "vpnGroup"));
    return node;
}

static bool has_cert_hash(xmlNodePtr group)
{
    for (xmlNodePtr node = group; (node = next_of_group(node, group));) {
        if (strncmp((const char *)node->name, "certHash", 8) != 0)
            continue;
        for (const xmlNode *child = node->children; child; child = child->next)
            if (is_text(child) && child->content &&
                lp_phone_trim((const char *)child->content, strlen((const char *)child->content))
                    .left)
                return true;
    }
    return false;
}

/* Whether the element's text is `word` in any case. */
static bool says(const xmlNode *node, const char *word)
{
    return node->children && is_text(node->children) && node->children->content &&
           xmlStrcasecmp(node->children->content, (const xmlChar *)word) == 0;
}

/* A tree of the elements of interest has several at its top. */
static xmlNodePtr find_group(xmlDocPtr doc, struct lp_vpn_group *out)
{
    xmlNodePtr first = NULL, with_hash = NULL;
    const xmlNode *top = (const xmlNode *)doc;

    for (xmlNodePtr node = xmlDocGetRootElement(doc); node; node = next_element(node, top, true)) {
        if ((is_named(node, "fullConfig") && says(node, "false")) ||
            (is_named(node, "encrConfig") && says(node, "true")))
            out->partial = true;
        if (!is_named(node, "vpnGroup"))
            continue;
        out->groups++;
        if (!first)
            first = node;
        if (!with_hash && has_cert_hash(node))
            with_hash = node;
    }
    return with_hash ? with_hash : first;
}

bool lp_vpn_group_read(struct lp_arena *arena, const struct lp_phone_text *text,
                       struct lp_vpn_group *out)
{
    struct lp_buf room = {0};
    xmlDocPtr doc = NULL;
    bool ok = false;

    memset(out, 0, sizeof *out);
    if (text->rd.left > INT_MAX)
        return true;
    if (!parse_document(arena, text, out, &doc))
        goto out;
    xmlNodePtr group = doc ? find_group(doc, out) : NULL;
    out->found = group != NULL;
    for (xmlNodePtr node = group; node && (node = next_of_group(node, group));)
        if (is_wanted(node) && !add_field(arena, node, &room, out))
            goto out;
    for (size_t i = 0; i < out->count; i++)
        out->fields[i].line += text->skipped;
    ok = true;
out:
    lp_buf_free(&room);
    if (doc)
        xmlFreeDoc(doc);
    return ok;
}
