/*
 * The files that phones fetched within the capture, by TFTP or HTTP: where the configuration inside
 * a capture comes from.
 */
#ifndef LP_SCAN_BOOTFILES_H
#define LP_SCAN_BOOTFILES_H

#include "carrier/file.h"
#include "scan/pieces.h"
#include "tcp/tcp.h"

struct lp_boot_files {
    struct lp_arena *arena;     /* borrowed */
    struct lp_boot_file *items; /* owned until lp_boot_files_take */
    size_t count, cap;
    struct lp_piece *pieces; /* owned: what came as a part of its file */
    size_t piece_count, piece_cap;
    bool out_of_memory;
};

/* Keeps a copy; ctx is a struct lp_boot_files, the signature lp_fetched_fn's. */
void lp_boot_files_add(void *ctx, const struct lp_fetched *file);
/* Hands over the files, sorted by frame, in the capture's arena. False: memory is short. */
bool lp_boot_files_take(struct lp_boot_files *files, struct lp_capture *capture);
void lp_boot_files_free(struct lp_boot_files *files);

/* One HTTP connection on which a phone asks for its files: both directions are kept and read at its
 * end. */
struct lp_boot_http;
struct lp_boot_http *lp_boot_http_new(struct lp_flow *flow,
                                      unsigned client); /* NULL: memory or budget is short */
/* Takes the bytes that are there, as far as they follow on what was taken before. False: no more is
 * wanted. */
bool lp_boot_http_take(struct lp_boot_http *http, unsigned dir, const struct lp_stream *stream);
void lp_boot_http_read(struct lp_boot_http *http, const struct lp_flow *flow,
                       const struct lp_flow_end ends[2], struct lp_boot_files *files);
void lp_boot_http_free(struct lp_boot_http *http);

#endif
