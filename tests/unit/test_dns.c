/* Answers of name servers: which addresses they give to the name that was asked for. */
#include "dns_bytes.h"

#include "carrier/dns.h"

static char told[4096]; /* "name[>alias]=address " for each record */

static void on_record(void *ctx, const struct lp_dns_record *record)
{
    char address[46];
    size_t n = strlen(told);

    (void)ctx;
    lp_ip_text(&record->ip, address, sizeof address);
    snprintf(told + n, sizeof told - n, "%s%s%s=%s ", record->name, record->alias ? ">" : "",
             record->alias ? record->alias : "", record->ip.family ? address : "");
}

static bool read_bytes(const void *bytes, size_t n)
{
    struct guarded g = guarded_copy(bytes, n);

    told[0] = '\0';
    bool whole = lp_dns_read(lp_rd_init(g.bytes, g.n), on_record, NULL);
    guarded_free(&g);
    assert_true(whole || told[0] == '\0');
    return whole;
}

static void expect(const struct dns *dns, const char *want)
{
    assert_true(read_bytes(dns->bytes, dns->n));
    assert_string_equal(want, told);
}

static void refuse(const struct dns *dns)
{
    assert_false(read_bytes(dns->bytes, dns->n));
}

static void read_addresses_of_both_families(void **state)
{
    struct dns dns;

    (void)state;
    dns_start(&dns, DNS_ANSWER, 3, "VPN.Example.com");
    dns_address(&dns, "vpn.example.COM", "192.0.2.1");
    dns_address(&dns, "vpn.example.com", "192.0.2.2");
    dns_address(&dns, "vpn.example.com", "2001:db8::1");
    expect(&dns,
           "vpn.example.com=192.0.2.1 vpn.example.com=192.0.2.2 vpn.example.com=2001:db8::1 ");
}

static void read_pointers_are_followed(void **state)
{
    struct dns dns;

    (void)state;
    dns_start(&dns, DNS_ANSWER, 2, "vpn.example.com");
    dns_pointer(&dns, 12);
    dns_middle(&dns, DNS_CNAME, 5);
    size_t target = dns.n;
    dns_bytes(&dns, "\2gw", 3);
    dns_pointer(&dns, 16); /* example.com */
    dns_pointer(&dns, (unsigned)target);
    dns_middle(&dns, DNS_A, 4);
    dns_bytes(&dns, "\300\0\2\1", 4);
    expect(&dns, "vpn.example.com>gw.example.com=192.0.2.1 ");
}

/* To itself, forward, round in a circle, out of the message, of a reserved kind. */
static void read_pointers_that_lead_nowhere_are_refused(void **state)
{
    static const unsigned bad[] = {33, 34, 40, 0x3fff};
    struct dns dns;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        dns_start(&dns, DNS_ANSWER, 1, "vpn.example.com");
        assert_int_equal(33, dns.n);
        dns_pointer(&dns, bad[i]);
        dns_middle(&dns, DNS_A, 4);
        dns_bytes(&dns, "\300\0\2\1", 4);
        refuse(&dns);
    }
    dns_start(&dns, DNS_ANSWER, 1, "vpn.example.com");
    dns_u16(&dns, 0x8000 | 12);
    dns_middle(&dns, DNS_A, 4);
    dns_bytes(&dns, "\300\0\2\1", 4);
    refuse(&dns);
    /* two that point at each other: at 33 to 36, at 36 to 33 */
    dns_start(&dns, DNS_ANSWER, 2, "a");
    dns.n = 12;
    dns_bytes(&dns, "\1a", 2);
    dns_pointer(&dns, 12);
    dns_u16(&dns, DNS_A);
    dns_u16(&dns, 1);
    refuse(&dns);
}

/* 255 bytes are the limit: four labels of 61 and a long pointer make more. */
static void read_name_too_long_is_refused(void **state)
{
    char label[63];
    struct dns dns;

    (void)state;
    memset(label, 'a', sizeof label);
    for (unsigned last = 61; last <= 63; last++) {
        char name[300];
        snprintf(name, sizeof name, "%.63s.%.63s.%.63s.%.*s", label, label, label, (int)last,
                 label);
        dns_simple(&dns, name, "192.0.2.1");
        assert_int_equal(last < 64, read_bytes(dns.bytes, dns.n));
        dns_start(&dns, DNS_ANSWER, 1, name);
        dns_bytes(&dns, "\7another", 8);
        dns_pointer(&dns, 12);
        dns_middle(&dns, DNS_A, 4);
        dns_bytes(&dns, "\300\0\2\1", 4);
        refuse(&dns);
    }
}

static void read_aliases_are_followed_in_any_order(void **state)
{
    struct dns dns;

    (void)state;
    dns_start(&dns, DNS_ANSWER, 4, "vpn.example.com");
    dns_address(&dns, "c.example.com", "192.0.2.1");
    dns_alias(&dns, "b.example.com", "c.example.com");
    dns_alias(&dns, "vpn.example.com", "b.example.com");
    dns_address(&dns, "c.example.com", "192.0.2.2");
    expect(&dns,
           "vpn.example.com>c.example.com=192.0.2.1 vpn.example.com>c.example.com=192.0.2.2 ");
    dns_start(&dns, DNS_ANSWER, 1, "vpn.example.com");
    dns_alias(&dns, "vpn.example.com", "b.example.com");
    expect(&dns, "vpn.example.com>b.example.com= ");
}

static void read_aliases_in_a_circle_end(void **state)
{
    struct dns dns;

    (void)state;
    dns_start(&dns, DNS_ANSWER, 2, "vpn.example.com");
    dns_alias(&dns, "vpn.example.com", "b.example.com");
    dns_alias(&dns, "b.example.com", "vpn.example.com");
    expect(&dns, "");
}

/* An address of a name that nobody asked for is none of this name's, and none of its own. */
static void read_other_names_count_for_nothing(void **state)
{
    struct dns dns;

    (void)state;
    dns_start(&dns, DNS_ANSWER, 2, "www.example.com");
    dns_address(&dns, "vpn.example.com", "192.0.2.1");
    dns_address(&dns, "www.example.com", "192.0.2.9");
    expect(&dns, "www.example.com=192.0.2.9 ");
    dns_start(&dns, DNS_ANSWER, 1, "www.example.com");
    dns_address(&dns, "vpn.example.com", "192.0.2.1");
    expect(&dns, "");
    /* in a section behind the answers */
    dns_start(&dns, DNS_ANSWER, 1, "www.example.com");
    dns.bytes[11] = 1;
    dns_alias(&dns, "www.example.com", "vpn.example.com");
    dns_address(&dns, "vpn.example.com", "192.0.2.1");
    expect(&dns, "www.example.com>vpn.example.com= ");
}

/* One label with a dot inside is not two labels. */
static void read_label_with_a_dot_is_no_host(void **state)
{
    struct dns dns;

    (void)state;
    dns_start(&dns, DNS_ANSWER, 1, "vpn.example.com");
    dns_bytes(&dns, "\13vpn.example\3com", 17);
    dns_middle(&dns, DNS_A, 4);
    dns_bytes(&dns, "\300\0\2\1", 4);
    expect(&dns, "");
    dns.bytes[16] = '.'; /* the dot that was a length: the question now is one odd label */
    dns.bytes[12] = 11;
    refuse(&dns);
}

static void read_queries_failures_and_cut_answers_are_refused(void **state)
{
    static const unsigned flags[] = {0x0100, 0x8183, 0x8182, 0x8380, 0x8980, 0x81c0};
    struct dns dns;

    (void)state;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        dns_start(&dns, flags[i], 1, "vpn.example.com");
        dns_address(&dns, "vpn.example.com", "192.0.2.1");
        refuse(&dns);
    }
    dns_simple(&dns, "vpn.example.com", "192.0.2.1");
    dns.bytes[5] = 2; /* questions */
    refuse(&dns);
    dns_start(&dns, DNS_ANSWER, 0, "vpn.example.com");
    refuse(&dns);
    dns_simple(&dns, "", "192.0.2.1");
    refuse(&dns);
    dns_simple(&dns, "vpn.example.com", "192.0.2.1");
    dns.bytes[32] = 3; /* the question's class: CHAOS */
    refuse(&dns);
    dns_simple(&dns, "vpn.example.com", "192.0.2.1");
    dns_bytes(&dns, "x", 1); /* something stands behind */
    refuse(&dns);
}

/* An address of a wrong length is none. */
static void read_odd_data_is_passed_over(void **state)
{
    struct dns dns;

    (void)state;
    dns_start(&dns, DNS_ANSWER, 3, "vpn.example.com");
    dns_name(&dns, "vpn.example.com");
    dns_middle(&dns, DNS_A, 5);
    dns_bytes(&dns, "\300\0\2\1x", 5);
    dns_name(&dns, "vpn.example.com");
    dns_middle(&dns, DNS_AAAA, 4);
    dns_bytes(&dns, "\300\0\2\1", 4);
    dns_name(&dns, "vpn.example.com");
    dns_middle(&dns, DNS_CNAME, 5); /* longer than the name in it */
    dns_bytes(&dns, "\2gw\0x", 5);
    expect(&dns, "");
}

static void read_every_truncation_is_refused(void **state)
{
    struct dns dns;

    (void)state;
    dns_start(&dns, DNS_ANSWER, 2, "vpn.example.com");
    dns_alias(&dns, "vpn.example.com", "b.example.com");
    dns_address(&dns, "b.example.com", "192.0.2.1");
    for (size_t n = 0; n < dns.n; n++)
        assert_false(read_bytes(dns.bytes, n));
    assert_true(read_bytes(dns.bytes, dns.n));
}

static void read_every_byte_turned_over_never_invents_a_name(void **state)
{
    struct dns dns;

    (void)state;
    dns_simple(&dns, "vpn.example.com", "192.0.2.1");
    for (size_t i = 0; i < dns.n; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            dns.bytes[i] ^= (uint8_t)(1U << bit);
            bool name = (i >= 12 && i < 29) || (i >= 33 && i < 50), address = i >= dns.n - 4;
            if (read_bytes(dns.bytes, dns.n) && strstr(told, "vpn.example.com=192.0.2.1 "))
                assert_true(!address && (!name || bit == 5)); /* upper case is the same name */
            dns.bytes[i] ^= (uint8_t)(1U << bit);
        }
}

static void next_takes_messages_off_a_stream(void **state)
{
    struct dns dns, stream = {.n = 0};
    struct lp_rd message;

    (void)state;
    dns_simple(&dns, "vpn.example.com", "192.0.2.1");
    for (unsigned i = 0; i < 2; i++) {
        dns_u16(&stream, (unsigned)dns.n);
        dns_bytes(&stream, dns.bytes, dns.n);
    }
    for (size_t n = 0; n < dns.n + 2; n++) {
        struct guarded g = guarded_copy(stream.bytes, n);
        struct lp_rd rd = lp_rd_init(g.bytes, g.n);
        assert_int_equal(LP_DNS_MORE, lp_dns_next(&rd, &message));
        assert_int_equal(n, rd.left);
        guarded_free(&g);
    }
    struct lp_rd rd = lp_rd_init(stream.bytes, stream.n);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(LP_DNS_MESSAGE, lp_dns_next(&rd, &message));
        assert_int_equal(dns.n, message.left);
        assert_memory_equal(dns.bytes, message.ptr, dns.n);
    }
    assert_int_equal(LP_DNS_MORE, lp_dns_next(&rd, &message));
}

static void next_is_not_taken_in_by_other_protocols(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } others[] = {
        {"\26\3\1\2\0\1\0\1\374\3\3", 11},   /* a ClientHello */
        {"\26\3\3\0\172\2\0\0\166\3\3", 11}, /* a ServerHello */
        {"\200\56\1\3\1\0\25\0\0\0\20", 11}, /* an SSLv2 ClientHello */
        {"220 mail.example.com", 20},        {"HTTP/1.1 200 OK", 15}, {"SSH-2.0-x", 9},
        {"\0\56\52\27\1\0\0\1\0\0", 10}, /* a query */
        {"\0\4\52\27\201\200", 6},       /* shorter than a header */
    };
    struct lp_rd message;

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct lp_rd rd = lp_rd_init(others[i].bytes, others[i].n);
        assert_int_equal(LP_DNS_NOT, lp_dns_next(&rd, &message));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_addresses_of_both_families),
        cmocka_unit_test(read_pointers_are_followed),
        cmocka_unit_test(read_pointers_that_lead_nowhere_are_refused),
        cmocka_unit_test(read_name_too_long_is_refused),
        cmocka_unit_test(read_aliases_are_followed_in_any_order),
        cmocka_unit_test(read_aliases_in_a_circle_end),
        cmocka_unit_test(read_other_names_count_for_nothing),
        cmocka_unit_test(read_label_with_a_dot_is_no_host),
        cmocka_unit_test(read_queries_failures_and_cut_answers_are_refused),
        cmocka_unit_test(read_odd_data_is_passed_over),
        cmocka_unit_test(read_every_truncation_is_refused),
        cmocka_unit_test(read_every_byte_turned_over_never_invents_a_name),
        cmocka_unit_test(next_takes_messages_off_a_stream),
        cmocka_unit_test(next_is_not_taken_in_by_other_protocols),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
