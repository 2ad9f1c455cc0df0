/* SPDX-License-Identifier: EUPL-1.2 */
/* The parts that spare the writer work: each must say what the longer way says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/desk/sums.h"
#include "broker/exchange_heads.h"
#include "broker/pool.h"
#include "proto/envelope.h"
#include "proto/seam.h"
#include "proto/status.h"
#include "proto/tlog.h"

#define LEAVES 200u
#define ITEMS 500u

/* Any node of a tree whose leaves are their own numbers. */
static int node(void *data, unsigned level, uint64_t index, uint8_t hash[TLOG_HASH_SIZE])
{
    uint8_t left[TLOG_HASH_SIZE];
    uint8_t right[TLOG_HASH_SIZE];
    unsigned *reads = data;
    if (reads != NULL)
        ++*reads;
    if (level == 0) {
        tlog_leaf_hash(&index, sizeof index, hash);
        return STATUS_OK;
    }
    node(NULL, level - 1, 2 * index, left);
    node(NULL, level - 1, 2 * index + 1, right);
    tlog_node_hash(left, right, hash);
    return STATUS_OK;
}

static void proofs_are_the_same_with_remembered_ranges(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= LEAVES; size += 7) {
        struct tlog_ranges ranges = {0};
        unsigned plain_reads = 0;
        unsigned kept_reads = 0;
        const struct tlog_nodes plain = {.read = node, .data = &plain_reads};
        const struct tlog_nodes kept = {.read = node, .data = &kept_reads, .ranges = &ranges};
        for (uint64_t index = 0; index < size; index++) {
            struct tlog_proof one, other;
            assert_int_equal(tlog_inclusion_make(&plain, index, size, &one), STATUS_OK);
            assert_int_equal(tlog_inclusion_make(&kept, index, size, &other), STATUS_OK);
            assert_int_equal(one.count, other.count);
            assert_memory_equal(one.hashes, other.hashes, one.count * TLOG_HASH_SIZE);
            assert_int_equal(tlog_consistency_make(&plain, index + 1, size, &one), STATUS_OK);
            assert_int_equal(tlog_consistency_make(&kept, index + 1, size, &other), STATUS_OK);
            assert_int_equal(one.count, other.count);
            assert_memory_equal(one.hashes, other.hashes, one.count * TLOG_HASH_SIZE);
        }
        assert_true(kept_reads <= plain_reads);
    }
}

/* A head is known only as it was added: another size, root or signature is another head. */
static void a_head_is_known_byte_for_byte(void **state)
{
    (void)state;
    struct heads *heads = calloc(1, sizeof *heads);
    assert_non_null(heads);
    struct tlog_head head = {.size = 7};
    uint8_t signature[64];
    seam_random_system.fill(seam_random_system.data, head.root, sizeof head.root);
    seam_random_system.fill(seam_random_system.data, signature, sizeof signature);
    assert_false(heads_has(heads, &head, signature));
    heads_add(heads, &head, signature);
    assert_true(heads_has(heads, &head, signature));
    struct tlog_head other = head;
    other.size = 8;
    assert_false(heads_has(heads, &other, signature));
    other = head;
    other.root[31] ^= 1;
    assert_false(heads_has(heads, &other, signature));
    signature[63] ^= 1;
    assert_false(heads_has(heads, &head, signature));
    /* One that was never added, and whose place is empty: size 0 stands for none. */
    struct tlog_head nothing = {0};
    uint8_t zeros[64] = {0};
    assert_false(heads_has(heads, &nothing, zeros));
    free(heads);
}

static void a_bound_holds_for_its_rates_and_policy(void **state)
{
    (void)state;
    struct desk_sums *sums = NULL;
    struct desk_sum sum = {.quantity = 5, .ceiling = 9}, found = {0};
    assert_int_equal(desk_sums_new(&sums), STATUS_OK);
    assert_false(desk_sums_find(sums, "shell", 1, 1, &found));
    desk_sums_keep(sums, "shell", 1, 1, &sum);
    assert_true(desk_sums_find(sums, "shell", 1, 1, &found));
    assert_true(found.quantity == 5 && found.ceiling == 9);
    assert_false(desk_sums_find(sums, "shell", 2, 1, &found));
    assert_false(desk_sums_find(sums, "shell", 1, 2, &found));
    assert_false(desk_sums_find(sums, "she", 1, 1, &found));
    desk_sums_clear(sums);
    assert_false(desk_sums_find(sums, "shell", 1, 1, &found));
    desk_sums_free(sums);
    /* Without one everything is looked up. */
    desk_sums_keep(NULL, "shell", 1, 1, &sum);
    assert_false(desk_sums_find(NULL, "shell", 1, 1, &found));
    desk_sums_free(NULL);
}

static void count_item(void *data, size_t item)
{
    unsigned *counts = data;
    __atomic_add_fetch(&counts[item], 1, __ATOMIC_RELAXED);
}

static void each_item_is_done_once_in_two_halves_too(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads < 3; threads++) {
        struct pool *pool = NULL;
        assert_int_equal(pool_new(threads, &pool), STATUS_OK);
        for (unsigned turn = 0; turn < 50; turn++) {
            unsigned counts[ITEMS] = {0};
            size_t items = turn % 3 == 0 ? turn % 2 : ITEMS;
            pool_start(pool, items, count_item, counts);
            pool_finish(pool);
            pool_run(pool, items, count_item, counts);
            for (size_t i = 0; i < ITEMS; i++)
                assert_int_equal(counts[i], i < items ? 2 : 0);
        }
        pool_free(pool);
    }
}

static void ids_follow_the_time_and_are_never_the_same(void **state)
{
    (void)state;
    uint8_t ids[200][ENVELOPE_ID_SIZE];
    for (unsigned i = 0; i < 200; i++) {
        envelope_id_make(&seam_random_nonces, UINT64_C(1801396800000) + i / 2, ids[i]);
        if (i > 1)
            assert_true(memcmp(ids[i - 2], ids[i], 6) < 0);
        for (unsigned k = 0; k < i; k++)
            assert_memory_not_equal(ids[k], ids[i], ENVELOPE_ID_SIZE);
    }
}

/* Long or short, nothing that was handed out comes again. */
static void nonces_do_not_repeat(void **state)
{
    (void)state;
    static uint8_t given[3000][8];
    uint8_t longer[1024];
    uint8_t zeros[sizeof longer] = {0};
    for (size_t i = 0; i < 3000; i++)
        seam_random_nonces.fill(seam_random_nonces.data, given[i], sizeof given[i]);
    for (size_t i = 1; i < 3000; i++)
        assert_memory_not_equal(given[i], given[i - 1], sizeof given[i]);
    seam_random_nonces.fill(seam_random_nonces.data, longer, sizeof longer);
    assert_memory_not_equal(longer, zeros, sizeof longer);
    assert_memory_not_equal(longer, longer + 512, 512);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proofs_are_the_same_with_remembered_ranges),
        cmocka_unit_test(a_head_is_known_byte_for_byte),
        cmocka_unit_test(a_bound_holds_for_its_rates_and_policy),
        cmocka_unit_test(each_item_is_done_once_in_two_halves_too),
        cmocka_unit_test(ids_follow_the_time_and_are_never_the_same),
        cmocka_unit_test(nonces_do_not_repeat),
    };
    return seam_start() == STATUS_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
