/*
 * A whole capture file, from its first byte to the sessions. What must hold: a status that fits the
 * result; sessions in the order of their first frames, each at its own index; a complete
 * certificate has its bytes and both hashes, one that is not complete has neither (a hash of bytes
 * not proven whole is worse than none); every text is valid to print.
 */
#define _GNU_SOURCE /* memfd_create */
#include "leafprint/leafprint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_text(const char *text)
{
    for (; text && *text; text++)
        require((uint8_t)*text >= 0x20 && *text != 0x7f);
}

static void check_cert(const struct lp_cert *cert, size_t depth)
{
    static const uint8_t zeros[32];
    bool has_sha1 = memcmp(cert->sha1, zeros, sizeof cert->sha1) != 0;
    bool has_sha256 = memcmp(cert->sha256, zeros, sizeof cert->sha256) != 0;

    require(cert->depth == depth && cert->matches == 0);
    require(has_sha1 == cert->complete && has_sha256 == cert->complete);
    require((cert->der != NULL) == cert->complete && (cert->facts != NULL) == cert->complete);
    if (!cert->facts)
        return;
    check_text(cert->facts->subject);
    check_text(cert->facts->issuer);
    check_text(cert->facts->x509_error);
    for (size_t i = 0; i < cert->facts->san_count; i++)
        check_text(cert->facts->san[i]);
}

static void check_session(const struct lp_capture *capture, size_t index)
{
    const struct lp_session *session = &capture->sessions[index];

    require(session->id == index && !session->compared && session->verdict == LP_UNDECIDED);
    require(index == 0 || capture->sessions[index - 1].first_frame <= session->first_frame);
    require(session->first_frame <= capture->stats.packets);
    require(session->certificate_frame <= capture->stats.packets);
    require(session->outcome < LP_OUTCOME_COUNT && session->reason < LP_REASON_COUNT);
    for (size_t i = 0; i < session->chain_count; i++)
        check_cert(&session->chain[i], i);
    for (size_t i = 0; i < session->client_chain_count; i++)
        check_cert(&session->client_chain[i], i);
    /* Without a leaf there is a reason; with the whole message there is none. */
    bool leaf = session->chain_count > 0 && session->chain[0].complete;
    require(leaf || session->reason != LP_REASON_NONE);
    require(!leaf || !session->chain_complete || session->reason == LP_REASON_NONE);
    check_text(session->sni);
}

static void check_capture(const struct lp_capture *capture)
{
    require(capture->verdict == LP_UNDECIDED && !capture->verified);
    for (size_t i = 0; i < capture->session_count; i++)
        check_session(capture, i);
    for (size_t i = 0; i < capture->finding_count; i++) {
        require(capture->findings[i].session < (int64_t)capture->session_count);
        check_text(capture->findings[i].message);
    }
    for (size_t i = 1; i < capture->attempt_count; i++)
        require(capture->attempts[i - 1].frame <= capture->attempts[i].frame);
    check_text(capture->error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const struct lp_options options = {.facts = true, .keep_der = true, .max_memory = 64 << 20};
    struct lp_capture *capture = NULL;
    struct lp_error error = {""};
    char path[64];
    int fd = memfd_create("capture", MFD_CLOEXEC);

    require(fd >= 0);
    for (size_t done = 0; done < n;) {
        ssize_t wrote = write(fd, bytes + done, n - done);
        require(wrote > 0);
        done += (size_t)wrote;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    enum lp_status status = lp_inspect(path, &options, &capture, &error);
    require((status == LP_OK) == (capture != NULL));
    require(status == LP_OK || error.text[0] != '\0');
    if (capture)
        check_capture(capture);
    lp_capture_free(capture);
    close(fd);
    return 0;
}
