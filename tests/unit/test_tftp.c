/* TFTP transfers out of datagrams: any order, options, both text modes, loss. */
#include "guard.h"

#include "carrier/tftp.h"

enum { CLIENT_PORT = 50000, SERVER_PORT = 40000, MOST = 200000 };

struct got {
    unsigned files;
    char name[256];
    uint8_t bytes[MOST];
    size_t size;
    bool complete;
    uint64_t frame;
};

static struct got got;
static uint64_t frame;

static void on_file(void *ctx, const struct lp_fetched *file)
{
    (void)ctx;
    got.files++;
    snprintf(got.name, sizeof got.name, "%.*s", (int)file->name.left, (const char *)file->name.ptr);
    memcpy(got.bytes, file->bytes.ptr, file->bytes.left);
    got.size = file->bytes.left;
    got.complete = file->complete;
    got.frame = file->frame;
    assert_int_equal(CLIENT_PORT, file->client.port);
}

/* Sends one datagram; from the client when `up`. */
static void push(struct lp_tftp *tftp, bool up, uint16_t server_port, const void *payload, size_t n)
{
    uint8_t bytes[66000];
    uint16_t src = up ? CLIENT_PORT : server_port, dst = up ? server_port : CLIENT_PORT,
             length = (uint16_t)(n + 8);
    struct lp_datagram d = {.protocol = 17, .frame = ++frame, .announced = (uint32_t)n + 8};

    d.src = (struct lp_ip){4, {192, 0, 2, up ? 1 : 2}};
    d.dst = (struct lp_ip){4, {192, 0, 2, up ? 2 : 1}};
    const uint8_t head[8] = {(uint8_t)(src >> 8),
                             (uint8_t)src,
                             (uint8_t)(dst >> 8),
                             (uint8_t)dst,
                             (uint8_t)(length >> 8),
                             (uint8_t)length,
                             0,
                             0};
    memcpy(bytes, head, sizeof head);
    memcpy(bytes + 8, payload, n);
    struct guarded g = guarded_copy(bytes, n + 8);
    d.bytes = lp_rd_init(g.bytes, g.n);
    lp_tftp_push(tftp, &d);
    guarded_free(&g);
}

#define REQUEST(text) push(tftp, true, 69, "\0\1" text, sizeof("\0\1" text))

static void block(struct lp_tftp *tftp, uint16_t n, const uint8_t *data, size_t size)
{
    uint8_t payload[65600] = {0, 3, (uint8_t)(n >> 8), (uint8_t)n};
    memcpy(payload + 4, data, size);
    push(tftp, false, SERVER_PORT, payload, 4 + size);
}

static struct lp_tftp *start(struct lp_budget *budget)
{
    memset(&got, 0, sizeof got);
    *budget = (struct lp_budget){.limit = 1 << 24};
    struct lp_tftp *tftp = lp_tftp_new(budget, on_file, NULL);
    assert_non_null(tftp);
    return tftp;
}

static void stop(struct lp_tftp *tftp, const struct lp_budget *budget)
{
    lp_tftp_flush(tftp);
    lp_tftp_free(tftp);
    assert_int_equal(0, budget->used);
}

static void fill(uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n; i++)
        data[i] = (uint8_t)(i * 7 + i / 512);
}

static void push_in_every_order_gives_the_same_file(void **state)
{
    static const unsigned orders[][4] = {
        {0, 1, 2, 3}, {3, 2, 1, 0}, {1, 0, 3, 2}, {2, 3, 0, 1}, {3, 0, 2, 1}};
    uint8_t data[3 * 512 + 100];
    struct lp_budget budget;

    (void)state;
    fill(data, sizeof data);
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        struct lp_tftp *tftp = start(&budget);
        REQUEST("SEP001F6C81110E.cnf.xml\0octet");
        for (unsigned k = 0; k < 4; k++)
            block(tftp, (uint16_t)(orders[i][k] + 1), data + 512 * orders[i][k],
                  orders[i][k] == 3 ? 100 : 512);
        assert_int_equal(1, got.files); /* without waiting for the end */
        assert_true(got.complete);
        assert_int_equal(sizeof data, got.size);
        assert_memory_equal(data, got.bytes, sizeof data);
        assert_string_equal("SEP001F6C81110E.cnf.xml", got.name);
        assert_int_equal(frame, got.frame);
        stop(tftp, &budget);
        assert_int_equal(1, got.files);
    }
}

static void push_accepted_block_size_is_used(void **state)
{
    uint8_t data[1428 + 7];
    struct lp_budget budget;
    struct lp_tftp *tftp = start(&budget);

    (void)state;
    fill(data, sizeof data);
    REQUEST("/SEP001F6C81110E.cnf.xml\0octet\0blksize\0"
            "1428");
    push(tftp, false, SERVER_PORT,
         "\0\6blksize\0"
         "1428",
         sizeof "\0\6blksize\0"
                "1428");
    block(tftp, 1, data, 1428);
    assert_int_equal(0, got.files);
    block(tftp, 2, data + 1428, 7);
    assert_int_equal(1, got.files);
    assert_memory_equal(data, got.bytes, sizeof data);
    stop(tftp, &budget);
}

static void push_wish_that_the_server_ignored_changes_nothing(void **state)
{
    uint8_t data[512 + 3];
    struct lp_budget budget;
    struct lp_tftp *tftp = start(&budget);

    (void)state;
    fill(data, sizeof data);
    REQUEST("SEP001F6C81110E.cnf.xml\0octet\0blksize\0"
            "1428");
    block(tftp, 1, data, 512);
    block(tftp, 2, data + 512, 3);
    assert_true(got.complete);
    assert_int_equal(sizeof data, got.size);
    stop(tftp, &budget);
}

static void push_retransmissions_and_first_copy(void **state)
{
    uint8_t data[512 + 3], other[512];
    struct lp_budget budget;
    struct lp_tftp *tftp = start(&budget);

    (void)state;
    fill(data, sizeof data);
    memset(other, 'x', sizeof other);
    REQUEST("SEP001F6C81110E.cnf.xml\0octet");
    REQUEST("SEP001F6C81110E.cnf.xml\0octet");
    block(tftp, 1, data, 512);
    block(tftp, 1, other, 512);
    block(tftp, 2, data + 512, 3);
    block(tftp, 2, data + 512, 3);
    assert_int_equal(1, got.files);
    assert_memory_equal(data, got.bytes, sizeof data);
    stop(tftp, &budget);
    assert_int_equal(1, got.files);
}

static void flush_with_a_lost_block_gives_what_comes_before_it(void **state)
{
    uint8_t data[3 * 512];
    struct lp_budget budget;
    struct lp_tftp *tftp = start(&budget);

    (void)state;
    fill(data, sizeof data);
    REQUEST("SEP001F6C81110E.cnf.xml\0octet");
    block(tftp, 1, data, 512);
    block(tftp, 3, data + 1024, 10);
    assert_int_equal(0, got.files);
    stop(tftp, &budget);
    assert_int_equal(1, got.files);
    assert_false(got.complete);
    assert_int_equal(512, got.size);
}

static void push_netascii_lines_are_undone(void **state)
{
    struct lp_budget budget;
    struct lp_tftp *tftp = start(&budget);

    (void)state;
    REQUEST("SEP001F6C81110E.cnf.xml\0NetASCII");
    block(tftp, 1, (const uint8_t *)"a\r\nb\r\0c", 7);
    assert_int_equal(5, got.size);
    assert_memory_equal("a\nb\rc", got.bytes, 5);
    stop(tftp, &budget);
}

static void push_other_files_errors_and_strangers_give_nothing(void **state)
{
    struct lp_budget budget;
    struct lp_tftp *tftp = start(&budget);

    (void)state;
    REQUEST("term62.default.loads\0octet");
    block(tftp, 1, (const uint8_t *)"firmware", 8);
    REQUEST("SEP001F6C81110E.cnf.xml\0octet");
    push(tftp, false, SERVER_PORT, "\0\5\0\1File not found", 19);
    block(tftp, 1, (const uint8_t *)"late", 4);
    REQUEST("SEP001F6C81110E.cnf.xml\0octet");
    block(tftp, 2, (const uint8_t *)"x", 1);
    push(tftp, false, SERVER_PORT + 1, "\0\3\0\1another server", 18);
    stop(tftp, &budget);
    assert_int_equal(0, got.files);
}

static void push_every_truncation_is_harmless(void **state)
{
    static const char request[] = "\0\1SEP001F6C81110E.cnf.xml\0octet\0blksize\0"
                                  "1428";
    struct lp_budget budget;

    (void)state;
    for (size_t n = 0; n <= sizeof request; n++) {
        struct lp_tftp *tftp = start(&budget);
        push(tftp, true, 69, request, n);
        push(tftp, false, SERVER_PORT,
             "\0\6blksize\0"
             "1428",
             n % 15);
        push(tftp, false, SERVER_PORT, "\0\3\0\1abc", n % 8);
        stop(tftp, &budget);
    }
}

static void push_a_thousand_requests_stays_bounded(void **state)
{
    struct lp_budget budget;
    struct lp_tftp *tftp = start(&budget);

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        char request[64] = "\0\1SEP";
        int n = 5 + snprintf(request + 5, sizeof request - 5, "%012X.cnf.xml", i);
        memcpy(request + n, "\0octet", 7);
        push(tftp, true, (uint16_t)(1000 + i), request, (size_t)n + 7);
    }
    assert_true(budget.used < 1 << 20);
    stop(tftp, &budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(push_in_every_order_gives_the_same_file),
        cmocka_unit_test(push_accepted_block_size_is_used),
        cmocka_unit_test(push_wish_that_the_server_ignored_changes_nothing),
        cmocka_unit_test(push_retransmissions_and_first_copy),
        cmocka_unit_test(flush_with_a_lost_block_gives_what_comes_before_it),
        cmocka_unit_test(push_netascii_lines_are_undone),
        cmocka_unit_test(push_other_files_errors_and_strangers_give_nothing),
        cmocka_unit_test(push_every_truncation_is_harmless),
        cmocka_unit_test(push_a_thousand_requests_stays_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
