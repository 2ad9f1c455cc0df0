/* SPDX-License-Identifier: EUPL-1.2 */
/* The store: opened once, older and newer, cut short; rebuilt, backed up and read meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/unit/patience.h"
#include "tests/unit/shelf.h"

static int start(void **state)
{
    struct shelf *shelf = malloc(sizeof *shelf);
    shelf_start(shelf, 0);
    *state = shelf;
    return 0;
}

static int end(void **state)
{
    shelf_end(*state);
    free(*state);
    return 0;
}

static uint64_t size_of(struct shelf *shelf)
{
    struct store_txn *txn;
    uint64_t size = 0;
    assert_int_equal(store_begin_read(shelf->store, &txn), STATUS_OK);
    assert_int_equal(log_size(txn, &size), STATUS_OK);
    store_abort(txn);
    return size;
}

static void what_was_committed_is_there_after_reopening(void **state)
{
    struct shelf *shelf = *state;
    uint8_t before[32], after[32];
    struct stat about;
    assert_int_equal(shelf_batch(shelf, 4, 3), STATUS_OK);
    assert_int_equal(store_dump_hash(shelf->store, before), STATUS_OK);
    assert_int_equal(shelf_reopen(shelf), STATUS_OK);
    assert_int_equal(size_of(shelf), 4);
    assert_int_equal(store_dump_hash(shelf->store, after), STATUS_OK);
    assert_memory_equal(before, after, 32);
    assert_false(store_needs_rebuild(shelf->store));
    /* For this user alone, and sparse. */
    assert_int_equal(stat(shelf->path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    char file[400];
    snprintf(file, sizeof file, "%s/data.mdb", shelf->path);
    assert_int_equal(stat(file, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_true(about.st_blocks * 512 < 4 << 20);
}

static void an_aborted_batch_leaves_nothing(void **state)
{
    struct shelf *shelf = *state;
    struct store_txn *txn;
    uint8_t before[32], after[32];
    uint64_t position;
    assert_int_equal(shelf_batch(shelf, 2, 1), STATUS_OK);
    assert_int_equal(store_dump_hash(shelf->store, before), STATUS_OK);
    assert_int_equal(store_begin_write(shelf->store, &txn), STATUS_OK);
    assert_int_equal(shelf_append(shelf, txn, 50, 5, &position), STATUS_OK);
    assert_int_equal(position, 2);
    store_abort(txn);
    assert_int_equal(store_dump_hash(shelf->store, after), STATUS_OK);
    assert_memory_equal(before, after, 32);
}

static void readers_see_their_snapshot_while_the_writer_writes(void **state)
{
    struct shelf *shelf = *state;
    struct store_txn *old, *writer;
    uint64_t size = 0, position = 0;
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_OK);
    assert_int_equal(store_begin_read(shelf->store, &old), STATUS_OK);
    assert_int_equal(store_begin_write(shelf->store, &writer), STATUS_OK);
    assert_int_equal(shelf_append(shelf, writer, 7, 1, &position), STATUS_OK);
    assert_int_equal(log_size(old, &size), STATUS_OK);
    assert_int_equal(size, 1);
    assert_int_equal(log_sign_head(writer, &shelf->key, &shelf->log_key), STATUS_OK);
    assert_int_equal(store_commit(writer), STATUS_OK);
    assert_int_equal(log_size(old, &size), STATUS_OK);
    assert_int_equal(size, 1);
    store_abort(old);
    assert_int_equal(size_of(shelf), 2);
}

static void a_second_opening_is_refused(void **state)
{
    struct shelf *shelf = *state;
    struct store *second = NULL;
    struct store_options reading = shelf->options;
    reading.read_only = true;
    assert_int_equal(store_open(shelf->path, &shelf->options, &second), STATUS_BUSY);
    assert_int_equal(store_open(shelf->path, &reading, &second), STATUS_BUSY);
    assert_null(second);
    char other[400];
    snprintf(other, sizeof other, "%s/../store", shelf->path);
    assert_int_equal(store_open(other, &shelf->options, &second), STATUS_BUSY);
    /* The first goes on, and so does its lock. */
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_OK);
    store_close(shelf->store);
    shelf->store = NULL;
    pid_t child = fork();
    if (child == 0) {
        alarm((unsigned)patience(20));
        struct store *held;
        int status = store_open(shelf->path, &shelf->options, &held);
        /* Killed while it holds the store. */
        _exit(status == STATUS_OK ? (raise(SIGSTOP), 0) : 1);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, WUNTRACED), child);
    assert_true(WIFSTOPPED(how));
    assert_int_equal(store_open(shelf->path, &shelf->options, &second), STATUS_BUSY);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(store_open(shelf->path, &shelf->options, &shelf->store), STATUS_OK);
    assert_int_equal(size_of(shelf), 1);
}

static void another_process_may_read(void **state)
{
    struct shelf *shelf = *state;
    assert_int_equal(shelf_batch(shelf, 3, 1), STATUS_OK);
    assert_int_equal(store_settle(shelf->store), STATUS_OK);
    pid_t child = fork();
    if (child == 0) {
        alarm((unsigned)patience(20));
        /* By exec, since a store is never carried over a fork. */
        execl("/proc/self/exe", "store_test", "--read", shelf->path, (char *)NULL);
        _exit(1);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 3);
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_OK);
}

/* What the test before runs: the log's size as exit code, after it has made sure that nothing can be written. */
static int read_size(const char *path)
{
    const struct store_options options = {.read_only = true, .map_size = (uint64_t)256 << 20};
    struct store *store;
    struct store_txn *txn;
    uint64_t size = 100;
    if (seam_start() != STATUS_OK || store_open(path, &options, &store) != STATUS_OK || store_begin_write(store, &txn) != STATUS_DENIED ||
        store_begin_read(store, &txn) != STATUS_OK || log_size(txn, &size) != STATUS_OK) {
        return 101;
    }
    store_abort(txn);
    store_close(store);
    return (int)size;
}

static void what_is_no_store_is_refused(void **state)
{
    struct shelf *shelf = *state;
    struct store *store = NULL;
    struct store_options open_only = shelf->options;
    char path[400], file[420];
    open_only.create = false;
    snprintf(path, sizeof path, "%s/absent", shelf->scratch.path);
    assert_int_equal(store_open(path, &open_only, &store), STATUS_NOT_FOUND);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(store_open(path, &open_only, &store), STATUS_NOT_FOUND);
    snprintf(file, sizeof file, "%s/data.mdb", path);
    char garbage[20000];
    memset(garbage, 'g', sizeof garbage);
    scratch_write(file, garbage, sizeof garbage);
    assert_int_equal(store_open(path, &shelf->options, &store), STATUS_CORRUPT);
    /* A file where a folder should be. */
    assert_int_not_equal(store_open(file, &shelf->options, &store), STATUS_OK);
    assert_null(store);
}

/* LMDB would read beyond the file's end: a SIGBUS where nobody looks first. The end may hold what is not in use. */
static void a_file_cut_short_is_damaged_or_whole_and_no_crash(void **state)
{
    struct shelf *shelf = *state;
    char file[400];
    struct stat about;
    uint8_t whole[32], hash[32];
    unsigned damaged = 0;
    assert_int_equal(shelf_batch(shelf, 6, 60), STATUS_OK);
    assert_int_equal(store_dump_hash(shelf->store, whole), STATUS_OK);
    snprintf(file, sizeof file, "%s/data.mdb", shelf->path);
    assert_int_equal(stat(file, &about), 0);
    for (off_t size = about.st_size - 4096; size > 8192; size -= 8192) {
        store_close(shelf->store);
        shelf->store = NULL;
        assert_int_equal(truncate(file, size), 0);
        int status = store_open(shelf->path, &shelf->options, &shelf->store);
        if (status == STATUS_OK) {
            struct store_txn *txn;
            assert_int_equal(store_begin_read(shelf->store, &txn), STATUS_OK);
            status = log_verify(txn, 0, &shelf->key, NULL, NULL, NULL, NULL);
            store_abort(txn);
        }
        if (status == STATUS_OK && store_dump_hash(shelf->store, hash) == STATUS_OK) {
            assert_memory_equal(hash, whole, 32);
        } else {
            assert_int_equal(status, STATUS_CORRUPT);
            damaged++;
        }
    }
    assert_true(damaged > 0);
}

static void set_fact(struct shelf *shelf, const char *name, uint64_t number)
{
    struct store_txn *txn;
    struct store_key key = {0};
    key_text(&key, name);
    assert_int_equal(store_begin_write(shelf->store, &txn), STATUS_OK);
    assert_int_equal(tables_put_u64(txn, TABLE_META, &key, number), STATUS_OK);
    assert_int_equal(store_commit(txn), STATUS_OK);
}

static void a_newer_store_is_refused_and_left_alone(void **state)
{
    struct shelf *shelf = *state;
    size_t before_size = 0, after_size = 0;
    char file[400];
    snprintf(file, sizeof file, "%s/data.mdb", shelf->path);
    set_fact(shelf, "format", STORE_FORMAT + 1);
    store_close(shelf->store);
    shelf->store = NULL;
    char *before = scratch_read(file, &before_size);
    assert_int_equal(store_open(shelf->path, &shelf->options, &shelf->store), STATUS_NEWER);
    char *after = scratch_read(file, &after_size);
    assert_int_equal(before_size, after_size);
    assert_memory_equal(before, after, before_size);
    free(before);
    free(after);
}

static void newer_tables_are_refused(void **state)
{
    struct shelf *shelf = *state;
    set_fact(shelf, "tables", STORE_TABLES_VERSION + 1);
    assert_int_equal(shelf_reopen(shelf), STATUS_NEWER);
}

static void older_tables_are_made_again(void **state)
{
    struct shelf *shelf = *state;
    uint8_t whole[32], before[32], after[32];
    assert_int_equal(shelf_batch(shelf, 5, 4), STATUS_OK);
    assert_int_equal(store_dump_hash(shelf->store, whole), STATUS_OK);
    set_fact(shelf, "tables", STORE_TABLES_VERSION - 1);
    assert_int_equal(shelf_reopen(shelf), STATUS_OK);
    assert_true(store_needs_rebuild(shelf->store));
    assert_int_equal(store_rebuild(shelf->store, shelf_apply, NULL, before, after), STATUS_OK);
    assert_memory_equal(whole, before, 32);
    assert_memory_equal(whole, after, 32);
    assert_false(store_needs_rebuild(shelf->store));
    assert_int_equal(shelf_reopen(shelf), STATUS_OK);
    assert_false(store_needs_rebuild(shelf->store));
}

static void a_rebuild_restores_every_table(void **state)
{
    struct shelf *shelf = *state;
    uint8_t whole[32], before[32], after[32];
    assert_int_equal(shelf_batch(shelf, 3, 2), STATUS_OK);
    assert_int_equal(shelf_batch(shelf, 2, 30), STATUS_OK);
    assert_int_equal(store_dump_hash(shelf->store, whole), STATUS_OK);
    for (enum table table = 0; table < TABLE_COUNT; table++) {
        struct store_txn *txn;
        struct store_key all = {0}, stray = {0}, first;
        if (!tables_derived(table)) {
            continue;
        }
        /* A row too many in each, and one too few where there are any. */
        key_text(&stray, "stray");
        assert_int_equal(store_begin_write(shelf->store, &txn), STATUS_OK);
        if (tables_last(txn, table, &all, &first, NULL) == STATUS_OK) {
            assert_int_equal(tables_delete(txn, table, &first), STATUS_OK);
        }
        assert_int_equal(tables_put(txn, table, &stray, "stray", 5), STATUS_OK);
        assert_int_equal(store_commit(txn), STATUS_OK);
    }
    assert_int_equal(store_rebuild(shelf->store, shelf_apply, NULL, before, after), STATUS_OK);
    assert_memory_not_equal(whole, before, 32);
    assert_memory_equal(whole, after, 32);
}

static int refuse_third(void *data, struct store_txn *txn, const struct log_entry *entry)
{
    return entry->position == 2 ? STATUS_NO_MEMORY : shelf_apply(data, txn, entry);
}

static void a_rebuild_that_fails_changes_nothing(void **state)
{
    struct shelf *shelf = *state;
    uint8_t before[32], after[32];
    assert_int_equal(shelf_batch(shelf, 4, 2), STATUS_OK);
    assert_int_equal(store_dump_hash(shelf->store, before), STATUS_OK);
    assert_int_equal(store_rebuild(shelf->store, refuse_third, NULL, NULL, NULL), STATUS_NO_MEMORY);
    assert_int_equal(store_dump_hash(shelf->store, after), STATUS_OK);
    assert_memory_equal(before, after, 32);
}

static void a_backup_is_the_same_store_elsewhere(void **state)
{
    struct shelf *shelf = *state, copy;
    uint8_t original[32], copied[32], opened[32];
    char to[300];
    snprintf(to, sizeof to, "%s/backup", shelf->scratch.path);
    assert_int_equal(shelf_batch(shelf, 6, 40), STATUS_OK);
    assert_int_equal(store_dump_hash(shelf->store, original), STATUS_OK);
    assert_int_equal(store_backup(shelf->store, to, copied), STATUS_OK);
    assert_memory_equal(original, copied, 32);
    assert_int_equal(store_backup(shelf->store, to, copied), STATUS_EXISTS);
    /* The original goes on; the copy opens by itself, verifies, and can be written. */
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_OK);
    copy = *shelf;
    snprintf(copy.path, sizeof copy.path, "%s", to);
    assert_int_equal(store_open(copy.path, &copy.options, &copy.store), STATUS_OK);
    assert_int_equal(store_dump_hash(copy.store, opened), STATUS_OK);
    assert_memory_equal(original, opened, 32);
    assert_false(store_needs_rebuild(copy.store));
    struct store_txn *txn;
    assert_int_equal(store_begin_read(copy.store, &txn), STATUS_OK);
    assert_int_equal(log_verify(txn, 0, &shelf->key, NULL, NULL, NULL, NULL), STATUS_OK);
    store_abort(txn);
    assert_int_equal(shelf_batch(&copy, 1, 1), STATUS_OK);
    assert_int_equal(store_rebuild(copy.store, shelf_apply, NULL, NULL, NULL), STATUS_OK);
    store_close(copy.store);
    assert_int_equal(store_backup(shelf->store, "/no/such/folder/backup", NULL), STATUS_NOT_FOUND);
}

static void readers_have_a_limit_and_dead_ones_are_cleared(void **state)
{
    struct shelf *shelf = *state;
    static struct store_txn *readers[STORE_READERS_MOST];
    struct store_txn *one_more;
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_OK);
    for (size_t i = 0; i < STORE_READERS_MOST; i++) {
        assert_int_equal(store_begin_read(shelf->store, &readers[i]), STATUS_OK);
    }
    assert_int_equal(store_begin_read(shelf->store, &one_more), STATUS_BUSY);
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_OK);
    for (size_t i = 0; i < STORE_READERS_MOST; i++) {
        store_abort(readers[i]);
    }
    assert_int_equal(store_settle(shelf->store), STATUS_OK);
    pid_t child = fork();
    if (child == 0) {
        alarm((unsigned)patience(20));
        execl("/proc/self/exe", "store_test", "--die-reading", shelf->path, (char *)NULL);
        _exit(1);
    }
    int how = 0;
    unsigned freed = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
    assert_int_equal(store_check_readers(shelf->store, &freed), STATUS_OK);
    assert_int_equal(freed, 1);
    assert_int_equal(store_check_readers(shelf->store, &freed), STATUS_OK);
    assert_int_equal(freed, 0);
}

static int die_reading(const char *path)
{
    const struct store_options options = {.read_only = true, .map_size = (uint64_t)256 << 20};
    struct store *store;
    struct store_txn *txn;
    if (store_open(path, &options, &store) != STATUS_OK || store_begin_read(store, &txn) != STATUS_OK) {
        return 101;
    }
    raise(SIGKILL);
    return 102;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--read") == 0) {
        return read_size(argv[2]);
    }
    if (argc == 3 && strcmp(argv[1], "--die-reading") == 0) {
        return die_reading(argv[2]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_committed_is_there_after_reopening, start, end),
        cmocka_unit_test_setup_teardown(an_aborted_batch_leaves_nothing, start, end),
        cmocka_unit_test_setup_teardown(readers_see_their_snapshot_while_the_writer_writes, start, end),
        cmocka_unit_test_setup_teardown(a_second_opening_is_refused, start, end),
        cmocka_unit_test_setup_teardown(another_process_may_read, start, end),
        cmocka_unit_test_setup_teardown(what_is_no_store_is_refused, start, end),
        cmocka_unit_test_setup_teardown(a_file_cut_short_is_damaged_or_whole_and_no_crash, start, end),
        cmocka_unit_test_setup_teardown(a_newer_store_is_refused_and_left_alone, start, end),
        cmocka_unit_test_setup_teardown(newer_tables_are_refused, start, end),
        cmocka_unit_test_setup_teardown(older_tables_are_made_again, start, end),
        cmocka_unit_test_setup_teardown(a_rebuild_restores_every_table, start, end),
        cmocka_unit_test_setup_teardown(a_rebuild_that_fails_changes_nothing, start, end),
        cmocka_unit_test_setup_teardown(a_backup_is_the_same_store_elsewhere, start, end),
        cmocka_unit_test_setup_teardown(readers_have_a_limit_and_dead_ones_are_cleared, start, end),
    };
    alarm((unsigned)patience(200));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
