/*
 * Reassembly against a model: an array that says for each byte of the stream which copy counts.
 *
 * The model knows the rules of tcp.h (the first copy wins, a right checksum beats a wrong one, a
 * keep-alive beats nothing) but nothing of sequence numbers, pieces or marks. Thousands of scripts
 * are drawn from a seed, so that a failure can be repeated.
 */
#include "tcp_rig.h"

enum { STREAM_MOST = 2000, SCRIPT_MOST = 120 };

struct model {
    size_t n;
    bool syn, any_data, any_wrong, conflict;
    uint8_t truth[STREAM_MOST], value[STREAM_MOST], rank[STREAM_MOST];
    bool have[STREAM_MOST + 1], snapped[STREAM_MOST + 1];
    uint64_t frame[STREAM_MOST];
};

/* A segment of a script, and where its bytes belong. */
struct step {
    struct seg seg;
    size_t from;
    bool data, probe;
    uint8_t bytes[512];
};

struct script {
    struct step steps[SCRIPT_MOST];
    size_t count;
    uint32_t isn[2];
    struct model model[2];
};

static void model_apply(struct model *model, const struct step *step, uint64_t frame)
{
    uint8_t rank = step->seg.n == 1 ? 0 : step->seg.sum == SUM_WRONG && !step->seg.cut ? 1 : 2;

    model->any_data = true;
    model->any_wrong |= rank == 1;
    for (size_t i = 0; i < step->seg.n; i++) {
        size_t at = step->from + i;
        if (i >= step->seg.n - step->seg.cut) {
            model->snapped[at] = true;
            continue;
        }
        bool differs = model->have[at] && model->value[at] != step->bytes[i];
        model->conflict |= differs && rank > 0 && model->rank[at] > 0;
        if (!model->have[at] || (differs && rank > model->rank[at])) {
            model->value[at] = step->bytes[i];
            model->frame[at] = frame;
        }
        if (!model->have[at] || rank > model->rank[at])
            model->rank[at] = rank;
        model->have[at] = true;
    }
}

static void check_gap(const struct model *model, const struct seen_half *half, size_t at,
                      size_t index, size_t delivered)
{
    enum lp_gap kind = LP_GAP_END;

    for (size_t i = at; i < model->n; i++)
        if (model->have[i])
            kind = LP_GAP_LOST;
    if (model->snapped[at])
        kind = LP_GAP_SNAPPED;
    assert_true(index < half->gap_count);
    assert_int_equal(delivered, half->gaps[index].at);
    assert_int_equal(kind, half->gaps[index].kind);
}

/* What came out is what the model holds, in order, with a gap wherever it holds nothing. */
static void check_half(const struct model *model, const struct seen_half *half, bool frames)
{
    size_t at = 0, delivered = 0, gaps = 0;

    if (!model->any_data) {
        assert_int_equal(0, half->n + half->gap_count);
        return;
    }
    if (!model->syn)
        while (at < model->n && !model->have[at])
            at++;
    while (at <= model->n) {
        for (; model->have[at]; at++, delivered++) {
            assert_true(delivered < half->n);
            assert_int_equal(model->value[at], half->bytes[delivered]);
            if (frames)
                assert_int_equal(model->frame[at], half->frames[delivered]);
        }
        check_gap(model, half, at, gaps++, delivered);
        while (at <= model->n && !model->have[at])
            at++;
    }
    assert_int_equal(delivered, half->n);
    assert_int_equal(gaps, half->gap_count);
}

static struct step *new_step(struct script *script, unsigned dir)
{
    if (script->count == SCRIPT_MOST)
        return NULL;
    struct step *step = &script->steps[script->count++];
    memset(step, 0, sizeof *step);
    step->seg = (struct seg){.back = dir == DOWN,
                             .flags = LP_TCP_ACK,
                             .seq = script->isn[dir] + 1,
                             .ack = script->isn[1 - dir] + 1};
    return step;
}

static void add_data(struct script *script, unsigned dir, size_t from, size_t n)
{
    struct step *step = new_step(script, dir);

    if (!step)
        return;
    step->data = true;
    step->from = from;
    step->seg.seq += (uint32_t)from;
    step->seg.n = n;
    memcpy(step->bytes, script->model[dir].truth + from, n);
}

static void add_syn(struct script *script, unsigned dir, bool answer)
{
    struct step *step = new_step(script, dir);

    if (!step)
        return;
    step->seg.seq--;
    step->seg.flags = LP_TCP_SYN | (answer ? LP_TCP_ACK : 0);
    step->seg.ack = answer ? step->seg.ack : 0;
}

/* Bytes that no consumer would recognise as a beginning. */
static void fill_truth(struct model *model, size_t n, uint64_t *seed)
{
    memset(model, 0, sizeof *model);
    model->n = n;
    for (size_t i = 0; i < n; i++)
        model->truth[i] = (uint8_t)(0x80 | draw(seed, 128));
}

/* Damages a copy so that its checksum is wrong, or cuts it. */
static void disturb(struct step *step, bool may_cut, uint64_t *seed)
{
    uint32_t kind = draw(seed, 12);

    if (kind == 0) {
        step->seg.sum = SUM_WRONG;
        step->bytes[draw(seed, (uint32_t)step->seg.n)] ^= 1;
    } else if (kind == 1) {
        step->seg.sum = SUM_ZERO;
    } else if (kind == 2 && may_cut) {
        step->seg.cut = draw(seed, (uint32_t)step->seg.n);
    }
}

/* The stream in segments, some of them lost, and copies with other boundaries. */
static void draw_data(struct script *script, unsigned dir, size_t least, uint64_t *seed)
{
    enum { PIECE_MOST = 400 };
    size_t n = script->model[dir].n;

    for (size_t at = 0, length; at < n; at += length) {
        length = least + draw(seed, PIECE_MOST);
        if (length + least > n - at)
            length = n - at;
        if (draw(seed, 16)) /* else lost */
            add_data(script, dir, at, length);
    }
    for (uint32_t extra = draw(seed, 12); extra; extra--) {
        size_t at = draw(seed, (uint32_t)(n - least + 1)), length = least + draw(seed, PIECE_MOST);
        add_data(script, dir, at, length < n - at ? length : n - at);
    }
}

/* A snap length and single bytes do not go together here: whether a keep-alive may fill what was
 * cut off is a matter of a test of its own. */
static void draw_direction(struct script *script, unsigned dir, bool harmless, uint64_t *seed)
{
    enum { SNAPPED_MOST = 12 };
    struct model *model = &script->model[dir];
    bool snaps = !harmless && draw(seed, 2);
    size_t n = 2 + draw(seed, STREAM_MOST - 2), first = script->count, snapped = 0;

    fill_truth(model, n, seed);
    draw_data(script, dir, snaps ? 2 : 1, seed);
    for (size_t i = first; i < script->count && !harmless; i++) {
        disturb(&script->steps[i], snaps && snapped < SNAPPED_MOST, seed);
        snapped += script->steps[i].seg.cut != 0;
    }
    for (uint32_t extra = snaps ? 0 : draw(seed, 4); extra; extra--) { /* RFC 1122 4.2.3.6 */
        add_data(script, dir, draw(seed, (uint32_t)n), 1);
        script->steps[script->count - 1].bytes[0] ^= 0x55;
    }
}

/* Steps change places, each at most `reach` from its own. */
static void shuffle(struct script *script, uint32_t reach, uint64_t *seed)
{
    for (size_t i = 0; i + 1 < script->count; i++) {
        size_t most = script->count - i - 1;
        size_t other = i + draw(seed, (uint32_t)(most < reach ? most : reach) + 1);
        struct step kept = script->steps[i];
        script->steps[i] = script->steps[other];
        script->steps[other] = kept;
    }
}

static void draw_script(struct script *script, bool harmless, uint64_t *seed)
{
    script->count = 0;
    for (unsigned dir = 0; dir < 2; dir++)
        script->isn[dir] = draw(seed, 3) ? draw(seed, UINT32_MAX) : 0U - draw(seed, STREAM_MOST);
    for (unsigned dir = 0; dir < 2; dir++)
        draw_direction(script, dir, harmless, seed);
    for (unsigned dir = 0; dir < 2; dir++) {
        script->model[dir].syn = draw(seed, 4) != 0 && script->count < SCRIPT_MOST;
        if (script->model[dir].syn)
            add_syn(script, dir, dir == DOWN);
    }
    shuffle(script, draw(seed, 2) ? SCRIPT_MOST : 1 + draw(seed, 6), seed);
}

static void run_script(struct rig *rig, struct script *script)
{
    for (size_t i = 0; i < script->count; i++) {
        struct step *step = &script->steps[i];
        step->seg.bytes = step->bytes;
        rig_push(rig, &step->seg);
        if (step->data)
            model_apply(&script->model[step->seg.back ? DOWN : UP], step, rig->frame);
    }
    rig_flush(rig);
}

static void check_script(const struct rig *rig, const struct script *script, bool frames)
{
    struct seen_flow *flow = rig_only(rig);

    for (unsigned dir = 0; dir < 2; dir++) {
        const struct model *model = &script->model[dir];
        check_half(model, &flow->half[dir], frames);
        assert_int_equal(model->syn, flow->ends[dir].syn);
        if (rig->release == RELEASE_NONE)
            assert_int_equal(model->conflict, flow->ends[dir].conflicts != 0);
    }
    assert_int_equal(1, flow->closes);
    assert_true(flow->at_end);
}

static void run_many(unsigned scripts, bool harmless)
{
    static struct script script;
    struct rig rig;

    for (unsigned i = 0; i < scripts; i++) {
        uint64_t seed = i * UINT64_C(2) + harmless;
        draw_script(&script, harmless, &seed);
        rig_open(&rig, 0, 0);
        rig.release = (enum rig_release)(i % 3);
        run_script(&rig, &script);
        check_script(&rig, &script, harmless);
        rig_shut(&rig);
    }
}

/* Reordered, duplicated, overlapping, lost; sequence numbers that wrap; keep-alives; with and
 * without SYN: bytes and the frame of each byte. */
static void lp_tcp_push_of_random_scripts_delivers_the_model(void **state)
{
    (void)state;
    run_many(3000, true);
}

/* The same with damaged copies, offloaded checksums and a snap length. */
static void lp_tcp_push_of_damaged_random_scripts_delivers_the_model(void **state)
{
    (void)state;
    run_many(3000, false);
}

/* ---- every order of a few segments ---- */

enum { SET_MOST = 7, ISN_UP = 1000 };

#define ISN_DOWN 0xfffffff8U /* the first bytes wrap */

static const char text[] = "no matter in which order the segments come, the stream is the same";

struct set {
    struct seg segs[SET_MOST];
    size_t count;
    const char *up, *down; /* expected */
};

/* The next permutation in ascending order; false after the last. */
static bool next_order(unsigned *order, size_t n)
{
    size_t i = n - 1, j = n - 1;

    while (i > 0 && order[i - 1] > order[i])
        i--;
    if (i == 0)
        return false;
    while (order[j] < order[i - 1])
        j--;
    unsigned kept = order[i - 1];
    order[i - 1] = order[j];
    order[j] = kept;
    for (j = n - 1; i < j; i++, j--) {
        kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
    return true;
}

/* The earliest packet that brought a byte is the one that it is credited to. */
static uint64_t first_frame_of(const struct set *set, const unsigned *order, bool back,
                               uint32_t seq)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct seg *seg = &set->segs[order[i]];
        if (seg->back == back && seq - seg->seq < seg->n)
            return i + 1;
    }
    return 0;
}

static void check_order(const struct set *set, const unsigned *order)
{
    struct rig rig;
    const char *expected[2] = {set->up, set->down};
    static const uint32_t first[2] = {ISN_UP + 1, ISN_DOWN + 1};

    rig_open(&rig, 0, 0);
    rig.release = RELEASE_NONE;
    for (size_t i = 0; i < set->count; i++)
        rig_push(&rig, &set->segs[order[i]]);
    rig_flush(&rig);
    struct seen_flow *flow = rig_only(&rig);
    for (unsigned dir = 0; dir < 2; dir++) {
        assert_delivered(&flow->half[dir], expected[dir], strlen(expected[dir]));
        assert_true(flow->half[dir].gap_count <= 1);
        for (size_t i = 0; i < flow->half[dir].n; i++)
            assert_int_equal(first_frame_of(set, order, dir == DOWN, first[dir] + (uint32_t)i),
                             flow->half[dir].frames[i]);
    }
    rig_shut(&rig);
}

static void check_every_order(const struct set *set)
{
    unsigned order[SET_MOST];

    for (unsigned i = 0; i < set->count; i++)
        order[i] = i;
    do
        check_order(set, order);
    while (next_order(order, set->count));
}

#define SYN_UP                                                                                     \
    {                                                                                              \
        .seq = ISN_UP, .flags = LP_TCP_SYN                                                         \
    }
#define SYN_DOWN                                                                                   \
    {                                                                                              \
        .back = true, .seq = ISN_DOWN, .ack = ISN_UP + 1, .flags = LP_TCP_SYN | LP_TCP_ACK         \
    }
#define ACK_UP                                                                                     \
    {                                                                                              \
        .seq = ISN_UP + 1, .ack = ISN_DOWN + 1, .flags = LP_TCP_ACK                                \
    }
#define DATA_DOWN(from, to)                                                                        \
    {                                                                                              \
        .back = true, .seq = ISN_DOWN + 1U + (from), .ack = ISN_UP + 1, .flags = LP_TCP_ACK,       \
        .bytes = text + (from), .n = (to) - (from)                                                 \
    }
#define DATA_UP(from, to)                                                                          \
    {                                                                                              \
        .seq = ISN_UP + 1U + (from), .ack = ISN_DOWN + 1, .flags = LP_TCP_ACK,                     \
        .bytes = text + (from), .n = (to) - (from)                                                 \
    }

static void lp_tcp_push_of_a_connection_in_every_order_delivers_the_same(void **state)
{
    static const struct set set = {{SYN_UP, SYN_DOWN, ACK_UP, DATA_DOWN(0, 9), DATA_DOWN(9, 30),
                                    DATA_DOWN(30, 66), DATA_UP(0, 66)},
                                   7,
                                   text,
                                   text};
    (void)state;
    check_every_order(&set);
}

static void lp_tcp_push_without_syn_in_every_order_delivers_the_same(void **state)
{
    static const struct set set = {{DATA_DOWN(0, 9), DATA_DOWN(9, 20), DATA_DOWN(20, 30),
                                    DATA_DOWN(30, 66), DATA_UP(0, 9), DATA_UP(9, 30),
                                    DATA_UP(30, 66)},
                                   7,
                                   text,
                                   text};
    (void)state;
    check_every_order(&set);
}

static void lp_tcp_push_of_overlapping_copies_in_every_order_delivers_the_same(void **state)
{
    static const struct set set = {{SYN_DOWN, DATA_DOWN(0, 20), DATA_DOWN(10, 40), DATA_DOWN(0, 66),
                                    DATA_DOWN(39, 66), DATA_DOWN(15, 25), DATA_DOWN(64, 66)},
                                   7,
                                   "",
                                   text};
    (void)state;
    check_every_order(&set);
}

/* A keep-alive's garbage lies on the byte before the next one to be sent (RFC 1122 4.2.3.6). */
static void lp_tcp_push_of_keep_alive_garbage_in_every_order_delivers_the_data(void **state)
{
    static const struct seg segs[] = {
        SYN_UP,
        SYN_DOWN,
        DATA_DOWN(0, 30),
        {.back = true,
         .seq = ISN_DOWN + 30,
         .ack = ISN_UP + 1,
         .flags = LP_TCP_ACK,
         .bytes = "?",
         .n = 1},
        DATA_DOWN(30, 66),
        {.back = true,
         .seq = ISN_DOWN,
         .ack = ISN_UP + 1,
         .flags = LP_TCP_ACK,
         .bytes = "?",
         .n = 1},
    };
    enum { COUNT = sizeof segs / sizeof segs[0] };
    unsigned order[COUNT];
    struct rig rig;

    (void)state;
    for (unsigned i = 0; i < COUNT; i++)
        order[i] = i;
    do {
        rig_open(&rig, 0, 0);
        for (unsigned i = 0; i < COUNT; i++)
            rig_push(&rig, &segs[order[i]]);
        rig_flush(&rig);
        assert_delivered(&rig_only(&rig)->half[DOWN], text, strlen(text));
        assert_int_equal(0, rig.flows->ends[DOWN].conflicts);
        rig_shut(&rig);
    } while (next_order(order, COUNT));
}

/* All that any flow holds of the server's direction; the rest must be empty. */
static const struct seen_half *only_data(const struct rig *rig)
{
    const struct seen_half *found = NULL;

    for (const struct seen_flow *flow = rig->flows; flow; flow = flow->next) {
        assert_int_equal(0, flow->half[UP].n);
        if (flow->half[DOWN].n == 0)
            continue;
        assert_null(found);
        found = &flow->half[DOWN];
    }
    if (!found)
        abort();
    return found;
}

/* A firewall that answers in the server's stead leaves two SYN-ACKs; the one that the client
 * acknowledged counts. What comes before either is known may begin a flow of its own. */
static void check_two_answers(uint32_t other)
{
    struct seg segs[] = {SYN_UP, SYN_DOWN, SYN_DOWN, ACK_UP, DATA_DOWN(0, 20), DATA_DOWN(20, 66)};
    enum { COUNT = sizeof segs / sizeof segs[0] };
    unsigned order[COUNT];
    struct rig rig;

    segs[1].seq = other;
    for (unsigned i = 0; i < COUNT; i++)
        order[i] = i;
    do {
        rig_open(&rig, 0, 0);
        for (unsigned i = 0; i < COUNT; i++)
            rig_push(&rig, &segs[order[i]]);
        rig_flush(&rig);
        const struct seen_half *half = only_data(&rig);
        assert_delivered(half, text, strlen(text));
        assert_int_equal(1, half->gap_count);
        assert_int_equal(half->n, half->gaps[0].at);
        rig_shut(&rig);
    } while (next_order(order, COUNT));
}

static void lp_tcp_push_of_two_syn_acks_in_every_order_follows_the_client(void **state)
{
    (void)state;
    check_two_answers(ISN_DOWN + 5000);
    check_two_answers(ISN_DOWN - 5000);
    check_two_answers(ISN_DOWN + 0x50000000);
    check_two_answers(ISN_DOWN - 0x50000000);
    check_two_answers(ISN_DOWN + 0x80000000);
}

/* STARTTLS with two SYN-ACKs: what the consumer has released must not come again. */
static void lp_tcp_push_after_two_syn_acks_does_not_begin_twice(void **state)
{
    struct seg segs[] = {SYN_UP,           SYN_DOWN, SYN_DOWN,          ACK_UP,
                         DATA_DOWN(0, 20), ACK_UP,   DATA_DOWN(20, 40), DATA_DOWN(40, 66)};
    struct rig rig;

    (void)state;
    segs[1].seq = ISN_DOWN + 0x12345678;
    rig_open(&rig, 0, 0);
    rig.release = RELEASE_ALL;
    for (size_t i = 0; i < sizeof segs / sizeof segs[0]; i++)
        rig_push(&rig, &segs[i]);
    assert_delivered(&rig_only(&rig)->half[DOWN], text, strlen(text)); /* before any flush */
    rig_flush(&rig);
    assert_int_equal(1, rig.flows->half[DOWN].gap_count);
    rig_shut(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lp_tcp_push_of_random_scripts_delivers_the_model),
        cmocka_unit_test(lp_tcp_push_of_damaged_random_scripts_delivers_the_model),
        cmocka_unit_test(lp_tcp_push_of_a_connection_in_every_order_delivers_the_same),
        cmocka_unit_test(lp_tcp_push_without_syn_in_every_order_delivers_the_same),
        cmocka_unit_test(lp_tcp_push_of_overlapping_copies_in_every_order_delivers_the_same),
        cmocka_unit_test(lp_tcp_push_of_keep_alive_garbage_in_every_order_delivers_the_data),
        cmocka_unit_test(lp_tcp_push_of_two_syn_acks_in_every_order_follows_the_client),
        cmocka_unit_test(lp_tcp_push_after_two_syn_acks_does_not_begin_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
