/*
 * Certificates as files (contract: "Exported files").
 *
 * First the list of what is to be written is made, with each file's name; the same certificate in
 * the same place of several handshakes is in it once. Then the files are written in the order of
 * the handshakes. A name says where its certificate comes from and ends in its hash, so two names
 * are equal only when the files are; and whatever a capture is called, a name is made of harmless
 * characters.
 */
#include "disk/store.h"
#include "x509/x509.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { FILE_NAME_MAX = 255, NAME_TAIL_MAX = 128 };

struct item {
    const char *name; /* borrowed from the arena */
    const struct lp_cert *cert;
    size_t order;
    bool again; /* an earlier one has the same name and the same bytes */
};

struct exporter {
    const struct lp_export *what;
    struct lp_arena *arena; /* owned: names */
    char *stem;             /* borrowed from the arena */
    struct item *items;     /* owned */
    size_t count, cap;
    struct lp_buf text; /* owned: PEM, paths */
};

/* Shortens the name when it ends in one of these extensions, whatever their case. */
static size_t without_extension(const char *name, size_t n, const char *const *extensions)
{
    for (; *extensions; extensions++) {
        size_t len = strlen(*extensions);
        if (n >= len && strncasecmp(name + n - len, *extensions, len) == 0)
            return n - len;
    }
    return n;
}

/* "dir/site 7.pcapng.gz" -> "site_7". NULL: memory is short. */
static char *stem_of(struct lp_arena *arena, const char *path)
{
    static const char *const packed[] = {".gz", ".zst", ".xz", ".lz4", ".bz2", NULL};
    static const char *const captured[] = {".pcap", ".pcapng", ".cap", ".dmp", NULL};
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *name = slash ? slash + 1 : path ? path : "";

    if (path && strcmp(path, "-") == 0)
        name = "stdin";
    size_t n = without_extension(name, strlen(name), packed);
    n = without_extension(name, n, captured);
    if (n == 0) {
        name = "capture";
        n = strlen(name);
    }
    if (n > FILE_NAME_MAX)
        n = FILE_NAME_MAX;
    char *stem = lp_arena_copy(arena, name, n + 1);
    if (!stem)
        return NULL;
    stem[n] = '\0';
    lp_store_clean_name(stem);
    return stem;
}

static void role_text(char *out, size_t size, bool client, size_t depth)
{
    if (depth == 0)
        snprintf(out, size, "%s", client ? "client" : "leaf");
    else
        snprintf(out, size, "%sca%zu", client ? "client-" : "", depth);
}

static const char *file_name(const struct exporter *exporter, const struct lp_session *session,
                             const struct lp_cert *cert, const char *role)
{
    char address[46], hash[17], tail[NAME_TAIL_MAX];

    lp_ip_text(&session->server.ip, address, sizeof address);
    for (char *colon = address; (colon = strchr(colon, ':')) != NULL;)
        *colon = '-';
    lp_hex_text(cert->sha256, 8, hash);
    int n = snprintf(tail, sizeof tail, "_%s_%u_%s_%s.%s", address[0] ? address : "unknown",
                     session->server.port, role, hash, exporter->what->pem ? "pem" : "cer");
    if (n < 0 || (size_t)n >= sizeof tail)
        return NULL;
    return lp_arena_printf(exporter->arena, "%.*s%s", FILE_NAME_MAX - n, exporter->stem, tail);
}

static enum lp_status add(struct exporter *exporter, const struct lp_session *session, bool client,
                          size_t depth, struct lp_error *error)
{
    const struct lp_cert *cert = client ? &session->client_chain[depth] : &session->chain[depth];
    char role[40];

    if (!cert->complete)
        return LP_OK; /* never a file that is not the whole certificate */
    if (!cert->der || cert->bytes == 0) {
        lp_error_set(error, "the certificates' bytes are not here: the capture was read without "
                            "keep_der");
        return LP_ERR_USAGE;
    }
    role_text(role, sizeof role, client, depth);
    const char *name = file_name(exporter, session, cert, role);
    if (!name ||
        !lp_grow_array(&exporter->items, &exporter->cap, exporter->count + 1, sizeof(struct item)))
        return LP_ERR_MEMORY;
    exporter->items[exporter->count] =
        (struct item){.name = name, .cert = cert, .order = exporter->count};
    exporter->count++;
    return LP_OK;
}

static enum lp_status add_session(struct exporter *exporter, const struct lp_session *session,
                                  struct lp_error *error)
{
    bool all = exporter->what->all;
    size_t servers = all || session->chain_count == 0 ? session->chain_count : 1;
    size_t clients = all ? session->client_chain_count : 0;
    enum lp_status status = LP_OK;

    for (size_t i = 0; status == LP_OK && i < servers; i++)
        status = add(exporter, session, false, i, error);
    for (size_t i = 0; status == LP_OK && i < clients; i++)
        status = add(exporter, session, true, i, error);
    return status;
}

static int by_order(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return (x->order > y->order) - (x->order < y->order);
}

static int by_name(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int names = strcmp(x->name, y->name);
    return names ? names : by_order(a, b);
}

static void mark_repeated(struct exporter *exporter)
{
    struct item *items = exporter->items;

    if (exporter->count < 2)
        return;
    qsort(items, exporter->count, sizeof *items, by_name);
    for (size_t i = 1; i < exporter->count; i++)
        items[i].again = strcmp(items[i].name, items[i - 1].name) == 0 &&
                         memcmp(items[i].cert->sha256, items[i - 1].cert->sha256, 32) == 0;
    qsort(items, exporter->count, sizeof *items, by_order);
}

static enum lp_status write_item(struct exporter *exporter, struct lp_store *store,
                                 const struct item *item, bool *written, struct lp_error *error)
{
    const struct lp_cert *cert = item->cert;
    struct lp_rd content = lp_rd_init(cert->der, cert->bytes);

    if (exporter->what->pem) {
        exporter->text.len = 0;
        if (!lp_pem_text(&exporter->text, cert->der, cert->bytes))
            return LP_ERR_MEMORY;
        content = lp_rd_init(exporter->text.bytes, exporter->text.len);
    }
    return lp_store_put(store, item->name, content, written, error);
}

/* "dir/name", in exporter->text. NULL: memory is short. */
static const char *path_of(struct exporter *exporter, const char *name)
{
    const char *dir = exporter->what->dir;
    size_t n = strlen(dir);
    struct lp_buf *text = &exporter->text;

    text->len = 0;
    if (lp_buf_append(text, dir, n) != LP_GROW_OK ||
        lp_buf_append(text, "/", dir[n - 1] != '/') != LP_GROW_OK ||
        lp_buf_append(text, name, strlen(name) + 1) != LP_GROW_OK)
        return NULL;
    return (const char *)text->bytes;
}

static enum lp_status write_items(struct exporter *exporter, lp_export_fn fn, void *ctx,
                                  struct lp_error *error)
{
    struct lp_store store;
    enum lp_status status = lp_store_open(&store, exporter->what->dir, error);

    for (size_t i = 0; status == LP_OK && i < exporter->count; i++) {
        const struct item *item = &exporter->items[i];
        const char *path;
        bool written;
        if (item->again)
            continue;
        status = write_item(exporter, &store, item, &written, error);
        if (status != LP_OK || !fn)
            continue;
        path = path_of(exporter, item->name);
        if (path)
            fn(ctx, path, written);
        else
            status = LP_ERR_MEMORY;
    }
    lp_store_close(&store);
    return status;
}

enum lp_status lp_export(const struct lp_capture *capture, const struct lp_export *what,
                         lp_export_fn fn, void *ctx, struct lp_error *error)
{
    enum lp_status status = LP_ERR_MEMORY;
    struct exporter exporter = {.what = what};

    if (!capture || !what || !what->dir || !what->dir[0]) {
        lp_error_set(error, "no directory to write certificates to");
        return LP_ERR_USAGE;
    }
    exporter.arena = lp_arena_new();
    exporter.stem = exporter.arena ? stem_of(exporter.arena, capture->path) : NULL;
    if (!exporter.stem)
        goto out;
    status = LP_OK;
    for (size_t i = 0; status == LP_OK && i < capture->session_count; i++)
        status = add_session(&exporter, &capture->sessions[i], error);
    if (status != LP_OK || exporter.count == 0) /* nothing to write: no directory either */
        goto out;
    mark_repeated(&exporter);
    status = write_items(&exporter, fn, ctx, error);
out:
    if (status == LP_ERR_MEMORY)
        lp_error_set(error, "%s: out of memory", what->dir);
    lp_buf_free(&exporter.text);
    lp_free(exporter.items);
    lp_arena_free(exporter.arena);
    return status;
}
