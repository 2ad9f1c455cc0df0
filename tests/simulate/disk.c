/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/simulate/disk.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define DESCRIPTORS 1024
#define FILES 64
#define PATH_MOST 512

/* One write or cut of a file that a power cut may take back. */
struct disk_change {
    unsigned file;
    bool cut;           /* to offset bytes */
    bool durable;       /* it is on the disk */
    bool waited;        /* a flush came after it */
    bool stuck;         /* a flush of it failed: no later one reaches it */
    off_t offset;
    off_t size_before;
    size_t length;      /* of after */
    size_t had;         /* of before */
    uint8_t *before;    /* what stood there; behind a cut: all that was cut off */
    uint8_t *after;
};

static struct disk *attached;
static char files[FILES][PATH_MOST]; /* their paths; empty: gone */
static unsigned file_count;
static short known[DESCRIPTORS];     /* of a descriptor: 0: not known, -1: none of ours, else 1 + its file */

static void *real(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL)
        abort();
    return function;
}

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))(uintptr_t)real(name))
#define REAL_ONCE(variable, type, name, ...)                             \
    static type (*variable)(__VA_ARGS__);                                \
    if (variable == NULL)                                                \
        variable = (type(*)(__VA_ARGS__))(uintptr_t)real(name)

static ssize_t real_pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    REAL_ONCE(function, ssize_t, "pwrite", int, const void *, size_t, off_t);
    return function(fd, bytes, length, offset);
}

/* --- whose file ------------------------------------------------------------------------------------------------ */

static bool ends_in(const char *path, const char *ending)
{
    size_t length = strlen(path), wanted = strlen(ending);
    return length >= wanted && strcmp(path + length - wanted, ending) == 0;
}

/* Locks hold nothing that lasts. */
static bool path_is_ours(const char *path)
{
    return attached != NULL && strncmp(path, attached->folder, strlen(attached->folder)) == 0 && !ends_in(path, "lock.mdb") &&
           !ends_in(path, "store.lock");
}

static short file_of_path(const char *path)
{
    for (unsigned at = 0; at < file_count; at++)
        if (strcmp(files[at], path) == 0)
            return (short)(1 + at);
    if (file_count == FILES)
        abort();
    snprintf(files[file_count], PATH_MOST, "%s", path);
    return (short)(1 + file_count++);
}

static short look(int fd)
{
    char name[64], path[PATH_MOST];
    struct stat about;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length <= 0 || fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        return -1;
    path[length] = '\0';
    return path_is_ours(path) ? file_of_path(path) : -1;
}

/* 1 + the file of a descriptor, or 0. */
static unsigned file_of(int fd)
{
    if (attached == NULL || fd < 0 || fd >= DESCRIPTORS)
        return 0;
    if (known[fd] == 0)
        known[fd] = look(fd);
    return known[fd] > 0 ? (unsigned)known[fd] : 0;
}

/* --- what is remembered ---------------------------------------------------------------------------------------- */

static void change_free(struct disk_change *change)
{
    free(change->before);
    free(change->after);
}

static uint8_t *copied(const void *bytes, size_t length)
{
    uint8_t *copy = malloc(length + 1);
    if (copy == NULL)
        abort();
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

static struct disk_change *change_new(struct disk *disk)
{
    if (disk->count == disk->capacity) {
        disk->capacity = disk->capacity == 0 ? 256 : 2 * disk->capacity;
        disk->changes = realloc(disk->changes, disk->capacity * sizeof *disk->changes);
        if (disk->changes == NULL)
            abort();
    }
    struct disk_change *change = &disk->changes[disk->count++];
    *change = (struct disk_change){0};
    return change;
}

/* Reads what stands in a file; by another descriptor, where this one can only write. */
static void must_read(int fd, unsigned file, uint8_t *bytes, size_t length, off_t offset)
{
    bool blind = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY;
    int from = blind ? open(files[file], O_RDONLY | O_CLOEXEC) : fd;
    if (pread(from, bytes, length, offset) != (ssize_t)length)
        abort();
    if (blind)
        close(from);
}

/* Notes what stands in a file from offset on, for as much as length. */
static void change_note(int fd, unsigned file, off_t offset, size_t length, struct disk_change *change)
{
    struct stat about = {0};
    fstat(fd, &about);
    *change = (struct disk_change){.file = file, .offset = offset, .size_before = about.st_size};
    size_t had = about.st_size > offset ? (size_t)(about.st_size - offset) : 0;
    change->had = had < length ? had : length;
    change->before = malloc(change->had + 1);
    if (change->before == NULL)
        abort();
    if (change->had > 0)
        must_read(fd, file, change->before, change->had, offset);
}

/* What is on the disk, with all before it, can't be taken back any more. */
static void forget_durable(struct disk *disk)
{
    size_t gone = 0;
    while (gone < disk->count && disk->changes[gone].durable)
        change_free(&disk->changes[gone++]);
    if (gone == 0)
        return;
    memmove(disk->changes, disk->changes + gone, (disk->count - gone) * sizeof *disk->changes);
    disk->count -= gone;
}

/* --- the calls ------------------------------------------------------------------------------------------------- */

enum fate { WELL, FAILS, SHORT, DONE, DEAD };

static enum fate next_fate(struct disk *disk)
{
    if (!disk->effect(disk->data))
        return DEAD;
    if (disk->fault.after == 0)
        return WELL;
    if (disk->fault.after > 1) {
        disk->fault.after--;
        return WELL;
    }
    if (!disk->fault.always)
        disk->fault.after = 0;
    disk->fault.fired++;
    return disk->fault.how == DISK_SHORT ? SHORT : disk->fault.how == DISK_DONE ? DONE : FAILS;
}

static int fate_error(const struct disk *disk, enum fate fate)
{
    return fate == DEAD ? EIO : disk->fault.error;
}

static ssize_t write_at(int fd, unsigned file, const void *bytes, size_t length, off_t offset)
{
    struct disk *disk = attached;
    enum fate fate = next_fate(disk);
    bool last = fate == DEAD && disk->dying;
    disk->dying = disk->dying && !last;
    if ((fate == DEAD && !last) || fate == FAILS) {
        errno = fate_error(disk, fate);
        return -1;
    }
    size_t part = fate == SHORT ? length / 2 : length;
    struct disk_change change;
    change_note(fd, file - 1, offset, part, &change);
    ssize_t written = real_pwrite(fd, bytes, part, offset);
    int error = errno;
    disk->writes++;
    if (written > 0) {
        change.after = copied(bytes, (size_t)written);
        change.length = (size_t)written;
        change.durable = (fcntl(fd, F_GETFL) & O_DSYNC) != 0 && !last && !disk->lies && !disk->late;
        *change_new(disk) = change;
    } else {
        change_free(&change);
    }
    if (fate == DONE || last) {
        written = -1;
        error = fate_error(disk, fate);
    }
    errno = error;
    return written;
}

static int flush(unsigned file)
{
    struct disk *disk = attached;
    enum fate fate = next_fate(disk);
    bool reached = fate == WELL || fate == DONE;
    for (size_t at = 0; at < disk->count && fate != DEAD; at++) {
        struct disk_change *change = &disk->changes[at];
        if (change->file != file - 1)
            continue;
        change->durable = change->durable || (reached && !change->stuck && !disk->lies && (!disk->late || change->waited));
        change->waited = true;
        change->stuck = change->stuck || !reached;
    }
    disk->flushes += reached;
    forget_durable(disk);
    errno = fate == WELL ? 0 : fate_error(disk, fate);
    return fate == WELL ? 0 : -1;
}

int close(int fd)
{
    REAL_ONCE(function, int, "close", int);
    if (fd >= 0 && fd < DESCRIPTORS)
        known[fd] = 0;
    return function(fd);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    unsigned file = file_of(fd);
    return file != 0 ? write_at(fd, file, bytes, length, offset) : real_pwrite(fd, bytes, length, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset)
{
    return pwrite(fd, bytes, length, offset);
}

/* As a plain write, which moves the file's position. */
static ssize_t write_on(int fd, unsigned file, const void *bytes, size_t length)
{
    off_t position = lseek(fd, 0, (fcntl(fd, F_GETFL) & O_APPEND) != 0 ? SEEK_END : SEEK_CUR);
    ssize_t written = write_at(fd, file, bytes, length, position);
    int error = errno;
    if (written > 0)
        lseek(fd, position + written, SEEK_SET);
    errno = error;
    return written;
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    REAL_ONCE(function, ssize_t, "write", int, const void *, size_t);
    unsigned file = file_of(fd);
    return file != 0 ? write_on(fd, file, bytes, length) : function(fd, bytes, length);
}

static ssize_t write_pieces(int fd, unsigned file, const struct iovec *pieces, int count, off_t offset, bool on)
{
    size_t total = 0, at = 0;
    for (int i = 0; i < count; i++)
        total += pieces[i].iov_len;
    uint8_t *bytes = malloc(total + 1);
    if (bytes == NULL)
        abort();
    for (int i = 0; i < count; at += pieces[i].iov_len, i++)
        memcpy(bytes + at, pieces[i].iov_base, pieces[i].iov_len);
    ssize_t written = on ? write_on(fd, file, bytes, total) : write_at(fd, file, bytes, total, offset);
    int error = errno;
    free(bytes);
    errno = error;
    return written;
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    unsigned file = file_of(fd);
    return file != 0 ? write_pieces(fd, file, pieces, count, 0, true)
                     : REAL(ssize_t, "writev", int, const struct iovec *, int)(fd, pieces, count);
}

ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset)
{
    unsigned file = file_of(fd);
    return file != 0 ? write_pieces(fd, file, pieces, count, offset, false)
                     : REAL(ssize_t, "pwritev", int, const struct iovec *, int, off_t)(fd, pieces, count, offset);
}

int fdatasync(int fd)
{
    unsigned file = file_of(fd);
    return file != 0 ? flush(file) : REAL(int, "fdatasync", int)(fd);
}

int fsync(int fd)
{
    unsigned file = file_of(fd);
    return file != 0 ? flush(file) : REAL(int, "fsync", int)(fd);
}

int ftruncate(int fd, off_t length)
{
    REAL_ONCE(function, int, "ftruncate", int, off_t);
    unsigned file = file_of(fd);
    if (file == 0)
        return function(fd, length);
    struct disk *disk = attached;
    enum fate fate = next_fate(disk);
    if (fate != WELL && fate != DONE) {
        errno = fate_error(disk, fate);
        return -1;
    }
    struct stat about = {0};
    fstat(fd, &about);
    struct disk_change change;
    change_note(fd, file - 1, length, about.st_size > length ? (size_t)(about.st_size - length) : 0, &change);
    change.cut = true;
    *change_new(disk) = change;
    int result = function(fd, length);
    errno = fate == DONE ? disk->fault.error : errno;
    return fate == DONE ? -1 : result;
}

/* What is remembered of a file that has no name any more. */
static void drop_file(const char *path)
{
    struct disk *disk = attached;
    size_t kept = 0;
    unsigned file = (unsigned)file_of_path(path) - 1;
    for (size_t at = 0; at < disk->count; at++) {
        if (disk->changes[at].file == file)
            change_free(&disk->changes[at]);
        else
            disk->changes[kept++] = disk->changes[at];
    }
    disk->count = kept;
    files[file][0] = '\0';
}

int rename(const char *from, const char *to)
{
    if (!path_is_ours(to))
        return REAL(int, "rename", const char *, const char *)(from, to);
    struct disk *disk = attached;
    enum fate fate = next_fate(disk);
    if (fate != WELL && fate != DONE) {
        errno = fate_error(disk, fate);
        return -1;
    }
    int result = REAL(int, "rename", const char *, const char *)(from, to);
    if (result == 0) {
        drop_file(to);
        snprintf(files[file_of_path(from) - 1], PATH_MOST, "%s", to);
    }
    errno = fate == DONE ? disk->fault.error : errno;
    return fate == DONE ? -1 : result;
}

int unlink(const char *path)
{
    REAL_ONCE(function, int, "unlink", const char *);
    if (!path_is_ours(path))
        return function(path);
    if (!attached->effect(attached->data)) {
        errno = EIO;
        return -1;
    }
    int result = function(path);
    if (result == 0)
        drop_file(path);
    return result;
}

int unlinkat(int folder, const char *name, int flags)
{
    char link[64], path[PATH_MOST], whole[2 * PATH_MOST];
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0 || flags != 0)
        return REAL(int, "unlinkat", int, const char *, int)(folder, name, flags);
    path[length] = '\0';
    snprintf(whole, sizeof whole, "%s/%s", path, name);
    return unlink(whole);
}

/* --- the disk -------------------------------------------------------------------------------------------------- */

void disk_open(struct disk *disk, const char *folder, bool (*effect)(void *data), void *data)
{
    *disk = (struct disk){.effect = effect, .data = data};
    snprintf(disk->folder, sizeof disk->folder, "%s", folder);
    memset(known, 0, sizeof known);
    file_count = 0;
    attached = disk;
}

void disk_settle(struct disk *disk)
{
    for (size_t at = 0; at < disk->count; at++)
        change_free(&disk->changes[at]);
    disk->count = 0;
}

void disk_close(struct disk *disk)
{
    disk_settle(disk);
    free(disk->changes);
    *disk = (struct disk){0};
    attached = NULL;
}

void disk_arm(struct disk *disk, unsigned after, enum disk_how how, int error, bool always)
{
    disk->fault.after = after;
    disk->fault.how = how;
    disk->fault.error = error;
    disk->fault.always = always;
}

static int change_open(const struct disk_change *change)
{
    return files[change->file][0] == '\0' ? -1 : open(files[change->file], O_RDWR | O_CLOEXEC);
}

static void must_write(int fd, const uint8_t *bytes, size_t length, off_t offset)
{
    if (length > 0 && real_pwrite(fd, bytes, length, offset) != (ssize_t)length)
        abort();
}

static void must_cut(int fd, off_t length)
{
    if (REAL(int, "ftruncate", int, off_t)(fd, length) != 0)
        abort();
}

static void change_undo(const struct disk_change *change)
{
    int fd = change_open(change);
    if (fd < 0)
        return;
    must_cut(fd, change->size_before);
    must_write(fd, change->before, change->had, change->offset);
    close(fd);
}

static void change_redo(const struct disk_change *change, size_t length)
{
    int fd = change_open(change);
    if (fd < 0)
        return;
    if (change->cut)
        must_cut(fd, change->offset);
    must_write(fd, change->after, length, change->offset);
    close(fd);
}

void disk_power_cut(struct disk *disk, struct dice *dice)
{
    attached = NULL;
    for (size_t at = disk->count; at > 0; at--)
        change_undo(&disk->changes[at - 1]);
    /* Some cuts lose nearly all, some nearly nothing. */
    unsigned kept = (unsigned)dice_roll(dice, 11) * 100;
    for (size_t at = 0; at < disk->count; at++) {
        const struct disk_change *change = &disk->changes[at];
        size_t length = change->length;
        if (!change->durable && !dice_is(dice, kept)) {
            disk->dropped++;
            if (change->cut || length < DISK_SECTOR || !dice_is(dice, 200))
                continue;
            length = DISK_SECTOR * dice_roll(dice, length / DISK_SECTOR);
        }
        change_redo(change, length);
    }
    attached = disk;
    disk_settle(disk);
}
