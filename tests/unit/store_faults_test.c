/* SPDX-License-Identifier: EUPL-1.2 */
/* The store where room or storage fails: full maps, full disks, errors, and a writer that is killed. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/unit/patience.h"
#include "tests/unit/shelf.h"

static uint64_t size_of(struct shelf *shelf)
{
    struct store_txn *txn;
    uint64_t size = 0;
    assert_int_equal(store_begin_read(shelf->store, &txn), STATUS_OK);
    assert_int_equal(log_size(txn, &size), STATUS_OK);
    store_abort(txn);
    return size;
}

static void a_full_map_refuses_and_goes_on(void **state)
{
    (void)state;
    struct shelf shelf;
    struct store_space space;
    uint8_t before[32], after[32];
    int status = STATUS_OK;
    shelf_start(&shelf, (uint64_t)2 << 20);
    assert_int_equal(shelf_batch(&shelf, 1, 1), STATUS_OK);
    assert_int_equal(store_space(shelf.store, &space), STATUS_OK);
    assert_false(space.reserve);
    assert_int_equal(space.map_size, 2 << 20);
    while (status == STATUS_OK) {
        assert_int_equal(store_dump_hash(shelf.store, before), STATUS_OK);
        status = shelf_batch(&shelf, 1, 300);
    }
    assert_int_equal(status, STATUS_NO_SPACE);
    assert_int_equal(store_space(shelf.store, &space), STATUS_OK);
    assert_true(space.alarm);
    assert_true(space.map_used <= space.map_size);
    /* Reads go on, nothing of the refused batch is there, and smaller batches are taken. */
    assert_int_equal(store_dump_hash(shelf.store, after), STATUS_OK);
    assert_memory_equal(before, after, 32);
    assert_int_equal(shelf_batch(&shelf, 1, 1), STATUS_OK);
    /* A larger map is all it takes. */
    shelf.options.map_size = (uint64_t)16 << 20;
    assert_int_equal(shelf_reopen(&shelf), STATUS_OK);
    assert_int_equal(shelf_batch(&shelf, 1, 300), STATUS_OK);
    shelf_end(&shelf);
}

/* A file system that a test fills and breaks. */
struct faulty {
    uint64_t free_bytes;
    int before_error, after_error;
    enum store_call call;
    unsigned calls;
};

static int faulty_space(void *data, const char *path, uint64_t *free_bytes, uint64_t *all_bytes)
{
    const struct faulty *faulty = data;
    (void)path;
    *free_bytes = faulty->free_bytes;
    *all_bytes = (uint64_t)1 << 40;
    return 0;
}

static int faulty_before(void *data, enum store_call call)
{
    struct faulty *faulty = data;
    faulty->calls++;
    return call == faulty->call ? faulty->before_error : 0;
}

static int faulty_after(void *data, enum store_call call, int error)
{
    const struct faulty *faulty = data;
    return !error && call == faulty->call ? faulty->after_error : error;
}

static void faulty_start(struct shelf *shelf, struct faulty *faulty, struct store_files *files)
{
    *faulty = (struct faulty){.free_bytes = (uint64_t)1 << 39, .call = STORE_CALL_COMMIT};
    *files = (struct store_files){faulty_space, faulty_before, faulty_after, faulty};
    shelf_start(shelf, 0);
    shelf->options.files = files;
    shelf->options.floor = (uint64_t)1 << 30;
    assert_int_equal(shelf_reopen(shelf), STATUS_OK);
}

static void below_the_floor_nothing_is_written(void **state)
{
    (void)state;
    struct shelf shelf;
    struct faulty faulty;
    struct store_files files;
    struct store_space space;
    faulty_start(&shelf, &faulty, &files);
    assert_int_equal(shelf_batch(&shelf, 1, 1), STATUS_OK);
    faulty.free_bytes = ((uint64_t)1 << 30) - 1;
    assert_int_equal(store_space(shelf.store, &space), STATUS_OK);
    assert_true(space.full && space.alarm && space.reserve);
    assert_int_equal(shelf_batch(&shelf, 1, 1), STATUS_NO_SPACE);
    assert_int_equal(size_of(&shelf), 1);
    faulty.free_bytes = (uint64_t)1 << 32;
    assert_int_equal(store_space(shelf.store, &space), STATUS_OK);
    assert_false(space.full);
    assert_int_equal(shelf_batch(&shelf, 1, 1), STATUS_OK);
    shelf_end(&shelf);
}

static void an_error_on_a_full_disk_is_no_failing_disk(void **state)
{
    (void)state;
    struct shelf shelf;
    struct faulty faulty;
    struct store_files files;
    faulty_start(&shelf, &faulty, &files);
    faulty.before_error = EIO;
    faulty.free_bytes = (uint64_t)1 << 30; /* not below the floor, but nothing above it */
    assert_int_equal(shelf_batch(&shelf, 1, 1), STATUS_NO_SPACE);
    faulty.before_error = ENOSPC;
    assert_int_equal(shelf_batch(&shelf, 1, 1), STATUS_NO_SPACE);
    faulty.before_error = 0;
    assert_int_equal(shelf_batch(&shelf, 1, 1), STATUS_OK);
    shelf_end(&shelf);
}

static void after_an_io_error_nothing_is_written_any_more(void **state)
{
    (void)state;
    const bool done[] = {false, true};
    for (size_t i = 0; i < 2; i++) {
        struct shelf shelf;
        struct faulty faulty;
        struct store_files files;
        struct store_txn *txn;
        faulty_start(&shelf, &faulty, &files);
        assert_int_equal(shelf_batch(&shelf, 2, 1), STATUS_OK);
        *(done[i] ? &faulty.after_error : &faulty.before_error) = EIO;
        assert_int_equal(shelf_batch(&shelf, 1, 1), STATUS_IO);
        faulty.before_error = faulty.after_error = 0;
        assert_int_equal(store_begin_write(shelf.store, &txn), STATUS_IO);
        assert_int_equal(store_begin_read(shelf.store, &txn), STATUS_OK);
        store_abort(txn);
        /* After a start by a person: what was done is there or not, whole. */
        assert_int_equal(shelf_reopen(&shelf), STATUS_OK);
        assert_int_equal(size_of(&shelf), done[i] ? 3 : 2);
        assert_int_equal(store_begin_read(shelf.store, &txn), STATUS_OK);
        assert_int_equal(log_verify(txn, 0, &shelf.key, NULL, NULL, NULL, NULL), STATUS_OK);
        store_abort(txn);
        shelf.next += done[i] ? 1 : 0;
        assert_int_equal(shelf_batch(&shelf, 1, 1), STATUS_OK);
        shelf_end(&shelf);
    }
}

static void a_start_that_can_not_sync_is_no_start(void **state)
{
    (void)state;
    struct shelf shelf;
    struct faulty faulty;
    struct store_files files;
    faulty_start(&shelf, &faulty, &files);
    faulty.call = STORE_CALL_SYNC;
    faulty.before_error = EIO;
    assert_int_equal(shelf_reopen(&shelf), STATUS_IO);
    faulty.before_error = 0;
    faulty.calls = 0;
    assert_int_equal(store_open(shelf.path, &shelf.options, &shelf.store), STATUS_OK);
    assert_true(faulty.calls >= 1);
    shelf_end(&shelf);
}

/* Killed at any moment between two batches' acknowledgements: what was acknowledged is there, the rest is whole or absent. */
static void a_killed_writer_loses_nothing_acknowledged(void **state)
{
    (void)state;
    struct shelf started, *shelf = &started;
    shelf_start(shelf, 0);
    store_close(shelf->store);
    shelf->store = NULL;
    for (unsigned round = 0; round < 12; round++) {
        int pipe_ends[2];
        assert_int_equal(pipe(pipe_ends), 0);
        pid_t child = fork();
        if (child == 0) {
            alarm((unsigned)patience(20));
            close(pipe_ends[0]);
            struct store_txn *txn;
            uint64_t size = 0;
            if (store_open(shelf->path, &shelf->options, &shelf->store) != STATUS_OK ||
                store_begin_read(shelf->store, &txn) != STATUS_OK || log_size(txn, &size) != STATUS_OK) {
                _exit(1);
            }
            store_abort(txn);
            shelf->next = size;
            while (shelf_batch(shelf, 3, 2) == STATUS_OK) {
                if (write(pipe_ends[1], &shelf->next, sizeof shelf->next) != sizeof shelf->next) {
                    _exit(1);
                }
            }
            _exit(1);
        }
        close(pipe_ends[1]);
        uint64_t acknowledged = 0, told = 0;
        for (unsigned i = 0; i <= round && read(pipe_ends[0], &told, sizeof told) == sizeof told; i++) {
            acknowledged = told;
        }
        usleep(100 * (round * 37 % 23));
        kill(child, SIGKILL);
        int how = 0;
        assert_int_equal(waitpid(child, &how, 0), child);
        while (read(pipe_ends[0], &told, sizeof told) == sizeof told) {
            acknowledged = told;
        }
        close(pipe_ends[0]);
        assert_true(acknowledged > 0);
        assert_int_equal(store_open(shelf->path, &shelf->options, &shelf->store), STATUS_OK);
        uint64_t size = size_of(shelf);
        assert_true(size >= acknowledged && size % 3 == 0);
        struct store_txn *txn;
        assert_int_equal(store_begin_read(shelf->store, &txn), STATUS_OK);
        assert_int_equal(log_verify(txn, 0, &shelf->key, NULL, NULL, NULL, NULL), STATUS_OK);
        store_abort(txn);
        uint8_t before[32], after[32];
        assert_int_equal(store_rebuild(shelf->store, shelf_apply, NULL, before, after), STATUS_OK);
        assert_memory_equal(before, after, 32);
        store_close(shelf->store);
        shelf->store = NULL;
    }
    shelf_end(shelf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_map_refuses_and_goes_on),
        cmocka_unit_test(below_the_floor_nothing_is_written),
        cmocka_unit_test(an_error_on_a_full_disk_is_no_failing_disk),
        cmocka_unit_test(after_an_io_error_nothing_is_written_any_more),
        cmocka_unit_test(a_start_that_can_not_sync_is_no_start),
        cmocka_unit_test(a_killed_writer_loses_nothing_acknowledged),
    };
    alarm((unsigned)patience(200));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
