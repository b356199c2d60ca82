#include "report/fields.h"

#include "report/report.h"

#include <string.h>

void lp_put_fields(struct lp_json *json, struct lp_table table, const void *item, bool verified)
{
    for (size_t i = 0; i < table.count; i++) {
        const struct lp_field *field = &table.rows[i];
        if (field->when == LP_VERIFIED && !verified)
            continue;
        lp_json_row_key(json, &field->key);
        field->put(json, (const char *)item + field->offset);
    }
}

void lp_put_object(struct lp_json *json, struct lp_table table, const void *item, bool verified)
{
    lp_json_open(json, '{');
    lp_put_fields(json, table, item, verified);
    lp_json_close(json, '}');
}

void lp_put_array(struct lp_json *json, struct lp_table table, const void *items, size_t count,
                  bool verified)
{
    lp_json_open(json, '[');
    for (size_t i = 0; i < count; i++)
        lp_put_object(json, table, (const char *)items + i * table.item_size, verified);
    lp_json_close(json, ']');
}

void lp_put_text(struct lp_json *json, const void *value)
{
    const char *text;
    memcpy(&text, value, sizeof text);
    lp_json_text(json, text);
}

void lp_put_bool(struct lp_json *json, const void *value)
{
    lp_json_bool(json, *(const bool *)value);
}

void lp_put_unsigned(struct lp_json *json, const void *value)
{
    lp_json_number(json, *(const unsigned *)value);
}

void lp_put_u64(struct lp_json *json, const void *value)
{
    lp_json_number(json, *(const uint64_t *)value);
}

void lp_put_frame(struct lp_json *json, const void *value)
{
    const uint64_t *frame = value;
    if (*frame)
        lp_json_number(json, *frame);
    else
        lp_json_null(json);
}

void lp_put_texts(struct lp_json *json, const char *const *texts, size_t count)
{
    lp_json_open(json, '[');
    for (size_t i = 0; i < count; i++)
        lp_json_text(json, texts[i]);
    lp_json_close(json, ']');
}

/* A text that needs no escapes. */
static char *quoted(char *at, const char *text)
{
    *at++ = '"';
    at = stpcpy(at, text);
    *at++ = '"';
    return at;
}

/* In one go: every session has two. */
void lp_put_endpoint(struct lp_json *json, const void *value)
{
    enum { IP_SIZE = 46, ROOM = 64 + IP_SIZE + LP_NUMBER_SIZE + LP_MAC_SIZE };
    const struct lp_endpoint *end = value;
    char ip[IP_SIZE], mac[LP_MAC_SIZE];
    char *at = lp_json_room(json, ROOM);

    if (!at)
        return;
    lp_ip_text(&end->ip, ip, sizeof ip);
    lp_mac_text(end->mac, mac);
    at = stpcpy(at, "{\"ip\":");
    at = end->ip.family ? quoted(at, ip) : stpcpy(at, "null");
    at = stpcpy(at, ",\"port\":");
    at = lp_number_digits(at, end->port);
    at = stpcpy(at, ",\"mac\":");
    at = end->has_mac ? quoted(at, mac) : stpcpy(at, "null");
    *at++ = '}';
    lp_out_filled(json->out, at);
}
