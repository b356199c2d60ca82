/* Where the bytes come from: compressed files, damaged ones, bombs, slow pipes. */
#include "capture_rig.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <sys/wait.h>

static struct temp temp;
static struct image plain; /* some hundred packets */

enum { PACKETS = 400 };

static int set_up(void **state)
{
    (void)state;
    temp_open(&temp);
    image_pcap(&plain, LINK_ETHERNET, 65535);
    for (uint32_t i = 0; i < PACKETS; i++) {
        uint8_t bytes[200];
        for (uint32_t k = 0; k < sizeof bytes; k++) /* incompressible enough to be spread out */
            bytes[k] = (uint8_t)(lp_hash_mix(i, k) >> 7);
        struct lp_frame frame = {.time = {.sec = i}, .original = sizeof bytes};
        frame.bytes = lp_rd_init(bytes, sizeof bytes);
        image_pcap_record(&plain, &frame);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    image_free(&plain);
    temp_close(&temp, "a.pcap");
    return 0;
}

static const struct compressor {
    const char *name;
    int (*add)(struct archive *);
    bool byte_by_byte; /* what comes out does not wait for a block's end */
} compressors[] = {
    {"gzip", archive_write_add_filter_gzip, true},
    {"zstd", archive_write_add_filter_zstd, false},
    {"xz", archive_write_add_filter_xz, false},
    {"lz4", archive_write_add_filter_lz4, false},
    {"bzip2", archive_write_add_filter_bzip2, false},
};

enum { COMPRESSORS = sizeof compressors / sizeof compressors[0] };

static la_ssize_t collect(struct archive *archive, void *ctx, const void *bytes, size_t n)
{
    (void)archive;
    image_bytes(ctx, bytes, n);
    return (la_ssize_t)n;
}

/* The bytes `times` times over. */
static void compress_often(const struct compressor *compressor, const void *bytes, size_t n,
                           size_t times, struct image *out)
{
    struct archive *archive = archive_write_new();
    struct archive_entry *entry = archive_entry_new();

    assert_int_equal(ARCHIVE_OK, archive_write_set_format_raw(archive));
    assert_int_equal(ARCHIVE_OK, compressor->add(archive));
    assert_int_equal(ARCHIVE_OK, archive_write_set_bytes_in_last_block(archive, 1));
    assert_int_equal(ARCHIVE_OK, archive_write_open(archive, out, NULL, collect, NULL));
    archive_entry_set_filetype(entry, AE_IFREG);
    assert_int_equal(ARCHIVE_OK, archive_write_header(archive, entry));
    for (size_t i = 0; i < times; i++)
        assert_int_equal(n, archive_write_data(archive, bytes, n));
    assert_int_equal(ARCHIVE_OK, archive_write_close(archive));
    archive_write_free(archive);
    archive_entry_free(entry);
}

static void compress_bytes(const struct compressor *compressor, const void *bytes, size_t n,
                           struct image *out)
{
    compress_often(compressor, bytes, n, 1, out);
}

static void stream_every_compression_yields_the_same_packets(void **state)
{
    struct reading whole = read_image(&temp, &plain);

    (void)state;
    assert_int_equal(PACKETS, whole.packets);
    for (size_t i = 0; i < COMPRESSORS; i++) {
        struct image packed = {0};
        compress_bytes(&compressors[i], plain.bytes, plain.n, &packed);
        struct reading r = read_image(&temp, &packed);
        assert_int_equal(LP_READ_END, r.end);
        assert_int_equal(whole.hash, r.hash);
        image_free(&packed);
    }
}

/* What comes out before the cut is there, and the message names the compression. */
static void stream_cut_archive_keeps_what_was_before(void **state)
{
    (void)state;
    for (size_t i = 0; i < COMPRESSORS; i++) {
        struct image packed = {0};
        compress_bytes(&compressors[i], plain.bytes, plain.n, &packed);
        for (size_t n = 1; n < packed.n; n += 1 + packed.n / 100) {
            struct reading r = read_bytes(&temp, packed.bytes, n);
            assert_true(r.opened == LP_ERR_IO || r.end == LP_READ_CUT || r.end == LP_READ_END);
            assert_true(r.end != LP_READ_END || r.opened == LP_ERR_IO || r.packets == PACKETS);
            if (r.end == LP_READ_CUT)
                assert_non_null(strstr(r.error.text, compressors[i].name));
            /* The bytes hardly compress: most of them are out when most of them are in. */
            if (compressors[i].byte_by_byte && n > 2048)
                assert_true(r.packets + 20 > PACKETS * n / packed.n);
        }
        image_free(&packed);
    }
}

static void stream_damaged_archive_is_safe_and_named(void **state)
{
    struct reading whole = read_image(&temp, &plain);

    (void)state;
    for (size_t i = 0; i < COMPRESSORS; i++) {
        struct image packed = {0};
        size_t failures = 0;
        compress_bytes(&compressors[i], plain.bytes, plain.n, &packed);
        for (size_t at = 0; at < packed.n; at += 1 + packed.n / 100) {
            packed.bytes[at] ^= 0x55;
            struct reading r = read_image(&temp, &packed);
            packed.bytes[at] ^= 0x55;
            assert_true(r.end != LP_READ_MEMORY);
            failures += r.opened != LP_OK || r.end != LP_READ_END || r.hash != whole.hash;
        }
        assert_true(failures > 50); /* names and times in headers are nobody's loss */
        image_free(&packed);
    }
}

static void stream_gzip_members_are_one_capture(void **state)
{
    struct image packed = {0};
    struct reading whole = read_image(&temp, &plain);

    (void)state;
    compress_bytes(&compressors[0], plain.bytes, 1000, &packed);
    compress_bytes(&compressors[0], plain.bytes + 1000, plain.n - 1000, &packed);
    image_bytes(&packed, "\0\0\0\0", 4); /* as tapes pad */
    struct reading r = read_image(&temp, &packed);
    assert_int_equal(LP_READ_END, r.end);
    assert_int_equal(whole.hash, r.hash);
    image_free(&packed);
}

static void stream_compressed_nothing_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COMPRESSORS; i++) {
        struct image packed = {0};
        compress_bytes(&compressors[i], "no capture at all", 17, &packed);
        assert_int_equal(LP_ERR_IO, read_image(&temp, &packed).opened);
        image_free(&packed);
        if (strcmp(compressors[i].name, "lz4") == 0)
            continue; /* libarchive 3.6 cannot write nothing with it */
        compress_bytes(&compressors[i], "", 0, &packed);
        assert_int_equal(LP_ERR_IO, read_image(&temp, &packed).opened);
        image_free(&packed);
    }
}

/* Packets of zeros, a hundred and some megabytes of them in a few kilobytes. */
static void bomb(const struct compressor *compressor, struct image *packed)
{
    enum { LARGE = 65000, TIMES = 1700 };
    struct image head = {0}, record = {0};
    uint8_t *zeros = calloc(1, LARGE);
    struct lp_frame frame = {.original = LARGE};

    assert_non_null(zeros);
    frame.bytes = lp_rd_init(zeros, LARGE);
    image_pcap(&head, LINK_ETHERNET, 65535);
    image_pcap_record(&record, &frame);
    compress_bytes(compressor, head.bytes, head.n, packed);
    compress_often(compressor, record.bytes, record.n, TIMES, packed);
    image_free(&head);
    image_free(&record);
    free(zeros);
}

static void stream_bomb_is_broken_off(void **state)
{
    struct image packed = {0};

    (void)state;
    bomb(&compressors[1], &packed); /* zstd: thousands to one */
    struct reading r = read_image(&temp, &packed);
    assert_int_equal(LP_READ_BROKEN, r.end);
    assert_true(r.packets > 0);
    assert_non_null(strstr(r.error.text, "expands to more than 1000 times"));
    image_free(&packed);
}

static void stream_expansion_limit_is_kept(void **state)
{
    enum { LIMIT = 60000 };

    (void)state;
    for (size_t i = 0; i < COMPRESSORS; i++) {
        struct image packed = {0};
        struct lp_source *source;
        struct lp_error error;

        compress_bytes(&compressors[i], plain.bytes, plain.n, &packed);
        const char *path = temp_write(&temp, "a.pcap", packed.bytes, packed.n);
        enum lp_status status = lp_source_open(path, &source, &error);
        assert_int_equal(LP_OK, status);
        lp_source_limit_expansion(source, LIMIT);
        struct reading r = read_source(source);
        assert_int_equal(LP_READ_BROKEN, r.end);
        assert_non_null(strstr(r.error.text, "the allowed 60000 bytes"));
        lp_source_close(source);
        image_free(&packed);
    }
}

static void stream_every_allocation_failing_is_out_of_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < COMPRESSORS; i++) {
        struct image packed = {0};
        compress_bytes(&compressors[i], plain.bytes, plain.n, &packed);
        struct reading whole = read_image(&temp, &packed);
        check_allocations(temp.path, &whole);
        image_free(&packed);
    }
}

/* A packet that needs the buffer to grow. */
static void stream_packet_larger_than_the_buffer_is_read(void **state)
{
    enum { LARGE = 5 << 20 };
    struct image image = {0};
    uint8_t *much = malloc(LARGE);
    struct lp_frame frame = {.original = LARGE};

    (void)state;
    assert_non_null(much);
    memset(much, 7, LARGE);
    frame.bytes = lp_rd_init(much, LARGE);
    image_pcap(&image, LINK_ETHERNET, LARGE);
    image_pcap_record(&image, &frame);
    image_pcap_record(&image, &frame);
    struct reading whole = read_image(&temp, &image);
    assert_int_equal(LP_READ_END, whole.end);
    assert_int_equal(2, whole.packets);
    check_allocations(temp.path, &whole);
    image_free(&image);
    free(much);
}

/* ---- pipes ---- */

/* A child writes the bytes into a pipe, `step` at a time; standard input is its other end. */
static struct reading read_slowly(const struct image *image, size_t step)
{
    int ends[2], kept = dup(STDIN_FILENO), status;

    assert_int_equal(0, pipe(ends));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        for (size_t at = 0; at < image->n; at += step) {
            size_t n = image->n - at < step ? image->n - at : step;
            if (write(ends[1], image->bytes + at, n) != (ssize_t)n)
                _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    assert_int_equal(STDIN_FILENO, dup2(ends[0], STDIN_FILENO));
    close(ends[0]);
    struct reading r = read_path("-");
    if (kept >= 0) {
        dup2(kept, STDIN_FILENO);
        close(kept);
    }
    assert_int_equal(child, waitpid(child, &status, 0));
    return r;
}

static void stream_pipe_of_single_bytes_yields_the_same_packets(void **state)
{
    enum { SHORT = 24 + 20 * 216 };
    static const size_t steps[] = {1, 7, 4096};
    struct reading whole = read_bytes(&temp, plain.bytes, SHORT);

    (void)state;
    for (size_t i = 0; i <= COMPRESSORS; i++) {
        struct image packed = {0};
        if (i == COMPRESSORS)
            image_bytes(&packed, plain.bytes, SHORT);
        else
            compress_bytes(&compressors[i], plain.bytes, SHORT, &packed);
        for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
            struct reading r = read_slowly(&packed, steps[k]);
            assert_int_equal(LP_READ_END, r.end);
            assert_int_equal(whole.hash, r.hash);
        }
        image_free(&packed);
    }
}

/* Packets are handed out as they come, not when a buffer is full. */
static void stream_open_pipe_yields_the_packets_so_far(void **state)
{
    int ends[2], kept = dup(STDIN_FILENO);
    struct lp_source *source;
    struct lp_packet packet;
    struct lp_error error;

    (void)state;
    assert_int_equal(0, pipe(ends));
    assert_int_equal(24 + 216, write(ends[1], plain.bytes, 24 + 216));
    assert_int_equal(STDIN_FILENO, dup2(ends[0], STDIN_FILENO));
    close(ends[0]);
    assert_int_equal(LP_OK, lp_source_open("-", &source, &error));
    assert_int_equal(LP_READ_PACKET, lp_source_next(source, &packet, &error));
    close(ends[1]);
    assert_int_equal(LP_READ_END, lp_source_next(source, &packet, &error));
    lp_source_close(source);
    if (kept >= 0) {
        dup2(kept, STDIN_FILENO);
        close(kept);
    }
}

static void stream_unreadable_descriptor_is_refused_with_the_cause(void **state)
{
    struct lp_source *source;
    struct lp_error error = {""};
    int kept = dup(STDIN_FILENO);

    (void)state;
    close(STDIN_FILENO);
    assert_int_equal(LP_ERR_IO, lp_source_open("-", &source, &error));
    assert_non_null(strstr(error.text, strerror(EBADF)));
    if (kept >= 0) {
        dup2(kept, STDIN_FILENO);
        close(kept);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream_every_compression_yields_the_same_packets),
        cmocka_unit_test(stream_cut_archive_keeps_what_was_before),
        cmocka_unit_test(stream_damaged_archive_is_safe_and_named),
        cmocka_unit_test(stream_gzip_members_are_one_capture),
        cmocka_unit_test(stream_compressed_nothing_is_refused),
        cmocka_unit_test(stream_bomb_is_broken_off),
        cmocka_unit_test(stream_expansion_limit_is_kept),
        cmocka_unit_test(stream_every_allocation_failing_is_out_of_memory),
        cmocka_unit_test(stream_packet_larger_than_the_buffer_is_read),
        cmocka_unit_test(stream_pipe_of_single_bytes_yields_the_same_packets),
        cmocka_unit_test(stream_open_pipe_yields_the_packets_so_far),
        cmocka_unit_test(stream_unreadable_descriptor_is_refused_with_the_cause),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
