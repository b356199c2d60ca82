#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, beyond POSIX.1-2008 */
#endif

#include "phone/phone.h"

#include "guard.h"

static void assert_name(const char *text, const char *want)
{
    char name[16];
    uint8_t mac[6];

    assert_true(lp_phone_name_find(text, name, mac));
    assert_string_equal(want, name);
}

static void assert_no_name(const char *text)
{
    char name[16];
    uint8_t mac[6];

    assert_false(lp_phone_name_find(text, name, mac));
}

static void name_find_in_a_file_name_gives_name_and_mac(void **state)
{
    static const uint8_t want[6] = {0x00, 0x1f, 0x6c, 0x81, 0x11, 0x0e};
    char name[16];
    uint8_t mac[6];

    (void)state;
    assert_true(lp_phone_name_find("SEP001F6C81110E.cnf.xml.sgn", name, mac));
    assert_string_equal("SEP001F6C81110E", name);
    assert_memory_equal(want, mac, 6);
}

static void name_find_in_either_case_gives_upper_case(void **state)
{
    (void)state;
    assert_name("sep001f6c81110e", "SEP001F6C81110E");
    assert_name("captures/site7-Sep001f6C81110e-2.pcap", "SEP001F6C81110E");
    assert_name("CTLSEP001F6C81110E.tlv", "SEP001F6C81110E");
}

static void name_find_after_a_false_start_goes_on(void **state)
{
    (void)state;
    assert_name("SESEP001F6C81110E", "SEP001F6C81110E");
    assert_name("SEPSEP001F6C81110E", "SEP001F6C81110E");
    assert_name("SEP001F6C81110EF0/SEP0023339A0B5C", "SEP0023339A0B5C");
}

static void name_find_with_too_few_or_too_many_digits_is_false(void **state)
{
    (void)state;
    assert_no_name("");
    assert_no_name("SEP");
    assert_no_name("SEP001F6C81110");
    assert_no_name("SEP001F6C81110G");
    assert_no_name("SEP001F6C81110E0");
    assert_no_name("SE001F6C81110E");
    assert_no_name("SEP 001F6C81110E");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_find_in_a_file_name_gives_name_and_mac),
        cmocka_unit_test(name_find_in_either_case_gives_upper_case),
        cmocka_unit_test(name_find_after_a_false_start_goes_on),
        cmocka_unit_test(name_find_with_too_few_or_too_many_digits_is_false),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
