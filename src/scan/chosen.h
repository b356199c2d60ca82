/*
 * Which of the given configurations a capture can be about.
 *
 * For a folder of ten thousand phones and as many captures, holding each against each would take
 * the square of their number. Where the makers of all handshakes are known by their MACs, or the
 * capture is named after its phone, the configurations of all other phones have nothing to say
 * (phone/pairing.h), and are not even looked at.
 */
#ifndef LP_SCAN_CHOSEN_H
#define LP_SCAN_CHOSEN_H

#include "scan/expected.h"

struct lp_chosen {
    size_t *indices; /* owned: of the configurations, ascending */
    size_t count, cap;
    size_t left_out; /* how many were not chosen */
};

/* `expected` may be NULL. False: memory is short. */
bool lp_chosen_find(struct lp_chosen *chosen, const struct lp_capture *capture,
                    const struct lp_expected *expected);
/* The first of those that were not chosen; only when there is one. */
size_t lp_chosen_first_left_out(const struct lp_chosen *chosen);
void lp_chosen_free(struct lp_chosen *chosen);

#endif
