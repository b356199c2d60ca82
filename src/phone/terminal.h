/*
 * The log of a terminal: what a person copied out of a session with a router, line by line.
 */
#ifndef LP_PHONE_TERMINAL_H
#define LP_PHONE_TERMINAL_H

#include "base/mem.h"
#include "base/rd.h"

/* Starts with `rest` set and all else zeroed; lp_terminal_end releases it. */
struct lp_terminal {
    struct lp_rd rest;   /* what is still to be read */
    struct lp_buf plain; /* owned: the current line */
    unsigned long line;  /* its number, from 1 */
    bool no_memory;
};

/* The next line that says something, in plain: without paging, escape sequences, time stamps in
 * front, the prompt, and white space around it. Log messages and empty lines are passed over. The
 * line is good until the next call. False: no more, or memory is short. */
LP_MUST_USE bool lp_terminal_next(struct lp_terminal *terminal, struct lp_rd *line);
void lp_terminal_end(struct lp_terminal *terminal);

enum { LP_WORDS_MOST = 10 };

/* The first words of a line. */
struct lp_words {
    struct lp_rd at[LP_WORDS_MOST];
    struct lp_rd rest[LP_WORDS_MOST]; /* what follows each */
    size_t count;
};
struct lp_words lp_words_split(struct lp_rd line);
/* Whether the first words are those of the pattern, in lower case and separated by spaces; "*"
 * stands for any. */
bool lp_words_begin(const struct lp_words *words, const char *pattern);

/* The next word of a line. False: there is none. */
LP_MUST_USE bool lp_word_next(struct lp_rd *line, struct lp_rd *word);
/* Both ignore the case of ASCII letters; `text` is in lower case. */
bool lp_word_is(struct lp_rd word, const char *text);
bool lp_word_begins(struct lp_rd word, const char *text);
/* The word without its last character if that is `mark`. */
struct lp_rd lp_word_without(struct lp_rd word, char mark);
/* A number from 1 to `most`; 0 for anything else. */
unsigned lp_word_number(struct lp_rd word, unsigned most);

#endif
