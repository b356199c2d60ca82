/* The words that the public enumerations are called by, in JSON and everywhere else. */
#include "leafprint/leafprint.h"

const char *lp_verdict_name(enum lp_verdict verdict)
{
    static const char *const names[] = {
        [LP_UNDECIDED] = "undecided", [LP_MATCH] = "match", [LP_MATCH_ISSUER] = "match-issuer",
        [LP_MISMATCH] = "mismatch",   [LP_MIXED] = "mixed", [LP_UNREADABLE] = "error"};
    return verdict <= LP_UNREADABLE ? names[verdict] : NULL;
}

const char *lp_reason_name(enum lp_reason reason)
{
    static const char *const names[LP_REASON_COUNT] = {
        [LP_REASON_TRUNCATED] = "truncated",
        [LP_REASON_GAP] = "gap",
        [LP_REASON_MALFORMED] = "malformed",
        [LP_REASON_LIMIT] = "limit",
        [LP_REASON_ENCRYPTED] = "encrypted",
        [LP_REASON_RESUMED] = "resumed",
        [LP_REASON_ONE_SIDED] = "one-sided",
        [LP_REASON_ANONYMOUS] = "anonymous",
        [LP_REASON_PSK] = "psk",
        [LP_REASON_ABORTED] = "aborted",
        [LP_REASON_NO_CERTIFICATE_MESSAGE] = "no-certificate-message",
        [LP_REASON_NO_SERVER_REPLY] = "no-server-reply",
        [LP_REASON_NOT_AT_URL] = "not-at-url",
        [LP_REASON_NO_TLS] = "no-tls",
        [LP_REASON_NO_PACKETS] = "no-packets",
        [LP_REASON_NO_CONFIG] = "no-config",
        [LP_REASON_NO_VPN_GROUP] = "no-vpn-group",
        [LP_REASON_NO_CERT_HASH] = "no-cert-hash",
        [LP_REASON_ENCRYPTED_CONFIG] = "encrypted-config",
    };
    return reason < LP_REASON_COUNT ? names[reason] : NULL;
}

const char *lp_outcome_name(enum lp_outcome outcome)
{
    static const char *const names[LP_OUTCOME_COUNT] = {
        [LP_OUTCOME_NO_CERTIFICATE] = "no-certificate",
        [LP_OUTCOME_COMPLETE] = "complete",
        [LP_OUTCOME_RESUMED] = "resumed",
        [LP_OUTCOME_ENCRYPTED] = "encrypted",
        [LP_OUTCOME_TRUNCATED] = "truncated",
        [LP_OUTCOME_GAP] = "gap",
        [LP_OUTCOME_ONE_SIDED] = "one-sided",
        [LP_OUTCOME_MALFORMED] = "malformed",
        [LP_OUTCOME_LIMIT] = "limit",
    };
    return outcome < LP_OUTCOME_COUNT ? names[outcome] : NULL;
}

const char *lp_severity_name(enum lp_severity severity)
{
    static const char *const names[] = {
        [LP_INFO] = "info", [LP_WARNING] = "warning", [LP_PROBLEM] = "error"};
    return severity <= LP_PROBLEM ? names[severity] : NULL;
}

const char *lp_hash_algorithm_name(enum lp_hash_algorithm algorithm)
{
    static const char *const names[] = {[LP_HASH_UNKNOWN] = 0,
                                        [LP_HASH_MD5] = "md5",
                                        [LP_HASH_SHA1] = "sha1",
                                        [LP_HASH_SHA256] = "sha256",
                                        [LP_HASH_SHA512] = "sha512"};
    return algorithm <= LP_HASH_SHA512 ? names[algorithm] : NULL;
}

const char *lp_event_name(enum lp_event_kind kind)
{
    static const char *const names[] = {[LP_EVENT_FILE] = "file",
                                        [LP_EVENT_UNANSWERED] = "unanswered",
                                        [LP_EVENT_REFUSED] = "refused",
                                        [LP_EVENT_HANDSHAKE] = "handshake"};
    return kind <= LP_EVENT_HANDSHAKE ? names[kind] : NULL;
}
