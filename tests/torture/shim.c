/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A faulty disk in front of the real one, to be preloaded (LD_PRELOAD) into any program. It counts the calls that write
 * to, flush or name files whose path ends in one of $SHIM_FILE (endings with ":" between), over the whole life of the process, and lets the $SHIM_AT-th (from 1), or with
 * SHIM_ALWAYS=1 all from it on, go wrong as $SHIM_HOW says:
 *     fail   nothing is done, and $SHIM_ERROR is reported (a number, EIO by default)
 *     short  half of the bytes are written, and as many reported (a flush: as fail)
 *     done   it is done, and $SHIM_ERROR is reported all the same
 *     kill   the process is killed instead
 * $SHIM_FIRED names a file that gets a byte when that happens. $SHIM_RECORD names a file to which every such call is appended
 * as it reached the disk, for a replay of power cuts; what is written to files whose path ends in $SHIM_ACKS is recorded as an
 * acknowledgement. tests/torture/record.h has the form of the records.
 *
 * A process that confines itself can open nothing any more: what a descriptor is, is asked once, and the shim's own two files are opened before,
 * again where the process closes all that it does not know.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/torture/record.h"

#define DESCRIPTORS 4096

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long calls;

static void *real(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) {
        abort();
    }
    return function;
}

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))(uintptr_t)real(name))

/* What is known of a descriptor: whether its path ends in $SHIM_FILE, in $SHIM_ACKS; forgotten when it is closed. */
enum known { UNKNOWN, NEITHER, IS_ACKS, IS_FILE /* the first of them; the next has the next number */ };
static unsigned char known[DESCRIPTORS];

static int fired_fd = -1, record_fd = -1;

/* Which of a variable's endings a path has; -1: none. */
static int ending_of(const char *path, const char *variable)
{
    const char *ending = getenv(variable);
    size_t length = strlen(path);
    for (int number = 0; ending && *ending; number++) {
        size_t wanted = strcspn(ending, ":");
        if (wanted && length >= wanted && memcmp(path + length - wanted, ending, wanted) == 0) {
            return number;
        }
        ending += wanted + (ending[wanted] == ':');
    }
    return -1;
}

static int look(int fd)
{
    char name[64], path[1024];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    int number = ending_of(path, "SHIM_FILE");
    return number >= 0 ? IS_FILE + number : ending_of(path, "SHIM_ACKS") >= 0 ? IS_ACKS : NEITHER;
}

static int known_as(int fd)
{
    if (fd < 0 || fd >= DESCRIPTORS) {
        return fd < 0 ? NEITHER : look(fd);
    }
    if (known[fd] == UNKNOWN) {
        known[fd] = (unsigned char)look(fd);
    }
    return known[fd];
}

static bool is_file(int fd)
{
    return known_as(fd) >= IS_FILE;
}

static int open_own(const char *variable, int flags)
{
    const char *path = getenv(variable);
    int fd = path && *path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600) : -1;
    if (fd >= 0 && fd < DESCRIPTORS) {
        known[fd] = NEITHER;
    }
    return fd;
}

__attribute__((constructor)) static void open_own_files(void)
{
    fired_fd = open_own("SHIM_FIRED", 0);
    record_fd = open_own("SHIM_RECORD", O_APPEND);
}

int close(int fd)
{
    if (fd >= 0 && fd < DESCRIPTORS) {
        known[fd] = UNKNOWN;
    }
    return REAL(int, "close", int)(fd);
}

int close_range(unsigned first, unsigned last, int flags)
{
    int result = REAL(int, "close_range", unsigned, unsigned, int)(first, last, flags);
    for (unsigned fd = first; fd <= last && fd < DESCRIPTORS; fd++) {
        known[fd] = UNKNOWN;
    }
    open_own_files();
    return result;
}

static void record(enum record_kind kind, int file, uint64_t offset, const void *bytes, size_t length)
{
    const struct record_head head = {.kind = (uint32_t)kind, .length = (uint32_t)length, .file = (uint64_t)file, .offset = offset};
    int fd = record_fd;
    if (fd < 0) {
        return;
    }
    struct iovec parts[2] = {{(void *)(uintptr_t)&head, sizeof head}, {(void *)(uintptr_t)bytes, length}};
    if (REAL(ssize_t, "writev", int, const struct iovec *, int)(fd, parts, 2) != (ssize_t)(sizeof head + length)) {
        abort();
    }
}

enum how { WELL, FAIL, SHORT, DONE };

/* The file is there from the start; what stands in it says that it happened. */
static void note_fired(void)
{
    ssize_t written = fired_fd >= 0 ? REAL(ssize_t, "write", int, const void *, size_t)(fired_fd, "!", 1) : 0;
    (void)written;
}

/* What becomes of this call. */
static enum how next_how(void)
{
    const char *at = getenv("SHIM_AT"), *how = getenv("SHIM_HOW"), *always = getenv("SHIM_ALWAYS");
    unsigned long wanted = at ? strtoul(at, NULL, 10) : 0;
    calls++;
    if (!wanted || !how || (calls != wanted && !(always && *always == '1' && calls > wanted))) {
        return WELL;
    }
    note_fired();
    if (strcmp(how, "kill") == 0) {
        raise(SIGKILL);
    }
    return strcmp(how, "short") == 0 ? SHORT : strcmp(how, "done") == 0 ? DONE : FAIL;
}

static int told_error(void)
{
    const char *error = getenv("SHIM_ERROR");
    return error && *error ? atoi(error) : EIO;
}

/* One write of length bytes at offset by whichever call; bytes are in one piece. */
static ssize_t shim_write(int fd, const void *bytes, size_t length, off_t offset)
{
    pthread_mutex_lock(&mutex);
    enum how how = next_how();
    ssize_t result = -1;
    int error = 0;
    if (how == FAIL) {
        error = told_error();
    } else {
        int flags = fcntl(fd, F_GETFL);
        size_t part = how == SHORT ? length / 2 : length;
        /* Past the page cache only whole blocks are written. */
        part = how == SHORT && flags & O_DIRECT ? part / 4096 * 4096 : part;
        result = REAL(ssize_t, "pwrite", int, const void *, size_t, off_t)(fd, bytes, part, offset);
        error = result < 0 ? errno : 0;
        if (result > 0) {
            record(flags & O_DSYNC ? RECORD_DURABLE_WRITE : RECORD_WRITE, known_as(fd) - IS_FILE, (uint64_t)offset, bytes, (size_t)result);
        }
        if (how == DONE) {
            result = -1;
            error = told_error();
        }
    }
    pthread_mutex_unlock(&mutex);
    errno = error;
    return result;
}

static int shim_flush(int fd, const char *name)
{
    pthread_mutex_lock(&mutex);
    enum how how = next_how();
    int result = -1, error = told_error();
    if (how != FAIL && how != SHORT) {
        result = REAL(int, name, int)(fd);
        error = result < 0 ? errno : 0;
        if (result == 0) {
            record(RECORD_FLUSH, known_as(fd) - IS_FILE, 0, "", 0);
        }
        if (how == DONE) {
            result = -1;
            error = told_error();
        }
    }
    pthread_mutex_unlock(&mutex);
    errno = error;
    return result;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    return is_file(fd) ? shim_write(fd, bytes, length, offset)
                                    : REAL(ssize_t, "pwrite", int, const void *, size_t, off_t)(fd, bytes, length, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset)
{
    return pwrite(fd, bytes, length, offset);
}

/* The file's own position, moved as a plain write would move it. */
static ssize_t write_at_position(int fd, const void *bytes, size_t length)
{
    off_t position = lseek(fd, 0, SEEK_CUR);
    ssize_t written = shim_write(fd, bytes, length, position);
    if (written > 0) {
        lseek(fd, position + written, SEEK_SET);
    }
    return written;
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    if (is_file(fd)) {
        return write_at_position(fd, bytes, length);
    }
    ssize_t written = REAL(ssize_t, "write", int, const void *, size_t)(fd, bytes, length);
    if (written > 0 && known_as(fd) == IS_ACKS) {
        pthread_mutex_lock(&mutex);
        record(RECORD_ACKNOWLEDGED, 0, 0, bytes, (size_t)written);
        pthread_mutex_unlock(&mutex);
    }
    return written;
}

static ssize_t write_pieces(int fd, const struct iovec *pieces, int count, off_t offset, bool position)
{
    size_t total = 0;
    for (int i = 0; i < count; i++) {
        total += pieces[i].iov_len;
    }
    unsigned char *bytes = malloc(total ? total : 1);
    if (!bytes) {
        errno = ENOMEM;
        return -1;
    }
    size_t at = 0;
    for (int i = 0; i < count; i++) {
        memcpy(bytes + at, pieces[i].iov_base, pieces[i].iov_len);
        at += pieces[i].iov_len;
    }
    ssize_t written = position ? write_at_position(fd, bytes, total) : shim_write(fd, bytes, total, offset);
    int error = errno;
    free(bytes);
    errno = error;
    return written;
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    return is_file(fd) ? write_pieces(fd, pieces, count, 0, true)
                                    : REAL(ssize_t, "writev", int, const struct iovec *, int)(fd, pieces, count);
}

ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset)
{
    return is_file(fd) ? write_pieces(fd, pieces, count, offset, false)
                                    : REAL(ssize_t, "pwritev", int, const struct iovec *, int, off_t)(fd, pieces, count, offset);
}

int fdatasync(int fd)
{
    return is_file(fd) ? shim_flush(fd, "fdatasync") : REAL(int, "fdatasync", int)(fd);
}

int fsync(int fd)
{
    return is_file(fd) ? shim_flush(fd, "fsync") : REAL(int, "fsync", int)(fd);
}

int rename(const char *from, const char *to)
{
    int number = ending_of(to, "SHIM_FILE");
    if (number < 0) {
        return REAL(int, "rename", const char *, const char *)(from, to);
    }
    pthread_mutex_lock(&mutex);
    enum how how = next_how();
    int result = -1, error = told_error();
    if (how != FAIL && how != SHORT) {
        result = REAL(int, "rename", const char *, const char *)(from, to);
        error = result < 0 ? errno : 0;
        if (result == 0) {
            record(RECORD_PLACED, number, 0, "", 0);
        }
        if (how == DONE) {
            result = -1;
            error = told_error();
        }
    }
    pthread_mutex_unlock(&mutex);
    errno = error;
    return result;
}

int ftruncate(int fd, off_t length)
{
    if (!is_file(fd)) {
        return REAL(int, "ftruncate", int, off_t)(fd, length);
    }
    pthread_mutex_lock(&mutex);
    enum how how = next_how();
    int result = -1, error = told_error();
    if (how != FAIL && how != SHORT) {
        result = REAL(int, "ftruncate", int, off_t)(fd, length);
        error = result < 0 ? errno : 0;
        if (result == 0) {
            record(RECORD_TRUNCATE, known_as(fd) - IS_FILE, (uint64_t)length, "", 0);
        }
        if (how == DONE) {
            result = -1;
            error = told_error();
        }
    }
    pthread_mutex_unlock(&mutex);
    errno = error;
    return result;
}
