/* SPDX-License-Identifier: EUPL-1.2 */
/* What was kept and is not in its place: who sees it, and that whatever ends the process, a start finds it whole. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
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
#include <sodium.h>

#include "proto/status.h"
#include "store/journal.h"
#include "store/tables.h"
#include "tests/unit/patience.h"
#include "tests/unit/shelf.h"

#define PIECE 4096u

static int start(void **state)
{
    static struct shelf shelf;
    shelf_start(&shelf, 0);
    *state = &shelf;
    return 0;
}

static int end(void **state)
{
    shelf_end(*state);
    return 0;
}

static uint64_t size_in(struct store_txn *txn)
{
    uint64_t size = 0;
    assert_int_equal(log_size(txn, &size), STATUS_OK);
    store_abort(txn);
    return size;
}

static uint64_t size_of(struct shelf *shelf)
{
    struct store_txn *txn;
    assert_int_equal(store_begin_read(shelf->store, &txn), STATUS_OK);
    return size_in(txn);
}

static void path_of(const struct shelf *shelf, const char *name, char path[400])
{
    snprintf(path, 400, "%s/%s", shelf->path, name);
}

/* The store's two files as a killed process leaves them; what is kept stays kept. */
struct files {
    char *data, *journal;
    size_t data_length, journal_length;
};

static void take_files(const struct shelf *shelf, struct files *files)
{
    char path[400];
    path_of(shelf, "data.mdb", path);
    files->data = scratch_read(path, &files->data_length);
    path_of(shelf, JOURNAL_NAME, path);
    files->journal = scratch_read(path, &files->journal_length);
    assert_non_null(files->data);
    assert_non_null(files->journal);
}

static void put_file(const struct shelf *shelf, const char *name, const char *bytes, size_t length)
{
    char path[400];
    path_of(shelf, name, path);
    unlink(path);
    scratch_write(path, bytes, length);
}

/* As after a kill: what the closing settled is taken back. */
static int reopen_as(struct shelf *shelf, const struct files *files)
{
    store_close(shelf->store);
    shelf->store = NULL;
    put_file(shelf, "data.mdb", files->data, files->data_length);
    put_file(shelf, JOURNAL_NAME, files->journal, files->journal_length);
    return store_open(shelf->path, &shelf->options, &shelf->store);
}

static void drop_files(struct files *files)
{
    free(files->data);
    free(files->journal);
}

static void *size_elsewhere(void *data)
{
    struct store_txn *txn;
    static uint64_t size;
    size = UINT64_MAX;
    if (store_begin_read(data, &txn) == STATUS_OK) {
        log_size(txn, &size);
        store_abort(txn);
    }
    return &size;
}

static uint64_t size_on_another_thread(struct shelf *shelf)
{
    pthread_t thread;
    void *size = NULL;
    assert_int_equal(pthread_create(&thread, NULL, size_elsewhere, shelf->store), 0);
    assert_int_equal(pthread_join(thread, &size), 0);
    return *(uint64_t *)size;
}

static void the_keeper_sees_at_once_and_others_once_it_is_settled(void **state)
{
    struct shelf *shelf = *state;
    struct store_txn *txn;
    assert_int_equal(shelf_batch(shelf, 2, 1), STATUS_OK);
    assert_int_equal(shelf_batch(shelf, 3, 1), STATUS_OK);
    assert_int_equal(size_on_another_thread(shelf), 0);
    assert_int_equal(store_begin_look(shelf->store, &txn), STATUS_OK);
    assert_int_equal(size_in(txn), 5);
    assert_int_equal(size_on_another_thread(shelf), 0);
    assert_int_equal(store_begin_write(shelf->store, &txn), STATUS_OK);
    assert_int_equal(size_in(txn), 5);
    assert_int_equal(store_settle(shelf->store), STATUS_OK);
    assert_int_equal(size_on_another_thread(shelf), 5);
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_OK);
    assert_int_equal(size_of(shelf), 6);
    assert_int_equal(size_on_another_thread(shelf), 6);
}

/* A process that ends without a word: its folder is what the files were at any moment. */
static void a_start_finds_what_was_kept(void **state)
{
    struct shelf *shelf = *state;
    uint8_t before[32], after[32], rebuilt[32];
    struct files files;
    assert_int_equal(shelf_batch(shelf, 2, 3), STATUS_OK);
    assert_int_equal(store_settle(shelf->store), STATUS_OK);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(shelf_batch(shelf, 3, 2), STATUS_OK);
    }
    take_files(shelf, &files);
    assert_int_equal(store_dump_hash(shelf->store, before), STATUS_OK);
    /* With the option or without it. */
    for (unsigned i = 0; i < 2; i++) {
        shelf->options.keep = i == 0;
        assert_int_equal(reopen_as(shelf, &files), STATUS_OK);
        assert_int_equal(size_on_another_thread(shelf), 17);
        assert_int_equal(store_dump_hash(shelf->store, after), STATUS_OK);
        assert_memory_equal(before, after, sizeof before);
        assert_int_equal(store_rebuild(shelf->store, shelf_apply, NULL, NULL, rebuilt), STATUS_OK);
        assert_memory_equal(before, rebuilt, sizeof before);
    }
    drop_files(&files);
}

static void what_was_kept_survives_a_batch_that_fails(void **state)
{
    struct shelf *shelf = *state;
    struct store_txn *txn;
    uint64_t position = 0;
    uint8_t before[32], after[32];
    assert_int_equal(shelf_batch(shelf, 2, 1), STATUS_OK);
    assert_int_equal(shelf_batch(shelf, 2, 1), STATUS_OK);
    struct files files;
    take_files(shelf, &files);
    assert_int_equal(store_begin_write(shelf->store, &txn), STATUS_OK);
    assert_int_equal(shelf_append(shelf, txn, 99, 5, &position), STATUS_OK);
    store_abort(txn);
    assert_int_equal(store_begin_look(shelf->store, &txn), STATUS_OK);
    assert_int_equal(size_in(txn), 4);
    /* Kept on from there, settled, and started anew from what the files were before. */
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_OK);
    assert_int_equal(size_of(shelf), 5);
    assert_int_equal(store_rebuild(shelf->store, shelf_apply, NULL, before, after), STATUS_OK);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(reopen_as(shelf, &files), STATUS_OK);
    assert_int_equal(size_of(shelf), 4);
    drop_files(&files);
}

static void a_full_journal_is_settled(void **state)
{
    struct shelf *shelf = *state;
    char path[400];
    struct stat about;
    path_of(shelf, JOURNAL_NAME, path);
    bool settled = false;
    for (unsigned i = 0; i < 400 && !settled; i++) {
        assert_int_equal(shelf_batch(shelf, 1, 100), STATUS_OK);
        settled = size_on_another_thread(shelf) > 0;
    }
    assert_true(settled);
    assert_int_equal(size_on_another_thread(shelf), shelf->next);
    assert_int_equal(stat(path, &about), 0);
    assert_true((uint64_t)about.st_size <= JOURNAL_MOST);
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_OK);
    assert_int_equal(size_on_another_thread(shelf), shelf->next - 1);
    struct files files;
    take_files(shelf, &files);
    assert_int_equal(reopen_as(shelf, &files), STATUS_OK);
    assert_int_equal(size_of(shelf), shelf->next);
    drop_files(&files);
}

/* One submission may be larger than any journal. */
static void what_is_too_large_is_committed(void **state)
{
    struct shelf *shelf = *state;
    struct store_txn *txn;
    static uint8_t bytes[JOURNAL_MOST];
    struct store_key key = {0};
    key_text(&key, "large");
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_OK);
    assert_int_equal(size_on_another_thread(shelf), 0);
    assert_int_equal(store_begin_write(shelf->store, &txn), STATUS_OK);
    assert_int_equal(tables_put(txn, TABLE_ITEMS, &key, bytes, sizeof bytes), STATUS_OK);
    assert_int_equal(store_keep(txn), STATUS_OK);
    assert_int_equal(size_on_another_thread(shelf), 1);
}

/* The offsets of the records in a journal: each begins with its hash, then a word, its number and its length. */
static size_t record_end(const struct files *files, size_t at)
{
    uint64_t length = 0;
    memcpy(&length, files->journal + at + 48, sizeof length);
    return at + (56 + (size_t)length + PIECE - 1) / PIECE * PIECE;
}

static void a_torn_record_was_never_there_and_a_damaged_one_is_told(void **state)
{
    struct shelf *shelf = *state;
    struct files files;
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_OK);
    assert_int_equal(store_settle(shelf->store), STATUS_OK);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(shelf_batch(shelf, 1, 60), STATUS_OK);
    }
    take_files(shelf, &files);
    size_t second = record_end(&files, 0), third = record_end(&files, second), after = record_end(&files, third);
    assert_true(after - third > 2 * PIECE);
    /* The last: any of its sectors did not reach the disk, or its beginning, or its end. */
    for (size_t at = third; at < after - PIECE; at += PIECE / 2) {
        struct files torn = files;
        torn.journal = malloc(files.journal_length);
        memcpy(torn.journal, files.journal, files.journal_length);
        memset(torn.journal + at, 0, 512);
        assert_int_equal(reopen_as(shelf, &torn), STATUS_OK);
        assert_int_equal(size_of(shelf), 3);
        free(torn.journal);
    }
    /* One before it can't have been under way. */
    for (size_t at = 0; at < third; at += PIECE) {
        files.journal[at + 70] ^= 4;
        assert_int_equal(reopen_as(shelf, &files), STATUS_CORRUPT);
        files.journal[at + 70] ^= 4;
    }
    assert_int_equal(reopen_as(shelf, &files), STATUS_OK);
    assert_int_equal(size_of(shelf), 4);
    drop_files(&files);
}

/* Gives every record the hash that journals had at first: BLAKE2b over all of it, under the store's key. */
static void make_earlier(struct shelf *shelf, struct files *files, size_t end)
{
    struct store_txn *txn;
    struct store_key name = {0};
    struct store_value key;
    key_text(&name, "journal");
    assert_int_equal(store_begin_read(shelf->store, &txn), STATUS_OK);
    assert_int_equal(tables_get(txn, TABLE_META, &name, &key), STATUS_OK);
    assert_int_equal(key.length, JOURNAL_KEY);
    for (size_t at = 0; at < end; at = record_end(files, at)) {
        uint64_t length = 0;
        memcpy(&length, files->journal + at + 48, sizeof length);
        memcpy(files->journal + at + 32, "musterj1", 8);
        crypto_generichash((uint8_t *)files->journal + at, 32, (const uint8_t *)files->journal + at + 32, 24 + length, key.bytes, key.length);
    }
    store_abort(txn);
}

static void what_an_earlier_program_kept_is_read(void **state)
{
    struct shelf *shelf = *state;
    struct files files;
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_OK);
    assert_int_equal(store_settle(shelf->store), STATUS_OK);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(shelf_batch(shelf, 1, 2), STATUS_OK);
    }
    take_files(shelf, &files);
    size_t second = record_end(&files, 0);
    make_earlier(shelf, &files, second);
    assert_int_equal(reopen_as(shelf, &files), STATUS_OK);
    assert_int_equal(size_of(shelf), 4);
    /* Its records are no less to be trusted. */
    files.journal[70] ^= 4;
    assert_int_equal(reopen_as(shelf, &files), STATUS_CORRUPT);
    files.journal[70] ^= 4;
    assert_int_equal(reopen_as(shelf, &files), STATUS_OK);
    make_earlier(shelf, &files, record_end(&files, record_end(&files, second)));
    assert_int_equal(reopen_as(shelf, &files), STATUS_OK);
    assert_int_equal(size_of(shelf), 4);
    drop_files(&files);
}

static void an_older_store_under_the_journal_is_told(void **state)
{
    struct shelf *shelf = *state;
    struct files old, files;
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_OK);
    take_files(shelf, &old);
    assert_int_equal(store_settle(shelf->store), STATUS_OK);
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_OK);
    take_files(shelf, &files);
    struct files mixed = {.data = old.data, .data_length = old.data_length, .journal = files.journal, .journal_length = files.journal_length};
    assert_int_equal(reopen_as(shelf, &mixed), STATUS_CORRUPT);
    assert_int_equal(reopen_as(shelf, &files), STATUS_OK);
    assert_int_equal(size_of(shelf), 2);
    drop_files(&old);
    drop_files(&files);
}

static bool journal_holds(const struct shelf *shelf, const char *text)
{
    char path[400];
    size_t length = 0;
    path_of(shelf, JOURNAL_NAME, path);
    char *bytes = scratch_read(path, &length);
    bool holds = bytes && memmem(bytes, length, text, strlen(text));
    free(bytes);
    return holds;
}

/* What a redaction drops must not stand here either. */
static void a_scrub_leaves_nothing_in_the_journal(void **state)
{
    struct shelf *shelf = *state;
    struct store_txn *txn;
    struct store_key key = {0};
    static const char text[] = "a text that should not have been sent";
    key_text(&key, "spilled");
    assert_int_equal(store_begin_write(shelf->store, &txn), STATUS_OK);
    assert_int_equal(tables_put(txn, TABLE_ITEMS, &key, text, sizeof text), STATUS_OK);
    assert_int_equal(store_keep(txn), STATUS_OK);
    assert_int_equal(store_begin_write(shelf->store, &txn), STATUS_OK);
    assert_int_equal(tables_delete(txn, TABLE_ITEMS, &key), STATUS_OK);
    assert_int_equal(store_keep(txn), STATUS_OK);
    store_close(shelf->store);
    shelf->store = NULL;
    assert_true(journal_holds(shelf, text));
    assert_int_equal(store_scrub(shelf->path, &shelf->options), STATUS_OK);
    assert_false(journal_holds(shelf, text));
    assert_int_equal(store_open(shelf->path, &shelf->options, &shelf->store), STATUS_OK);
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_OK);
    assert_int_equal(size_of(shelf), 1);
    /* And once more: the first left nothing in the way. */
    store_close(shelf->store);
    shelf->store = NULL;
    assert_int_equal(store_scrub(shelf->path, &shelf->options), STATUS_OK);
    assert_int_equal(store_open(shelf->path, &shelf->options, &shelf->store), STATUS_OK);
    assert_int_equal(size_of(shelf), 1);
}

/* --- who reads ------------------------------------------------------------------------------------------------- */

static int read_size(const char *path)
{
    const struct store_options options = {.read_only = true, .map_size = (uint64_t)256 << 20};
    struct store *store;
    struct store_txn *txn;
    uint64_t size = 100;
    int status = seam_start() == STATUS_OK ? store_open(path, &options, &store) : STATUS_NO_MEMORY;
    if (status != STATUS_OK) {
        return 100 + status;
    }
    if (store_begin_read(store, &txn) != STATUS_OK || log_size(txn, &size) != STATUS_OK) {
        return 99;
    }
    store_abort(txn);
    store_close(store);
    return (int)size;
}

static pid_t begin_reader(const struct shelf *shelf)
{
    pid_t child = fork();
    if (child == 0) {
        alarm((unsigned)patience(20));
        execl("/proc/self/exe", "journal_test", "--read", shelf->path, (char *)NULL);
        _exit(98);
    }
    return child;
}

static int end_reader(pid_t child)
{
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    return WEXITSTATUS(how);
}

static void a_reader_sees_all_that_was_acknowledged(void **state)
{
    struct shelf *shelf = *state;
    struct files files;
    assert_int_equal(shelf_batch(shelf, 2, 1), STATUS_OK);
    take_files(shelf, &files);
    /* It waits for the keeper, who settles before long. */
    pid_t child = begin_reader(shelf);
    usleep(100000);
    assert_int_equal(store_settle(shelf->store), STATUS_OK);
    assert_int_equal(end_reader(child), 2);
    /* One that never does is told from a store that can be read. */
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_OK);
    assert_int_equal(end_reader(begin_reader(shelf)), 100 + STATUS_BUSY);
    /* Nobody has it open: then it is brought in. */
    assert_int_equal(reopen_as(shelf, &files), STATUS_OK);
    store_close(shelf->store);
    shelf->store = NULL;
    put_file(shelf, "data.mdb", files.data, files.data_length);
    put_file(shelf, JOURNAL_NAME, files.journal, files.journal_length);
    assert_int_equal(end_reader(begin_reader(shelf)), 2);
    drop_files(&files);
}

/* --- bad disks ------------------------------------------------------------------------------------------------- */

struct bad {
    int before_error, after_error;
    uint64_t free_bytes;
};

static int bad_space(void *data, const char *path, uint64_t *free_bytes, uint64_t *all_bytes)
{
    (void)path;
    *free_bytes = ((struct bad *)data)->free_bytes;
    *all_bytes = (uint64_t)100 << 30;
    return 0;
}

static int bad_before(void *data, enum store_call call)
{
    return call == STORE_CALL_COMMIT ? ((struct bad *)data)->before_error : 0;
}

static int bad_after(void *data, enum store_call call, int error)
{
    return call == STORE_CALL_COMMIT && !error ? ((struct bad *)data)->after_error : error;
}

static void start_bad(struct shelf *shelf, struct bad *bad, struct store_files *files)
{
    *bad = (struct bad){.free_bytes = (uint64_t)50 << 30};
    *files = (struct store_files){bad_space, bad_before, bad_after, bad};
    shelf->options.files = files;
    assert_int_equal(shelf_reopen(shelf), STATUS_OK);
}

static void what_can_not_be_settled_stays_kept(void **state)
{
    struct shelf *shelf = *state;
    struct store_files files;
    struct store_txn *txn;
    struct bad bad;
    start_bad(shelf, &bad, &files);
    assert_int_equal(shelf_batch(shelf, 2, 1), STATUS_OK);
    bad.before_error = ENOSPC;
    assert_int_equal(store_settle(shelf->store), STATUS_NO_SPACE);
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_NO_SPACE);
    assert_int_equal(store_begin_look(shelf->store, &txn), STATUS_OK);
    assert_int_equal(size_in(txn), 2);
    bad.before_error = 0;
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_OK);
    assert_int_equal(size_on_another_thread(shelf), 0);
    struct files taken;
    take_files(shelf, &taken);
    assert_int_equal(size_of(shelf), 3);
    assert_int_equal(reopen_as(shelf, &taken), STATUS_OK);
    assert_int_equal(size_of(shelf), 3);
    /* Where little is free, nothing is left for later. */
    bad.free_bytes = (uint64_t)20 << 20;
    assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_OK);
    assert_int_equal(size_on_another_thread(shelf), 4);
    drop_files(&taken);
}

static void a_record_that_failed_ends_all_writing(void **state)
{
    struct shelf *shelf = *state;
    for (unsigned done = 0; done < 2; done++) {
        struct store_files files;
        struct store_txn *txn;
        struct bad bad;
        start_bad(shelf, &bad, &files);
        uint64_t before = size_of(shelf);
        assert_int_equal(shelf_batch(shelf, 2, 1), STATUS_OK);
        *(done ? &bad.after_error : &bad.before_error) = EIO;
        assert_int_equal(shelf_batch(shelf, 1, 1), STATUS_IO);
        bad.before_error = bad.after_error = 0;
        assert_int_equal(store_begin_write(shelf->store, &txn), STATUS_IO);
        assert_int_equal(store_settle(shelf->store), STATUS_IO);
        assert_int_equal(shelf_reopen(shelf), STATUS_OK);
        assert_int_equal(size_of(shelf), before + 2 + done);
        shelf->next += done;
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--read") == 0) {
        return read_size(argv[2]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_keeper_sees_at_once_and_others_once_it_is_settled, start, end),
        cmocka_unit_test_setup_teardown(a_start_finds_what_was_kept, start, end),
        cmocka_unit_test_setup_teardown(what_was_kept_survives_a_batch_that_fails, start, end),
        cmocka_unit_test_setup_teardown(a_full_journal_is_settled, start, end),
        cmocka_unit_test_setup_teardown(what_is_too_large_is_committed, start, end),
        cmocka_unit_test_setup_teardown(a_torn_record_was_never_there_and_a_damaged_one_is_told, start, end),
        cmocka_unit_test_setup_teardown(what_an_earlier_program_kept_is_read, start, end),
        cmocka_unit_test_setup_teardown(an_older_store_under_the_journal_is_told, start, end),
        cmocka_unit_test_setup_teardown(a_scrub_leaves_nothing_in_the_journal, start, end),
        cmocka_unit_test_setup_teardown(a_reader_sees_all_that_was_acknowledged, start, end),
        cmocka_unit_test_setup_teardown(what_can_not_be_settled_stays_kept, start, end),
        cmocka_unit_test_setup_teardown(a_record_that_failed_ends_all_writing, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
