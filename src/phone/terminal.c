/*
 * Terminal logs made plain.
 *
 * What a router prints reaches a file through a pager, a terminal and often a chat window. Each
 * leaves its traces: "--More--" with the backspaces that wiped it out, carriage returns, colours,
 * time stamps in front of lines, a prompt before what was typed, and messages of the console in
 * between. None of them can be told from the text by position, so each line is rewritten into a
 * buffer of its own, control characters as spaces, before anyone looks for words in it.
 */
#include "phone/terminal.h"

#include "phone/parts.h"

enum { ESCAPE = 0x1b };

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool take_if(struct lp_rd *rd, char want)
{
    struct lp_rd ahead = *rd;
    uint8_t c;

    if (!lp_rd_u8(&ahead, &c) || c != (uint8_t)want)
        return false;
    *rd = ahead;
    return true;
}

static size_t take_all(struct lp_rd *rd, char want)
{
    size_t n = 0;
    while (take_if(rd, want))
        n++;
    return n;
}

/* ---- words ---- */

bool lp_word_next(struct lp_rd *line, struct lp_rd *word)
{
    struct lp_rd ahead = *line;
    uint8_t c = ' ';

    while (lp_rd_u8(&ahead, &c) && lp_phone_blank(c))
        *line = ahead;
    if (lp_rd_end(line))
        return false;
    size_t n = 0;
    for (ahead = *line; lp_rd_u8(&ahead, &c) && !lp_phone_blank(c);)
        n++;
    return lp_rd_sub(line, n, word);
}

/* Moves behind `text`. */
static bool take_text(struct lp_rd *rd, const char *text)
{
    struct lp_rd ahead = *rd;
    uint8_t c;

    for (; *text; text++)
        if (!lp_rd_u8(&ahead, &c) || lower(c) != (uint8_t)*text)
            return false;
    *rd = ahead;
    return true;
}

bool lp_word_begins(struct lp_rd word, const char *text)
{
    return take_text(&word, text);
}

bool lp_word_is(struct lp_rd word, const char *text)
{
    return take_text(&word, text) && lp_rd_end(&word);
}

struct lp_rd lp_word_without(struct lp_rd word, char mark)
{
    struct lp_rd rest = word, shorter;

    if (word.left == 0 || !lp_rd_sub(&rest, word.left - 1, &shorter) || !take_if(&rest, mark))
        return word;
    return shorter;
}

unsigned lp_word_number(struct lp_rd word, unsigned most)
{
    enum { DIGITS = 3 };
    unsigned value = 0;
    uint8_t c;

    if (word.left > DIGITS)
        return 0;
    while (lp_rd_u8(&word, &c)) {
        if (!is_digit(c))
            return 0;
        value = value * 10 + (unsigned)(c - '0');
    }
    return value <= most ? value : 0;
}

struct lp_words lp_words_split(struct lp_rd line)
{
    struct lp_words words = {.count = 0};

    while (words.count < LP_WORDS_MOST && lp_word_next(&line, &words.at[words.count]))
        words.rest[words.count++] = line;
    return words;
}

bool lp_words_begin(const struct lp_words *words, const char *pattern)
{
    struct lp_rd wanted = lp_rd_init(pattern, strlen(pattern)), want;
    char text[24];

    for (size_t i = 0; lp_word_next(&wanted, &want); i++) {
        size_t n = want.left;
        if (i >= words->count || n >= sizeof text || !lp_rd_copy(&want, text, n))
            return false;
        text[n] = '\0';
        if (strcmp(text, "*") != 0 && !lp_word_is(words->at[i], text))
            return false;
    }
    return true;
}

/* ---- one line ---- */

/* The raw line, without LF; CR is white space like any other. */
static bool take_raw(struct lp_terminal *terminal, struct lp_rd *raw)
{
    struct lp_rd ahead = terminal->rest;
    size_t n = 0;
    uint8_t c = 0;

    if (lp_rd_end(&ahead))
        return false;
    while (lp_rd_u8(&ahead, &c) && c != '\n')
        n++;
    if (!lp_rd_sub(&terminal->rest, n, raw))
        return false;
    take_if(&terminal->rest, '\n');
    terminal->line++;
    return true;
}

/* "--More--" (IOS), "<--- More --->" (ASA) and their kin. */
static bool take_pager(struct lp_rd *rd)
{
    struct lp_rd ahead = *rd;

    take_if(&ahead, '<');
    if (take_all(&ahead, '-') < 2)
        return false;
    take_all(&ahead, ' ');
    if (!take_text(&ahead, "more"))
        return false;
    take_all(&ahead, ' ');
    if (take_all(&ahead, '-') < 2)
        return false;
    take_if(&ahead, '>');
    *rd = ahead;
    return true;
}

/* A control sequence of ECMA-48 5.4, its ESC already taken: "[", parameters, one final byte. */
static void skip_sequence(struct lp_rd *rd)
{
    uint8_t c;

    if (take_if(rd, '['))
        while (lp_rd_u8(rd, &c) && (c < 0x40 || c > 0x7e))
            continue;
}

/* Rewrites the raw line into `out`. False: memory is short. */
static bool make_plain(struct lp_buf *out, struct lp_rd raw)
{
    uint8_t c;

    out->len = 0;
    while (!lp_rd_end(&raw)) {
        if (take_pager(&raw) || !lp_rd_u8(&raw, &c))
            continue;
        if (c == ESCAPE) {
            skip_sequence(&raw);
            continue;
        }
        if (c < ' ' || c == 0x7f)
            c = ' ';
        if (lp_buf_append(out, &c, 1) != LP_GROW_OK)
            return false;
    }
    return true;
}

/* ---- what stands in front ---- */

static size_t take_digits(struct lp_rd *rd)
{
    size_t n = 0;
    uint8_t c;

    for (struct lp_rd ahead = *rd; lp_rd_u8(&ahead, &c) && is_digit(c); n++)
        *rd = ahead;
    return n;
}

/* "05:39:56", with a fraction or in brackets. More than three numbers are no time of day but a
 * fingerprint. */
static bool is_time(struct lp_rd word)
{
    uint8_t c;

    while (take_if(&word, '[') || take_if(&word, '(') || take_if(&word, '*') || take_if(&word, '.'))
        continue;
    size_t hours = take_digits(&word);
    if (hours < 1 || hours > 2 || !take_if(&word, ':') || take_digits(&word) != 2 ||
        !take_if(&word, ':') || take_digits(&word) != 2)
        return false;
    if (take_if(&word, '.') || take_if(&word, ','))
        take_digits(&word);
    while (lp_rd_u8(&word, &c))
        if (!strchr("]):,", c))
            return false;
    return true;
}

/* A time stamp ends in the time of day; date, sequence number and the like come before it. */
static void skip_time(struct lp_rd *line)
{
    enum { WORDS = 5 };
    struct lp_rd ahead = *line, word;

    for (int i = 0; i < WORDS && lp_word_next(&ahead, &word); i++)
        if (is_time(word)) {
            *line = ahead;
            return;
        }
}

/* "Router(config)#": the name of a router, then "#" or ">". What was typed may follow at once. */
static void skip_prompt(struct lp_rd *line)
{
    struct lp_rd rest = *line;
    size_t n = 0;
    uint8_t c;

    while (lp_rd_u8(&rest, &c)) {
        if ((c == '#' || c == '>') && n > 0) {
            *line = rest;
            return;
        }
        if (!is_digit(c) && !(lower(c) >= 'a' && lower(c) <= 'z') && !strchr("-._()/@:", c))
            return;
        n++;
    }
}

bool lp_terminal_next(struct lp_terminal *terminal, struct lp_rd *line)
{
    struct lp_rd raw;

    while (take_raw(terminal, &raw)) {
        if (!make_plain(&terminal->plain, raw)) {
            terminal->no_memory = true;
            return false;
        }
        struct lp_rd plain = lp_rd_init(terminal->plain.bytes, terminal->plain.len);
        skip_time(&plain);
        plain = lp_phone_trim((const char *)plain.ptr, plain.left);
        skip_prompt(&plain);
        plain = lp_phone_trim((const char *)plain.ptr, plain.left);
        if (!lp_rd_end(&plain) && !lp_word_begins(plain, "%")) { /* "%SYS-5-CONFIG_I: ..." */
            *line = plain;
            return true;
        }
    }
    return false;
}

void lp_terminal_end(struct lp_terminal *terminal)
{
    lp_buf_free(&terminal->plain);
}
