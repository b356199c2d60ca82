#include "carrier/file.h"

/* Both without regard to case. `text` is in lower case. */
static bool starts(struct lp_rd name, const char *text)
{
    uint8_t byte;
    for (; *text; text++)
        if (!lp_rd_u8(&name, &byte) ||
            (byte >= 'A' && byte <= 'Z' ? byte + 32 : byte) != (unsigned char)*text)
            return false;
    return true;
}

static bool contains(struct lp_rd name, const char *text)
{
    uint8_t byte;

    do
        if (starts(name, text))
            return true;
    while (lp_rd_u8(&name, &byte));
    return false;
}

bool lp_fetched_wanted(struct lp_rd name)
{
    struct lp_rd last = name;
    uint8_t byte;

    while (lp_rd_u8(&name, &byte))
        if (byte == '/' || byte == '\\')
            last = name;
    return (starts(last, "sep") && contains(last, ".cnf.xml")) ||
           starts(last, "xmldefault.cnf.xml") ||
           ((starts(last, "ctl") || starts(last, "itl")) && contains(last, ".tlv"));
}
