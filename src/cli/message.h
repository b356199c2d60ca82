/* What the program tells its user beside the data: one line on standard error. */
#ifndef LP_CLI_MESSAGE_H
#define LP_CLI_MESSAGE_H

#include <stdbool.h>

/* "leafprint: ", the text, a newline, in one write. Names inside may be hostile: control characters
 * leave as \xNN. */
void lp_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line of progress may stand where the next message goes: it is to be taken away first. */
void lp_say_over_progress(bool on);

#endif
