#include "packets.h"

#include "capture/source.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>

/* Capture files of three frames, in each variant that is written in the field. */
enum { FRAMES = 3, SNAP = 262144, PCAPNG_SECTION = 28 };

static struct packet packet; /* one at a time; large */
static struct temp temp;

static int set_up(void **state)
{
    (void)state;
    temp_open(&temp);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_close(&temp, "a.pcap");
    return 0;
}

/* The i-th frame: a little longer each; the second is cut by the snap length. */
static struct lp_frame frame_of(size_t i)
{
    struct ends ends = ends_of("10.0.0.5", "10.201.160.201");
    const struct tcp_head head = {.ends = &ends, .src_port = 49152, .dst_port = 443, .seq = 7};

    packet_tcp_frame(&packet, &head, "certificate", 5 + i);
    struct lp_frame frame = packet_frame(&packet, i + 1);
    frame.time.nsec = 123456789 + (uint32_t)i * 1000;
    if (i == 1)
        frame.bytes = lp_rd_head(&frame.bytes, 50);
    return frame;
}

static const struct variant {
    const char *name;
    bool pcapng, big_endian, nanoseconds;
} variants[] = {
    {"pcap, little-endian, microseconds", false, false, false},
    {"pcap, little-endian, nanoseconds", false, false, true},
    {"pcap, big-endian, microseconds", false, true, false},
    {"pcap, big-endian, nanoseconds", false, true, true},
    {"pcapng, little-endian, microseconds", true, false, false},
    {"pcapng, little-endian, nanoseconds", true, false, true},
    {"pcapng, big-endian, microseconds", true, true, false},
    {"pcapng, big-endian, nanoseconds", true, true, true},
};

enum { VARIANTS = sizeof variants / sizeof variants[0] };

static void begin_image(struct image *image, const struct variant *variant, uint16_t link_type)
{
    *image = (struct image){.big_endian = variant->big_endian, .nanoseconds = variant->nanoseconds};
    if (variant->pcapng) {
        image_pcapng_section(image);
        image_pcapng_interface(image, link_type, SNAP);
    } else {
        image_pcap(image, link_type, SNAP);
    }
}

/* ends[i]: where the i-th record ends; ends[0]: the header. */
static void whole_image(struct image *image, const struct variant *variant, size_t ends[FRAMES + 1])
{
    begin_image(image, variant, LINK_ETHERNET);
    ends[0] = image->n;
    for (size_t i = 0; i < FRAMES; i++) {
        struct lp_frame frame = frame_of(i);
        if (variant->pcapng)
            image_pcapng_record(image, &frame);
        else
            image_pcap_record(image, &frame);
        ends[i + 1] = image->n;
    }
}

static enum lp_status open_bytes(const void *bytes, size_t n, struct lp_source **out,
                                 struct lp_error *error)
{
    return lp_source_open(temp_write(&temp, "a.pcap", bytes, n), out, error);
}

static void assert_is_frame(const struct variant *variant, size_t i, const struct lp_packet *got)
{
    struct lp_frame frame = frame_of(i);
    uint32_t nsec = frame.time.nsec;

    assert_int_equal(i + 1, got->frame);
    assert_int_equal(frame.bytes.left, got->captured);
    assert_int_equal(frame.original, got->original);
    assert_memory_equal(frame.bytes.ptr, got->bytes, got->captured);
    assert_int_equal(frame.time.sec, got->time.sec);
    assert_int_equal(variant->nanoseconds ? nsec : nsec / 1000 * 1000, got->time.nsec);
}

static void source_every_variant_yields_every_packet(void **state)
{
    (void)state;
    for (size_t v = 0; v < VARIANTS; v++) {
        struct image image;
        size_t ends[FRAMES + 1];
        struct lp_source *source;
        struct lp_packet got;
        struct lp_error error;

        whole_image(&image, &variants[v], ends);
        assert_int_equal(LP_OK, open_bytes(image.bytes, image.n, &source, &error));
        assert_int_equal(LINK_ETHERNET, lp_source_link_type(source));
        for (size_t i = 0; i < FRAMES; i++) {
            assert_int_equal(LP_READ_PACKET, lp_source_next(source, &got, &error));
            assert_is_frame(&variants[v], i, &got);
        }
        assert_int_equal(LP_READ_END, lp_source_next(source, &got, &error));
        lp_source_close(source);
        image_free(&image);
    }
    lp_source_close(NULL);
}

/* Reads all of a file that was cut at n. The whole packets before the cut are there; of the one
 * that is cut, at most its beginning, as if the snap length had taken the rest. */
static void check_cut(const struct variant *variant, struct lp_source *source, const size_t *ends,
                      size_t n)
{
    struct lp_packet got;
    struct lp_error error = {""};
    size_t whole = 0;
    char where[64];

    while (whole < FRAMES && ends[whole + 1] <= n)
        whole++;
    for (size_t i = 0; i < whole; i++) {
        assert_int_equal(LP_READ_PACKET, lp_source_next(source, &got, &error));
        assert_is_frame(variant, i, &got);
    }
    enum lp_read last = lp_source_next(source, &got, &error);
    if (last == LP_READ_PACKET) {
        struct lp_frame frame = frame_of(whole);
        assert_int_equal(whole + 1, got.frame);
        assert_int_equal(got.captured < frame.bytes.left, got.cut); /* or only its block is */
        assert_true(got.captured <= frame.bytes.left && (variant->pcapng || got.cut));
        assert_memory_equal(frame.bytes.ptr, got.bytes, got.captured);
        last = lp_source_next(source, &got, &error);
    }
    if (ends[whole] == n) {
        assert_int_equal(LP_READ_END, last);
        return;
    }
    assert_int_equal(LP_READ_CUT, last);
    assert_memory_equal(temp.path, error.text, strlen(temp.path));
    snprintf(where, sizeof where, "packet %zu", whole + 1);
    assert_non_null(strstr(error.text, where));
    snprintf(where, sizeof where, "byte %zu", n);
    assert_non_null(strstr(error.text, where));
}

static void check_every_cut(const struct variant *variant)
{
    struct image image;
    size_t ends[FRAMES + 1];

    whole_image(&image, variant, ends);
    for (size_t n = 0; n < image.n; n++) {
        struct lp_source *source;
        struct lp_error error = {""};
        enum lp_status status = open_bytes(image.bytes, n, &source, &error);
        if (n >= ends[0]) {
            assert_int_equal(LP_OK, status);
            check_cut(variant, source, ends, n);
            lp_source_close(source);
        } else if (variant->pcapng && n == PCAPNG_SECTION) { /* a capture without packets */
            assert_int_equal(LP_OK, status);
            lp_source_close(source);
        } else { /* the header itself is cut */
            assert_int_equal(LP_ERR_IO, status);
            assert_null(source);
            assert_memory_equal(temp.path, error.text, strlen(temp.path));
        }
    }
    image_free(&image);
}

static void source_cut_at_every_byte_keeps_what_was_before(void **state)
{
    (void)state;
    for (size_t v = 0; v < VARIANTS; v++)
        check_every_cut(&variants[v]);
}

/* ---- what is no capture ---- */

static void assert_refused(const char *path, const char *because)
{
    struct lp_source *source = (struct lp_source *)&temp; /* must be overwritten */
    struct lp_error error = {""};

    assert_int_equal(LP_ERR_IO, lp_source_open(path, &source, &error));
    assert_null(source);
    assert_memory_equal(path, error.text, strlen(path));
    if (!strstr(error.text, because))
        fail_msg("\"%s\" does not say \"%s\"", error.text, because);
}

static void source_no_capture_is_refused(void **state)
{
    static const char text[] = "<device><vpnGroup><credentials/></vpnGroup></device>\n";

    (void)state;
    assert_refused(temp_write(&temp, "a.pcap", text, strlen(text)), ": ");
    assert_refused(temp_write(&temp, "a.pcap", "\xd4\xc3\xb2", 3), ": ");
}

static void source_empty_file_is_refused_as_empty(void **state)
{
    (void)state;
    assert_refused(temp_write(&temp, "a.pcap", "", 0), "empty");
}

static void source_missing_file_is_refused_with_the_cause(void **state)
{
    (void)state;
    assert_refused("/nowhere/a.pcap", strerror(ENOENT));
}

static void source_directory_is_refused_as_one(void **state)
{
    (void)state;
    assert_refused(temp.dir, "directory");
}

/* ---- standard input ---- */

/* Puts the reading end of a pipe in the place of standard input; returns what was there. */
static int pipe_in(const void *bytes, size_t n)
{
    int ends[2], kept = dup(STDIN_FILENO);

    assert_int_equal(0, pipe(ends));
    assert_int_equal(n, write(ends[1], bytes, n));
    close(ends[1]);
    assert_int_equal(STDIN_FILENO, dup2(ends[0], STDIN_FILENO));
    close(ends[0]);
    return kept;
}

static void pipe_out(int kept)
{
    if (kept < 0)
        return;
    dup2(kept, STDIN_FILENO);
    close(kept);
}

static void source_dash_reads_a_pipe(void **state)
{
    (void)state;
    for (size_t v = 0; v < VARIANTS; v++) {
        struct image image;
        size_t ends[FRAMES + 1], count = 0;
        struct lp_source *source;
        struct lp_packet got;
        struct lp_error error;

        whole_image(&image, &variants[v], ends);
        int kept = pipe_in(image.bytes, image.n);
        assert_int_equal(LP_OK, lp_source_open("-", &source, &error));
        while (lp_source_next(source, &got, &error) == LP_READ_PACKET)
            assert_is_frame(&variants[v], count++, &got);
        lp_source_close(source);
        pipe_out(kept);
        assert_int_equal(FRAMES, count);
        image_free(&image);
    }
}

static void source_dash_cut_names_packet_and_byte(void **state)
{
    struct image image;
    size_t ends[FRAMES + 1];
    struct lp_source *source;
    struct lp_packet got;
    struct lp_error error;
    enum lp_read last;
    char where[64];

    (void)state;
    whole_image(&image, &variants[0], ends);
    int kept = pipe_in(image.bytes, ends[2] + 20);
    assert_int_equal(LP_OK, lp_source_open("-", &source, &error));
    while ((last = lp_source_next(source, &got, &error)) == LP_READ_PACKET)
        ;
    lp_source_close(source);
    pipe_out(kept);
    assert_int_equal(LP_READ_CUT, last);
    snprintf(where, sizeof where, "byte %zu", ends[2] + 20);
    assert_memory_equal("-: packet 3: ", error.text, 13);
    assert_non_null(strstr(error.text, where));
    image_free(&image);
}

static void source_dash_empty_pipe_is_refused(void **state)
{
    (void)state;
    int kept = pipe_in("", 0);
    assert_refused("-", "empty");
    pipe_out(kept);
}

/* ---- numbers that make no sense ---- */

static void put_native(uint8_t *at, bool big_endian, uint32_t value)
{
    put_u32(at, big_endian ? value : __builtin_bswap32(value));
}

/* The second record announces what no packet has: broken there, named, and the first one counts. */
static void source_absurd_length_is_broken_and_named(void **state)
{
    static const uint32_t lengths[] = {0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff};

    (void)state;
    for (size_t v = 0; v < VARIANTS; v++) {
        struct image image;
        size_t ends[FRAMES + 1];

        whole_image(&image, &variants[v], ends);
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            struct lp_source *source;
            struct lp_packet got;
            struct lp_error error;
            size_t at = variants[v].pcapng ? ends[1] + 20 : ends[1] + 8;

            put_native(image.bytes + at, variants[v].big_endian, lengths[i]);
            assert_int_equal(LP_OK, open_bytes(image.bytes, image.n, &source, &error));
            assert_int_equal(LP_READ_PACKET, lp_source_next(source, &got, &error));
            assert_is_frame(&variants[v], 0, &got);
            assert_int_equal(LP_READ_BROKEN, lp_source_next(source, &got, &error));
            assert_memory_equal(temp.path, error.text, strlen(temp.path));
            assert_non_null(strstr(error.text, ": packet 2: "));
            assert_non_null(strstr(error.text, " byte "));
            lp_source_close(source);
        }
        image_free(&image);
    }
}

/* Reads whatever there is; the promises of source.h hold. */
static void check_promises(const void *bytes, size_t n)
{
    struct lp_source *source;
    struct lp_packet got;
    struct lp_error error = {""};
    uint64_t frames = 0;

    if (open_bytes(bytes, n, &source, &error) != LP_OK)
        return;
    while (lp_source_next(source, &got, &error) == LP_READ_PACKET) {
        assert_int_equal(++frames, got.frame);
        assert_true(got.captured <= got.original);
        assert_true(sum_words(0, got.bytes, got.captured) <= 0xffff); /* all of it can be read */
        assert_true(got.time.nsec < 1000000000);
        assert_true(frames <= 8);
    }
    lp_source_close(source);
}

static void source_any_word_wrong_is_safe(void **state)
{
    static const uint32_t values[] = {0, 1, 7, 0xffff, 0x7fffffff, 0xffffffff};

    (void)state;
    for (size_t v = 0; v < VARIANTS; v++) {
        struct image image;
        size_t ends[FRAMES + 1];

        whole_image(&image, &variants[v], ends);
        for (size_t at = 0; at < ends[1]; at += 4) {
            uint8_t right[4];
            memcpy(right, image.bytes + at, 4);
            for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
                put_native(image.bytes + at, variants[v].big_endian, values[i]);
                check_promises(image.bytes, image.n);
            }
            memcpy(image.bytes + at, right, 4);
        }
        image_free(&image);
    }
}

/* Some recorders write an original length of zero, or below the captured one. */
static void source_original_below_captured_is_raised(void **state)
{
    struct image image;
    struct lp_source *source;
    struct lp_packet got;
    struct lp_error error;
    struct lp_frame frame;

    (void)state;
    begin_image(&image, &variants[0], LINK_ETHERNET);
    frame = frame_of(0);
    frame.original = 0;
    image_pcap_record(&image, &frame);
    assert_int_equal(LP_OK, open_bytes(image.bytes, image.n, &source, &error));
    assert_int_equal(LP_READ_PACKET, lp_source_next(source, &got, &error));
    assert_int_equal(frame.bytes.left, got.captured);
    assert_int_equal(got.captured, got.original);
    lp_source_close(source);
    image_free(&image);
}

/* The seconds of a classic file have no sign; a fraction of a second is less than one. */
static void source_time_beyond_2038_and_absurd_fraction_are_in_range(void **state)
{
    struct image image;
    struct lp_source *source;
    struct lp_packet got;
    struct lp_error error;
    struct lp_frame frame;

    (void)state;
    begin_image(&image, &variants[1], LINK_ETHERNET);
    frame = frame_of(0);
    frame.time.sec = 0xf0000000;
    image_pcap_record(&image, &frame);
    frame.time.nsec = 0xffffffff;
    image_pcap_record(&image, &frame);
    assert_int_equal(LP_OK, open_bytes(image.bytes, image.n, &source, &error));
    assert_int_equal(LP_READ_PACKET, lp_source_next(source, &got, &error));
    assert_int_equal(0xf0000000, got.time.sec);
    assert_int_equal(123456789, got.time.nsec);
    assert_int_equal(LP_READ_PACKET, lp_source_next(source, &got, &error));
    assert_true(got.time.nsec < 1000000000);
    lp_source_close(source);
    image_free(&image);
}

static void source_packet_of_no_bytes_is_a_packet(void **state)
{
    struct image image;
    struct lp_source *source;
    struct lp_packet got;
    struct lp_error error;
    struct lp_frame frame;

    (void)state;
    begin_image(&image, &variants[0], LINK_ETHERNET);
    frame = frame_of(0);
    frame.bytes = lp_rd_init(NULL, 0);
    image_pcap_record(&image, &frame);
    assert_int_equal(LP_OK, open_bytes(image.bytes, image.n, &source, &error));
    assert_int_equal(LP_READ_PACKET, lp_source_next(source, &got, &error));
    assert_int_equal(0, got.captured);
    assert_int_equal(frame.original, got.original);
    assert_int_equal(LP_READ_END, lp_source_next(source, &got, &error));
    lp_source_close(source);
    image_free(&image);
}

static void source_header_alone_is_an_empty_capture(void **state)
{
    (void)state;
    for (size_t v = 0; v < VARIANTS; v++) {
        struct image image;
        struct lp_source *source;
        struct lp_packet got;
        struct lp_error error;

        begin_image(&image, &variants[v], LINK_ETHERNET);
        assert_int_equal(LP_OK, open_bytes(image.bytes, image.n, &source, &error));
        assert_int_equal(LP_READ_END, lp_source_next(source, &got, &error));
        assert_int_equal(LP_READ_END, lp_source_next(source, &got, &error)); /* and so it stays */
        lp_source_close(source);
        image_free(&image);
    }
}

static void link_type_name_every_number_is_libpcaps_or_the_number(void **state)
{
    (void)state;
    for (int number = 0; number < 400; number++) {
        const char *libpcaps = pcap_datalink_val_to_name(number);
        char name[LP_LINK_NAME];
        char bare[LP_LINK_NAME];

        snprintf(bare, sizeof bare, "DLT %d", number);
        lp_link_type_name(number, name);
        assert_string_equal(libpcaps ? libpcaps : bare, name);
    }
}

/* ---- resources ---- */

/* The lowest free descriptor: the same before and after, or one was left open. */
static int lowest_free_descriptor(void)
{
    int fd = open("/dev/null", O_RDONLY);
    assert_true(fd >= 0);
    close(fd);
    return fd;
}

static void source_every_allocation_failing_leaves_nothing_open(void **state)
{
    struct image image;
    size_t ends[FRAMES + 1];
    int free_descriptor = lowest_free_descriptor();
    bool opened = false;

    (void)state;
    whole_image(&image, &variants[4], ends);
    for (uint64_t n = 1; !opened; n++) {
        struct lp_source *source = (struct lp_source *)&temp;
        struct lp_error error = {""};
        temp_write(&temp, "a.pcap", image.bytes, image.n);
        lp_alloc_fail_after(n);
        enum lp_status status = lp_source_open(temp.path, &source, &error);
        lp_alloc_fail_after(0);
        opened = status == LP_OK;
        if (!opened) {
            assert_int_equal(LP_ERR_MEMORY, status);
            assert_null(source);
            assert_memory_equal(temp.path, error.text, strlen(temp.path));
        }
        lp_source_close(source);
        assert_int_equal(free_descriptor, lowest_free_descriptor());
        assert_true(n < 20);
    }
    image_free(&image);
}

static void source_closed_or_refused_leaves_nothing_open(void **state)
{
    int free_descriptor = lowest_free_descriptor();

    (void)state;
    assert_refused(temp_write(&temp, "a.pcap", "no capture", 10), ": ");
    assert_refused(temp.dir, "directory");
    assert_int_equal(free_descriptor, lowest_free_descriptor());
}

static void capture_library_version_names_two_versions(void **state)
{
    const char *compiled = NULL, *running = NULL;

    (void)state;
    lp_capture_library_version(&compiled, &running);
    assert_in_range(compiled[0], '0', '9');
    assert_in_range(running[0], '0', '9');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(source_every_variant_yields_every_packet),
        cmocka_unit_test(source_cut_at_every_byte_keeps_what_was_before),
        cmocka_unit_test(source_no_capture_is_refused),
        cmocka_unit_test(source_empty_file_is_refused_as_empty),
        cmocka_unit_test(source_missing_file_is_refused_with_the_cause),
        cmocka_unit_test(source_directory_is_refused_as_one),
        cmocka_unit_test(source_dash_reads_a_pipe),
        cmocka_unit_test(source_dash_cut_names_packet_and_byte),
        cmocka_unit_test(source_dash_empty_pipe_is_refused),
        cmocka_unit_test(source_absurd_length_is_broken_and_named),
        cmocka_unit_test(source_any_word_wrong_is_safe),
        cmocka_unit_test(source_original_below_captured_is_raised),
        cmocka_unit_test(source_time_beyond_2038_and_absurd_fraction_are_in_range),
        cmocka_unit_test(source_packet_of_no_bytes_is_a_packet),
        cmocka_unit_test(source_header_alone_is_an_empty_capture),
        cmocka_unit_test(link_type_name_every_number_is_libpcaps_or_the_number),
        cmocka_unit_test(source_every_allocation_failing_leaves_nothing_open),
        cmocka_unit_test(source_closed_or_refused_leaves_nothing_open),
        cmocka_unit_test(capture_library_version_names_two_versions),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
