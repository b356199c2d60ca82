/*
 * leafprint: the command line.
 *
 * main finds the command and reads its options; one file per command does the work and returns the
 * exit status (docs/leafprint.1, EXIT STATUS).
 */
#include "cli/message.h"
#include "cli/options.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct lp_command *lp_command_at(size_t index)
{
    static const struct lp_command *const commands[] = {
        &lp_command_verify, &lp_command_extract, &lp_command_inspect,
        &lp_command_hash,   &lp_command_audit,   &lp_command_report,
    };

    return index < sizeof commands / sizeof *commands ? commands[index] : NULL;
}

const struct lp_command *lp_command_find(const char *name)
{
    const struct lp_command *command;

    for (size_t i = 0; (command = lp_command_at(i)); i++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

/* A file opened later must not become descriptor 0, 1 or 2 because the caller closed one of them:
 * the report would be written into it. The stand-ins are opened the wrong way round, so that using
 * them fails as using a closed descriptor does. */
static bool occupy_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return false;
    return true;
}

static int run_command(const struct lp_command *command, int argc, char **argv)
{
    struct lp_cli cli;
    int status = LP_EXIT_TROUBLE;

    if (!lp_cli_read(&cli, command, argc, argv))
        goto out;
    if (cli.help)
        status = lp_help(command);
    else if (cli.version)
        status = lp_show_version();
    else
        status = command->run(&cli);
out:
    lp_cli_free(&cli);
    return status;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    const struct lp_command *command = lp_command_find(word);

    if (!occupy_standard_descriptors())
        return LP_EXIT_TROUBLE;
    /* Digests and ciphers by their names are all that is asked of OpenSSL: no file has a say in
     * that, and tidying up just before the process ends would take longer than a packet. */
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
    if (command)
        return run_command(command, argc - 1, argv + 1);
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return lp_help(NULL);
    if (strcmp(word, "--version") == 0)
        return lp_show_version();
    if (argc > 1)
        lp_say("%s: no such command", word);
    else
        lp_say("no command given");
    lp_say("`leafprint --help` lists the commands");
    return LP_EXIT_TROUBLE;
}
