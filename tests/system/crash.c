/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/system/crash.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/status.h"
#include "tests/unit/patience.h"
#include "tests/unit/shelf.h"

#define BATCH 3u
#define SHIM "../torture/shim.so" /* from the folder of the test's program */

static int script_batches(struct shelf *shelf, unsigned batches, int acks)
{
    struct store_txn *txn;
    int status = store_begin_read(shelf->store, &txn);
    if (status != STATUS_OK) {
        return status;
    }
    status = log_size(txn, &shelf->next);
    store_abort(txn);
    for (unsigned i = 0; i < batches && status == STATUS_OK; i++) {
        if (i == batches / 2) {
            status = store_rebuild(shelf->store, shelf_apply, NULL, NULL, NULL);
        }
        /* Every third batch is large enough for pages of its own. */
        status = status == STATUS_OK ? shelf_batch(shelf, BATCH, i % 3 == 2 ? 40 : 2) : status;
        /* The journal is emptied now and then. */
        if (i % 4 == 3) {
            status = status == STATUS_OK ? store_settle(shelf->store) : status;
        }
        if (status == STATUS_OK && write(acks, &shelf->next, sizeof shelf->next) != sizeof shelf->next) {
            return STATUS_IO;
        }
    }
    return status;
}

static int script_copy(const char *folder)
{
    struct shelf shelf;
    char path[300], to[300];
    snprintf(path, sizeof path, "%s/store", folder);
    snprintf(to, sizeof to, "%s/copy", folder);
    int status = shelf_open(&shelf, path);
    if (status == STATUS_OK) {
        status = store_backup(shelf.store, to, NULL);
    }
    shelf_close(&shelf);
    return status == STATUS_OK ? 0 : CRASH_FAILED + status;
}

int crash_script(const char *folder, unsigned batches)
{
    if (!batches) {
        return script_copy(folder);
    }
    struct shelf shelf;
    char path[300], acks_path[300];
    snprintf(path, sizeof path, "%s/store", folder);
    snprintf(acks_path, sizeof acks_path, "%s/acks", folder);
    int acks = open(acks_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (acks < 0) {
        return 99;
    }
    int status = shelf_open(&shelf, path);
    if (status == STATUS_OK) {
        status = script_batches(&shelf, batches, acks);
    }
    shelf_close(&shelf);
    close(acks);
    return status == STATUS_OK ? 0 : CRASH_FAILED + status;
}

static void set(const char *name, const char *value)
{
    if (value) {
        setenv(name, value, 1);
    } else {
        unsetenv(name);
    }
}

static void become_script(const char *folder, unsigned batches, const struct crash_fault *fault, const char *fired)
{
    char self[512], shim[600], number[32];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) {
        _exit(98);
    }
    self[length] = '\0';
    snprintf(number, sizeof number, "%lu", fault->at);
    set("SHIM_AT", number);
    set("SHIM_HOW", fault->how);
    set("SHIM_ALWAYS", fault->always ? "1" : NULL);
    set("SHIM_RECORD", fault->record);
    set("SHIM_FIRED", fired);
    set("SHIM_FILE", fault->file ? fault->file : "/data.mdb:/journal");
    set("SHIM_ACKS", "/acks");
    set("ASAN_OPTIONS", "verify_asan_link_order=0"); /* the shim stands before the sanitizer, and may */
    char *slash = strrchr(self, '/');
    snprintf(shim, sizeof shim, "%.*s/%s", (int)(slash - self), self, SHIM);
    set("LD_PRELOAD", shim);
    snprintf(number, sizeof number, "%u", batches);
    alarm((unsigned)patience(60));
    execl(self, self, "--script", folder, number, (char *)NULL);
    _exit(97);
}

int crash_run(const char *folder, unsigned batches, const struct crash_fault *fault, bool *fired)
{
    char fired_path[300];
    int how = 0;
    snprintf(fired_path, sizeof fired_path, "%s/fired", folder);
    unlink(fired_path);
    pid_t child = fork();
    if (child == 0) {
        become_script(folder, batches, fault, fired_path);
    }
    while (child > 0 && waitpid(child, &how, 0) < 0) {
    }
    struct stat about;
    *fired = stat(fired_path, &about) == 0 && about.st_size > 0;
    return how;
}

uint64_t crash_acknowledged(const char *folder)
{
    char path[300];
    size_t length = 0;
    uint64_t last = 0;
    snprintf(path, sizeof path, "%s/acks", folder);
    char *bytes = scratch_read(path, &length);
    if (bytes && length >= sizeof last) {
        memcpy(&last, bytes + length / sizeof last * sizeof last - sizeof last, sizeof last);
    }
    free(bytes);
    return last;
}

static const char *judge_open(struct shelf *shelf, uint64_t acknowledged)
{
    struct store_txn *txn;
    uint64_t size = 0, bad = 0;
    uint8_t before[32], after[32];
    const char *why = NULL;
    if (store_begin_read(shelf->store, &txn) != STATUS_OK) {
        return "it can not be read";
    }
    int status = log_size(txn, &size);
    int verified = status == STATUS_OK && size ? log_verify(txn, 0, &shelf->key, NULL, NULL, &bad, &why) : status;
    store_abort(txn);
    if (verified != STATUS_OK) {
        return why && *why ? why : "the log does not verify";
    }
    if (size < acknowledged) {
        return "an acknowledged entry is lost";
    }
    if (size % BATCH) {
        return "a batch is half there";
    }
    if (store_rebuild(shelf->store, shelf_apply, NULL, before, after) != STATUS_OK || memcmp(before, after, sizeof before) != 0) {
        return "the tables are not what the log makes";
    }
    shelf->next = size;
    return shelf_batch(shelf, BATCH, 1) == STATUS_OK ? NULL : "nothing can be written any more";
}

const char *crash_judge(const char *path, uint64_t acknowledged)
{
    struct shelf shelf;
    int status = shelf_open(&shelf, path);
    const char *wrong = status == STATUS_OK ? judge_open(&shelf, acknowledged) : "it does not open";
    shelf_close(&shelf);
    return wrong;
}

bool crash_judge_apart(const char *path, uint64_t acknowledged)
{
    int how = 0;
    pid_t child = fork();
    if (child == 0) {
        alarm((unsigned)patience(10));
        _exit(crash_judge(path, acknowledged) ? 1 : 0);
    }
    while (child > 0 && waitpid(child, &how, 0) < 0) {
    }
    return child > 0 && WIFEXITED(how) && WEXITSTATUS(how) == 0;
}
