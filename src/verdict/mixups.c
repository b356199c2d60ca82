/*
 * The right value in the wrong place: a phone's own certificate where the headend's belongs, and a
 * configuration that came too late for the handshake.
 */
#include "verdict/findings.h"

#include "verdict/words.h"

void lp_cause_own_cert(struct lp_findings *findings, const struct lp_comparison *it)
{
    const struct lp_session *session = it->session;
    struct lp_finding what = {.severity = LP_PROBLEM,
                              .code = "hash-of-phone",
                              .session = session->id,
                              .frame = session->first_frame,
                              .remedy = "write the hash of the headend's certificate there; the "
                                        "phone's own (MIC or LSC) has no place in vpnGroup"};

    for (size_t i = 0; i < session->client_chain_count; i++)
        for (size_t h = 0; h < it->config->hash_count && h < LP_MAX_CERT_HASHES; h++) {
            const struct lp_cert *cert = &session->client_chain[i];
            const char *label, *subject = lp_subject(cert);
            if (lp_cert_equals(cert, &it->config->hashes[h]) != LP_EQUAL ||
                !(label = lp_hash_label(findings->arena, it->config, &it->config->hashes[h])))
                continue;
            lp_findings_add(
                findings, &what,
                "%s is the hash of a certificate that the client presented itself, %.*s", label,
                lp_shown(subject), subject);
        }
}

void lp_cause_newer(struct lp_findings *findings, const struct lp_config *config,
                    const struct lp_session *before)
{
    struct lp_finding what = {.severity = LP_WARNING,
                              .code = "config-newer",
                              .session = before->id,
                              .frame = before->first_frame,
                              .remedy =
                                  "record another connection, made with the new file, or give "
                                  "the file that the phone had then (-c)"};

    lp_findings_add(findings, &what,
                    "the phone fetched %.*s in frame %llu, after this handshake, which it is "
                    "therefore not compared with",
                    lp_shown(config->source), config->source,
                    (unsigned long long)config->file->frame);
}
