/* SPDX-License-Identifier: EUPL-1.2 */
/* Tables: keys in order, walks that survive writing, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/log.pb-c.h"
#include "proto/status.h"
#include "tests/unit/shelf.h"

static int start(void **state)
{
    struct shelf *shelf = malloc(sizeof *shelf);
    struct store_txn *txn;
    shelf_start(shelf, 0);
    if (store_begin_write(shelf->store, &txn) != STATUS_OK) {
        return -1;
    }
    static void *both[2];
    both[0] = shelf;
    both[1] = txn;
    *state = both;
    return 0;
}

static int end(void **state)
{
    void **both = *state;
    store_abort(both[1]);
    shelf_end(both[0]);
    free(both[0]);
    return 0;
}

static struct store_txn *txn_of(void **state)
{
    return ((void **)*state)[1];
}

static struct store_key text_key(const char *first, const char *second)
{
    struct store_key key = {0};
    key_text(&key, first);
    if (second) {
        key_text(&key, second);
    }
    return key;
}

static void key_parts_are_read_back_and_ordered(void **state)
{
    (void)state;
    struct store_key key = {0};
    const char *text;
    const uint8_t *bytes;
    uint64_t large;
    uint32_t small;
    key_text(&key, "nl-dmo");
    key_u64(&key, 0x0102030405060708u);
    key_u32(&key, 0xfffefdfcu);
    key_bytes(&key, "\0\1", 2);
    key_text(&key, "");
    struct key_reader reader = {key.bytes, key.length};
    assert_true(key_take_text(&reader, &text) && key_take_u64(&reader, &large) && key_take_u32(&reader, &small) &&
                key_take_bytes(&reader, 2, &bytes));
    assert_string_equal(text, "nl-dmo");
    assert_int_equal(large, 0x0102030405060708u);
    assert_int_equal(small, 0xfffefdfcu);
    assert_memory_equal(bytes, "\0\1", 2);
    assert_true(key_take_text(&reader, &text));
    assert_string_equal(text, "");
    assert_int_equal(reader.left, 0);
    assert_false(key_take_text(&reader, &text) || key_take_u32(&reader, &small) || key_take_bytes(&reader, 1, &bytes));
    struct key_reader open_text = {(const uint8_t *)"ab", 2};
    assert_false(key_take_text(&open_text, &text));
    /* "a" and "b" before "ab": what ends first comes first. */
    struct store_key a_b = text_key("a", "b"), ab = text_key("ab", NULL);
    assert_true(memcmp(a_b.bytes, ab.bytes, 2) < 0);
}

static void keys_have_1_to_511_bytes(void **state)
{
    struct store_txn *txn = txn_of(state);
    struct store_key key = {0}, none = {0};
    struct store_value value;
    char text[512];
    memset(text, 'x', sizeof text);
    key_bytes(&key, text, 511);
    assert_int_equal(tables_put(txn, TABLE_LOTS, &key, "v", 1), STATUS_OK);
    assert_int_equal(tables_get(txn, TABLE_LOTS, &key, &value), STATUS_OK);
    key_bytes(&key, text, 1);
    assert_int_equal(tables_put(txn, TABLE_LOTS, &key, "v", 1), STATUS_TOO_LARGE);
    assert_int_equal(tables_get(txn, TABLE_LOTS, &key, &value), STATUS_TOO_LARGE);
    assert_int_equal(tables_delete(txn, TABLE_LOTS, &key), STATUS_TOO_LARGE);
    assert_int_equal(tables_put(txn, TABLE_LOTS, &none, "v", 1), STATUS_TOO_LARGE);
    /* The transaction is none the worse for it. */
    assert_int_equal(tables_count(txn, TABLE_LOTS, &(struct store_key){.length = 1}, &(uint64_t){0}), STATUS_OK);
}

static void values_are_put_replaced_and_deleted(void **state)
{
    struct store_txn *txn = txn_of(state);
    struct store_key key = text_key("NL", "policy");
    struct store_value value = {0};
    struct arena arena;
    uint64_t number = 9;
    arena_init(&arena, 4096);
    assert_int_equal(tables_get(txn, TABLE_POLICY, &key, &value), STATUS_NOT_FOUND);
    assert_int_equal(tables_delete(txn, TABLE_POLICY, &key), STATUS_NOT_FOUND);
    assert_int_equal(tables_put(txn, TABLE_POLICY, &key, "one", 3), STATUS_OK);
    assert_int_equal(tables_put(txn, TABLE_POLICY, &key, "three", 5), STATUS_OK);
    assert_int_equal(tables_get_copy(txn, TABLE_POLICY, &key, &arena, &value), STATUS_OK);
    assert_int_equal(tables_delete(txn, TABLE_POLICY, &key), STATUS_OK);
    assert_int_equal(value.length, 5);
    assert_memory_equal(value.bytes, "three", 5);
    assert_int_equal(tables_put(txn, TABLE_POLICY, &key, NULL, 0), STATUS_OK);
    assert_int_equal(tables_get(txn, TABLE_POLICY, &key, &value), STATUS_OK);
    assert_int_equal(value.length, 0);
    assert_int_equal(tables_get_u64(txn, TABLE_POLICY, &key, &number), STATUS_CORRUPT);
    assert_int_equal(tables_delete(txn, TABLE_POLICY, &key), STATUS_OK);
    assert_int_equal(tables_get_u64(txn, TABLE_POLICY, &key, &number), STATUS_OK);
    assert_int_equal(number, 0);
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(tables_count(txn, TABLE_POLICY, &key, &number), STATUS_OK);
        assert_int_equal(number, i);
    }
    assert_int_equal(tables_put_u64(txn, TABLE_POLICY, &key, UINT64_MAX), STATUS_OK);
    assert_int_equal(tables_count(txn, TABLE_POLICY, &key, &number), STATUS_TOO_LARGE);
    assert_int_equal(tables_delete(txn, TABLE_POLICY, &key), STATUS_OK);
    arena_drop(&arena);
}

static void messages_go_in_and_out(void **state)
{
    struct store_txn *txn = txn_of(state);
    struct store_key key = text_key("155mm-he", NULL);
    struct arena arena;
    ProtobufCMessage *message = NULL;
    char id[] = "155mm-he", title[] = "Shell", none[] = "", unit[] = "EA";
    Muster__Item item = MUSTER__ITEM__INIT;
    item.id = id;
    item.title = title;
    item.nsc = none;
    item.cpv = none;
    item.unit = unit;
    arena_init(&arena, 1 << 20);
    assert_int_equal(tables_put_message(txn, TABLE_ITEMS, &key, &item.base), STATUS_OK);
    assert_int_equal(tables_get_message(txn, TABLE_ITEMS, &key, &muster__item__descriptor, &arena, &message), STATUS_OK);
    assert_string_equal(((Muster__Item *)message)->title, "Shell");
    assert_int_equal(tables_get_message(txn, TABLE_ITEMS, &key, &muster__head__descriptor, &arena, &message), STATUS_CORRUPT);
    arena_drop(&arena);
    arena_init(&arena, 64);
    assert_int_equal(tables_get_message(txn, TABLE_ITEMS, &key, &muster__item__descriptor, &arena, &message), STATUS_NO_MEMORY);
    item.title = NULL;
    assert_int_equal(tables_put_message(txn, TABLE_ITEMS, &key, &item.base), STATUS_INVALID);
    arena_drop(&arena);
}

/* Fills a table with nation, number pairs: NL 0..9, NM 0..9, ... */
static void fill(struct store_txn *txn, enum table table)
{
    static const char *const nations[] = {"NK", "NL", "NLX", "NM"};
    for (size_t n = 0; n < 4; n++) {
        for (uint64_t i = 0; i < 10; i++) {
            struct store_key key = text_key(nations[n], NULL);
            key_u64(&key, i);
            assert_int_equal(tables_put_u64(txn, table, &key, i), STATUS_OK);
        }
    }
}

static void walks_keep_to_their_prefix(void **state)
{
    struct store_txn *txn = txn_of(state);
    struct table_cursor *cursor;
    struct store_key prefix = text_key("NL", NULL), key, after, all = {0};
    struct store_value value;
    uint64_t count = 0;
    fill(txn, TABLE_HOLDS);
    assert_int_equal(tables_seek(txn, TABLE_HOLDS, &prefix, NULL, &cursor), STATUS_OK);
    while (tables_next(cursor, &key, &value) == STATUS_OK) {
        struct key_reader reader = {key.bytes + prefix.length, key.length - prefix.length};
        uint64_t number;
        assert_true(key_take_u64(&reader, &number));
        assert_int_equal(number, count);
        count++;
    }
    assert_int_equal(count, 10);
    assert_int_equal(tables_next(cursor, NULL, NULL), STATUS_NOT_FOUND);
    tables_end(cursor);
    /* Behind a key, there or not; before the prefix, behind it. */
    const uint64_t from[] = {3, 9, 10};
    const uint64_t left[] = {6, 0, 0};
    for (size_t i = 0; i < 3; i++) {
        after = prefix;
        key_u64(&after, from[i]);
        count = 0;
        assert_int_equal(tables_seek(txn, TABLE_HOLDS, &prefix, &after, &cursor), STATUS_OK);
        while (tables_next(cursor, NULL, NULL) == STATUS_OK) {
            count++;
        }
        assert_int_equal(count, left[i]);
        tables_end(cursor);
    }
    after = text_key("AA", NULL);
    assert_int_equal(tables_seek(txn, TABLE_HOLDS, &prefix, &after, &cursor), STATUS_OK);
    assert_int_equal(tables_next(cursor, &key, NULL), STATUS_OK);
    assert_memory_equal(key.bytes, prefix.bytes, prefix.length);
    tables_end(cursor);
    after = text_key("ZZ", NULL);
    assert_int_equal(tables_seek(txn, TABLE_HOLDS, &prefix, &after, &cursor), STATUS_OK);
    assert_int_equal(tables_next(cursor, &key, NULL), STATUS_NOT_FOUND);
    tables_end(cursor);
    assert_int_equal(tables_last(txn, TABLE_HOLDS, &prefix, &key, &value), STATUS_OK);
    assert_int_equal(key.bytes[key.length - 1], 9);
    assert_int_equal(tables_last(txn, TABLE_HOLDS, &all, &key, NULL), STATUS_OK);
    assert_memory_equal(key.bytes, "NM", 3);
    struct store_key absent = text_key("NKX", NULL), beyond = {0};
    assert_int_equal(tables_last(txn, TABLE_HOLDS, &absent, &key, NULL), STATUS_NOT_FOUND);
    key_bytes(&beyond, "\xff\xff", 2);
    assert_int_equal(tables_last(txn, TABLE_HOLDS, &beyond, &key, NULL), STATUS_NOT_FOUND);
    assert_int_equal(tables_last(txn, TABLE_FUNDS, &all, &key, NULL), STATUS_NOT_FOUND);
    assert_int_equal(tables_seek(txn, TABLE_FUNDS, &all, NULL, &cursor), STATUS_OK);
    assert_int_equal(tables_next(cursor, NULL, NULL), STATUS_NOT_FOUND);
    tables_end(cursor);
}

static void walks_live_over_writes(void **state)
{
    struct store_txn *txn = txn_of(state);
    struct table_cursor *cursor;
    struct store_key all = {0}, key;
    uint64_t count = 0, entries = 0;
    fill(txn, TABLE_COMMITMENTS);
    /* Each key deleted as it is met: none is skipped, none met twice. */
    assert_int_equal(tables_seek(txn, TABLE_COMMITMENTS, &all, NULL, &cursor), STATUS_OK);
    while (tables_next(cursor, &key, NULL) == STATUS_OK) {
        assert_int_equal(tables_delete(txn, TABLE_COMMITMENTS, &key), STATUS_OK);
        count++;
    }
    tables_end(cursor);
    assert_int_equal(count, 40);
    assert_int_equal(tables_entries(txn, TABLE_COMMITMENTS, &entries), STATUS_OK);
    assert_int_equal(entries, 0);
    /* Values grown as they are met, so that pages split under the walk; new keys behind it are met. */
    fill(txn, TABLE_COMMITMENTS);
    count = 0;
    assert_int_equal(tables_seek(txn, TABLE_COMMITMENTS, &all, NULL, &cursor), STATUS_OK);
    while (tables_next(cursor, &key, NULL) == STATUS_OK) {
        char large[1500];
        memset(large, 'x', sizeof large);
        assert_int_equal(tables_put(txn, TABLE_COMMITMENTS, &key, large, sizeof large), STATUS_OK);
        if (count == 0) {
            struct store_key later = text_key("ZZ", NULL);
            assert_int_equal(tables_put(txn, TABLE_COMMITMENTS, &later, "x", 1), STATUS_OK);
        }
        count++;
    }
    tables_end(cursor);
    assert_int_equal(count, 41);
}

static void the_hash_tells_any_difference(void **state)
{
    struct store_txn *txn = txn_of(state);
    uint8_t before[32], after[32], tables[TABLE_COUNT][32], changed[TABLE_COUNT][32];
    struct store_key key = text_key("rate", NULL), meta = text_key("some fact", NULL);
    assert_int_equal(tables_hash(txn, before, tables), STATUS_OK);
    assert_int_equal(tables_put(txn, TABLE_RATES, &key, "1", 1), STATUS_OK);
    assert_int_equal(tables_hash(txn, after, changed), STATUS_OK);
    assert_memory_not_equal(before, after, 32);
    for (enum table table = 0; table < TABLE_COUNT; table++) {
        assert_int_equal(memcmp(tables[table], changed[table], 32) != 0, table == TABLE_RATES);
    }
    assert_int_equal(tables_delete(txn, TABLE_RATES, &key), STATUS_OK);
    /* What is neither log nor table does not count. */
    assert_int_equal(tables_put(txn, TABLE_META, &meta, "1", 1), STATUS_OK);
    assert_int_equal(tables_hash(txn, after, NULL), STATUS_OK);
    assert_memory_equal(before, after, 32);
    /* The border between key and value counts. */
    struct store_key ab = {0}, a = {0};
    uint8_t other[32];
    key_bytes(&ab, "ab", 2);
    key_bytes(&a, "a", 1);
    assert_int_equal(tables_put(txn, TABLE_RATES, &ab, "c", 1), STATUS_OK);
    assert_int_equal(tables_hash(txn, after, NULL), STATUS_OK);
    assert_int_equal(tables_delete(txn, TABLE_RATES, &ab), STATUS_OK);
    assert_int_equal(tables_put(txn, TABLE_RATES, &a, "bc", 2), STATUS_OK);
    assert_int_equal(tables_hash(txn, other, NULL), STATUS_OK);
    assert_memory_not_equal(after, other, 32);
    assert_int_equal(tables_delete(txn, TABLE_RATES, &a), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_parts_are_read_back_and_ordered), cmocka_unit_test(keys_have_1_to_511_bytes),
        cmocka_unit_test(values_are_put_replaced_and_deleted), cmocka_unit_test(messages_go_in_and_out),
        cmocka_unit_test(walks_keep_to_their_prefix),          cmocka_unit_test(walks_live_over_writes),
        cmocka_unit_test(the_hash_tells_any_difference),
    };
    return cmocka_run_group_tests(tests, start, end);
}
