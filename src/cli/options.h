/*
 * The command line, read.
 *
 * One table (options.c) holds every option: its names, its argument, the commands that take it, its
 * line in --help and the function that stores it. A command therefore refuses what it does not use.
 */
#ifndef LP_CLI_OPTIONS_H
#define LP_CLI_OPTIONS_H

#include "report/report.h"

struct lp_cli;

struct lp_command {
    const char *name;
    unsigned bit; /* one of the LP_CMD_ bits: what the option table refers to */
    const char *synopsis;
    const char *about; /* one line */
    const char *exit_status;
    enum lp_rows rows;                    /* of its CSV */
    int (*run)(const struct lp_cli *cli); /* the exit status */
};

enum {
    LP_CMD_VERIFY = 1,
    LP_CMD_EXTRACT = 2,
    LP_CMD_INSPECT = 4,
    LP_CMD_HASH = 8,
    LP_CMD_AUDIT = 16,
    LP_CMD_REPORT = 32,
};

extern const struct lp_command lp_command_verify, lp_command_extract, lp_command_inspect,
    lp_command_hash, lp_command_audit, lp_command_report;

const struct lp_command *lp_command_find(const char *name); /* NULL: there is none */
const struct lp_command *lp_command_at(size_t index);       /* NULL past the end */

/* An expected side, in the order given. */
struct lp_expectation {
    bool is_hash; /* --expect; otherwise a file */
    const char *text;
};

enum lp_fail_on { LP_FAIL_ON_MISMATCH = 0, LP_FAIL_ON_TROUBLE, LP_FAIL_ON_NEVER };
enum lp_when { LP_WHEN_AUTO = 0, LP_WHEN_ALWAYS, LP_WHEN_NEVER };

/* Strings are borrowed from argv. */
struct lp_cli {
    const struct lp_command *command;
    struct lp_expectation *expectations; /* owned */
    size_t expectation_count;
    const char **trust; /* owned; --trust */
    size_t trust_count;
    unsigned jobs;          /* --jobs; 0: not given */
    unsigned shard, shards; /* --shard; 0: not given */
    struct lp_verify_options verify;
    const char *output;  /* -o; NULL: not given */
    unsigned site_depth; /* --site; 0: not given */
    bool all, pem;
    bool configs; /* extract: the phones' files instead of certificates */
    const struct lp_writer *writer;
    enum lp_fail_on fail_on;
    enum lp_when color, progress;
    const char *out;                    /* --out; NULL: not given */
    uint64_t max_memory, max_expansion; /* 0: the library's default */
    const char *filter;                 /* --filter; NULL: not given */
    struct lp_live live;                /* -i; .interface is NULL when it was not given */
    const char *keylog;                 /* --keylog; NULL: not given */
    const char *files_from;
    bool null_separated;
    bool quiet, verbose;
    bool help, version;
    char **inputs; /* borrowed */
    size_t input_count;
};

enum { LP_EXIT_OK = 0, LP_EXIT_DIFFERS = 1, LP_EXIT_TROUBLE = 2, LP_EXIT_UNDECIDED = 3 };

/* Reads the arguments behind the command's name, argv[0]. False: bad usage, and said so. Release
 * with lp_cli_free in both cases. */
bool lp_cli_read(struct lp_cli *cli, const struct lp_command *command, int argc, char **argv);
void lp_cli_free(struct lp_cli *cli);

/* The --help of one command, of the program (NULL), and --version: to standard output. The exit
 * status. */
int lp_help(const struct lp_command *command);
int lp_show_version(void);

/* The option table's part of --help. */
void lp_options_help(struct lp_out *out, const struct lp_command *command);

#endif
