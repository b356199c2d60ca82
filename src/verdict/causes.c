/*
 * Why a comparison came out as it did. Both sides are spelled out in the two notations in which
 * people meet them: Base64 as in the configuration, hex as in a thumbprint.
 */
#include "verdict/findings.h"

#include "phone/pairing.h"
#include "verdict/words.h"

#include <stdio.h>

enum { HEX_SIZE = 2 * 64 + 1, BASE64_SIZE = 4 * ((64 + 2) / 3) + 1 };

static const char renew_hash[] =
    "write the hash of the presented certificate into the phones' configuration: on Cisco "
    "Communications Manager Express bind the headend's present certificate in vpn-trustpoint, then "
    "`no create cnf-files` and `create cnf-files`; on CUCM upload it to Phone-VPN-trust; then "
    "reset "
    "the phone inside the network, so that it downloads its configuration anew";

static const char given_hash[] =
    "check that the value belongs to the certificate now installed on the headend; `leafprint "
    "hash` prints the hash of a certificate file in every notation";

static const char present_chain[] =
    "in vpn-trustpoint change `root` to `leaf`, so that the phone gets the leaf's hash, or let the "
    "headend present its whole chain; then reset the phone inside the network";

/* The running text of one message. NULL once memory ran short, and then it stays so. */
struct sentence {
    struct lp_arena *arena;
    const char *text;
};

static void say(struct sentence *s, const char *prefix, const char *text)
{
    if (s->text)
        s->text = lp_arena_printf(s->arena, "%s%s%s", s->text, prefix, text);
}

static void say_digest(struct sentence *s, const uint8_t *digest, size_t n)
{
    char hex[HEX_SIZE], base64[BASE64_SIZE];

    lp_hex_text(digest, n, hex);
    lp_base64_text(digest, n, base64);
    say(s, " ", base64);
    say(s, " (hex ", hex);
    say(s, ")", "");
}

static void say_fault(struct sentence *s, enum lp_hash_fault fault)
{
    static const char *const texts[] = {
        [LP_HASH_FINE] = "a value of no known digest",
        [LP_HASH_EMPTY] = "empty",
        [LP_HASH_NOT_BASE64] = "no Base64",
        [LP_HASH_OF_HEX_TEXT] = "the Base64 of the hex digits instead of the hash itself",
        [LP_HASH_IS_HEX] = "hex digits instead of Base64",
        [LP_HASH_BAD_LENGTH] = "of no digest's length",
    };
    size_t i = (size_t)fault;

    say(s, " is ", i < sizeof texts / sizeof *texts ? texts[i] : texts[LP_HASH_FINE]);
    say(s, " and equals no certificate", "");
}

/* Whose values they are: a capture may be held against several configurations. */
static void say_source(struct sentence *s, const struct lp_config *config)
{
    const char *source = config->source ? config->source : "the configuration";

    if (lp_is_phone_side(config) && s->text)
        s->text = lp_arena_printf(s->arena, "%s; in %.*s", s->text, lp_shown(source), source);
}

static void say_expected(struct sentence *s, const struct lp_config *config)
{
    const char *between = lp_is_phone_side(config) ? " " : "; ";

    say_source(s, config);
    for (size_t i = 0; i < config->hash_count && i < LP_MAX_CERT_HASHES; i++) {
        const struct lp_cert_hash *hash = &config->hashes[i];
        if (!lp_cert_hash_present(hash))
            continue;
        const char *label = lp_hash_label(s->arena, config, hash);
        if (!label) {
            s->text = NULL;
            return;
        }
        say(s, between, label);
        between = ", ";
        if (hash->fault == LP_HASH_FINE && hash->digest_len <= sizeof hash->digest) {
            say(s, lp_is_phone_side(config) ? " is" : " has", "");
            say_digest(s, hash->digest, hash->digest_len);
        } else {
            say_fault(s, hash->fault);
        }
    }
}

static bool expects(const struct lp_config *config, enum lp_hash_algorithm algorithm)
{
    for (size_t i = 0; i < config->hash_count && i < LP_MAX_CERT_HASHES; i++)
        if (config->hashes[i].fault == LP_HASH_FINE && config->hashes[i].algorithm == algorithm)
            return true;
    return false;
}

static void say_leaf(struct sentence *s, const struct lp_config *config, const struct lp_cert *leaf)
{
    const struct lp_cert_facts *facts = leaf->facts;

    if (facts && facts->has_dates) {
        char from[LP_DATE_SIZE], to[LP_DATE_SIZE];
        lp_date_text(&facts->not_before, from);
        lp_date_text(&facts->not_after, to);
        say(s, ", valid from ", from);
        say(s, " to ", to);
    }
    say(s, ", SHA-1", "");
    say_digest(s, leaf->sha1, sizeof leaf->sha1);
    if (expects(config, LP_HASH_SHA256)) {
        say(s, ", SHA-256", "");
        say_digest(s, leaf->sha256, sizeof leaf->sha256);
    }
    if (leaf->more && expects(config, LP_HASH_MD5)) {
        say(s, ", MD5", "");
        say_digest(s, leaf->more->md5, sizeof leaf->more->md5);
    }
    if (leaf->more && expects(config, LP_HASH_SHA512)) {
        say(s, ", SHA-512", "");
        say_digest(s, leaf->more->sha512, sizeof leaf->more->sha512);
    }
}

static struct lp_finding about(const struct lp_comparison *it, enum lp_severity severity,
                               const char *code, const char *remedy)
{
    struct lp_finding what = {severity, code,  it->session->id, it->session->certificate_frame,
                              NULL,     remedy};
    return what;
}

static void cause_mismatch(struct lp_findings *findings, const struct lp_comparison *it)
{
    const struct lp_cert *leaf = lp_whole_leaf(it->session);
    struct lp_finding what = about(it, LP_PROBLEM, "hash-mismatch",
                                   lp_is_phone_side(it->config) ? renew_hash : given_hash);
    struct sentence s = {findings->arena, ""};
    char server[LP_SERVER_SIZE];

    if (!leaf)
        return;
    say_leaf(&s, it->config, leaf);
    say_expected(&s, it->config);
    if (!s.text) {
        findings->failed = true;
        return;
    }
    lp_server_text(it, server);
    const char *subject = lp_subject(leaf);
    lp_findings_add(findings, &what, "%s presents %.*s%s", server, lp_shown(subject), subject,
                    s.text);
}

/* An expected value that is the hash of a presented issuer: the reason of a match-issuer, and under
 * leaf_only the likely reason of a mismatch. */
static void cause_issuer(struct lp_findings *findings, const struct lp_comparison *it,
                         const struct lp_cert_hash *hash, const struct lp_cert *issuer)
{
    bool refused = it->verdict == LP_MISMATCH;
    struct lp_finding what =
        about(it, refused ? LP_WARNING : LP_INFO, "issuer-match",
              refused ? present_chain
                      : "where the phone should hold the leaf's own hash (a Cisco IOS router as "
                        "headend demands it), change `root` to `leaf` in vpn-trustpoint");
    const char *label = lp_hash_label(findings->arena, it->config, hash);
    const char *subject = lp_subject(issuer);

    if (!label) {
        findings->failed = true;
        return;
    }
    lp_findings_add(findings, &what,
                    "%s is the hash of the certificate at depth %u, %.*s, not of the leaf", label,
                    issuer->depth, lp_shown(subject), subject);
}

static void cause_issuers(struct lp_findings *findings, const struct lp_comparison *it)
{
    for (size_t h = 0; h < it->config->hash_count && h < LP_MAX_CERT_HASHES; h++)
        for (size_t i = 1; i < it->session->chain_count; i++)
            if (lp_cert_equals(&it->session->chain[i], &it->config->hashes[h]) == LP_EQUAL) {
                cause_issuer(findings, it, &it->config->hashes[h], &it->session->chain[i]);
                break; /* a chain that repeats a certificate does not repeat the message */
            }
}

/* LP_REASON_LIMIT although the Certificate message is whole. */
static void cause_digest_missing(struct lp_findings *findings, const struct lp_comparison *it)
{
    struct lp_finding what =
        about(it, LP_WARNING, "digest-missing",
              "give the SHA-1 or SHA-256 of the certificate instead, or let the scan compute the "
              "other digests (lp_options.more_digests); where OpenSSL runs in FIPS mode it "
              "computes no MD5");
    char server[LP_SERVER_SIZE];

    lp_server_text(it, server);
    lp_findings_add(findings, &what,
                    "a digest that an expected value needs (MD5 or SHA-512) was not computed for "
                    "the certificates of %s",
                    server);
}

void lp_cause_comparison(struct lp_findings *findings, const struct lp_comparison *it)
{
    if (it->verdict == LP_MISMATCH)
        cause_mismatch(findings, it);
    if (it->verdict == LP_MISMATCH || it->verdict == LP_MATCH_ISSUER)
        cause_issuers(findings, it);
    if (it->verdict == LP_UNDECIDED && it->reason == LP_REASON_LIMIT &&
        it->session->chain_complete && lp_whole_leaf(it->session))
        cause_digest_missing(findings, it);
}

static bool presented(const struct lp_session *session, const struct lp_cert_hash *hash)
{
    for (size_t i = 0; i < session->chain_count; i++)
        if (lp_cert_equals(&session->chain[i], hash) == LP_EQUAL)
            return true;
    return false;
}

static bool issued(const struct lp_cert *issuer, const struct lp_cert *leaf)
{
    return issuer->facts && leaf->facts && issuer->facts->subject && leaf->facts->issuer &&
           issuer->facts->subject[0] && strcmp(issuer->facts->subject, leaf->facts->issuer) == 0;
}

static void say_known(struct lp_findings *findings, const struct lp_comparison *it,
                      const struct lp_known_cert *known, const struct lp_cert_hash *hash)
{
    bool is_issuer = issued(&known->cert, lp_whole_leaf(it->session));
    struct lp_finding what =
        about(it, LP_WARNING, "issuer-not-presented", is_issuer ? present_chain : NULL);
    const char *label = lp_hash_label(findings->arena, it->config, hash);
    const char *subject = lp_subject(&known->cert);

    if (!label) {
        findings->failed = true;
        return;
    }
    lp_findings_add(findings, &what,
                    "%s is the hash of %.*s (%.*s), which the server does not "
                    "present%s",
                    label, lp_shown(subject), subject, lp_shown(known->source), known->source,
                    is_issuer ? ", although its leaf names that subject as its issuer" : "");
}

void lp_cause_known_cert(struct lp_findings *findings, const struct lp_comparison *it,
                         const struct lp_known_cert *known)
{
    const struct lp_cert *leaf = lp_whole_leaf(it->session);

    if (it->verdict != LP_MISMATCH || !leaf)
        return;
    for (size_t i = 0; i < it->config->hash_count && i < LP_MAX_CERT_HASHES; i++) {
        const struct lp_cert_hash *hash = &it->config->hashes[i];
        /* A certificate given as the expected side is worth naming only when it is the issuer. */
        bool news = lp_is_phone_side(it->config) || issued(&known->cert, leaf);
        if (news && lp_cert_equals(&known->cert, hash) == LP_EQUAL && !presented(it->session, hash))
            say_known(findings, it, known, hash);
    }
}
