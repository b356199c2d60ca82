/* Trust lists held against the phone's other servers: roles, whose list it is, until when. */
#include "world.h"

#include "scan/trusted.h"

#include <unistd.h>

enum { LIST_MOST = 512 };

struct list_bytes {
    uint8_t at[LIST_MOST];
    size_t n;
};

static void put(struct list_bytes *list, const void *bytes, size_t n)
{
    assert_true(list->n + n <= LIST_MOST);
    memcpy(list->at + list->n, bytes, n);
    list->n += n;
}

/* A record of a role with a digest of `n` times one byte, as tag 11 has it. */
static void put_record(struct list_bytes *list, uint8_t role, uint8_t byte, uint8_t n)
{
    uint8_t digest[64];
    const uint8_t head[] = {1, 0, 2, 0, (uint8_t)(5 + 5 + 3 + n), 4, 0, 2, 0, role, 11, 0, n};

    memset(digest, byte, n);
    put(list, head, sizeof head);
    put(list, digest, n);
}

static struct list_bytes new_list(void)
{
    static const uint8_t header[] = {1, 0, 2, 1, 0, 2, 0, 2, 0, 12, 13, 13};
    struct list_bytes list = {.n = 0};

    put(&list, header, sizeof header);
    return list;
}

/* The client of add_session fetched it in this frame. */
static void fetch(struct world *world, const struct list_bytes *list, const char *name,
                  uint64_t frame)
{
    enum { FILES_MOST = 4 };
    struct lp_boot_file *file;

    if (!world->capture.files)
        world->capture.files =
            must(lp_arena_alloc(world->arena, FILES_MOST * sizeof *world->capture.files));
    assert_true(world->capture.file_count < FILES_MOST);
    file = &world->capture.files[world->capture.file_count++];
    *file = (struct lp_boot_file){.carrier = "tftp",
                                  .name = name,
                                  .bytes = must(lp_arena_copy(world->arena, list->at, list->n)),
                                  .size = list->n,
                                  .complete = true,
                                  .frame = frame};
    assert_true(lp_ip_parse("10.0.0.5", 8, &file->client.ip));
}

static void trusted_each_role_at_its_port_is_match(void **state)
{
    static const struct {
        uint16_t port;
        uint8_t role;
    } cases[] = {{5061, 1}, {5061, 2}, {2443, 1},  {2443, 2},
                 {6971, 2}, {6971, 3}, {2445, 21}, {3804, 4}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world *world = new_world();
        struct list_bytes list = new_list();
        put_record(&list, cases[i].role, 0x11, 20);
        fetch(world, &list, "ITLSEP001F6C81110A.tlv", 1);
        add_session(world, "192.0.2.1", cases[i].port, 0x0a, 0x11);
        expect(world, LP_MATCH, LP_REASON_NONE);
        assert_true(world->sessions[0].compared);
        assert_string_equal("ITLSEP001F6C81110A.tlv", world->sessions[0].expected_by);
        assert_int_equal(9, finding(world, "trusted")->frame);
        free_world(world);
    }
}

static void trusted_other_certificate_or_role_is_mismatch(void **state)
{
    struct world *world = new_world();
    struct list_bytes list = new_list();

    (void)state;
    put_record(&list, 1, 0x22, 20);
    put_record(&list, 21, 0x11, 32);
    fetch(world, &list, "ITLFile.tlv", 1);
    add_session(world, "192.0.2.1", 5061, 0x0a, 0x33);
    expect(world, LP_MISMATCH, LP_REASON_NONE);
    assert_non_null(finding(world, "not-trusted")->remedy);
    world->capture.finding_count = world->capture.session_count = 0;
    add_session(world, "192.0.2.1", 5061, 0x0a, 0x11);
    expect(world, LP_MISMATCH, LP_REASON_NONE);
    assert_non_null(finding(world, "trusted-other-role")->remedy);
    world->capture.finding_count = 0;
    add_session(world, "192.0.2.1", 2445, 0x0a, 0x11);
    expect(world, LP_MIXED, LP_REASON_NONE);
    free_world(world);
}

static void trusted_says_nothing_of_other_ports_roles_and_clients(void **state)
{
    struct world *world = new_world();
    struct list_bytes list = new_list();
    struct lp_session *stranger;

    (void)state;
    put_record(&list, 1, 0x11, 20);
    fetch(world, &list, "ITLFile.tlv", 1);
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    add_session(world, "192.0.2.1", 2445, 0x0a, 0x11); /* no TVS among the records */
    stranger = add_session(world, "192.0.2.1", 5061, 0x0b, 0x11);
    stranger->client.ip.bytes[3]++;
    expect(world, LP_UNDECIDED, LP_REASON_NO_CONFIG);
    for (size_t i = 0; i < world->capture.session_count; i++) {
        assert_false(world->sessions[i].compared);
        assert_null(world->sessions[i].expected_by);
    }
    free_world(world);
}

static void trusted_next_list_of_its_kind_replaces_the_former(void **state)
{
    struct world *world = new_world();
    struct list_bytes old = new_list(), new = new_list(), ctl = new_list();

    (void)state;
    put_record(&old, 1, 0x11, 20);
    put_record(&new, 1, 0x22, 20);
    put_record(&ctl, 4, 0x44, 20);
    fetch(world, &old, "ITLFile.tlv", 2);
    fetch(world, &ctl, "CTLFile.tlv", 3);
    fetch(world, &new, "ITLFile.tlv", 10);
    add_session(world, "192.0.2.1", 5061, 0x0a, 0x11); /* frame 4 */
    add_session(world, "192.0.2.1", 5061, 0x0a, 0x11); /* frame 14 */
    add_session(world, "192.0.2.1", 5061, 0x0a, 0x22);
    add_session(world, "192.0.2.1", 3804, 0x0a, 0x44);
    expect(world, LP_MIXED, LP_REASON_NONE);
    assert_int_equal(LP_MATCH, world->sessions[0].verdict);
    assert_int_equal(LP_MISMATCH, world->sessions[1].verdict);
    assert_int_equal(LP_MATCH, world->sessions[2].verdict);
    assert_int_equal(LP_MATCH, world->sessions[3].verdict);
    assert_string_equal("CTLFile.tlv", world->sessions[3].expected_by);
    free_world(world);
}

static void trusted_list_of_another_phone_behind_the_same_router_is_not_used(void **state)
{
    struct world *world = new_world();
    struct list_bytes list = new_list();
    struct lp_session *other;

    (void)state;
    put_record(&list, 1, 0x11, 20);
    fetch(world, &list, "ITLFile.tlv", 1);
    other = add_session(world, "192.0.2.1", 5061, 0x0a, 0x11);
    world->capture.files[0].client.has_mac = true;
    memcpy(world->capture.files[0].client.mac, other->client.mac, sizeof other->client.mac);
    other->client.ip.bytes[3]++;
    expect(world, LP_UNDECIDED, LP_REASON_NO_CONFIG);
    assert_false(other->compared);
    free_world(world);
}

static void trusted_without_a_whole_leaf_or_its_digest_is_undecided(void **state)
{
    struct world *world = new_world();
    struct list_bytes list = new_list();

    (void)state;
    put_record(&list, 1, 0x11, 16); /* MD5, which nobody computed */
    put_record(&list, 21, 0x11, 20);
    fetch(world, &list, "ITLFile.tlv", 1);
    add_session(world, "192.0.2.1", 5061, 0x0a, 0x11);
    lose(add_session(world, "192.0.2.1", 2445, 0x0a, 0x11), LP_REASON_GAP);
    expect(world, LP_UNDECIDED, LP_REASON_NO_CONFIG);
    assert_true(world->sessions[0].compared && world->sessions[1].compared);
    assert_int_equal(LP_UNDECIDED, world->sessions[0].verdict);
    assert_int_equal(LP_UNDECIDED, world->sessions[1].verdict);
    free_world(world);
}

static void trusted_list_never_outweighs_the_vpn(void **state)
{
    struct world *world = new_world();
    struct list_bytes list = new_list();

    (void)state;
    put_record(&list, 1, 0x22, 20);
    fetch(world, &list, "ITLFile.tlv", 1);
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
    add_session(world, "192.0.2.2", 5061, 0x0a, 0x33);
    expect(world, LP_UNDECIDED, LP_REASON_NOT_AT_URL);
    world->capture.finding_count = 0;
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_int_equal(LP_MISMATCH, world->sessions[0].verdict);
    assert_string_equal(PHONE_A, world->sessions[1].expected_by);
    free_world(world);
}

static void trusted_given_list_of_another_phone_is_not_used(void **state)
{
    struct world *world = new_world();
    struct list_bytes list = new_list();
    char path[] = "/tmp/leafprint-test-XXXXXX.ITLSEP001F6C81110B.tlv";
    struct lp_error error;
    int fd = mkstemps(path, sizeof ".ITLSEP001F6C81110B.tlv" - 1);

    (void)state;
    put_record(&list, 1, 0x11, 20);
    assert_true(fd >= 0 && write(fd, list.at, list.n) == (ssize_t)list.n && close(fd) == 0);
    assert_int_equal(LP_OK, lp_expected_add_file(world->expected, path, &error));
    unlink(path);
    add_session(world, "192.0.2.1", 5061, 0x0a, 0x11);
    expect(world, LP_MATCH, LP_REASON_NONE); /* that phone is nowhere: another may hold the same */
    world->capture.finding_count = 0;
    add_session(world, "192.0.2.1", 5061, 0x0b, 0x22);
    expect(world, LP_MISMATCH, LP_REASON_NONE);
    assert_false(world->sessions[0].compared);
    assert_int_equal(LP_MISMATCH, world->sessions[1].verdict);
    free_world(world);
}

static void trusted_any_allocation_failing_leaves_no_verdict(void **state)
{
    bool done = false;

    (void)state;
    for (uint64_t n = 1; !done; n++) {
        struct world *world = new_world();
        struct list_bytes list = new_list();
        struct lp_error error;
        put_record(&list, 1, 0x11, 20);
        fetch(world, &list, "ITLFile.tlv", 1);
        add_session(world, "192.0.2.1", 5061, 0x0a, 0x11);
        lp_alloc_fail_after(n);
        enum lp_status status = lp_verify(&world->capture, world->expected, NULL, &error);
        lp_alloc_fail_after(0);
        done = status == LP_OK;
        assert_true(done || status == LP_ERR_MEMORY);
        assert_true(n < 1000 && (!done || n > 3));
        assert_int_equal(done ? LP_MATCH : LP_UNDECIDED, world->capture.verdict);
        free_world(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trusted_each_role_at_its_port_is_match),
        cmocka_unit_test(trusted_other_certificate_or_role_is_mismatch),
        cmocka_unit_test(trusted_says_nothing_of_other_ports_roles_and_clients),
        cmocka_unit_test(trusted_next_list_of_its_kind_replaces_the_former),
        cmocka_unit_test(trusted_list_of_another_phone_behind_the_same_router_is_not_used),
        cmocka_unit_test(trusted_without_a_whole_leaf_or_its_digest_is_undecided),
        cmocka_unit_test(trusted_list_never_outweighs_the_vpn),
        cmocka_unit_test(trusted_given_list_of_another_phone_is_not_used),
        cmocka_unit_test(trusted_any_allocation_failing_leaves_no_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
