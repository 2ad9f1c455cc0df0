/* SPDX-License-Identifier: EUPL-1.2 */
/* A vault opens for its recovery key alone; every byte that is changed, and every place where it is cut, is found and told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/backup.h"
#include "proto/seam.h"
#include "proto/status.h"
#include "proto/vault.h"
#include "store/log_copy.h"
#include "tests/unit/sample.h"
#include "tests/unit/shelf.h"

#define FILE_MOST ((size_t)4 << 20)

struct file {
    uint8_t *bytes;
    size_t size, at;
};

static int write_to(void *data, const void *bytes, size_t size)
{
    struct file *file = data;
    assert_true(file->size + size <= FILE_MOST);
    memcpy(file->bytes + file->size, bytes, size);
    file->size += size;
    return STATUS_OK;
}

static int read_from(void *data, void *bytes, size_t size, size_t *got)
{
    struct file *file = data;
    *got = file->size - file->at < size ? file->size - file->at : size;
    memcpy(bytes, file->bytes + file->at, *got);
    file->at += *got;
    return STATUS_OK;
}

static struct key_pair pair, other;

static int setup(void **state)
{
    (void)state;
    return keys_generate(KEY_RECOVERY, &seam_random_system, &pair) == STATUS_OK && keys_generate(KEY_RECOVERY, &seam_random_system, &other) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    keys_drop(&pair);
    keys_drop(&other);
    return 0;
}

static struct file make(const uint8_t *plain, size_t size)
{
    struct file file = {.bytes = malloc(FILE_MOST)};
    struct vault_writer *writer;
    assert_non_null(file.bytes);
    assert_int_equal(vault_begin(pair.public_key, write_to, &file, &writer), STATUS_OK);
    for (size_t at = 0; at < size; at += 10007)
        assert_int_equal(vault_add(writer, plain + at, size - at < 10007 ? size - at : 10007), STATUS_OK);
    assert_int_equal(vault_finish(writer), STATUS_OK);
    vault_free(writer);
    return file;
}

/* Opens and reads size bytes and the end. */
static int read_all(struct file *file, const struct key_pair *recovery, uint8_t *plain, size_t size, struct vault_fault *fault)
{
    struct vault_reader *reader = NULL;
    file->at = 0;
    int status = vault_open(recovery, NULL, read_from, file, &reader, fault);
    if (status == STATUS_OK)
        status = vault_read(reader, plain, size, fault);
    if (status == STATUS_OK)
        status = vault_end(reader, fault);
    vault_close(reader);
    return status;
}

static void it_gives_back_what_was_put_in(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, VAULT_PART - 1, VAULT_PART, VAULT_PART + 1, 2 * VAULT_PART, 300000};
    uint8_t *plain = malloc(300000), *back = malloc(300000);
    for (size_t at = 0; at < 300000; at++)
        plain[at] = (uint8_t)(at * 2654435761u >> 13);
    for (size_t at = 0; at < sizeof sizes / sizeof sizes[0]; at++) {
        struct vault_fault fault;
        struct file file = make(plain, sizes[at]);
        assert_int_equal(read_all(&file, &pair, back, sizes[at], &fault), STATUS_OK);
        assert_memory_equal(back, plain, sizes[at]);
        assert_int_equal(read_all(&file, &other, back, sizes[at], &fault), STATUS_DENIED);
        assert_non_null(strstr(fault.why, "another recovery key"));
        free(file.bytes);
    }
    free(plain);
    free(back);
}

static void every_changed_byte_and_every_cut_is_told(void **state)
{
    (void)state;
    size_t size = VAULT_PART + 500;
    uint8_t *plain = calloc(1, size), *back = malloc(size);
    struct vault_fault fault;
    struct file file = make(plain, size);
    for (size_t at = 0; at < file.size; at += at < 200 || at + 600 > file.size ? 1 : 997) {
        file.bytes[at] ^= 0x20;
        int status = read_all(&file, &pair, back, size, &fault);
        assert_true(status == STATUS_FORGED || status == STATUS_INVALID || status == STATUS_DENIED || status == STATUS_STALE);
        assert_non_null(fault.why);
        /* Named to the part: the byte lies behind where the fault is told, and not behind the next part. */
        if (at >= VAULT_HEAD_SIZE) {
            assert_true(fault.offset <= at + VAULT_CIPHER_MOST);
            assert_true(status != STATUS_FORGED || (fault.offset <= at && at < fault.offset + 4 + VAULT_CIPHER_MOST));
        }
        file.bytes[at] ^= 0x20;
    }
    size_t whole = file.size;
    for (size_t cut = 0; cut < whole; cut += cut < 200 || cut + 600 > whole ? 1 : 997) {
        file.size = cut;
        int status = read_all(&file, &pair, back, size, &fault);
        assert_int_equal(status, cut < 16 ? STATUS_INVALID : STATUS_STALE);
        assert_non_null(fault.why);
        if (cut >= 16)
            assert_int_equal(fault.offset, cut);
    }
    file.size = whole;
    assert_int_equal(write_to(&file, "x", 1), STATUS_OK);
    assert_int_equal(read_all(&file, &pair, back, size, &fault), STATUS_INVALID);
    assert_int_equal(fault.offset, whole);
    free(file.bytes);
    free(plain);
    free(back);
}

/* Parts in another order, or one left out, don't open. */
static void parts_keep_their_places(void **state)
{
    (void)state;
    size_t size = 3 * VAULT_PART, part = 4 + VAULT_CIPHER_MOST;
    uint8_t *plain = calloc(1, size), *back = malloc(size), *kept = malloc(part);
    struct vault_fault fault;
    struct file file = make(plain, size);
    uint8_t *first = file.bytes + VAULT_HEAD_SIZE;
    memcpy(kept, first, part);
    memcpy(first, first + part, part);
    memcpy(first + part, kept, part);
    assert_int_equal(read_all(&file, &pair, back, size, &fault), STATUS_FORGED);
    assert_int_equal(fault.offset, VAULT_HEAD_SIZE);
    memcpy(first + part, first, part);
    memcpy(first, kept, part);
    memmove(first + part, first + 2 * part, part);
    file.size -= part;
    assert_int_equal(read_all(&file, &pair, back, size, &fault), STATUS_FORGED);
    assert_int_equal(fault.offset, VAULT_HEAD_SIZE + part);
    free(file.bytes);
    free(plain);
    free(back);
    free(kept);
}

/* --- a log in it ------------------------------------------------------------------------------------------------- */

static struct file copy_log(struct shelf *shelf, struct store_txn *txn, uint64_t size)
{
    struct file file = {.bytes = malloc(FILE_MOST)};
    struct vault_writer *writer;
    const struct backup_record first = {.kind = BACKUP_BEGIN, .text = shelf->key.name, .text_length = strlen(shelf->key.name)}, last = {.kind = BACKUP_END};
    uint64_t position = 0;
    assert_int_equal(vault_begin(pair.public_key, write_to, &file, &writer), STATUS_OK);
    assert_int_equal(backup_add(writer, &first), STATUS_OK);
    while (position < size)
        assert_int_equal(log_copy_out(txn, &position, size, 3000, writer), STATUS_OK);
    assert_int_equal(backup_add(writer, &last), STATUS_OK);
    assert_int_equal(vault_finish(writer), STATUS_OK);
    vault_free(writer);
    return file;
}

static void a_log_comes_back_as_it_was(void **state)
{
    (void)state;
    struct shelf shelf, empty;
    struct store_txn *txn, *into;
    struct vault_reader *reader;
    struct vault_fault fault = {0};
    struct backup_summary summary;
    struct backup_buffer buffer = {0};
    struct backup_record record;
    uint8_t before[32], after[32];
    uint64_t bad = 0;
    const char *why = NULL;
    shelf_start(&shelf, 0);
    for (uint64_t batch = 1; batch <= 6; batch++)
        assert_int_equal(shelf_batch(&shelf, batch, 2), STATUS_OK);
    assert_int_equal(store_begin_read(shelf.store, &txn), STATUS_OK);
    struct file file = copy_log(&shelf, txn, 21);
    store_abort(txn);
    assert_int_equal(vault_open(&pair, NULL, read_from, &file, &reader, &fault), STATUS_OK);
    assert_int_equal(backup_check(reader, &shelf.key, &summary, &fault), STATUS_OK);
    assert_int_equal(summary.entries, 21);
    assert_string_equal(summary.origin, shelf.key.name);
    vault_close(reader);
    /* Into an empty store, whose tables are then made again: row by row the same. */
    shelf_start(&empty, 0);
    file.at = 0;
    assert_int_equal(vault_open(&pair, NULL, read_from, &file, &reader, &fault), STATUS_OK);
    assert_int_equal(backup_next(reader, &buffer, &record, &fault), STATUS_OK);
    assert_int_equal(store_begin_write(empty.store, &into), STATUS_OK);
    while (backup_next(reader, &buffer, &record, &fault) == STATUS_OK && record.kind != BACKUP_END)
        assert_int_equal(log_copy_in(into, &record), STATUS_OK);
    assert_int_equal(log_verify(into, 0, &shelf.key, NULL, NULL, &bad, &why), STATUS_OK);
    assert_int_equal(store_commit(into), STATUS_OK);
    vault_close(reader);
    backup_buffer_free(&buffer);
    assert_int_equal(store_rebuild(empty.store, shelf_apply, NULL, NULL, NULL), STATUS_OK);
    assert_int_equal(store_dump_hash(shelf.store, before), STATUS_OK);
    assert_int_equal(store_dump_hash(empty.store, after), STATUS_OK);
    assert_memory_equal(before, after, sizeof before);
    free(file.bytes);
    shelf_end(&empty);
    shelf_end(&shelf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_gives_back_what_was_put_in),
        cmocka_unit_test(every_changed_byte_and_every_cut_is_told),
        cmocka_unit_test(parts_keep_their_places),
        cmocka_unit_test(a_log_comes_back_as_it_was),
    };
    return seam_start() == STATUS_OK ? cmocka_run_group_tests(tests, setup, teardown) : 70;
}
