/* Ranges of files put together. */
#include "guard.h"

#include "base/mem.h"
#include "carrier/file.h"
#include "scan/pieces.h"

enum { MOST_FILES = 8 };
static const char text[] = "0123456789";

struct got {
    size_t count;
    struct {
        char bytes[32];
        size_t size;
        bool complete;
        uint64_t frame;
    } files[MOST_FILES];
};

static bool on_file(void *ctx, const struct lp_boot_file *file)
{
    struct got *got = ctx;

    assert_true(got->count < MOST_FILES && file->size > 0 && file->size < 32);
    memcpy(got->files[got->count].bytes, file->bytes, file->size);
    got->files[got->count].size = file->size;
    got->files[got->count].complete = file->complete;
    got->files[got->count].frame = file->frame;
    got->count++;
    return true;
}

/* A range of `text`. */
static struct lp_piece piece(uint64_t frame, size_t from, size_t n)
{
    struct lp_piece it = {.file = {.carrier = "http",
                                   .name = "/SEP001F6C81110E.cnf.xml",
                                   .bytes = (const uint8_t *)text + from,
                                   .size = n,
                                   .frame = frame},
                          .from = from,
                          .total = sizeof text - 1,
                          .tag = "\"a\"",
                          .modified = ""};
    it.file.client.ip = (struct lp_ip){4, {192, 0, 2, 21}};
    it.file.client.port = (uint16_t)(50000 + frame); /* each by a connection of its own */
    it.file.server.ip = (struct lp_ip){4, {192, 0, 2, 1}};
    it.file.server.port = 6970;
    return it;
}

static struct got join(struct lp_piece *pieces, size_t count)
{
    struct got got = {0};

    assert_true(lp_pieces_join(pieces, count, on_file, &got));
    return got;
}

static void expect_whole(const struct got *got, size_t i, uint64_t frame)
{
    assert_true(i < got->count);
    assert_true(got->files[i].complete);
    assert_int_equal(sizeof text - 1, got->files[i].size);
    assert_memory_equal(text, got->files[i].bytes, sizeof text - 1);
    assert_int_equal(frame, got->files[i].frame);
}

static void expect_beginning(const struct got *got, size_t n)
{
    assert_int_equal(1, got->count);
    assert_false(got->files[0].complete);
    assert_int_equal(n, got->files[0].size);
    assert_memory_equal(text, got->files[0].bytes, n);
}

/* Pieces that overlap, one of which is needed for every byte; by every order in time and in the
 * array. */
static void join_every_order_gives_the_file(void **state)
{
    static const size_t ranges[4][2] = {{0, 4}, {3, 3}, {6, 2}, {7, 3}};
    unsigned orders = 0;

    (void)state;
    for (unsigned code = 0; code < 256; code++) {
        struct lp_piece pieces[4];
        unsigned seen = 0;
        for (unsigned i = 0; i < 4; i++) {
            unsigned which = code >> 2 * i & 3;
            seen |= 1U << which;
            pieces[i] = piece(10 + i, ranges[which][0], ranges[which][1]);
        }
        struct lp_piece backwards[4] = {pieces[3], pieces[2], pieces[1], pieces[0]};
        struct got got = join(pieces, 4), other = join(backwards, 4);
        assert_memory_equal(&got, &other, sizeof got);
        if (seen != 15) { /* one of them is missing */
            assert_false(got.count && got.files[0].complete);
            continue;
        }
        assert_int_equal(1, got.count);
        expect_whole(&got, 0, 13);
        orders++;
    }
    assert_int_equal(24, orders);
}

static void join_a_hole_gives_the_beginning(void **state)
{
    struct lp_piece pieces[] = {piece(1, 6, 4), piece(2, 0, 5)};
    struct lp_piece tail[] = {piece(1, 6, 4)};

    (void)state;
    struct got got = join(pieces, 2);
    expect_beginning(&got, 5);
    got = join(tail, 1);
    assert_int_equal(0, got.count);
}

/* Whatever tells one file from another: both stay in pieces. */
static void join_never_mixes_two_files(void **state)
{
    (void)state;
    for (int difference = 0; difference < 9; difference++) {
        struct lp_piece pieces[] = {piece(1, 0, 5), piece(2, 5, 5)};
        struct lp_piece *other = &pieces[1];
        switch (difference) {
        case 0:
            other->tag = "\"b\"";
            break;
        case 1:
            other->modified = "Tue, 24 Nov 2026 05:39:56 GMT";
            break;
        case 2:
            other->total = 11;
            break;
        case 3:
            other->file.name = "/SEP001F6C81220A.cnf.xml";
            break;
        case 4:
            other->file.client.ip.bytes[3]++;
            break;
        case 5:
            other->file.server.ip.bytes[3]++;
            break;
        case 6:
            other->file.server.port++;
            break;
        case 7: /* no server says that they are of one state */
            pieces[0].tag = other->tag = "";
            break;
        default: /* a length that nobody told */
            pieces[0].total = other->total = UINT64_MAX;
            break;
        }
        struct got got = join(pieces, 2);
        assert_int_equal(1, got.count);
        assert_false(got.files[0].complete);
        assert_int_equal(difference == 8 ? 10 : 5, got.files[0].size);
    }
}

static void join_overlap_that_differs_ends_the_file(void **state)
{
    struct lp_piece pieces[] = {piece(1, 0, 5), piece(2, 4, 6), piece(3, 5, 5)};

    (void)state;
    pieces[1].file.bytes = (const uint8_t *)"xxxxxx";
    struct got got = join(pieces, 3);
    expect_beginning(&got, 5); /* the third agrees with neither */
}

static void join_one_validator_is_enough(void **state)
{
    struct lp_piece pieces[] = {piece(1, 0, 5), piece(2, 5, 5)};

    (void)state;
    pieces[0].tag = pieces[1].tag = "";
    pieces[0].modified = pieces[1].modified = "Tue, 17 Nov 2026 05:39:56 GMT";
    struct got got = join(pieces, 2);
    expect_whole(&got, 0, 2);
}

static void join_a_second_time_is_a_second_file(void **state)
{
    struct lp_piece pieces[] = {piece(1, 0, 5), piece(2, 5, 5), piece(3, 0, 5), piece(4, 5, 5),
                                piece(5, 0, 5)};

    (void)state;
    struct got got = join(pieces, 5);
    assert_int_equal(3, got.count);
    expect_whole(&got, 0, 2);
    expect_whole(&got, 1, 4);
    assert_false(got.files[2].complete);
}

static void join_beyond_any_file_is_left_out(void **state)
{
    struct lp_piece pieces[] = {piece(1, 0, 5), piece(2, 5, 5), piece(3, 0, 5)};

    (void)state;
    pieces[0].from = LP_FETCHED_MOST - 4;
    pieces[1].from = UINT64_MAX - 1;
    struct got got = join(pieces, 3);
    expect_beginning(&got, 5);
}

static void join_every_failing_allocation_is_told(void **state)
{
    bool done = false;

    (void)state;
    for (uint64_t n = 1; !done; n++) {
        struct lp_piece pieces[] = {piece(1, 7, 3), piece(2, 0, 5), piece(3, 3, 4)};
        struct got got = {0};
        lp_alloc_fail_after(n);
        done = lp_pieces_join(pieces, 3, on_file, &got);
        lp_alloc_fail_after(0);
        assert_true(n < 100);
        if (done)
            expect_whole(&got, 0, 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(join_every_order_gives_the_file),
        cmocka_unit_test(join_a_hole_gives_the_beginning),
        cmocka_unit_test(join_never_mixes_two_files),
        cmocka_unit_test(join_overlap_that_differs_ends_the_file),
        cmocka_unit_test(join_one_validator_is_enough),
        cmocka_unit_test(join_a_second_time_is_a_second_file),
        cmocka_unit_test(join_beyond_any_file_is_left_out),
        cmocka_unit_test(join_every_failing_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
