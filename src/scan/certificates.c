/* lp_read_certificates: certificate files, shown as one session that has a chain and nothing else.
 */
#include "base/file.h"
#include "base/text.h"
#include "scan/capture.h"
#include "scan/certstore.h"
#include "x509/x509.h"

struct list {
    struct lp_cert_store *store; /* borrowed */
    struct lp_cert *certs;       /* owned */
    size_t count, cap;
    bool out_of_memory;
};

static bool on_certificate(void *ctx, const uint8_t *der, size_t n)
{
    struct list *list = ctx;
    const struct lp_cert *cert = lp_cert_store_add(list->store, der, n);

    if (!cert || !lp_grow_array(&list->certs, &list->cap, list->count + 1, sizeof *cert)) {
        list->out_of_memory = true;
        return false;
    }
    list->certs[list->count] = *cert;
    list->certs[list->count].depth = (unsigned)list->count;
    list->count++;
    return true;
}

static bool put(struct lp_capture *capture, const struct list *list)
{
    struct lp_session *session = lp_arena_alloc(capture->arena, sizeof *session);
    if (!session)
        return false;
    session->transport = "file";
    session->carrier = "file";
    session->outcome = LP_OUTCOME_COMPLETE;
    session->chain_complete = true;
    session->chain = lp_arena_copy(capture->arena, list->certs, list->count * sizeof *list->certs);
    session->chain_count = list->count;
    capture->sessions = session;
    capture->session_count = 1;
    return session->chain != NULL;
}

enum lp_status lp_read_certificates(const char *path, struct lp_capture **out,
                                    struct lp_error *error)
{
    static const struct lp_options options = {.facts = true, .keep_der = true};
    struct lp_capture *capture = lp_capture_new(path);
    struct list list = {.store = capture ? lp_cert_store_new(0, capture->arena, &options) : NULL};
    struct lp_buf bytes = {0};
    enum lp_status status = LP_ERR_MEMORY;

    *out = NULL;
    lp_error_set(error, "%s: out of memory", path);
    if (!list.store || (status = lp_file_read(path, &bytes, error)) != LP_OK)
        goto out;
    bool any = lp_x509_each(bytes.bytes, bytes.len, on_certificate, &list);
    status = list.out_of_memory || (list.count && !put(capture, &list)) ? LP_ERR_MEMORY : LP_OK;
    if (status == LP_OK && (!any || list.count == 0)) {
        lp_error_set(error, "%s: holds no certificate, neither PEM (RFC 7468) nor DER",
                     capture->path);
        status = LP_ERR_IO;
    }
out:
    if (status == LP_OK)
        *out = capture;
    else
        lp_capture_free(capture);
    lp_cert_store_free(list.store);
    lp_free(list.certs);
    lp_buf_free(&bytes);
    return status;
}
