#include "cli/options.h"

#include "cli/message.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum {
    CAPTURES = LP_CMD_VERIFY | LP_CMD_EXTRACT | LP_CMD_INSPECT,
    LIVE = LP_CMD_VERIFY | LP_CMD_INSPECT,
    COMPARING = LP_CMD_VERIFY | LP_CMD_AUDIT,
    FORMATTING = CAPTURES | LP_CMD_HASH | LP_CMD_AUDIT,
    EVERY = FORMATTING | LP_CMD_REPORT,
};

struct option_row {
    const char *name;
    const char *argument; /* how --help calls it; NULL: takes none */
    const char *help;
    bool (*set)(struct lp_cli *cli, const char *argument); /* false: bad argument, not yet said */
    unsigned commands;
    char letter; /* '\0': none */
};

/* ---- storing one option ---- */

static bool expect(struct lp_cli *cli, const char *text, bool is_hash)
{
    cli->expectations[cli->expectation_count++] = (struct lp_expectation){is_hash, text};
    return true;
}

static bool set_config(struct lp_cli *cli, const char *argument)
{
    return expect(cli, argument, false);
}

static bool set_expect(struct lp_cli *cli, const char *argument)
{
    return expect(cli, argument, true);
}

static bool set_trust(struct lp_cli *cli, const char *argument)
{
    cli->trust[cli->trust_count++] = argument;
    return *argument != '\0';
}

/* Decimal digits that make 1 to `most`. */
static bool whole_number(const char *text, uint64_t most, uint64_t *out)
{
    uint64_t value = 0;

    for (; *text >= '0' && *text <= '9'; text++)
        if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return false;
    *out = value;
    return *text == '\0' && value > 0 && value <= most;
}

static bool small_number(const char *text, unsigned *out)
{
    enum { MOST = 999 };
    uint64_t value = 0;
    bool fine = whole_number(text, MOST, &value);

    *out = (unsigned)value;
    return fine;
}

static bool set_jobs(struct lp_cli *cli, const char *argument)
{
    return small_number(argument, &cli->jobs);
}

static bool set_site_depth(struct lp_cli *cli, const char *argument)
{
    return small_number(argument, &cli->site_depth);
}

/* I/N with 1 <= I <= N */
static bool set_shard(struct lp_cli *cli, const char *argument)
{
    enum { SHARDS_MOST = 1000000, DIGITS = 16 };
    const char *slash = strchr(argument, '/');
    size_t n = slash ? (size_t)(slash - argument) : DIGITS;
    char share[DIGITS] = "";
    uint64_t shard = 0, shards = 0;

    if (n >= sizeof share || !whole_number(slash + 1, SHARDS_MOST, &shards))
        return false;
    memcpy(share, argument, n);
    if (!whole_number(share, shards, &shard))
        return false;
    cli->shard = (unsigned)shard;
    cli->shards = (unsigned)shards;
    return true;
}

static bool set_filter(struct lp_cli *cli, const char *argument)
{
    cli->filter = argument;
    return *argument != '\0';
}

static bool set_interface(struct lp_cli *cli, const char *argument)
{
    cli->live.interface = argument;
    return *argument != '\0';
}

static bool set_duration(struct lp_cli *cli, const char *argument)
{
    enum { YEAR = 365 * 24 * 3600 };
    uint64_t seconds = 0;
    bool fine = whole_number(argument, YEAR, &seconds);

    cli->live.seconds = (unsigned)seconds;
    return fine;
}

static bool set_packets(struct lp_cli *cli, const char *argument)
{
    return whole_number(argument, UINT64_MAX, &cli->live.packets);
}

static bool set_leaf_only(struct lp_cli *cli, const char *argument)
{
    (void)argument;
    return cli->verify.leaf_only = true;
}

static bool set_any_server(struct lp_cli *cli, const char *argument)
{
    (void)argument;
    return cli->verify.any_server = true;
}

static bool set_server(struct lp_cli *cli, const char *argument)
{
    cli->verify.server = argument;
    return *argument != '\0';
}

static bool set_output(struct lp_cli *cli, const char *argument)
{
    cli->output = argument;
    return *argument != '\0';
}

static bool set_all(struct lp_cli *cli, const char *argument)
{
    (void)argument;
    return cli->all = true;
}

static bool set_configs(struct lp_cli *cli, const char *argument)
{
    (void)argument;
    return cli->configs = true;
}

static bool set_pem(struct lp_cli *cli, const char *argument)
{
    (void)argument;
    return cli->pem = true;
}

static bool set_format(struct lp_cli *cli, const char *argument)
{
    return (cli->writer = lp_writer_find(argument)) != NULL;
}

/* The place of a word in a list that ends in NULL, or -1. */
static int word_index(const char *const *words, const char *word)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

static bool set_fail_on(struct lp_cli *cli, const char *argument)
{
    static const char *const words[] = {"mismatch", "trouble", "never", NULL};
    int i = word_index(words, argument);

    if (i >= 0)
        cli->fail_on = (enum lp_fail_on)i;
    return i >= 0;
}

static bool read_when(const char *argument, enum lp_when *out)
{
    static const char *const words[] = {"auto", "always", "never", NULL};
    int i = word_index(words, argument);

    if (i >= 0)
        *out = (enum lp_when)i;
    return i >= 0;
}

static bool set_color(struct lp_cli *cli, const char *argument)
{
    return read_when(argument, &cli->color);
}

static bool set_progress(struct lp_cli *cli, const char *argument)
{
    return read_when(argument, &cli->progress);
}

static bool set_out(struct lp_cli *cli, const char *argument)
{
    cli->out = argument;
    return *argument != '\0';
}

/* Decimal digits, then nothing, K, M or G (powers of 1024). */
static bool byte_size(const char *argument, uint64_t *out)
{
    static const char suffixes[] = "KMG";
    uint64_t size = 0;
    const char *at = argument;

    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(size, (uint64_t)10, &size) ||
            __builtin_add_overflow(size, (uint64_t)(*at - '0'), &size))
            return false;
    if (*at) {
        const char *suffix = strchr(suffixes, *at & ~0x20); /* either case */
        if (!suffix || at[1] || at == argument)
            return false;
        for (const char *k = suffixes; k <= suffix; k++)
            if (__builtin_mul_overflow(size, (uint64_t)1024, &size))
                return false;
    }
    *out = size;
    return size > 0;
}

static bool set_max_memory(struct lp_cli *cli, const char *argument)
{
    return byte_size(argument, &cli->max_memory);
}

static bool set_max_expansion(struct lp_cli *cli, const char *argument)
{
    return byte_size(argument, &cli->max_expansion);
}

static bool set_keylog(struct lp_cli *cli, const char *argument)
{
    cli->keylog = argument;
    return *argument != '\0';
}

static bool set_files_from(struct lp_cli *cli, const char *argument)
{
    cli->files_from = argument;
    return *argument != '\0';
}

static bool set_null(struct lp_cli *cli, const char *argument)
{
    (void)argument;
    return cli->null_separated = true;
}

static bool set_quiet(struct lp_cli *cli, const char *argument)
{
    (void)argument;
    return cli->quiet = true;
}

static bool set_verbose(struct lp_cli *cli, const char *argument)
{
    (void)argument;
    return cli->verbose = true;
}

static bool set_help(struct lp_cli *cli, const char *argument)
{
    (void)argument;
    return cli->help = true;
}

static bool set_version(struct lp_cli *cli, const char *argument)
{
    (void)argument;
    return cli->version = true;
}

static const struct option_row rows[] = {
    {"config", "FILE",
     "phones' configurations (XML, signed, a folder); verify: a certificate or headend text too",
     set_config, COMPARING, 'c'},
    {"expect", "HASH", "a hash itself: Base64, or hex with or without colons; may be repeated",
     set_expect, LP_CMD_VERIFY, '\0'},
    {"trust", "FILE",
     "a certificate or trust list that signed configurations are checked with; may be repeated",
     set_trust, COMPARING, '\0'},
    {"leaf-only", NULL, "the hash of an issuer is no match", set_leaf_only, LP_CMD_VERIFY, '\0'},
    {"any-server", NULL, "compare every handshake, not only those to a configured url",
     set_any_server, LP_CMD_VERIFY, '\0'},
    {"server", "HOST[:PORT]", "the headend, instead of the configured urls", set_server,
     LP_CMD_VERIFY, '\0'},
    {"output", "DIR",
     "where the files go (default: here); - writes one single leaf to standard output", set_output,
     LP_CMD_EXTRACT, 'o'},
    {"output", "FILE", "the page to write; - is standard output; without it the totals alone",
     set_output, LP_CMD_REPORT, 'o'},
    {"site", "N", "the N-th directory of a capture's path names its site (default: 1)",
     set_site_depth, LP_CMD_REPORT, '\0'},
    {"all", NULL, "the whole chain and client certificates too", set_all, LP_CMD_EXTRACT, '\0'},
    {"configs", NULL, "the phones' own files instead of certificates", set_configs, LP_CMD_EXTRACT,
     '\0'},
    {"pem", NULL, "PEM instead of DER", set_pem, LP_CMD_EXTRACT, '\0'},
    {"format", "FORMAT", "text (default), jsonl or csv", set_format, FORMATTING, 'f'},
    {"files-from", "FILE",
     "names of captures, one per line (- : standard input); verify: a TAB, and its configuration",
     set_files_from, CAPTURES, '\0'},
    {"null", NULL, "names in --files-from end in NUL, not in a newline", set_null, CAPTURES, '0'},
    {"fail-on", "WHAT", "what makes the exit status non-zero: mismatch (default), trouble, never",
     set_fail_on, EVERY, '\0'},
    {"filter", "EXPRESSION", "only packets that match it, in the language of pcap-filter(7)",
     set_filter, CAPTURES, '\0'},
    {"interface", "NAME", "packets that pass an interface now, instead of a capture; ^C ends it",
     set_interface, LIVE, 'i'},
    {"duration", "SECONDS", "-i: end after so long", set_duration, LIVE, '\0'},
    {"packets", "NUMBER", "-i: end after so many packets", set_packets, LIVE, '\0'},
    {"keylog", "FILE", "secrets of TLS sessions (NSS key log), to read what TLS 1.3 encrypts",
     set_keylog, CAPTURES, '\0'},
    {"max-memory", "SIZE", "limit for connections and reassembly of one capture; K, M, G",
     set_max_memory, CAPTURES, '\0'},
    {"max-expansion", "SIZE", "what a compressed capture may expand to (default: 16G); K, M, G",
     set_max_expansion, CAPTURES, '\0'},
    {"jobs", "N", "so many threads (default: as many as processors)", set_jobs,
     CAPTURES | LP_CMD_AUDIT, 'j'},
    {"shard", "I/N", "only the I-th of N shares of the captures, by a hash of their names",
     set_shard, CAPTURES, '\0'},
    {"out", "FILE", "write the results to FILE, whole or not at all; a finished one is not redone",
     set_out, CAPTURES, '\0'},
    {"progress", "WHEN",
     "progress and totals on standard error: auto (default: on a terminal), always, never",
     set_progress, CAPTURES, '\0'},
    {"color", "WHEN", "auto (default), always, never", set_color, FORMATTING, '\0'},
    {"quiet", NULL, "no output, the exit status alone", set_quiet, EVERY, 'q'},
    {"verbose", NULL, "every handshake and every finding", set_verbose, EVERY, 'v'},
    {"help", NULL, "this text", set_help, EVERY, 'h'},
    {"version", NULL, "versions of the program and of its libraries", set_version, EVERY, '\0'},
};
enum { ROWS = sizeof rows / sizeof *rows, LONG_BASE = 256 /* above every letter */ };

/* ---- reading them all ---- */

static void build(const struct lp_command *command, struct option *longs, char *shorts)
{
    *shorts++ = ':'; /* getopt then tells a missing argument from an unknown option */
    for (int i = 0; i < ROWS; i++) {
        if (!(rows[i].commands & command->bit))
            continue;
        *longs++ = (struct option){rows[i].name, rows[i].argument != NULL, NULL, LONG_BASE + i};
        if (rows[i].letter)
            *shorts++ = rows[i].letter;
        if (rows[i].letter && rows[i].argument)
            *shorts++ = ':';
    }
    *longs = (struct option){0};
    *shorts = '\0';
}

/* What getopt returns for an option, as a row; NULL: none of ours. */
static const struct option_row *row_of(int value)
{
    if (value >= LONG_BASE)
        return &rows[value - LONG_BASE];
    for (int i = 0; value > 0 && i < ROWS; i++)
        if (rows[i].letter == value)
            return &rows[i];
    return NULL;
}

static void say_bad_option(const struct lp_command *command, int returned, const char *word)
{
    const struct option_row *row = row_of(optopt);

    if (row && returned == ':')
        lp_say("%s: option --%s needs an argument, %s", command->name, row->name, row->argument);
    else if (row && optopt >= LONG_BASE)
        lp_say("%s: option --%s takes no argument", command->name, row->name);
    else if (optopt)
        lp_say("%s: unknown option -%c", command->name, optopt);
    else
        lp_say("%s: unknown or ambiguous option %s", command->name, word);
    lp_say("`leafprint %s --help` lists the options", command->name);
}

static bool is_stdin(const char *name)
{
    return name && strcmp(name, "-") == 0;
}

/* Whether standard input would be read twice. Captures named by --files-from are seen later. */
static bool stdin_shared(const struct lp_cli *cli)
{
    size_t uses = is_stdin(cli->files_from);

    for (size_t i = 0; i < cli->trust_count; i++)
        uses += is_stdin(cli->trust[i]);
    for (size_t i = 0; i < cli->input_count; i++)
        uses += is_stdin(cli->inputs[i]);
    for (size_t i = 0; i < cli->expectation_count; i++)
        uses += !cli->expectations[i].is_hash && is_stdin(cli->expectations[i].text);
    return uses > 1;
}

static bool consistent(const struct lp_cli *cli)
{
    const char *name = cli->command->name;
    const char *wrong = NULL;

    if (cli->help || cli->version)
        return true;
    if (cli->files_from && cli->input_count)
        wrong = "captures come from the command line or from --files-from, not from both";
    else if (cli->live.interface && (cli->files_from || cli->input_count))
        wrong = "packets come from captures or from an interface, not from both";
    else if (!cli->live.interface && (cli->live.seconds || cli->live.packets))
        wrong = "--duration and --packets need an interface: -i";
    else if (!cli->files_from && !cli->input_count && !cli->live.interface &&
             cli->command->bit != LP_CMD_REPORT && cli->command->bit != LP_CMD_HASH)
        wrong = cli->command->bit & CAPTURES ? "no capture given" : "no certificate file given";
    else if (cli->command->bit == LP_CMD_AUDIT && !cli->expectation_count)
        wrong = "no configurations given: name a file or a folder with -c";
    else if (cli->null_separated && !cli->files_from)
        wrong = "--null needs --files-from";
    else if (stdin_shared(cli))
        wrong = "standard input (-) can be read only once";
    else if (cli->out && cli->quiet)
        wrong = "--out writes the results that --quiet leaves out";
    else if (cli->out && cli->live.interface)
        wrong = "--out is for captures, which can be read again, not for an interface";
    else if (cli->out && is_stdin(cli->output))
        wrong = "the leaf of -o - goes to standard output, not to --out";
    else if (cli->quiet && cli->verbose)
        wrong = "--quiet and --verbose exclude each other";
    else if (is_stdin(cli->output) && cli->all)
        wrong = "-o - writes one single leaf, --all more than that: give a directory";
    else if (cli->configs && (cli->all || cli->pem))
        wrong = "--configs writes files as they are: --all and --pem are about certificates";
    if (wrong)
        lp_say("%s: %s", name, wrong);
    return !wrong;
}

bool lp_cli_read(struct lp_cli *cli, const struct lp_command *command, int argc, char **argv)
{
    struct option longs[ROWS + 1];
    char shorts[2 * ROWS + 2];
    int value;

    *cli = (struct lp_cli){.command = command, .writer = &lp_writer_text};
    /* there cannot be more of either */
    cli->expectations = calloc((size_t)argc, sizeof *cli->expectations);
    cli->trust = calloc((size_t)argc, sizeof *cli->trust);
    if (!cli->expectations || !cli->trust) {
        lp_say("out of memory");
        return false;
    }
    build(command, longs, shorts);
    opterr = 0; /* its messages would show hostile names as they are */
    while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct option_row *row = value == '?' || value == ':' ? NULL : row_of(value);
        if (!row) {
            say_bad_option(command, value, argv[optind - 1]);
            return false;
        }
        if (!row->set(cli, optarg)) {
            lp_say("%s: --%s: bad value '%s'; %s: %s", command->name, row->name, optarg,
                   row->argument, row->help);
            return false;
        }
    }
    cli->inputs = argv + optind;
    cli->input_count = (size_t)(argc - optind);
    return consistent(cli);
}

void lp_cli_free(struct lp_cli *cli)
{
    free(cli->expectations);
    free(cli->trust);
    cli->expectations = NULL;
    cli->trust = NULL;
}

void lp_options_help(struct lp_out *out, const struct lp_command *command)
{
    enum { HELP_COLUMN = 28 };

    for (int i = 0; i < ROWS; i++) {
        if (!(rows[i].commands & command->bit))
            continue;
        size_t start = out->buf.len;
        lp_out_text(out, rows[i].letter ? "  -" : "    ");
        if (rows[i].letter)
            lp_out_char(out, rows[i].letter);
        lp_out_text(out, rows[i].letter ? ", --" : "  --");
        lp_out_text(out, rows[i].name);
        lp_out_text(out, rows[i].argument ? " " : NULL);
        lp_out_text(out, rows[i].argument);
        size_t used = out->buf.len - start;
        lp_out_spaces(out, used < HELP_COLUMN ? HELP_COLUMN - used : 1);
        lp_out_text(out, rows[i].help);
        lp_out_char(out, '\n');
    }
}
