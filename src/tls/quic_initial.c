#include "tls/quic_initial.h"

/* ---- connection ids ---- */

void lp_quic_keep_id(struct lp_quic_id *id, struct lp_rd bytes)
{
    id->length = (uint8_t)bytes.left;
    id->known = lp_rd_copy(&bytes, id->bytes, bytes.left);
}

static struct lp_rd id_bytes(const struct lp_quic_id *id)
{
    return lp_rd_init(id->bytes, id->length);
}

bool lp_quic_is_id(const struct lp_quic_id *id, struct lp_rd bytes)
{
    return id->known && id->length == bytes.left && memcmp(id->bytes, bytes.ptr, bytes.left) == 0;
}

/* ---- opening ---- */

bool lp_quic_open_packet(struct lp_quic *quic, unsigned dir, const struct lp_quic_packet *packet,
                         const struct lp_quic_seal *seal, uint64_t *expected)
{
    struct lp_quic_opening opening = {quic->crypto, seal, *expected, &quic->header, &quic->plain};

    quic->header.budget = quic->plain.budget = quic->tls.budget;
    enum lp_crypto_result result = lp_quic_open(&opening, packet);
    quic->half[dir].limited |= result == LP_CRYPTO_BUDGET;
    *expected = opening.expected;
    quic->google = lp_quic_version(packet->version)->google;
    return result == LP_CRYPTO_OK;
}

static bool opens(struct lp_quic *quic, unsigned dir, const struct lp_quic_packet *packet,
                  const struct lp_quic_origin *origin)
{
    bool from_server = quic->client_known && dir != quic->client;
    return lp_quic_open_packet(quic, dir, packet, &origin->seal[from_server],
                               &quic->half[dir].expected[LP_QUIC_AT_INITIAL]);
}

static bool derive_origin(struct lp_quic *quic, uint32_t version, struct lp_rd id,
                          struct lp_quic_origin *out)
{
    *out = (struct lp_quic_origin){.version = version};
    lp_quic_keep_id(&out->id, id);
    return lp_quic_seal_initial(quic->crypto, version, id, out->seal);
}

void lp_quic_add_origin(struct lp_quic *quic, const struct lp_quic_origin *origin)
{
    if (quic->origin_count < LP_QUIC_ORIGINS)
        quic->origin_count++;
    memmove(quic->origins + 1, quic->origins, (quic->origin_count - 1) * sizeof *origin);
    quic->origins[0] = *origin;
}

static bool has_origin(const struct lp_quic *quic, uint32_t version, struct lp_rd id)
{
    for (unsigned i = 0; i < quic->origin_count; i++)
        if (quic->origins[i].version == version && lp_quic_is_id(&quic->origins[i].id, id))
            return true;
    return false;
}

/* RFC 9368 2.3: the server may go on in another version, from the same origin. */
static bool opens_in_version(struct lp_quic *quic, unsigned dir,
                             const struct lp_quic_packet *packet)
{
    struct lp_quic_origin fresh;

    for (unsigned i = 0; i < quic->origin_count; i++) {
        const struct lp_quic_origin *origin = &quic->origins[i];
        if (has_origin(quic, packet->version, id_bytes(&origin->id)) ||
            !derive_origin(quic, packet->version, id_bytes(&origin->id), &fresh) ||
            !opens(quic, dir, packet, &fresh))
            continue;
        lp_quic_add_origin(quic, &fresh);
        return true;
    }
    return false;
}

enum lp_quic_opened lp_quic_open_initial(struct lp_quic *quic, unsigned dir,
                                         const struct lp_quic_packet *packet,
                                         struct lp_quic_origin *fresh)
{
    bool from_server = quic->client_known && dir != quic->client;
    uint64_t expected = 0; /* of another handshake, it may be */

    if (!quic->crypto || !packet->whole)
        return LP_QUIC_NOT_OPENED;
    for (unsigned i = 0; i < quic->origin_count; i++)
        if (quic->origins[i].version == packet->version &&
            opens(quic, dir, packet, &quic->origins[i]))
            return LP_QUIC_BY_KNOWN;
    if (opens_in_version(quic, dir, packet))
        return LP_QUIC_BY_KNOWN;
    if (from_server || has_origin(quic, packet->version, packet->destination) ||
        !derive_origin(quic, packet->version, packet->destination, fresh))
        return LP_QUIC_NOT_OPENED;
    return lp_quic_open_packet(quic, dir, packet, &fresh->seal[0], &expected) ? LP_QUIC_BY_OWN
                                                                              : LP_QUIC_NOT_OPENED;
}
