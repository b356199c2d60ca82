/*
 * A client has a time line when it did what phones do: it fetched a phone's file, or made a
 * handshake that was compared. One that only tried in vain has one too, where nobody else has.
 *
 * Clients are few and events many, so the events are gathered client by client.
 */
#include "scan/timeline.h"

#include "base/mem.h"
#include "base/text.h"
#include "phone/phone.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_MOST = 64, EVENTS_MOST = 256 };

struct drawing {
    struct lp_capture *capture;
    const struct lp_clients *clients;
};

static bool same_client(const struct drawing *drawing, const struct lp_endpoint *a,
                        const struct lp_endpoint *b)
{
    if (a->ip.family && b->ip.family)
        return lp_clients_same(drawing->clients, a, b);
    return a->has_mac && b->has_mac && memcmp(a->mac, b->mac, sizeof a->mac) == 0;
}

/* ---- whose ---- */

static void want_line(const struct drawing *drawing, const struct lp_endpoint *client)
{
    struct lp_capture *capture = drawing->capture;

    for (size_t i = 0; i < capture->time_line_count; i++)
        if (same_client(drawing, &capture->time_lines[i].client, client))
            return;
    if (capture->time_line_count < LINES_MOST)
        capture->time_lines[capture->time_line_count++].client = *client;
}

static void want_lines(const struct drawing *drawing)
{
    const struct lp_capture *capture = drawing->capture;

    for (size_t i = 0; i < capture->file_count; i++)
        want_line(drawing, &capture->files[i].client);
    for (size_t i = 0; i < capture->session_count; i++)
        if (capture->sessions[i].compared)
            want_line(drawing, &capture->sessions[i].client);
    for (size_t i = 0; i < capture->attempt_count && capture->time_line_count == 0; i++)
        want_line(drawing, &capture->attempts[i].client);
}

/* ---- what ---- */

static void add_event(struct lp_time_line *line, const struct lp_event *event)
{
    if (line->count < EVENTS_MOST)
        line->events[line->count++] = *event;
    else
        line->left_out++;
}

static void gather(const struct drawing *drawing, struct lp_time_line *line)
{
    const struct lp_capture *capture = drawing->capture;

    for (size_t i = 0; i < capture->file_count; i++) {
        const struct lp_boot_file *file = &capture->files[i];
        if (same_client(drawing, &line->client, &file->client))
            add_event(line, &(struct lp_event){LP_EVENT_FILE, file->frame, file->time,
                                               &file->server, file, NULL});
    }
    for (size_t i = 0; i < capture->attempt_count; i++) {
        const struct lp_attempt *attempt = &capture->attempts[i];
        enum lp_event_kind kind = attempt->refused ? LP_EVENT_REFUSED : LP_EVENT_UNANSWERED;
        if (same_client(drawing, &line->client, &attempt->client))
            add_event(line, &(struct lp_event){kind, attempt->frame, attempt->time,
                                               &attempt->server, NULL, NULL});
    }
    for (size_t i = 0; i < capture->session_count; i++) {
        const struct lp_session *session = &capture->sessions[i];
        if (same_client(drawing, &line->client, &session->client))
            add_event(line, &(struct lp_event){LP_EVENT_HANDSHAKE, session->first_frame,
                                               session->start, &session->server, NULL, session});
    }
}

static int by_frame(const void *left, const void *right)
{
    const struct lp_event *a = left, *b = right;
    if (a->frame != b->frame)
        return a->frame < b->frame ? -1 : 1;
    return (int)a->kind - (int)b->kind;
}

/* By the MAC of a configuration's phone, or by the name of a file that it fetched. */
static bool name_line(const struct lp_capture *capture, struct lp_time_line *line)
{
    char name[16];
    uint8_t mac[6];

    for (size_t i = 0; i < capture->config_count && line->client.has_mac; i++) {
        const char *phone = capture->configs[i].phone;
        if (phone && lp_phone_name_find(phone, name, mac) &&
            memcmp(mac, line->client.mac, sizeof mac) == 0) {
            line->phone = phone;
            return true;
        }
    }
    for (size_t i = 0; i < line->count; i++) {
        const struct lp_boot_file *file = line->events[i].file;
        if (file && lp_phone_name_find(file->name, name, mac)) {
            line->phone = lp_arena_text(capture->arena, name);
            return line->phone != NULL;
        }
    }
    return true;
}

bool lp_time_lines_draw(struct lp_capture *capture, const struct lp_clients *clients)
{
    const struct drawing drawing = {capture, clients};

    capture->time_line_count = 0;
    capture->time_lines = lp_arena_alloc(capture->arena, LINES_MOST * sizeof *capture->time_lines);
    struct lp_event *events = lp_alloc_array(EVENTS_MOST, sizeof *events);
    bool ok = capture->time_lines && events;

    if (ok)
        want_lines(&drawing);
    for (size_t i = 0; ok && i < capture->time_line_count; i++) {
        struct lp_time_line *line = &capture->time_lines[i];
        line->events = events;
        gather(&drawing, line);
        if (line->count)
            qsort(line->events, line->count, sizeof *line->events, by_frame);
        line->events = lp_arena_copy(capture->arena, events, line->count * sizeof *events);
        ok = line->events && name_line(capture, line);
    }
    if (!ok)
        capture->time_line_count = 0;
    lp_free(events);
    return ok;
}
