/* SPDX-License-Identifier: EUPL-1.2 */
/* A disk that is full: a small one of memory, in namespaces of this process's own, so that no right of the machine is needed. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/status.h"
#include "tests/system/harness.h"
#include "tests/system/party.h"
#include "tests/torture/figures.h"
#include "tests/unit/patience.h"
#include "tests/unit/shelf.h"

#define DISK "size=400m" /* an exchange is not made on less; then it shrinks */
#define SMALL "size=24m"
#define ROOM ((size_t)4 << 20) /* left beside a ballast, which is taken away when the disk is full */
#define SECONDS 120u
#define NOT_ALLOWED 3              /* exit code: this machine gives no such disk */
#define ITEMS_MOST 4000u

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return written;
}

/* A file system of its own over folder, seen by this process and its children alone. */
static bool mount_small(const char *folder)
{
    char map[64];
    unsigned user = geteuid(), group = getegid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return false;
    snprintf(map, sizeof map, "0 %u 1", user);
    if (!write_text("/proc/self/setgroups", "deny") || !write_text("/proc/self/uid_map", map))
        return false;
    snprintf(map, sizeof map, "0 %u 1", group);
    return write_text("/proc/self/gid_map", map) && mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, DISK) == 0;
}

static bool put_ballast(const char *path)
{
    struct statvfs about;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    bool put = fd >= 0 && fstatvfs(fd, &about) == 0 && about.f_bavail * about.f_frsize > 2 * ROOM &&
               posix_fallocate(fd, 0, (off_t)(about.f_bavail * about.f_frsize - ROOM)) == 0;
    if (fd >= 0)
        close(fd);
    return put;
}

static const char *judge_shelf(struct shelf *shelf, uint64_t entries)
{
    struct store_txn *txn = NULL;
    uint64_t size = 0;
    uint8_t left[32], right[32];
    int status = store_begin_read(shelf->store, &txn);
    status = status == STATUS_OK ? log_size(txn, &size) : status;
    status = status == STATUS_OK ? log_verify(txn, 0, &shelf->key, NULL, NULL, NULL, NULL) : status;
    store_abort(txn);
    if (status != STATUS_OK)
        return "the log does not verify";
    if (size != entries)
        return "what was acknowledged is not what is there";
    if (store_rebuild(shelf->store, shelf_apply, NULL, left, right) != STATUS_OK || memcmp(left, right, sizeof left) != 0)
        return "the tables are not what the log makes";
    return NULL;
}

/* The store alone: written until it refuses, read, given room, written on. */
static const char *fill_store(const char *folder)
{
    struct shelf shelf;
    char ballast[400], path[400];
    int status = STATUS_OK;
    uint64_t entries = 0;
    snprintf(ballast, sizeof ballast, "%s/ballast", folder);
    snprintf(path, sizeof path, "%s/store", folder);
    if (!put_ballast(ballast) || shelf_open(&shelf, path) != STATUS_OK)
        return "no store on the small disk";
    for (unsigned i = 0; i < 10000 && status == STATUS_OK; i++) {
        status = shelf_batch(&shelf, 3, i % 3 == 2 ? 40 : 2);
        entries += status == STATUS_OK ? 3 : 0;
    }
    if (status != STATUS_NO_SPACE)
        return "a full disk is not told as one";
    unlink(ballast);
    const char *wrong = judge_shelf(&shelf, entries);
    if (wrong == NULL && shelf_batch(&shelf, 3, 40) != STATUS_OK)
        wrong = "with room again nothing is written";
    if (wrong == NULL && (shelf_reopen(&shelf) != STATUS_OK || judge_shelf(&shelf, entries + 3) != NULL))
        wrong = "it does not open again as it was";
    shelf_close(&shelf);
    return wrong;
}

/* A whole exchange: refuses with a reason, answers reads, recovers. */
static const char *fill_exchange(const char *folder)
{
    struct harness harness;
    struct party hq;
    Muster__Answer *answer = NULL;
    char ballast[400], id[32];
    const char *wrong = NULL;
    int outcome = MUSTER__OUTCOME__OUTCOME_DONE;
    setenv("TMPDIR", folder, 1);
    snprintf(ballast, sizeof ballast, "%s/ballast", folder);
    if (harness_begin(&harness, "[front]\nrequests_per_second = 10000\n[store]\nfloor_megabytes = 1\n") != STATUS_OK)
        return "no exchange on the disk";
    if (mount("tmpfs", folder, "tmpfs", MS_REMOUNT | MS_NOSUID | MS_NODEV, SMALL) != 0 || !put_ballast(ballast) || party_coordinator(&harness, &hq) != STATUS_OK)
        wrong = "the disk does not shrink, or there is no coordinator";
    for (unsigned i = 0; i < ITEMS_MOST && wrong == NULL && outcome == MUSTER__OUTCOME__OUTCOME_DONE; i++) {
        snprintf(id, sizeof id, "item-%u", i);
        wrong = party_put_item(&hq, id, &answer) == STATUS_OK ? NULL : "a full disk gives no answer";
        outcome = wrong == NULL ? (int)answer->outcome : outcome;
    }
    if (wrong == NULL && outcome != MUSTER__OUTCOME__OUTCOME_NO_SPACE)
        wrong = "a full disk is not told as one";
    if (wrong == NULL && (party_ask(&hq, MUSTER__VERB__VERB_STATUS, "", 0, 10000, &answer) != STATUS_OK ||
                          answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE))
        wrong = "nothing can be read on a full disk";
    unlink(ballast);
    if (wrong == NULL && (party_put_item(&hq, "with-room", &answer) != STATUS_OK || answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE))
        wrong = "with room again nothing is taken";
    static const char *const verify[] = {"--verify", NULL};
    if (wrong == NULL && (harness_stop(&harness, NULL) != STATUS_OK || harness_task(&harness, verify) != EXIT_CODE_DONE))
        wrong = "the log does not verify";
    if (wrong != NULL)
        harness_show(&harness);
    party_close(&hq);
    harness_close(&harness);
    return wrong;
}

/* In a process of its own; the exit code. */
static int fill_both(const char *folder)
{
    alarm((unsigned)patience(SECONDS));
    if (!mount_small(folder))
        return NOT_ALLOWED;
    char first[320];
    snprintf(first, sizeof first, "%s/first", folder);
    const char *wrong = mkdir(first, 0700) == 0 && mount("tmpfs", folder, "tmpfs", MS_REMOUNT | MS_NOSUID | MS_NODEV, SMALL) == 0
                            ? fill_store(first)
                            : "no folder";
    if (mount("tmpfs", folder, "tmpfs", MS_REMOUNT | MS_NOSUID | MS_NODEV, DISK) != 0)
        return 1;
    struct scratch made = {.path = ""};
    snprintf(made.path, sizeof made.path, "%.250s", first);
    scratch_remove(&made);
    wrong = wrong == NULL ? fill_exchange(folder) : wrong;
    if (wrong != NULL)
        fprintf(stderr, "full disk: %s\n", wrong);
    return wrong == NULL ? 0 : 1;
}

bool torture_full(struct torture *torture)
{
    struct scratch scratch;
    int how = 0;
    scratch_make(&scratch);
    pid_t child = fork();
    if (child == 0)
        _exit(fill_both(scratch.path));
    while (child > 0 && waitpid(child, &how, 0) < 0) {
    }
    scratch_remove(&scratch);
    if (child > 0 && WIFEXITED(how) && WEXITSTATUS(how) == NOT_ALLOWED) {
        torture_say(torture, "full disk: left out, this machine allows no user namespace with a file system of its own");
        return true;
    }
    if (child < 0 || !WIFEXITED(how) || WEXITSTATUS(how) != 0)
        return torture_finding(torture, "full disk: a store or exchange did not take it well");
    torture->disks_filled += 2;
    torture_say(torture, "full disk: a store and an exchange refused with a reason, read on, and went on with room");
    return true;
}
