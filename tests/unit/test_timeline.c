/* Time lines: whose they are, in which order, and that they end. */
#include "world.h"

static struct lp_boot_file *fetch(struct world *world, const char *name, uint64_t frame)
{
    struct lp_boot_file *file = must(lp_arena_alloc(world->arena, sizeof *file));

    *file = (struct lp_boot_file){.carrier = "tftp",
                                  .name = name,
                                  .bytes = (const uint8_t *)"",
                                  .complete = true,
                                  .frame = frame};
    assert_true(lp_ip_parse("10.0.0.5", 8, &file->client.ip));
    world->capture.files = file;
    world->capture.file_count = 1;
    return file;
}

static struct lp_attempt *attempt(struct world *world, const char *client, uint64_t frame)
{
    struct lp_attempt *attempt = must(lp_arena_alloc(world->arena, sizeof *attempt));

    attempt->frame = frame;
    assert_true(lp_ip_parse(client, strlen(client), &attempt->client.ip));
    world->capture.attempts = attempt;
    world->capture.attempt_count = 1;
    return attempt;
}

static void time_line_holds_files_attempts_and_handshakes_in_order(void **state)
{
    struct world *world = new_world();
    struct lp_verify_options any = {.any_server = true};

    (void)state;
    add_config(world, NULL, "https://192.0.2.1/vpn", 0x11);
    add_session(world, "192.0.2.1", 443, 0, 0x11); /* frame 4 */
    add_session(world, "192.0.2.9", 443, 0, 0x11); /* frame 14 */
    fetch(world, "SEP001F6C81110A.cnf.xml", 2);
    attempt(world, "10.0.0.5", 9)->refused = true;
    verify_with(world, &any);
    assert_int_equal(1, world->capture.time_line_count);
    const struct lp_time_line *line = &world->capture.time_lines[0];
    assert_string_equal("SEP001F6C81110A", line->phone);
    assert_int_equal(4, line->count);
    assert_int_equal(0, line->left_out);
    assert_int_equal(LP_EVENT_FILE, line->events[0].kind);
    assert_ptr_equal(&world->sessions[0], line->events[1].session);
    assert_int_equal(LP_EVENT_REFUSED, line->events[2].kind);
    assert_ptr_equal(&world->sessions[1], line->events[3].session);
    free_world(world);
}

static void time_line_of_a_phone_has_its_name_by_mac(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    attempt(world, "10.0.0.77", 1); /* a stranger's */
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_int_equal(1, world->capture.time_line_count);
    assert_string_equal(PHONE_A, world->capture.time_lines[0].phone);
    assert_int_equal(1, world->capture.time_lines[0].count);
    free_world(world);
}

static void time_line_of_vain_attempts_alone_is_drawn(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
    attempt(world, "10.0.0.5", 3);
    verify_with(world, NULL);
    assert_int_equal(1, world->capture.time_line_count);
    assert_int_equal(LP_EVENT_UNANSWERED, world->capture.time_lines[0].events[0].kind);
    assert_null(world->capture.time_lines[0].phone);
    free_world(world);
}

static void time_line_without_a_phone_is_none(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    verify_with(world, NULL);
    assert_int_equal(0, world->capture.time_line_count);
    free_world(world);
}

static void time_line_is_limited(void **state)
{
    enum { HANDSHAKES = 300, MOST = 256 };
    struct world *world = new_world();
    struct lp_session *many = must(calloc(HANDSHAKES, sizeof *many));

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    for (unsigned i = 0; i < HANDSHAKES; i++) {
        many[i] = world->sessions[0];
        many[i].id = i;
        many[i].first_frame = i + 1;
    }
    world->capture.sessions = many;
    world->capture.session_count = HANDSHAKES;
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_int_equal(MOST, world->capture.time_lines[0].count);
    assert_int_equal(HANDSHAKES - MOST, world->capture.time_lines[0].left_out);
    free(many);
    free_world(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_line_holds_files_attempts_and_handshakes_in_order),
        cmocka_unit_test(time_line_of_a_phone_has_its_name_by_mac),
        cmocka_unit_test(time_line_of_vain_attempts_alone_is_drawn),
        cmocka_unit_test(time_line_without_a_phone_is_none),
        cmocka_unit_test(time_line_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
