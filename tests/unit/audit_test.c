/* SPDX-License-Identifier: EUPL-1.2 */
/* Following a log that lies: every way to change a history is found, and the first entry that differs is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clients/link/audit.h"
#include "proto/keys.h"
#include "proto/seam.h"
#include "proto/status.h"
#include "tests/unit/scratch.h"

#define ORIGIN "muster.example/log"
#define MOST 4000u
#define STRETCH 700u

/* An operator with the log's key, who can write any history. */
struct operator {
    struct key_pair pair;
    struct note_key key;
    struct tlog_tree tree;
    uint8_t bodies[MOST][ENTRY_BODY_MOST]; /* of entry n */
    size_t body_sizes[MOST];
    uint8_t nonces[MOST][TLOG_NONCE_SIZE];
    uint64_t size;
    uint64_t batch;        /* entries of a batch: a head after each */
    bool shows_bodies;
    /* lies about what is shown, not about what is signed */
    uint64_t wrong_leaf, wrong_body, wrong_time; /* UINT64_MAX: none */
    bool wrong_signature, short_answer, half_hash;
    uint64_t stretches;    /* questions answered */
    uint64_t bytes;
    uint64_t told;         /* bodies that the audit passed on */
};

static void write_body(struct operator *operator, uint64_t position, const char *word)
{
    struct entry_body body = {.kind = "demand", .party = "nl-dmo", .time = 1000 * position};
    snprintf((char *)body.submission, sizeof body.submission, "%s%u", word, (unsigned)position);
    assert_int_equal(entry_body_pack(&body, operator->bodies[position], &operator->body_sizes[position]), STATUS_OK);
    memset(operator->nonces[position], (int)(position % 251), TLOG_NONCE_SIZE);
}

static void leaf_of(const struct operator *operator, uint64_t body, uint64_t position, uint8_t leaf[TLOG_HASH_SIZE])
{
    uint8_t commit[TLOG_HASH_SIZE];
    tlog_commit(operator->nonces[body], operator->bodies[body], operator->body_sizes[body], commit);
    assert_int_equal(tlog_entry_leaf("demand", position, commit, leaf), STATUS_OK);
}

static void add(struct operator *operator, uint64_t body)
{
    uint8_t leaf[TLOG_HASH_SIZE];
    leaf_of(operator, body, operator->size, leaf);
    assert_int_equal(tlog_tree_append(&operator->tree, leaf), STATUS_OK);
    operator->size++;
}

static void add_until(struct operator *operator, uint64_t size)
{
    while (operator->size < size) {
        write_body(operator, operator->size, "entry");
        add(operator, operator->size);
    }
}

static void begin(struct operator *operator, uint64_t size)
{
    uint8_t seed[32] = {7};
    memset(operator, 0, sizeof *operator);
    operator->batch = 10;
    operator->wrong_leaf = operator->wrong_body = operator->wrong_time = UINT64_MAX;
    assert_int_equal(keys_from_seed(KEY_LOG, seed, &operator->pair), STATUS_OK);
    assert_int_equal(note_key_make(ORIGIN, operator->pair.public_key, &operator->key), STATUS_OK);
    add_until(operator, size);
}

/* Forgets everything from position on, and writes another history. */
static void rewrite_from(struct operator *operator, uint64_t position)
{
    uint64_t size = operator->size;
    tlog_tree_cut(&operator->tree, position);
    operator->size = position;
    while (operator->size < size) {
        write_body(operator, operator->size, "other");
        add(operator, operator->size);
    }
}

static void end(struct operator *operator)
{
    tlog_tree_free(&operator->tree);
    keys_drop(&operator->pair);
}

static struct tlog_head head_of(const struct operator *operator, uint64_t size)
{
    struct tlog_head head = {.size = size};
    assert_int_equal(tlog_tree_root(&operator->tree, size, head.root), STATUS_OK);
    return head;
}

static void show_head(struct operator *operator, uint64_t size, struct arena *arena, Muster__LogAnswer *answer)
{
    struct tlog_head head = head_of(operator, size);
    char note[NOTE_MOST];
    size_t length = 0;
    assert_int_equal(tlog_head_sign(&operator->key, &operator->pair, &head, note, &length, NULL), STATUS_OK);
    if (operator->wrong_signature) {
        note[length - 10] = note[length - 10] == 'A' ? 'B' : 'A';
    }
    answer->heads[answer->n_heads++] = (ProtobufCBinaryData){length, (uint8_t *)arena_copy(arena, note, length)};
}

static void show_body(const struct operator *operator, uint64_t position, struct arena *arena, Muster__LogAnswer *answer)
{
    Muster__LogBody *shown = arena_alloc(arena, sizeof *shown);
    muster__log_body__init(shown);
    shown->position = position;
    shown->nonce = (ProtobufCBinaryData){TLOG_NONCE_SIZE, (uint8_t *)arena_copy(arena, operator->nonces[position], TLOG_NONCE_SIZE)};
    shown->body = (ProtobufCBinaryData){operator->body_sizes[position], (uint8_t *)arena_copy(arena, operator->bodies[position], operator->body_sizes[position])};
    if (position == operator->wrong_body) {
        shown->body.data[shown->body.len - 1] ^= 1;
    }
    answer->bodies[answer->n_bodies++] = shown;
}

static int show(void *data, uint64_t from, uint64_t size, struct arena *arena, const Muster__LogAnswer **out)
{
    struct operator *operator = data;
    Muster__LogAnswer *answer = arena_alloc(arena, sizeof *answer);
    uint64_t to = size - from > STRETCH ? from + STRETCH : size;
    muster__log_answer__init(answer);
    assert_true(from < size && size <= operator->size);
    operator->stretches++;
    answer->leaves = (ProtobufCBinaryData){(size_t)(to - from) * TLOG_HASH_SIZE, (uint8_t *)arena_copy(arena, tlog_tree_leaf(&operator->tree, from), (size_t)(to - from) * TLOG_HASH_SIZE)};
    answer->heads = arena_array(arena, (size_t)(to - from) + 1, sizeof *answer->heads);
    answer->bodies = arena_array(arena, (size_t)(to - from) + 1, sizeof *answer->bodies);
    if (operator->wrong_leaf >= from && operator->wrong_leaf < to) {
        answer->leaves.data[(operator->wrong_leaf - from) * TLOG_HASH_SIZE] ^= 1;
    }
    for (uint64_t at = from; at < to; at++) {
        if ((at + 1) % operator->batch == 0) {
            show_head(operator, at + 1, arena, answer);
        }
        if (operator->shows_bodies) {
            show_body(operator, at, arena, answer);
        }
    }
    if (operator->short_answer) {
        answer->leaves.len = 0;
    }
    answer->leaves.len -= operator->half_hash;
    operator->bytes += answer->leaves.len;
    *out = answer;
    return STATUS_OK;
}

static int count_body(void *data, uint64_t position, const struct entry_body *body)
{
    struct operator *operator = data;
    assert_int_equal(body->time, 1000 * position);
    operator->told++;
    return STATUS_OK;
}

static struct audit_report follow(struct audit *audit, struct operator *operator, uint64_t size)
{
    const struct audit_source source = {.read = show, .body = count_body, .data = operator};
    struct tlog_head head = head_of(operator, size);
    struct audit_report report;
    assert_int_equal(audit_follow(audit, &operator->key, &head, &source, &report), STATUS_OK);
    return report;
}

static struct operator operator_a, operator_b;

static void an_honest_log_holds_and_is_followed_from_where_one_was(void **state)
{
    (void)state;
    struct audit audit = {0};
    begin(&operator_a, 1000);
    operator_a.shows_bodies = true;
    struct audit_report report = follow(&audit, &operator_a, 1000);
    assert_int_equal(report.fault, AUDIT_HOLDS);
    assert_int_equal(report.added, 1000);
    assert_int_equal(report.heads, 100);
    assert_int_equal(report.bodies, 1000);
    assert_int_equal(operator_a.told, 1000);
    /* What is new is read, and nothing else. */
    add_until(&operator_a, 1050);
    operator_a.bytes = operator_a.stretches = 0;
    report = follow(&audit, &operator_a, 1050);
    assert_int_equal(report.fault, AUDIT_HOLDS);
    assert_int_equal(report.known, 1000);
    assert_int_equal(report.added, 50);
    assert_int_equal(operator_a.bytes, 50 * TLOG_HASH_SIZE);
    /* The same head again asks nothing. */
    operator_a.stretches = 0;
    report = follow(&audit, &operator_a, 1050);
    assert_int_equal(report.fault, AUDIT_HOLDS);
    assert_int_equal(operator_a.stretches, 0);
    audit_drop(&audit);
    end(&operator_a);
}

static void every_rewritten_entry_is_named(void **state)
{
    (void)state;
    const uint64_t positions[] = {0, 1, 63, 64, 699, 700, 998, 999};
    for (size_t at = 0; at < sizeof positions / sizeof positions[0]; at++) {
        struct audit audit = {0};
        begin(&operator_a, 1000);
        assert_int_equal(follow(&audit, &operator_a, 1000).fault, AUDIT_HOLDS);
        rewrite_from(&operator_a, positions[at]);
        struct audit_report report = follow(&audit, &operator_a, 1000);
        assert_int_equal(report.fault, AUDIT_REWRITTEN);
        assert_int_equal(report.from, positions[at]);
        /* The rewritten log has grown meanwhile: no better. */
        add_until(&operator_a, 1100);
        report = follow(&audit, &operator_a, 1100);
        assert_int_equal(report.fault, AUDIT_REWRITTEN);
        assert_int_equal(report.from, positions[at]);
        assert_int_equal(audit.head.size, 1000);
        assert_int_equal(audit.tree.size, 1000);
        audit_drop(&audit);
        end(&operator_a);
    }
}

static void two_entries_in_another_order_are_found(void **state)
{
    (void)state;
    struct audit audit = {0};
    begin(&operator_a, 200);
    assert_int_equal(follow(&audit, &operator_a, 200).fault, AUDIT_HOLDS);
    tlog_tree_cut(&operator_a.tree, 120);
    operator_a.size = 120;
    add(&operator_a, 121);
    add(&operator_a, 120);
    for (uint64_t body = 122; body < 200; body++) {
        add(&operator_a, body);
    }
    struct audit_report report = follow(&audit, &operator_a, 200);
    assert_int_equal(report.fault, AUDIT_REWRITTEN);
    assert_int_equal(report.from, 120);
    audit_drop(&audit);
    end(&operator_a);
}

static void a_dropped_entry_is_found(void **state)
{
    (void)state;
    struct audit audit = {0};
    begin(&operator_a, 200);
    assert_int_equal(follow(&audit, &operator_a, 200).fault, AUDIT_HOLDS);
    /* Out of the middle: all behind it move up. */
    tlog_tree_cut(&operator_a.tree, 50);
    operator_a.size = 50;
    for (uint64_t body = 51; body < 200; body++) {
        add(&operator_a, body);
    }
    struct audit_report report = follow(&audit, &operator_a, 199);
    assert_int_equal(report.fault, AUDIT_REWRITTEN);
    assert_int_equal(report.from, 50);
    end(&operator_a);
    /* Off the end: an older state put back. */
    begin(&operator_a, 200);
    report = follow(&audit, &operator_a, 180);
    assert_int_equal(report.fault, AUDIT_SHORTER);
    assert_int_equal(report.from, 180);
    assert_int_equal(report.to, 200);
    /* And written on from there. */
    rewrite_from(&operator_a, 180);
    add_until(&operator_a, 230);
    report = follow(&audit, &operator_a, 230);
    assert_int_equal(report.fault, AUDIT_REWRITTEN);
    assert_int_equal(report.from, 180);
    audit_drop(&audit);
    end(&operator_a);
}

/* Two parties are shown two logs: each holds by itself, and one head against the other's audit tells. */
static void a_fork_shows_when_heads_are_compared(void **state)
{
    (void)state;
    struct audit left = {0}, right = {0};
    begin(&operator_a, 300);
    begin(&operator_b, 300);
    rewrite_from(&operator_b, 299);
    assert_int_equal(follow(&left, &operator_a, 300).fault, AUDIT_HOLDS);
    assert_int_equal(follow(&right, &operator_b, 300).fault, AUDIT_HOLDS);
    assert_int_equal(audit_compare(&left, &right.head), STATUS_CORRUPT);
    assert_int_equal(audit_compare(&left, &left.head), STATUS_OK);
    struct tlog_head earlier = head_of(&operator_b, 299), later = head_of(&operator_b, 300);
    assert_int_equal(audit_compare(&left, &earlier), STATUS_OK);
    tlog_tree_cut(&left.tree, 290);
    left.head = head_of(&operator_a, 290);
    assert_int_equal(audit_compare(&left, &later), STATUS_NOT_FOUND);
    audit_drop(&left);
    audit_drop(&right);
    end(&operator_a);
    end(&operator_b);
}

static void what_is_shown_must_be_what_is_signed(void **state)
{
    (void)state;
    for (uint64_t position = 0; position < 1000; position += 37) {
        struct audit audit = {0};
        begin(&operator_a, 1000);
        operator_a.wrong_leaf = position;
        struct audit_report report = follow(&audit, &operator_a, 1000);
        assert_int_equal(report.fault, AUDIT_UNCOVERED);
        /* To the batch: its head is the first that does not cover them. */
        assert_int_equal(report.from, position / 10 * 10);
        assert_int_equal(report.to, position / 10 * 10 + 10);
        assert_int_equal(audit.head.size, 0);
        operator_a.wrong_leaf = UINT64_MAX;
        operator_a.shows_bodies = true;
        operator_a.wrong_body = position;
        report = follow(&audit, &operator_a, 1000);
        assert_int_equal(report.fault, AUDIT_BODY);
        assert_int_equal(report.from, position);
        operator_a.wrong_body = UINT64_MAX;
        assert_int_equal(follow(&audit, &operator_a, 1000).fault, AUDIT_HOLDS);
        audit_drop(&audit);
        end(&operator_a);
    }
}

static void nonsense_is_told_as_such(void **state)
{
    (void)state;
    struct audit audit = {0};
    begin(&operator_a, 100);
    operator_a.wrong_signature = true;
    assert_int_equal(follow(&audit, &operator_a, 100).fault, AUDIT_UNSIGNED);
    operator_a.wrong_signature = false;
    operator_a.short_answer = true;
    assert_int_equal(follow(&audit, &operator_a, 100).fault, AUDIT_MALFORMED);
    operator_a.short_answer = false;
    operator_a.half_hash = true;
    assert_int_equal(follow(&audit, &operator_a, 100).fault, AUDIT_MALFORMED);
    operator_a.half_hash = false;
    /* A body whose time lies before that of an earlier one. */
    operator_a.shows_bodies = true;
    struct entry_body body = {.kind = "demand", .party = "nl-dmo", .time = 10};
    assert_int_equal(entry_body_pack(&body, operator_a.bodies[70], &operator_a.body_sizes[70]), STATUS_OK);
    tlog_tree_cut(&operator_a.tree, 70);
    operator_a.size = 70;
    for (uint64_t at = 70; at < 100; at++) {
        add(&operator_a, at);
    }
    struct audit_report report = follow(&audit, &operator_a, 100);
    assert_int_equal(report.fault, AUDIT_TIME);
    assert_int_equal(report.from, 70);
    audit_drop(&audit);
    end(&operator_a);
}

static void what_was_followed_is_kept_and_checked_when_read(void **state)
{
    (void)state;
    struct scratch scratch;
    struct audit audit = {0}, again = {0};
    static struct profile profile;
    char note[NOTE_MOST], path[FILES_PATH_MOST];
    size_t length = 0;
    scratch_make(&scratch);
    begin(&operator_a, 1000);
    memset(&profile, 0, sizeof profile);
    profile.log_key = operator_a.key;
    snprintf(profile.state, sizeof profile.state, "%s", scratch_path(&scratch, "state"));
    assert_int_equal(audit_load(&profile, &again), STATUS_OK);
    assert_int_equal(again.head.size, 0);
    for (uint64_t size = 600; size <= 1000; size += 400) {
        struct audit_report report = follow(&audit, &operator_a, size);
        assert_int_equal(report.fault, AUDIT_HOLDS);
        assert_int_equal(tlog_head_sign(&operator_a.key, &operator_a.pair, &audit.head, note, &length, NULL), STATUS_OK);
        assert_int_equal(audit_save(&profile, &audit, report.known, note, length), STATUS_OK);
        assert_int_equal(audit_load(&profile, &again), STATUS_OK);
        assert_memory_equal(&again.head, &audit.head, sizeof audit.head);
        assert_memory_equal(tlog_tree_leaf(&again.tree, 0), tlog_tree_leaf(&audit.tree, 0), (size_t)size * TLOG_HASH_SIZE);
        audit_drop(&again);
    }
    /* A byte of it changed, its end cut off, its head changed: never taken for what was followed. */
    assert_int_equal(audit_path(&profile, "leaves", path), STATUS_OK);
    FILE *file = fopen(path, "r+e");
    assert_non_null(file);
    assert_int_equal(fseek(file, 777 * TLOG_HASH_SIZE + 5, SEEK_SET), 0);
    int kept = fgetc(file);
    assert_int_equal(fseek(file, 777 * TLOG_HASH_SIZE + 5, SEEK_SET), 0);
    fputc(kept ^ 4, file);
    fclose(file);
    assert_int_equal(audit_load(&profile, &again), STATUS_CORRUPT);
    assert_int_equal(truncate(path, 999 * TLOG_HASH_SIZE), 0);
    assert_int_equal(audit_load(&profile, &again), STATUS_CORRUPT);
    assert_int_equal(audit_path(&profile, "head", path), STATUS_OK);
    note[length - 10] = note[length - 10] == 'A' ? 'B' : 'A';
    assert_int_equal(files_write(path, note, length, 0600, true), STATUS_OK);
    assert_int_equal(audit_load(&profile, &again), STATUS_CORRUPT);
    assert_int_equal(again.tree.size, 0);
    audit_drop(&audit);
    end(&operator_a);
    scratch_remove(&scratch);
}

/* The tree's own roots and proofs are those of the arithmetic, and cutting it forgets nothing that stays. */
static void the_tree_in_memory_is_the_trees(void **state)
{
    (void)state;
    struct tlog_tree tree = {0};
    uint8_t roots[130][TLOG_HASH_SIZE], leaf[TLOG_HASH_SIZE];
    for (uint64_t size = 1; size < 130; size++) {
        tlog_leaf_hash(&size, sizeof size, leaf);
        assert_int_equal(tlog_tree_append(&tree, leaf), STATUS_OK);
        assert_int_equal(tlog_tree_root(&tree, size, roots[size]), STATUS_OK);
    }
    for (uint64_t size = 1; size < 130; size++) {
        uint8_t root[TLOG_HASH_SIZE];
        assert_int_equal(tlog_tree_root(&tree, size, root), STATUS_OK);
        assert_memory_equal(root, roots[size], sizeof root);
        struct tlog_nodes nodes = tlog_tree_nodes(&tree);
        struct tlog_head old_head = {.size = size}, new_head = {.size = 129};
        struct tlog_proof proof;
        memcpy(old_head.root, roots[size], sizeof old_head.root);
        memcpy(new_head.root, roots[129], sizeof new_head.root);
        assert_int_equal(tlog_consistency_make(&nodes, size, 129, &proof), STATUS_OK);
        assert_int_equal(tlog_consistency_verify(&old_head, &new_head, proof.hashes[0], proof.count * TLOG_HASH_SIZE), STATUS_OK);
    }
    tlog_tree_cut(&tree, 77);
    for (uint64_t size = 78; size < 130; size++) {
        uint8_t root[TLOG_HASH_SIZE];
        assert_int_equal(tlog_tree_root(&tree, size, root), STATUS_INVALID);
        tlog_leaf_hash(&size, sizeof size, leaf);
        assert_int_equal(tlog_tree_append(&tree, leaf), STATUS_OK);
        assert_int_equal(tlog_tree_root(&tree, size, root), STATUS_OK);
        assert_memory_equal(root, roots[size], sizeof root);
    }
    tlog_tree_free(&tree);
}

/* A source that counts: what a proof takes grows by a level when the log doubles. */
struct counted {
    struct tlog_nodes nodes;
    uint64_t reads;
};

static int count_read(void *data, unsigned level, uint64_t index, uint8_t hash[TLOG_HASH_SIZE])
{
    struct counted *counted = data;
    counted->reads++;
    return counted->nodes.read(counted->nodes.data, level, index, hash);
}

static void a_proof_takes_a_logarithm_of_reads(void **state)
{
    (void)state;
    struct tlog_tree tree = {0};
    uint8_t leaf[TLOG_HASH_SIZE] = {0};
    struct counted counted = {.nodes = tlog_tree_nodes(&tree)};
    const struct tlog_nodes nodes = {.read = count_read, .data = &counted};
    for (unsigned levels = 4; levels <= 17; levels++) {
        uint64_t size = (UINT64_C(1) << levels) - 1, worst_reads = 0, worst_hashes = 0;
        while (tree.size < size) {
            memcpy(leaf, &tree.size, sizeof tree.size);
            assert_int_equal(tlog_tree_append(&tree, leaf), STATUS_OK);
        }
        for (uint64_t at = 0; at < 64; at++) {
            struct tlog_proof proof;
            uint64_t position = at * 2654435761u % size;
            counted.reads = 0;
            assert_int_equal(tlog_inclusion_make(&nodes, position, size, &proof), STATUS_OK);
            worst_reads = counted.reads > worst_reads ? counted.reads : worst_reads;
            worst_hashes = proof.count > worst_hashes ? proof.count : worst_hashes;
            counted.reads = 0;
            assert_int_equal(tlog_consistency_make(&nodes, position + 1, size, &proof), STATUS_OK);
            worst_reads = counted.reads > worst_reads ? counted.reads : worst_reads;
            worst_hashes = proof.count > worst_hashes ? proof.count : worst_hashes;
        }
        assert_true(worst_hashes <= levels + 1);
        assert_true(worst_reads <= 2 * levels);
    }
    tlog_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_log_holds_and_is_followed_from_where_one_was),
        cmocka_unit_test(every_rewritten_entry_is_named),
        cmocka_unit_test(two_entries_in_another_order_are_found),
        cmocka_unit_test(a_dropped_entry_is_found),
        cmocka_unit_test(a_fork_shows_when_heads_are_compared),
        cmocka_unit_test(what_is_shown_must_be_what_is_signed),
        cmocka_unit_test(nonsense_is_told_as_such),
        cmocka_unit_test(what_was_followed_is_kept_and_checked_when_read),
        cmocka_unit_test(the_tree_in_memory_is_the_trees),
        cmocka_unit_test(a_proof_takes_a_logarithm_of_reads),
    };
    return seam_start() == STATUS_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 70;
}
