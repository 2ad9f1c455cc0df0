/* SPDX-License-Identifier: EUPL-1.2 */
/* The log's arithmetic: worked values, RFC 9162's tree, proofs for every small tree, and the published vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>

#include "proto/lines.h"
#include "proto/status.h"
#include "proto/tlog.h"

#define VECTORS "tests/unit/data/merkle-proofs.json"
#define TREE_MOST 70u

/* A tree kept the plain way: every node by its definition. */
struct tree {
    uint64_t size;
    uint8_t leaves[TREE_MOST][32];
};

static void plain_root(const struct tree *tree, uint64_t begin, uint64_t end, uint8_t hash[32])
{
    if (end - begin == 1) {
        memcpy(hash, tree->leaves[begin], 32);
        return;
    }
    uint64_t half = 1;
    while (half * 2 < end - begin) {
        half *= 2;
    }
    uint8_t left[32], right[32];
    plain_root(tree, begin, begin + half, left);
    plain_root(tree, begin + half, end, right);
    tlog_node_hash(left, right, hash);
}

static int tree_read(void *data, unsigned level, uint64_t index, uint8_t hash[32])
{
    const struct tree *tree = data;
    assert_true((index + 1) << level <= tree->size);
    plain_root(tree, index << level, (index + 1) << level, hash);
    return STATUS_OK;
}

static void hex_is(const uint8_t hash[32], const char *expected)
{
    char hex[65];
    sodium_bin2hex(hex, sizeof hex, hash, 32);
    assert_string_equal(hex, expected);
}

static void tree_numbered(struct tree *tree, uint64_t size)
{
    tree->size = size;
    for (uint64_t i = 0; i < size; i++) {
        tlog_leaf_hash(&i, sizeof i, tree->leaves[i]);
    }
}

static void worked_tree(struct tree *tree)
{
    static const char *const bodies[] = {"alpha", "bravo", "charlie"};
    tree->size = 3;
    for (uint64_t i = 0; i < 3; i++) {
        uint8_t nonce[32], commit[32];
        memset(nonce, (int)(0xa0 + i), sizeof nonce);
        tlog_commit(nonce, bodies[i], strlen(bodies[i]), commit);
        if (i == 0) {
            hex_is(commit, "85cecc731ab55ad1b6764354f6722571d2db9284958e4c4312b607a475e9887d");
        }
        assert_int_equal(tlog_entry_leaf("demand", i, commit, tree->leaves[i]), STATUS_OK);
    }
}

static void the_worked_example_holds(void **state)
{
    (void)state;
    struct tree tree;
    struct tlog_nodes nodes = {.read = tree_read, .data = &tree};
    struct tlog_proof proof;
    struct tlog_head two = {.size = 2}, three = {.size = 3};
    worked_tree(&tree);
    hex_is(tree.leaves[0], "cc2cdc10f8b8b4f865b3f967a64c62f4172c0b4d3b331ded9f0bab1fdf4c1827");
    hex_is(tree.leaves[1], "40f04f5fd537f1485244298f9fb672f5921904531b4f5bc98342bdea1cbaebb8");
    hex_is(tree.leaves[2], "980b70016c566867f70060c1ebaf08dba0918809322589a086edd4d3d55a8cae");
    assert_int_equal(tlog_root(&nodes, 2, two.root), STATUS_OK);
    assert_int_equal(tlog_root(&nodes, 3, three.root), STATUS_OK);
    hex_is(two.root, "a7c12d3ce9fe2b112fa1e7a713a64847ec79d0149218d8d3896cf77bb234626b");
    hex_is(three.root, "00e7cf3d0ed7f53b96d30d840d164f5fd9cf8e18d41afa8bd8f3c5197f62a428");
    assert_int_equal(tlog_inclusion_make(&nodes, 1, 3, &proof), STATUS_OK);
    assert_int_equal(proof.count, 2);
    assert_memory_equal(proof.hashes[0], tree.leaves[0], 32);
    assert_memory_equal(proof.hashes[1], tree.leaves[2], 32);
    assert_int_equal(tlog_inclusion_verify(1, tree.leaves[1], proof.hashes[0], 64, &three), STATUS_OK);
    assert_int_equal(tlog_consistency_make(&nodes, 2, 3, &proof), STATUS_OK);
    assert_int_equal(proof.count, 1);
    assert_memory_equal(proof.hashes[0], tree.leaves[2], 32);
    assert_int_equal(tlog_consistency_verify(&two, &three, proof.hashes[0], 32), STATUS_OK);
}

static void the_worked_head_is_signed_so(void **state)
{
    (void)state;
    uint8_t seed[32], signature[64];
    struct tree tree;
    struct tlog_nodes nodes = {.read = tree_read, .data = &tree};
    struct key_pair pair;
    struct note_key key, parsed;
    struct tlog_head head = {.size = 3}, opened;
    char vkey[NOTE_VKEY_SIZE], note[NOTE_MOST];
    size_t length = 0;
    for (uint8_t i = 0; i < 32; i++) {
        seed[i] = i;
    }
    worked_tree(&tree);
    assert_int_equal(tlog_root(&nodes, 3, head.root), STATUS_OK);
    assert_int_equal(keys_from_seed(KEY_LOG, seed, &pair), STATUS_OK);
    assert_int_equal(note_key_make("muster.example/log", pair.public_key, &key), STATUS_OK);
    note_vkey_write(&key, vkey);
    assert_string_equal(vkey, "muster.example/log+16dc296f+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4");
    assert_int_equal(note_vkey_parse(vkey, &parsed), STATUS_OK);
    assert_memory_equal(&parsed, &key, sizeof key);
    assert_int_equal(tlog_head_sign(&key, &pair, &head, note, &length, signature), STATUS_OK);
    static const char expected[] = "muster.example/log\n3\nAOfPPQ7X9TuW0w2EDRZPX9nPjhjUGvqL2PPFGX9ipCg=\n\n\xe2\x80\x94 muster.example/log "
                                   "FtwpbzPJU047bjqR+essK7bS3hmHqBySbhsCo4LfFJ+aQy0SHYDXs77IG75uK1lpvAelDA3nVnKcb1aOPbOW9P2gogQ=\n";
    assert_int_equal(length, sizeof expected - 1);
    assert_memory_equal(note, expected, length);
    assert_int_equal(tlog_head_open(&key, note, length, &opened, NULL), STATUS_OK);
    assert_memory_equal(&opened, &head, sizeof head);
    assert_int_equal(tlog_head_verify(&key, &head, signature), STATUS_OK);
    head.size = 4;
    assert_int_equal(tlog_head_verify(&key, &head, signature), STATUS_FORGED);
    keys_drop(&pair);
}

static void eight_leaves_of_certificate_transparency(void **state)
{
    (void)state;
    static const char *const inputs[] = {
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
    struct tree tree = {.size = 8};
    struct tlog_nodes nodes = {.read = tree_read, .data = &tree};
    uint8_t root[32];
    for (size_t i = 0; i < 8; i++) {
        uint8_t data[16];
        size_t length = 0;
        sodium_hex2bin(data, sizeof data, inputs[i], strlen(inputs[i]), NULL, &length, NULL);
        tlog_leaf_hash(data, length, tree.leaves[i]);
    }
    assert_int_equal(tlog_root(&nodes, 8, root), STATUS_OK);
    hex_is(root, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    assert_int_equal(tlog_root(&nodes, 0, root), STATUS_OK);
    hex_is(root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* Every proof of every small tree holds for its own place and for no other. */
static void every_inclusion_holds_and_no_other(void **state)
{
    (void)state;
    struct tree tree;
    struct tlog_nodes nodes = {.read = tree_read, .data = &tree};
    struct tlog_proof proof;
    for (uint64_t size = 1; size <= 33; size++) {
        struct tlog_head head = {.size = size};
        tree_numbered(&tree, size);
        plain_root(&tree, 0, size, head.root);
        for (uint64_t index = 0; index < size; index++) {
            assert_int_equal(tlog_inclusion_make(&nodes, index, size, &proof), STATUS_OK);
            const uint8_t *bytes = (const uint8_t *)proof.hashes;
            size_t length = proof.count * 32;
            assert_int_equal(tlog_inclusion_verify(index, tree.leaves[index], bytes, length, &head), STATUS_OK);
            for (uint64_t other = 0; other < size; other++) {
                if (other != index) {
                    assert_int_equal(tlog_inclusion_verify(other, tree.leaves[index], bytes, length, &head), STATUS_FORGED);
                }
            }
            assert_int_equal(tlog_inclusion_verify(size, tree.leaves[index], bytes, length, &head), STATUS_INVALID);
            assert_int_not_equal(tlog_inclusion_verify(index, tree.leaves[index], bytes, length + 32, &head), STATUS_OK);
            if (length) {
                assert_int_equal(tlog_inclusion_verify(index, tree.leaves[index], bytes, length - 1, &head), STATUS_INVALID);
                assert_int_equal(tlog_inclusion_verify(index, tree.leaves[index], bytes, length - 32, &head), STATUS_FORGED);
                proof.hashes[proof.count - 1][31] ^= 1;
                assert_int_equal(tlog_inclusion_verify(index, tree.leaves[index], bytes, length, &head), STATUS_FORGED);
            }
        }
        assert_int_equal(tlog_inclusion_make(&nodes, size, size, &proof), STATUS_INVALID);
    }
}

static void every_consistency_holds_and_no_fork(void **state)
{
    (void)state;
    struct tree tree, fork;
    struct tlog_nodes nodes = {.read = tree_read, .data = &tree};
    struct tlog_proof proof;
    for (uint64_t size = 1; size <= 40; size++) {
        struct tlog_head head = {.size = size};
        tree_numbered(&tree, size);
        plain_root(&tree, 0, size, head.root);
        for (uint64_t old_size = 1; old_size <= size; old_size++) {
            struct tlog_head old_head = {.size = old_size}, forked = {.size = old_size};
            plain_root(&tree, 0, old_size, old_head.root);
            fork = tree;
            fork.leaves[old_size / 2][0] ^= 1;
            plain_root(&fork, 0, old_size, forked.root);
            assert_int_equal(tlog_consistency_make(&nodes, old_size, size, &proof), STATUS_OK);
            const uint8_t *bytes = (const uint8_t *)proof.hashes;
            assert_int_equal(tlog_consistency_verify(&old_head, &head, bytes, proof.count * 32), STATUS_OK);
            assert_int_equal(tlog_consistency_verify(&forked, &head, bytes, proof.count * 32), STATUS_FORGED);
            assert_int_not_equal(tlog_consistency_verify(&old_head, &head, bytes, proof.count * 32 + 32), STATUS_OK);
            if (old_size < size) {
                assert_int_equal(tlog_consistency_verify(&head, &old_head, bytes, proof.count * 32), STATUS_INVALID);
                assert_int_equal(tlog_consistency_verify(&old_head, &head, bytes, proof.count * 32 - 32), STATUS_FORGED);
            }
        }
        struct tlog_head none = {0};
        assert_int_equal(tlog_consistency_verify(&none, &head, NULL, 0), STATUS_INVALID);
        assert_int_equal(tlog_consistency_make(&nodes, 0, size, &proof), STATUS_INVALID);
        assert_int_equal(tlog_consistency_make(&nodes, size + 1, size, &proof), STATUS_INVALID);
    }
}

/* A hash of a vector, by the decoder that receipts use: other lengths than 32 are refused there. */
static bool vector_hash(const json_t *text, uint8_t hash[32])
{
    return json_is_string(text) && line_base64_exact((struct line){json_string_value(text), json_string_length(text)}, hash, 32);
}

static bool vector_proof(const json_t *vector, struct tlog_proof *proof)
{
    const json_t *hashes = json_object_get(vector, "proof");
    proof->count = json_array_size(hashes);
    assert_true(proof->count <= TLOG_PROOF_MOST);
    for (size_t i = 0; i < proof->count; i++) {
        if (!vector_hash(json_array_get(hashes, i), proof->hashes[i])) {
            return false;
        }
    }
    return true;
}

/* Numbers are read as real, since one is 2^64 - 1, which jansson has no integer for. */
static uint64_t vector_number(const json_t *vector, const char *name)
{
    double number = json_number_value(json_object_get(vector, name));
    return number >= 1.8e19 ? UINT64_MAX : (uint64_t)number;
}

/* One vector has equal roots of 12 bytes and would have them accepted: we refuse what is no hash. */
#define NO_HASHES "consistency/additional/sizes-are-equal-one-and-proof-is-empty"

static void vector_judge(const json_t *vector, bool holds)
{
    if (strcmp(json_string_value(json_object_get(vector, "name")), NO_HASHES) == 0) {
        assert_false(holds);
        return;
    }
    if (holds == json_is_true(json_object_get(vector, "wantErr"))) {
        fail_msg("%s", json_string_value(json_object_get(vector, "name")));
    }
}

static void published_vectors(void **state)
{
    (void)state;
    json_error_t error;
    struct tlog_proof proof;
    json_t *root = json_load_file(VECTORS, JSON_DECODE_INT_AS_REAL, &error);
    assert_non_null(root);
    const json_t *inclusion = json_object_get(root, "inclusion"), *consistency = json_object_get(root, "consistency");
    assert_int_equal(json_array_size(inclusion) + json_array_size(consistency), 196);
    for (size_t i = 0; i < json_array_size(inclusion); i++) {
        const json_t *vector = json_array_get(inclusion, i);
        struct tlog_head head = {.size = vector_number(vector, "treeSize")};
        uint8_t leaf[32];
        bool whole = vector_hash(json_object_get(vector, "root"), head.root) && vector_hash(json_object_get(vector, "leafHash"), leaf) &&
                     vector_proof(vector, &proof);
        vector_judge(vector, whole && tlog_inclusion_verify(vector_number(vector, "leafIdx"), leaf, (const uint8_t *)proof.hashes,
                                                            proof.count * 32, &head) == STATUS_OK);
    }
    for (size_t i = 0; i < json_array_size(consistency); i++) {
        const json_t *vector = json_array_get(consistency, i);
        struct tlog_head old_head = {.size = vector_number(vector, "size1")}, new_head = {.size = vector_number(vector, "size2")};
        bool whole = vector_hash(json_object_get(vector, "root1"), old_head.root) &&
                     vector_hash(json_object_get(vector, "root2"), new_head.root) && vector_proof(vector, &proof);
        vector_judge(vector, whole && tlog_consistency_verify(&old_head, &new_head, (const uint8_t *)proof.hashes, proof.count * 32) ==
                                          STATUS_OK);
    }
    json_decref(root);
}

static void kinds_and_checkpoints_have_one_form(void **state)
{
    (void)state;
    static const uint8_t zeros[32];
    uint8_t leaf[32];
    struct tlog_head head;
    assert_int_equal(tlog_entry_leaf("", 0, zeros, leaf), STATUS_INVALID);
    assert_int_equal(tlog_entry_leaf("Demand", 0, zeros, leaf), STATUS_INVALID);
    assert_int_equal(tlog_entry_leaf("a\nb", 0, zeros, leaf), STATUS_INVALID);
    assert_int_equal(tlog_entry_leaf("abcdefghijklmnopqrstuvwxyz-abcdef", 0, zeros, leaf), STATUS_INVALID);
    assert_int_equal(tlog_entry_leaf("abcdefghijklmnopqrstuvwxyz-abcde", 0, zeros, leaf), STATUS_OK);
#define ROOT "AOfPPQ7X9TuW0w2EDRZPX9nPjhjUGvqL2PPFGX9ipCg=\n"
    static const char *const wrong[] = {
        "", "m", "m\n", "m\n3\n", "m\n3\n" ROOT "\n", "m\n3\n" ROOT "x\n", "m\n03\n" ROOT, "m\n+3\n" ROOT, "m\n 3\n" ROOT, "m\n-3\n" ROOT,
        "m\n18446744073709551616\n" ROOT, "n\n3\n" ROOT, "m\n3\nAOfPPQ7X9TuW0w2EDRZPX9nPjhjUGvqL2PPFGX9ipCg\n", "m\n3\nAAAA\n", "m\n\n" ROOT,
        "m\n3\nAOfPPQ7X9TuW0w2EDRZPX9nPjhjUGvqL2PPFGX9ipCh=\n", "m\r\n3\r\n" ROOT, "m\n3\n" ROOT ROOT,
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(tlog_checkpoint_parse(wrong[i], strlen(wrong[i]), "m", &head), STATUS_INVALID);
    }
    static const char *const right[] = {"m\n3\n" ROOT, "m\n0\n" ROOT, "m\n18446744073709551615\n" ROOT};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        assert_int_equal(tlog_checkpoint_parse(right[i], strlen(right[i]), "m", &head), STATUS_OK);
    }
    assert_int_equal(head.size, UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worked_example_holds),
        cmocka_unit_test(the_worked_head_is_signed_so),
        cmocka_unit_test(eight_leaves_of_certificate_transparency),
        cmocka_unit_test(every_inclusion_holds_and_no_other),
        cmocka_unit_test(every_consistency_holds_and_no_fork),
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(kinds_and_checkpoints_have_one_form),
    };
    return seam_start() == STATUS_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 70;
}
