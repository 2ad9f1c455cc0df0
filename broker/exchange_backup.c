/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/exchange_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "broker/init_folder.h"
#include "broker/seal.h"
#include "proto/entry.h"
#include "proto/envelope.h"
#include "proto/lines.h"
#include "proto/status.h"
#include "proto/verbs.h"
#include "proto/walk.h"
#include "store/log_copy.h"

#define RECOVERY_FILE "keys/recovery.pub"
#define RECOVERY_LABEL "muster-recovery v1 "
#define PATH_MOST 1200u
#define PART_BUDGET ((size_t)256 << 10) /* plain bytes of an answer; one entry more may be up to 15 MiB */
#define REQUEST_MOST 256u
#define ENTRY_ARENA_CAP ((size_t)192 << 20)

struct exchange_backups {
    pthread_mutex_t mutex;
    bool has_key;
    uint8_t recovery[32];
    /* the one under way */
    struct vault_writer *writer; /* NULL: none */
    char party[33];
    uint64_t entry;    /* that opened it */
    uint64_t size;     /* entries that it holds */
    uint64_t position; /* the next one */
    crypto_hash_sha256_state hash;
    uint8_t sha256[32];
    bool last;         /* the part at hand is the last */
    uint64_t offset;   /* of the part at hand */
    uint8_t *part;
    size_t length, room;
};

int backups_new(const uint8_t recovery[32], struct exchange_backups **backups)
{
    struct exchange_backups *made = calloc(1, sizeof *made);
    *backups = made;
    if (made == NULL)
        return STATUS_NO_MEMORY;
    pthread_mutex_init(&made->mutex, NULL);
    made->has_key = recovery != NULL;
    if (recovery != NULL)
        memcpy(made->recovery, recovery, sizeof made->recovery);
    return STATUS_OK;
}

static void drop(struct exchange_backups *backups)
{
    vault_free(backups->writer);
    backups->writer = NULL;
    free(backups->part);
    backups->part = NULL;
    backups->length = backups->room = 0;
}

void backups_free(struct exchange_backups *backups)
{
    if (backups == NULL)
        return;
    drop(backups);
    pthread_mutex_destroy(&backups->mutex);
    free(backups);
}

static int key_path(const char *directory, char path[PATH_MOST])
{
    int length = snprintf(path, PATH_MOST, "%s/" RECOVERY_FILE, directory);
    return length < 0 || length >= (int)PATH_MOST ? STATUS_TOO_LARGE : STATUS_OK;
}

int backups_read_key(const char *directory, uint8_t recovery[32])
{
    char path[PATH_MOST], text[128];
    size_t length = 0;
    int status = key_path(directory, path);
    if (status == STATUS_OK)
        status = init_folder_read(path, text, sizeof text, &length);
    if (status != STATUS_OK)
        return status;
    struct lines lines = {text, length};
    struct line line;
    if (!lines_next(&lines, &line) || lines.left != 0 || !line_skip(&line, RECOVERY_LABEL) || !line_base64_exact(line, recovery, 32))
        return STATUS_INVALID;
    return STATUS_OK;
}

int backups_write_key(const char *directory, const uint8_t recovery[32])
{
    char path[PATH_MOST], text[128] = RECOVERY_LABEL;
    size_t at = strlen(text);
    int status = key_path(directory, path);
    sodium_bin2base64(text + at, sizeof text - at - 1, recovery, 32, sodium_base64_VARIANT_ORIGINAL);
    strcat(text, "\n");
    return status == STATUS_OK ? init_folder_write(path, text, strlen(text), 0644) : status;
}

/* Parts gather in memory, and in the hash of the whole file. */
static int gather(void *data, const void *bytes, size_t size)
{
    struct exchange_backups *backups = data;
    if (size > backups->room - backups->length) {
        size_t room = 2 * (backups->length + size);
        uint8_t *wider = realloc(backups->part, room);
        if (wider == NULL)
            return STATUS_NO_MEMORY;
        backups->part = wider;
        backups->room = room;
    }
    memcpy(backups->part + backups->length, bytes, size);
    backups->length += size;
    crypto_hash_sha256_update(&backups->hash, bytes, size);
    return STATUS_OK;
}

/* Adds to the part at hand, up to the budget or the end. */
static int make_part(struct exchange_backups *backups, struct store_txn *txn)
{
    const struct backup_record end = {.kind = BACKUP_END};
    int status = log_copy_out(txn, &backups->position, backups->size, PART_BUDGET, backups->writer);
    if (status != STATUS_OK || backups->position < backups->size)
        return status;
    status = backup_add(backups->writer, &end);
    if (status == STATUS_OK)
        status = vault_finish(backups->writer);
    if (status == STATUS_OK) {
        crypto_hash_sha256_final(&backups->hash, backups->sha256);
        backups->last = true;
    }
    return status;
}

/* Whether the entry is the asker's own and opens a backup. */
static int is_opened_by(struct store_txn *txn, uint64_t position, const char *party, bool *opened)
{
    struct log_entry entry;
    struct entry_body body;
    struct arena arena;
    Muster__Submission *submission = NULL;
    *opened = false;
    int status = log_read(txn, position, &entry);
    if (status != STATUS_OK || entry.body == NULL || strcmp(entry.kind, "export") != 0)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    arena_init(&arena, ENTRY_ARENA_CAP);
    status = entry_body_parse(entry.body, entry.body_size, &body);
    if (status == STATUS_OK)
        status = envelope_unpack(entry.envelope, entry.envelope_size, &arena, &submission, NULL);
    *opened = status == STATUS_OK && strcmp(body.party, party) == 0 && submission->n_exports == 1 &&
              submission->exports[0]->kind == MUSTER__EXPORT_KIND__EXPORT_BACKUP;
    arena_drop(&arena);
    return status == STATUS_NO_MEMORY ? status : status == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

/* Begins one; a former one that nobody finished is forgotten. */
static int begin(struct exchange_backups *backups, struct store_txn *txn, uint64_t entry, const char *party)
{
    struct log_head head;
    drop(backups);
    crypto_hash_sha256_init(&backups->hash);
    backups->entry = entry;
    backups->position = backups->offset = 0;
    backups->last = false;
    snprintf(backups->party, sizeof backups->party, "%s", party);
    int status = log_head_of(txn, entry, &head);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    backups->size = head.head.size;
    status = vault_begin(backups->recovery, gather, backups, &backups->writer);
    if (status != STATUS_OK)
        return status;
    const char *line = memchr(head.note, '\n', head.note_length);
    const struct backup_record record = {.kind = BACKUP_BEGIN, .text = head.note, .text_length = line != NULL ? (size_t)(line - head.note) : 0};
    status = backup_add(backups->writer, &record);
    return status == STATUS_OK ? make_part(backups, txn) : status;
}

static int reply_part(const struct exchange_backups *backups, struct exchange_request *request, const Muster__Party *asker)
{
    Muster__BackupAnswer answer = MUSTER__BACKUP_ANSWER__INIT;
    const struct seal_asker seal = {.role = asker->role, .party = asker->id, .country = asker->country};
    answer.bytes = (ProtobufCBinaryData){backups->length, backups->part};
    answer.last = backups->last;
    answer.has_sha256 = backups->last;
    answer.sha256 = (ProtobufCBinaryData){sizeof backups->sha256, (uint8_t *)(uintptr_t)backups->sha256};
    answer.entries = backups->size;
    answer.done = backups->position;
    int status = seal_answer(&seal, &answer.base, &request->arena);
    return status == STATUS_OK ? request_reply(request, &answer.base) : status;
}

static int answer(struct exchange_backups *backups, struct store_txn *txn, struct exchange_request *request, const Muster__Party *asker,
                  const Muster__BackupRequest *asked)
{
    bool same = backups->writer != NULL && backups->entry == asked->entry && strcmp(backups->party, asker->id) == 0, opened = false;
    int status = STATUS_OK;
    if (!same && asked->offset == 0) {
        status = is_opened_by(txn, asked->entry, asker->id, &opened);
        if (status == STATUS_OK && !opened) {
            request_refuse(request, MUSTER__OUTCOME__OUTCOME_WRONG_INPUT, "that entry opens no backup of yours");
            return STATUS_OK;
        }
        status = status == STATUS_OK ? begin(backups, txn, asked->entry, asker->id) : status;
    } else if (same && !backups->last && asked->offset == backups->offset + backups->length) {
        backups->offset += backups->length;
        backups->length = 0;
        status = make_part(backups, txn);
    } else if (!same || asked->offset != backups->offset) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_STALE, "that backup is no longer under way: another one was begun, or the exchange started again; begin anew");
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        drop(backups);
        return status;
    }
    return reply_part(backups, request, asker);
}

int backups_answer(struct exchange_backups *backups, struct store_txn *txn, struct exchange_request *request, const Muster__Party *asker)
{
    ProtobufCMessage *body = NULL;
    int status = walk_unpack(&muster__backup_request__descriptor, request->request->body.data, request->request->body.len, REQUEST_MOST, &request->arena, &body, NULL);
    if (status != STATUS_OK) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_MALFORMED, "the request is not of the contract's form");
        return status == STATUS_NO_MEMORY ? status : STATUS_OK;
    }
    if (!backups->has_key) {
        request_refuse(request, MUSTER__OUTCOME__OUTCOME_WRONG_INPUT, "the exchange has no recovery key: its operator makes one with musterd --new-recovery-key");
        return STATUS_OK;
    }
    pthread_mutex_lock(&backups->mutex);
    status = answer(backups, txn, request, asker, (const Muster__BackupRequest *)body);
    pthread_mutex_unlock(&backups->mutex);
    return status;
}
