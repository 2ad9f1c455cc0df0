/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/link/head.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "proto/status.h"

#define HEAD_ARENA_CAP (1u << 16)
#define PROVE_TRIES 5u /* other commands of the same party may advance the head meanwhile */

static int head_path(const struct profile *profile, char *path)
{
    return files_path(path, profile->state, "head", NULL);
}

int head_read_note(const struct profile *profile, struct arena *arena, uint8_t **note, size_t *size)
{
    char path[FILES_PATH_MOST];
    int status = head_path(profile, path);
    *size = 0;
    status = status ? status : files_read(path, NOTE_MOST, arena, note, size);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

int head_load(const struct profile *profile, struct head *head)
{
    struct arena arena;
    uint8_t *note = NULL;
    size_t size = 0;
    *head = (struct head){0};
    arena_init(&arena, HEAD_ARENA_CAP);
    int status = head_read_note(profile, &arena, &note, &size);
    if (status == STATUS_OK && size) {
        status = tlog_head_open(&profile->log_key, (const char *)note, size, &head->head, head->signature);
    }
    arena_drop(&arena);
    return status;
}

void head_fill(struct head *head, Muster__Head *field)
{
    muster__head__init(field);
    field->size = head->head.size;
    if (head->head.size) {
        field->root.data = head->head.root;
        field->root.len = sizeof head->head.root;
        field->signature.data = head->signature;
        field->signature.len = sizeof head->signature;
    }
}

/* Both heads of a fork, named by their sizes; what was saved before stays. */
static int save_fork(const struct profile *profile, const struct tlog_head *shown, const char *note, size_t length)
{
    char folder[FILES_PATH_MOST], path[FILES_PATH_MOST], name[64];
    struct arena arena;
    struct head kept;
    uint8_t *own = NULL;
    size_t own_size = 0;
    arena_init(&arena, HEAD_ARENA_CAP);
    int status = head_load(profile, &kept);
    status = status ? status : head_read_note(profile, &arena, &own, &own_size);
    status = status ? status : files_path(folder, profile->data, "forks", NULL);
    status = status ? status : files_make_folder(folder);
    if (status == STATUS_OK) {
        snprintf(name, sizeof name, "%" PRIu64 "-%" PRIu64 "-kept", kept.head.size, shown->size);
        status = files_path(path, folder, name, NULL);
        status = status ? status : files_write(path, own, own_size, 0600, true);
    }
    if (status == STATUS_OK) {
        snprintf(name, sizeof name, "%" PRIu64 "-%" PRIu64 "-shown", kept.head.size, shown->size);
        status = files_path(path, folder, name, NULL);
        status = status ? status : files_write(path, note, length, 0600, true);
    }
    arena_drop(&arena);
    return status ? status : STATUS_CORRUPT;
}

/* Holds other commands off while the kept head is compared and replaced. -1 where no lock can be had. */
static int lock_heads(const struct profile *profile)
{
    char path[FILES_PATH_MOST];
    if (files_path(path, profile->state, "head.lock", NULL) != STATUS_OK || files_make_folder(profile->state) != STATUS_OK) {
        return -1;
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int accept_locked(const struct profile *profile, uint64_t base, const struct tlog_head *shown, const char *note, size_t note_length, const uint8_t *proof,
                         size_t proof_size)
{
    char path[FILES_PATH_MOST];
    struct head kept;
    int status = head_load(profile, &kept);
    if (status != STATUS_OK) {
        return status;
    }
    if (shown->size < kept.head.size) {
        return STATUS_STALE;
    }
    if (shown->size == kept.head.size) {
        return memcmp(shown->root, kept.head.root, sizeof shown->root) == 0 ? STATUS_OK : save_fork(profile, shown, note, note_length);
    }
    if (kept.head.size > 0 && kept.head.size != base) {
        return STATUS_BUSY;
    }
    if (kept.head.size > 0 && tlog_consistency_verify(&kept.head, shown, proof, proof_size) != STATUS_OK) {
        return save_fork(profile, shown, note, note_length);
    }
    status = head_path(profile, path);
    return status ? status : files_write(path, note, note_length, 0600, true);
}

int head_accept(const struct profile *profile, uint64_t base, const char *note, size_t note_length, const uint8_t *proof, size_t proof_size)
{
    struct tlog_head shown;
    if (tlog_head_open(&profile->log_key, note, note_length, &shown, NULL) != STATUS_OK) {
        return STATUS_FORGED;
    }
    int lock = lock_heads(profile);
    if (lock < 0) {
        return STATUS_IO;
    }
    int status = accept_locked(profile, base, &shown, note, note_length, proof, proof_size);
    close(lock);
    return status;
}

/* Asks that the smaller head is a prefix of the larger, by sizes. */
static int ask_proof(struct link *link, uint64_t old_size, uint64_t size, struct arena *arena, const Muster__ProofAnswer **answer)
{
    struct link_reply reply;
    Muster__ProofRequest request = MUSTER__PROOF_REQUEST__INIT;
    request.old_size = old_size;
    request.size = size;
    int status = link_ask_message(link, MUSTER__VERB__VERB_PROOF, &request.base, arena, &reply);
    if (status == STATUS_OK && (reply.answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE || !reply.body)) {
        return STATUS_DENIED;
    }
    *answer = status == STATUS_OK ? (const Muster__ProofAnswer *)reply.body : NULL;
    return status;
}

int head_prove(struct link *link, const char *note, size_t note_length, struct arena *arena)
{
    const struct profile *profile = link_profile(link);
    struct tlog_head shown;
    struct head kept;
    if (tlog_head_open(&profile->log_key, note, note_length, &shown, NULL) != STATUS_OK) {
        return STATUS_FORGED;
    }
    for (unsigned tries = 0; tries < PROVE_TRIES; tries++) {
        const Muster__ProofAnswer *answer = NULL;
        int status = head_load(profile, &kept);
        if (status != STATUS_OK) {
            return status;
        }
        if (kept.head.size == 0 || kept.head.size == shown.size) {
            return head_accept(profile, kept.head.size, note, note_length, NULL, 0);
        }
        bool lower = shown.size < kept.head.size;
        status = ask_proof(link, lower ? shown.size : kept.head.size, lower ? kept.head.size : shown.size, arena, &answer);
        if (status != STATUS_OK) {
            return status;
        }
        if (lower) {
            return tlog_consistency_verify(&shown, &kept.head, answer->hashes.data, answer->hashes.len) == STATUS_OK ? STATUS_OK
                                                                                                                    : save_fork(profile, &shown, note, note_length);
        }
        status = head_accept(profile, kept.head.size, note, note_length, answer->hashes.data, answer->hashes.len);
        if (status != STATUS_BUSY && status != STATUS_STALE) {
            return status;
        }
    }
    return STATUS_BUSY;
}

int head_update(struct link *link, struct arena *arena, uint64_t *time)
{
    struct head kept;
    struct link_reply reply;
    int status = head_load(link_profile(link), &kept);
    if (status != STATUS_OK) {
        return status;
    }
    Muster__HeadRequest request = MUSTER__HEAD_REQUEST__INIT;
    request.old_size = kept.head.size;
    status = link_ask_message(link, MUSTER__VERB__VERB_HEAD, &request.base, arena, &reply);
    if (status != STATUS_OK) {
        return status;
    }
    const Muster__HeadAnswer *answer = (const Muster__HeadAnswer *)reply.body;
    if (reply.answer->outcome == MUSTER__OUTCOME__OUTCOME_FORKED) {
        return STATUS_CORRUPT;
    }
    if (reply.answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE || !answer) {
        return STATUS_DENIED;
    }
    if (time) {
        *time = answer->time;
    }
    const char *note = (const char *)answer->checkpoint.data;
    status = head_accept(link_profile(link), kept.head.size, note, answer->checkpoint.len, answer->consistency.data, answer->consistency.len);
    if (status == STATUS_BUSY || (status == STATUS_STALE && kept.head.size == 0)) {
        return head_prove(link, note, answer->checkpoint.len, arena);
    }
    /* The newest head is lower than one that was shown before it was asked for: the log went back. */
    if (status == STATUS_STALE) {
        struct tlog_head shown;
        if (tlog_head_open(&link_profile(link)->log_key, note, answer->checkpoint.len, &shown, NULL) == STATUS_OK) {
            status = shown.size < kept.head.size ? save_fork(link_profile(link), &shown, note, answer->checkpoint.len) : STATUS_OK;
        }
    }
    return status;
}
