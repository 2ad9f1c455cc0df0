/* SPDX-License-Identifier: EUPL-1.2 */
/* Who is held to have brought the front down, for how long, and what a broken front may have written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/suspect.h"
#include "proto/status.h"

#define MINUTE UINT64_C(60000)
#define HOUR (60 * MINUTE)
#define ONE "nl-dmo/0123456789abcdef"
#define OTHER "de-bw/0123456789abcdef"

static struct suspects suspects;

static int setup(void **state)
{
    (void)state;
    memset(&suspects, 0, sizeof suspects);
    return 0;
}

static const struct suspect *crash(const char *user, uint64_t now)
{
    struct suspect_record record = {.crash = SUSPECT_OWN, .in_hand = 1};
    snprintf(record.user, sizeof record.user, "%s", user);
    return suspects_judge(&suspects, &record, now);
}

static uint32_t refused(uint64_t now)
{
    struct suspect_record record;
    suspects_fill(&suspects, now, &record);
    return record.refused_count;
}

static void twice_within_minutes_is_refused_for_an_hour(void **state)
{
    struct suspect_shown shown;
    (void)state;
    assert_int_equal(crash(ONE, 5 * MINUTE)->until, 0);
    assert_int_equal(crash(OTHER, 6 * MINUTE)->until, 0);
    assert_int_equal(refused(6 * MINUTE), 0);
    assert_int_equal(crash(ONE, 15 * MINUTE)->until, 15 * MINUTE + HOUR);
    assert_int_equal(refused(15 * MINUTE), 1);
    suspects_show(&suspects, 20 * MINUTE, &shown);
    assert_int_equal(shown.count, 1);
    assert_string_equal(shown.list[0].party, "nl-dmo");
    assert_int_equal(shown.list[0].until, 55 * MINUTE);
    assert_int_equal(refused(15 * MINUTE + HOUR), 0);
}

static void too_far_apart_is_not(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 20; n++)
        assert_int_equal(crash(ONE, 5 + n * (SUSPECT_WINDOW + 1))->until, 0);
}

static void who_does_it_again_is_refused_for_longer_up_to_a_day(void **state)
{
    uint64_t now = MINUTE, expected = HOUR;
    (void)state;
    crash(ONE, now);
    for (unsigned n = 0; n < 8; n++) {
        uint64_t until = crash(ONE, now)->until;
        assert_int_equal(until, now + expected);
        expected = expected * 2 < SUSPECT_LONGEST ? expected * 2 : SUSPECT_LONGEST;
        now = until + MINUTE; /* let in, and at once again */
    }
    /* After a quiet day it takes two again. */
    assert_true(crash(ONE, now + SUSPECT_LONGEST)->until <= now);
}

static void what_is_not_surely_somebodys_is_nobodys(void **state)
{
    static const char *const wrong[] = {"", "nl-dmo", "/0123456789abcdef", "nl-dmo/0123456789abcdeF", "nl-dmo/0123456789abcde", "nl dmo/0123456789abcdef",
                                        "nl/dmo/0123456789abcdef", "nl\ndmo/0123456789abcdef"};
    (void)state;
    for (unsigned n = 0; n < 4; n++) {
        struct suspect_record record = {.crash = SUSPECT_OWN, .in_hand = 1, .user = ONE};
        record.crash = n == 0 ? SUSPECT_NO_CRASH : n == 1 ? SUSPECT_ELSEWHERE : n == 2 ? SUSPECT_OUTSIDE : SUSPECT_ABORTED;
        assert_null(suspects_judge(&suspects, &record, MINUTE));
        record.crash = SUSPECT_OWN;
        record.in_hand = n == 0 ? 0 : 7 + n;
        assert_null(suspects_judge(&suspects, &record, MINUTE));
    }
    for (size_t n = 0; n < sizeof wrong / sizeof wrong[0]; n++)
        assert_null(crash(wrong[n], MINUTE));
    struct suspect_record full = {.crash = SUSPECT_OWN, .in_hand = 1};
    memset(full.user, 'a', sizeof full.user);
    assert_null(suspects_judge(&suspects, &full, MINUTE));
    assert_int_equal(refused(MINUTE), 0);
}

/* More keys than there are places: the newest are kept, and none is refused that did it once. */
static void many_keys_crowd_out_the_oldest(void **state)
{
    char user[SUSPECT_USER_MOST];
    (void)state;
    for (unsigned n = 0; n < 3 * SUSPECT_KEYS_MOST; n++) {
        snprintf(user, sizeof user, "p%u/0123456789abcdef", n);
        assert_int_equal(crash(user, MINUTE + n)->until, 0);
    }
    assert_true(crash(user, 2 * MINUTE)->until > 2 * MINUTE);
    for (unsigned n = 0; n < SUSPECT_KEYS_MOST; n++) {
        snprintf(user, sizeof user, "q%u/0123456789abcdef", n);
        crash(user, 3 * MINUTE);
        crash(user, 3 * MINUTE + 1);
    }
    assert_int_equal(refused(3 * MINUTE + 1), SUSPECT_KEYS_MOST);
}

static void names_who_was_heard_and_nothing_else(void **state)
{
    struct suspect_record record = {.next = 6};
    char text[SUSPECT_RECENT * SUSPECT_USER_MOST];
    (void)state;
    suspects_recent(&record, text, sizeof text);
    assert_string_equal(text, "none");
    strcpy(record.recent[5], ONE);
    strcpy(record.recent[4], OTHER);
    strcpy(record.recent[3], ONE);
    strcpy(record.recent[2], "x\ny/0123456789abcdef");
    suspects_recent(&record, text, sizeof text);
    assert_string_equal(text, ONE "," OTHER);
    memset(record.recent, 'a', sizeof record.recent);
    record.next = UINT32_MAX;
    suspects_recent(&record, text, sizeof text);
    assert_string_equal(text, "none");
}

/* Whoever holds it can't make it shorter under its reader. */
static void shared_memory_keeps_its_size(void **state)
{
    struct suspect_record record = {.next = 3}, again;
    int fd;
    (void)state;
    assert_int_equal(suspect_share(&record, sizeof record, &fd), STATUS_OK);
    assert_int_equal(ftruncate(fd, 1), -1);
    assert_int_equal(suspect_read(fd, &again, sizeof again), STATUS_OK);
    assert_memory_equal(&record, &again, sizeof record);
    close(fd);
    assert_int_equal(suspect_read(fd, &again, sizeof again), STATUS_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(twice_within_minutes_is_refused_for_an_hour, setup),
        cmocka_unit_test_setup(too_far_apart_is_not, setup),
        cmocka_unit_test_setup(who_does_it_again_is_refused_for_longer_up_to_a_day, setup),
        cmocka_unit_test_setup(what_is_not_surely_somebodys_is_nobodys, setup),
        cmocka_unit_test_setup(many_keys_crowd_out_the_oldest, setup),
        cmocka_unit_test_setup(names_who_was_heard_and_nothing_else, setup),
        cmocka_unit_test_setup(shared_memory_keeps_its_size, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
