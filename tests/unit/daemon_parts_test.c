/* SPDX-License-Identifier: EUPL-1.2 */
/* The daemon's small parts: lists of keys, answers that wait, helper threads, log lines, introductions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/admission.h"
#include "broker/exchange_queue.h"
#include "broker/front/visitor.h"
#include "broker/metrics.h"
#include "broker/pool.h"
#include "proto/introduction.h"
#include "proto/status.h"

static struct admission_key key_of(uint8_t first, const char *party)
{
    struct admission_key key = {.expiry = first, .join_only = first == 9};
    memset(key.curve_key, first, sizeof key.curve_key);
    strncpy(key.party, party, sizeof key.party - 1);
    return key;
}

static void listed_keys_are_found_and_no_others(void **state)
{
    (void)state;
    struct admission_key keys[] = {key_of(7, "nl-agency"), key_of(3, "hq"), key_of(9, "de-agency")};
    uint8_t *bytes = NULL;
    size_t length = 0;
    struct admission *admission = NULL;
    assert_int_equal(admission_pack(keys, 3, &bytes, &length), STATUS_OK);
    assert_int_equal(admission_unpack(bytes, length, &admission), STATUS_OK);
    assert_int_equal(admission_count(admission), 3);
    for (size_t i = 0; i < 3; i++) {
        const struct admission_key *found = admission_find(admission, keys[i].curve_key);
        assert_non_null(found);
        assert_string_equal(found->party, keys[i].party);
        assert_int_equal(found->join_only, i == 2);
        assert_int_equal(found->expiry, keys[i].expiry);
        assert_true(admission_has(admission, keys[i].party, keys[i].curve_key));
        assert_false(admission_has(admission, "other", keys[i].curve_key));
    }
    struct admission_key stranger = key_of(5, "x");
    assert_null(admission_find(admission, stranger.curve_key));
    assert_null(admission_find(NULL, stranger.curve_key));
    admission_free(admission);
    for (size_t cut = 0; cut < length; cut++)
        assert_int_equal(admission_unpack(bytes, cut, &admission), STATUS_INVALID);
    bytes[0] = 2;
    assert_int_equal(admission_unpack(bytes, length, &admission), STATUS_INVALID);
    free(bytes);
}

static void an_empty_list_lets_nobody_in(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t length = 0;
    struct admission *admission = NULL;
    struct admission_key stranger = key_of(5, "x");
    assert_int_equal(admission_pack(NULL, 0, &bytes, &length), STATUS_OK);
    assert_int_equal(admission_unpack(bytes, length, &admission), STATUS_OK);
    assert_null(admission_find(admission, stranger.curve_key));
    admission_free(admission);
    free(bytes);
}

static int cut_fd;

static void cut(int fd)
{
    cut_fd = fd;
}

static void visitors_are_counted_by_key_and_connection(void **state)
{
    (void)state;
    struct visitors *visitors = NULL;
    struct visitor *visitor = NULL;
    struct visitor *other = NULL;
    struct visitor_limits limits = {.requests_per_second = 5, .unanswered = 3, .connections_per_key = 2};
    const char *user = "hq/0303030303030303";
    assert_int_equal(visitors_new(&limits, &visitors), STATUS_OK);
    assert_int_equal(visitors_meet(visitors, (const uint8_t *)"a", 1, user, 10, &visitor), STATUS_OK);
    assert_string_equal(visitor->party, "hq");
    assert_int_equal(visitors_meet(visitors, (const uint8_t *)"a", 1, user, 10, &other), STATUS_OK);
    assert_ptr_equal(visitor, other);
    /* The same connection can't become another's. */
    assert_int_equal(visitors_meet(visitors, (const uint8_t *)"a", 1, "nl/0303030303030303", 10, &other), STATUS_DENIED);
    assert_int_equal(visitors_meet(visitors, (const uint8_t *)"b", 1, user, 11, &other), STATUS_OK);
    assert_int_equal(visitors_meet(visitors, (const uint8_t *)"c", 1, user, 12, &other), STATUS_DENIED);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(visitors_ask(visitors, visitor, 1000), STATUS_OK);
    assert_int_equal(visitors_ask(visitors, visitor, 1000), STATUS_BUSY);
    visitor->unanswered = 0;
    assert_int_equal(visitors_ask(visitors, visitor, 1000), STATUS_OK);
    assert_int_equal(visitors_ask(visitors, visitor, 1000), STATUS_OK);
    assert_int_equal(visitors_ask(visitors, visitor, 1000), STATUS_BUSY);
    assert_int_equal(visitors_ask(visitors, visitor, 1400), STATUS_OK);
    uint64_t handle = visitor->handle;
    visitors_end(visitors, 10);
    assert_null(visitors_find(visitors, handle));
    /* A key that is no longer listed loses its connections. */
    assert_int_equal(visitors_revoke(visitors, NULL, cut), 1);
    assert_int_equal(cut_fd, 11);
    assert_int_equal(visitors_count(visitors), 0);
    visitors_free(visitors);
}

static void user_ids_have_one_form(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "hq", "hq/", "/0303030303030303", "hq/030303030303030", "hq/03030303030303033", "hq/030303030303030G"};
    struct visitors *visitors = NULL;
    struct visitor *visitor = NULL;
    struct visitor_limits limits = {.requests_per_second = 5, .unanswered = 3, .connections_per_key = 2};
    assert_int_equal(visitors_new(&limits, &visitors), STATUS_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(visitors_meet(visitors, (const uint8_t *)"a", 1, wrong[i], 10, &visitor), STATUS_DENIED);
    visitors_free(visitors);
}

static void answers_wait_in_order(void **state)
{
    (void)state;
    struct queue queue = {0};
    const uint8_t *bytes = NULL;
    size_t length = 0;
    assert_int_equal(queue_add(&queue, "a", 1, "b", 1), STATUS_OK);
    assert_int_equal(queue_add(&queue, "c", 1, NULL, 0), STATUS_OK);
    assert_true(queue_peek(&queue, &bytes, &length));
    assert_int_equal(length, 2);
    assert_memory_equal(bytes, "ab", 2);
    queue_drop(&queue);
    assert_true(queue_peek(&queue, &bytes, &length));
    assert_memory_equal(bytes, "c", 1);
    queue_clear(&queue);
    assert_true(queue_is_empty(&queue));
    assert_int_equal(queue.bytes, 0);
    assert_int_equal(queue_add(&queue, "a", 1, NULL, QUEUE_MOST), STATUS_TOO_LARGE);
}

#define ITEMS 1000u

static void count_item(void *data, size_t item)
{
    __atomic_add_fetch((unsigned *)data + item, 1, __ATOMIC_RELAXED);
}

static void each_item_is_worked_on_once(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads < 4; threads++) {
        struct pool *pool = NULL;
        assert_int_equal(pool_new(threads, &pool), STATUS_OK);
        for (size_t count = 0; count <= ITEMS; count += 250) {
            unsigned counts[ITEMS] = {0};
            pool_run(pool, count, count_item, counts);
            for (size_t i = 0; i < ITEMS; i++)
                assert_int_equal(counts[i], i < count ? 1 : 0);
        }
        pool_free(pool);
    }
}

static void values_of_log_lines_are_quoted_where_they_must_be(void **state)
{
    (void)state;
    char buffer[64];
    assert_string_equal(metrics_quote(buffer, sizeof buffer, "plain-1"), "plain-1");
    assert_string_equal(metrics_quote(buffer, sizeof buffer, ""), "\"\"");
    assert_string_equal(metrics_quote(buffer, sizeof buffer, "a b"), "\"a b\"");
    assert_string_equal(metrics_quote(buffer, sizeof buffer, "a=\"b\\"), "\"a=\\\"b\\\\\"");
    /* A line break would let a text write a line of its own. */
    assert_string_equal(metrics_quote(buffer, sizeof buffer, "x\nlevel=error"), "\"x\\x0alevel=error\"");
    assert_string_equal(metrics_quote(buffer, 12, "a long text with blanks"), "\"a lon\"");
}

static void introductions_are_read_as_written(void **state)
{
    (void)state;
    struct introduction_coordinator coordinator = {.party = "hq", .country = "NL", .name = "Joint orders office"};
    struct introduction_coordinator read;
    char text[INTRODUCTION_SIZE];
    memset(coordinator.box_key, 5, 32);
    assert_int_equal(introduction_write_coordinator(&coordinator, text), STATUS_OK);
    assert_int_equal(introduction_read_coordinator(text, strlen(text), &read), STATUS_OK);
    assert_memory_equal(&read, &coordinator, sizeof read);
    for (size_t cut_at = 0; cut_at < strlen(text); cut_at++)
        assert_int_equal(introduction_read_coordinator(text, cut_at, &read), STATUS_INVALID);
    /* The exchange's own name is nobody's. */
    memcpy(coordinator.party, "exchange", 9);
    assert_int_equal(introduction_write_coordinator(&coordinator, text), STATUS_OK);
    assert_int_equal(introduction_read_coordinator(text, strlen(text), &read), STATUS_INVALID);
    struct introduction_exchange exchange = {.address = "tcp://127.0.0.1:7447"};
    struct introduction_exchange again;
    assert_int_equal(note_key_make("muster.example/log", coordinator.box_key, &exchange.log_key), STATUS_OK);
    assert_int_equal(introduction_write_exchange(&exchange, text), STATUS_OK);
    assert_int_equal(introduction_read_exchange(text, strlen(text), &again), STATUS_OK);
    assert_memory_equal(&again, &exchange, sizeof again);
    /* No character that moves a terminal's cursor, in or out. */
    *strstr(text, "127") = '\r';
    assert_int_equal(introduction_read_exchange(text, strlen(text), &again), STATUS_INVALID);
    exchange.address[4] = '\x1b';
    assert_int_equal(introduction_write_exchange(&exchange, text), STATUS_INVALID);
    assert_int_equal(introduction_read_coordinator(text, strlen(text), &read), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listed_keys_are_found_and_no_others),
        cmocka_unit_test(an_empty_list_lets_nobody_in),
        cmocka_unit_test(visitors_are_counted_by_key_and_connection),
        cmocka_unit_test(user_ids_have_one_form),
        cmocka_unit_test(answers_wait_in_order),
        cmocka_unit_test(each_item_is_worked_on_once),
        cmocka_unit_test(values_of_log_lines_are_quoted_where_they_must_be),
        cmocka_unit_test(introductions_are_read_as_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
