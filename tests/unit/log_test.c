/* SPDX-License-Identifier: EUPL-1.2 */
/* The log in the store: entries, proofs, heads, receipts; and that any change of any part of it is found and named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/envelope.h"
#include "proto/receipt.h"
#include "proto/status.h"
#include "tests/unit/sample.h"
#include "tests/unit/shelf.h"

#define BATCHES 5u
#define ENTRIES (BATCHES * (BATCHES + 1) / 2) /* batches of 1, 2, 3, ... */

static int start(void **state)
{
    static struct shelf shelf;
    shelf_start(&shelf, 0);
    for (size_t i = 1; i <= BATCHES; i++) {
        if (shelf_batch(&shelf, i, 2) != STATUS_OK) {
            return -1;
        }
    }
    *state = &shelf;
    return 0;
}

static int end(void **state)
{
    shelf_end(*state);
    return 0;
}

static struct store_txn *reading(struct shelf *shelf)
{
    struct store_txn *txn;
    assert_int_equal(store_begin_read(shelf->store, &txn), STATUS_OK);
    return txn;
}

static void entries_read_back_as_written(void **state)
{
    struct shelf *shelf = *state;
    struct store_txn *txn = reading(shelf);
    uint64_t size = 0, time = 0;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    assert_int_equal(log_size(txn, &size), STATUS_OK);
    assert_int_equal(size, ENTRIES);
    assert_int_equal(log_last_time(txn, &time), STATUS_OK);
    for (uint64_t position = 0; position < size; position++) {
        struct log_entry entry;
        struct entry_body body;
        size_t envelope_size = 0;
        uint8_t commit[32], leaf[32], stored[32], sha256[32];
        uint64_t found = 0;
        const uint8_t *envelope = sample_envelope(&arena, &shelf->signing_key, position, 2, &envelope_size);
        assert_int_equal(log_read(txn, position, &entry), STATUS_OK);
        assert_string_equal(entry.kind, "demand");
        assert_int_equal(entry.envelope_size, envelope_size);
        assert_memory_equal(entry.envelope, envelope, envelope_size);
        tlog_commit(entry.nonce, entry.body, entry.body_size, commit);
        assert_int_equal(tlog_entry_leaf(entry.kind, position, commit, leaf), STATUS_OK);
        assert_int_equal(log_leaf(txn, position, stored), STATUS_OK);
        assert_memory_equal(leaf, stored, 32);
        assert_int_equal(entry_body_parse(entry.body, entry.body_size, &body), STATUS_OK);
        assert_int_equal(log_find_submission(txn, "nl-dmo", body.submission, &found, sha256), STATUS_OK);
        assert_int_equal(found, position);
        assert_memory_equal(sha256, body.envelope_sha256, 32);
        assert_int_equal(log_find_submission(txn, "nl-dm", body.submission, &found, sha256), STATUS_NOT_FOUND);
        assert_true(entry.time <= time);
    }
    struct log_entry none;
    assert_int_equal(log_read(txn, size, &none), STATUS_NOT_FOUND);
    store_abort(txn);
    arena_drop(&arena);
}

static void proofs_hold_at_every_size(void **state)
{
    struct shelf *shelf = *state;
    struct store_txn *txn = reading(shelf);
    struct tlog_proof proof;
    for (uint64_t size = 1; size <= ENTRIES; size++) {
        struct tlog_head head = {.size = size};
        assert_int_equal(log_root(txn, size, head.root), STATUS_OK);
        for (uint64_t position = 0; position < size; position++) {
            uint8_t leaf[32];
            assert_int_equal(log_leaf(txn, position, leaf), STATUS_OK);
            assert_int_equal(log_inclusion(txn, position, size, &proof), STATUS_OK);
            assert_int_equal(tlog_inclusion_verify(position, leaf, proof.hashes[0], proof.count * 32, &head), STATUS_OK);
        }
        for (uint64_t old_size = 1; old_size <= size; old_size++) {
            struct tlog_head old_head = {.size = old_size};
            assert_int_equal(log_root(txn, old_size, old_head.root), STATUS_OK);
            assert_int_equal(log_consistency(txn, old_size, size, &proof), STATUS_OK);
            assert_int_equal(tlog_consistency_verify(&old_head, &head, proof.hashes[0], proof.count * 32), STATUS_OK);
        }
    }
    uint8_t root[32];
    assert_int_equal(log_root(txn, ENTRIES + 1, root), STATUS_NOT_FOUND);
    assert_int_equal(log_inclusion(txn, 0, ENTRIES + 1, &proof), STATUS_NOT_FOUND);
    assert_int_equal(log_inclusion(txn, ENTRIES, ENTRIES, &proof), STATUS_INVALID);
    assert_int_equal(log_consistency(txn, 0, ENTRIES, &proof), STATUS_INVALID);
    store_abort(txn);
}

static void each_entry_has_its_batchs_head_and_receipt(void **state)
{
    struct shelf *shelf = *state;
    struct store_txn *txn = reading(shelf);
    struct arena arena;
    uint64_t position = 0;
    struct log_head newest;
    arena_init(&arena, 1 << 20);
    assert_int_equal(log_head_newest(txn, &newest), STATUS_OK);
    assert_int_equal(newest.head.size, ENTRIES);
    for (uint64_t batch = 1; batch <= BATCHES; batch++) {
        for (uint64_t i = 0; i < batch; i++, position++) {
            struct log_head head;
            struct receipt receipt;
            const char *why = "";
            char *text = NULL, *again = NULL;
            size_t length = 0, again_length = 0, envelope_size = 0;
            uint8_t *envelope = sample_envelope(&arena, &shelf->signing_key, position, 2, &envelope_size);
            assert_int_equal(log_head_of(txn, position, &head), STATUS_OK);
            assert_int_equal(head.head.size, batch * (batch + 1) / 2);
            assert_int_equal(log_receipt(txn, position, &arena, &text, &length), STATUS_OK);
            assert_int_equal(log_receipt(txn, position, &arena, &again, &again_length), STATUS_OK);
            assert_int_equal(length, again_length);
            assert_memory_equal(text, again, length);
            assert_int_equal(receipt_verify(text, length, envelope, envelope_size, &shelf->key, &receipt, &why), STATUS_OK);
            assert_null(why);
            assert_int_equal(receipt.position, position);
            assert_int_equal(receipt.head.size, head.head.size);
            assert_string_equal(receipt.body.party, "nl-dmo");
        }
    }
    char *text;
    size_t length;
    assert_int_equal(log_receipt(txn, ENTRIES, &arena, &text, &length), STATUS_NOT_FOUND);
    store_abort(txn);
    arena_drop(&arena);
}

/* A receipt is no receipt for anything else, and no byte of it may change. */
static void receipts_hold_for_one_submission_alone(void **state)
{
    struct shelf *shelf = *state;
    struct store_txn *txn = reading(shelf);
    struct arena arena;
    struct receipt receipt;
    char *text = NULL;
    size_t length = 0, size = 0, other_size = 0;
    struct note_key other_log;
    arena_init(&arena, 1 << 20);
    uint8_t *envelope = sample_envelope(&arena, &shelf->signing_key, 4, 2, &size);
    uint8_t *other = sample_envelope(&arena, &shelf->signing_key, 3, 2, &other_size);
    assert_int_equal(log_receipt(txn, 4, &arena, &text, &length), STATUS_OK);
    store_abort(txn);
    assert_int_equal(receipt_verify(text, length, envelope, size, &shelf->key, &receipt, NULL), STATUS_OK);
    assert_int_equal(receipt_verify(text, length, other, other_size, &shelf->key, &receipt, NULL), STATUS_FORGED);
    assert_int_equal(note_key_make("other.example/log", shelf->log_key.public_key, &other_log), STATUS_OK);
    assert_int_equal(receipt_verify(text, length, envelope, size, &other_log, &receipt, NULL), STATUS_FORGED);
    for (size_t i = 0; i < length; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            text[i] = (char)(text[i] ^ 1 << bit);
            assert_int_not_equal(receipt_verify(text, length, envelope, size, &shelf->key, &receipt, NULL), STATUS_OK);
            text[i] = (char)(text[i] ^ 1 << bit);
        }
        assert_int_not_equal(receipt_verify(text, i, envelope, size, &shelf->key, &receipt, NULL), STATUS_OK);
    }
    for (size_t i = 0; i < size; i++) {
        envelope[i] ^= 1;
        assert_int_equal(receipt_verify(text, length, envelope, size, &shelf->key, &receipt, NULL), STATUS_FORGED);
        envelope[i] ^= 1;
    }
    arena_drop(&arena);
}

static void an_entry_must_agree_with_its_body(void **state)
{
    struct shelf *shelf = *state;
    struct store_txn *txn;
    struct log_entry good, entry;
    uint64_t position = 0;
    struct store_txn *snapshot = reading(shelf);
    assert_int_equal(log_read(snapshot, ENTRIES - 1, &good), STATUS_OK);
    assert_int_equal(store_begin_write(shelf->store, &txn), STATUS_OK);
    entry = good;
    assert_int_equal(log_append(txn, &entry, &position), STATUS_EXISTS);
    entry.kind = "offer";
    assert_int_equal(log_append(txn, &entry, &position), STATUS_INVALID);
    entry = good;
    entry.time++;
    assert_int_equal(log_append(txn, &entry, &position), STATUS_INVALID);
    entry = good;
    entry.envelope_size--;
    assert_int_equal(log_append(txn, &entry, &position), STATUS_INVALID);
    entry = good;
    entry.body_size--;
    assert_int_equal(log_append(txn, &entry, &position), STATUS_INVALID);
    /* Time may stand still but not fall: number 3's is before the last. */
    assert_int_equal(shelf_append(shelf, txn, 3, 1, &position), STATUS_INVALID);
    uint64_t size = 0;
    assert_int_equal(log_size(txn, &size), STATUS_OK);
    assert_int_equal(size, ENTRIES);
    store_abort(txn);
    store_abort(snapshot);
}

static void a_batch_without_entries_signs_nothing_new(void **state)
{
    struct shelf *shelf = *state;
    struct store_txn *txn;
    uint64_t before = 0, after = 0;
    assert_int_equal(store_begin_write(shelf->store, &txn), STATUS_OK);
    assert_int_equal(tables_entries(txn, TABLE_LOG_HEADS, &before), STATUS_OK);
    assert_int_equal(log_sign_head(txn, &shelf->key, &shelf->log_key), STATUS_OK);
    assert_int_equal(tables_entries(txn, TABLE_LOG_HEADS, &after), STATUS_OK);
    assert_int_equal(before, after);
    store_abort(txn);
}

static int verify(struct store_txn *txn, struct shelf *shelf, uint64_t from, uint64_t *bad)
{
    const char *why = NULL;
    return log_verify(txn, from, &shelf->key, NULL, NULL, bad, &why);
}

/* Every byte of every row of every log table, changed one at a time inside a transaction that is then dropped. */
static void every_changed_byte_is_found_and_named(void **state)
{
    struct shelf *shelf = *state;
    const enum table tables[] = {TABLE_LOG_LEAVES, TABLE_LOG_BODIES, TABLE_LOG_ENVELOPES, TABLE_LOG_NODES, TABLE_LOG_HEADS};
    const struct store_key all = {0};
    uint64_t bad = 0;
    struct store_txn *txn;
    assert_int_equal(store_begin_write(shelf->store, &txn), STATUS_OK);
    assert_int_equal(verify(txn, shelf, 0, &bad), STATUS_OK);
    assert_int_equal(bad, UINT64_MAX);
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
        struct table_cursor *cursor;
        struct store_key key;
        struct store_value value;
        uint64_t row = 0;
        assert_int_equal(tables_seek(txn, tables[t], &all, NULL, &cursor), STATUS_OK);
        while (tables_next(cursor, &key, &value) == STATUS_OK) {
            uint8_t *bytes = malloc(value.length);
            size_t length = value.length;
            memcpy(bytes, value.bytes, length);
            /* Large rows at some of their bytes: each costs a verification of the whole log. */
            for (size_t i = 0; i < length; i += 1 + length / 7) {
                bytes[i] ^= 0x10;
                assert_int_equal(tables_put(txn, tables[t], &key, bytes, length), STATUS_OK);
                assert_int_equal(verify(txn, shelf, 0, &bad), STATUS_CORRUPT);
                if (t < 3) {
                    assert_int_equal(bad, row);
                } else {
                    assert_true(bad < ENTRIES);
                }
                bytes[i] ^= 0x10;
            }
            assert_int_equal(tables_put(txn, tables[t], &key, bytes, length), STATUS_OK);
            free(bytes);
            row++;
        }
        tables_end(cursor);
    }
    assert_int_equal(verify(txn, shelf, 0, &bad), STATUS_OK);
    store_abort(txn);
}

static void dropped_rows_are_found(void **state)
{
    struct shelf *shelf = *state;
    const enum table tables[] = {TABLE_LOG_LEAVES, TABLE_LOG_BODIES, TABLE_LOG_ENVELOPES, TABLE_LOG_NODES};
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
        for (uint64_t row = 0; row < ENTRIES; row++) {
            struct store_txn *txn;
            struct store_key key = {0};
            uint64_t bad = 0;
            key_u64(&key, row);
            assert_int_equal(store_begin_write(shelf->store, &txn), STATUS_OK);
            assert_int_equal(tables_delete(txn, tables[t], &key), STATUS_OK);
            assert_int_equal(verify(txn, shelf, 0, &bad), STATUS_CORRUPT);
            if (t < 3) {
                assert_int_equal(bad, row);
            }
            store_abort(txn);
        }
    }
    /* The last entry with all its parts, as a roll back would have it, but under the head that counts it. */
    struct store_txn *txn;
    struct store_key key = {0};
    uint64_t bad = 0;
    key_u64(&key, ENTRIES - 1);
    assert_int_equal(store_begin_write(shelf->store, &txn), STATUS_OK);
    for (size_t t = 0; t < 3; t++) {
        assert_int_equal(tables_delete(txn, tables[t], &key), STATUS_OK);
    }
    assert_int_equal(verify(txn, shelf, 0, &bad), STATUS_CORRUPT);
    store_abort(txn);
}

static void a_consistent_rewriting_fails_at_the_signed_head(void **state)
{
    struct shelf *shelf = *state, forged;
    /* The same log with another second entry, hashed throughout and signed by another key under the same name. */
    shelf_start(&forged, 0);
    assert_int_equal(shelf_batch(&forged, 1, 2), STATUS_OK);
    for (size_t i = 2; i <= BATCHES; i++) {
        assert_int_equal(shelf_batch(&forged, i, 1), STATUS_OK);
    }
    struct store_txn *from = reading(&forged), *txn;
    const enum table tables[] = {TABLE_LOG_LEAVES, TABLE_LOG_BODIES, TABLE_LOG_ENVELOPES, TABLE_LOG_NODES};
    uint64_t bad = 0;
    assert_int_equal(store_begin_write(shelf->store, &txn), STATUS_OK);
    for (size_t t = 0; t < 4; t++) {
        const struct store_key all = {0};
        struct table_cursor *cursor;
        struct store_key key;
        struct store_value value;
        assert_int_equal(tables_seek(from, tables[t], &all, NULL, &cursor), STATUS_OK);
        while (tables_next(cursor, &key, &value) == STATUS_OK) {
            assert_int_equal(tables_put(txn, tables[t], &key, value.bytes, value.length), STATUS_OK);
        }
        tables_end(cursor);
    }
    assert_int_equal(verify(txn, shelf, 0, &bad), STATUS_CORRUPT);
    assert_int_equal(bad, 1);
    store_abort(txn);
    store_abort(from);
    shelf_end(&forged);
}

static int stop_at_once(void *data, uint64_t position)
{
    (void)data;
    (void)position;
    return 1;
}

static void verification_goes_on_from_its_mark(void **state)
{
    struct shelf *shelf = *state;
    struct store_txn *txn;
    struct store_key key = {0};
    uint64_t bad = 0, mark = 1;
    assert_int_equal(store_begin_write(shelf->store, &txn), STATUS_OK);
    assert_int_equal(log_verified(txn, &mark), STATUS_OK);
    assert_int_equal(mark, 0);
    assert_int_equal(log_set_verified(txn, 6), STATUS_OK);
    assert_int_equal(log_verified(txn, &mark), STATUS_OK);
    assert_int_equal(mark, 6);
    assert_int_equal(verify(txn, shelf, mark, &bad), STATUS_OK);
    assert_int_equal(verify(txn, shelf, ENTRIES, &bad), STATUS_OK);
    assert_int_equal(verify(txn, shelf, ENTRIES + 1, &bad), STATUS_CORRUPT);
    assert_int_equal(log_verify(txn, 0, &shelf->key, stop_at_once, NULL, &bad, NULL), STATUS_CANCELLED);
    assert_int_equal(bad, 0);
    /* What lies before the mark is not read again. */
    key_u64(&key, 2);
    assert_int_equal(tables_put(txn, TABLE_LOG_ENVELOPES, &key, "x", 1), STATUS_OK);
    assert_int_equal(verify(txn, shelf, 6, &bad), STATUS_OK);
    assert_int_equal(verify(txn, shelf, 0, &bad), STATUS_CORRUPT);
    assert_int_equal(bad, 2);
    store_abort(txn);
}

static void another_key_did_not_sign_it(void **state)
{
    struct shelf *shelf = *state;
    struct store_txn *txn = reading(shelf);
    struct note_key key;
    uint64_t bad = 0;
    assert_int_equal(note_key_make(shelf->key.name, shelf->signing_key.public_key, &key), STATUS_OK);
    assert_int_equal(log_verify(txn, 0, &key, NULL, NULL, &bad, NULL), STATUS_CORRUPT);
    store_abort(txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_read_back_as_written),
        cmocka_unit_test(proofs_hold_at_every_size),
        cmocka_unit_test(each_entry_has_its_batchs_head_and_receipt),
        cmocka_unit_test(receipts_hold_for_one_submission_alone),
        cmocka_unit_test(an_entry_must_agree_with_its_body),
        cmocka_unit_test(a_batch_without_entries_signs_nothing_new),
        cmocka_unit_test(every_changed_byte_is_found_and_named),
        cmocka_unit_test(dropped_rows_are_found),
        cmocka_unit_test(a_consistent_rewriting_fails_at_the_signed_head),
        cmocka_unit_test(verification_goes_on_from_its_mark),
        cmocka_unit_test(another_key_did_not_sign_it),
    };
    return cmocka_run_group_tests(tests, start, end);
}
