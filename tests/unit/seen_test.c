/* SPDX-License-Identifier: EUPL-1.2 */
/* What the keeper's thread remembers of its tables is what stands there, whatever was written, undone or settled in between. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/status.h"
#include "store/tables.h"
#include "tests/unit/shelf.h"

#define KEYS 40u
#define STEPS 4000u

static int start(void **state)
{
    static struct shelf shelf;
    shelf_start(&shelf, 0);
    *state = &shelf;
    return shelf.options.keep ? 0 : -1;
}

static int end(void **state)
{
    shelf_end(*state);
    return 0;
}

static struct store_key key_of(unsigned number)
{
    struct store_key key = {0};
    key_text(&key, "agency-with-a-name");
    key_u32(&key, number);
    return key;
}

static int get(struct store_txn *txn, enum table table, unsigned number)
{
    struct store_key key = key_of(number);
    struct store_value value;
    return tables_get(txn, table, &key, &value);
}

static void put(struct store_txn *txn, enum table table, unsigned number)
{
    struct store_key key = key_of(number);
    assert_int_equal(tables_put(txn, table, &key, "x", 1), STATUS_OK);
}

static struct store_txn *writing(struct shelf *shelf)
{
    struct store_txn *txn;
    assert_int_equal(store_begin_write(shelf->store, &txn), STATUS_OK);
    return txn;
}

static void what_was_missing_is_found_once_it_is_there(void **state)
{
    struct shelf *shelf = *state;
    struct store_txn *txn = writing(shelf);
    assert_int_equal(get(txn, TABLE_DEMANDS, 1), STATUS_NOT_FOUND);
    assert_int_equal(get(txn, TABLE_DEMANDS, 1), STATUS_NOT_FOUND);
    put(txn, TABLE_DEMANDS, 1);
    assert_int_equal(get(txn, TABLE_DEMANDS, 1), STATUS_OK);
    assert_int_equal(get(txn, TABLE_OFFERS, 1), STATUS_NOT_FOUND);
    assert_int_equal(store_keep(txn), STATUS_OK);
    /* Deleted, looked for, and the deletion undone. */
    txn = writing(shelf);
    struct store_key key = key_of(1);
    assert_int_equal(tables_delete(txn, TABLE_DEMANDS, &key), STATUS_OK);
    assert_int_equal(get(txn, TABLE_DEMANDS, 1), STATUS_NOT_FOUND);
    store_abort(txn);
    txn = writing(shelf);
    assert_int_equal(get(txn, TABLE_DEMANDS, 1), STATUS_OK);
    store_abort(txn);
    assert_int_equal(store_begin_look(shelf->store, &txn), STATUS_OK);
    assert_int_equal(get(txn, TABLE_DEMANDS, 1), STATUS_OK);
    store_abort(txn);
}

static void the_number_of_changes_tells_every_change(void **state)
{
    struct shelf *shelf = *state;
    struct store_txn *txn = writing(shelf);
    uint64_t first = tables_changes(txn, TABLE_POLICY);
    assert_int_not_equal(first, 0);
    put(txn, TABLE_RATES, 1);
    assert_int_equal(tables_changes(txn, TABLE_POLICY), first);
    put(txn, TABLE_POLICY, 1);
    uint64_t second = tables_changes(txn, TABLE_POLICY);
    assert_int_not_equal(second, first);
    store_abort(txn);
    /* What stands is what stood at first, but nothing that was read meanwhile is to be taken for it. */
    txn = writing(shelf);
    assert_true(tables_changes(txn, TABLE_POLICY) > second);
    put(txn, TABLE_POLICY, 1);
    uint64_t third = tables_changes(txn, TABLE_POLICY);
    assert_int_equal(store_keep(txn), STATUS_OK);
    assert_int_equal(store_begin_look(shelf->store, &txn), STATUS_OK);
    assert_int_equal(tables_changes(txn, TABLE_POLICY), third);
    store_abort(txn);
    /* A snapshot has its own time. */
    assert_int_equal(store_begin_read(shelf->store, &txn), STATUS_OK);
    assert_int_equal(tables_changes(txn, TABLE_POLICY), 0);
    store_abort(txn);
}

/* A snapshot on another thread asks for what the keeper's thread found missing and then wrote. */
static void *get_elsewhere(void *data)
{
    static int found;
    struct store_txn *txn;
    found = -1;
    if (store_begin_read(data, &txn) == STATUS_OK) {
        found = tables_changes(txn, TABLE_DEMANDS) == 0 ? get(txn, TABLE_DEMANDS, 7) : -1;
        store_abort(txn);
    }
    return &found;
}

static void other_threads_remember_nothing(void **state)
{
    struct shelf *shelf = *state;
    pthread_t thread;
    void *found = NULL;
    struct store_txn *txn = writing(shelf);
    put(txn, TABLE_DEMANDS, 7);
    assert_int_equal(store_keep(txn), STATUS_OK);
    assert_int_equal(store_settle(shelf->store), STATUS_OK);
    txn = writing(shelf);
    struct store_key key = key_of(7);
    assert_int_equal(tables_delete(txn, TABLE_DEMANDS, &key), STATUS_OK);
    assert_int_equal(get(txn, TABLE_DEMANDS, 7), STATUS_NOT_FOUND);
    assert_int_equal(pthread_create(&thread, NULL, get_elsewhere, shelf->store), 0);
    assert_int_equal(pthread_join(thread, &found), 0);
    assert_int_equal(*(int *)found, STATUS_OK);
    store_abort(txn);
}

/* Any order of writes, looks, what is kept, settled and undone, against a list of what is there. */
static void it_is_what_a_list_says(void **state)
{
    struct shelf *shelf = *state;
    static const enum table tables[] = {TABLE_DEMANDS, TABLE_OFFERS, TABLE_SUBMISSIONS, TABLE_ITEMS};
    bool there[4][KEYS] = {{false}}, now[4][KEYS];
    uint32_t random = 20281;
    for (unsigned step = 0; step < STEPS; step++) {
        struct store_txn *txn = writing(shelf);
        memcpy(now, there, sizeof now);
        for (unsigned i = 0; i < 12; i++) {
            random = random * 1664525 + 1013904223;
            unsigned table = random >> 30, number = (random >> 20) % KEYS;
            unsigned what = (random >> 12) % 8;
            struct store_key key = key_of(number);
            if (what == 0) {
                put(txn, tables[table], number);
                now[table][number] = true;
            } else if (what == 1) {
                assert_int_equal(tables_delete(txn, tables[table], &key), now[table][number] ? STATUS_OK : STATUS_NOT_FOUND);
                now[table][number] = false;
            } else {
                assert_int_equal(get(txn, tables[table], number), now[table][number] ? STATUS_OK : STATUS_NOT_FOUND);
            }
        }
        if (random >> 29 == 0) {
            store_abort(txn);
        } else {
            assert_int_equal(random >> 29 == 1 ? store_commit(txn) : store_keep(txn), STATUS_OK);
            memcpy(there, now, sizeof there);
        }
        if (random >> 29 == 2) {
            assert_int_equal(store_settle(shelf->store), STATUS_OK);
        }
    }
}

/* Entries that were undone leave no trace in those that follow: the whole log verifies, and a rebuild makes the same. */
static void the_log_goes_on_from_what_was_kept(void **state)
{
    struct shelf *shelf = *state;
    struct store_txn *txn;
    uint8_t before[32], after[32];
    uint64_t position = 0, bad = 0;
    const char *fault = NULL;
    for (unsigned i = 0; i < 60; i++) {
        if (i % 3 == 1) {
            txn = writing(shelf);
            for (unsigned k = 0; k <= i % 5; k++) {
                assert_int_equal(shelf_append(shelf, txn, 100000 + 10 * i + k, 1, &position), STATUS_OK);
            }
            store_abort(txn);
        }
        if (i % 7 == 6) {
            assert_int_equal(store_settle(shelf->store), STATUS_OK);
        }
        if (i % 20 == 19) {
            assert_int_equal(shelf_reopen(shelf), STATUS_OK);
        }
        assert_int_equal(shelf_batch(shelf, 1 + i % 4, 1), STATUS_OK);
    }
    assert_int_equal(store_begin_read(shelf->store, &txn), STATUS_OK);
    assert_int_equal(log_verify(txn, 0, &shelf->key, NULL, NULL, &bad, &fault), STATUS_OK);
    store_abort(txn);
    assert_int_equal(store_dump_hash(shelf->store, before), STATUS_OK);
    assert_int_equal(store_rebuild(shelf->store, shelf_apply, NULL, NULL, after), STATUS_OK);
    assert_memory_equal(before, after, sizeof before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_missing_is_found_once_it_is_there, start, end),
        cmocka_unit_test_setup_teardown(the_number_of_changes_tells_every_change, start, end),
        cmocka_unit_test_setup_teardown(other_threads_remember_nothing, start, end),
        cmocka_unit_test_setup_teardown(it_is_what_a_list_says, start, end),
        cmocka_unit_test_setup_teardown(the_log_goes_on_from_what_was_kept, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
