/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "broker/exchange_time.h"

static uint64_t wall;
static uint64_t monotonic;

static uint64_t tell_wall(void *data)
{
    (void)data;
    return wall;
}

static uint64_t tell_monotonic(void *data)
{
    (void)data;
    return monotonic;
}

static const struct seam_clock clock_of_test = {tell_wall, tell_monotonic, NULL};

#define BEGIN UINT64_C(1800000000000)

static struct exchange_time begin(uint64_t now, uint64_t last)
{
    struct exchange_time time;
    wall = now;
    monotonic = 5000;
    exchange_time_start(&time, &clock_of_test, last);
    return time;
}

static void pass(uint64_t milliseconds)
{
    wall += milliseconds;
    monotonic += milliseconds;
}

static void log_time_is_the_clock_s(void **state)
{
    (void)state;
    struct exchange_time time = begin(BEGIN, BEGIN - 10);
    pass(250);
    assert_int_equal(exchange_time_now(&time, NULL), BEGIN + 250);
    pass(30 * TIME_DAY);
    assert_int_equal(exchange_time_now(&time, NULL), BEGIN + 250 + 30 * TIME_DAY);
    assert_false(time.doubted);
}

static void log_time_never_falls(void **state)
{
    (void)state;
    struct exchange_time time = begin(BEGIN, BEGIN - 10);
    assert_int_equal(exchange_time_now(&time, NULL), BEGIN);
    wall -= 30000;
    monotonic += 1;
    assert_int_equal(exchange_time_now(&time, NULL), BEGIN);
    assert_false(time.doubted);
}

static void a_jump_of_more_than_an_hour_is_doubted(void **state)
{
    (void)state;
    for (int direction = 0; direction < 2; direction++) {
        struct exchange_time time = begin(BEGIN, BEGIN - 10);
        bool jumped = true;
        exchange_time_now(&time, &jumped);
        assert_false(jumped);
        wall = direction == 0 ? wall + TIME_JUMP + 1 : wall - TIME_JUMP - 1;
        assert_int_equal(exchange_time_now(&time, &jumped), BEGIN);
        assert_true(jumped);
        pass(1000);
        assert_int_equal(exchange_time_now(&time, &jumped), BEGIN + 1000);
        assert_false(jumped);
        assert_true(time.doubted);
    }
}

static void a_jump_that_a_reader_saw_first_is_told_to_the_writer(void **state)
{
    (void)state;
    struct exchange_time time = begin(BEGIN, BEGIN - 10);
    bool jumped = false;
    exchange_time_now(&time, NULL);
    wall += TIME_JUMP + 1;
    assert_int_equal(exchange_time_now(&time, NULL), BEGIN);
    struct exchange_time look = time;
    exchange_time_now(&look, &jumped);
    assert_true(jumped);
    exchange_time_now(&time, &jumped);
    assert_true(jumped);
    exchange_time_now(&time, &jumped);
    assert_false(jumped);
    /* What was lost with its transaction is told again, until it was written or the clock was confirmed. */
    exchange_time_tell_again(&time);
    exchange_time_now(&time, &jumped);
    assert_true(jumped);
    exchange_time_tell_again(&time);
    exchange_time_confirm(&time);
    exchange_time_now(&time, &jumped);
    assert_false(jumped);
}

static void small_steps_add_up_to_a_jump(void **state)
{
    (void)state;
    struct exchange_time time = begin(BEGIN, BEGIN - 10);
    for (int step = 0; step < 10 && !time.doubted; step++) {
        wall += TIME_JUMP / 4;
        exchange_time_now(&time, NULL);
    }
    assert_true(time.doubted);
}

static void a_start_before_the_last_entry_or_long_after_it_is_doubted(void **state)
{
    (void)state;
    struct exchange_time before = begin(BEGIN - 1, BEGIN);
    assert_true(before.doubted);
    assert_int_equal(exchange_time_now(&before, NULL), BEGIN);
    struct exchange_time after = begin(BEGIN + TIME_ABSENCE + 1, BEGIN);
    assert_true(after.doubted);
    pass(10);
    assert_int_equal(exchange_time_now(&after, NULL), BEGIN + 10);
    struct exchange_time within = begin(BEGIN + TIME_ABSENCE, BEGIN);
    assert_false(within.doubted);
    struct exchange_time first = begin(BEGIN, 0);
    assert_false(first.doubted);
}

static void a_confirmed_clock_counts_again(void **state)
{
    (void)state;
    struct exchange_time time = begin(BEGIN + 30 * TIME_DAY, BEGIN);
    assert_int_equal(exchange_time_now(&time, NULL), BEGIN);
    exchange_time_confirm(&time);
    assert_int_equal(exchange_time_now(&time, NULL), BEGIN + 30 * TIME_DAY);
    assert_false(time.doubted);
}

/* A clock that was ahead, then was set right and confirmed: log time waits for it. */
static void a_confirmed_clock_behind_log_time_does_not_turn_it_back(void **state)
{
    (void)state;
    struct exchange_time time = begin(BEGIN - TIME_DAY, BEGIN);
    exchange_time_confirm(&time);
    assert_int_equal(exchange_time_now(&time, NULL), BEGIN);
    pass(TIME_DAY + 5);
    assert_int_equal(exchange_time_now(&time, NULL), BEGIN + 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_time_is_the_clock_s),
        cmocka_unit_test(log_time_never_falls),
        cmocka_unit_test(a_jump_of_more_than_an_hour_is_doubted),
        cmocka_unit_test(a_jump_that_a_reader_saw_first_is_told_to_the_writer),
        cmocka_unit_test(small_steps_add_up_to_a_jump),
        cmocka_unit_test(a_start_before_the_last_entry_or_long_after_it_is_doubted),
        cmocka_unit_test(a_confirmed_clock_counts_again),
        cmocka_unit_test(a_confirmed_clock_behind_log_time_does_not_turn_it_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
