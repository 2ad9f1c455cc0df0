/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/shelf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/entry.h"
#include "proto/envelope.h"
#include "proto/status.h"
#include "tests/unit/sample.h"

#define SHELF_TIME 1800000000000u

static void must(int status, const char *what)
{
    if (status != STATUS_OK) {
        fprintf(stderr, "%s: %s\n", what, status_name(status));
        _exit(70);
    }
}

static void shelf_keys(struct shelf *shelf, uint64_t map_size)
{
    *shelf = (struct shelf){.options = {.map_size = map_size ? map_size : (uint64_t)256 << 20, .create = true, .keep = true}};
    must(seam_start(), "libsodium");
    seeded_start(&shelf->seeded, 42);
    must(keys_generate(KEY_LOG, &shelf->seeded.random, &shelf->log_key), "log key");
    must(keys_generate(KEY_SIGNING, &shelf->seeded.random, &shelf->signing_key), "signing key");
    must(note_key_make("muster.example/log", shelf->log_key.public_key, &shelf->key), "vkey");
}

void shelf_start(struct shelf *shelf, uint64_t map_size)
{
    shelf_keys(shelf, map_size);
    scratch_make(&shelf->scratch);
    snprintf(shelf->path, sizeof shelf->path, "%s/store", shelf->scratch.path);
    must(store_open(shelf->path, &shelf->options, &shelf->store), "store");
}

int shelf_open(struct shelf *shelf, const char *path)
{
    shelf_keys(shelf, 0);
    snprintf(shelf->path, sizeof shelf->path, "%s", path);
    return store_open(shelf->path, &shelf->options, &shelf->store);
}

void shelf_close(struct shelf *shelf)
{
    store_close(shelf->store);
    keys_drop(&shelf->log_key);
    keys_drop(&shelf->signing_key);
}

void shelf_end(struct shelf *shelf)
{
    shelf_close(shelf);
    scratch_remove(&shelf->scratch);
}

int shelf_reopen(struct shelf *shelf)
{
    store_close(shelf->store);
    shelf->store = NULL;
    return store_open(shelf->path, &shelf->options, &shelf->store);
}

int shelf_apply(void *data, struct store_txn *txn, const struct log_entry *entry)
{
    struct arena arena;
    Muster__Submission *submission = NULL;
    struct store_key counter = {0};
    uint64_t count = 0;
    (void)data;
    arena_init(&arena, ENVELOPE_ARENA_CAP);
    int status = envelope_unpack(entry->envelope, entry->envelope_size, &arena, &submission, NULL);
    for (size_t i = 0; status == STATUS_OK && i < submission->n_demands; i++) {
        const Muster__DemandChange *change = submission->demands[i];
        struct store_key key = {0}, by_item = {0};
        key_text(&key, submission->party);
        key_text(&key, change->id);
        status = tables_put_message(txn, TABLE_DEMANDS, &key, &change->demand->base);
        key_text(&by_item, change->demand->item);
        key_text(&by_item, submission->party);
        key_text(&by_item, change->id);
        status = status == STATUS_OK ? tables_put(txn, TABLE_DEMANDS_BY_ITEM, &by_item, NULL, 0) : status;
    }
    key_text(&counter, "entries");
    status = status == STATUS_OK ? tables_count(txn, TABLE_COUNTERS, &counter, &count) : status;
    arena_drop(&arena);
    return status;
}

int shelf_append(struct shelf *shelf, struct store_txn *txn, uint64_t number, size_t count, uint64_t *position)
{
    struct arena arena;
    struct entry_body body = {.kind = "demand", .time = SHELF_TIME + number, .party = "nl-dmo"};
    uint8_t bytes[ENTRY_BODY_MOST], nonce[TLOG_NONCE_SIZE];
    size_t size = 0;
    arena_init(&arena, (size_t)64 << 20);
    uint8_t *envelope = sample_envelope(&arena, &shelf->signing_key, number, count, &size);
    memcpy(body.submission, &number, sizeof number);
    envelope_sha256(envelope, size, body.envelope_sha256);
    shelf->seeded.random.fill(shelf->seeded.random.data, nonce, sizeof nonce);
    struct log_entry entry = {.kind = body.kind, .time = body.time, .nonce = nonce, .body = bytes, .envelope = envelope, .envelope_size = size};
    int status = entry_body_pack(&body, bytes, &entry.body_size);
    status = status == STATUS_OK ? log_append(txn, &entry, position) : status;
    status = status == STATUS_OK ? shelf_apply(NULL, txn, &entry) : status;
    arena_drop(&arena);
    return status;
}

int shelf_batch(struct shelf *shelf, size_t entries, size_t count)
{
    struct store_txn *txn;
    uint64_t position;
    int status = store_begin_write(shelf->store, &txn);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t next = shelf->next;
    for (size_t i = 0; i < entries && status == STATUS_OK; i++) {
        status = shelf_append(shelf, txn, next++, count, &position);
    }
    status = status == STATUS_OK ? log_sign_head(txn, &shelf->key, &shelf->log_key) : status;
    if (status != STATUS_OK) {
        store_abort(txn);
        return status;
    }
    status = store_keep(txn);
    if (status == STATUS_OK) {
        shelf->next = next;
    }
    return status;
}
