/* Results read back, what they add up to, and the page that shows them. */
#include "guard.h"

#include "base/lines.h"
#include "base/text.h"
#include "report/page.h"

#include <errno.h>

/* ---- making files, reading pages */

/* A file without a name that holds the text. */
static FILE *file_of(const char *text, size_t n)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(n, fwrite(text, 1, n, file));
    rewind(file);
    return file;
}

/* A name for a text; remove it with unlink. */
static void write_named(char path[32], const char *text)
{
    memcpy(path, "/tmp/leafprint-unit.XXXXXX", sizeof "/tmp/leafprint-unit.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal((ssize_t)strlen(text), write(fd, text, strlen(text)));
    close(fd);
}

static bool add(void *ctx, const struct lp_result *result)
{
    return lp_page_add(ctx, result);
}

static bool pass(void *ctx, const char *file, uint64_t line, enum lp_passed passed)
{
    lp_page_pass(ctx, file, line, passed);
    return true;
}

/* Reads the results into a page that the caller ends. */
static bool read_page(struct lp_page *page, const char *results, unsigned depth, bool rows)
{
    char path[32];
    struct lp_error error = {""};
    const struct lp_results_user user = {add, pass, page};

    write_named(path, results);
    bool read =
        lp_page_start(page, depth, rows, &error) && lp_results_read(path, &user, &error) == LP_OK;
    unlink(path);
    page->line_count = page->line_count ? 1 : 0; /* `path` ends here */
    if (page->line_count)
        page->lines[0].file = "results.jsonl";
    return read;
}

/* The page as one text, owned by the caller (free); NULL: it could not be written. */
static char *page_text(struct lp_page *page)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    struct lp_out out = {.fd = fileno(file)};
    char *text = NULL;

    bool written = lp_page_write(page, &out);
    lp_out_free(&out);
    if (written) {
        fseek(file, 0, SEEK_END);
        size_t n = (size_t)ftell(file);
        text = calloc(n + 1, 1);
        assert_non_null(text);
        rewind(file);
        assert_int_equal(n, fread(text, 1, n, file));
    }
    fclose(file);
    return text;
}

static char *page_of(const char *results)
{
    struct lp_page page;
    assert_true(read_page(&page, results, 1, true));
    char *text = page_text(&page);
    lp_page_end(&page);
    assert_non_null(text);
    return text;
}

static size_t count_of(const char *text, const char *what)
{
    size_t count = 0;
    for (; (text = strstr(text, what)); text += strlen(what))
        count++;
    return count;
}

static void assert_holds(const char *text, const char *what)
{
    if (!strstr(text, what))
        fail_msg("not in the page: %s", what);
}

static void assert_lacks(const char *text, const char *what)
{
    if (strstr(text, what))
        fail_msg("in the page: %s", what);
}

#define MARKUP                                                                                     \
    "</td></title><script>owned()</script><img src=x onerror='owned()'>\\\"><svg onload=owned()>"

/* A result with everything in it; %s: capture, subject, ip of the server, alert's name. */
static const char whole[] =
    "{\"schema\":\"leafprint.capture/"
    "1\",\"capture\":\"%s\",\"error\":null,\"verdict\":\"mismatch\","
    "\"reason\":null,\"summary\":\"another certificate\",\"configs\":[{\"source\":\"a.xml\","
    "\"phone\":\"SEP001F6C81110E\",\"paired_by\":\"mac\",\"urls\":[\"https://192.0.2.1/\"],"
    "\"cert_hashes\":[{\"n\":1,\"algorithm\":\"sha1\","
    "\"hex\":\"33a02b5f267948a1d35c6bea19f513f15d95393e\","
    "\"base64\":\"M6ArXyZ5SKHTXGvqGfUT8V2VOT4=\",\"text\":\"M6ArXyZ5SKHTXGvqGfUT8V2VOT4=\","
    "\"fault\":null}],\"verdict\":\"mismatch\",\"sessions\":[0]}],\"sessions\":[{\"id\":0,"
    "\"transport\":\"tcp\",\"client\":{\"ip\":\"192.0.2.21\",\"port\":35288,\"mac\":null},"
    "\"server\":{\"ip\":\"%s\",\"port\":443,\"mac\":null},\"first_frame\":16,"
    "\"server_hello_frame\":17,\"certificate_frame\":18,\"start\":\"2026-11-24T07:34:38."
    "206813000Z\",\"version\":\"TLSv1.2\","
    "\"cipher\":\"TLS_RSA_WITH_AES_128_CBC_SHA\",\"sni\":null,\"compared\":true,"
    "\"verdict\":\"mismatch\",\"chain\":[{\"depth\":0,\"complete\":true,\"bytes\":875,"
    "\"sha1\":\"33a02b5f267948a1d35c6bea19f513f15d95393f\",\"sha256\":null,\"subject\":\"%s\","
    "\"san\":[\"DNS:a.example\"],\"matches\":[]}],\"client_chain\":[],\"alerts\":[{\"frame\":17,"
    "\"from\":\"server\",\"level\":\"warning\",\"code\":112,\"name\":\"%s\"},{\"frame\":20,"
    "\"from\":\"client\",\"level\":\"fatal\",\"code\":42,\"name\":\"bad_certificate\"}],"
    "\"offered_version\":\"TLSv1.3\",\"past_certificate\":true}],\"findings\":[{"
    "\"severity\":\"error\",\"code\":\"hash-mismatch\",\"session\":0,\"frame\":18,"
    "\"message\":\"they differ\",\"remedy\":\"make them equal\"}],\"timeline\":[{"
    "\"phone\":\"SEP001F6C81110E\",\"client\":{\"ip\":\"192.0.2.21\",\"port\":1,\"mac\":null},"
    "\"events\":[{\"frame\":3,\"time\":\"2026-11-24T07:34:37.961375000Z\",\"kind\":\"file\","
    "\"server\":{\"ip\":\"192.0.2.69\",\"port\":69,\"mac\":null},\"file\":\"<i>.cnf.xml\","
    "\"session\":null},{\"frame\":9,\"time\":null,\"kind\":\"unanswered\",\"server\":{"
    "\"ip\":\"192.0.2.9\",\"port\":443,\"mac\":null},\"file\":null,\"session\":null},{"
    "\"frame\":16,\"time\":null,\"kind\":\"handshake\",\"server\":{\"ip\":\"192.0.2.1\","
    "\"port\":443,\"mac\":null},\"file\":null,\"session\":0}],\"left_out\":5}],\"stats\":{"
    "\"packets\":20,"
    "\"bytes\":4644,\"first\":\"2026-11-24T07:34:37.961375000Z\","
    "\"last\":\"2026-11-24T07:34:38.237195000Z\"}}\n";

static char *result_with(const char *capture, const char *ip, const char *subject,
                         const char *alert)
{
    size_t size = sizeof whole + strlen(capture) + strlen(ip) + strlen(subject) + strlen(alert);
    char *text = malloc(size);
    assert_non_null(text);
    snprintf(text, size, whole, capture, ip, subject, alert);
    return text;
}

/* ---- base */

static void lines_last_without_newline_is_a_line(void **state)
{
    (void)state;
    static const char text[] = "one\n\nthree";
    struct lp_lines lines = {.file = file_of(text, sizeof text - 1)};
    struct lp_rd line;

    assert_int_equal(LP_LINE_WHOLE, lp_lines_next(&lines, &line));
    assert_int_equal(3, line.left);
    assert_memory_equal("one", line.ptr, 3);
    assert_int_equal(LP_LINE_WHOLE, lp_lines_next(&lines, &line));
    assert_int_equal(0, line.left);
    assert_int_equal(LP_LINE_WHOLE, lp_lines_next(&lines, &line));
    assert_memory_equal("three", line.ptr, 5);
    assert_int_equal(3, lines.number);
    assert_int_equal(LP_LINE_END, lp_lines_next(&lines, &line));
    assert_int_equal(LP_LINE_END, lp_lines_next(&lines, &line));
    lp_lines_free(&lines);
    fclose(lines.file);
}

static void lines_too_long_is_passed_in_bounded_memory(void **state)
{
    (void)state;
    size_t n = 3 * (size_t)LP_LINE_MOST;
    char *text = malloc(n);
    assert_non_null(text);
    memset(text, 'x', n);
    memcpy(text, "a\n", 2);
    memcpy(text + n - 3, "\nb\n", 3);
    struct lp_lines lines = {.file = file_of(text, n)};
    struct lp_rd line;
    free(text);

    assert_int_equal(LP_LINE_WHOLE, lp_lines_next(&lines, &line));
    assert_int_equal(LP_LINE_TOO_LONG, lp_lines_next(&lines, &line));
    assert_true(lines.buf.cap < 2 * (size_t)LP_LINE_MOST + 1024 * 1024);
    assert_int_equal(LP_LINE_WHOLE, lp_lines_next(&lines, &line));
    assert_memory_equal("b", line.ptr, 1);
    assert_int_equal(3, lines.number);
    assert_int_equal(LP_LINE_END, lp_lines_next(&lines, &line));
    lp_lines_free(&lines);
    fclose(lines.file);
}

static void text_cut_never_parts_a_character(void **state)
{
    (void)state;
    assert_int_equal(3, lp_text_cut("abc", 3, 10));
    assert_int_equal(2, lp_text_cut("abc", 3, 2));
    assert_int_equal(1, lp_text_cut("a\xc3\xa9z", 4, 2));
    assert_int_equal(3, lp_text_cut("a\xc3\xa9z", 4, 3));
    assert_int_equal(0, lp_text_cut("\xf0\x9f\x8d\x83z", 5, 3));
    assert_int_equal(4, lp_text_cut("\x80\x80\x80\x80\x80\x80", 6, 4)); /* no character at all */
    assert_int_equal(0, lp_text_cut("abc", 3, 0));
}

static void time_read_takes_our_form_alone(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "2026-11-24",
                                      "2026-11-24T05:39:56Z",
                                      "2026-13-24T05:39:56.123456789Z",
                                      "2026-11-24T05:39:56.12345678xZ",
                                      "2026-11-24T05:39:56.123456789Z "};
    struct lp_time time = {0};

    assert_true(lp_time_read("2026-11-24T05:39:56.123456789Z", &time));
    assert_int_equal(1795498796, time.sec);
    assert_int_equal(123456789, time.nsec);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(lp_time_read(bad[i], &time));
    assert_false(lp_time_read(NULL, &time));
}

/* ---- reading */

static void results_read_passes_over_what_is_none(void **state)
{
    (void)state;
    struct lp_page page;
    assert_true(
        read_page(&page,
                  "{\"schema\":\"leafprint.capture/1\",\"capture\":\"a\",\"verdict\":\"match\"}\n"
                  "\n"
                  "{\"schema\":\"leafprint.capture/1\",\"capture\":\"a\",\"verd\n"
                  "{\"schema\":\"leafprint.certificate/1\",\"file\":\"a\"}\n"
                  "{\"schema\":\"leafprint.capture/1\",\"capture\":\"a\",\"sessions\":[]}\n"
                  "{\"schema\":\"leafprint.capture/1\",\"capture\":\"a\",\"verdict\":\"perhaps\"}\n"
                  "{\"schema\":\"leafprint.capture/1\",\"capture\":7,\"verdict\":\"match\"}\n"
                  "[1]\n"
                  "nonsense\n"
                  "{\"schema\":\"leafprint.capture/1\",\"capture\":\"b\",\"verdict\":\"mixed\"}",
                  1, true));
    assert_int_equal(2, page.totals.results);
    assert_int_equal(2, page.totals.passed[LP_PASSED_BROKEN]);
    assert_int_equal(4, page.totals.passed[LP_PASSED_OTHER]);
    assert_int_equal(1, page.totals.passed[LP_PASSED_INSPECTED]);
    char *text = page_text(&page);
    assert_holds(text, "results.jsonl:3</code> not JSON");
    free(text);
    lp_page_end(&page);
}

static void results_read_wrong_types_count_as_absent(void **state)
{
    (void)state;
    char *text = page_of(
        "{\"schema\":\"leafprint.capture/"
        "1\",\"capture\":\"a\",\"verdict\":\"mismatch\",\"reason\":7,"
        "\"configs\":{},\"sessions\":[7,[],{\"chain\":\"x\",\"server\":[],\"start\":{},"
        "\"alerts\":[null],\"first_frame\":-4,\"certificate_frame\":1e300}],\"findings\":[7],"
        "\"stats\":[]}\n"
        "{\"schema\":\"leafprint.capture/1\",\"capture\":\"b\",\"verdict\":\"mismatch\","
        "\"configs\":[7,{\"cert_hashes\":[7],\"sessions\":\"0\",\"urls\":[{}]}],\"sessions\":{}}"
        "\n");
    assert_int_equal(2, count_of(text, "<tbody id=r"));
    assert_lacks(text, "frame.number");
    free(text);
}

static void results_read_missing_file_is_named(void **state)
{
    (void)state;
    struct lp_page page = {.rows_wanted = false};
    const struct lp_results_user user = {add, pass, &page};
    struct lp_error error = {""};
    assert_int_equal(LP_ERR_IO, lp_results_read("/nonexistent/results", &user, &error));
    assert_holds(error.text, "/nonexistent/results");
}

/* ---- escaping */

static void html_text_stays_text(void **state)
{
    (void)state;
    struct lp_out out = {.fd = -1};
    struct lp_html html = {&out, NULL};

    lp_html_text(&html, "<a href=\"x\" b='y'>&\x01\xff\xe2\x80\xae", 100);
    lp_html_text(&html, "abc\xc3\xa9", 4);
    lp_html_text(&html, NULL, 4);
    lp_out_char(&out, '\0');
    assert_string_equal("&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;\\x01\\xff\\xe2\\x80\\xae"
                        "abc…",
                        (const char *)out.buf.bytes);
    lp_out_free(&out);
}

static void html_count_parts_thousands(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        const char *text;
    } cases[] = {{0, "0"},
                 {999, "999"},
                 {1000, "1\u00a0000"},
                 {1002030, "1\u00a0002\u00a0030"},
                 {UINT64_MAX, "18\u00a0446\u00a0744\u00a0073\u00a0709\u00a0551\u00a0615"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lp_out out = {.fd = -1};
        struct lp_html html = {&out, NULL};
        lp_html_count(&html, cases[i].value);
        lp_out_char(&out, '\0');
        assert_string_equal(cases[i].text, (const char *)out.buf.bytes);
        lp_out_free(&out);
    }
}

static void page_hostile_names_stay_text(void **state)
{
    (void)state;
    char *result = result_with("site/" MARKUP "/x.pcap", MARKUP, "CN=" MARKUP, MARKUP);
    char *text = page_of(result);

    assert_lacks(text, "<script>owned");
    assert_lacks(text, "<img");
    assert_lacks(text, "<svg onload");
    assert_lacks(text, "onerror='");
    assert_holds(text, "CN=&lt;/td&gt;&lt;/title&gt;&lt;script&gt;owned()");
    assert_lacks(text, "ip.addr == &lt;"); /* a filter takes addresses alone */
    assert_holds(text, "frame.number == 16 || frame.number == 17 || frame.number == 18");
    assert_lacks(text, " style=");
    assert_int_equal(1, count_of(text, "<script>"));
    assert_int_equal(1, count_of(text, "<style>"));
    free(text);
    free(result);
}

/* ---- what is shown */

static void page_opened_result_tells_all(void **state)
{
    (void)state;
    char *result =
        result_with("site7/SEP001F6C81110E.pcap", "2001:db8::1", "CN=a", "unrecognized_name");
    char *text = page_of(result);

    assert_holds(text, "In 1 of 1 capture the headend presents another certificate");
    assert_holds(text, "M6ArXyZ5SKHTXGvqGfUT8V2VOT<mark>4</mark>=");
    assert_holds(text, "33a02b5f267948a1d35c6bea19f513f15d95393<mark>e</mark>");
    assert_holds(text, "33a02b5f267948a1d35c6bea19f513f15d95393<mark>f</mark>");
    assert_holds(text, "[2001:db8::1]:443");
    assert_holds(text, "ip.addr == 192.0.2.21 && ipv6.addr == 2001:db8::1 && tcp.port == 35288");
    assert_holds(text, "make them equal");
    /* in the order of frames, and each with its own */
    assert_holds(text, "Handshake: client: ClientHello, offers up to TLSv1.3, frame 16; "
                       "server: ServerHello, TLSv1.2 RSA_WITH_AES_128_CBC_SHA, frame 17; "
                       "server: Alert, warning unrecognized_name (112), frame 17; "
                       "server: Certificate, 1 in the chain, leaf of 875 bytes, frame 18; "
                       "client: goes on, with the handshake; "
                       "client: Alert, fatal bad_certificate (42), frame 20");
    assert_holds(text, "Time line of SEP001F6C81110E");
    assert_holds(text, "&lt;i&gt;.cnf.xml from 192.0.2.69:69</span> <small>frame 3, 2026-11-24");
    assert_holds(text, "no answer from 192.0.2.9:443</span> <small>frame 9<");
    assert_holds(text, "handshake with 192.0.2.1:443</span> <small>frame 16<");
    assert_holds(text, "and 5 events more");
    free(text);
    free(result);
}

/* Two configurations, each compared with a handshake of its own; both saw the same leaf. */
static void page_each_configuration_has_its_comparison(void **state)
{
    (void)state;
    static const char session[] =
        "{\"id\":%d,\"compared\":true,\"verdict\":\"match\",\"chain\":[{\"complete\":true,"
        "\"sha1\":\"33a02b5f267948a1d35c6bea19f513f15d95393e\",\"matches\":[1]}]}";
    static const char config[] = "{\"source\":\"%d.xml\",\"sessions\":[%d],\"cert_hashes\":[{"
                                 "\"n\":1,\"algorithm\":\"sha1\",\"hex\":\"33\","
                                 "\"base64\":\"Mw==\"}]}";
    char results[4096], one[512], two[512], first[512], second[512];
    snprintf(one, sizeof one, session, 0);
    snprintf(two, sizeof two, session, 1);
    snprintf(first, sizeof first, config, 1, 0);
    snprintf(second, sizeof second, config, 2, 1);
    snprintf(results, sizeof results,
             "{\"schema\":\"leafprint.capture/1\",\"capture\":\"a\",\"verdict\":\"match\","
             "\"configs\":[%s,%s],\"sessions\":[%s,%s]}\n",
             first, second, one, two);
    char *text = page_of(results);
    assert_int_equal(2, count_of(text, "<table class=hash>"));
    assert_int_equal(1, count_of(text, "<dt>SHA-1</dt>"));
    free(text);
}

static void page_without_results_is_a_page(void **state)
{
    (void)state;
    char *text = page_of("");
    assert_holds(text, "<h1>No results</h1>");
    assert_holds(text, "</html>");
    assert_lacks(text, "{{");
    free(text);
}

/* `count` results of one verdict, all at one site or each at its own. */
static char *many(const char *verdict, size_t count, bool sites)
{
    enum { ROOM = 120 };
    char *text = malloc(count * ROOM + 1), *at = text;
    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        at += snprintf(
            at, ROOM,
            "{\"schema\":\"leafprint.capture/1\",\"capture\":\"s%zu/%zu\",\"verdict\":\"%s\"}\n",
            sites ? i : 0, i, verdict);
    return text;
}

static void page_rows_are_capped_and_totals_are_not(void **state)
{
    (void)state;
    static const struct {
        const char *verdict;
        size_t count, rows;
        bool sites;
    } cases[] = {
        {"match", 900, LP_PAGE_MATCHES_FIRST, false},
        {"match", 900, LP_PAGE_MATCHES, true},
        {"undecided", LP_PAGE_TROUBLE + 10, LP_PAGE_TROUBLE, false},
        {"mismatch", LP_PAGE_OPENED + 5, LP_PAGE_OPENED + 5, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *results = many(cases[i].verdict, cases[i].count, cases[i].sites), said[80];
        struct lp_page page;
        assert_true(read_page(&page, results, 1, true));
        free(results);
        assert_int_equal(cases[i].count, page.totals.results);
        char *text = page_text(&page);
        assert_int_equal(cases[i].rows, count_of(text, "<tbody id=r"));
        snprintf(said, sizeof said, "Rows below: %zu", cases[i].rows % 1000);
        assert_int_equal(cases[i].rows < cases[i].count, strstr(text, "Rows below: ") != NULL);
        if (cases[i].rows < 1000 && cases[i].rows < cases[i].count)
            assert_holds(text, said);
        size_t opened = cases[i].rows < LP_PAGE_OPENED ? cases[i].rows : LP_PAGE_OPENED;
        assert_int_equal(opened, count_of(text, "<tr class=d>"));
        assert_int_equal(opened, count_of(text, "<details><summary>"));
        free(text);
        lp_page_end(&page);
    }
}

static void page_worst_comes_first(void **state)
{
    (void)state;
    char *text = page_of(
        "{\"schema\":\"leafprint.capture/1\",\"capture\":\"a/1\",\"verdict\":\"match\"}\n"
        "{\"schema\":\"leafprint.capture/1\",\"capture\":\"a/2\",\"verdict\":\"undecided\","
        "\"reason\":\"gap\"}\n"
        "{\"schema\":\"leafprint.capture/1\",\"capture\":\"a/3\",\"verdict\":\"mismatch\"}\n");
    const char *mismatch = strstr(text, "data-v=mismatch"), *gap = strstr(text, "data-v=undecided"),
               *match = strstr(text, "data-v=match");
    assert_true(mismatch && gap && match && mismatch < gap && gap < match);
    free(text);
}

/* ---- totals */

static void totals_sites_by_depth(void **state)
{
    (void)state;
    static const char results[] =
        "{\"schema\":\"leafprint.capture/1\",\"capture\":\"/srv/./a/"
        "x.pcap\",\"verdict\":\"match\"}\n"
        "{\"schema\":\"leafprint.capture/1\",\"capture\":\"/srv//b/"
        "x.pcap\",\"verdict\":\"mismatch\"}\n"
        "{\"schema\":\"leafprint.capture/1\",\"capture\":\"../srv/b/y/x\",\"verdict\":\"mixed\"}\n"
        "{\"schema\":\"leafprint.capture/1\",\"capture\":\"x.pcap\",\"verdict\":\"match\"}\n";
    static const struct {
        unsigned depth;
        size_t count;
        const char *first;
        uint64_t mismatches;
    } cases[] = {{1, 2, "srv", 2}, {2, 3, "b", 2}, {3, 2, "", 1}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lp_page page;
        assert_true(read_page(&page, results, cases[i].depth, false));
        const struct lp_site **sites = lp_totals_sites(&page.totals);
        assert_non_null(sites);
        assert_int_equal(cases[i].count, page.totals.sites.count);
        assert_string_equal(cases[i].first, sites[0]->name);
        assert_int_equal(cases[i].mismatches, lp_counts_of_mismatch(&sites[0]->captures));
        lp_free((void *)sites);
        lp_page_end(&page);
    }
}

static void totals_sites_beyond_the_table_are_counted_together(void **state)
{
    (void)state;
    char *results = many("mismatch", LP_TOTALS_SITES_MOST + 7, true);
    struct lp_page page;
    assert_true(read_page(&page, results, 1, false));
    assert_int_equal(LP_TOTALS_SITES_MOST, page.totals.sites.count);
    assert_int_equal(7, page.totals.other_sites.captures.of[LP_MISMATCH]);
    lp_page_end(&page);
    free(results);
}

static void totals_a_phone_counts_once(void **state)
{
    (void)state;
    char *one = result_with("a/1.pcap", "192.0.2.1", "CN=a", "x");
    char *two = result_with("a/2.pcap", "192.0.2.1", "CN=a", "x");
    char *elsewhere = result_with("b/3.pcap", "192.0.2.1", "CN=a", "x");
    char *all = malloc(strlen(one) + strlen(two) + strlen(elsewhere) + 1);
    assert_non_null(all);
    sprintf(all, "%s%s%s", one, two, elsewhere);
    struct lp_page page;
    assert_true(read_page(&page, all, 1, false));
    assert_int_equal(3, page.totals.results);
    assert_int_equal(1, page.totals.phone_count);
    assert_int_equal(1, page.totals.to_repair);
    const struct lp_site **sites = lp_totals_sites(&page.totals);
    assert_int_equal(1, sites[0]->phones);
    assert_int_equal(1, sites[1]->to_repair);
    const struct lp_leaf **leaves = lp_totals_leaves(&page.totals);
    assert_int_equal(1, page.totals.leaves.count);
    assert_int_equal(3, leaves[0]->handshakes.of[LP_MISMATCH]);
    assert_int_equal(60, page.totals.packets);
    lp_free((void *)sites);
    lp_free((void *)leaves);
    lp_page_end(&page);
    free(one);
    free(two);
    free(elsewhere);
    free(all);
}

/* ---- trouble */

static void page_every_allocation_failing_is_told(void **state)
{
    (void)state;
    char *result = result_with("a/" MARKUP, "192.0.2.1", "CN=a", "x");
    bool whole_once = false;

    for (uint64_t n = 1; !whole_once && n < 5000; n++) {
        struct lp_page page;
        char *text = NULL;
        lp_alloc_fail_after(n);
        bool read = read_page(&page, result, 1, true);
        if (read)
            text = page_text(&page);
        lp_alloc_fail_after(0);
        if (text) { /* what came through is the whole of it */
            assert_holds(text, "make them equal");
            assert_holds(text, "M6ArXyZ5SKHTXGvqGfUT8V2VOT<mark>");
            assert_holds(text, "</html>");
            whole_once = true;
        }
        free(text);
        lp_page_end(&page);
    }
    assert_true(whole_once);
    free(result);
}

static void page_full_disk_is_told(void **state)
{
    (void)state;
    struct lp_page page;
    FILE *full = fopen("/dev/full", "wb");
    if (!full) {
        skip();
        return;
    }
    struct lp_out out = {.fd = fileno(full)};
    assert_true(read_page(&page, "", 1, true));
    assert_false(lp_page_write(&page, &out));
    assert_int_equal(ENOSPC, out.error);
    lp_out_free(&out);
    lp_page_end(&page);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_last_without_newline_is_a_line),
        cmocka_unit_test(lines_too_long_is_passed_in_bounded_memory),
        cmocka_unit_test(text_cut_never_parts_a_character),
        cmocka_unit_test(time_read_takes_our_form_alone),
        cmocka_unit_test(results_read_passes_over_what_is_none),
        cmocka_unit_test(results_read_wrong_types_count_as_absent),
        cmocka_unit_test(results_read_missing_file_is_named),
        cmocka_unit_test(html_text_stays_text),
        cmocka_unit_test(html_count_parts_thousands),
        cmocka_unit_test(page_hostile_names_stay_text),
        cmocka_unit_test(page_opened_result_tells_all),
        cmocka_unit_test(page_each_configuration_has_its_comparison),
        cmocka_unit_test(page_without_results_is_a_page),
        cmocka_unit_test(page_rows_are_capped_and_totals_are_not),
        cmocka_unit_test(page_worst_comes_first),
        cmocka_unit_test(totals_sites_by_depth),
        cmocka_unit_test(totals_sites_beyond_the_table_are_counted_together),
        cmocka_unit_test(totals_a_phone_counts_once),
        cmocka_unit_test(page_every_allocation_failing_is_told),
        cmocka_unit_test(page_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
