/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/link/head.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/status.h"

#define HEAD_ARENA_CAP (1u << 16)

static int head_path(const struct profile *profile, char *path)
{
    return files_path(path, profile->state, "head", NULL);
}

/* The kept note itself; *size is 0 where there is none. */
static int read_note(const struct profile *profile, struct arena *arena, uint8_t **note, size_t *size)
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
    int status = read_note(profile, &arena, &note, &size);
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
    status = status ? status : read_note(profile, &arena, &own, &own_size);
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

int head_accept(const struct profile *profile, const char *note, size_t note_length, const uint8_t *proof, size_t proof_size)
{
    char path[FILES_PATH_MOST];
    struct tlog_head shown;
    struct head kept;
    if (tlog_head_open(&profile->log_key, note, note_length, &shown, NULL) != STATUS_OK) {
        return STATUS_FORGED;
    }
    int status = head_load(profile, &kept);
    if (status != STATUS_OK) {
        return status;
    }
    if (shown.size < kept.head.size) {
        return STATUS_STALE;
    }
    if (shown.size == kept.head.size) {
        return memcmp(shown.root, kept.head.root, sizeof shown.root) == 0 ? STATUS_OK : save_fork(profile, &shown, note, note_length);
    }
    if (kept.head.size > 0 && tlog_consistency_verify(&kept.head, &shown, proof, proof_size) != STATUS_OK) {
        return save_fork(profile, &shown, note, note_length);
    }
    status = head_path(profile, path);
    status = status ? status : files_make_folder(profile->state);
    return status ? status : files_write(path, note, note_length, 0600, true);
}

int head_check_older(struct link *link, const struct tlog_head *older, const char *note, size_t note_length, struct arena *arena)
{
    struct head kept;
    struct link_reply reply;
    int status = head_load(link_profile(link), &kept);
    if (status != STATUS_OK) {
        return status;
    }
    Muster__ProofRequest request = MUSTER__PROOF_REQUEST__INIT;
    request.old_size = older->size;
    request.size = kept.head.size;
    status = link_ask_message(link, MUSTER__VERB__VERB_PROOF, &request.base, arena, &reply);
    if (status != STATUS_OK) {
        return status;
    }
    const Muster__ProofAnswer *answer = (const Muster__ProofAnswer *)reply.body;
    if (reply.answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE || !answer) {
        return STATUS_DENIED;
    }
    if (tlog_consistency_verify(older, &kept.head, answer->hashes.data, answer->hashes.len) != STATUS_OK) {
        return save_fork(link_profile(link), older, note, note_length);
    }
    return STATUS_OK;
}

int head_update(struct link *link, struct arena *arena)
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
    status = head_accept(link_profile(link), (const char *)answer->checkpoint.data, answer->checkpoint.len, answer->consistency.data,
                         answer->consistency.len);
    /* A lower head than the kept one means that the log went back: its proof can't exist. */
    if (status == STATUS_STALE) {
        struct tlog_head shown;
        if (tlog_head_open(&link_profile(link)->log_key, (const char *)answer->checkpoint.data, answer->checkpoint.len, &shown, NULL) == STATUS_OK) {
            status = save_fork(link_profile(link), &shown, (const char *)answer->checkpoint.data, answer->checkpoint.len);
        }
    }
    return status;
}
