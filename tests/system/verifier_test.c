/* SPDX-License-Identifier: EUPL-1.2 */
/* Receipts of ours under a verifier in another language, which was written from the specifications alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/status.h"
#include "tests/unit/sample.h"
#include "tests/unit/shelf.h"

#define VERIFIER "python3 tests/system/verify_receipt.py"

/* Writes receipt and envelope to files and runs the verifier over them. Its exit code. */
static int other_verifier(struct shelf *shelf, const char *receipt, size_t length, const uint8_t *envelope, size_t size)
{
    char command[1600], vkey[NOTE_VKEY_SIZE];
    const char *receipt_path = scratch_path(&shelf->scratch, "receipt"), *envelope_path = scratch_path(&shelf->scratch, "envelope");
    scratch_write(receipt_path, receipt, length);
    scratch_write(envelope_path, envelope, size);
    note_vkey_write(&shelf->key, vkey);
    snprintf(command, sizeof command, VERIFIER " %s %s '%s' >/dev/null", receipt_path, envelope_path, vkey);
    int how = system(command);
    return WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

static void both_verifiers_agree(void **state)
{
    (void)state;
    struct shelf shelf;
    struct arena arena;
    struct store_txn *txn;
    arena_init(&arena, 1 << 20);
    shelf_start(&shelf, 0);
    assert_int_equal(shelf_batch(&shelf, 5, 1), STATUS_OK);
    assert_int_equal(shelf_batch(&shelf, 6, 2), STATUS_OK);
    assert_int_equal(store_begin_read(shelf.store, &txn), STATUS_OK);
    char *receipt = NULL;
    size_t length = 0, size = 0;
    const uint64_t positions[] = {0, 4, 5, 10};
    for (size_t i = 0; i < 4; i++) {
        uint8_t *envelope = sample_envelope(&arena, &shelf.signing_key, positions[i], positions[i] < 5 ? 1 : 2, &size);
        assert_int_equal(log_receipt(txn, positions[i], &arena, &receipt, &length), STATUS_OK);
        assert_int_equal(other_verifier(&shelf, receipt, length, envelope, size), 0);
    }
    /* The last one, with some of its bytes changed, and with another envelope. */
    uint8_t *envelope = sample_envelope(&arena, &shelf.signing_key, 10, 2, &size);
    const size_t changed[] = {30, length / 3, length / 2, length - 120, length - 10};
    for (size_t i = 0; i < sizeof changed / sizeof changed[0]; i++) {
        char kept = receipt[changed[i]];
        receipt[changed[i]] = kept == 'A' ? 'B' : 'A';
        assert_int_equal(other_verifier(&shelf, receipt, length, envelope, size), 1);
        receipt[changed[i]] = kept;
    }
    assert_int_equal(other_verifier(&shelf, receipt, length, envelope, size), 0);
    envelope[size - 1] ^= 1;
    assert_int_equal(other_verifier(&shelf, receipt, length, envelope, size), 1);
    store_abort(txn);
    shelf_end(&shelf);
    arena_drop(&arena);
}

#define LOG_VERIFIER "python3 tests/system/verify_log.py"

static int run(const char *format, ...)
{
    char words[1600], command[1800];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    snprintf(command, sizeof command, LOG_VERIFIER " %s >/dev/null", words);
    int how = system(command);
    return WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

/* The head of a size and, from there to the newest, the proof, each in a file. */
static void write_head(struct shelf *shelf, struct store_txn *txn, uint64_t size, const char *name)
{
    struct log_head head;
    assert_int_equal(log_head_of(txn, size - 1, &head), STATUS_OK);
    assert_int_equal(head.head.size, size);
    scratch_write(scratch_path(&shelf->scratch, name), head.note, head.note_length);
}

static void write_proof(struct shelf *shelf, struct store_txn *txn, uint64_t old_size, uint64_t new_size)
{
    struct tlog_proof proof;
    char text[TLOG_PROOF_MOST * 48];
    size_t length = 0;
    assert_int_equal(log_consistency(txn, old_size, new_size, &proof), STATUS_OK);
    for (size_t at = 0; at < proof.count; at++) {
        sodium_bin2base64(text + length, sizeof text - length, proof.hashes[at], TLOG_HASH_SIZE, sodium_base64_VARIANT_ORIGINAL);
        length += strlen(text + length);
        text[length++] = '\n';
    }
    scratch_write(scratch_path(&shelf->scratch, "proof"), text, length);
}

/* Heads and consistency proofs of ours under the other verifier; a changed byte of either, and it refuses. */
static void heads_and_consistency_hold_there_too(void **state)
{
    (void)state;
    struct shelf shelf;
    struct store_txn *txn;
    char vkey[NOTE_VKEY_SIZE], old_path[300], new_path[300], proof_path[300];
    shelf_start(&shelf, 0);
    note_vkey_write(&shelf.key, vkey);
    const uint64_t sizes[] = {1, 3, 6, 10, 15};
    for (uint64_t batch = 1; batch <= 5; batch++) {
        assert_int_equal(shelf_batch(&shelf, batch, 2), STATUS_OK);
    }
    snprintf(old_path, sizeof old_path, "%s", scratch_path(&shelf.scratch, "old"));
    snprintf(new_path, sizeof new_path, "%s", scratch_path(&shelf.scratch, "new"));
    snprintf(proof_path, sizeof proof_path, "%s", scratch_path(&shelf.scratch, "proof"));
    assert_int_equal(store_begin_read(shelf.store, &txn), STATUS_OK);
    for (size_t at = 0; at < 4; at++) {
        write_head(&shelf, txn, sizes[at], "old");
        write_head(&shelf, txn, 15, "new");
        write_proof(&shelf, txn, sizes[at], 15);
        assert_int_equal(run("consistency '%s' '%s' '%s' '%s'", old_path, new_path, proof_path, vkey), 0);
        assert_int_equal(run("consistency '%s' '%s' '%s' '%s'", new_path, old_path, proof_path, vkey), 1);
    }
    assert_int_equal(run("head '%s' '%s'", new_path, vkey), 0);
    size_t length = 0;
    char *note = scratch_read(new_path, &length);
    for (size_t at = 3; at < length; at += length / 6) {
        note[at] = note[at] == 'A' ? 'B' : 'A';
        scratch_write(new_path, note, length);
        assert_int_equal(run("head '%s' '%s'", new_path, vkey), 1);
        free(note);
        write_head(&shelf, txn, 15, "new");
        note = scratch_read(new_path, &length);
    }
    free(note);
    /* The proof from another size. */
    write_head(&shelf, txn, 6, "old");
    write_proof(&shelf, txn, 10, 15);
    assert_int_equal(run("consistency '%s' '%s' '%s' '%s'", old_path, new_path, proof_path, vkey), 1);
    store_abort(txn);
    shelf_end(&shelf);
}

static void published_vectors_hold_there_too(void **state)
{
    (void)state;
    assert_int_equal(run("vectors tests/unit/data/merkle-proofs.json"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_verifiers_agree), cmocka_unit_test(heads_and_consistency_hold_there_too),
                                       cmocka_unit_test(published_vectors_hold_there_too)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
