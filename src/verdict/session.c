/*
 * One handshake against one configuration.
 *
 * Every pair of a presented certificate and an expected value has one of three answers: equal,
 * different, or not to be known, because bytes are missing or a digest was not computed. A match
 * needs one "equal" and the whole leaf. A mismatch needs "different" from every pair and a chain of
 * which nothing is missing. Whatever is neither stays undecided, so that a lost packet or a
 * forgotten option can hide a result but never invent one.
 *
 * Nothing is equal to an empty value, to an empty certificate or to a digest of zeros: a digest
 * field that nobody filled holds just that.
 */
#include "verdict/verdict.h"

#include <string.h>

bool lp_cert_hash_present(const struct lp_cert_hash *hash)
{
    if (hash->fault == LP_HASH_FINE)
        return hash->digest_len > 0;
    return hash->fault != LP_HASH_EMPTY;
}

static size_t digest_size(enum lp_hash_algorithm algorithm)
{
    switch (algorithm) {
    case LP_HASH_MD5:
        return 16;
    case LP_HASH_SHA1:
        return 20;
    case LP_HASH_SHA256:
        return 32;
    case LP_HASH_SHA512:
        return 64;
    case LP_HASH_UNKNOWN:
        break;
    }
    return 0;
}

/* NULL when this digest was not computed. */
static const uint8_t *digest_of(const struct lp_cert *cert, enum lp_hash_algorithm algorithm)
{
    switch (algorithm) {
    case LP_HASH_SHA1:
        return cert->sha1;
    case LP_HASH_SHA256:
        return cert->sha256;
    case LP_HASH_MD5:
        return cert->more ? cert->more->md5 : NULL;
    case LP_HASH_SHA512:
        return cert->more ? cert->more->sha512 : NULL;
    case LP_HASH_UNKNOWN:
        break;
    }
    return NULL;
}

static bool filled(const uint8_t *digest, size_t n)
{
    static const uint8_t zeros[64];
    return memcmp(digest, zeros, n) != 0;
}

enum lp_equal lp_cert_equals(const struct lp_cert *cert, const struct lp_cert_hash *hash)
{
    size_t n = digest_size(hash->algorithm);

    if (hash->fault != LP_HASH_FINE || n == 0 || hash->digest_len != n)
        return LP_DIFFERENT;
    if (!cert->complete)
        return LP_INCOMPARABLE;
    if (cert->bytes == 0)
        return LP_DIFFERENT; /* against RFC 5246 7.4.2 (1 to 2^24-1 bytes), and no certificate */

    const uint8_t *digest = digest_of(cert, hash->algorithm);
    if (!digest || !filled(digest, n))
        return LP_INCOMPARABLE;
    return memcmp(digest, hash->digest, n) == 0 ? LP_EQUAL : LP_DIFFERENT;
}

const struct lp_cert *lp_whole_leaf(const struct lp_session *session)
{
    const struct lp_cert *leaf = session->chain_count ? session->chain : NULL;
    return leaf && leaf->depth == 0 && leaf->complete && leaf->bytes ? leaf : NULL;
}

/* Equal when any value is; otherwise different only when all are known to be. */
static enum lp_equal equals_any(const struct lp_cert *cert, const struct lp_config *config)
{
    enum lp_equal answer = LP_DIFFERENT;

    for (size_t i = 0; i < config->hash_count && i < LP_MAX_CERT_HASHES; i++) {
        enum lp_equal one = lp_cert_equals(cert, &config->hashes[i]);
        if (one == LP_EQUAL)
            return LP_EQUAL;
        if (one == LP_INCOMPARABLE)
            answer = LP_INCOMPARABLE;
    }
    return answer;
}

static enum lp_reason nothing_expected(const struct lp_config *config)
{
    if (config->reason != LP_REASON_NONE)
        return config->reason;
    for (size_t i = 0; i < config->hash_count && i < LP_MAX_CERT_HASHES; i++)
        if (lp_cert_hash_present(&config->hashes[i]))
            return LP_REASON_NONE;
    return LP_REASON_NO_CERT_HASH;
}

/* Why bytes of the Certificate message are missing. The handshake's own reason comes first; it is
 * silent when only what follows the leaf is lost, and then its outcome tells. */
static enum lp_reason why_missing(const struct lp_session *session)
{
    if (session->reason != LP_REASON_NONE)
        return session->reason;
    switch (session->outcome) {
    case LP_OUTCOME_TRUNCATED:
        return LP_REASON_TRUNCATED;
    case LP_OUTCOME_MALFORMED:
        return LP_REASON_MALFORMED;
    case LP_OUTCOME_LIMIT:
        return LP_REASON_LIMIT;
    case LP_OUTCOME_ENCRYPTED:
        return LP_REASON_ENCRYPTED;
    case LP_OUTCOME_RESUMED:
        return LP_REASON_RESUMED;
    case LP_OUTCOME_ONE_SIDED:
        return LP_REASON_ONE_SIDED;
    case LP_OUTCOME_NO_CERTIFICATE:
        return session->chain_count ? LP_REASON_GAP : LP_REASON_NO_CERTIFICATE_MESSAGE;
    case LP_OUTCOME_COMPLETE: /* a whole message without a leaf: an empty list, an empty entry */
        return session->chain_complete && !lp_whole_leaf(session) ? LP_REASON_MALFORMED
                                                                  : LP_REASON_GAP;
    case LP_OUTCOME_GAP:
    case LP_OUTCOME_COUNT:
        break;
    }
    return LP_REASON_GAP;
}

static bool chain_whole(const struct lp_session *session)
{
    for (size_t i = 0; i < session->chain_count; i++)
        if (!session->chain[i].complete)
            return false;
    return session->chain_complete;
}

enum lp_verdict lp_verdict_peek(const struct lp_session *session, const struct lp_config *config,
                                bool leaf_only, enum lp_reason *reason)
{
    const struct lp_cert *leaf = lp_whole_leaf(session);

    *reason = nothing_expected(config);
    if (*reason != LP_REASON_NONE)
        return LP_UNDECIDED;
    if (!leaf) {
        *reason = why_missing(session);
        return LP_UNDECIDED;
    }

    enum lp_equal answer = equals_any(leaf, config);
    if (answer == LP_EQUAL)
        return LP_MATCH;
    for (size_t i = 1; i < session->chain_count && !leaf_only; i++) {
        enum lp_equal issuer = equals_any(&session->chain[i], config);
        if (issuer == LP_EQUAL)
            return LP_MATCH_ISSUER;
        if (issuer == LP_INCOMPARABLE)
            answer = LP_INCOMPARABLE;
    }
    if (!leaf_only && !chain_whole(session))
        *reason = why_missing(session); /* an issuer among the missing bytes might match */
    else if (answer == LP_INCOMPARABLE)
        *reason = LP_REASON_LIMIT; /* lp_options.more_digests was off, or MD5 is not to be had */
    return *reason == LP_REASON_NONE ? LP_MISMATCH : LP_UNDECIDED;
}

static void mark(struct lp_cert *cert, const struct lp_config *config)
{
    for (size_t i = 0; i < config->hash_count && i < LP_MAX_CERT_HASHES; i++) {
        const struct lp_cert_hash *hash = &config->hashes[i];
        if (hash->n >= 1 && hash->n <= LP_MAX_CERT_HASHES && lp_cert_equals(cert, hash) == LP_EQUAL)
            cert->matches |= 1U << (hash->n - 1);
    }
}

enum lp_verdict lp_verdict_session(struct lp_session *session, const struct lp_config *config,
                                   bool leaf_only, enum lp_reason *reason)
{
    enum lp_verdict verdict = lp_verdict_peek(session, config, leaf_only, reason);

    if (nothing_expected(config) == LP_REASON_NONE)
        for (size_t i = 0; i < session->chain_count; i++)
            mark(&session->chain[i], config);
    return verdict;
}
