/*
 * The two sides of the comparison, in Base64 and hex, with the characters that differ marked; and
 * what the presented certificates say of themselves.
 */
#include "report/html_parts.h"
#include "report/report.h"

#include "base/rd.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { CONFIGS_MOST = 6, CERTS_MOST = 4, CHAIN_MOST = 8, SAN_MOST = 12, HASHES_MOST = 10 };

/* ---- marked texts ---- */

enum { DIGEST_TEXT_MOST = 128 }; /* hex of SHA-512 */

/* Base64 and hex are ASCII: what is something else is shown, but not taken apart. */
static bool is_digest_text(const char *text)
{
    struct lp_rd rd = lp_rd_init(text, text ? strlen(text) : 0);
    uint8_t c;

    if (!text || !*text || rd.left > DIGEST_TEXT_MOST)
        return false;
    while (lp_rd_u8(&rd, &c))
        if (c <= ' ' || c >= 0x7f)
            return false;
    return true;
}

/* The text, with what differs from the other in <mark>. */
static void put_marked(struct lp_html *html, const char *text, const char *other)
{
    struct lp_rd rd = lp_rd_init(text, strlen(text));
    struct lp_rd against = lp_rd_init(other, strlen(other));
    char run[DIGEST_TEXT_MOST + 1];
    size_t n = 0;
    uint8_t c, b = 0;
    bool marked = false;

    while (lp_rd_u8(&rd, &c)) {
        bool differs = !lp_rd_u8(&against, &b) || b != c;
        if (differs != marked) {
            run[n] = '\0';
            n = 0;
            lp_html_name(html, run);
            lp_html_raw(html, differs ? "<mark>" : "</mark>");
        }
        marked = differs;
        run[n++] = (char)c;
    }
    run[n] = '\0';
    lp_html_name(html, run);
    if (marked)
        lp_html_raw(html, "</mark>");
}

static void put_digest(struct lp_html *html, const char *text, const char *other)
{
    lp_html_raw(html, "<code>");
    if (is_digest_text(text) && is_digest_text(other))
        put_marked(html, text, other);
    else
        lp_html_name(html, text ? text : "-");
    lp_html_raw(html, "</code>");
}

/* ---- the seen side ---- */

enum { DIGEST_MOST = 32, BASE64_SIZE = 48 };

/* A leaf's digest of the kind that is expected. */
struct seen {
    const char *hex; /* borrowed; NULL: there is none of that kind */
    char base64[BASE64_SIZE];
};

static struct seen seen_of(const json_t *cert, const char *algorithm)
{
    bool sha256 = algorithm && strcmp(algorithm, "sha256") == 0;
    uint8_t digest[DIGEST_MOST];
    struct seen seen = {lp_member_text(cert, sha256 ? "sha256" : "sha1"), ""};
    long n =
        seen.hex ? lp_hex_decode(seen.hex, strlen(seen.hex), false, digest, sizeof digest) : -1;

    if (n > 0)
        lp_base64_text(digest, (size_t)n, seen.base64);
    else
        seen.hex = NULL;
    return seen;
}

static bool has_hash(const json_t *cert, uint64_t n)
{
    const json_t *matches = lp_member(cert, "matches");

    for (size_t i = 0; i < json_array_size(matches); i++)
        if ((uint64_t)json_integer_value(json_array_get(matches, i)) == n)
            return true;
    return false;
}

/* The presented certificate behind the leaf that has this hash; 0: none. */
static size_t issuer_with(const json_t *session, uint64_t n)
{
    size_t count = lp_element_count(session, "chain");

    for (size_t i = 1; i < count && i < CHAIN_MOST; i++)
        if (has_hash(lp_element(session, "chain", i), n))
            return i;
    return 0;
}

/* What is there instead of a digest. */
static const char *fault_words(const char *fault)
{
    static const char *const words[][2] = {
        {"empty", "empty"},
        {"not-base64", "no Base64"},
        {"base64-of-hex", "Base64 of the hex text"},
        {"hex", "hex instead of Base64"},
        {"bad-length", "cut short or too long"},
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], fault) == 0)
            return words[i][1];
    return fault;
}

/* Of a value in another notation no character can be compared. */
static bool is_other_notation(const char *fault)
{
    return fault && (strcmp(fault, "hex") == 0 || strcmp(fault, "base64-of-hex") == 0);
}

static void put_expected(struct lp_html *html, const json_t *hash, const struct seen *seen)
{
    const char *fault = lp_member_text(hash, "fault"), *hex = lp_member_text(hash, "hex");
    const char *other = seen->hex && !is_other_notation(fault) ? seen->base64 : NULL;

    lp_html_field(html, "<tr><th scope=row>expected <small>certHash", lp_member_number(hash, "n"),
                  "</small></th><td>");
    put_digest(html, lp_member_text(hash, fault ? "text" : "base64"), other);
    if (fault) {
        lp_html_raw(html, " <em>no digest: ");
        lp_html_name(html, fault_words(fault));
        lp_html_raw(html, "</em>");
    }
    lp_html_raw(html, "</td><td>");
    put_digest(html, hex, fault ? NULL : seen->hex);
    lp_html_raw(html, "</td></tr>");
}

static void put_presented(struct lp_html *html, const json_t *hash, const struct seen *seen,
                          size_t depth)
{
    const char *fault = lp_member_text(hash, "fault");
    const char *expected = lp_member_text(hash, fault ? "text" : "base64");

    lp_html_raw(html, "<tr><th scope=row>presented <small>");
    if (depth)
        lp_html_field(html, "issuer, depth ", depth, "");
    else
        lp_html_raw(html, "leaf");
    lp_html_raw(html, "</small></th><td>");
    put_digest(html, seen->hex ? seen->base64 : NULL, is_other_notation(fault) ? NULL : expected);
    lp_html_raw(html, "</td><td>");
    put_digest(html, seen->hex, fault ? NULL : lp_member_text(hash, "hex"));
    lp_html_raw(html, "</td></tr>");
}

/* One expected hash and the leaf; and where it is that of an issuer, the issuer. */
static void put_pair(struct lp_html *html, const json_t *hash, const json_t *session)
{
    const json_t *leaf = lp_element(session, "chain", 0);
    const char *algorithm = lp_member_text(hash, "algorithm");
    uint64_t n = lp_member_number(hash, "n");
    size_t depth = has_hash(leaf, n) ? 0 : issuer_with(session, n);
    struct seen seen = seen_of(leaf, algorithm);
    struct seen issuer = seen_of(lp_element(session, "chain", depth), algorithm);

    put_expected(html, hash, &issuer);
    put_presented(html, hash, &seen, 0);
    if (depth)
        put_presented(html, hash, &issuer, depth);
    lp_html_raw(html, "<tr class=is><td></td><td colspan=2>");
    lp_html_raw(html, depth               ? "the issuer's, not the leaf's"
                      : has_hash(leaf, n) ? "equal"
                      : seen.hex          ? "different"
                                          : "not to be compared");
    lp_html_raw(html, "</td></tr>");
}

/* What the phone's file would have to hold for this leaf, where it holds nothing that fits. */
static void put_line_to_type(struct lp_html *html, const json_t *config, const json_t *session)
{
    struct seen seen = seen_of(lp_element(session, "chain", 0), "sha1");
    const char *verdict = lp_member_text(session, "verdict");
    uint64_t n = lp_member_number(lp_element(config, "cert_hashes", 0), "n");

    if (!seen.hex || !n || n > LP_MAX_CERT_HASHES || !verdict || strcmp(verdict, "mismatch") != 0)
        return;
    lp_html_field(
        html, "<p class=take>with this leaf's hash the line reads <code class=copy>&lt;certHash", n,
        "&gt;");
    lp_html_raw(html, seen.base64);
    lp_html_field(html, "&lt;/certHash", n, "&gt;</code></p>");
}

/* ---- the expected side ---- */

static bool session_of(const json_t *config, const json_t *session)
{
    const json_t *ids = lp_member(config, "sessions");

    for (size_t i = 0; i < json_array_size(ids); i++)
        if (json_integer_value(json_array_get(ids, i)) ==
            json_integer_value(lp_member(session, "id")))
            return true;
    return false;
}

static const char *leaf_name(const json_t *session)
{
    return lp_member_text(lp_element(session, "chain", 0), "sha1");
}

/* Whether an earlier handshake of the list showed the same leaf; with a configuration, one of those
 * that it was compared with. */
static bool leaf_repeated(const struct lp_shown *shown, size_t index, const json_t *config)
{
    const char *sha1 = leaf_name(shown->sessions[index]);

    for (size_t i = 0; sha1 && i < index; i++) {
        const char *earlier = leaf_name(shown->sessions[i]);
        if (earlier && strcmp(earlier, sha1) == 0 &&
            (!config || session_of(config, shown->sessions[i])))
            return true;
    }
    return false;
}

static void put_comparisons(struct lp_html *html, const json_t *config,
                            const struct lp_shown *shown)
{
    size_t hashes = lp_element_count(config, "cert_hashes");

    for (size_t i = 0; i < shown->count; i++) {
        const json_t *leaf = lp_element(shown->sessions[i], "chain", 0);
        if (!leaf || !session_of(config, shown->sessions[i]) || leaf_repeated(shown, i, config))
            continue;
        lp_html_raw(html, "<table class=hash><caption class=m>");
        lp_html_server(html, shown->sessions[i]);
        lp_html_raw(html, "</caption><thead><tr><td></td><th scope=col>Base64</th>"
                          "<th scope=col>hex</th></tr></thead><tbody>");
        for (size_t k = 0; k < hashes && k < HASHES_MOST; k++)
            put_pair(html, lp_element(config, "cert_hashes", k), shown->sessions[i]);
        lp_html_raw(html, "</tbody></table>");
        put_line_to_type(html, config, shown->sessions[i]);
    }
}

static void put_config(struct lp_html *html, const json_t *config, const struct lp_shown *shown)
{
    const char *paired = lp_member_text(config, "paired_by");
    size_t urls = lp_element_count(config, "urls");

    lp_html_raw(html, "<p>");
    lp_html_name(html, lp_member_text(config, "phone"));
    lp_html_raw(html, lp_member_text(config, "phone") ? ", " : "");
    lp_html_raw(html, "<span class=m>");
    lp_html_name(html, lp_member_text(config, "source"));
    lp_html_raw(html, "</span>");
    if (paired) {
        lp_html_raw(html, ", ");
        lp_html_name(html, lp_pairing_words(paired));
    }
    for (size_t i = 0; i < urls && i < LP_MAX_URLS; i++) {
        lp_html_field(html, "<br>url", i + 1, " <span class=m>");
        lp_html_name(html, json_string_value(lp_element(config, "urls", i)));
        lp_html_raw(html, "</span>");
    }
    lp_html_raw(html, "</p>");
    put_comparisons(html, config, shown);
}

void lp_html_hashes(struct lp_html *html, const json_t *root, const struct lp_shown *shown)
{
    size_t count = lp_element_count(root, "configs");

    if (!count)
        return;
    lp_html_raw(html, "<section class=hashes><h3>Expected and presented</h3>");
    for (size_t i = 0; i < count && i < CONFIGS_MOST; i++)
        put_config(html, lp_element(root, "configs", i), shown);
    if (count > CONFIGS_MOST)
        lp_html_field(html, "<p>and ", count - CONFIGS_MOST, " more configurations</p>");
    lp_html_raw(html, "</section>");
}

/* ---- facts ---- */

static void put_fact(struct lp_html *html, const char *term, const char *value)
{
    if (!value || !*value)
        return;
    lp_html_raw(html, "<dt>");
    lp_html_raw(html, term);
    lp_html_raw(html, "</dt><dd>");
    lp_html_text(html, value, LP_HTML_PROSE_MOST);
    lp_html_raw(html, "</dd>");
}

static void put_names(struct lp_html *html, const json_t *cert)
{
    size_t count = lp_element_count(cert, "san");

    if (!count)
        return;
    lp_html_raw(html, "<dt>names</dt><dd>");
    for (size_t i = 0; i < count && i < SAN_MOST; i++) {
        lp_html_raw(html, i ? ", " : "");
        lp_html_name(html, json_string_value(lp_element(cert, "san", i)));
    }
    if (count > SAN_MOST)
        lp_html_field(html, " and ", count - SAN_MOST, " more");
    lp_html_raw(html, "</dd>");
}

static void put_leaf(struct lp_html *html, const json_t *cert)
{
    static const struct {
        const char *term, *name;
    } facts[] = {
        {"subject", "subject"},     {"issuer", "issuer"},
        {"serial", "serial"},       {"valid from", "not_before"},
        {"valid to", "not_after"},  {"key", "key"},
        {"signature", "signature"}, {"cannot be read", "x509_error"},
        {"SHA-1", "sha1"},          {"SHA-256", "sha256"},
    };

    lp_html_raw(html, "<dl>");
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        put_fact(html, facts[i].term, lp_member_text(cert, facts[i].name));
    put_names(html, cert);
    lp_html_field(html, "<dt>size</dt><dd>", lp_member_number(cert, "bytes"), " bytes");
    lp_html_raw(html, lp_member_true(cert, "complete") ? "" : ", not all captured");
    lp_html_raw(html, "</dd></dl>");
}

static void put_issuers(struct lp_html *html, const json_t *session)
{
    size_t count = lp_element_count(session, "chain");

    if (count < 2)
        return;
    lp_html_raw(html, "<ol class=chain>");
    for (size_t i = 1; i < count && i < CHAIN_MOST; i++) {
        const json_t *cert = lp_element(session, "chain", i);
        const char *subject = lp_member_text(cert, "subject");
        lp_html_raw(html, "<li>");
        lp_html_name(html, subject ? subject : "(no subject)");
        lp_html_raw(html, " <small>SHA-1 <code>");
        lp_html_name(html, lp_member_text(cert, "sha1_base64"));
        lp_html_raw(html, lp_member_true(cert, "complete") ? "" : "not captured whole");
        lp_html_raw(html, "</code></small></li>");
    }
    lp_html_raw(html, "</ol>");
    if (count > CHAIN_MOST)
        lp_html_field(html, "<p>and ", count - CHAIN_MOST, " more</p>");
}

void lp_html_certificates(struct lp_html *html, const struct lp_shown *shown)
{
    size_t count = 0;

    for (size_t i = 0; i < shown->count && count < CERTS_MOST; i++) {
        const json_t *leaf = lp_element(shown->sessions[i], "chain", 0);
        if (!leaf || leaf_repeated(shown, i, NULL))
            continue;
        if (!count++)
            lp_html_raw(html, "<section class=certs><h3>Certificate</h3>");
        put_leaf(html, leaf);
        put_issuers(html, shown->sessions[i]);
    }
    if (count)
        lp_html_raw(html, "</section>");
}
