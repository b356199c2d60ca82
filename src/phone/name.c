/* The name of a phone, "SEP" and its MAC address, as it stands in file names and requests. */
#include "phone/phone.h"

#include "base/rd.h"
#include "base/text.h"

enum { MAC_LEN = 6, MAC_DIGITS = 2 * MAC_LEN };

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static char upper(uint8_t c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

/* The digits of a name that starts exactly here. */
static bool name_at(struct lp_rd rd, char digits[MAC_DIGITS])
{
    uint8_t c;

    for (const char *want = "SEP"; *want; want++)
        if (!lp_rd_u8(&rd, &c) || upper(c) != *want)
            return false;
    for (size_t i = 0; i < MAC_DIGITS; i++) {
        if (!lp_rd_u8(&rd, &c) || !is_hex(c))
            return false;
        digits[i] = upper(c);
    }
    return !lp_rd_u8(&rd, &c) || !is_hex(c); /* a longer number is something else */
}

bool lp_phone_name_find(const char *text, char name[16], uint8_t mac[6])
{
    struct lp_rd rd = lp_rd_init(text, strlen(text));
    char digits[MAC_DIGITS];

    while (!name_at(rd, digits))
        if (!lp_rd_skip(&rd, 1))
            return false;
    if (lp_hex_decode(digits, MAC_DIGITS, false, mac, MAC_LEN) != MAC_LEN)
        return false;
    memcpy(name, "SEP", 3);
    memcpy(name + 3, digits, MAC_DIGITS);
    name[15] = '\0';
    return true;
}
