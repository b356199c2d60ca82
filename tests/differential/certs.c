#define _XOPEN_SOURCE 700 /* nftw */

#include "certs.h"

#include "base/file.h"
#include "x509/x509.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { OPEN_DIRECTORIES = 8 };

/* Here because nftw's callback takes no context. */
static struct certs *current;
static struct lp_digester *digester;

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static bool add(void *ctx, const uint8_t *der, size_t n)
{
    struct certs *certs = ctx;
    struct cert cert = {.n = n, .der = must(lp_alloc(n))};
    uint8_t sha1[20];

    memcpy(cert.der, der, n);
    if (!lp_digest_cert(digester, der, n, sha1, cert.sha256) ||
        !lp_grow_array(&certs->items, &certs->cap, certs->count + 1, sizeof cert))
        abort();
    certs->items[certs->count++] = cert;
    return true;
}

static void add_chain(const struct lp_cert *chain, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (chain[i].complete)
            add(current, chain[i].der, chain[i].bytes);
}

static void add_capture(const char *path)
{
    const struct lp_options options = {.keep_der = true};
    struct lp_capture *capture;
    struct lp_error error;

    if (lp_inspect(path, &options, &capture, &error) != LP_OK)
        return;
    for (size_t i = 0; i < capture->session_count; i++) {
        const struct lp_session *session = &capture->sessions[i];
        add_chain(session->chain, session->chain_count);
        add_chain(session->client_chain, session->client_chain_count);
    }
    lp_capture_free(capture);
}

static int add_file(const char *path, const struct stat *about, int type, struct FTW *where)
{
    enum { CERTIFICATES_MOST = 1 << 20 }; /* larger files are captures */
    struct lp_buf bytes = {0};
    struct lp_error error;
    bool some = false;

    (void)where;
    if (type != FTW_F || !S_ISREG(about->st_mode))
        return 0;
    if (about->st_size <= CERTIFICATES_MOST && lp_file_read(path, &bytes, &error) == LP_OK)
        some = lp_x509_each(bytes.bytes, bytes.len, add, current);
    lp_buf_free(&bytes);
    if (!some)
        add_capture(path);
    return 0;
}

bool certs_add(struct certs *certs, const char *path)
{
    current = certs;
    digester = must(lp_digester_new());
    int failed = nftw(path, add_file, OPEN_DIRECTORIES, FTW_PHYS);
    lp_digester_free(digester);
    return !failed;
}

static int by_hash(const void *a, const void *b)
{
    const struct cert *left = a, *right = b;
    return memcmp(left->sha256, right->sha256, sizeof left->sha256);
}

void certs_sort(struct certs *certs)
{
    size_t kept = 0;

    if (certs->count == 0)
        return;
    qsort(certs->items, certs->count, sizeof *certs->items, by_hash);
    for (size_t i = 1; i < certs->count; i++) {
        if (by_hash(&certs->items[i], &certs->items[kept]) == 0)
            lp_free(certs->items[i].der);
        else
            certs->items[++kept] = certs->items[i];
    }
    certs->count = kept + 1;
}

void certs_free(struct certs *certs)
{
    for (size_t i = 0; i < certs->count; i++)
        lp_free(certs->items[i].der);
    lp_free(certs->items);
}
