#include "x509/x509.h"

#include "base/text.h"
#include "certs.h"
#include "certs_build.h"
#include "x509/der.h"

#include <openssl/err.h>
#include <openssl/objects.h>

static const char prefix[] = "Certificate (RFC 5280 4.1): ";

static const struct lp_cert_facts *facts_made(struct lp_arena **arena, struct made made)
{
    struct part der = assemble(&made);
    return facts_of(arena, der.bytes, der.n);
}

static void expect_error(const struct lp_cert_facts *facts, const char *what)
{
    const char *error = facts->x509_error ? facts->x509_error : "no error";

    if (strncmp(error, prefix, sizeof prefix - 1) != 0 || !strstr(error, what))
        fail_msg("\"%s\" does not say \"%s\"", error, what);
}

/* ---- digests */

static void digest_of_known_bytes_is_the_published_value(void **state)
{
    (void)state;
    struct lp_digester *digester = lp_digester_new();
    struct lp_more_digests more;
    uint8_t sha1[20], sha256[32];
    char hex[129];

    assert_non_null(digester);
    for (int twice = 0; twice < 2; twice++) { /* the context is used again */
        assert_true(lp_digest_cert(digester, (const uint8_t *)"abc", 3, sha1, sha256));
        assert_true(lp_digest_more(digester, (const uint8_t *)"abc", 3, &more));
        lp_hex_text(sha1, 20, hex);
        assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
        lp_hex_text(sha256, 32, hex);
        assert_string_equal(hex,
                            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        lp_hex_text(more.md5, 16, hex);
        assert_string_equal(hex, "900150983cd24fb0d6963f7d28e17f72");
        lp_hex_text(more.sha512, 64, hex);
        assert_string_equal(hex,
                            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    }
    lp_digester_free(digester);
    lp_digester_free(NULL);
}

static void digester_new_without_memory_is_null(void **state)
{
    (void)state;
    lp_alloc_fail_after(1);
    assert_null(lp_digester_new());
    lp_alloc_fail_after(0);
}

/* ---- facts, field by field */

static void facts_of_a_plain_certificate_are_all_there(void **state)
{
    (void)state;
    struct lp_arena *arena;
    const struct lp_cert_facts *facts = facts_made(&arena, plain());

    assert_null(facts->x509_error);
    assert_string_equal(facts->serial, "01");
    assert_string_equal(facts->issuer, "CN=issuer");
    assert_string_equal(facts->subject, "CN=subject");
    assert_string_equal(facts->key, "RSA 64");
    assert_string_equal(facts->signature, "sha256WithRSAEncryption");
    assert_true(facts->has_dates);
    assert_int_equal(facts->not_before.sec, 1420167845);
    assert_int_equal(facts->not_after.sec, 1577836800);
    assert_int_equal(facts->san_count, 0);
    lp_arena_free(arena);
}

static void facts_of_a_serial_are_its_magnitude_in_hex(void **state)
{
    (void)state;
    const struct {
        struct part content;
        const char *text;  /* NULL: none to be had */
        const char *error; /* NULL: none */
    } cases[] = {
        {RAW("\x00"), "00", NULL},
        {RAW("\x00\x8d\x01"), "8d01", NULL},
        {RAW("\x7f"), "7f", NULL},
        {RAW("\xff"), "-01", NULL},
        {RAW("\x80"), "-80", NULL},
        {RAW("\xff\x00"), "-0100", NULL},
        {RAW("\x80\x00"), "-8000", NULL},
        {RAW("\x00\x00\x05"), "05", "serialNumber: content that its type does not allow"},
        {RAW("\xff\x80"), "-80", "serialNumber: content that its type does not allow"},
        {RAW(""), NULL, "serialNumber: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct made made = plain();
        struct lp_arena *arena;
        made.serial = tlv(0x02, cases[i].content);
        const struct lp_cert_facts *facts = facts_made(&arena, made);
        assert_string_equal(facts->subject, "CN=subject"); /* the walk went on */
        if (cases[i].text)
            assert_string_equal(facts->serial, cases[i].text);
        else
            assert_null(facts->serial);
        if (cases[i].error)
            expect_error(facts, cases[i].error);
        else
            assert_null(facts->x509_error);
        lp_arena_free(arena);
    }
}

static void facts_of_a_date_are_utc_in_every_form(void **state)
{
    (void)state;
    static const struct {
        unsigned tag;
        const char *text;
        int64_t sec; /* -1: no date */
    } cases[] = {
        {0x17, "700101000000Z", 0},
        {0x17, "500101000000Z", -631152000},
        {0x17, "491231235959Z", 2524607999},
        {0x17, "000229120000Z", 951825600},
        {0x17, "1501020304Z", 1420167840},
        {0x17, "150102030405+0130", 1420162445},
        {0x17, "150102030405-0130", 1420173245},
        {0x18, "20150102030405Z", 1420167845},
        {0x18, "20150102030405.125Z", 1420167845},
        {0x18, "99991231235959Z", 253402300799},
        {0x18, "00000301000000Z", -62162035200},
        {0x18, "19000301000000Z", -2203891200},
        {0x17, "150102030405", -1},
        {0x17, "150229030405Z", -1},
        {0x17, "151302030405Z", -1},
        {0x17, "150100030405Z", -1},
        {0x17, "150102240405Z", -1},
        {0x17, "150102030460Z", -1},
        {0x17, "150102030405Zx", -1},
        {0x17, "150102030405+2400", -1},
        {0x17, "15010203040\xb5Z", -1},
        {0x18, "19000229000000Z", -1},
        {0x18, "", -1},
        {0x0c, "150102030405Z", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct made made = plain();
        struct lp_arena *arena;
        struct part date = tlv(cases[i].tag, raw(cases[i].text, strlen(cases[i].text)));
        made.validity = tlv(0x30, join(date, tlv(0x18, RAW("99991231235959Z"))));
        const struct lp_cert_facts *facts = facts_made(&arena, made);
        if (cases[i].sec == -1) {
            assert_false(facts->has_dates);
            expect_error(facts, "validity: not two dates");
        } else {
            assert_true(facts->has_dates);
            assert_int_equal(facts->not_before.sec, cases[i].sec);
        }
        assert_string_equal(facts->subject, "CN=subject");
        lp_arena_free(arena);
    }
}

static void facts_of_a_name_are_escaped_utf8(void **state)
{
    (void)state;
    const struct {
        unsigned tag;
        struct part value;
        const char *text; /* NULL: an error */
        bool unsound;     /* an error all the same */
    } cases[] = {
        {0x0c, RAW("Z\xc3\xbcrich"), "CN=Z\xc3\xbcrich", false},
        {0x14, RAW("Z\xfcrich"), "CN=Z\xc3\xbcrich", false},
        {0x1e, RAW("\0Z\0\xfc"), "CN=Z\xc3\xbc", false},
        {0x1e, RAW("\xd8\x3d\xde\x00"), "CN=\xf0\x9f\x98\x80", false},
        {0x1e, RAW("\xd8\x3d\0A"),
         "CN=\\xed\\xa0\\xbd"
         "A",
         false},
        {0x1c, RAW("\0\1\xf6\0"), "CN=\xf0\x9f\x98\x80", false},
        {0x1c, RAW("\xff\0\0\0"), "CN=\xef\xbf\xbd", true},
        {0x13, RAW(",+\"\\<>;=#"), "CN=\\,\\+\\\"\\\\\\<\\>\\;=#", false},
        {0x13, RAW("# a #"), "CN=\\# a #", false},
        {0x13, RAW("  a  "), "CN=\\  a \\ ", false},
        {0x13, RAW(" "), "CN=\\ ", false},
        {0x0c, RAW("good.com\0.evil.com"), "CN=good.com\\x00.evil.com", false},
        {0x0c, RAW("a\x1b[2J\n\xff"), "CN=a\\x1b[2J\\x0a\\xff", true},
        {0x0c, RAW(""), "CN=", false},
        {0x03, RAW("\0\1"), "CN=#03020001", false},
        {0x1e, RAW("\0Z\0"), NULL, true},
        {0x1c, RAW("\0\0\0Z\0"), NULL, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct made made = plain();
        struct lp_arena *arena;
        made.subject = name_of(cases[i].tag, cases[i].value);
        const struct lp_cert_facts *facts = facts_made(&arena, made);
        if (cases[i].text) {
            assert_string_equal(facts->subject, cases[i].text);
            if (cases[i].unsound)
                expect_error(facts, "subject: content that its type does not allow");
            else
                assert_null(facts->x509_error);
        } else {
            assert_null(facts->subject);
            expect_error(facts, "subject: a string ends within a character");
            assert_string_equal(facts->key, "RSA 64");
        }
        lp_arena_free(arena);
    }
}

static void facts_of_a_name_keep_the_order_sent(void **state)
{
    (void)state;
    struct part cn = attribute(RAW(OID_CN), 0x13, RAW("a"));
    struct part o = attribute(RAW(OID_O), 0x13, RAW("b"));
    struct part odd = attribute(RAW("\x06\x05\x2a\x03\x04\x05\x06"), 0x13, RAW("c"));
    struct made made = plain();
    struct lp_arena *arena;

    made.subject = tlv(0x30, join(tlv(0x31, join(cn, o)), tlv(0x31, odd)));
    made.issuer = tlv(0x30, RAW(""));
    const struct lp_cert_facts *facts = facts_made(&arena, made);
    assert_string_equal(facts->subject, "CN=a+O=b,1.2.3.4.5.6=c");
    assert_string_equal(facts->issuer, "");
    assert_null(facts->x509_error);
    lp_arena_free(arena);
}

static void facts_of_a_long_name_are_cut_visibly(void **state)
{
    (void)state;
    static char many[3000];
    struct part half = raw(memset(many, ' ', sizeof many), 1400);
    struct made made = plain();
    struct lp_arena *arena;

    memset(half.bytes, 0xfc, half.n); /* two bytes of UTF-8 each */
    made.subject = tlv(0x30, join(tlv(0x31, attribute(RAW(OID_CN), 0x14, half)),
                                  tlv(0x31, attribute(RAW(OID_CN), 0x14, half))));
    const struct lp_cert_facts *facts = facts_made(&arena, made);
    size_t n = strlen(facts->subject);
    assert_true(n > 4000 && n < 4200);
    assert_string_equal(facts->subject + n - 3, "...");
    assert_string_equal(facts->key, "RSA 64");
    lp_arena_free(arena);
}

static void facts_of_names_in_san_have_their_kind(void **state)
{
    (void)state;
    struct lp_arena *arena;
    struct part names = join(tlv(0x82, RAW("a\0b")), tlv(0x87, RAW("\xc0\0\2\1")));
    names = join(names, tlv(0x87, RAW("\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1")));
    names = join(names, join(tlv(0x81, RAW("a@b")), tlv(0x86, RAW("https://x/"))));
    names = join(names, join(tlv(0x88, RAW("\x2a\3\4")), tlv(0xa3, RAW(""))));
    names = join(names, tlv(0xa4, name_of(0x13, RAW("x,y"))));
    names = join(names, tlv(0xa0, RAW("\x06\3\x2a\3\4\xa0\2\x05\0")));
    names = join(names, tlv(0x87, RAW("\xc0\0\2")));
    names = join(names, tlv(0x89, RAW("?")));
    names = join(names, tlv(0x82, RAW("last")));
    const struct lp_cert_facts *facts = facts_made(&arena, with_san(names));
    static const char *const expected[] = {
        "DNS:a\\x00b",       "IP:192.0.2.1", "IP:2001:db8::1", "email:a@b",
        "URI:https://x/",    "RID:1.2.3.4",  "X400Name",       "DirName:CN=x\\,y",
        "othername:1.2.3.4", "IP:#c00002",   "DNS:last",
    };
    assert_int_equal(facts->san_count, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < facts->san_count; i++)
        assert_string_equal(facts->san[i], expected[i]);
    expect_error(facts, "iPAddress"); /* the first thing wrong */
    lp_arena_free(arena);
}

static void facts_of_too_many_names_say_how_many_more(void **state)
{
    (void)state;
    enum { MANY = 1003 };
    struct lp_arena *arena;
    struct part names = RAW("");

    for (unsigned i = 0; i < MANY; i++)
        names = join(names, tlv(0x82, RAW("")));
    const struct lp_cert_facts *facts = facts_made(&arena, with_san(names));
    assert_int_equal(facts->san_count, 1001);
    assert_string_equal(facts->san[999], "DNS:");
    assert_string_equal(facts->san[1000], "... and 3 more");
    assert_null(facts->x509_error);
    lp_arena_free(arena);
}

static void facts_of_damage_keep_what_is_before_it(void **state)
{
    (void)state;
    const struct part set = tlv(0x31, RAW(""));
    struct made made = plain();
    struct lp_arena *arena;
    const struct lp_cert_facts *facts;

    made.subject = set; /* another type where the structure must go on: the walk ends */
    facts = facts_made(&arena, made);
    expect_error(facts, "subject: another type");
    assert_string_equal(facts->issuer, "CN=issuer");
    assert_true(facts->has_dates);
    assert_null(facts->subject);
    assert_null(facts->key);
    lp_arena_free(arena);

    made = plain();
    made.issuer = tlv(0x30, set);
    made.subject = tlv(0x30, tlv(0x31, tlv(0x30, RAW("\x06\x03\x55\x04\x03"))));
    facts = facts_made(&arena, made); /* two wrong contents: the first is told, the rest is read */
    expect_error(facts, "issuer: an empty set");
    assert_null(facts->issuer);
    assert_null(facts->subject);
    assert_string_equal(facts->key, "RSA 64");
    lp_arena_free(arena);
}

static void facts_of_wrong_structure_say_what_is_wrong(void **state)
{
    (void)state;
    const struct part ext = extension(RAW(OID_SAN), tlv(0x30, tlv(0x82, RAW("x"))));
    struct made wrong[] = {plain(), plain(), plain(), plain(), plain(), plain(), plain(), plain()};
    static const char *const says[] = {"signatureAlgorithm: differs",
                                       "tbsCertificate: a field that does not belong",
                                       "extensions: more than one subjectAltName",
                                       "subjectPublicKeyInfo: the key does not have",
                                       "signatureValue: missing",
                                       "serialNumber: a tag number above 30",
                                       "serialNumber: an indefinite length",
                                       "serialNumber: a length of more than four bytes"};
    struct lp_arena *arena;

    wrong[0].outer = tlv(0x30, RAW(OID_RSA));
    wrong[1].optional = tlv(0x04, RAW(""));
    wrong[2].optional = tlv(0xa3, tlv(0x30, join(ext, ext)));
    wrong[3].spki = tlv(0x30, join(tlv(0x30, RAW(OID_RSA)), tlv(0x03, RAW("\0\x30\0"))));
    wrong[4].value = RAW("");
    wrong[5].serial = RAW("\x1f\x01\x00");
    wrong[6].serial = RAW("\x02\x80\x01\x00\x00");
    wrong[7].serial = RAW("\x02\x85\x00\x00\x00\x00\x01\x01");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        expect_error(facts_made(&arena, wrong[i]), says[i]);
        lp_arena_free(arena);
    }
    struct made made = plain();
    struct part der = join(assemble(&made), RAW("\0"));
    const struct lp_cert_facts *facts = facts_of(&arena, der.bytes, der.n);
    expect_error(facts, "the whole: followed by");
    assert_string_equal(facts->key, "RSA 64");
    lp_arena_free(arena);
}

static void facts_of_long_form_lengths_are_read(void **state)
{
    (void)state;
    struct made made = plain();
    struct lp_arena *arena;

    made.serial = RAW("\x02\x84\x00\x00\x00\x01\x07");
    const struct lp_cert_facts *facts = facts_made(&arena, made);
    assert_string_equal(facts->serial, "07");
    assert_null(facts->x509_error);
    lp_arena_free(arena);
}

/* What a cut certificate still tells is what the whole one tells. */
static void same_or_absent(const char *cut, const char *whole)
{
    if (cut)
        assert_string_equal(cut, whole);
}

static void facts_of_a_certificate_cut_anywhere_are_an_error(void **state)
{
    (void)state;
    enum { HEADS = 6 }; /* 30 81 xx 30 81 xx */
    struct made made = with_san(tlv(0x82, RAW("vpn.example.com")));
    struct part der = assemble(&made);
    struct lp_arena *arena, *cut_arena;
    const struct lp_cert_facts *whole = facts_of(&arena, der.bytes, der.n);

    assert_int_equal(der.bytes[4], 0x81);
    for (size_t n = 0; n < der.n; n++) {
        expect_error(facts_of(&cut_arena, der.bytes, n), "the whole: ");
        lp_arena_free(cut_arena);
        if (n < HEADS)
            continue;
        /* The same bytes when the two outer lengths claim no more than there is. */
        struct part cut = tlv(0x30, tlv(0x30, raw(der.bytes + HEADS, n - HEADS)));
        const struct lp_cert_facts *facts = facts_of(&cut_arena, cut.bytes, cut.n);
        expect_error(facts, "");
        same_or_absent(facts->serial, whole->serial);
        same_or_absent(facts->issuer, whole->issuer);
        same_or_absent(facts->subject, whole->subject);
        same_or_absent(facts->key, whole->key);
        assert_int_equal(facts->has_dates, facts->not_after.sec == whole->not_after.sec);
        assert_true(facts->san_count == 0 || strcmp(facts->san[0], whole->san[0]) == 0);
        lp_arena_free(cut_arena);
    }
    lp_arena_free(arena);
}

static void facts_with_failing_allocations_are_null_or_whole(void **state)
{
    (void)state;
    struct part names = tlv(0x87, RAW("odd")), text = raw(names.bytes, 0);
    for (unsigned i = 0; i < 1002; i++)
        names = join(names, tlv(0x82, RAW("")));
    struct made made = with_san(names);
    for (text.n = 0; text.n < 600; text.n++)
        text.bytes[text.n] = 0xfc;
    made.subject = name_of(0x14, text);
    struct part der = assemble(&made);
    bool whole = false;
    uint64_t n;

    for (n = 1; !whole; n++) {
        struct lp_arena *arena = lp_arena_new();
        assert_non_null(arena);
        lp_alloc_fail_after(n);
        const struct lp_cert_facts *facts = lp_x509_facts(arena, der.bytes, der.n);
        lp_alloc_fail_after(0);
        whole = facts != NULL;
        if (whole) {
            assert_int_equal(facts->san_count, 1001);
            assert_non_null(facts->x509_error);
        }
        assert_true(n < 100);
        lp_arena_free(arena);
    }
    assert_true(n > 5);
}

static void facts_leave_openssls_error_queue_alone(void **state)
{
    (void)state;
    struct made made = plain();
    struct lp_arena *arena;

    made.signature = tlv(0x30, RAW("\x06\x01\x80"));
    ERR_clear_error();
    expect_error(facts_made(&arena, made), "signature: the algorithm is no object identifier");
    assert_int_equal(0, ERR_peek_error());
    lp_arena_free(arena);
}

/* ---- certificates in files */

struct seen {
    struct part first;
    unsigned count, stop_at;
};

static bool see(void *ctx, const uint8_t *der, size_t n)
{
    struct seen *seen = ctx;
    if (seen->count++ == 0)
        seen->first = raw(der, n);
    return seen->count != seen->stop_at;
}

static bool each(struct seen *seen, const char *text, size_t n)
{
    struct guarded g = guarded_copy(text, n);
    unsigned stop_at = seen->stop_at;
    *seen = (struct seen){.stop_at = stop_at};
    bool found = lp_x509_each(g.bytes, n, see, seen);
    guarded_free(&g);
    return found;
}

/* A SEQUENCE that holds a SEQUENCE, and its Base64. */
#define TINY "\x30\x02\x30\x00"
#define TINY_64 "MAIwAA=="
#define BEGIN(label) "-----BEGIN " label "-----\n"
#define END(label) "-----END " label "-----\n"
#define C "CERTIFICATE"

static void each_finds_every_kind_of_block(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned count;
    } cases[] = {
        {BEGIN(C) TINY_64 "\n" END(C), 1},
        {"\xef\xbb\xbf" BEGIN(C) TINY_64 "\n" END(C), 1},
        {"junk\n" BEGIN("X509 " C) TINY_64
         "\n" END("X509 " C) "more\n" BEGIN(C) "MAIw\n\n  AA==\n" END(C),
         2},
        {BEGIN("TRUSTED " C) "MAIwADAA\n" END("TRUSTED " C), 1},
        {"-----BEGIN CERTIFICATE-----\r\nMAIw\r\nAA==\r\n-----END CERTIFICATE-----", 1},
        {"  -----BEGIN CERTIFICATE-----  \r MAIwAA== \r -----END CERTIFICATE-----", 1},
        {BEGIN(C) "cut off" BEGIN(C) TINY_64 "\n" END(C), 0},
        {BEGIN(C) "cut off\n" BEGIN(C) TINY_64 "\n" END(C), 1},
        {BEGIN(C) "not Base64!\n" END(C) BEGIN(C) TINY_64 "\n" END(C), 1},
        {BEGIN(C) END(C), 0},
        {BEGIN(C) TINY_64 "\n", 0},
        {BEGIN(C) TINY_64 "\n" END("X509 " C), 0},
        {BEGIN("PRIVATE KEY") TINY_64 "\n" END("PRIVATE KEY"), 0},
        {BEGIN(C) "AAAA\n" END(C), 0},
        {"", 0},
        {"\n", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen seen = {.stop_at = 0};
        bool found = each(&seen, cases[i].text, strlen(cases[i].text));
        assert_int_equal(found, cases[i].count > 0);
        assert_int_equal(seen.count, cases[i].count);
        if (found) {
            assert_int_equal(seen.first.n, 4);
            assert_memory_equal(seen.first.bytes, TINY, 4);
        }
    }
}

static void each_takes_der_only_when_it_is_all(void **state)
{
    (void)state;
    struct seen seen = {.stop_at = 0};

    assert_true(each(&seen, TINY, 4));
    assert_int_equal(seen.count, 1);
    assert_false(each(&seen, TINY "\n", 5));
    assert_false(each(&seen, TINY, 3));
    assert_false(each(&seen, "\x30\x03\x02\x01\x00", 5)); /* a private key begins so */
    assert_int_equal(seen.count, 0);
    assert_false(lp_x509_each(NULL, 0, see, &seen));
}

static void each_stops_when_told(void **state)
{
    (void)state;
    static const char two[] = BEGIN(C) TINY_64 "\n" END(C) BEGIN(C) TINY_64 "\n" END(C);
    struct seen seen = {.stop_at = 1};

    assert_true(each(&seen, two, strlen(two)));
    assert_int_equal(seen.count, 1);
}

static void each_and_pem_text_without_memory_are_false(void **state)
{
    (void)state;
    struct seen seen = {.stop_at = 0};
    struct lp_buf buf = {0};

    for (uint64_t n = 1; n <= 2; n++) {
        lp_alloc_fail_after(n);
        assert_false(each(&seen, rich_pem, strlen(rich_pem)));
    }
    lp_alloc_fail_after(1);
    assert_false(lp_pem_text(&buf, (const uint8_t *)TINY, 4));
    lp_alloc_fail_after(0);
    assert_true(each(&seen, rich_pem, strlen(rich_pem)));
    lp_buf_free(&buf);
}

static void pem_text_of_a_block_is_the_same_block(void **state)
{
    (void)state;
    static const char *const pems[] = {rich_pem, dsa_pem, BEGIN(C) TINY_64 "\n" END(C)};

    for (size_t i = 0; i < sizeof pems / sizeof *pems; i++) {
        struct seen seen = {.stop_at = 0};
        struct lp_buf buf = {0};
        assert_true(each(&seen, pems[i], strlen(pems[i])));
        assert_true(lp_pem_text(&buf, seen.first.bytes, seen.first.n));
        assert_int_equal(buf.len, strlen(pems[i]));
        assert_memory_equal(buf.bytes, pems[i], buf.len);
        lp_buf_free(&buf);
    }
}

/* Each that OpenSSL knows by itself: those of our table, and the others, which it is asked for. */
static void der_oid_has_openssls_names(void **state)
{
    size_t compared = 0;

    (void)state;
    for (int nid = 1; nid < OBJ_new_nid(0); nid++) {
        const ASN1_OBJECT *object = OBJ_nid2obj(nid);
        uint8_t der[128], *end = der;
        int n = object ? i2d_ASN1_OBJECT(object, NULL) : 0;
        if (n < 3 || n > 2 + LP_OID_MAX)
            continue;
        i2d_ASN1_OBJECT(object, &end);
        const unsigned char *next = der;
        ASN1_OBJECT *read = d2i_ASN1_OBJECT(NULL, &next, n);
        int same = OBJ_obj2nid(read); /* a few have two numbers */
        ASN1_OBJECT_free(read);
        struct guarded g = guarded_copy(der, (size_t)n);
        struct lp_rd rd = lp_rd_init(g.bytes, g.n);
        struct lp_tlv tlv;
        struct lp_oid oid;
        assert_int_equal(LP_DER_FINE, lp_der_any(&rd, &tlv));
        assert_true(lp_der_oid(&tlv, &oid));
        assert_int_equal(same, oid.nid);
        assert_string_equal(OBJ_nid2sn(same), oid.short_name);
        assert_string_equal(OBJ_nid2ln(same), oid.long_name);
        guarded_free(&g);
        compared++;
    }
    assert_true(compared > 900);
}

static void der_oid_unknown_is_dotted(void **state)
{
    static const struct {
        const char *der, *dotted;
    } unknown[] = {{"\x06\x03\x55\x04\x02", "2.5.4.2"}, /* in the midst of a table's arc */
                   {"\x06\x03\x55\x04\x7f", "2.5.4.127"},
                   {"\x06\x04\x2a\x03\x04\x05", "1.2.3.4.5"}};

    (void)state;
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        struct lp_rd rd = lp_rd_init(unknown[i].der, strlen(unknown[i].der));
        struct lp_tlv tlv;
        struct lp_oid oid;
        assert_int_equal(LP_DER_FINE, lp_der_any(&rd, &tlv));
        assert_true(lp_der_oid(&tlv, &oid));
        assert_int_equal(NID_undef, oid.nid);
        assert_string_equal(unknown[i].dotted, oid.short_name);
        assert_string_equal(unknown[i].dotted, oid.long_name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest_of_known_bytes_is_the_published_value),
        cmocka_unit_test(digester_new_without_memory_is_null),
        cmocka_unit_test(facts_of_a_plain_certificate_are_all_there),
        cmocka_unit_test(facts_of_a_serial_are_its_magnitude_in_hex),
        cmocka_unit_test(facts_of_a_date_are_utc_in_every_form),
        cmocka_unit_test(facts_of_a_name_are_escaped_utf8),
        cmocka_unit_test(facts_of_a_name_keep_the_order_sent),
        cmocka_unit_test(facts_of_a_long_name_are_cut_visibly),
        cmocka_unit_test(facts_of_names_in_san_have_their_kind),
        cmocka_unit_test(facts_of_too_many_names_say_how_many_more),
        cmocka_unit_test(facts_of_damage_keep_what_is_before_it),
        cmocka_unit_test(facts_of_wrong_structure_say_what_is_wrong),
        cmocka_unit_test(facts_of_long_form_lengths_are_read),
        cmocka_unit_test(facts_of_a_certificate_cut_anywhere_are_an_error),
        cmocka_unit_test(facts_with_failing_allocations_are_null_or_whole),
        cmocka_unit_test(facts_leave_openssls_error_queue_alone),
        cmocka_unit_test(der_oid_has_openssls_names),
        cmocka_unit_test(der_oid_unknown_is_dotted),
        cmocka_unit_test(each_finds_every_kind_of_block),
        cmocka_unit_test(each_takes_der_only_when_it_is_all),
        cmocka_unit_test(each_stops_when_told),
        cmocka_unit_test(each_and_pem_text_without_memory_are_false),
        cmocka_unit_test(pem_text_of_a_block_is_the_same_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
