#include "flow.h"

#include <stdlib.h>
#include <string.h>

void *grown(void *items, size_t *cap, size_t want, size_t size)
{
    if (want <= *cap)
        return items;
    *cap = want * 2;
    void *more = realloc(items, *cap * size);
    if (!more)
        abort();
    return more;
}

static void add(struct talk *talk, struct step step)
{
    talk->steps = grown(talk->steps, &talk->cap, talk->count + 1, sizeof step);
    talk->steps[talk->count++] = step;
}

static void add_next(struct talk *talk, bool from_server, uint8_t flags, const uint8_t *data,
                     size_t n)
{
    add(talk, (struct step){.from_server = from_server,
                            .flags = flags,
                            .seq = talk->sent[from_server],
                            .ack = talk->sent[!from_server],
                            .data = data,
                            .n = n});
    talk->sent[from_server] += (uint32_t)n + ((flags & (WIRE_SYN | WIRE_FIN)) != 0);
}

void talk_open(struct talk *talk)
{
    add_next(talk, false, WIRE_SYN, NULL, 0);
    add_next(talk, true, WIRE_SYN | WIRE_ACK, NULL, 0);
    add_next(talk, false, WIRE_ACK, NULL, 0);
}

void talk_say(struct talk *talk, bool from_server, const uint8_t *data, size_t n)
{
    size_t unanswered = 0;

    for (size_t at = 0; at < n; at += WIRE_MSS) {
        size_t part = n - at < WIRE_MSS ? n - at : WIRE_MSS;
        bool last = at + part == n;
        add_next(talk, from_server, WIRE_ACK | (last ? WIRE_PSH : 0), data + at, part);
        if (talk->protocol == TCP && (++unanswered == 2 || last)) {
            add_next(talk, !from_server, WIRE_ACK, NULL, 0);
            unanswered = 0;
        }
    }
}

void talk_close(struct talk *talk)
{
    add_next(talk, false, WIRE_FIN | WIRE_ACK, NULL, 0);
    add_next(talk, true, WIRE_FIN | WIRE_ACK, NULL, 0);
    add_next(talk, false, WIRE_ACK, NULL, 0);
}

static struct step part_of(const struct step *step, size_t from, size_t to)
{
    struct step part = *step;

    part.seq += (uint32_t)from;
    part.data += from;
    part.n = to - from;
    return part;
}

/* What is put off until `due` steps have been played. */
struct late {
    struct step step;
    size_t due;
};

static size_t disturb(struct talk *out, const struct step *step, struct late *late)
{
    switch (random_number() % 4) {
    case 0: /* behind what follows */
        late[0] = (struct late){*step, 2};
        return 1;
    case 1: /* lost before the receiver, and sent again */
        late[0] = (struct late){*step, 5};
        return 1;
    case 2: /* twice */
        add(out, *step);
        late[0] = (struct late){*step, 1};
        return 1;
    default: /* the second half lost, and sent again with a part of the first before it */
        add(out, part_of(step, 0, step->n / 2));
        late[0] = (struct late){part_of(step, step->n / 4, step->n * 3 / 4), 2};
        late[1] = (struct late){part_of(step, step->n / 2, step->n), 3};
        return 2;
    }
}

struct talk talk_disturbed(const struct talk *talk)
{
    enum { ONE_IN = 50 };
    struct talk out = *talk;
    struct late late[2] = {0};
    size_t waiting = 0;

    out.steps = NULL;
    out.count = out.cap = 0;
    for (size_t i = 0; i < talk->count; i++) {
        const struct step *step = &talk->steps[i];
        bool last = i + 4 > talk->count; /* the farewell */
        if (waiting == 0 && !last && step->from_server && step->n > 8 &&
            random_number() % ONE_IN == 0) {
            waiting = disturb(&out, step, late);
            continue;
        }
        if (last) /* before the connection ends */
            for (size_t j = 0; j < waiting; j++)
                late[j].due = 1;
        while (waiting > 0 && --late[0].due == 0) {
            add(&out, late[0].step);
            late[0] = late[1];
            waiting--;
        }
        add(&out, *step);
    }
    return out;
}

struct flow flow_of(const struct talk *talk, uint64_t id)
{
    /* Knuth's multiplier scatters the addresses, and never gives one twice. */
    uint32_t scattered = (uint32_t)(id * 2654435761u) & 0xffffff;

    return (struct flow){
        .talk = talk,
        .id = id,
        .ends = {.client_ip = 0x0a000000 | scattered,
                 .server_ip = talk->server_ip,
                 .client_port = (uint16_t)(20000 + id % 40000),
                 .server_port = talk->server_port,
                 .client_mac = (uint32_t)id & 0xffffff},
        .start = {random_number(), random_number()},
    };
}

/* Writes the conversation's own bytes over those of the copy that the segment holds. */
static const uint8_t *with_own_bytes(const struct flow *flow, const struct step *step,
                                     uint8_t *copy)
{
    size_t at = flow->talk->own_bytes, start = step->seq - 1; /* the SYN took one */

    if (!step->from_server || at == 0 || at + 8 <= start || at >= start + step->n)
        return step->data;
    memcpy(copy, step->data, step->n);
    for (size_t i = 0; i < 8; i++)
        if (at + i >= start && at + i < start + step->n)
            copy[at + i - start] = (uint8_t)(flow->id >> (8 * (7 - i)));
    return copy;
}

bool flow_step(struct flow *flow, struct wire *wire)
{
    const struct step *step = &flow->talk->steps[flow->next++];
    uint8_t copy[WIRE_MSS];
    const struct packet packet = {
        .ends = &flow->ends,
        .protocol = flow->talk->protocol,
        .from_server = step->from_server,
        .flags = step->flags,
        .seq = flow->start[step->from_server] + step->seq,
        .ack = step->flags & WIRE_ACK ? flow->start[!step->from_server] + step->ack : 0,
        .data = with_own_bytes(flow, step, copy),
        .n = step->n,
    };

    wire_put(wire, &packet);
    return flow->next < flow->talk->count;
}

void flows_play(struct wire *wire, size_t at_a_time, flow_next_fn next, void *ctx)
{
    enum { MICROSECONDS_MOST = 40 }; /* between two packets */
    struct flow *flows = calloc(at_a_time, sizeof *flows);
    size_t count = 0;

    if (!flows)
        abort();
    while (count < at_a_time && next(ctx, &flows[count]))
        count++;
    while (count > 0) {
        size_t i = random_number() % count;
        wire->now += random_number() % MICROSECONDS_MOST;
        if (!flow_step(&flows[i], wire) && !next(ctx, &flows[i]))
            flows[i] = flows[--count];
    }
    free(flows);
}
