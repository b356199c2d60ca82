/* Which captures a command works on. */
#ifndef LP_CLI_INPUTS_H
#define LP_CLI_INPUTS_H

#include "cli/options.h"

struct lp_inputs {
    const struct lp_cli *cli; /* borrowed */
    bool stdin_used;          /* it can be read only once */
    bool silent;              /* for who only counts: nothing is said */
    /* `config` is the second column of a list, or NULL; both are borrowed. False: enough. */
    bool (*visit)(void *ctx, const char *path, const char *config);
    /* A directory could not be read, which has been said. */
    void (*trouble)(void *ctx);
    void *ctx;
};

/* Calls `visit` for every input of the command line: files as they are named, the captures in
 * directories, the lines of --files-from, the interface of -i; in that order. False: the list
 * cannot be read or asks for the impossible, which has been said. */
bool lp_inputs_walk(const struct lp_inputs *inputs);

/* Whether the file begins like a capture: pcap (microseconds, nanoseconds, Kuznetzov's), pcapng. */
bool lp_is_capture(const char *path);

#endif
