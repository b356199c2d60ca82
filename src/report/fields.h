/*
 * JSON objects from tables.
 *
 * Every kind of object has a table of its fields, in the order in which they are written. A row
 * names a member and the function that writes it; where one member is not the whole truth (a hash
 * counts only if its certificate is complete) the row hands over the whole struct. Rows marked
 * LP_VERIFIED are left out when nothing was compared.
 */
#ifndef LP_REPORT_FIELDS_H
#define LP_REPORT_FIELDS_H

#include "report/json.h"

#include <stddef.h>

enum lp_when { LP_ALWAYS, LP_VERIFIED };

struct lp_field {
    struct lp_json_key key;
    enum lp_when when;
    size_t offset;
    void (*put)(struct lp_json *json, const void *value); /* value: the member, or the struct */
};

#define LP_WHOLE(name, put)                                                                        \
    {                                                                                              \
        LP_JSON_KEY(name), LP_ALWAYS, 0, put                                                       \
    }
#define LP_WHOLE_VERIFIED(name, put)                                                               \
    {                                                                                              \
        LP_JSON_KEY(name), LP_VERIFIED, 0, put                                                     \
    }
/* A member that means more than its type says. */
#define LP_AS(name, type, member, put)                                                             \
    {                                                                                              \
        LP_JSON_KEY(name), LP_ALWAYS, offsetof(struct type, member), put                           \
    }
#define LP_AS_VERIFIED(name, type, member, put)                                                    \
    {                                                                                              \
        LP_JSON_KEY(name), LP_VERIFIED, offsetof(struct type, member), put                         \
    }
/* A member that is written as what it is: its type chooses the function. */
#define LP_PLAIN(name, type, member)                                                               \
    LP_AS(name, type, member, LP_PUT_BY_TYPE(((struct type *)0)->member))
#define LP_PUT_BY_TYPE(member)                                                                     \
    _Generic((member),                                                                             \
        const char *: lp_put_text,                                                                 \
        bool: lp_put_bool,                                                                         \
        unsigned: lp_put_unsigned,                                                                 \
        uint64_t: lp_put_u64,                                                                      \
        struct lp_endpoint: lp_put_endpoint)

struct lp_table {
    const struct lp_field *rows;
    size_t count, item_size;
};
#define LP_TABLE(rows, type)                                                                       \
    ((struct lp_table){rows, sizeof(rows) / sizeof *(rows), sizeof(struct type)})

/* The fields of `item`, for an object that the caller opened. */
void lp_put_fields(struct lp_json *json, struct lp_table table, const void *item, bool verified);
void lp_put_object(struct lp_json *json, struct lp_table table, const void *item, bool verified);
void lp_put_array(struct lp_json *json, struct lp_table table, const void *items, size_t count,
                  bool verified);

/* Values, by address. */
void lp_put_text(struct lp_json *json, const void *value);
void lp_put_bool(struct lp_json *json, const void *value);
void lp_put_unsigned(struct lp_json *json, const void *value);
void lp_put_u64(struct lp_json *json, const void *value);
void lp_put_endpoint(struct lp_json *json, const void *value);
/* Frames count from 1: 0 is "not seen", null. */
void lp_put_frame(struct lp_json *json, const void *value);

void lp_put_texts(struct lp_json *json, const char *const *texts, size_t count);

#endif
