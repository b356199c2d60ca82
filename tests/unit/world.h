/* A synthetic capture and the expected sides that it is held against. */
#ifndef LP_TESTS_WORLD_H
#define LP_TESTS_WORLD_H

#include "guard.h"

#include "base/text.h"
#include "leafprint/leafprint.h"
#include "phone/phone.h"
#include "scan/expected.h"

enum { SESSIONS_MOST = 80 };

struct world {
    struct lp_arena *arena;
    struct lp_capture capture;
    struct lp_session sessions[SESSIONS_MOST];
    struct lp_expected *expected;
};

#define PHONE_A "SEP001F6C81110A"
#define PHONE_B "SEP001F6C81110B"

/* Memory that a test cannot do without. */
static inline void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static inline struct world *new_world(void)
{
    struct world *world = must(calloc(1, sizeof *world));

    world->arena = must(lp_arena_new());
    world->expected = must(lp_expected_new());
    world->capture.arena = world->arena;
    world->capture.path = "phone.pcap";
    world->capture.sessions = world->sessions;
    world->capture.stats.packets = 70;
    return world;
}

static inline void free_world(struct world *world)
{
    lp_expected_free(world->expected);
    lp_arena_free(world->arena);
    free(world);
}

/* A whole handshake with `server`:`port`; digests made of one byte each, the issuer's is leaf+1.
 * `mac`: the last byte of the client's MAC, 0 for none. */
static inline struct lp_session *add_session(struct world *world, const char *server, uint16_t port,
                                             uint8_t mac, uint8_t leaf)
{
    struct lp_session *session = &world->sessions[world->capture.session_count];
    const uint8_t client_mac[6] = {0x00, 0x1f, 0x6c, 0x81, 0x11, mac};

    memset(session, 0, sizeof *session);
    session->id = (unsigned)world->capture.session_count++;
    session->transport = "tcp";
    session->carrier = "tls";
    assert_true(lp_ip_parse("10.0.0.5", 8, &session->client.ip));
    assert_true(lp_ip_parse(server, strlen(server), &session->server.ip));
    session->server.port = port;
    session->client.has_mac = mac != 0;
    if (mac)
        memcpy(session->client.mac, client_mac, 6);
    session->first_frame = 10 * session->id + 4;
    session->certificate_frame = session->first_frame + 5;
    session->start.sec = 1700000000 + session->id;
    session->outcome = LP_OUTCOME_COMPLETE;
    session->chain_complete = true;
    session->chain_count = 2;
    session->chain = must(lp_arena_alloc(world->arena, 2 * sizeof *session->chain));
    for (unsigned i = 0; i < 2; i++) {
        struct lp_cert *cert = &session->chain[i];
        cert->depth = i;
        cert->complete = true;
        cert->bytes = 800;
        memset(cert->sha1, leaf + (int)i, sizeof cert->sha1);
        memset(cert->sha256, leaf + (int)i, sizeof cert->sha256);
    }
    return session;
}

static inline void lose(struct lp_session *session, enum lp_reason reason)
{
    session->chain_count = 0;
    session->chain_complete = false;
    session->outcome = LP_OUTCOME_NO_CERTIFICATE;
    session->reason = reason;
}

static inline struct lp_cert_facts *give_facts(struct world *world, struct lp_cert *cert)
{
    struct lp_cert_facts *facts = must(lp_arena_alloc(world->arena, sizeof *facts));

    facts->subject = "CN=vpn.example.com";
    facts->issuer = "CN=Example CA";
    facts->has_dates = true;
    facts->not_before.sec = 1600000000;
    facts->not_after.sec = 1800000000;
    facts->key = "RSA 2048";
    cert->facts = facts;
    return facts;
}

/* A configuration that expects one SHA-1 made of one byte; 0: none. */
static inline struct lp_config config_of(struct world *world, const char *phone, const char *url,
                                         uint8_t byte)
{
    struct lp_config config = {.source = phone ? phone : "some.xml", .origin = "file"};

    config.phone = phone;
    if (url) {
        assert_true(lp_url_read(world->arena, url, strlen(url), &config.urls[0]));
        config.urls[0].n = 1;
        config.url_count = 1;
    }
    config.hash_count = 1;
    config.hashes[0].n = 1;
    config.hashes[0].algorithm = LP_HASH_SHA1;
    config.hashes[0].digest_len = 20;
    memset(config.hashes[0].digest, byte, 20);
    if (!byte) {
        config.hash_count = 0;
        config.reason = LP_REASON_NO_CERT_HASH;
    }
    return config;
}

static inline void add_config(struct world *world, const char *phone, const char *url, uint8_t byte)
{
    struct lp_config config = config_of(world, phone, url, byte);
    assert_true(lp_expected_add_config(world->expected, &config));
}

static inline void add_two_urls(struct world *world, const char *phone, const char *url1,
                                const char *url2, uint8_t byte)
{
    struct lp_config config = config_of(world, phone, url1, byte);
    assert_true(lp_url_read(world->arena, url2, strlen(url2), &config.urls[1]));
    config.urls[1].n = 2;
    config.url_count = 2;
    assert_true(lp_expected_add_config(world->expected, &config));
}

static inline void verify_with(struct world *world, const struct lp_verify_options *options)
{
    struct lp_error error = {{0}};

    if (lp_verify(&world->capture, world->expected, options, &error) != LP_OK)
        fail_msg("%s", error.text);
    assert_true(world->capture.verified);
    assert_non_null(world->capture.summary);
    for (size_t i = 0; i < world->capture.config_count; i++)
        assert_non_null(world->capture.configs[i].summary);
    for (size_t i = 0; i < world->capture.finding_count; i++) {
        assert_non_null(world->capture.findings[i].message);
        assert_non_null(world->capture.findings[i].code);
    }
}

static inline void expect(struct world *world, enum lp_verdict verdict, enum lp_reason reason)
{
    verify_with(world, NULL);
    assert_int_equal(verdict, world->capture.verdict);
    assert_int_equal(reason, world->capture.reason);
}

static inline size_t count_findings(const struct world *world, const char *code)
{
    size_t count = 0;
    for (size_t i = 0; i < world->capture.finding_count; i++)
        count += strcmp(world->capture.findings[i].code, code) == 0;
    return count;
}

/* Fails the test when there is none. */
static inline const struct lp_finding *finding(const struct world *world, const char *code)
{
    for (size_t i = 0; i < world->capture.finding_count; i++)
        if (strcmp(world->capture.findings[i].code, code) == 0)
            return &world->capture.findings[i];
    fail_msg("no finding %s", code);
    abort();
}

static inline const struct lp_config *config_at(const struct world *world, size_t index)
{
    if (index >= world->capture.config_count)
        abort();
    return &world->capture.configs[index];
}

static inline const struct lp_config *side(const struct lp_expected *expected, size_t index)
{
    const struct lp_config *config = lp_expected_get(expected, index);
    if (!config)
        abort();
    return config;
}

#endif
