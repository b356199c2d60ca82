#include "carrier/radius.h"

enum {
    HEADER = 20, /* code, identifier, length, authenticator */
    USER_NAME = 1,
    NAS_PORT = 5,
    CALLING_STATION = 31,
    EAP_MESSAGE = 79,
    MESSAGE_AUTHENTICATOR = 80,
    NAS_PORT_ID = 87,
};

/* Code, identifier and the attributes, as far as they were captured. */
static bool header(struct lp_rd datagram, uint8_t *code, uint8_t *id, struct lp_rd *attributes,
                   bool *cut)
{
    uint16_t length;

    if (!lp_rd_u8(&datagram, code) || !lp_rd_u8(&datagram, id) || !lp_rd_u16(&datagram, &length) ||
        !lp_rd_skip(&datagram, HEADER - 4) || length < HEADER || length > LP_RADIUS_MOST ||
        (*code != LP_RADIUS_REQUEST && *code != LP_RADIUS_ACCEPT && *code != LP_RADIUS_REJECT &&
         *code != LP_RADIUS_CHALLENGE))
        return false;
    *cut = datagram.left < length - (size_t)HEADER;
    *attributes = lp_rd_head(&datagram, length - (size_t)HEADER);
    return true;
}

/* RFC 2865 5: type, length of all of it, value. A value that was cut is what there is of it. */
static bool attribute(struct lp_rd *rd, uint8_t *type, struct lp_rd *value, bool cut)
{
    uint8_t length;

    if (!lp_rd_u8(rd, type) || !lp_rd_u8(rd, &length) || length < 2)
        return false;
    if (lp_rd_sub(rd, length - 2U, value))
        return true;
    *value = lp_rd_rest(rd);
    return cut;
}

/* Whether a whole packet's attributes fill it, one of them telling that this is RADIUS. */
static bool is_evident(struct lp_rd packet)
{
    struct lp_rd value;
    bool evident = false;
    uint8_t type;

    if (!lp_rd_skip(&packet, HEADER))
        return false;
    while (!lp_rd_end(&packet)) {
        if (!attribute(&packet, &type, &value, false))
            return false;
        evident |= type == EAP_MESSAGE || type == MESSAGE_AUTHENTICATOR;
    }
    return evident;
}

enum lp_radius_next lp_radius_next(struct lp_rd *stream, struct lp_rd *packet)
{
    struct lp_rd copy = *stream;
    uint16_t code_and_id, length;

    if (!lp_rd_u16(&copy, &code_and_id) || !lp_rd_u16(&copy, &length))
        return LP_RADIUS_MORE;
    if (length < HEADER || length > LP_RADIUS_MOST)
        return LP_RADIUS_BROKEN;
    return lp_rd_sub(stream, length, packet) ? LP_RADIUS_PACKET : LP_RADIUS_MORE;
}

enum lp_radius_next lp_radius_begins(struct lp_rd stream)
{
    enum { STATUS_SERVER = 12 }; /* RFC 5997 */
    struct lp_rd copy = stream, packet;
    uint8_t code;

    if (lp_rd_u8(&copy, &code) && code != LP_RADIUS_REQUEST && code != LP_RADIUS_ACCEPT &&
        code != LP_RADIUS_REJECT && code != LP_RADIUS_CHALLENGE && code != STATUS_SERVER)
        return LP_RADIUS_BROKEN;
    enum lp_radius_next next = lp_radius_next(&stream, &packet);
    return next == LP_RADIUS_PACKET && !is_evident(packet) ? LP_RADIUS_BROKEN : next;
}

bool lp_radius_recognise(struct lp_rd datagram)
{
    uint8_t code, id, type;
    bool cut, eap = false;
    struct lp_rd attributes, value;

    if (!header(datagram, &code, &id, &attributes, &cut))
        return false;
    while (!lp_rd_end(&attributes)) {
        if (!attribute(&attributes, &type, &value, cut))
            return cut && eap;
        eap |= type == EAP_MESSAGE;
    }
    return eap;
}

bool lp_radius_read(struct lp_rd datagram, struct lp_radius *out)
{
    struct lp_rd attributes, value, eap = lp_rd_init(NULL, 0);
    uint8_t type;
    bool cut;

    out->user = out->station = out->port = eap;
    out->eap_len = 0;
    if (!lp_radius_recognise(datagram) ||
        !header(datagram, &out->code, &out->id, &attributes, &cut))
        return false;
    while (attribute(&attributes, &type, &value, cut)) {
        switch (type) {
        case USER_NAME:
            out->user = value;
            break;
        case CALLING_STATION:
            out->station = value;
            break;
        case NAS_PORT_ID:
        case NAS_PORT:
            if (lp_rd_end(&out->port) || type == NAS_PORT_ID)
                out->port = value;
            break;
        case EAP_MESSAGE:
            eap = value;
            if (lp_rd_copy(&value, out->eap + out->eap_len, eap.left))
                out->eap_len += eap.left; /* together less than LP_RADIUS_MOST, as the packet is */
            break;
        default:
            break;
        }
    }
    return true;
}

bool lp_radius_mac(struct lp_rd station, uint8_t mac[6])
{
    enum { DIGITS = 12 };
    unsigned digits = 0;
    uint8_t c;

    while (digits < DIGITS && lp_rd_u8(&station, &c)) {
        bool letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (c == '-' || c == ':' || c == '.')
            continue;
        if (!letter && (c < '0' || c > '9'))
            return false;
        uint8_t value = (uint8_t)(letter ? (c | 0x20) - 'a' + 10 : c - '0');
        mac[digits / 2] = (uint8_t)(mac[digits / 2] << 4 | value);
        digits++;
    }
    return digits == DIGITS && lp_rd_end(&station);
}
