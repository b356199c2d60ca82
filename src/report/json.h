/*
 * A streaming JSON writer (RFC 8259).
 *
 * It writes straight into a struct lp_out and sets the commas; the caller opens, names, fills and
 * closes. The result is one line of valid UTF-8 whatever the texts hold: a byte that is no part of
 * well-formed UTF-8 becomes the four characters \xNN, as everywhere in leafprint's output.
 */
#ifndef LP_REPORT_JSON_H
#define LP_REPORT_JSON_H

#include "report/out.h"

#include <string.h>

struct lp_json {
    struct lp_out *out; /* borrowed */
    bool comma;         /* a value stands before the next one */
};

void lp_json_open(struct lp_json *json, char bracket);  /* '{' or '[' */
void lp_json_close(struct lp_json *json, char bracket); /* '}' or ']' */
/* A name that needs no escapes: of our own. */
void lp_json_key(struct lp_json *json, const char *name);
/* The same from a table: a name as it is written behind another value. */
struct lp_json_key {
    char text[32]; /* ,"name": */
    size_t length;
};
#define LP_JSON_KEY(name)                                                                          \
    {                                                                                              \
        ",\"" name "\":", sizeof(",\"" name "\":") - 1                                             \
    }
static inline void lp_json_row_key(struct lp_json *json, const struct lp_json_key *key)
{
    enum { COPY = sizeof key->text - 1 }; /* a constant: two moves, no call */
    size_t first = json->comma ? 0 : 1;
    char *room = lp_out_room(json->out, COPY);

    json->comma = false;
    if (!room)
        return;
    memcpy(room, key->text + first, COPY);
    lp_out_filled(json->out, room + key->length - first);
}

/* Room for a value of up to n bytes, behind the comma if one is due; lp_out_filled is left to the
 * caller. NULL when the output has failed. */
char *lp_json_room(struct lp_json *json, size_t n);

void lp_json_null(struct lp_json *json);
void lp_json_bool(struct lp_json *json, bool value);
void lp_json_number(struct lp_json *json, uint64_t value);

/* NULL is written as null. */
void lp_json_text(struct lp_json *json, const char *text);
void lp_json_hex(struct lp_json *json, const uint8_t *bytes, size_t n);    /* lower case */
void lp_json_base64(struct lp_json *json, const uint8_t *bytes, size_t n); /* with padding */
void lp_json_time(struct lp_json *json, const struct lp_time *time,
                  enum lp_time_form form); /* null also when lp_out_time refuses it */

#endif
