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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_verifiers_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
