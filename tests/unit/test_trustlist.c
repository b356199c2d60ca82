/* Trust lists: roles, certificates, and what damage leaves of them. */
#include "signed_files.h"

#include "phone/phone.h"
#include "phone/trustlist.h"

static struct lp_arena *arena;
static struct signer signer;

static int set_up(void **state)
{
    (void)state;
    arena = lp_arena_new();
    signer = new_signer("RSA", SIGNER_SERIAL);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    free_signer(&signer);
    lp_arena_free(arena);
    return 0;
}

/* Two records: a TFTP server, and TVS. */
static struct file_bytes *two_records(void)
{
    struct file_bytes *records = calloc(1, sizeof *records);

    assert_non_null(records);
    put_record(records, 2, signer.der, signer.der_len);
    put_record(records, 21, signer.der, signer.der_len);
    struct file_bytes *file =
        signed_file(&signer, 1, "ITLSEP001F6C81110E.tlv", records->at, records->n);
    free(records);
    return file;
}

static struct lp_trust_list read_list(const uint8_t *bytes, size_t n)
{
    struct guarded input = guarded_copy(bytes, n);
    struct lp_trust_list list;

    assert_true(lp_trust_list_read(arena, input.bytes, n, &list));
    guarded_free(&input);
    return list;
}

static void trust_list_read_whole_gives_roles_and_certificates(void **state)
{
    struct file_bytes *file = two_records();
    struct lp_trust_list list = read_list(file->at, file->n);

    (void)state;
    assert_true(lp_trust_list_found(file->at, file->n));
    assert_int_equal(LP_TRUST_WHOLE, list.fault);
    assert_int_equal(2, list.count);
    assert_string_equal("CN=cucm-lab;O=Lab", list.signer);
    assert_string_equal("ITLSEP001F6C81110E.tlv", list.file_name);
    assert_true(list.has_time);
    assert_int_equal(FILE_TIME, list.time.sec);
    const struct lp_trust_record *record = &list.records[0];
    assert_int_equal(LP_TRUST_CCM_TFTP, record->role);
    assert_string_equal("CN=cucm-lab;O=Lab", record->subject);
    assert_string_equal("CN=Lab CA", record->issuer);
    assert_string_equal("cucm-lab.example.net", record->dns_name);
    assert_string_equal("5c17a90b", record->serial);
    assert_int_equal(4, record->ip.family);
    assert_int_equal(192, record->ip.bytes[0]);
    assert_int_equal(signer.der_len, record->der_len);
    assert_memory_equal(signer.der, record->der, signer.der_len);
    assert_int_equal(LP_TRUST_TVS, list.records[1].role);
    free(file);
}

static void trust_list_read_cut_anywhere_keeps_whole_records(void **state)
{
    struct file_bytes *file = two_records();
    size_t header = (size_t)file->at[8] << 8 | file->at[9];
    size_t record = (file->n - header) / 2;

    (void)state;
    for (size_t n = 0; n < file->n; n++) {
        struct lp_trust_list list = read_list(file->at, n);
        size_t whole = n < header + record ? 0 : 1;
        if (list.count != whole)
            fail_msg("cut at %zu of %zu: %zu records", n, file->n, list.count);
        if (lp_trust_list_found(file->at, n))
            assert_int_equal(n != header && n != header + record, list.fault == LP_TRUST_CUT);
        if (list.count)
            assert_memory_equal(signer.der, list.records[0].der, signer.der_len);
    }
    free(file);
}

static void trust_list_read_mutated_has_only_whole_certificates(void **state)
{
    enum { MUTATIONS = 2000 };
    struct file_bytes *file = two_records();
    uint32_t seed = 7;

    (void)state;
    for (int i = 0; i < MUTATIONS; i++) {
        seed = seed * 1664525U + 1013904223U;
        size_t at = (seed >> 8) % file->n;
        uint8_t old = file->at[at];
        file->at[at] = (uint8_t)(seed >> 24);
        struct lp_trust_list list = read_list(file->at, file->n);
        for (size_t k = 0; k < list.count; k++)
            if (list.records[k].der)
                assert_int_equal(signer.der_len, list.records[k].der_len);
        if (i % 8)
            file->at[at] = old;
    }
    free(file);
}

static void trust_list_record_that_does_not_fit_ends_the_list(void **state)
{
    struct file_bytes *file = two_records();
    size_t header = (size_t)file->at[8] << 8 | file->at[9];

    (void)state;
    file->at[header + 4] = 4; /* shorter than the element that says so */
    file->at[header + 3] = 0;
    struct lp_trust_list list = read_list(file->at, file->n);
    assert_int_equal(LP_TRUST_DAMAGED, list.fault);
    assert_int_equal(0, list.count);
    free(file);
}

static void trust_list_certificate_that_is_none_is_left_out(void **state)
{
    struct file_bytes *records = calloc(1, sizeof *records);

    (void)state;
    assert_non_null(records);
    put_record(records, 4, signer.der, signer.der_len - 1);
    put_record(records, 4, NULL, 0);
    put_record(records, 99, (const uint8_t *)"\x30\x00", 2);
    struct file_bytes *file = signed_file(&signer, 2, "CTLFile.tlv", records->at, records->n);
    struct lp_trust_list list = read_list(file->at, file->n);
    assert_int_equal(3, list.count);
    for (size_t i = 0; i < 3; i++)
        assert_null(list.records[i].der);
    assert_null(lp_trust_role_name(list.records[2].role));
    assert_string_equal("CAPF", lp_trust_role_name(list.records[0].role));
    free(file);
    free(records);
}

static void trust_list_found_in_other_files_is_false(void **state)
{
    static const char xml[] = "<device></device>";
    struct file_bytes *file =
        signed_file(&signer, 1, "SEP001F6C81110E.cnf.xml.sgn", xml, sizeof xml - 1);

    (void)state;
    assert_false(lp_trust_list_found(file->at, file->n));
    assert_int_equal(0, read_list(file->at, file->n).count);
    assert_false(lp_trust_list_found(xml, sizeof xml));
    assert_false(lp_trust_list_found(signer.der, signer.der_len));
    assert_false(lp_trust_list_found("", 0));
    free(file);
}

static void trust_list_read_with_any_allocation_failing_says_so(void **state)
{
    struct file_bytes *file = two_records();
    bool done = false;

    (void)state;
    for (uint64_t k = 1; !done; k++) {
        struct lp_arena *fresh = lp_arena_new();
        struct lp_trust_list list;
        lp_alloc_fail_after(k);
        done = lp_trust_list_read(fresh, file->at, file->n, &list);
        lp_alloc_fail_after(0);
        assert_int_equal(done ? 2 : 0, list.count);
        assert_true(k < 200);
        lp_arena_free(fresh);
    }
    free(file);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(trust_list_read_whole_gives_roles_and_certificates),
        CASE(trust_list_read_cut_anywhere_keeps_whole_records),
        CASE(trust_list_read_mutated_has_only_whole_certificates),
        CASE(trust_list_record_that_does_not_fit_ends_the_list),
        CASE(trust_list_certificate_that_is_none_is_left_out),
        CASE(trust_list_found_in_other_files_is_false),
        CASE(trust_list_read_with_any_allocation_failing_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
