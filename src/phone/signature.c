/*
 * Who signed a file, and whether it is still what was signed.
 *
 * The header names the signer by name and serial number. Among the certificates that the user
 * trusts, those with that serial number are tried; without one there is nothing to check with, and
 * the finding says which certificate is wanted.
 */
#include "phone/parts.h"

#include "base/date.h"
#include "base/text.h"
#include "x509/x509.h"

#include <stdio.h>

enum { SERIAL_SHOWN = 32 /* bytes */ };

struct serial {
    char hex[2 * SERIAL_SHOWN + 1];
};

/* Without leading zeros, as lp_cert_facts has it. */
static struct serial serial_text(struct lp_rd bytes)
{
    struct serial serial = {""};
    struct lp_rd ahead = bytes, shown;
    uint8_t c;

    while (lp_rd_u8(&ahead, &c) && c == 0)
        bytes = ahead;
    shown = lp_rd_head(&bytes, SERIAL_SHOWN);
    lp_hex_text(shown.ptr, shown.left, serial.hex);
    return serial;
}

static const char *zeros_skipped(const char *hex)
{
    while (hex[0] == '0' && hex[1] == '0')
        hex += 2;
    return hex;
}

/* How the certificates judge; the first that says "good" ends it. Those from within the capture are
 * asked only where none that was given has the serial number. *tried: how many had it. *by: where
 * the last of these came from. */
static enum lp_signature_check try_all(const struct lp_signed *file,
                                       const struct lp_phone_trust *trust, size_t *tried,
                                       const char **by)
{
    const struct lp_rd parts[] = {file->before, file->behind};
    const struct lp_signed_bytes what = {parts, 2, file->signature, file->algorithm};
    struct serial wanted = serial_text(file->serial);
    enum lp_signature_check result = LP_SIGNATURE_UNCHECKED;

    *tried = 0;
    *by = NULL;
    for (size_t i = 0; i < trust->count && result != LP_SIGNATURE_GOOD; i++) {
        const struct lp_trusted *one = &trust->certificates[i];
        if (one->source && *tried && !*by)
            break;
        if (!one->serial || strcmp(zeros_skipped(one->serial), wanted.hex) != 0)
            continue;
        ++*tried;
        *by = one->source;
        enum lp_signature_check check = lp_x509_check_signature(one->der, &what);
        if (check != LP_SIGNATURE_UNCHECKED)
            result = check;
    }
    return result;
}

static void note_check(struct lp_notes *notes, const struct lp_signed *file,
                       const struct lp_phone_trust *trust)
{
    const char *by;
    size_t tried;

    if (!trust || trust->count == 0) {
        lp_note(notes, LP_NOTE_SIGNATURE_UNCHECKED, 0,
                "the signature was not checked: the signer's certificate is not given");
        return;
    }
    if (lp_rd_end(&file->signature) || file->algorithm == LP_HASH_UNKNOWN) {
        lp_note(notes, LP_NOTE_SIGNATURE_UNCHECKED, 0,
                "the signature was not checked: the header holds none of a known kind");
        return;
    }
    enum lp_signature_check result = try_all(file, trust, &tried, &by);
    if (result == LP_SIGNATURE_GOOD)
        lp_note(notes, LP_NOTE_SIGNATURE_GOOD, 0,
                "the signature is good%s%.120s: the file is as its signer made it",
                by ? " by the certificate in " : "", by ? by : "");
    else if (result == LP_SIGNATURE_BAD)
        lp_note(notes, LP_NOTE_SIGNATURE_BAD, 0,
                "the signature is wrong%s%.120s: the file was changed, or another key signed it",
                by ? " by the certificate in " : "", by ? by : "");
    else
        lp_note(notes, LP_NOTE_SIGNATURE_UNCHECKED, 0,
                "the signature was not checked: %s has the signer's serial number %s",
                tried ? "no RSA certificate" : "none of the given certificates",
                serial_text(file->serial).hex);
}

static const char *shown(struct lp_notes *notes, struct lp_rd text)
{
    enum { SHOWN = 120 };
    struct lp_rd part = lp_rd_head(&text, SHOWN);
    const char *clean = lp_text_clean(notes->arena, part.ptr, part.left);

    notes->no_memory |= !clean;
    return clean ? clean : "";
}

/* "2023-11-14 22:13:20 UTC" */
static void time_text(uint32_t time, char *out, size_t size)
{
    enum { DAY = 86400 };
    struct lp_date date = lp_date_of_day(time / DAY);
    unsigned second = time % DAY;

    snprintf(out, size, "%lld-%02u-%02u %02u:%02u:%02u UTC", (long long)date.year, date.month,
             date.day, second / 3600, second / 60 % 60, second % 60);
}

void lp_note_signed(struct lp_notes *notes, const struct lp_signed *file,
                    const struct lp_phone_trust *trust)
{
    char when[64] = "at an unknown time";

    if (file->has_time)
        time_text(file->time, when, sizeof when);
    lp_note(notes, LP_NOTE_SIGNED, 0, "signed by \"%s\" as \"%s\", %s; the text begins at byte %zu",
            shown(notes, file->signer), shown(notes, file->file_name), when, file->header_length);
    note_check(notes, file, trust);
}
