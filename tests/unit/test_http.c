/* Boot files out of HTTP connections. */
#include "guard.h"

#include "carrier/http.h"

struct got {
    unsigned files;
    char name[256];
    char bytes[4096];
    size_t size;
    bool complete;
    uint64_t frame;
    bool part;
    uint64_t from, total;
    char tag[64], modified[64];
};

static struct got got;

static void on_file(void *ctx, const struct lp_fetched *file)
{
    (void)ctx;
    got.files++;
    snprintf(got.name, sizeof got.name, "%.*s", (int)file->name.left, (const char *)file->name.ptr);
    assert_true(file->bytes.left < sizeof got.bytes);
    memcpy(got.bytes, file->bytes.ptr, file->bytes.left);
    got.size = file->bytes.left;
    got.complete = file->complete;
    got.frame = file->frame;
    got.part = file->range != NULL;
    if (!got.part)
        return;
    assert_false(file->complete);
    got.from = file->range->from;
    got.total = file->range->total;
    snprintf(got.tag, sizeof got.tag, "%.*s", (int)file->range->tag.left,
             (const char *)file->range->tag.ptr);
    snprintf(got.modified, sizeof got.modified, "%.*s", (int)file->range->modified.left,
             (const char *)file->range->modified.ptr);
}

/* The "packet" is the number of bytes: tests see which position was asked for. */
static void packet(const void *ctx, uint64_t n, uint64_t *frame, struct lp_time *time)
{
    (void)ctx;
    *frame = n;
    *time = (struct lp_time){0};
}

static void read_both(const char *requests, size_t n, const char *answers, size_t m, bool end)
{
    struct lp_budget budget = {.limit = 1 << 20};
    struct guarded a = guarded_copy(requests, n), b = guarded_copy(answers, m);
    struct lp_http http = {lp_rd_init(a.bytes, a.n),
                           lp_rd_init(b.bytes, b.n),
                           end,
                           {.port = 1},
                           {.port = 6970},
                           packet,
                           NULL};

    memset(&got, 0, sizeof got);
    lp_http_files(&http, &budget, on_file, NULL);
    assert_int_equal(0, budget.used);
    guarded_free(&a);
    guarded_free(&b);
}

#define READ(requests, answers, end)                                                               \
    read_both(requests, sizeof(requests) - 1, answers, sizeof(answers) - 1, end)

static const char one_get[] = "GET /SEP001F6C81110E.cnf.xml HTTP/1.1\r\nHost: a\r\n\r\n";

static void wanted_knows_boot_files_only(void **state)
{
    static const struct {
        const char *text;
        bool wanted;
    } cases[] = {
        {"GET /SEP001F6C81110E.cnf.xml HTTP/1.1\r\n", true},
        {"get /a/b/sep001f6c81110e.CNF.XML.sgn?x=1 HTTP/1.0\r\n", true},
        {"GET /CTLSEP001F6C81110E.tlv HTTP/1.1\r\n", true},
        {"GET /ITLFile.tlv HTTP/1.1\r\n", true},
        {"GET /XMLDefault.cnf.xml HTTP/1.1\r\n", true},
        {"GET /SEP/index.html HTTP/1.1\r\n", false},
        {"GET / HTTP/1.1\r\n", false},
        {"POST /SEP001F6C81110E.cnf.xml HTTP/1.1\r\n", false},
        {"GET", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct guarded g = guarded_copy(cases[i].text, strlen(cases[i].text));
        assert_int_equal(cases[i].wanted, lp_http_wanted(lp_rd_init(g.bytes, g.n)));
        guarded_free(&g);
    }
}

/* A request may come in pieces: what is wanted shows when its line is whole. */
static void unfinished_until_the_line_is_whole(void **state)
{
    static const char request[] = "GET /SEP001F6C81110E.cnf.xml HTTP/1.1\r\n";

    (void)state;
    for (size_t n = 4; n < sizeof request - 1; n++)
        assert_true(lp_http_unfinished(lp_rd_init(request, n)));
    assert_false(lp_http_unfinished(lp_rd_init(request, sizeof request - 1)));
    assert_false(lp_http_unfinished(lp_rd_init("POST /a", 7)));
    char endless[16384];
    memset(endless, 'a', sizeof endless);
    memcpy(endless, "GET /", 5);
    assert_false(lp_http_unfinished(lp_rd_init(endless, sizeof endless)));
}

/* More than any length can be: never a whole file, also at the connection's end. */
static void files_absurd_length_is_incomplete(void **state)
{
    (void)state;
    READ("GET /SEP001F6C81110E.cnf.xml HTTP/1.1\r\n\r\n",
         "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello", true);
    assert_false(got.complete);
}

static void files_body_with_a_length(void **state)
{
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nContent-type: */*\r\nContent-Length: 5\r\n\r\nhello";
    (void)state;
    read_both(one_get, sizeof one_get - 1, answer, sizeof answer - 1, false);
    assert_int_equal(1, got.files);
    assert_true(got.complete);
    assert_string_equal("/SEP001F6C81110E.cnf.xml", got.name);
    assert_memory_equal("hello", got.bytes, 5);
    assert_int_equal(sizeof answer - 1, got.frame);
}

static void files_every_truncation_gives_a_prefix(void **state)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    (void)state;
    for (size_t n = 0; n < sizeof answer - 1; n++) {
        read_both(one_get, sizeof one_get - 1, answer, n, true);
        assert_false(got.complete);
        assert_true(got.size < 5 && memcmp("hello", got.bytes, got.size) == 0);
    }
    for (size_t n = 0; n < sizeof one_get - 1; n++)
        read_both(one_get, n, answer, sizeof answer - 1, true);
}

static void files_chunks_are_joined(void **state)
{
    (void)state;
    READ("GET /SEP001F6C81110E.cnf.xml HTTP/1.1\r\n\r\n",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
         "chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: 1\r\n\r\n",
         false);
    assert_int_equal(1, got.files);
    assert_true(got.complete);
    assert_int_equal(5, got.size);
    assert_memory_equal("hello", got.bytes, 5);
}

static void files_body_until_the_end_needs_the_end(void **state)
{
    (void)state;
    READ("GET /SEP001F6C81110E.cnf.xml HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\nhello", true);
    assert_true(got.complete);
    READ("GET /SEP001F6C81110E.cnf.xml HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\nhello", false);
    assert_int_equal(1, got.files);
    assert_false(got.complete);
}

static void files_pipelined_answers_keep_their_requests(void **state)
{
    (void)state;
    READ("GET /CTLSEP001F6C81110E.tlv HTTP/1.1\r\n\r\nGET /x.txt HTTP/1.1\r\n\r\nGET "
         "/SEP001F6C81110E.cnf.xml HTTP/1.1\r\n\r\n",
         "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone"
         "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxyz"
         "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
         false);
    assert_int_equal(1, got.files);
    assert_string_equal("/SEP001F6C81110E.cnf.xml", got.name);
    assert_memory_equal("hello", got.bytes, 5);
}

#define PARTIAL(range, more, text)                                                                 \
    "HTTP/1.1 206 Partial\r\nContent-Range: bytes " range "\r\n" more                              \
    "Transfer-Encoding: chunked\r\n\r\n3\r\n" text "\r\n0\r\n\r\n"
#define DATE(day) "Tue, " day " Nov 2026 05:39:56 GMT"

static void files_ranges_have_their_place(void **state)
{
    (void)state;
    READ(one_get, PARTIAL("4-6/9", "ETag: \"a-1\"\r\n", "abc"), false);
    assert_int_equal(1, got.files);
    assert_true(got.part);
    assert_int_equal(4, got.from);
    assert_int_equal(9, got.total);
    assert_int_equal(3, got.size);
    assert_string_equal("\"a-1\"", got.tag);
    assert_string_equal("", got.modified);
    READ(one_get, PARTIAL("0-2/*", "", "abc"), false);
    assert_int_equal(1, got.files);
    assert_true(got.total == UINT64_MAX);
    /* one that says nothing, or less than is there (RFC 9110 14.4) */
    READ(one_get, PARTIAL("*/9", "", "abc"), false);
    assert_int_equal(0, got.files);
    READ(one_get, PARTIAL("2-0/9", "", "abc"), false);
    assert_int_equal(0, got.files);
    READ(one_get, PARTIAL("0-2/2", "", "abc"), false);
    assert_int_equal(0, got.files);
    READ(one_get, PARTIAL("0-1/9", "", "abc"), false);
    assert_int_equal(0, got.files);
    READ(one_get, "HTTP/1.1 206 Partial\r\nContent-Length: 3\r\n\r\nabc", false);
    assert_int_equal(0, got.files);
    READ(one_get, PARTIAL("0-2/9", "Content-Encoding: gzip\r\n", "abc"), false);
    assert_int_equal(0, got.files);
}

static void files_weak_validators_do_not_count(void **state)
{
    (void)state;
    READ(one_get, PARTIAL("0-2/9", "ETag: W/\"a\"\r\n", "abc"), false);
    assert_string_equal("", got.tag);
    READ(one_get, PARTIAL("0-2/9", "Last-Modified: " DATE("24") "\r\n", "abc"), false);
    assert_string_equal("", got.modified); /* no Date says how long ago that was */
    READ(one_get,
         PARTIAL("0-2/9", "Date: " DATE("24") "\r\nLast-Modified: " DATE("24") "\r\n", "abc"),
         false);
    assert_string_equal("", got.modified);
    READ(one_get,
         PARTIAL("0-2/9", "Last-Modified: " DATE("17") "\r\nDate: " DATE("24") "\r\n", "abc"),
         false);
    assert_string_equal(DATE("17"), got.modified);
}

static void files_body_cut_short_is_a_part(void **state)
{
    (void)state;
    READ(one_get, "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 9\r\n\r\nhello", true);
    assert_int_equal(1, got.files);
    assert_true(got.part);
    assert_int_equal(0, got.from);
    assert_int_equal(9, got.total);
    assert_string_equal("\"a\"", got.tag);
    READ(one_get, "HTTP/1.1 200 OK\r\n\r\nhello", false); /* of what length nobody knows */
    assert_int_equal(1, got.files);
    assert_false(got.part || got.complete);
}

static void files_refusals(void **state)
{
    (void)state;
    READ("GET /SEP001F6C81110E.cnf.xml HTTP/1.1\r\n\r\n",
         "HTTP/1.1 404 No\r\nContent-Length: 5\r\n\r\nhello", false);
    assert_int_equal(0, got.files);
    READ("GET /SEP001F6C81110E.cnf.xml HTTP/1.1\r\n\r\n",
         "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello", false);
    assert_false(got.complete);
    READ("GET /SEP001F6C81110E.cnf.xml HTTP/1.1\r\n\r\n", "SSH-2.0-x\r\n", false);
    assert_int_equal(0, got.files);
}

/* "hello" as gzip, as zlib, and as bare deflate. */
#define GZIP_HELLO                                                                                 \
    "\037\213\010\000\000\000\000\000\002\003\313\110\315\311\311\007\000\206\246\020\066\005\000" \
    "\000\000"
#define ZLIB_HELLO "\170\234\313\110\315\311\311\007\000\006\054\002\025"
#define RAW_HELLO "\313\110\315\311\311\007\000"

static void read_packed(const char *coding, const char *packed, size_t n)
{
    char answer[512];
    int head = snprintf(answer, sizeof answer,
                        "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n\r\n",
                        coding, n);
    memcpy(answer + head, packed, n);
    read_both(one_get, sizeof one_get - 1, answer, (size_t)head + n, false);
}

static void files_packed_bodies_are_unpacked(void **state)
{
    static const struct {
        const char *coding, *bytes;
        size_t n;
    } cases[] = {
        {"gzip", GZIP_HELLO, sizeof GZIP_HELLO - 1},
        {"X-GZIP", GZIP_HELLO, sizeof GZIP_HELLO - 1},
        {"deflate", ZLIB_HELLO, sizeof ZLIB_HELLO - 1},
        {"deflate", RAW_HELLO, sizeof RAW_HELLO - 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_packed(cases[i].coding, cases[i].bytes, cases[i].n);
        assert_int_equal(1, got.files);
        assert_true(got.complete);
        assert_int_equal(5, got.size);
        assert_memory_equal("hello", got.bytes, 5);
        for (size_t n = 0; n < cases[i].n; n++) { /* cut short within: never taken for whole */
            read_packed(cases[i].coding, cases[i].bytes, n);
            assert_false(got.files && got.complete);
        }
    }
    read_packed("br", "hello", 5);
    assert_int_equal(0, got.files);
    read_packed("gzip", "hello", 5);
    assert_false(got.files && got.complete);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wanted_knows_boot_files_only),
        cmocka_unit_test(unfinished_until_the_line_is_whole),
        cmocka_unit_test(files_absurd_length_is_incomplete),
        cmocka_unit_test(files_body_with_a_length),
        cmocka_unit_test(files_every_truncation_gives_a_prefix),
        cmocka_unit_test(files_chunks_are_joined),
        cmocka_unit_test(files_body_until_the_end_needs_the_end),
        cmocka_unit_test(files_pipelined_answers_keep_their_requests),
        cmocka_unit_test(files_ranges_have_their_place),
        cmocka_unit_test(files_weak_validators_do_not_count),
        cmocka_unit_test(files_body_cut_short_is_a_part),
        cmocka_unit_test(files_refusals),
        cmocka_unit_test(files_packed_bodies_are_unpacked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
