#include "carrier/wrapped.h"

/* OpenVPN over TCP: a length, then an opcode in the upper five bits and a key number, zero at
 * first. A connection begins with one of the "hard reset" messages, which holds at least its
 * session id, an empty acknowledgement list and a packet id. */
static bool is_openvpn(struct lp_rd stream)
{
    enum {
        LEAST = 14,
        MOST = 1500,
        CLIENT_V1 = 1,
        SERVER_V1 = 2,
        CLIENT_V2 = 7,
        SERVER_V2 = 8,
        CLIENT_V3 = 10
    };
    uint16_t length;
    uint8_t first;

    if (!lp_rd_u16(&stream, &length) || !lp_rd_u8(&stream, &first) || length < LEAST ||
        length > MOST || (first & 7) != 0)
        return false;
    uint8_t opcode = first >> 3;
    return opcode == CLIENT_V1 || opcode == SERVER_V1 || opcode == CLIENT_V2 ||
           opcode == SERVER_V2 || opcode == CLIENT_V3;
}

static const struct {
    const char *name;
    bool (*begins)(struct lp_rd stream);
} protocols[] = {
    {"OpenVPN", is_openvpn},
};

const char *lp_carrier_wrapped(struct lp_rd stream)
{
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
        if (protocols[i].begins(stream))
            return protocols[i].name;
    return NULL;
}
