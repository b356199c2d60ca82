/* Which of many configurations a capture can be about. */
#include "guard.h"

#include "scan/chosen.h"

enum { PHONES = 40, SESSIONS = 3 };

/* SEP0000000000NN, NN from 1, is number NN-1; then two that are no phone's with a MAC. */
static struct lp_expected *many(void)
{
    struct lp_expected *expected = lp_expected_new();
    struct lp_error error;

    assert_non_null(expected);
    for (unsigned i = PHONES; i > 0; i--) { /* not in the order of the MACs */
        char phone[16];
        snprintf(phone, sizeof phone, "SEP0000000000%02X", i);
        struct lp_config config = {.source = phone, .origin = "file", .phone = phone};
        assert_true(lp_expected_add_config(expected, &config));
    }
    struct lp_config nameless = {.source = "x.cnf.xml", .origin = "file"};
    assert_true(lp_expected_add_config(expected, &nameless));
    assert_int_equal(LP_OK, lp_expected_add_hash(expected, "fZ2xQHMBcWj/fSoNs5IkPbA2Pt8=", &error));
    return expected;
}

/* Where the phone with this last byte stands. */
static size_t at(unsigned mac)
{
    return PHONES - mac;
}

struct scene {
    struct lp_session sessions[SESSIONS];
    struct lp_attempt attempt;
    struct lp_boot_file file;
    struct lp_capture capture;
};

static void meet(struct lp_endpoint *end, unsigned mac)
{
    end->has_mac = true;
    end->mac[5] = (uint8_t)mac;
}

static void set_scene(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    scene->capture = (struct lp_capture){.path = "any.pcap",
                                         .sessions = scene->sessions,
                                         .session_count = SESSIONS,
                                         .attempts = &scene->attempt,
                                         .files = &scene->file};
    for (unsigned i = 0; i < SESSIONS; i++)
        meet(&scene->sessions[i].client, 200 + i); /* nobody's */
}

/* Exactly these phones, and the two that are none. */
static void assert_chosen(const struct scene *scene, const struct lp_expected *expected,
                          const unsigned *phones, size_t count)
{
    struct lp_chosen chosen;

    assert_true(lp_chosen_find(&chosen, &scene->capture, expected));
    assert_int_equal(count + 2, chosen.count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(at(phones[i]), chosen.indices[i]);
    assert_int_equal(PHONES, chosen.indices[count]);
    assert_int_equal(PHONES + 1, chosen.indices[count + 1]);
    assert_int_equal(PHONES - count, chosen.left_out);
    assert_int_equal(chosen.indices[0] == 0 ? 1 : 0, lp_chosen_first_left_out(&chosen));
    lp_chosen_free(&chosen);
}

static void assert_all(const struct scene *scene, const struct lp_expected *expected)
{
    struct lp_chosen chosen;

    assert_true(lp_chosen_find(&chosen, &scene->capture, expected));
    assert_int_equal(PHONES + 2, chosen.count);
    for (size_t i = 0; i < chosen.count; i++)
        assert_int_equal(i, chosen.indices[i]);
    assert_int_equal(0, chosen.left_out);
    lp_chosen_free(&chosen);
}

static void find_phone_with_known_mac_is_the_only_one(void **state)
{
    struct lp_expected *expected = many();
    struct scene scene;

    (void)state;
    for (unsigned mac = 1; mac <= PHONES; mac++) {
        set_scene(&scene);
        meet(&scene.sessions[mac % SESSIONS].client, mac);
        assert_chosen(&scene, expected, &mac, 1);
    }
    lp_expected_free(expected);
}

static void find_nobody_known_is_all(void **state)
{
    struct lp_expected *expected = many();
    struct scene scene;

    (void)state;
    set_scene(&scene);
    assert_all(&scene, expected);
    scene.capture.session_count = 0;
    assert_all(&scene, expected);
    lp_expected_free(expected);
}

/* Whoever made the handshake without a MAC may be any of them. */
static void find_a_client_without_mac_is_all(void **state)
{
    struct lp_expected *expected = many();
    struct scene scene;

    (void)state;
    set_scene(&scene);
    meet(&scene.sessions[0].client, 7);
    scene.sessions[2].client.has_mac = false;
    assert_all(&scene, expected);
    lp_expected_free(expected);
}

static void find_capture_named_after_a_phone_is_that_one(void **state)
{
    static const unsigned named[] = {9}, both[] = {9, 3};
    struct lp_expected *expected = many();
    struct scene scene;

    (void)state;
    set_scene(&scene);
    scene.capture.path = "site/SEP000000000009.pcap";
    scene.sessions[0].client.has_mac = false;
    assert_chosen(&scene, expected, named, 1);
    meet(&scene.sessions[1].client, 3);
    assert_chosen(&scene, expected, both, 2);
    /* Its own handshake is known by its MAC: then the name says nothing about the others. */
    meet(&scene.sessions[1].client, 9);
    assert_all(&scene, expected);
    scene.capture.path = "site/SEP0000000000FF.pcap"; /* nobody's */
    scene.sessions[1].client.has_mac = false;
    assert_all(&scene, expected);
    lp_expected_free(expected);
}

/* They may have tried in vain, or fetched what differs from what was given. */
static void find_those_who_only_tried_or_fetched_are_in(void **state)
{
    static const unsigned seen[] = {30, 20, 10, 2};
    struct lp_expected *expected = many();
    struct scene scene;

    (void)state;
    set_scene(&scene);
    meet(&scene.sessions[0].client, 2);
    meet(&scene.sessions[1].client, 2);
    meet(&scene.attempt.client, 10);
    meet(&scene.file.client, 20);
    scene.file.name = "SEP00000000001E.cnf.xml";
    scene.capture.attempt_count = scene.capture.file_count = 1;
    assert_chosen(&scene, expected, seen, 4);
    lp_expected_free(expected);
}

static void find_of_nothing_is_nothing(void **state)
{
    struct lp_expected *expected = lp_expected_new();
    struct lp_chosen chosen;
    struct scene scene;

    (void)state;
    assert_non_null(expected);
    set_scene(&scene);
    assert_true(lp_chosen_find(&chosen, &scene.capture, NULL));
    assert_int_equal(0, chosen.count);
    assert_true(lp_chosen_find(&chosen, &scene.capture, expected));
    assert_int_equal(0, chosen.count);
    lp_expected_free(expected);
}

static void find_with_any_allocation_failing_says_so(void **state)
{
    struct lp_expected *expected = many();
    struct lp_chosen chosen;
    struct scene scene;
    uint64_t n = 1;
    bool fine = false;

    (void)state;
    set_scene(&scene);
    for (; !fine; n++) {
        lp_alloc_fail_after(n);
        fine = lp_chosen_find(&chosen, &scene.capture, expected);
        lp_alloc_fail_after(0);
        assert_true(n < 100);
    }
    assert_true(n > 2);
    assert_int_equal(PHONES + 2, chosen.count);
    lp_chosen_free(&chosen);
    lp_expected_free(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(find_phone_with_known_mac_is_the_only_one),
        cmocka_unit_test(find_nobody_known_is_all),
        cmocka_unit_test(find_a_client_without_mac_is_all),
        cmocka_unit_test(find_capture_named_after_a_phone_is_that_one),
        cmocka_unit_test(find_those_who_only_tried_or_fetched_are_in),
        cmocka_unit_test(find_of_nothing_is_nothing),
        cmocka_unit_test(find_with_any_allocation_failing_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
