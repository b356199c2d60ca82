#include "report/results.h"

#include "base/date.h"
#include "base/lines.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *lp_passed_text(enum lp_passed passed)
{
    switch (passed) {
    case LP_PASSED_BROKEN:
        return "not JSON: cut or damaged";
    case LP_PASSED_TOO_LONG:
        return "longer than 16 MiB";
    case LP_PASSED_OTHER:
        return "JSON, but not the result of a capture";
    case LP_PASSED_INSPECTED:
        return "a capture that was not compared: not written by verify";
    case LP_PASSED_COUNT:
        break;
    }
    return "";
}

/* ---- members ---- */

const json_t *lp_member(const json_t *object, const char *name)
{
    return json_object_get(object, name);
}

const char *lp_member_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

uint64_t lp_member_number(const json_t *object, const char *name)
{
    json_int_t value = json_integer_value(json_object_get(object, name));
    return value > 0 ? (uint64_t)value : 0;
}

bool lp_member_true(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

const json_t *lp_element(const json_t *object, const char *name, size_t index)
{
    return json_array_get(json_object_get(object, name), index);
}

size_t lp_element_count(const json_t *object, const char *name)
{
    return json_array_size(json_object_get(object, name));
}

bool lp_verdict_read(const char *word, enum lp_verdict *out)
{
    for (int i = 0; word && i < LP_VERDICT_COUNT; i++) {
        if (strcmp(lp_verdict_name((enum lp_verdict)i), word) == 0) {
            *out = (enum lp_verdict)i;
            return true;
        }
    }
    return false;
}

/* "2026-11-24T05:39:56.123456789Z", the only form that leafprint writes. */
bool lp_time_read(const char *text, struct lp_time *out)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddddddddZ";
    uint64_t part[7] = {0};
    size_t n = 0;

    if (!text || strlen(text) != sizeof form - 1)
        return false;
    for (const char *want = form; *want; want++, text++) {
        bool digit = *text >= '0' && *text <= '9';
        if (*want == 'd' ? !digit : *text != *want)
            return false;
        if (digit)
            part[n] = part[n] * 10 + (uint64_t)(*text - '0');
        else
            n++;
    }
    struct lp_date date = {(int64_t)part[0], (unsigned)part[1], (unsigned)part[2]};
    if (date.month < 1 || date.month > 12)
        return false;
    out->sec = lp_day_of_date(&date) * 86400 + (int64_t)(part[3] * 3600 + part[4] * 60 + part[5]);
    out->nsec = (uint32_t)part[6];
    return true;
}

/* ---- lines ---- */

static enum lp_reason read_reason(const char *word)
{
    for (int i = LP_REASON_NONE + 1; word && i < LP_REASON_COUNT; i++)
        if (strcmp(lp_reason_name((enum lp_reason)i), word) == 0)
            return (enum lp_reason)i;
    return LP_REASON_NONE;
}

/* LP_PASSED_COUNT: it is one. */
static enum lp_passed read_result(const json_t *root, struct lp_result *out)
{
    const char *schema = lp_member_text(root, "schema");

    *out = (struct lp_result){.root = root, .capture = lp_member_text(root, "capture")};
    if (!schema || strcmp(schema, "leafprint.capture/1") != 0 || !out->capture)
        return LP_PASSED_OTHER;
    if (!lp_member(root, "verdict"))
        return LP_PASSED_INSPECTED;
    if (!lp_verdict_read(lp_member_text(root, "verdict"), &out->verdict))
        return LP_PASSED_OTHER;
    out->reason = read_reason(lp_member_text(root, "reason"));
    return LP_PASSED_COUNT;
}

struct reader {
    const char *path;
    const struct lp_results_user *user;
    struct lp_lines lines;
    bool stopped; /* the user wants no more */
    bool no_memory;
};

static void read_line(struct reader *reader, enum lp_line got, const struct lp_rd *line)
{
    const struct lp_results_user *user = reader->user;
    enum lp_passed passed = LP_PASSED_TOO_LONG;
    struct lp_result result;
    json_t *root = NULL;
    json_error_t error = {0};

    if (got == LP_LINE_WHOLE &&
        !(root = json_loadb((const char *)line->ptr, line->left, 0, &error))) {
        passed = LP_PASSED_BROKEN;
        /* jansson says nothing at all where an allocation fails in the middle */
        reader->no_memory = !error.text[0] || json_error_code(&error) == json_error_out_of_memory;
    } else if (root) {
        passed = read_result(root, &result);
    }
    if (passed == LP_PASSED_COUNT)
        reader->stopped = !user->result(user->ctx, &result);
    else if (!reader->no_memory)
        reader->stopped = !user->passed(user->ctx, reader->path, reader->lines.number, passed);
    json_decref(root);
}

/* An empty line separates and says nothing. */
static bool blank(const struct lp_rd *line)
{
    struct lp_rd rd = *line;
    uint8_t c = ' ';

    while (lp_rd_u8(&rd, &c) && (c == ' ' || c == '\r' || c == '\t'))
        continue;
    return c == ' ' || c == '\r' || c == '\t';
}

static enum lp_status read_lines(struct reader *reader, struct lp_error *error)
{
    struct lp_rd line;
    enum lp_line got = LP_LINE_END;

    while (
        !reader->stopped && !reader->no_memory &&
        ((got = lp_lines_next(&reader->lines, &line)) == LP_LINE_WHOLE || got == LP_LINE_TOO_LONG))
        if (got == LP_LINE_TOO_LONG || !blank(&line))
            read_line(reader, got, &line);
    if (got == LP_LINE_FAILED && reader->lines.error != ENOMEM) {
        lp_error_set(error, "%s: %s", reader->path, strerror(reader->lines.error));
        return LP_ERR_IO;
    }
    if (got == LP_LINE_FAILED || reader->no_memory) {
        lp_error_set(error, "%s: out of memory", reader->path);
        return LP_ERR_MEMORY;
    }
    return LP_OK;
}

enum lp_status lp_results_read(const char *path, const struct lp_results_user *user,
                               struct lp_error *error)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "rb");
    struct reader reader = {.path = path, .user = user, .lines.file = file};

    if (!file) {
        lp_error_set(error, "%s: %s", path, strerror(errno));
        return LP_ERR_IO;
    }
    json_set_alloc_funcs(lp_alloc, lp_free);
    enum lp_status status = read_lines(&reader, error);
    lp_lines_free(&reader.lines);
    if (!standard)
        fclose(file);
    return status;
}
