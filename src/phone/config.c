/*
 * A phone's configuration: from bytes to what the phone was told to trust.
 *
 * container.c gives the text, vpngroup.c its elements; here they are sorted by number and read. In
 * whatever state the file is, something comes out: values that could be read, a reason where
 * nothing can be compared, and a finding for everything that is not as it should be.
 */
#include "phone/parts.h"
#include "phone/phone.h"

#include "base/text.h"

enum {
    MAX_BYTES = 4 * 1024 * 1024, /* hundreds of times the size of a real one */
    MAX_URL_LENGTH = 255,
    LOOKED_AT = 64 * 1024, /* enough to tell a configuration from a capture */
    SHOWN = 100,           /* characters of a value that a message repeats */
};

struct reading {
    struct lp_arena *arena;             /* borrowed */
    struct lp_config *out;              /* borrowed */
    const struct lp_phone_trust *trust; /* borrowed, or NULL */
    struct lp_notes notes;
    const struct lp_vpn_field *hashes[LP_MAX_CERT_HASHES]; /* by number; borrowed */
    const struct lp_vpn_field *urls[LP_MAX_URLS];
};

static bool is_called(const struct lp_vpn_field *field, const char *name)
{
    return strcmp(field->name, name) == 0;
}

static bool is_blank(const struct lp_vpn_field *field)
{
    return lp_phone_trim(field->text, field->n).left == 0;
}

static const char *clean_value(struct reading *r, const struct lp_vpn_field *field)
{
    struct lp_rd trimmed = lp_phone_trim(field->text, field->n);
    const char *text = lp_text_clean(r->arena, trimmed.ptr, trimmed.left);

    if (!text)
        r->notes.no_memory = true;
    return text ? text : "";
}

/* A decimal number of at most five digits that fills the whole text; -1 for anything else. */
static long plain_number(struct lp_rd rd)
{
    long value = 0;
    uint8_t c;

    if (lp_rd_end(&rd) || rd.left > 5)
        return -1;
    while (lp_rd_u8(&rd, &c)) {
        if (c < '0' || c > '9')
            return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

/* The 7 of "certHash7"; 0 where the name is the stem alone; -1 for any other ending. */
static long number_of(const struct lp_vpn_field *field, const char *stem)
{
    struct lp_rd rd = lp_rd_init(field->name, strlen(field->name)), ahead;
    uint8_t first;

    if (!lp_rd_skip(&rd, strlen(stem)))
        return -1;
    ahead = rd;
    if (!lp_rd_u8(&ahead, &first))
        return 0;
    return first == '0' ? -1 : plain_number(rd);
}

/* Elements that come numbered: certHash1 to certHash10, url1 to url3. */
struct series {
    const char *stem;
    const char *parent; /* only inside this one an element without a number counts */
    const struct lp_vpn_field **slots;
    long max;
    enum lp_note note; /* for what is wrong with the number */
};

/* Whether the field belongs to the series; then it has its place, or a finding says why not. */
static bool place(struct reading *r, const struct series *series, const struct lp_vpn_field *field,
                  bool unnumbered)
{
    if (strncmp(field->name, series->stem, strlen(series->stem)) != 0)
        return false;
    long n = number_of(field, series->stem);
    if ((n == 0) != unnumbered)
        return true; /* its turn is in the other pass */
    if (n == 0 && strcmp(field->parent, series->parent) != 0)
        return true; /* the phone's own certHash, where a vpnGroup is not closed */
    if (n < 0 || n > series->max) {
        lp_note(&r->notes, series->note, field->line,
                "<%.*s> is not read: the numbers are 1 to %ld", SHOWN, field->name, series->max);
        return true;
    }
    if (n == 0) {
        n = 1;
        lp_note(&r->notes, series->note, field->line, "<%s> has no number: it is %s <%s1>",
                series->stem, series->slots[0] ? "not read, since there is a" : "read as",
                series->stem);
        if (series->slots[0])
            return true;
    }
    if (series->slots[n - 1])
        lp_note(&r->notes, LP_NOTE_DUPLICATE, field->line, "a second <%s> is not read",
                field->name);
    else
        series->slots[n - 1] = field;
    return true;
}

static void set_host_id_check(struct reading *r, const struct lp_vpn_field *field)
{
    long value = plain_number(lp_phone_trim(field->text, field->n));

    if (value != 0 && value != 1) {
        lp_note(&r->notes, LP_NOTE_HOST_ID_CHECK, field->line,
                "<enableHostIDCheck> is \"%.*s\", not 0 or 1", SHOWN, field->text);
        return;
    }
    r->out->has_host_id_check = true;
    r->out->host_id_check = value == 1;
}

static void set_hash_algorithm(struct reading *r, const struct lp_vpn_field *field)
{
    r->out->has_hash_algorithm = true;
    r->out->hash_algorithm = clean_value(r, field);
    if (strcmp(r->out->hash_algorithm, "0") != 0)
        lp_note(&r->notes, LP_NOTE_HASH_ALGORITHM_UNKNOWN, field->line,
                "<hashAlg> is \"%.*s\"; only 0, SHA-1, is known: the length of each hash decides",
                SHOWN, r->out->hash_algorithm);
}

/* Settings that no comparison needs, looked at since a phone may refuse the whole group. */
static void check_range(struct reading *r, const struct lp_vpn_field *field)
{
    static const struct {
        const char *name;
        long least, most;
    } settings[] = {{"mtu", 256, 1406},
                    {"failConnectTime", 0, 600},
                    {"authMethod", 0, 2},
                    {"pswdPersistent", 0, 1},
                    {"autoNetDetect", 0, 1}};
    long value = plain_number(lp_phone_trim(field->text, field->n));

    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (is_called(field, settings[i].name) &&
            (value < settings[i].least || value > settings[i].most))
            lp_note(&r->notes, LP_NOTE_RANGE, field->line,
                    "<%s> is \"%.*s\", not a number from %ld to %ld", field->name, SHOWN,
                    field->text, settings[i].least, settings[i].most);
}

static void read_setting(struct reading *r, const struct lp_vpn_field *field)
{
    if (is_called(field, "enableHostIDCheck")) {
        if (r->out->has_host_id_check)
            lp_note(&r->notes, LP_NOTE_DUPLICATE, field->line, "a second <%s> is not read",
                    field->name);
        else
            set_host_id_check(r, field);
    } else if (is_called(field, "hashAlg")) {
        if (r->out->has_hash_algorithm)
            lp_note(&r->notes, LP_NOTE_DUPLICATE, field->line, "a second <%s> is not read",
                    field->name);
        else
            set_hash_algorithm(r, field);
    } else {
        check_range(r, field);
    }
}

/* Whether the field holds something to be read. */
static bool is_whole(struct reading *r, const struct lp_vpn_field *field)
{
    if (!field->closed) {
        lp_note(&r->notes, LP_NOTE_CUT, field->line, "<%.*s> is not read: its end tag is missing",
                SHOWN, field->name);
        return false;
    }
    if (!is_blank(field))
        return true;
    if (strncmp(field->name, "certHash", 8) == 0 && number_of(field, "certHash") > 0)
        lp_note(&r->notes, LP_NOTE_HASH_EMPTY, field->line, "<%.*s> is empty", SHOWN, field->name);
    return false;
}

/* Numbered elements first, so that one without a number takes the place only if it is free. */
static void sort_fields(struct reading *r, const struct lp_vpn_group *group)
{
    const struct series hashes = {"certHash", "credentials", r->hashes, LP_MAX_CERT_HASHES,
                                  LP_NOTE_HASH_NUMBER};
    const struct series urls = {"url", "addresses", r->urls, LP_MAX_URLS, LP_NOTE_URL_NUMBER};

    for (size_t i = 0; i < group->count; i++) {
        const struct lp_vpn_field *field = &group->fields[i];
        if (is_whole(r, field) && !place(r, &hashes, field, false) &&
            !place(r, &urls, field, false))
            read_setting(r, field);
    }
    for (size_t i = 0; i < group->count; i++) {
        const struct lp_vpn_field *field = &group->fields[i];
        if (field->closed && !is_blank(field) && !place(r, &hashes, field, true))
            place(r, &urls, field, true);
    }
}

static void note_hash_of_hex(struct reading *r, const struct lp_vpn_field *field,
                             const struct lp_cert_hash *hash)
{
    char base64[89];
    uint8_t digest[64];

    lp_base64_text(digest, lp_cert_hash_meant(hash, digest), base64);
    if (hash->fault == LP_HASH_IS_HEX)
        lp_note(&r->notes, LP_NOTE_HASH_HEX, field->line,
                "<%s> holds hexadecimal digits, \"%.200s\"; in Base64 they are \"%s\"", field->name,
                hash->text, base64);
    else
        lp_note(&r->notes, LP_NOTE_HASH_HEX_BASE64, field->line,
                "<%s> holds the Base64 of hexadecimal text, \"%.300s\"; the Base64 of the hash is "
                "\"%s\"",
                field->name, hash->text, base64);
}

/* Of well-formed Base64. */
static size_t decoded_length(const char *base64)
{
    size_t digits = strcspn(base64, "=");
    return digits * 3 / 4;
}

static void note_hash_fault(struct reading *r, const struct lp_vpn_field *field,
                            const struct lp_cert_hash *hash)
{
    switch (hash->fault) {
    case LP_HASH_NOT_BASE64:
        lp_note(&r->notes, LP_NOTE_HASH_BASE64, field->line,
                "<%s> is not Base64 (RFC 4648 4): %zu characters, \"%.*s\"", field->name,
                strlen(hash->text), SHOWN, hash->text);
        break;
    case LP_HASH_BAD_LENGTH:
        lp_note(&r->notes, LP_NOTE_HASH_LENGTH, field->line,
                "<%s> decodes to %zu bytes, which is no digest's length (SHA-1: 20): \"%.*s\"",
                field->name, decoded_length(hash->text), SHOWN, hash->text);
        break;
    case LP_HASH_OF_HEX_TEXT:
    case LP_HASH_IS_HEX:
        note_hash_of_hex(r, field, hash);
        break;
    case LP_HASH_FINE:
    case LP_HASH_EMPTY:
        break;
    }
}

/* hashAlg 0 is SHA-1, and no configuration without hashAlg is known to mean anything else. */
static void note_algorithm(struct reading *r, const struct lp_vpn_field *field,
                           const struct lp_cert_hash *hash)
{
    static const char *const names[] = {"unknown", "MD5", "SHA-1", "SHA-256", "SHA-512"};

    if (hash->algorithm == LP_HASH_SHA1 ||
        (r->out->has_hash_algorithm && strcmp(r->out->hash_algorithm, "0") != 0))
        return;
    lp_note(&r->notes, LP_NOTE_HASH_ALGORITHM, field->line,
            "<%s> has the length of %s, but %s: the phone compares with SHA-1", field->name,
            names[hash->algorithm],
            r->out->has_hash_algorithm ? "<hashAlg> is 0" : "there is no <hashAlg>");
}

static void note_hash(struct reading *r, const struct lp_vpn_field *field,
                      const struct lp_cert_hash *hash)
{
    if (lp_cert_hash_is_placeholder(hash))
        lp_note(&r->notes, LP_NOTE_HASH_PLACEHOLDER, field->line,
                "<%s> holds a placeholder instead of a hash: \"%.*s\"", field->name, SHOWN,
                hash->text);
    else if (lp_cert_hash_is_of_nothing(hash))
        lp_note(&r->notes, LP_NOTE_HASH_OF_NOTHING, field->line,
                "<%s> is the hash of an empty file: \"%s\"", field->name, hash->text);
    else
        note_hash_fault(r, field, hash);
    if (hash->fault == LP_HASH_FINE)
        note_algorithm(r, field, hash);
}

static bool read_hashes(struct reading *r)
{
    for (unsigned i = 0; i < LP_MAX_CERT_HASHES; i++) {
        const struct lp_vpn_field *field = r->hashes[i];
        if (!field)
            continue;
        struct lp_cert_hash *hash = &r->out->hashes[r->out->hash_count++];
        if (!lp_cert_hash_read(r->arena, field->text, field->n, hash))
            return false;
        hash->n = i + 1;
        if (field->damaged) {
            /* what is left may decode by chance; it is not what was written */
            *hash = (struct lp_cert_hash){i + 1, .fault = LP_HASH_NOT_BASE64, .text = hash->text};
            lp_note(&r->notes, LP_NOTE_HASH_DAMAGED, field->line,
                    "<%s> is no hash: broken XML or an element stands inside it, near \"%.*s\"",
                    field->name, SHOWN, hash->text);
            continue;
        }
        note_hash(r, field, hash);
    }
    return true;
}

static void note_url(struct reading *r, const struct lp_vpn_field *field, const struct lp_url *url,
                     enum lp_url_fault fault)
{
    static const char *const faults[] = {
        [LP_URL_FINE] = "",
        [LP_URL_NO_SCHEME] = "has no https:// in front",
        [LP_URL_HTTP] = "has http:// in front; the connection is TLS all the same",
        [LP_URL_EMPTY] = "is empty",
        [LP_URL_FOREIGN_SCHEME] = "does not start with https://",
        [LP_URL_USERINFO] = "holds a user name",
        [LP_URL_BAD_HOST] = "has no readable host",
        [LP_URL_BAD_PORT] = "has no readable port",
    };

    if (fault != LP_URL_FINE)
        lp_note(&r->notes, url->usable ? LP_NOTE_URL_SCHEME : LP_NOTE_URL_MALFORMED, field->line,
                "<%s> %s: \"%.*s\"", field->name, faults[fault], SHOWN, url->text);
    if (lp_phone_trim(field->text, field->n).left > MAX_URL_LENGTH)
        lp_note(&r->notes, LP_NOTE_URL_LENGTH, field->line, "<%s> has more than %d characters",
                field->name, MAX_URL_LENGTH);
    if (field->damaged)
        lp_note(&r->notes, LP_NOTE_DAMAGED, field->line,
                "<%s>: broken XML or an element stands inside it, near \"%.*s\"", field->name,
                SHOWN, url->text);
}

/* Whether there may be a url that was not read: it is cut, empty or has a number beyond the last,
 * or the file is such that something may have got lost. */
static bool may_have_lost_url(const struct lp_vpn_group *group)
{
    bool named = false;

    for (size_t i = 0; i < group->count; i++)
        named = named || strncmp(group->fields[i].name, "url", 3) == 0;
    return named || group->xml_error || group->left_out || group->groups > 1;
}

static bool read_urls(struct reading *r, const struct lp_vpn_group *group)
{
    bool usable = false;

    for (size_t i = 0; i < LP_MAX_URLS; i++) {
        const struct lp_vpn_field *field = r->urls[i];
        enum lp_url_fault fault;
        if (!field)
            continue;
        struct lp_url *url = &r->out->urls[r->out->url_count++];
        if (!lp_url_parse(r->arena, field->text, field->n, url, &fault))
            return false;
        url->n = (unsigned)i + 1;
        note_url(r, field, url, fault);
        usable = usable || url->usable;
    }
    r->out->url_lost = r->out->url_count == 0 && may_have_lost_url(group);
    if (!usable)
        lp_note(&r->notes, LP_NOTE_URL_NONE, 0, "the vpnGroup names no gateway that can be read");
    return true;
}

/* What to say when there is no vpnGroup: the first that applies. */
static void explain_no_group(struct reading *r, const struct lp_vpn_group *group)
{
    r->out->reason = LP_REASON_NO_VPN_GROUP;
    if (group->doctype)
        lp_note(&r->notes, LP_NOTE_DOCTYPE, 0, "not read: it holds a document type declaration");
    else if (group->commented)
        lp_note(&r->notes, LP_NOTE_COMMENT, 0, "the only <vpnGroup> stands inside a comment");
    else if (group->partial)
        lp_note(&r->notes, LP_NOTE_PARTIAL, 0,
                "this is the partial configuration (fullConfig False, encrConfig true): the rest, "
                "with the vpnGroup, is in the encrypted file %s.cnf.xml.enc.sgn",
                r->out->phone ? r->out->phone : "SEP<MAC>");
    else
        lp_note(&r->notes, LP_NOTE_NO_VPN_GROUP, 0, "there is no <vpnGroup>");
}

static bool read_group(struct reading *r, const struct lp_vpn_group *group)
{
    if (group->xml_error && !group->doctype)
        lp_note(&r->notes, LP_NOTE_XML, group->xml_line, "not well-formed XML: %.300s",
                group->xml_error);
    if (!group->found) {
        explain_no_group(r, group);
        return true;
    }
    if (group->groups > 1)
        lp_note(&r->notes, LP_NOTE_VPN_GROUPS, 0,
                "%lu <vpnGroup> elements: the first with a hash counts", group->groups);
    if (group->left_out)
        lp_note(&r->notes, LP_NOTE_FIELDS, 0,
                "only the first %d elements of the vpnGroup were read", LP_MAX_VPN_FIELDS);
    sort_fields(r, group);
    if (!read_urls(r, group) || !read_hashes(r))
        return false;
    if (r->out->hash_count == 0) {
        r->out->reason = LP_REASON_NO_CERT_HASH;
        lp_note(&r->notes, LP_NOTE_NO_CERT_HASH, 0, "the vpnGroup holds no certHash with a value");
    }
    return true;
}

/* Takes the header of a signed file off. False: nothing behind it can be read, and out->reason says
 * why. */
static bool unwrap(struct reading *r, struct lp_rd *rd)
{
    struct lp_signed file;

    lp_signed_read(*rd, &file);
    switch (file.wrapping) {
    case LP_WRAPPING_NONE:
        return true;
    case LP_WRAPPING_SIGNED:
        lp_note_signed(&r->notes, &file, r->trust);
        *rd = file.payload;
        return true;
    case LP_WRAPPING_ENCRYPTED:
        r->out->reason = LP_REASON_ENCRYPTED_CONFIG;
        lp_note(&r->notes, LP_NOTE_ENCRYPTED, 0,
                "encrypted for one phone, whose private key it needs");
        return false;
    case LP_WRAPPING_CUT:
        r->out->reason = LP_REASON_NO_VPN_GROUP;
        lp_note(&r->notes, LP_NOTE_HEADER, 0, "the file ends inside the header of its signature");
        return false;
    }
    return false;
}

/* False only when memory is short. */
static bool read_bytes(struct reading *r, struct lp_rd rd)
{
    struct lp_buf room = {0};
    struct lp_phone_text text;
    bool ok = false;
    struct lp_vpn_group *group = lp_alloc(sizeof *group);

    if (!group)
        goto out;
    if (rd.left > MAX_BYTES) {
        r->out->reason = LP_REASON_NO_VPN_GROUP;
        lp_note(&r->notes, LP_NOTE_SIZE, 0, "not read: larger than %d bytes", MAX_BYTES);
        ok = true;
        goto out;
    }
    if (!unwrap(r, &rd)) {
        ok = true;
        goto out;
    }
    if (!lp_phone_text(rd, &room, &text))
        goto out;
    if (lp_rd_end(&text.rd)) {
        r->out->reason = LP_REASON_NO_VPN_GROUP;
        lp_note(&r->notes, LP_NOTE_EMPTY, 0, "an empty file");
        ok = true;
        goto out;
    }
    if (text.padded)
        lp_note(&r->notes, LP_NOTE_XML, 1,
                "not well-formed XML: white space before the declaration, or NULs around the text");
    ok = lp_vpn_group_read(r->arena, &text, group) && read_group(r, group);
out:
    lp_free(group);
    lp_buf_free(&room);
    return ok;
}

/* Source and phone. The file's own name goes before the folders above it. */
static bool set_names(struct reading *r, const char *source)
{
    const char *slash = strrchr(source, '/');
    char name[16];
    uint8_t mac[6];

    r->out->origin = "file";
    r->out->source = lp_text_clean(r->arena, source, strlen(source));
    if (!r->out->source)
        return false;
    r->notes.source = r->out->source;
    if (!(slash && lp_phone_name_find(slash, name, mac)) && !lp_phone_name_find(source, name, mac))
        return true;
    r->out->phone = lp_arena_text(r->arena, name);
    return r->out->phone != NULL;
}

bool lp_phone_config_trusting(struct lp_arena *arena, const char *source, struct lp_rd bytes,
                              const struct lp_phone_trust *trust, struct lp_config *out)
{
    struct reading r = {.arena = arena, .out = out, .trust = trust, .notes.arena = arena};

    memset(out, 0, sizeof *out);
    if (set_names(&r, source) && read_bytes(&r, bytes) && lp_notes_keep(&r.notes, out))
        return true;
    memset(out, 0, sizeof *out);
    return false;
}

bool lp_phone_config(struct lp_arena *arena, const char *source, const void *bytes, size_t n,
                     struct lp_config *out)
{
    return lp_phone_config_trusting(arena, source, lp_rd_init(bytes, n), NULL, out);
}

bool lp_phone_looks_like_xml(const void *bytes, size_t n)
{
    struct lp_rd rd = lp_rd_init(bytes, n < LOOKED_AT ? n : LOOKED_AT);
    struct lp_buf room = {0};
    struct lp_phone_text text;
    struct lp_signed file;
    uint8_t first;
    bool yes;

    lp_signed_read(rd, &file);
    if (file.wrapping != LP_WRAPPING_NONE)
        return true;
    if (!lp_phone_text(rd, &room, &text))
        return false;
    rd = text.rd;
    yes = (lp_rd_u8(&rd, &first) && first == '<') || lp_phone_holds(text.rd, "<vpnGroup");
    lp_buf_free(&room);
    return yes;
}
