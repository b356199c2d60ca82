/* lp_inspect from a file's bytes to its sessions, and lp_read_certificates. */
#include "packets.h"
#include "streams.h"

#include <openssl/sha.h>

enum { CLIENT_ISN = 1000, SERVER_ISN = 2000, START = 1700000000 };

static const size_t chain[] = {700, 400};

/* A conversation that is written packet by packet. */
struct talk {
    struct image image;
    struct ends up, down;
    uint16_t client_port, server_port;
    uint32_t seq[2]; /* next number: client, server */
    uint64_t frame;
};

static void talk_open(struct talk *talk)
{
    memset(talk, 0, sizeof *talk);
    talk->up = ends_of("10.0.0.5", "10.201.160.201");
    talk->down = ends_swapped(&talk->up);
    talk->client_port = 49152;
    talk->server_port = 443;
    image_pcap(&talk->image, LINK_ETHERNET, 65535);
}

static void say(struct talk *talk, bool server, uint8_t flags, const void *bytes, size_t n)
{
    struct packet p;
    const struct ends *ends = server ? &talk->down : &talk->up;

    packet_payload(&p, bytes, n);
    packet_tcp(&p, &(struct tcp_head){.ends = ends,
                                      .src_port = server ? talk->server_port : talk->client_port,
                                      .dst_port = server ? talk->client_port : talk->server_port,
                                      .seq = talk->seq[server],
                                      .ack = flags & 16 ? talk->seq[!server] : 0,
                                      .flags = flags});
    packet_ip(&p, ends);
    packet_ethernet_between(&p, server ? server_mac : client_mac, server ? client_mac : server_mac);
    struct lp_frame frame = packet_frame(&p, ++talk->frame);
    image_pcap_record(&talk->image, &frame);
    talk->seq[server] += (uint32_t)n + (flags & 2 ? 1 : 0) + (flags & 1 ? 1 : 0);
}

static void say_bytes(struct talk *talk, bool server, const struct bytes *bytes, size_t segment)
{
    for (size_t at = 0; at < bytes->n; at += segment)
        say(talk, server, 16, bytes->at + at, bytes->n - at < segment ? bytes->n - at : segment);
}

/* SYN, SYN-ACK, ACK: three packets. */
static void say_open(struct talk *talk, uint32_t jump)
{
    talk->seq[0] = CLIENT_ISN + jump;
    talk->seq[1] = SERVER_ISN + jump;
    say(talk, false, 2, "", 0);
    say(talk, true, 2 | 16, "", 0);
    say(talk, false, 16, "", 0);
}

static void hello_bytes(struct bytes *wire)
{
    struct bytes messages = {0};
    add_client_hello(&messages, &(struct hello){.version = 0x0303, .sni = "vpn\x1b.example"});
    add_records(wire, &messages, 16384);
    drop(&messages);
}

static void flight_bytes(struct bytes *wire)
{
    struct bytes messages = {0};
    add_server_hello(&messages, &(struct hello){.version = 0x0303, .cipher = 0x002f});
    add_certificates(&messages, chain, 2);
    add_filler(&messages, LP_SERVER_HELLO_DONE, 0);
    add_records(wire, &messages, 16384);
    drop(&messages);
}

/* The whole handshake up to the client's alert; the flight in segments of 500 bytes. */
static void say_handshake(struct talk *talk, uint32_t jump)
{
    struct bytes wire = {0};

    say_open(talk, jump);
    hello_bytes(&wire);
    say_bytes(talk, false, &wire, 2000);
    wire.n = 0;
    flight_bytes(&wire);
    say_bytes(talk, true, &wire, 500);
    wire.n = 0;
    add_alert(&wire, 2, 42);
    say_bytes(talk, false, &wire, 100);
    drop(&wire);
}

/* Writes what was said to a file and reads it. */
static struct lp_capture *inspect(struct talk *talk, const struct lp_options *options)
{
    struct temp temp;
    struct lp_capture *capture = NULL;
    struct lp_error error;

    temp_open(&temp);
    const char *path = temp_write(&temp, "t.pcap", talk->image.bytes, talk->image.n);
    assert_int_equal(LP_OK, lp_inspect(path, options, &capture, &error));
    temp_close(&temp, "t.pcap");
    if (!capture)
        abort();
    return capture;
}

static const struct lp_finding *finding(const struct lp_capture *capture, const char *code)
{
    for (size_t i = 0; i < capture->finding_count; i++)
        if (strcmp(capture->findings[i].code, code) == 0)
            return &capture->findings[i];
    return NULL;
}

static void assert_chain(const struct lp_session *session)
{
    uint8_t sha1[20], sha256[32];

    assert_int_equal(2, session->chain_count);
    for (unsigned i = 0; i < 2; i++) {
        struct bytes der = {0};
        add_der(&der, chain[i], (uint8_t)(i + 1));
        SHA1(der.at, der.n, sha1);
        SHA256(der.at, der.n, sha256);
        assert_int_equal(i, session->chain[i].depth);
        assert_int_equal(chain[i], session->chain[i].bytes);
        assert_true(session->chain[i].complete);
        assert_memory_equal(sha1, session->chain[i].sha1, sizeof sha1);
        assert_memory_equal(sha256, session->chain[i].sha256, sizeof sha256);
        drop(&der);
    }
}

static void lp_inspect_of_a_handshake_tells_all_about_it(void **state)
{
    struct talk talk;

    (void)state;
    talk_open(&talk);
    say_handshake(&talk, 0);
    struct lp_capture *capture = inspect(&talk, NULL);
    assert_null(capture->error);
    assert_int_equal(1, capture->session_count);
    const struct lp_session *s = &capture->sessions[0];
    assert_string_equal("tcp", s->transport);
    assert_int_equal(49152, s->client.port);
    assert_int_equal(443, s->server.port);
    assert_int_equal(5, s->client.ip.bytes[3]);
    assert_true(s->client.has_mac && s->server.has_mac);
    assert_memory_equal(client_mac, s->client.mac, 6);
    assert_memory_equal(server_mac, s->server.mac, 6);
    assert_int_equal(4, s->first_frame);
    assert_int_equal(7, s->certificate_frame); /* 1193 bytes in three segments */
    assert_int_equal(START + 4, s->start.sec);
    assert_int_equal(0x0303, s->version);
    assert_int_equal(0x002f, s->cipher);
    assert_string_equal("vpn\\x1b.example", s->sni);
    assert_int_equal(LP_OUTCOME_COMPLETE, s->outcome);
    assert_true(s->chain_complete && s->hello_seen && !s->past_certificate);
    assert_chain(s);
    assert_int_equal(1, s->alert_count);
    assert_int_equal(8, s->alerts[0].frame);
    assert_true(s->alerts[0].from_client && s->alerts[0].code == 42);
    assert_int_equal(8, capture->stats.packets);
    assert_int_equal(START + 1, capture->stats.first.sec);
    assert_int_equal(START + 8, capture->stats.last.sec);
    assert_int_equal(1, capture->stats.link_type_count);
    assert_string_equal("EN10MB", capture->stats.link_types[0]);
    assert_int_equal(0, capture->finding_count + capture->attempt_count);
    lp_capture_free(capture);
    image_free(&talk.image);
}

/* The second and third use of the same ends; sessions come in the order of their first frames. */
static void lp_inspect_of_a_reused_four_tuple_lists_each_handshake(void **state)
{
    struct talk talk;

    (void)state;
    talk_open(&talk);
    for (uint32_t i = 0; i < 20; i++)
        say_handshake(&talk, i * 0x0badf00dU);
    struct lp_capture *capture = inspect(&talk, NULL);
    assert_int_equal(20, capture->session_count);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(i, capture->sessions[i].id);
        assert_int_equal(4 + 8 * i, capture->sessions[i].first_frame);
        assert_chain(&capture->sessions[i]);
    }
    lp_capture_free(capture);
    image_free(&talk.image);
}

/* What a sink was given. */
struct taken {
    unsigned count;
    uint64_t frames[64];
};

static bool take(void *ctx, const struct lp_session *session)
{
    struct taken *taken = ctx;

    assert_int_equal(taken->count, session->id);
    assert_in_range(taken->count, 0, 63);
    assert_chain(session);
    assert_non_null(session->chain[0].facts);
    taken->frames[taken->count++] = session->first_frame;
    return true;
}

static void again(void *ctx)
{
    ((struct taken *)ctx)->count = 0;
}

/* The result when, at last, no allocation fails; every failure before says so. `taken` (may be
 * NULL) begins anew each time. */
static struct lp_capture *inspect_with_allocations_failing(struct talk *talk,
                                                           const struct lp_options *options,
                                                           struct taken *taken)
{
    struct lp_capture *capture = NULL;
    struct lp_error error;
    struct temp temp;
    bool done = false;

    temp_open(&temp);
    const char *path = temp_write(&temp, "t.pcap", talk->image.bytes, talk->image.n);
    for (uint64_t n = 1; !done; n++) {
        lp_capture_free(capture);
        if (taken)
            taken->count = 0;
        lp_alloc_fail_after(n);
        enum lp_status status = lp_inspect(path, options, &capture, &error);
        lp_alloc_fail_after(0);
        assert_true(status == LP_OK || status == LP_ERR_MEMORY);
        assert_int_equal(status == LP_OK, capture != NULL);
        done = status == LP_OK && capture && !capture->error;
        assert_true(n < 500);
    }
    temp_close(&temp, "t.pcap");
    if (!capture)
        abort();
    return capture;
}

/* Handed on as they end; the order of their frames and the findings' numbers are told at the end.
 * The first connection ends last. */
static void lp_inspect_with_a_sink_hands_on_and_tells_the_order(void **state)
{
    enum { MANY = 20 };
    struct taken taken = {0};
    const struct lp_session_sink sink = {take, again, &taken};
    const struct lp_options options = {.sink = &sink, .facts = true};
    struct lp_error error;
    struct bytes wire = {0};
    struct talk talk;

    (void)state;
    talk_open(&talk);
    say_open(&talk, 0);
    hello_bytes(&wire);
    say_bytes(&talk, false, &wire, 2000);
    struct talk first = talk;
    for (unsigned i = 1; i < MANY; i++) {
        talk.client_port++;
        say_handshake(&talk, 0);
    }
    talk.client_port = first.client_port;
    memcpy(talk.seq, first.seq, sizeof talk.seq);
    wire.n = 0;
    flight_bytes(&wire);
    say(&talk, true, 16, wire.at, 600);
    talk.seq[1] -= 200;
    wire.at[450] ^= 1;
    say(&talk, true, 16, wire.at + 400, 200); /* differs: a finding about the first */
    say(&talk, true, 16, wire.at + 600, wire.n - 600);
    struct lp_capture *capture = inspect(&talk, &options);
    assert_int_equal(0, capture->session_count);
    assert_null(capture->sessions);
    assert_int_equal(MANY, taken.count);
    assert_int_equal(MANY, capture->handed_on);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(i == 0 ? 4 : 8 * i, taken.frames[capture->order[i]]);
    const struct lp_finding *found = finding(capture, "copies-differ");
    assert_non_null(found);
    assert_int_equal(0, found->session);
    assert_int_equal(LP_ERR_USAGE, lp_verify(capture, NULL, NULL, &error));
    assert_false(capture->verified);
    lp_capture_free(capture);
    image_free(&talk.image);
    drop(&wire);
}

/* Certificates come and go, and the one that is always there is found each time. */
static void lp_inspect_with_a_sink_and_any_allocation_failing_says_so(void **state)
{
    struct taken taken = {0};
    const struct lp_session_sink sink = {take, again, &taken};
    const struct lp_options options = {
        .sink = &sink, .facts = true, .keep_der = true, .more_digests = true};
    struct talk talk;

    (void)state;
    talk_open(&talk);
    for (uint32_t i = 0; i < 3; i++)
        say_handshake(&talk, i * 0x0badf00dU);
    struct lp_capture *capture = inspect_with_allocations_failing(&talk, &options, &taken);
    assert_int_equal(3, taken.count);
    assert_int_equal(3, capture->handed_on);
    lp_capture_free(capture);
    image_free(&talk.image);
}

static void lp_inspect_of_unanswered_syns_lists_attempts(void **state)
{
    struct talk talk;

    (void)state;
    talk_open(&talk);
    say(&talk, false, 2, "", 0); /* silence */
    talk.seq[0]--;
    say(&talk, false, 2, "", 0); /* the same again */
    talk.client_port++;
    say(&talk, false, 2, "", 0);
    say(&talk, true, 4 | 16, "", 0); /* refused */
    talk.client_port++;
    say_open(&talk, 0); /* answered, then nothing */
    struct lp_capture *capture = inspect(&talk, NULL);
    assert_int_equal(0, capture->session_count);
    assert_int_equal(2, capture->attempt_count);
    assert_int_equal(1, capture->attempts[0].frame);
    assert_false(capture->attempts[0].refused);
    assert_int_equal(49152, capture->attempts[0].client.port);
    assert_int_equal(443, capture->attempts[0].server.port);
    assert_int_equal(3, capture->attempts[1].frame);
    assert_true(capture->attempts[1].refused);
    lp_capture_free(capture);
    image_free(&talk.image);
}

/* A retransmission with other bytes: the first copy counts, and a finding says so. */
static void lp_inspect_of_differing_copies_finds_it(void **state)
{
    struct bytes wire = {0};
    struct talk talk;

    (void)state;
    talk_open(&talk);
    say_open(&talk, 0);
    hello_bytes(&wire);
    say_bytes(&talk, false, &wire, 2000);
    wire.n = 0;
    flight_bytes(&wire);
    say(&talk, true, 16, wire.at, 600);
    talk.seq[1] -= 200;
    wire.at[450] ^= 1;
    say(&talk, true, 16, wire.at + 400, 200);
    say(&talk, true, 16, wire.at + 600, wire.n - 600);
    struct lp_capture *capture = inspect(&talk, NULL);
    assert_int_equal(1, capture->session_count);
    assert_chain(&capture->sessions[0]);
    const struct lp_finding *found = finding(capture, "copies-differ");
    assert_non_null(found);
    assert_int_equal(0, found->session);
    assert_int_equal(6, found->frame);
    lp_capture_free(capture);
    image_free(&talk.image);
    drop(&wire);
}

/* Whatever the budget: a whole chain with the right hashes, or a word on the limit. */
static void lp_inspect_within_any_budget_is_complete_or_says_limit(void **state)
{
    struct talk talk;
    unsigned complete = 0, limited = 0;

    (void)state;
    talk_open(&talk);
    say_handshake(&talk, 0);
    for (uint64_t memory = 1; memory < 20000; memory += 499) {
        for (unsigned scan = 0; scan < 2; scan++) {
            struct lp_options options = {0};
            *(scan ? &options.max_memory : &options.max_connection) = memory;
            struct lp_capture *capture = inspect(&talk, &options);
            bool whole =
                capture->session_count == 1 && capture->sessions[0].outcome == LP_OUTCOME_COMPLETE;
            if (whole)
                assert_chain(&capture->sessions[0]);
            else
                assert_non_null(finding(capture, "limit"));
            complete += whole;
            limited += !whole;
            lp_capture_free(capture);
        }
    }
    assert_true(complete > 10 && limited > 10);
    image_free(&talk.image);
}

static void lp_inspect_with_any_allocation_failing_is_complete_or_says_so(void **state)
{
    const struct lp_options options = {.facts = true, .keep_der = true, .more_digests = true};
    struct talk talk;

    (void)state;
    talk_open(&talk);
    say_handshake(&talk, 0);
    say(&talk, false, 2, "", 0);
    struct lp_capture *capture = inspect_with_allocations_failing(&talk, &options, NULL);
    assert_chain(&capture->sessions[0]);
    assert_non_null(capture->sessions[0].chain[0].der);
    assert_non_null(capture->sessions[0].chain[0].more);
    lp_capture_free(capture);
    image_free(&talk.image);
}

/* The file ends at byte n: what was read before counts, and something says that it was cut. */
static void lp_inspect_of_a_file_cut_anywhere_keeps_what_is_whole(void **state)
{
    struct talk talk;

    (void)state;
    talk_open(&talk);
    say_handshake(&talk, 0);
    size_t n = talk.image.n, whole = n;
    for (; talk.image.n > 0; talk.image.n--) {
        struct lp_capture *capture = inspect(&talk, NULL);
        size_t left = n - talk.image.n;
        if (left > 0 && talk.image.n > 24 && !finding(capture, "file-cut") && !capture->error)
            whole = talk.image.n; /* between two records */
        if (capture->session_count) {
            const struct lp_session *s = &capture->sessions[0];
            for (size_t i = 0; i < s->chain_count; i++)
                if (s->chain[i].complete)
                    assert_int_equal(chain[i], s->chain[i].bytes);
            if (s->outcome == LP_OUTCOME_COMPLETE)
                assert_chain(s);
        }
        lp_capture_free(capture);
    }
    assert_true(whole < n);
    image_free(&talk.image);
}

static void lp_inspect_of_what_is_no_capture_is_a_result_with_an_error(void **state)
{
    struct lp_capture *capture = NULL;
    struct lp_error error;
    struct temp temp;

    (void)state;
    temp_open(&temp);
    assert_int_equal(LP_OK, lp_inspect(temp_path(&temp, "none"), NULL, &capture, &error));
    assert_non_null(capture->error);
    lp_capture_free(capture);
    const char *path = temp_write(&temp, "x\x1b[2J.pcap", "no capture at all, but long enough", 34);
    assert_int_equal(LP_OK, lp_inspect(path, NULL, &capture, &error));
    assert_non_null(capture->error);
    assert_null(strchr(capture->error, '\x1b'));
    assert_null(strchr(capture->path, '\x1b'));
    assert_int_equal(0, capture->session_count);
    lp_capture_free(capture);
    temp_close(&temp, "x\x1b[2J.pcap");
    lp_capture_free(NULL);
}

static void lp_read_certificates_of_der_reads_it(void **state)
{
    struct lp_capture *capture = NULL;
    struct bytes der = {0};
    struct lp_error error;
    struct temp temp;
    uint8_t sha1[20];
    bool done = false;

    (void)state;
    struct bytes inner = {0};
    add_der(&inner, 500, 3);
    add_number(&der, 2, 0x3082); /* a SEQUENCE of a SEQUENCE is enough of a certificate */
    add_vector(&der, 2, inner.at, inner.n);
    SHA1(der.at, der.n, sha1);
    temp_open(&temp);
    const char *path = temp_write(&temp, "a.cer", der.at, der.n);
    for (uint64_t n = 1; !done; n++) {
        lp_alloc_fail_after(n);
        enum lp_status status = lp_read_certificates(path, &capture, &error);
        lp_alloc_fail_after(0);
        done = status == LP_OK;
        assert_true(done || status == LP_ERR_MEMORY);
        assert_int_equal(done, capture != NULL);
        if (!done)
            assert_true(strlen(error.text) > 0);
    }
    assert_int_equal(1, capture->session_count);
    assert_int_equal(1, capture->sessions[0].chain_count);
    assert_memory_equal(sha1, capture->sessions[0].chain[0].sha1, sizeof sha1);
    assert_memory_equal(der.at, capture->sessions[0].chain[0].der, der.n);
    assert_non_null(capture->sessions[0].chain[0].facts);
    lp_capture_free(capture);
    temp_write(&temp, "a.cer", der.at, der.n - 1);
    assert_int_equal(LP_ERR_IO, lp_read_certificates(temp.path, &capture, &error));
    assert_null(capture);
    temp_write(&temp, "a.cer", "", 0);
    assert_int_equal(LP_ERR_IO, lp_read_certificates(temp.path, &capture, &error));
    temp_close(&temp, "a.cer");
    assert_int_equal(LP_ERR_IO, lp_read_certificates("/nowhere/at all", &capture, &error));
    assert_non_null(strstr(error.text, "/nowhere/at all"));
    drop(&der);
    drop(&inner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lp_inspect_of_a_handshake_tells_all_about_it),
        cmocka_unit_test(lp_inspect_of_a_reused_four_tuple_lists_each_handshake),
        cmocka_unit_test(lp_inspect_with_a_sink_hands_on_and_tells_the_order),
        cmocka_unit_test(lp_inspect_with_a_sink_and_any_allocation_failing_says_so),
        cmocka_unit_test(lp_inspect_of_unanswered_syns_lists_attempts),
        cmocka_unit_test(lp_inspect_of_differing_copies_finds_it),
        cmocka_unit_test(lp_inspect_within_any_budget_is_complete_or_says_limit),
        cmocka_unit_test(lp_inspect_with_any_allocation_failing_is_complete_or_says_so),
        cmocka_unit_test(lp_inspect_of_a_file_cut_anywhere_keeps_what_is_whole),
        cmocka_unit_test(lp_inspect_of_what_is_no_capture_is_a_result_with_an_error),
        cmocka_unit_test(lp_read_certificates_of_der_reads_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
