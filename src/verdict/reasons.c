/* The undecided verdicts in words: what happened, and what to record or to give instead. */
#include "verdict/findings.h"

#include "verdict/words.h"

struct reason_text {
    const char *code;
    const char *summary; /* the headline; also what the finding says */
    const char *remedy;
};

static const struct reason_text texts[LP_REASON_COUNT] = {
    [LP_REASON_NONE] = {"undecided", "nothing was compared", NULL},
    [LP_REASON_TRUNCATED] = {"truncated", "the recorder's snap length cut the certificate off",
                             "record whole packets: `tcpdump -s 0`, in Wireshark no packet limit"},
    [LP_REASON_GAP] = {"gap", "packets that carry certificates are missing from the capture",
                       "record again where no packets are lost: look at the recorder's drop count "
                       "and at the load "
                       "of the mirror port, and start before the phone connects"},
    [LP_REASON_MALFORMED] =
        {"malformed", "what was sent breaks the rules of TLS before a certificate was complete",
         "look at the first frame named here: is the port served by TLS at all, and does a middle "
         "box change the traffic?"},
    [LP_REASON_LIMIT] = {"limit", "a memory limit cut the handshake off",
                         "allow more memory (--max-memory), or cut the capture down to the phone's "
                         "connections"},
    [LP_REASON_ENCRYPTED] = {"encrypted", "TLS 1.3 encrypts the certificate",
                             "record while the headend offers TLS 1.2 at most, or give the "
                             "client's key log (--keylog), or export the certificate on the "
                             "headend and hold its hash against the configuration "
                             "(`leafprint hash`)"},
    [LP_REASON_RESUMED] = {"resumed", "a resumed session: the certificate was not sent again",
                           "reset the phone and record its first connection from the start"},
    [LP_REASON_ONE_SIDED] = {"one-sided", "the server's direction was not recorded",
                             "mirror both directions of the port, or record where both pass"},
    [LP_REASON_ANONYMOUS] = {"anonymous", "the cipher suite works without a certificate",
                             "switch the anonymous cipher suites off on the headend"},
    [LP_REASON_PSK] = {"psk", "a pre-shared key stands in for the certificate",
                       "switch the cipher suites with pre-shared keys off on the headend"},
    [LP_REASON_ABORTED] =
        {"aborted", "the handshake ended before any certificate",
         "compare the versions and cipher suites that the phone offers with those that the headend "
         "allows"},
    [LP_REASON_NO_CERTIFICATE_MESSAGE] =
        {"no-certificate-message", "the handshake holds no certificate, and nothing says why",
         "record the connection from its first packet to its last"},
    [LP_REASON_NO_SERVER_REPLY] =
        {"no-server-reply", "the server did not answer",
         "check address, port, route and firewall of the headend, and that the recorder sees its "
         "answers"},
    [LP_REASON_NOT_AT_URL] =
        {"not-at-url", "no handshake of the phone went to a configured url",
         "record while the phone connects to its url; where the headend is seen under another "
         "address (NAT), name it by --server or compare all by --any-server"},
    [LP_REASON_NO_TLS] = {"no-tls", "the capture holds no TLS handshake",
                          "record from before the phone connects, and check the capture filter"},
    [LP_REASON_NO_PACKETS] = {"no-packets", "the capture is empty",
                              "check the interface and the capture filter of the recorder"},
    [LP_REASON_NO_CONFIG] =
        {"no-config", "nothing to compare with was given",
         "give the phone's configuration (-c SEP<MAC>.cnf.xml), a certificate, or a hash "
         "(--expect)"},
    [LP_REASON_NO_VPN_GROUP] =
        {"no-vpn-group", "the configuration holds no vpnGroup",
         "assign the VPN profile to this phone, and take the configuration that it downloads then"},
    [LP_REASON_NO_CERT_HASH] =
        {"no-cert-hash", "the configuration holds no certificate hash",
         "bind the headend's certificate to the VPN profile (Cisco Communications Manager Express: "
         "vpn-trustpoint; CUCM: Phone-VPN-trust), then reset the phone inside the network"},
    [LP_REASON_ENCRYPTED_CONFIG] =
        {"encrypted-config", "the configuration is encrypted for one phone",
         "take it from the call manager with encryption switched off for this phone, or give the "
         "expected hash itself (--expect)"},
};

static const struct reason_text *text_of(enum lp_reason reason)
{
    size_t i = (size_t)reason;
    return &texts[i < LP_REASON_COUNT ? i : LP_REASON_NONE];
}

const char *lp_summary_reason(enum lp_reason reason)
{
    return text_of(reason)->summary;
}

static const struct lp_alert *first_alert(const struct lp_session *session)
{
    return session->alert_count ? session->alerts : NULL;
}

/* " and 2 cipher suites: TLS_..., 0x1234"; empty when none are known. NULL: memory is short. */
static const char *offered_ciphers(struct lp_arena *arena, const struct lp_session *session)
{
    enum { NAMED = 8 };
    size_t count = session->offered_ciphers ? session->offered_cipher_count : 0;
    const char *text =
        count ? lp_arena_printf(arena, " and %zu cipher suite%s: ", count, count == 1 ? "" : "s")
              : "";

    for (size_t i = 0; i < count && i < NAMED && text; i++) {
        const char *name = lp_cipher_name(session->offered_ciphers[i]);
        text = name ? lp_arena_printf(arena, "%s%s%s", text, i ? ", " : "", name)
                    : lp_arena_printf(arena, "%s%s0x%04x", text, i ? ", " : "",
                                      session->offered_ciphers[i]);
    }
    return text && count > NAMED ? lp_arena_printf(arena, "%s, ...", text) : text;
}

/* Why it ended, as far as the capture shows: what was offered, and the alert. */
static void cause_aborted(struct lp_findings *findings, const struct lp_session *session,
                          const struct lp_finding *what)
{
    const struct lp_alert *alert = first_alert(session);
    const char *version = lp_version_name(session->offered_version);
    const char *ciphers = offered_ciphers(findings->arena, session);
    const char *end = "";
    char server[LP_ENDPOINT_SIZE];

    if (alert)
        end = lp_arena_printf(findings->arena, "; the %s sent the alert %u, %s",
                              alert->from_client ? "client" : "server", alert->code,
                              lp_alert_name(alert->code));
    if (!ciphers || !end) {
        findings->failed = true;
        return;
    }
    lp_endpoint_text(&session->server, server);
    lp_findings_add(findings, what,
                    "%s: the handshake ended before any certificate; the client offered %s at "
                    "most%s%s",
                    server, version ? version : "an unknown version", ciphers, end);
}

void lp_cause_undecided(struct lp_findings *findings, const struct lp_session *session,
                        enum lp_reason reason, enum lp_severity severity)
{
    const struct reason_text *text = text_of(reason);
    struct lp_finding what = {severity, text->code, -1, 0, NULL, text->remedy};
    char server[LP_ENDPOINT_SIZE];

    if (!session) {
        lp_findings_add(findings, &what, "%s", text->summary);
        return;
    }
    what.session = session->id;
    what.frame = session->certificate_frame ? session->certificate_frame : session->first_frame;
    if (reason == LP_REASON_ABORTED) {
        cause_aborted(findings, session, &what);
        return;
    }
    lp_endpoint_text(&session->server, server);
    if (lp_whole_leaf(session))
        lp_findings_add(findings, &what,
                        "%s: the leaf is whole and matches nothing, but behind it: %s; an issuer "
                        "among them might match",
                        server, text->summary);
    else
        lp_findings_add(findings, &what, "%s: %s", server, text->summary);
}
