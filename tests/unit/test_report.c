/* The report writers, on captures made up here: no scan is needed to say something. */
#include "guard.h"

#include "report/json.h"
#include "report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

/* ---- made-up captures */

static const char *const san[] = {"DNS:vpn.example.com", "IP:192.0.2.1"};
static const struct lp_cert_facts facts = {
    .subject = "CN=vpn.example.com,O=Example \"quoted\"",
    .issuer = "CN=Example CA",
    .serial = "01ab",
    .not_before = {1704067200, 0},
    .not_after = {1735689599, 0},
    .has_dates = true,
    .key = "RSA 2048",
    .signature = "sha256WithRSAEncryption",
    .san = san,
    .san_count = 2,
};
static struct lp_cert chain[] = {
    {.depth = 0, .complete = true, .bytes = 812, .facts = &facts, .matches = 0x201},
    {.depth = 1, .complete = false, .bytes = 900},
};
static struct lp_alert alerts[] = {{.frame = 12, .from_client = true, .level = 2, .code = 42}};
static struct lp_session session = {
    .transport = "tcp",
    .carrier = "tls",
    .client = {{4, {10, 0, 0, 5}}, 49152, true, {0, 0x1f, 0x6c, 0x81, 0x11, 0x0e}},
    .server = {{6, {0x20, 1, 0xd, 0xb8, [15] = 1}}, 443, false, {0}},
    .first_frame = 4,
    .server_hello_frame = 7,
    .certificate_frame = 9,
    .start = {1795498796, 123456789},
    .version = 0x0301,
    .offered_version = 0x0301,
    .cipher = 0x002f,
    .has_cipher = true,
    .hello_seen = true,
    .outcome = LP_OUTCOME_COMPLETE,
    .chain = chain,
    .chain_count = 2,
    .alerts = alerts,
    .alert_count = 1,
    .compared = true,
    .expected_by = "SEP001F6C81110E.cnf.xml",
    .verdict = LP_MISMATCH,
};
static const unsigned compared[] = {0};
static const struct lp_dns_answer answer = {.name = "vpn.example.com", .frame = 2};
static const struct lp_reached reached[] = {{0, 1, "dns", &answer}};
static struct lp_config config = {
    .source = "SEP001F6C81110E.cnf.xml",
    .origin = "file",
    .phone = "SEP001F6C81110E",
    .paired_by = "mac",
    .urls = {{.text = "https://192.0.2.1/SSLVPNphone"}},
    .url_count = 1,
    .has_host_id_check = true,
    .has_hash_algorithm = true,
    .hash_algorithm = "0",
    .hashes = {{.n = 1, .algorithm = LP_HASH_SHA1, .digest_len = 20, .text = "AQAAAA=="},
               {.n = 2, .fault = LP_HASH_OF_HEX_TEXT, .text = "NmZmZg=="}},
    .hash_count = 2,
    .verdict = LP_MISMATCH,
    .summary = "differs",
    .sessions = compared,
    .reached = reached,
    .session_count = 1,
};
static struct lp_finding findings[] = {
    {LP_PROBLEM, "hash-mismatch", 0, 9, "the hashes differ", "reset the phone"},
    {LP_WARNING, "expired", -1, 0, "the leaf expired", NULL},
    {LP_INFO, "key-size", 0, 9, "the key is large", NULL},
};
static const char *const links[] = {"EN10MB"};

static struct lp_capture made_up(bool verified)
{
    struct lp_capture capture = {
        .path = "a.pcap",
        .verified = verified,
        .verdict = LP_MISMATCH,
        .summary = verified ? "another certificate" : NULL,
        .configs = &config,
        .config_count = verified ? 1 : 0,
        .sessions = &session,
        .session_count = 1,
        .findings = findings,
        .finding_count = 3,
        .stats = {70, 41234, 0, links, 1, {0, 0}, {1, 5}},
    };

    memset(config.hashes[0].digest, 0, sizeof config.hashes[0].digest);
    config.hashes[0].digest[0] = 1;
    memset(chain[0].sha1, 0xab, sizeof chain[0].sha1);
    memset(chain[0].sha256, 0xcd, sizeof chain[0].sha256);
    return capture;
}

/* What gathered in `out`, as a string that the caller frees. */
static char *taken(struct lp_out *out)
{
    assert_int_equal(0, out->error);
    char *text = malloc(out->buf.len + 1);
    if (out->buf.len)
        memcpy(text, out->buf.bytes, out->buf.len);
    text[out->buf.len] = '\0';
    lp_out_free(out);
    return text;
}

static void assert_taken(const char *expected, struct lp_out *out)
{
    char *text = taken(out);
    assert_string_equal(expected, text);
    free(text);
}

/* ---- json */

static void assert_json_text(const char *expected, const char *text)
{
    struct guarded g = guarded_copy(text, strlen(text) + 1);
    struct lp_out out = {.fd = -1};
    struct lp_json json = {&out, false};

    lp_json_text(&json, (const char *)g.bytes);
    assert_taken(expected, &out);
    guarded_free(&g);
}

static void json_text_plain_stays(void **state)
{
    (void)state;
    assert_json_text("\"\"", "");
    assert_json_text("\"abc /?{}[]\x7f\"", "abc /?{}[]\x7f");
    assert_json_text("\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x92\"",
                     "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x92");
    assert_json_text("\"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\"",
                     "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf");
}

static void json_text_special_escaped(void **state)
{
    (void)state;
    assert_json_text("\"a\\\"b\\\\c\"", "a\"b\\c");
    assert_json_text("\"\\b\\f\\n\\r\\t\"", "\b\f\n\r\t");
    assert_json_text("\"\\u0001\\u001b\\u001f\"", "\x01\x1b\x1f");
}

static void json_text_broken_utf8_escaped(void **state)
{
    (void)state;
    assert_json_text("\"\\\\x80\"", "\x80");                                  /* a tail alone */
    assert_json_text("\"a\\\\xc3\"", "a\xc3");                                /* cut */
    assert_json_text("\"\\\\xe2\\\\x82z\"", "\xe2\x82z");                     /* cut */
    assert_json_text("\"\\\\xc0\\\\xaf\"", "\xc0\xaf");                       /* overlong */
    assert_json_text("\"\\\\xe0\\\\x9f\\\\xbf\"", "\xe0\x9f\xbf");            /* overlong */
    assert_json_text("\"\\\\xed\\\\xa0\\\\x80\"", "\xed\xa0\x80");            /* a surrogate */
    assert_json_text("\"\\\\xf4\\\\x90\\\\x80\\\\x80\"", "\xf4\x90\x80\x80"); /* above 10FFFF */
    assert_json_text("\"\\\\xff\\\\xfe\"", "\xff\xfe");
}

static void json_values_written_with_commas(void **state)
{
    static const uint8_t bytes[] = {0xde, 0xad, 0xbe};
    struct lp_out out = {.fd = -1};
    struct lp_json json = {&out, false};

    (void)state;
    lp_json_open(&json, '{');
    lp_json_key(&json, "a");
    lp_json_open(&json, '[');
    lp_json_number(&json, 0);
    lp_json_number(&json, UINT64_MAX);
    lp_json_bool(&json, true);
    lp_json_bool(&json, false);
    lp_json_null(&json);
    lp_json_text(&json, NULL);
    lp_json_hex(&json, bytes, 3);
    lp_json_base64(&json, bytes, 3);
    lp_json_open(&json, '[');
    lp_json_close(&json, ']');
    lp_json_close(&json, ']');
    lp_json_key(&json, "b");
    lp_json_open(&json, '{');
    lp_json_close(&json, '}');
    lp_json_close(&json, '}');
    assert_taken("{\"a\":[0,18446744073709551615,true,false,null,null,\"deadbe\",\"3q2+\",[]],"
                 "\"b\":{}}",
                 &out);
}

/* ---- times */

static void assert_time(const char *expected, int64_t sec, uint32_t nsec, enum lp_time_form form)
{
    struct lp_out out = {.fd = -1};
    struct lp_time time = {sec, nsec};

    assert_true(lp_out_time(&out, &time, form));
    assert_taken(expected, &out);
}

static void time_forms_written_in_utc(void **state)
{
    (void)state;
    assert_time("1970-01-01T00:00:00.000000000Z", 0, 0, LP_TIME_NANO);
    assert_time("2026-11-24T05:39:56.123456789Z", 1795498796, 123456789, LP_TIME_NANO);
    assert_time("2026-11-24T05:39:56Z", 1795498796, 123456789, LP_TIME_SECONDS);
    assert_time("2026-11-24 05:39:56", 1795498796, 123456789, LP_TIME_PEOPLE);
    assert_time("1969-12-31T23:59:59.999999999Z", -1, 999999999, LP_TIME_NANO);
    assert_time("2000-02-29T12:00:00Z", 951825600, 0, LP_TIME_SECONDS);
    assert_time("0000-01-01T00:00:00Z", -62167219200, 0, LP_TIME_SECONDS);
    assert_time("9999-12-31T23:59:59Z", 253402300799, 0, LP_TIME_SECONDS);
}

static void time_without_four_digit_year_refused(void **state)
{
    static const struct lp_time times[] = {
        {-62167219201, 0}, {253402300800, 0}, {INT64_MIN, 0}, {INT64_MAX, 0}, {0, 1000000000}};

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct lp_out out = {.fd = -1};
        struct lp_json json = {&out, false};
        assert_false(lp_out_time(&out, &times[i], LP_TIME_NANO));
        lp_json_time(&json, &times[i], LP_TIME_NANO);
        assert_taken("null", &out);
    }
}

static void time_agrees_with_the_c_library(void **state)
{
    (void)state;
    /* Every 97th day from 1600 to 2400, at an odd second of the day. */
    for (int64_t day = -135140; day < 157054; day += 97) {
        int64_t sec = day * 86400 + 45296;
        time_t seconds = (time_t)sec;
        struct tm tm;
        char expected[64];

        assert_non_null(gmtime_r(&seconds, &tm));
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", &tm);
        assert_time(expected, sec, 0, LP_TIME_SECONDS);
    }
}

/* ---- out */

static void out_flush_line_is_one_write(void **state)
{
    struct lp_capture capture = made_up(true);
    int ends[2];
    char *received = malloc(65536);

    (void)state;
    /* A datagram socket keeps the borders between writes. */
    assert_int_equal(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
    struct lp_out out = {.fd = ends[0]};
    struct lp_report report = {.out = &out};
    lp_writer_jsonl.verified(&report, &capture);
    size_t length = out.buf.len;
    assert_true(lp_out_flush(&out));
    assert_int_equal(length, read(ends[1], received, 65536));
    assert_int_equal('\n', received[length - 1]);
    assert_null(memchr(received, '\n', length - 1));
    lp_out_free(&out);
    free(received);
    close(ends[0]);
    close(ends[1]);
}

static void out_flush_short_writes_completed(void **state)
{
    enum { SIZE = 1 << 20 };
    int ends[2];
    char *data = malloc(SIZE), *received = malloc(SIZE);

    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (char)('a' + i % 23);
    assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct lp_out out = {.fd = ends[0]};
        close(ends[1]);
        lp_out_bytes(&out, data, SIZE);
        _exit(lp_out_flush(&out) ? 0 : 1);
    }
    close(ends[0]);
    size_t got = 0;
    for (ssize_t n; got < SIZE && (n = read(ends[1], received + got, SIZE - got)) > 0;)
        got += (size_t)n;
    assert_int_equal(SIZE, got);
    assert_memory_equal(data, received, SIZE);
    close(ends[1]);
    free(data);
    free(received);
}

static void out_flush_failure_kept(void **state)
{
    struct lp_out full = {.fd = open("/dev/full", O_WRONLY)}, closed = {.fd = -1};
    int ends[2];

    (void)state;
    assert_true(full.fd >= 0);
    lp_out_text(&full, "x");
    assert_false(lp_out_flush(&full));
    assert_int_equal(ENOSPC, full.error);
    lp_out_text(&full, "more");
    assert_int_equal(0, full.buf.len);
    assert_false(lp_out_flush(&full));
    close(full.fd);
    lp_out_free(&full);

    lp_out_text(&closed, "x");
    assert_false(lp_out_flush(&closed));
    assert_int_equal(EBADF, closed.error);
    lp_out_free(&closed);

    assert_int_equal(0, pipe(ends));
    struct lp_out pipe_out = {.fd = ends[1]};
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    lp_out_text(&pipe_out, "x");
    assert_false(lp_out_flush(&pipe_out));
    assert_int_equal(EPIPE, pipe_out.error);
    lp_out_free(&pipe_out);
    close(ends[1]);
}

static void out_clean_controls_escaped(void **state)
{
    struct lp_out out = {.fd = -1};

    (void)state;
    lp_out_clean(&out, "a\x1b[31m\nb\xff \xc3\xa9");
    assert_taken("a\\x1b[31m\\x0ab\\xff \xc3\xa9", &out);
}

static void out_pem_lines_of_64(void **state)
{
    uint8_t der[97];

    (void)state;
    memset(der, 0, sizeof der);
    for (size_t n = 0; n <= sizeof der; n++) {
        struct guarded g = guarded_copy(der, n);
        struct lp_out out = {.fd = -1};
        lp_out_pem(&out, g.bytes, n);
        char *text = taken(&out);
        size_t lines = (n + 47) / 48, characters = 4 * ((n + 2) / 3);
        assert_int_equal(28 + characters + lines + 26, strlen(text));
        if (n >= 48)
            assert_int_equal('\n', text[28 + 64]);
        free(text);
        guarded_free(&g);
    }
}

/* ---- the writers */

#define SESSION_HEAD                                                                               \
    "{\"id\":0,\"transport\":\"tcp\",\"carrier\":\"tls\",\"client\":{\"ip\":\"10.0.0.5\","         \
    "\"port\":49152,\"mac\":\"00:1f:6c:81:11:0e\"},\"server\":{\"ip\":\"2001:db8::1\","            \
    "\"port\":443,\"mac\":null},\"first_frame\":4,\"certificate_frame\":9,"                        \
    "\"start\":\"2026-11-24T05:39:56.123456789Z\",\"version\":\"TLSv1.0\","                        \
    "\"cipher\":\"TLS_RSA_WITH_AES_128_CBC_SHA\",\"sni\":null,\"outcome\":\"complete\","
#define SESSION_TAIL                                                                               \
    "\"chain\":[{\"depth\":0,\"complete\":true,\"bytes\":812,"                                     \
    "\"sha1\":\"abababababababababababababababababababab\","                                       \
    "\"sha1_base64\":\"q6urq6urq6urq6urq6urq6urq6s=\","                                            \
    "\"sha256\":\"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\","             \
    "\"subject\":\"CN=vpn.example.com,O=Example \\\"quoted\\\"\",\"issuer\":\"CN=Example CA\","    \
    "\"serial\":\"01ab\",\"not_before\":\"2024-01-01T00:00:00Z\","                                 \
    "\"not_after\":\"2024-12-31T23:59:59Z\",\"key\":\"RSA 2048\","                                 \
    "\"signature\":\"sha256WithRSAEncryption\",\"san\":[\"DNS:vpn.example.com\","                  \
    "\"IP:192.0.2.1\"],\"x509_error\":null,\"matches\":[1,10]},"                                   \
    "{\"depth\":1,\"complete\":false,\"bytes\":900,\"sha1\":null,\"sha1_base64\":null,"            \
    "\"sha256\":null,\"subject\":null,\"issuer\":null,\"serial\":null,\"not_before\":null,"        \
    "\"not_after\":null,\"key\":null,\"signature\":null,\"san\":[],\"x509_error\":null,"           \
    "\"matches\":[]}],\"client_chain\":[],\"alerts\":[{\"frame\":12,\"from\":\"client\","          \
    "\"level\":\"fatal\",\"code\":42,\"name\":\"bad_certificate\"}],\"outcome_reason\":null,"      \
    "\"offered_version\":\"TLSv1.0\",\"chain_complete\":false,\"past_certificate\":false,"         \
    "\"tunnels\":[],\"server_hello_frame\":7"
#define CAPTURE_TAIL                                                                               \
    "\"findings\":[{\"severity\":\"error\",\"code\":\"hash-mismatch\",\"session\":0,"              \
    "\"frame\":9,\"message\":\"the hashes differ\",\"remedy\":\"reset the phone\"},"               \
    "{\"severity\":\"warning\",\"code\":\"expired\",\"session\":null,\"frame\":null,"              \
    "\"message\":\"the leaf expired\",\"remedy\":null},"                                           \
    "{\"severity\":\"info\",\"code\":\"key-size\",\"session\":0,\"frame\":9,"                      \
    "\"message\":\"the key is large\",\"remedy\":null}],"                                          \
    "\"stats\":{\"packets\":70,\"bytes\":41234,\"link_types\":[\"EN10MB\"],"                       \
    "\"truncated_packets\":0,\"first\":\"1970-01-01T00:00:00.000000000Z\","                        \
    "\"last\":\"1970-01-01T00:00:01.000000005Z\"}"

static void jsonl_verified_capture_is_the_contract(void **state)
{
    struct lp_capture capture = made_up(true);
    struct lp_out out = {.fd = -1};
    struct lp_report report = {.out = &out};

    (void)state;
    lp_writer_jsonl.verified(&report, &capture);
    assert_taken(
        "{\"schema\":\"leafprint.capture/1\",\"capture\":\"a.pcap\",\"error\":null,"
        "\"verdict\":\"mismatch\",\"reason\":null,\"summary\":\"another certificate\","
        "\"configs\":[{\"source\":\"SEP001F6C81110E.cnf.xml\",\"origin\":\"file\","
        "\"phone\":\"SEP001F6C81110E\",\"paired_by\":\"mac\","
        "\"urls\":[\"https://192.0.2.1/SSLVPNphone\"],\"host_id_check\":false,"
        "\"hash_algorithm\":\"sha1\",\"cert_hashes\":[{\"n\":1,\"algorithm\":\"sha1\","
        "\"hex\":\"0100000000000000000000000000000000000000\","
        "\"base64\":\"AQAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"text\":\"AQAAAA==\",\"fault\":null},"
        "{\"n\":2,\"algorithm\":null,\"hex\":null,\"base64\":null,\"text\":\"NmZmZg==\","
        "\"fault\":\"base64-of-hex\"}],\"verdict\":\"mismatch\",\"reason\":null,"
        "\"sessions\":[0],\"summary\":\"differs\",\"fetched_frame\":null,"
        "\"reached\":[{\"session\":0,\"url\":1,\"known_by\":\"dns\",\"dns_frame\":2}]}],"
        "\"sessions\":[" SESSION_HEAD "\"compared\":true,\"verdict\":\"mismatch\"," SESSION_TAIL
        ",\"expected_by\":\"SEP001F6C81110E.cnf.xml\"}"
        "]," CAPTURE_TAIL ",\"timeline\":[]}\n",
        &out);
}

static void jsonl_inspected_capture_has_no_verdict(void **state)
{
    struct lp_capture capture = made_up(false);
    struct lp_out out = {.fd = -1};
    struct lp_report report = {.out = &out};

    (void)state;
    lp_writer_jsonl.inspected(&report, &capture);
    assert_taken("{\"schema\":\"leafprint.capture/1\",\"capture\":\"a.pcap\",\"error\":null,"
                 "\"summary\":null,\"sessions\":[" SESSION_HEAD SESSION_TAIL "}]," CAPTURE_TAIL
                 "}\n",
                 &out);
}

static void jsonl_extracted_capture_lists_files(void **state)
{
    struct lp_capture capture = made_up(false);
    struct lp_out out = {.fd = -1};
    struct lp_report report = {.out = &out};
    struct lp_file_list files = {0};

    (void)state;
    assert_true(lp_file_list_add(&files, "d/a\x1b.cer", true));
    assert_true(lp_file_list_add(&files, "d/b.cer", false));
    lp_writer_jsonl.extracted(&report, &capture, &files);
    char *text = taken(&out);
    assert_non_null(strstr(text, "},\"files\":[{\"path\":\"d/a\\\\x1b.cer\",\"written\":true},"
                                 "{\"path\":\"d/b.cer\",\"written\":false}]}\n"));
    free(text);
    lp_file_list_free(&files);
}

static void jsonl_unknown_values_are_null(void **state)
{
    struct lp_session unknown = {.transport = "tcp", .carrier = "tls", .version = 0x7f1c};
    struct lp_capture capture = {.path = "empty.pcap", .error = "cut", .sessions = &unknown};
    struct lp_out out = {.fd = -1};
    struct lp_report report = {.out = &out};

    (void)state;
    capture.session_count = 1;
    lp_writer_jsonl.inspected(&report, &capture);
    assert_taken(
        "{\"schema\":\"leafprint.capture/1\",\"capture\":\"empty.pcap\",\"error\":\"cut\","
        "\"summary\":null,\"sessions\":[{\"id\":0,\"transport\":\"tcp\",\"carrier\":\"tls\","
        "\"client\":{\"ip\":null,\"port\":0,\"mac\":null},\"server\":{\"ip\":null,\"port\":0,"
        "\"mac\":null},\"first_frame\":null,\"certificate_frame\":null,\"start\":null,"
        "\"version\":\"0x7f1c\",\"cipher\":null,\"sni\":null,\"outcome\":\"no-certificate\","
        "\"chain\":[],\"client_chain\":[],\"alerts\":[],\"outcome_reason\":null,"
        "\"offered_version\":null,\"chain_complete\":false,\"past_certificate\":false,\"tunnels\":["
        "],\"server_hello_frame\":null}],"
        "\"findings\":[],\"stats\":{\"packets\":0,\"bytes\":0,\"link_types\":[],"
        "\"truncated_packets\":0,\"first\":null,\"last\":null}}\n",
        &out);
}

static void jsonl_zeroed_capture_is_undecided(void **state)
{
    struct lp_capture capture = {.path = "z", .verified = true};
    struct lp_out out = {.fd = -1};
    struct lp_report report = {.out = &out};

    (void)state;
    lp_writer_jsonl.verified(&report, &capture);
    char *text = taken(&out);
    assert_non_null(strstr(text, "\"verdict\":\"undecided\",\"reason\":null"));
    free(text);
}

static void text_mismatch_shows_both_sides(void **state)
{
    struct lp_capture capture = made_up(true);
    struct lp_out out = {.fd = -1};
    struct lp_report report = {.out = &out};

    (void)state;
    lp_writer_text.verified(&report, &capture);
    assert_taken(
        "mismatch: a.pcap: another certificate\n"
        "  phone     SEP001F6C81110E, SEP001F6C81110E.cnf.xml (paired by the phone's "
        "MAC address)\n"
        "  urls      https://192.0.2.1/SSLVPNphone\n"
        "  #0        10.0.0.5:49152 -> [2001:db8::1]:443, frame 9, 2026-11-24 05:39:56 UTC: "
        "mismatch\n"
        "  Base64    expected  AQAAAAAAAAAAAAAAAAAAAAAAAAA=  certHash1\n"
        "            expected  NmZmZg==  certHash2: Base64 of the hex text\n"
        "            seen      q6urq6urq6urq6urq6urq6urq6s=  leaf\n"
        "  hex       expected  0100000000000000000000000000000000000000  certHash1\n"
        "            seen      abababababababababababababababababababab  leaf\n"
        "  leaf      CN=vpn.example.com,O=Example \"quoted\"\n"
        "            issued by CN=Example CA\n"
        "            valid 2024-01-01 00:00:00 to 2024-12-31 23:59:59 UTC, RSA 2048, 812 bytes\n"
        "            SHA-256 cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\n"
        "  to do     reset the phone\n"
        "  warning   the leaf expired\n",
        &out);
}

static void text_color_only_when_asked(void **state)
{
    struct lp_capture capture = made_up(true);
    struct lp_out plain = {.fd = -1}, colored = {.fd = -1};
    struct lp_report plain_report = {&plain, false, true}, colored_report = {&colored, true, true};

    (void)state;
    lp_writer_text.verified(&plain_report, &capture);
    lp_writer_text.verified(&colored_report, &capture);
    assert_null(memchr(plain.buf.bytes, '\033', plain.buf.len));
    assert_non_null(memchr(colored.buf.bytes, '\033', colored.buf.len));
    /* Without its escape sequences the coloured text is the plain one. */
    char *text = taken(&colored);
    char *to = text;
    for (char *from = text; *from;) {
        if (*from == '\033')
            from = strchr(from, 'm') + 1;
        else
            *to++ = *from++;
    }
    *to = '\0';
    assert_taken(text, &plain);
    free(text);
}

static void text_match_is_one_line(void **state)
{
    struct lp_capture capture = made_up(true);
    struct lp_config matched = config;
    struct lp_out out = {.fd = -1};
    struct lp_report report = {.out = &out};

    (void)state;
    matched.verdict = LP_MATCH;
    capture.configs = &matched;
    capture.verdict = LP_MATCH;
    capture.finding_count = 0;
    lp_writer_text.verified(&report, &capture);
    assert_taken("match: a.pcap: another certificate\n", &out);
}

static void text_prose_wrapped(void **state)
{
    struct lp_capture capture = made_up(true);
    struct lp_finding longwinded = {LP_WARNING, "x", -1, 0, NULL, NULL};
    struct lp_out out = {.fd = -1};
    struct lp_report report = {.out = &out};
    char message[600];

    (void)state;
    for (size_t i = 0; i + 1 < sizeof message; i++)
        message[i] = i % 7 == 6 ? ' ' : 'w';
    message[sizeof message - 1] = '\0';
    longwinded.message = message;
    capture.config_count = 0;
    capture.findings = &longwinded;
    capture.finding_count = 1;
    lp_writer_text.verified(&report, &capture);
    char *text = taken(&out);
    unsigned lines = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), lines++)
        assert_true(strlen(line) <= 96);
    assert_true(lines > 5);
    free(text);
}

static struct lp_listed listed_leaf(void)
{
    struct lp_listed item = {.cert = &chain[0]};

    item.hash.algorithm = LP_HASH_SHA1;
    item.hash.digest_len = sizeof chain[0].sha1;
    memcpy(item.hash.digest, chain[0].sha1, sizeof chain[0].sha1);
    return item;
}

static void text_listed_certificate_gives_the_line(void **state)
{
    struct lp_out out = {.fd = -1};
    struct lp_report report = {.out = &out};

    (void)state;
    made_up(false);
    const struct lp_listed item = listed_leaf();
    lp_writer_text.listed(&report, "a.pem", &item, 1);
    assert_taken("a.pem: CN=vpn.example.com,O=Example \"quoted\"\n"
                 "  SHA-1    abababababababababababababababababababab\n"
                 "  Base64   q6urq6urq6urq6urq6urq6urq6s=\n"
                 "  SHA-256  cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\n"
                 "  <certHash1>q6urq6urq6urq6urq6urq6urq6s=</certHash1>\n",
                 &out);
}

static void cert_hash_line_beyond_ten_refused(void **state)
{
    char line[LP_CERT_HASH_LINE_SIZE];

    (void)state;
    made_up(false);
    struct lp_cert_hash hash = listed_leaf().hash;
    assert_null(lp_cert_hash_line(0, &hash, line));
    assert_string_equal("<certHash10>q6urq6urq6urq6urq6urq6urq6s=</certHash10>",
                        lp_cert_hash_line(10, &hash, line));
    assert_null(lp_cert_hash_line(11, &hash, line));
    hash.algorithm = LP_HASH_SHA256;
    assert_null(lp_cert_hash_line(1, &hash, line));
    hash.algorithm = LP_HASH_UNKNOWN;
    assert_null(lp_cert_hash_line(1, &hash, line));
}

static void listed_hash_alone_names_its_line(void **state)
{
    struct lp_out out = {.fd = -1};
    struct lp_report report = {.out = &out};

    (void)state;
    made_up(false);
    struct lp_listed item = listed_leaf();
    item.cert = NULL;
    item.line = 12;
    item.label = "trustpoint cme_cert, CA";
    lp_writer_text.listed(&report, "show.txt", &item, 2);
    assert_taken("show.txt: line 12, trustpoint cme_cert, CA\n"
                 "  SHA-1    abababababababababababababababababababab\n"
                 "  Base64   q6urq6urq6urq6urq6urq6urq6s=\n"
                 "  <certHash2>q6urq6urq6urq6urq6urq6urq6s=</certHash2>\n",
                 &out);
    lp_writer_jsonl.listed(&report, "show.txt", &item, 0);
    assert_taken("{\"schema\":\"leafprint.hash/1\",\"file\":\"show.txt\","
                 "\"label\":\"trustpoint cme_cert, CA\",\"line\":12,\"algorithm\":\"sha1\","
                 "\"hex\":\"abababababababababababababababababababab\","
                 "\"base64\":\"q6urq6urq6urq6urq6urq6urq6s=\",\"cert_hash\":null}\n",
                 &out);
}

static void writer_find_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(&lp_writer_text, lp_writer_find("text"));
    assert_ptr_equal(&lp_writer_jsonl, lp_writer_find("jsonl"));
    assert_null(lp_writer_find("JSONL"));
    assert_null(lp_writer_find(""));
}

/* Whatever allocation fails: either the whole report arrives, or nothing does and the error says
 * why. */
static void assert_whole_or_nothing(const struct lp_writer *writer, bool verified)
{
    struct lp_capture capture = made_up(verified);
    bool arrived = false;

    for (uint64_t n = 1; !arrived; n++) {
        struct lp_out out = {.fd = -1};
        struct lp_report report = {&out, true, true};

        lp_alloc_fail_after(n);
        if (verified)
            writer->verified(&report, &capture);
        else
            writer->inspected(&report, &capture);
        lp_alloc_fail_after(0);
        arrived = out.error == 0;
        if (arrived)
            assert_int_equal('\n', out.buf.bytes[out.buf.len - 1]);
        else
            assert_int_equal(ENOMEM, out.error);
        assert_false(lp_out_flush(&out)); /* -1 is no descriptor, and ENOMEM stays */
        assert_int_equal(arrived ? EBADF : ENOMEM, out.error);
        lp_out_free(&out);
        assert_true(n < 100);
    }
}

static void writers_failing_allocation_whole_or_nothing(void **state)
{
    (void)state;
    assert_whole_or_nothing(&lp_writer_text, true);
    assert_whole_or_nothing(&lp_writer_text, false);
    assert_whole_or_nothing(&lp_writer_jsonl, true);
    assert_whole_or_nothing(&lp_writer_jsonl, false);
}

static void file_list_failing_allocation_reported(void **state)
{
    bool added = false;

    (void)state;
    for (uint64_t n = 1; !added; n++) {
        struct lp_file_list files = {0};
        lp_alloc_fail_after(n);
        added = lp_file_list_add(&files, "a.cer", true);
        lp_alloc_fail_after(0);
        assert_int_equal(added ? 1 : 0, files.count);
        lp_file_list_free(&files);
        assert_true(n < 10);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_text_plain_stays),
        cmocka_unit_test(json_text_special_escaped),
        cmocka_unit_test(json_text_broken_utf8_escaped),
        cmocka_unit_test(json_values_written_with_commas),
        cmocka_unit_test(time_forms_written_in_utc),
        cmocka_unit_test(time_without_four_digit_year_refused),
        cmocka_unit_test(time_agrees_with_the_c_library),
        cmocka_unit_test(out_flush_line_is_one_write),
        cmocka_unit_test(out_flush_short_writes_completed),
        cmocka_unit_test(out_flush_failure_kept),
        cmocka_unit_test(out_clean_controls_escaped),
        cmocka_unit_test(out_pem_lines_of_64),
        cmocka_unit_test(jsonl_verified_capture_is_the_contract),
        cmocka_unit_test(jsonl_inspected_capture_has_no_verdict),
        cmocka_unit_test(jsonl_extracted_capture_lists_files),
        cmocka_unit_test(jsonl_unknown_values_are_null),
        cmocka_unit_test(jsonl_zeroed_capture_is_undecided),
        cmocka_unit_test(text_mismatch_shows_both_sides),
        cmocka_unit_test(text_color_only_when_asked),
        cmocka_unit_test(text_match_is_one_line),
        cmocka_unit_test(text_prose_wrapped),
        cmocka_unit_test(text_listed_certificate_gives_the_line),
        cmocka_unit_test(cert_hash_line_beyond_ten_refused),
        cmocka_unit_test(listed_hash_alone_names_its_line),
        cmocka_unit_test(writer_find_by_name),
        cmocka_unit_test(writers_failing_allocation_whole_or_nothing),
        cmocka_unit_test(file_list_failing_allocation_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
