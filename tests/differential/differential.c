/*
 * What src/x509 tells of a certificate against what OpenSSL tells of it.
 *
 *   differential [-n MUTATIONS] PATH...
 *
 * Every distinct certificate below the paths (in files or in captures) is read by both, and so are
 * MUTATIONS damaged ones made of them, the same in every run. Both must tell the same, or both must
 * refuse. Where they may differ, the difference is of one of the classes below, each with the rule
 * that says who is right; how often each occurs is printed. Any other difference is a failure, and
 * its bytes are printed.
 *
 * A path that is not there is passed over, and said so: exit 77 when none is.
 */
#include "base/text.h"
#include "certs.h"
#include "mutate.h"
#include "peer.h"
#include "x509/x509.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SKIPPED = 77, SHOWN_MOST = 20 };

struct pair {
    const struct lp_cert_facts *ours;
    struct peer theirs;
};

enum side {
    STRICT,    /* ours refuses what OpenSSL takes */
    LENIENT,   /* ours takes what OpenSSL refuses */
    OTHERWISE, /* both take it, and tell something else */
};

static bool complains(const struct pair *pair, const char *text)
{
    return strstr(pair->ours->x509_error, text) != NULL;
}

static bool empty_set(const struct pair *pair)
{
    return complains(pair, "an empty set of attributes");
}

static bool wrong_form(const struct pair *pair)
{
    return complains(pair, "another type than the one that must stand here") ||
           complains(pair, "content that its type does not allow") ||
           complains(pair, "a kind of name that does not exist");
}

static bool high_tag(const struct pair *pair)
{
    return complains(pair, "a tag number above 30");
}

static bool indefinite(const struct pair *pair)
{
    return complains(pair, "an indefinite length, which DER forbids");
}

static bool behind_key(const struct pair *pair)
{
    return complains(pair, "the key does not have its algorithm's form");
}

static bool unusable_key(const struct pair *pair)
{
    return strcmp(pair->theirs.refused, "key") == 0 && strncmp(pair->ours->key, "RSA ", 4) != 0;
}

static bool explicit_curve(const struct pair *pair)
{
    return strcmp(pair->ours->key, "EC explicit") == 0;
}

static bool any_value(const struct pair *pair)
{
    return strstr(pair->theirs.refused, "mstring") != NULL;
}

static bool many_names(const struct pair *pair)
{
    return strstr(pair->theirs.refused, "subjectAltName") && pair->ours->san_count > 1000;
}

static bool long_length(const struct pair *pair)
{
    return strstr(pair->theirs.refused, "header too long") != NULL;
}

/* OpenSSL is lenient, or strict, where the standards say otherwise. */
static const struct difference {
    enum side side;
    bool (*is)(const struct pair *pair);
    const char *why;
} allowed[] = {
    {STRICT, empty_set, "RFC 5280 4.1.2.4: a RelativeDistinguishedName is not empty"},
    {STRICT, wrong_form,
     "X.690 8.9.1, 8.12.1, 10.2: a SEQUENCE or SET is constructed, a string is not"},
    {STRICT, high_tag, "X.690 8.1.2.2: a small tag number takes one byte"},
    {STRICT, indefinite, "X.690 10.1: no indefinite lengths"},
    {STRICT, behind_key, "RFC 3279 2.3.1: nothing follows an RSAPublicKey"},
    {LENIENT, unusable_key,
     "a curve, a point or a number that OpenSSL cannot use is no fact of ours"},
    {LENIENT, any_value, "RFC 5280 4.1.2.4: the value of an attribute is of any type"},
    {LENIENT, many_names, "names behind the 1,000th are not read"},
    {LENIENT, long_length,
     "an empty element with a length of several bytes; others pass OpenSSL too"},
    {OTHERWISE, explicit_curve, "a curve given by its parameters has a name for OpenSSL"},
};
enum { ALLOWED = sizeof allowed / sizeof *allowed };

static struct {
    unsigned long compared, equal, both_refuse, different, by_class[ALLOWED];
} count;

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_san(const struct lp_cert_facts *a, const struct lp_cert_facts *b)
{
    if (a->san_count != b->san_count)
        return false;
    for (size_t i = 0; i < a->san_count; i++)
        if (!same_text(a->san[i], b->san[i]))
            return false;
    return true;
}

static bool same_dates(const struct lp_cert_facts *a, const struct lp_cert_facts *b)
{
    return a->has_dates == b->has_dates &&
           (!a->has_dates ||
            (a->not_before.sec == b->not_before.sec && a->not_after.sec == b->not_after.sec));
}

/* The fact that differs; NULL: none. */
static const char *fact_that_differs(const struct lp_cert_facts *a, const struct lp_cert_facts *b)
{
    return !same_text(a->serial, b->serial)         ? "serial"
           : !same_text(a->issuer, b->issuer)       ? "issuer"
           : !same_text(a->subject, b->subject)     ? "subject"
           : !same_text(a->signature, b->signature) ? "signature"
           : !same_text(a->key, b->key)             ? "key"
           : !same_dates(a, b)                      ? "dates"
           : !same_san(a, b)                        ? "san"
                                                    : NULL;
}

static void show_text(const char *name, const char *ours, const char *theirs)
{
    if (!same_text(ours, theirs))
        printf("  %s: %s | %s\n", name, ours ? ours : "-", theirs ? theirs : "-");
}

static void show(const struct pair *pair, const char *what, const uint8_t *der, size_t n)
{
    const struct lp_cert_facts *ours = pair->ours, *theirs = &pair->theirs.facts;

    printf("%s\n", what);
    printf("  ours %s | OpenSSL refuses %s\n", ours->x509_error ? ours->x509_error : "fine",
           pair->theirs.refused ? pair->theirs.refused : "nothing");
    show_text("serial", ours->serial, theirs->serial);
    show_text("issuer", ours->issuer, theirs->issuer);
    show_text("subject", ours->subject, theirs->subject);
    show_text("signature", ours->signature, theirs->signature);
    show_text("key", ours->key, theirs->key);
    printf("  dates: %d %" PRId64 " %" PRId64 " | %d %" PRId64 " %" PRId64 "\n", ours->has_dates,
           ours->not_before.sec, ours->not_after.sec, theirs->has_dates, theirs->not_before.sec,
           theirs->not_after.sec);
    for (size_t i = 0; i < ours->san_count || i < theirs->san_count; i++)
        show_text("san", i < ours->san_count ? ours->san[i] : NULL,
                  i < theirs->san_count ? theirs->san[i] : NULL);
    fputs("  ", stdout);
    for (size_t i = 0; i < n; i++)
        printf("%02x", der[i]);
    putchar('\n');
}

static void judge(const struct pair *pair, const uint8_t *der, size_t n)
{
    const char *ours = pair->ours->x509_error, *theirs = pair->theirs.refused;
    const char *fact = ours || theirs ? NULL : fact_that_differs(pair->ours, &pair->theirs.facts);
    enum side side = ours ? STRICT : theirs ? LENIENT : OTHERWISE;

    count.compared++;
    if (ours && theirs) {
        count.both_refuse++;
        return;
    }
    if (!ours && !theirs && !fact) {
        count.equal++;
        return;
    }
    for (size_t i = 0; i < ALLOWED; i++) {
        if (allowed[i].side == side && allowed[i].is(pair)) {
            count.by_class[i]++;
            return;
        }
    }
    if (count.different++ < SHOWN_MOST)
        show(pair, fact ? fact : ours ? ours : theirs, der, n);
}

/* In memory of just its size, so that a sanitizer sees a step beyond it. */
static void compare(const uint8_t *bytes, size_t n)
{
    struct lp_arena *arena = lp_arena_new();
    uint8_t *der = malloc(n ? n : 1);
    struct pair pair;

    if (!arena || !der)
        abort();
    memcpy(der, bytes, n);
    pair.ours = lp_x509_facts(arena, der, n);
    if (!pair.ours)
        abort();
    peer_read(arena, der, n, &pair.theirs);
    judge(&pair, der, n);
    free(der);
    lp_arena_free(arena);
}

static void compare_mutations(const struct cert *cert, unsigned long rounds)
{
    struct random random = {.state = 1};
    uint8_t *bytes = malloc(cert->n + MUTATE_GROWS);

    if (!bytes)
        abort();
    for (size_t i = 0; i < 7; i++)
        random.state = random.state << 8 | cert->sha256[i];
    for (unsigned long i = 0; i < rounds; i++) {
        memcpy(bytes, cert->der, cert->n);
        compare(bytes, mutate(&random, bytes, cert->n));
    }
    free(bytes);
}

static int report(const struct certs *certs)
{
    printf("%zu distinct certificates and %lu mutations: %lu equal, %lu refused by both\n",
           certs->count, count.compared - certs->count, count.equal, count.both_refuse);
    for (size_t i = 0; i < ALLOWED; i++)
        printf("%8lu %s\n", count.by_class[i], allowed[i].why);
    printf("%8lu differ otherwise\n", count.different);
    return count.different != 0;
}

int main(int argc, char **argv)
{
    unsigned long mutations = 0;
    struct certs certs = {0};
    int option;

    while ((option = getopt(argc, argv, "n:")) != -1) {
        if (option != 'n')
            return 2;
        mutations = strtoul(optarg, NULL, 10);
    }
    for (int i = optind; i < argc; i++)
        if (!certs_add(&certs, argv[i]))
            printf("%s: not there, not compared\n", argv[i]);
    certs_sort(&certs);
    if (certs.count == 0)
        return SKIPPED;
    for (size_t i = 0; i < certs.count; i++) {
        compare(certs.items[i].der, certs.items[i].n);
        compare_mutations(&certs.items[i], mutations / certs.count + (i < mutations % certs.count));
    }
    int status = report(&certs);
    certs_free(&certs);
    return status;
}
