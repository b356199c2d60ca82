/* The wish of the user, or of the system, that the program come to its end. */
#ifndef LP_CLI_INTERRUPT_H
#define LP_CLI_INTERRUPT_H

#include <signal.h>

/* 0, or the signal that asked. */
extern volatile sig_atomic_t lp_interrupted;

/* From now on the first SIGINT, SIGTERM or SIGHUP only says so here; the second of a kind ends the
 * program at once. */
void lp_catch_interrupts(void);

#endif
