/*
 * What a file gives to compare with, other than a phone's configuration: certificates, a headend's
 * text, a trust list, hashes. Its content tells which it is.
 */
#ifndef LP_SCAN_MATERIAL_H
#define LP_SCAN_MATERIAL_H

#include "base/mem.h"
#include "base/rd.h"
#include "leafprint/leafprint.h"
#include "phone/trustlist.h"

enum lp_material_kind {
    LP_MATERIAL_NONE = 0, /* none of these */
    LP_MATERIAL_CERTIFICATES,
    LP_MATERIAL_HEADEND,
    LP_MATERIAL_TRUST_LIST,
    LP_MATERIAL_HASHES,
};
const char *lp_material_name(enum lp_material_kind kind); /* static: "headend" */

/* Everything but the array lives in the arena. Starts zeroed. */
struct lp_material {
    struct lp_arena *arena; /* borrowed */
    enum lp_material_kind kind;
    struct lp_listed *items; /* owned */
    size_t count, cap;
    struct lp_config config;    /* the expected side; of a trust list only its findings count */
    struct lp_trust_list trust; /* of a trust list */
};

/* False only when memory is short. `path` names the file in messages. */
bool lp_material_read(struct lp_arena *arena, const char *path, struct lp_rd bytes,
                      struct lp_material *out);
void lp_material_free(struct lp_material *material);

#endif
