/*
 * The findings about a configuration: what each code is, how grave, and what to do.
 *
 * One table, so that code, severity and remedy stay together; docs/configuration.md explains the
 * codes. The list is bounded, since a hostile file has room for any number of faults.
 */
#include "phone/parts.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

#define MAKE_AGAIN                                                                                 \
    "have the call manager write the file again (CME: no create cnf-files, create cnf-files)"
#define GIVE_HASH                                                                                  \
    "CUCM: assign the headend's certificate to the VPN gateway; CME: set vpn-trustpoint, then no " \
    "create cnf-files, create cnf-files; then reset the phone inside the network"
#define WRITE_HASH                                                                                 \
    "write the Base64 of the SHA-1 over the certificate's DER, 28 characters: leafprint hash "     \
    "prints it from the certificate"

#define SHOW_HEADEND                                                                               \
    "give the output of `show voice vpn` (CME), `show crypto pki certificates verbose` (IOS) or "  \
    "`crypto ca export TRUSTPOINT identity-certificate` (ASA)"

static const struct {
    const char *code;
    enum lp_severity severity;
    const char *remedy;
} kinds[] = {
    [LP_NOTE_XML] = {"config-xml", LP_WARNING, "repair the file: the phone may read it otherwise"},
    [LP_NOTE_DOCTYPE] = {"config-doctype", LP_PROBLEM,
                         "take the <!DOCTYPE ...> out; no phone configuration needs one"},
    [LP_NOTE_SIGNED] = {"config-signed", LP_INFO, NULL},
    [LP_NOTE_SIGNATURE_GOOD] = {"config-signature-good", LP_INFO, NULL},
    [LP_NOTE_SIGNATURE_BAD] = {"config-signature-bad", LP_PROBLEM,
                               "fetch the file again from the call manager: a phone with a trust "
                               "list refuses this one"},
    [LP_NOTE_SIGNATURE_UNCHECKED] = {"config-signature-unchecked", LP_INFO, NULL},
    [LP_NOTE_HEADER] = {"config-header", LP_PROBLEM, "fetch the file again: it is not whole"},
    [LP_NOTE_ENCRYPTED] = {"config-encrypted", LP_PROBLEM,
                           "give the plain configuration, or the hash itself with --expect"},
    [LP_NOTE_PARTIAL] = {"config-partial", LP_PROBLEM,
                         "give the plain configuration, or the hash itself with --expect"},
    [LP_NOTE_COMMENT] = {"config-comment", LP_PROBLEM, "take the comment marks away"},
    [LP_NOTE_EMPTY] = {"config-empty", LP_PROBLEM, MAKE_AGAIN},
    [LP_NOTE_SIZE] = {"config-size", LP_PROBLEM, "check that this is the phone's configuration"},
    [LP_NOTE_NO_VPN_GROUP] =
        {"config-no-vpn-group", LP_PROBLEM,
         "assign the VPN group and the VPN profile to the phone, then reset it "
         "inside the network"},
    [LP_NOTE_VPN_GROUPS] = {"config-vpn-groups", LP_WARNING, "leave one vpnGroup in the file"},
    [LP_NOTE_NO_CERT_HASH] = {"config-no-cert-hash", LP_PROBLEM, GIVE_HASH},
    [LP_NOTE_FIELDS] = {"config-fields", LP_WARNING, NULL},
    [LP_NOTE_MORE] = {"config-more", LP_INFO, NULL},
    [LP_NOTE_CUT] = {"value-cut", LP_WARNING, "fetch the file again: it is not whole"},
    [LP_NOTE_DAMAGED] = {"value-damaged", LP_WARNING, MAKE_AGAIN},
    [LP_NOTE_DUPLICATE] = {"value-duplicate", LP_WARNING, "leave one of them in the file"},
    [LP_NOTE_RANGE] = {"value-range", LP_INFO, NULL},
    [LP_NOTE_HASH_BASE64] = {"hash-base64", LP_PROBLEM, WRITE_HASH},
    [LP_NOTE_HASH_HEX_BASE64] = {"hash-hex-base64", LP_PROBLEM,
                                 "turn the hexadecimal digits into bytes before encoding them"},
    [LP_NOTE_HASH_HEX] = {"hash-hex", LP_PROBLEM, "write the hash in Base64"},
    [LP_NOTE_HASH_LENGTH] = {"hash-length", LP_PROBLEM, WRITE_HASH},
    [LP_NOTE_HASH_DAMAGED] = {"hash-damaged", LP_PROBLEM, MAKE_AGAIN},
    [LP_NOTE_HASH_EMPTY] = {"hash-empty", LP_WARNING, GIVE_HASH},
    [LP_NOTE_HASH_PLACEHOLDER] = {"hash-placeholder", LP_PROBLEM, WRITE_HASH},
    [LP_NOTE_HASH_OF_NOTHING] = {"hash-of-nothing", LP_PROBLEM, WRITE_HASH},
    [LP_NOTE_HASH_ALGORITHM] = {"hash-algorithm", LP_WARNING, WRITE_HASH},
    [LP_NOTE_HASH_ALGORITHM_UNKNOWN] = {"hash-algorithm-unknown", LP_INFO, NULL},
    [LP_NOTE_HASH_NUMBER] = {"hash-number", LP_WARNING,
                             "number the hashes certHash1 to certHash10"},
    [LP_NOTE_URL_MALFORMED] = {"url-malformed", LP_WARNING, "write https://host[:port]/path"},
    [LP_NOTE_URL_SCHEME] = {"url-scheme", LP_WARNING, "write https://"},
    [LP_NOTE_URL_LENGTH] = {"url-length", LP_WARNING, "shorten the path"},
    [LP_NOTE_URL_NUMBER] = {"url-number", LP_WARNING, "number the gateways url1 to url3"},
    [LP_NOTE_URL_NONE] = {"url-none", LP_WARNING, "add addresses/url1"},
    [LP_NOTE_HOST_ID_CHECK] = {"host-id-check", LP_WARNING, "write 0 or 1"},
    [LP_NOTE_HEADEND_MD5] = {"headend-md5", LP_WARNING, SHOW_HEADEND},
    [LP_NOTE_HEADEND_MD5_BESIDE] = {"headend-md5", LP_INFO, NULL},
    [LP_NOTE_HEADEND_MISSING] = {"headend-missing", LP_WARNING, SHOW_HEADEND},
    [LP_NOTE_HEADEND_STALE] = {"headend-stale", LP_PROBLEM,
                               "no create cnf-files, create cnf-files; then reset the phone inside "
                               "the network"},
    [LP_NOTE_HEADEND_ANY] = {"headend-any", LP_INFO, NULL},
    [LP_NOTE_HEADEND_HASH] = {"headend-hash", LP_WARNING, "copy the output again: it is not whole"},
    [LP_NOTE_HEADEND_CERTIFICATE] = {"headend-certificate", LP_WARNING,
                                     "copy the output again, with `terminal length 0` (IOS) or "
                                     "`terminal pager 0` (ASA) before"},
    [LP_NOTE_HEADEND_REFERENCE] = {"headend-reference", LP_INFO, SHOW_HEADEND},
    [LP_NOTE_HEADEND_RAW] = {"headend-raw", LP_WARNING, SHOW_HEADEND},
    [LP_NOTE_HEADEND_ALGORITHM] = {"headend-algorithm", LP_WARNING,
                                   "write vpn-hash-algorithm sha-1"},
    [LP_NOTE_HEADEND_NUMBER] = {"headend-number", LP_WARNING,
                                "number trustpoints 1 to 10 and gateways 1 to 3"},
    [LP_NOTE_HEADEND_LEFT_OUT] = {"headend-left-out", LP_WARNING,
                                  "give the part of the text that is about phones"},
    [LP_NOTE_HEADEND_NO_HASH] = {"headend-no-hash", LP_PROBLEM, SHOW_HEADEND},
};

void lp_note(struct lp_notes *notes, enum lp_note note, unsigned long line, const char *format, ...)
{
    struct lp_finding *finding = &notes->findings[notes->count];
    char message[768], where[32] = "";
    va_list args;

    /* the last place is for how many there were more */
    if (notes->count == LP_MAX_NOTES - 1 && note != LP_NOTE_MORE) {
        notes->dropped++;
        return;
    }
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (line)
        snprintf(where, sizeof where, "line %lu: ", line);
    const char *text = lp_arena_printf(notes->arena, "%s: %s%s", notes->source, where, message);
    *finding = (struct lp_finding){
        .severity = kinds[note].severity,
        .code = kinds[note].code,
        .session = -1,
        .message = text ? lp_text_clean(notes->arena, text, strlen(text)) : NULL,
        .remedy = kinds[note].remedy,
    };
    if (!finding->message)
        notes->no_memory = true;
    notes->count++;
}

bool lp_notes_keep(struct lp_notes *notes, struct lp_config *out)
{
    if (notes->dropped)
        lp_note(notes, LP_NOTE_MORE, 0, "%zu more findings are not listed", notes->dropped);
    out->findings =
        lp_arena_copy(notes->arena, notes->findings, notes->count * sizeof *notes->findings);
    out->finding_count = notes->count;
    return out->findings && !notes->no_memory;
}
