/* Trust lists and the headers of signed files: a record counts only when it is whole. */
#include "phone/signed.h"
#include "phone/trustlist.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check_header(const uint8_t *bytes, size_t n)
{
    struct lp_signed file;

    lp_signed_read(lp_rd_init(bytes, n), &file);
    if (file.wrapping == LP_WRAPPING_SIGNED && file.payload.left + file.header_length != n)
        abort();
    /* tag and length of the signature are three bytes */
    if (file.signature.left && file.before.left + 3 + file.signature.left + file.behind.left != n)
        abort();
}

static void check_record(const struct lp_trust_record *record)
{
    if (record->der && (record->der_len < 4 || record->der[0] != 0x30))
        abort();
    if (record->hash.digest_len && (record->hash.fault != LP_HASH_FINE || !record->hash.text))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct lp_arena *arena = lp_arena_new();
    struct lp_trust_list list;

    if (!arena)
        return 0;
    check_header(bytes, n);
    if (lp_trust_list_read(arena, bytes, n, &list)) {
        if (list.count && !lp_trust_list_found(bytes, n))
            abort();
        for (size_t i = 0; i < list.count; i++)
            check_record(&list.records[i]);
    }
    lp_arena_free(arena);
    return 0;
}
