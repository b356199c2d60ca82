/*
 * What a front end says about a capture: text for people, JSON Lines for programs.
 *
 * A writer is a row of functions, one per kind of result; --format chooses the row. Writers only
 * append to report->out and never fail: the one who flushes learns of a failure there. All texts of
 * a struct lp_capture are printable already (leafprint.h).
 */
#ifndef LP_REPORT_REPORT_H
#define LP_REPORT_REPORT_H

#include "report/out.h"

/* The files that one capture's certificates went to. */
struct lp_file {
    const char *path; /* owned by the list's arena, printable */
    bool written;     /* false: it was there already, with the same bytes */
};

struct lp_file_list {
    struct lp_arena *arena; /* owned */
    struct lp_file *items;  /* owned */
    size_t count, cap;
    bool of_phones; /* what phones fetched, not certificates */
};

bool lp_file_list_add(struct lp_file_list *list, const char *path, bool written);
void lp_file_list_free(struct lp_file_list *list);

struct lp_report {
    struct lp_out *out;  /* borrowed */
    bool color, verbose; /* for text; JSON Lines always say everything */
};

/* What the rows of a table are about. */
enum lp_rows {
    LP_ROWS_VERIFIED,
    LP_ROWS_INSPECTED,
    LP_ROWS_EXTRACTED,
    LP_ROWS_LISTED,
    LP_ROWS_AUDITED,
};

struct lp_writer {
    const char *name; /* as --format takes it */
    bool streams;     /* what was inspected may be written by streamed.h instead */
    void (*begin)(struct lp_report *report, enum lp_rows rows); /* NULL: nothing comes first */
    void (*verified)(struct lp_report *report, const struct lp_capture *capture);
    void (*inspected)(struct lp_report *report, const struct lp_capture *capture);
    void (*extracted)(struct lp_report *report, const struct lp_capture *capture,
                      const struct lp_file_list *files);
    void (*audited)(struct lp_report *report, const struct lp_audit *audit);
    /* One certificate or hash of a file; n is its place among all SHA-1 hashes of the run, from 1,
     * or 0 when it is none. */
    void (*listed)(struct lp_report *report, const char *path, const struct lp_listed *item,
                   unsigned n);
};

/* How a configuration was paired (lp_config.paired_by), for people. */
const char *lp_pairing_words(const char *rule);

/* The first free place for a hash behind place N; 0: none is left. */
unsigned lp_audit_free_place(const struct lp_audit_config *config, unsigned n);

extern const struct lp_writer lp_writer_text, lp_writer_jsonl, lp_writer_csv;

const struct lp_writer *lp_writer_find(const char *name); /* NULL: there is none of that name */

/* What a 16-bit code is called, or the code itself in hex ("0x7f1c"), written to `hex`. */
enum { LP_CODE_SIZE = sizeof "0x0000" };
const char *lp_version_text(uint16_t version, char hex[LP_CODE_SIZE]);
const char *lp_cipher_text(uint16_t cipher, char hex[LP_CODE_SIZE]);

/* "aa:bb:cc:dd:ee:ff" */
enum { LP_MAC_SIZE = sizeof "00:00:00:00:00:00" };
void lp_mac_text(const uint8_t mac[6], char out[LP_MAC_SIZE]);

/* "<certHash1>fZ2x…=</certHash1>", ready for a phone's configuration, in `out`; NULL when n exceeds
 * what a vpnGroup can hold or the hash is no SHA-1. */
enum { LP_CERT_HASH_LINE_SIZE = 64 };
const char *lp_cert_hash_line(unsigned n, const struct lp_cert_hash *hash,
                              char out[LP_CERT_HASH_LINE_SIZE]);

#endif
