/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "broker/config.h"
#include "proto/status.h"

static struct config config;
static char problem[512];

static int parse(const char *text)
{
    return config_parse(text, "/srv/x", &config, problem, sizeof problem);
}

static void refused(const char *text, const char *said)
{
    assert_int_equal(parse(text), STATUS_INVALID);
    if (strstr(problem, said) == NULL)
        fail_msg("'%s' does not say '%s'", problem, said);
}

static void an_empty_file_gives_the_defaults(void **state)
{
    (void)state;
    assert_int_equal(parse(""), STATUS_OK);
    assert_string_equal(config.address, "tcp://127.0.0.1:7447");
    assert_string_equal(config.directory, "/srv/x/.");
    assert_int_equal(config.map_megabytes, 65536);
    assert_int_equal(config.waiting_messages, 64);
    assert_false(config_has_test_clock(&config));
}

static void every_kind_of_key_is_read(void **state)
{
    (void)state;
    assert_int_equal(parse("# a comment\n[store]\ndirectory = /var/lib/muster\nmap_megabytes = 16\n\n[front]\n"
                           "address = tcp://[::1]:9\nconnections=7\n[log]\nlevel = debug\n"),
                     STATUS_OK);
    assert_string_equal(config.directory, "/var/lib/muster");
    assert_int_equal(config.map_megabytes, 16);
    assert_string_equal(config.address, "tcp://[::1]:9");
    assert_int_equal(config.connections, 7);
    assert_string_equal(config.level, "debug");
}

static void what_is_not_known_is_an_error_with_its_line(void **state)
{
    (void)state;
    refused("[store]\ndirectroy = x\n", "line 2: unknown key 'directroy' in section [store]");
    refused("[stroe]\ndirectory = x\n", "line 2: unknown key");
    refused("directory = x\n", "line 1: unknown key");
    refused("[store]\n\nnonsense\n", "line 3: neither");
}

static void a_key_stands_once(void **state)
{
    (void)state;
    refused("[front]\nconnections = 1\nconnections = 2\n", "line 3: [front] connections stands twice");
}

static void numbers_have_ranges(void **state)
{
    (void)state;
    static const char *const wrong[] = {"0", "-1", "+5", "100001", "ten", "5x", "0x10", "99999999999999999999", "1.5"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "[front]\nconnections = %s\n", wrong[i]);
        refused(text, "[front] connections must be a whole number from 1 to 100000");
    }
}

static void texts_have_forms(void **state)
{
    (void)state;
    refused("[log]\nlevel = loud\n", "[log] level must be");
    refused("[front]\naddress = udp://127.0.0.1:1\n", "[front] address must be");
    refused("[front]\naddress = tcp://nowhere\n", "[front] address must be");
    refused("[front]\naddress =\n", "empty");
}

static void a_test_clock_must_be_asked_for_twice(void **state)
{
    (void)state;
    refused("[test]\nclock = file:/tmp/clock\n", "needs allow_test_clock = yes");
    refused("[test]\nclock = file:/tmp/clock\nallow_test_clock = no\n", "needs allow_test_clock = yes");
    refused("[test]\nclock = wall\n", "[test] clock must be");
    refused("[test]\nallow_test_clock = maybe\n", "must be yes or no");
    assert_int_equal(parse("[test]\nclock = file:/tmp/clock\nallow_test_clock = yes\n"), STATUS_OK);
    assert_true(config_has_test_clock(&config));
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    assert_int_equal(config_read("/nonexistent/musterd.conf", &config, problem, sizeof problem), STATUS_NOT_FOUND);
    assert_non_null(strstr(problem, "/nonexistent/musterd.conf"));
}

static void paths_lie_in_the_exchange_s_folder(void **state)
{
    (void)state;
    char path[CONFIG_TEXT_MOST];
    assert_int_equal(parse("[store]\ndirectory = sub\n"), STATUS_OK);
    assert_int_equal(config_path(&config, "keys/log.key", path), STATUS_OK);
    assert_string_equal(path, "/srv/x/sub/keys/log.key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_gives_the_defaults),
        cmocka_unit_test(every_kind_of_key_is_read),
        cmocka_unit_test(what_is_not_known_is_an_error_with_its_line),
        cmocka_unit_test(a_key_stands_once),
        cmocka_unit_test(numbers_have_ranges),
        cmocka_unit_test(texts_have_forms),
        cmocka_unit_test(a_test_clock_must_be_asked_for_twice),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(paths_lie_in_the_exchange_s_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
