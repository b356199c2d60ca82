/* What the leaf itself says, held against the time of the handshake and never against today: a
 * capture tells the same story whenever it is read. */
#include "verdict/findings.h"

#include "base/rd.h"
#include "verdict/words.h"

static int compare_time(const struct lp_time *a, const struct lp_time *b)
{
    if (a->sec != b->sec)
        return a->sec < b->sec ? -1 : 1;
    return (a->nsec > b->nsec) - (a->nsec < b->nsec);
}

static void check_dates(struct lp_findings *findings, const struct lp_session *session,
                        const struct lp_cert *leaf)
{
    const struct lp_cert_facts *facts = leaf->facts;
    struct lp_finding what = {LP_WARNING,
                              "expired",
                              session->id,
                              session->certificate_frame,
                              NULL,
                              "renew the certificate (those that Cisco IOS signs "
                              "itself end on 2020-01-01), and write the new one's "
                              "hash into the phones' configuration before the change"};
    char limit[LP_DATE_SIZE], now[LP_DATE_SIZE];

    if (!facts->has_dates || (session->start.sec == 0 && session->start.nsec == 0))
        return; /* a recorder without a clock writes zeros */
    const char *subject = lp_subject(leaf);
    lp_date_text(&session->start, now);
    if (compare_time(&session->start, &facts->not_after) > 0) {
        lp_date_text(&facts->not_after, limit);
        lp_findings_add(findings, &what, "the leaf, %.*s, expired on %s; the handshake is of %s",
                        lp_shown(subject), subject, limit, now);
    }
    if (compare_time(&session->start, &facts->not_before) < 0) {
        what.code = "not-yet-valid";
        what.remedy = "check the clocks of the headend, of its certificate authority and of the "
                      "recorder";
        lp_date_text(&facts->not_before, limit);
        lp_findings_add(findings, &what,
                        "the leaf, %.*s, is valid from %s on; the handshake is of %s",
                        lp_shown(subject), subject, limit, now);
    }
}

/* The bits of "RSA 4096"; 0 for other keys. */
static unsigned rsa_bits(const char *key)
{
    struct lp_rd rd = lp_rd_init(key, strlen(key));
    unsigned bits = 0;
    uint8_t c;

    if (strncmp(key, "RSA ", 4) != 0 || !lp_rd_skip(&rd, 4))
        return 0;
    while (lp_rd_u8(&rd, &c) && c >= '0' && c <= '9' && bits < 1000000)
        bits = bits * 10 + (unsigned)(c - '0');
    return bits;
}

static void check_key(struct lp_findings *findings, const struct lp_session *session,
                      const struct lp_cert *leaf)
{
    const struct lp_finding what = {
        LP_WARNING,  "key-size",
        session->id, session->certificate_frame,
        NULL,        "if the phone rejects the certificate, try one with an RSA key of 2048 bits"};

    if (leaf->facts->key && rsa_bits(leaf->facts->key) > 2048)
        lp_findings_add(findings, &what, "the leaf's key is %.40s, above 2048 bits",
                        leaf->facts->key);
}

void lp_cause_leaf(struct lp_findings *findings, const struct lp_session *session)
{
    const struct lp_cert *leaf = lp_whole_leaf(session);

    if (!leaf || !leaf->facts)
        return;
    check_dates(findings, session, leaf);
    check_key(findings, session, leaf);
}
