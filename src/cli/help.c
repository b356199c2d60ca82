/* --help and --version. They are data when asked for: to standard output, and a failure to write
 * them is trouble. */
#include "cli/message.h"
#include "cli/options.h"

#include <string.h>
#include <unistd.h>

static int deliver(struct lp_out *out)
{
    bool written = lp_out_flush(out);

    if (!written)
        lp_say("standard output: %s", strerror(out->error));
    lp_out_free(out);
    return written ? LP_EXIT_OK : LP_EXIT_TROUBLE;
}

static void column(struct lp_out *out, const char *name, const char *text)
{
    enum { TEXT_COLUMN = 10 };
    size_t n = strlen(name);

    lp_out_text(out, "  ");
    lp_out_text(out, name);
    lp_out_spaces(out, n < TEXT_COLUMN ? TEXT_COLUMN - n : 1);
    lp_out_text(out, text);
    lp_out_char(out, '\n');
}

static void program_help(struct lp_out *out)
{
    const struct lp_command *command;

    lp_out_text(out, "Usage: leafprint COMMAND [OPTION]... FILE...\n"
                     "\n"
                     "Finds the certificate that a VPN headend presents in a packet capture, and\n"
                     "compares it with the hash in an IP phone's configuration.\n"
                     "\n");
    for (size_t i = 0; (command = lp_command_at(i)); i++)
        column(out, command->name, command->about);
    lp_out_text(out, "\n`leafprint COMMAND --help` lists the options of a command.\n");
}

int lp_help(const struct lp_command *command)
{
    struct lp_out out = {.fd = STDOUT_FILENO};

    if (!command) {
        program_help(&out);
        return deliver(&out);
    }
    lp_out_text(&out, "Usage: leafprint ");
    lp_out_text(&out, command->synopsis);
    lp_out_text(&out, "\n\n");
    lp_out_text(&out, command->about);
    lp_out_text(&out, "\n\n");
    lp_options_help(&out, command);
    lp_out_text(&out, "\nExit status: ");
    lp_out_text(&out, command->exit_status);
    lp_out_char(&out, '\n');
    return deliver(&out);
}

int lp_show_version(void)
{
    struct lp_out out = {.fd = STDOUT_FILENO};
    const char *name, *compiled, *running;

    lp_out_text(&out, "leafprint ");
    lp_out_text(&out, lp_version());
    lp_out_char(&out, '\n');
    for (size_t i = 0; lp_library_version(i, &name, &compiled, &running); i++) {
        lp_out_text(&out, name);
        lp_out_text(&out, ": compiled ");
        lp_out_text(&out, compiled);
        lp_out_text(&out, ", running ");
        lp_out_text(&out, running);
        lp_out_char(&out, '\n');
    }
    return deliver(&out);
}
