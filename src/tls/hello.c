/* ClientHello and ServerHello, SSL 3.0 to TLS 1.3, DTLS 1.0 to 1.3. */
#include "tls/handshake.h"

enum {
    EXT_SERVER_NAME = 0,
    EXT_SERVER_CERTIFICATE_TYPE = 20,
    EXT_ENCRYPT_THEN_MAC = 22,
    EXT_PRE_SHARED_KEY = 41,
    EXT_EARLY_DATA = 42,
    EXT_SUPPORTED_VERSIONS = 43,
    EXT_POST_HANDSHAKE_AUTH = 49,
};

/* SHA-256 of "HelloRetryRequest": the random value that makes a ServerHello one (RFC 8446 4.1.3).
 */
static const uint8_t retry_random[32] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

/* Drafts of TLS 1.3 had numbers of their own (0x7f00 + draft; 0xfb00 + draft at one large site). */
static uint16_t plain_version(uint16_t version)
{
    return version >> 8 == 0x7f || version >> 8 == 0xfb ? 0x0304 : version;
}

/* RFC 8701: reserved values that a client strews in to keep servers tolerant. */
static bool is_grease(uint16_t value)
{
    return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

/* RFC 6066 3: the first entry of type host_name. */
static void server_name(struct lp_rd extension, struct lp_tls_hello *out)
{
    struct lp_rd list, name;
    uint8_t type;

    if (!lp_rd_vec(&extension, 2, &list))
        return; /* a server's answer is empty */
    while (lp_rd_u8(&list, &type) && lp_rd_vec(&list, 2, &name)) {
        if (type != 0)
            continue;
        out->sni.len = 0;
        (void)lp_buf_append(&out->sni, name.ptr,
                            name.left); /* without memory: as if there were none */
        return;
    }
}

/* RFC 8446 4.2.1: the client's list, or the server's choice. */
static void supported_versions(struct lp_rd extension, bool client, struct lp_tls_hello *out)
{
    struct lp_rd list = extension;
    uint16_t version, highest = 0;

    if (client && !lp_rd_vec(&extension, 1, &list))
        return;
    while (lp_rd_u16(&list, &version)) {
        if (is_grease(version))
            continue;
        out->draft |= !client && version != plain_version(version);
        version = plain_version(version);
        if ((version >> 8 == 3 || lp_version_is_dtls(version)) &&
            lp_version_like(version) > lp_version_like(highest))
            highest = version;
    }
    if (highest)
        out->version = highest;
}

/* RFC 7250 4: the type that the server has chosen. */
static bool is_raw_key(struct lp_rd extension)
{
    enum { RAW_PUBLIC_KEY = 2 };
    uint8_t type;
    return lp_rd_u8(&extension, &type) && type == RAW_PUBLIC_KEY && lp_rd_end(&extension);
}

bool lp_selects_raw_key(struct lp_rd body)
{
    struct lp_rd list, extension;
    uint16_t type;

    if (!lp_rd_vec(&body, 2, &list))
        return false;
    while (lp_rd_u16(&list, &type) && lp_rd_vec(&list, 2, &extension))
        if (type == EXT_SERVER_CERTIFICATE_TYPE)
            return is_raw_key(extension);
    return false;
}

static void client_extension(uint16_t type, struct lp_rd extension, struct lp_tls_hello *out)
{
    if (type == EXT_SERVER_NAME)
        server_name(extension, out);
    else if (type == EXT_SUPPORTED_VERSIONS)
        supported_versions(extension, true, out);
    else if (type == EXT_EARLY_DATA)
        out->early_data = true;
    else if (type == EXT_POST_HANDSHAKE_AUTH)
        out->post_handshake_auth = true;
}

static void server_extension(uint16_t type, struct lp_rd extension, struct lp_tls_hello *out)
{
    if (type == EXT_SUPPORTED_VERSIONS)
        supported_versions(extension, false, out);
    else if (type == EXT_PRE_SHARED_KEY)
        out->psk = true;
    else if (type == EXT_ENCRYPT_THEN_MAC)
        out->encrypt_then_mac = true;
    else if (type == EXT_SERVER_CERTIFICATE_TYPE)
        out->raw_public_key = is_raw_key(extension);
}

/* False: the block is malformed. It may be absent altogether (SSL 3.0, TLS 1.0). */
static bool extensions(struct lp_rd body, bool client, struct lp_tls_hello *out)
{
    struct lp_rd list, extension;
    uint16_t type;

    if (lp_rd_end(&body))
        return true;
    if (!lp_rd_vec(&body, 2, &list) || !lp_rd_end(&body))
        return false;
    while (!lp_rd_end(&list)) {
        if (!lp_rd_u16(&list, &type) || !lp_rd_vec(&list, 2, &extension))
            return false;
        if (client)
            client_extension(type, extension, out);
        else
            server_extension(type, extension, out);
    }
    return true;
}

static bool session_id(struct lp_rd *body, struct lp_tls_hello *out)
{
    struct lp_rd id;

    if (!lp_rd_vec(body, 1, &id) || id.left > sizeof out->session_id)
        return false;
    out->session_id_len = (uint8_t)id.left;
    return lp_rd_copy(&id, out->session_id, id.left);
}

/* The cipher suites by which a refusal is explained; signals among them are none. */
static void keep_offered(struct lp_rd ciphers, struct lp_tls_hello *out)
{
    enum { RENEGOTIATION_INFO = 0x00ff, FALLBACK = 0x5600 }; /* RFC 5746 3.3, RFC 7507 2 */
    uint16_t cipher;

    out->offered_count = 0;
    while (lp_rd_u16(&ciphers, &cipher)) {
        bool grease = (cipher & 0x0f0f) == 0x0a0a && cipher >> 8 == (cipher & 0xff); /* RFC 8701 */
        if (grease || cipher == RENEGOTIATION_INFO || cipher == FALLBACK)
            continue;
        if (out->offered_count < LP_TLS_CIPHERS_KEPT)
            out->offered[out->offered_count] = cipher;
        out->offered_count++;
    }
}

bool lp_client_hello(struct lp_rd body, struct lp_tls_hello *out, const char **problem)
{
    struct lp_rd cookie, ciphers, compression;

    *problem = "ClientHello (RFC 5246 7.4.1.2): a field exceeds the message";
    if (!lp_rd_u16(&body, &out->version) || !lp_rd_copy(&body, out->random, 32) ||
        !session_id(&body, out) ||
        (lp_version_is_dtls(out->version) && !lp_rd_vec(&body, 1, &cookie)) ||
        !lp_rd_vec(&body, 2, &ciphers) || !lp_rd_vec(&body, 1, &compression))
        return false;
    keep_offered(ciphers, out);
    *problem = "ClientHello (RFC 5246 7.4.1.4): the extensions do not fill their length";
    if (!extensions(body, true, out))
        return false;
    *problem = NULL;
    out->complete = true;
    return true;
}

bool lp_server_hello(struct lp_rd body, struct lp_tls_hello *out, const char **problem)
{
    uint8_t compression = 0;

    *problem = "ServerHello (RFC 5246 7.4.1.3): a field exceeds the message";
    if (!lp_rd_u16(&body, &out->version))
        return false;
    out->draft = out->version != plain_version(out->version);
    out->version = plain_version(out->version);
    if (!lp_rd_copy(&body, out->random, sizeof out->random))
        return false;
    /* Drafts of TLS 1.3 up to 21 have no session id and no compression here. */
    struct lp_rd draft = body;
    bool plain = session_id(&body, out) && lp_rd_u16(&body, &out->cipher) &&
                 lp_rd_u8(&body, &compression) && extensions(body, false, out);
    if (!plain) {
        out->session_id_len = 0;
        if (out->version != 0x0304 || !lp_rd_u16(&draft, &out->cipher) ||
            !extensions(draft, false, out))
            return false;
    }
    out->retry = memcmp(out->random, retry_random, sizeof retry_random) == 0;
    out->compressed = plain && compression != 0;
    *problem = NULL;
    out->complete = true;
    return true;
}
