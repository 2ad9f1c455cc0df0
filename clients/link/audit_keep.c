/* SPDX-License-Identifier: EUPL-1.2 */
/* What an audit keeps: the leaf hashes one after the other, only ever added to, and the signed head under which they hold. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/link/audit.h"
#include "proto/status.h"

#define KEEP_ARENA_CAP (1u << 16)
#define HASHES_AT_ONCE 4096u

int audit_path(const struct profile *profile, const char *name, char *path)
{
    return files_path(path, profile->state, "audit", name, NULL);
}

/* Reads the leaves that the head counts; more may lie there, from an audit that was cut off before it kept its head. */
static int read_leaves(int fd, uint64_t size, struct tlog_tree *tree)
{
    uint8_t hashes[HASHES_AT_ONCE][TLOG_HASH_SIZE];
    int status = STATUS_OK;
    while (tree->size < size && status == STATUS_OK) {
        uint64_t left = size - tree->size;
        size_t wanted = (left < HASHES_AT_ONCE ? (size_t)left : HASHES_AT_ONCE) * TLOG_HASH_SIZE;
        ssize_t got = pread(fd, hashes, wanted, (off_t)(tree->size * TLOG_HASH_SIZE));
        if (got < 0) {
            return STATUS_IO;
        }
        if ((size_t)got != wanted) {
            return STATUS_CORRUPT;
        }
        for (size_t at = 0; at < wanted / TLOG_HASH_SIZE && status == STATUS_OK; at++) {
            status = tlog_tree_append(tree, hashes[at]);
        }
    }
    return status;
}

static int load(const struct profile *profile, struct audit *audit, struct arena *arena)
{
    char path[FILES_PATH_MOST];
    uint8_t *note = NULL, root[TLOG_HASH_SIZE];
    size_t size = 0;
    struct tlog_head head;
    int status = audit_path(profile, "head", path);
    status = status ? status : files_read(path, NOTE_MOST, arena, &note, &size);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    /* What was followed of another log, before the exchange was restored under a new key, is followed no further. */
    size_t name = strlen(profile->log_key.name);
    if (size <= name || memcmp(note, profile->log_key.name, name) != 0 || note[name] != '\n') {
        return STATUS_OK;
    }
    if (tlog_head_open(&profile->log_key, (const char *)note, size, &head, NULL) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    status = audit_path(profile, "leaves", path);
    if (status != STATUS_OK) {
        return status;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? STATUS_CORRUPT : STATUS_IO;
    }
    status = read_leaves(fd, head.size, &audit->tree);
    close(fd);
    status = status ? status : tlog_tree_root(&audit->tree, head.size, root);
    if (status == STATUS_OK && memcmp(root, head.root, sizeof root) != 0) {
        status = STATUS_CORRUPT;
    }
    if (status == STATUS_OK) {
        audit->head = head;
    }
    return status;
}

int audit_load(const struct profile *profile, struct audit *audit)
{
    struct arena arena;
    *audit = (struct audit){0};
    arena_init(&arena, KEEP_ARENA_CAP);
    int status = load(profile, audit, &arena);
    arena_drop(&arena);
    if (status != STATUS_OK) {
        audit_drop(audit);
    }
    return status;
}

static int write_leaves(int fd, const struct audit *audit, uint64_t known)
{
    uint64_t at = known * TLOG_HASH_SIZE, end = audit->head.size * TLOG_HASH_SIZE;
    if (ftruncate(fd, (off_t)at) != 0) {
        return STATUS_IO;
    }
    while (at < end) {
        ssize_t written = pwrite(fd, tlog_tree_leaf(&audit->tree, 0) + at, (size_t)(end - at), (off_t)at);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return errno == ENOSPC || errno == EDQUOT ? STATUS_NO_SPACE : STATUS_IO;
        }
        at += (uint64_t)written;
    }
    return fdatasync(fd) == 0 ? STATUS_OK : STATUS_IO;
}

int audit_save(const struct profile *profile, const struct audit *audit, uint64_t known, const char *note, size_t note_length)
{
    char path[FILES_PATH_MOST];
    int status = files_path(path, profile->state, "audit", NULL);
    status = status ? status : files_make_folder(path);
    status = status ? status : audit_path(profile, "leaves", path);
    if (status != STATUS_OK) {
        return status;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return STATUS_IO;
    }
    status = write_leaves(fd, audit, known);
    close(fd);
    status = status ? status : audit_path(profile, "head", path);
    return status ? status : files_write(path, note, note_length, 0600, true);
}

void audit_drop(struct audit *audit)
{
    tlog_tree_free(&audit->tree);
    *audit = (struct audit){0};
}

int audit_lock(const struct profile *profile)
{
    char path[FILES_PATH_MOST];
    if (files_path(path, profile->state, "audit", NULL) != STATUS_OK || files_make_folder(path) != STATUS_OK || audit_path(profile, "lock", path) != STATUS_OK) {
        return -1;
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}
