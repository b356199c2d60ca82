#include "carrier/turn.h"

enum {
    FIRST_CHANNEL = 0x4000, /* RFC 8656 12 */
    LAST_CHANNEL = 0x4fff,
    CHANNEL_BIND = 0x0009,
    SEND_INDICATION = 0x0016,
    DATA_INDICATION = 0x0017,
    CHANNEL_NUMBER = 0x000c,
    XOR_PEER_ADDRESS = 0x0012,
    DATA = 0x0013,
    STUN_HEADER = 20,
    TRANSACTION = 12,
    MAX_ATTRIBUTES = 64,
};

static const uint32_t MAGIC_COOKIE = 0x2112a442;

static bool is_channel(uint16_t number)
{
    return number >= FIRST_CHANNEL && number <= LAST_CHANNEL;
}

/* Takes n bytes, or what was captured of them, and the padding behind. */
static struct lp_rd take(struct lp_rd *rd, size_t n)
{
    struct lp_rd out = lp_rd_head(rd, n);

    if (!lp_rd_skip(rd, n) || !lp_rd_skip(rd, (4 - n % 4) % 4))
        (void)lp_rd_rest(rd);
    return out;
}

/* Type, length of what follows, cookie and transaction (RFC 8489 5). */
static bool stun_header(struct lp_rd *rd, uint16_t *type, uint16_t *length,
                        uint8_t transaction[TRANSACTION])
{
    struct lp_rd copy = *rd;
    uint32_t cookie;

    if (!lp_rd_u16(&copy, type) || !lp_rd_u16(&copy, length) || !lp_rd_u32(&copy, &cookie) ||
        !lp_rd_copy(&copy, transaction, TRANSACTION) || *type >> 14 != 0 || *length % 4 != 0 ||
        cookie != MAGIC_COOKIE)
        return false;
    *rd = copy;
    return true;
}

/* XOR-PEER-ADDRESS: family, port and address, veiled by cookie and transaction (RFC 8489 14.2). */
static bool peer_address(struct lp_rd value, const uint8_t transaction[TRANSACTION],
                         struct lp_turn *out)
{
    enum { IPV4 = 1, IPV6 = 2 };
    uint8_t family;
    uint32_t word, veil = MAGIC_COOKIE;
    struct lp_rd veils = lp_rd_init(transaction, TRANSACTION);

    if (!lp_rd_skip(&value, 1) || !lp_rd_u8(&value, &family) ||
        (family != IPV4 && family != IPV6) || !lp_rd_u16(&value, &out->peer_port) ||
        value.left < (family == IPV4 ? 4U : 16U))
        return false;
    out->peer_port ^= (uint16_t)(MAGIC_COOKIE >> 16);
    out->peer.family = family == IPV4 ? 4 : 6;
    for (unsigned i = 0; i < (family == IPV4 ? 4U : 16U); i += 4) {
        if (!lp_rd_u32(&value, &word) || (i > 0 && !lp_rd_u32(&veils, &veil)))
            return false;
        word ^= veil;
        for (unsigned k = 0; k < 4; k++)
            out->peer.bytes[i + k] = (uint8_t)(word >> (24 - 8 * k));
    }
    return true;
}

static bool attributes(struct lp_rd list, const uint8_t transaction[TRANSACTION],
                       struct lp_turn *out)
{
    uint16_t type, length;
    bool has_data = false;

    for (unsigned i = 0; i < MAX_ATTRIBUTES && lp_rd_u16(&list, &type); i++) {
        if (!lp_rd_u16(&list, &length))
            break;
        struct lp_rd value = take(&list, length);
        if (type == DATA) {
            out->data = value;
            has_data = true;
        } else if (type == XOR_PEER_ADDRESS) {
            out->has_peer = peer_address(value, transaction, out);
        } else if (type == CHANNEL_NUMBER && !lp_rd_u16(&value, &out->channel)) {
            return false;
        }
    }
    return out->has_peer && (out->bind ? is_channel(out->channel) : has_data);
}

bool lp_turn_read(struct lp_rd datagram, struct lp_turn *out)
{
    struct lp_rd copy = datagram;
    uint8_t transaction[TRANSACTION];
    uint16_t type, length;

    *out = (struct lp_turn){.data = lp_rd_init(NULL, 0)};
    if (lp_rd_u16(&copy, &type) && is_channel(type)) {
        out->channel = type;
        if (!lp_rd_u16(&copy, &length))
            return false;
        out->data = take(&copy, length);
        return lp_rd_end(&copy);
    }
    if (!stun_header(&datagram, &type, &length, transaction) ||
        (type != SEND_INDICATION && type != DATA_INDICATION && type != CHANNEL_BIND))
        return false;
    out->bind = type == CHANNEL_BIND;
    return attributes(lp_rd_head(&datagram, length), transaction, out);
}

enum lp_turn_next lp_turn_begins(struct lp_rd stream)
{
    enum { CLASSES_AND_METHODS = 2 }; /* first bytes of the types of TURN: 0 and 1 */
    uint8_t transaction[TRANSACTION], first;
    uint16_t type, length;

    if (stun_header(&stream, &type, &length, transaction))
        return LP_TURN_FRAME;
    return stream.left < STUN_HEADER && (!lp_rd_u8(&stream, &first) || first < CLASSES_AND_METHODS)
               ? LP_TURN_MORE
               : LP_TURN_BROKEN;
}

enum lp_turn_next lp_turn_next(struct lp_rd *stream, struct lp_rd *frame)
{
    struct lp_rd copy = *stream;
    uint16_t type, length;

    if (!lp_rd_u16(&copy, &type) || !lp_rd_u16(&copy, &length))
        return LP_TURN_MORE;
    if (type >> 14 != 0 && !is_channel(type))
        return LP_TURN_BROKEN;
    size_t size = is_channel(type) ? 4U + length : (size_t)STUN_HEADER + length;
    if (stream->left < size + (4 - size % 4) % 4)
        return LP_TURN_MORE;
    *frame = take(stream, size);
    return is_channel(type) ? LP_TURN_FRAME : lp_turn_begins(*frame);
}
