/* SPDX-License-Identifier: EUPL-1.2 */
/* The store while memory runs out: made, opened, written, rebuilt, verified, read, copied. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/entry.h"
#include "proto/envelope.h"
#include "proto/status.h"
#include "tests/torture/memory_cases.h"
#include "tests/unit/sample.h"
#include "tests/unit/shelf.h"

#define ENTRIES 3u
#define BEFORE 4u /* batches that lie in the store already */

/* An entry made while memory was enough. */
struct prepared {
    struct entry_body body;
    uint8_t bytes[ENTRY_BODY_MOST];
    size_t size;
    uint8_t nonce[TLOG_NONCE_SIZE];
    uint8_t *envelope;
    size_t envelope_size;
};

static struct shelf shelf;
static struct arena kept;
static struct prepared prepared[ENTRIES];
static uint8_t before[32];
static char copy[340];

static const char *begin(void)
{
    shelf_start(&shelf, 0);
    for (unsigned i = 0; i < BEFORE; i++)
        if (shelf_batch(&shelf, ENTRIES, i == 2 ? 40 : 2) != STATUS_OK)
            return "no store to begin with";
    arena_init(&kept, (size_t)64 << 20);
    for (unsigned i = 0; i < ENTRIES; i++) {
        struct prepared *one = &prepared[i];
        uint64_t number = shelf.next + i;
        one->body = (struct entry_body){.kind = "demand", .time = UINT64_C(1800000000000) + number, .party = "nl-dmo"};
        one->envelope = sample_envelope(&kept, &shelf.signing_key, number, 2, &one->envelope_size);
        memcpy(one->body.submission, &number, sizeof number);
        envelope_sha256(one->envelope, one->envelope_size, one->body.envelope_sha256);
        shelf.seeded.random.fill(shelf.seeded.random.data, one->nonce, sizeof one->nonce);
        if (entry_body_pack(&one->body, one->bytes, &one->size) != STATUS_OK)
            return "no entry";
    }
    snprintf(copy, sizeof copy, "%s/copy", shelf.scratch.path);
    return store_dump_hash(shelf.store, before) == STATUS_OK ? NULL : "no hash";
}

static void end(void)
{
    arena_drop(&kept);
    shelf_end(&shelf);
}

static uint64_t entries(void)
{
    struct store_txn *txn = NULL;
    uint64_t size = 0;
    if (store_begin_read(shelf.store, &txn) == STATUS_OK)
        log_size(txn, &size);
    store_abort(txn);
    return size;
}

/* Log and tables hold, with so many entries, and another batch is taken. */
static const char *judge_store(uint64_t wanted)
{
    struct store_txn *txn = NULL;
    uint8_t left[32], right[32];
    if (entries() != wanted)
        return "half of it is there";
    int status = store_begin_read(shelf.store, &txn);
    status = status == STATUS_OK ? log_verify(txn, 0, &shelf.key, NULL, NULL, NULL, NULL) : status;
    store_abort(txn);
    if (status != STATUS_OK)
        return "the log does not verify";
    if (store_rebuild(shelf.store, shelf_apply, NULL, left, right) != STATUS_OK || memcmp(left, right, sizeof left) != 0)
        return "the tables are not what the log makes";
    shelf.next = wanted;
    return shelf_batch(&shelf, 1, 1) == STATUS_OK ? NULL : "nothing can be written any more";
}

static const char *judge_unchanged(int status)
{
    uint8_t now[32];
    (void)status;
    if (store_dump_hash(shelf.store, now) != STATUS_OK || memcmp(now, before, sizeof now) != 0)
        return "the store was changed";
    return judge_store(BEFORE * ENTRIES);
}

/* --- made, opened ---------------------------------------------------------------------------------------------- */

static const char *begin_empty(void)
{
    shelf_start(&shelf, 0);
    store_close(shelf.store);
    shelf.store = NULL;
    arena_init(&kept, 1);
    snprintf(shelf.path, sizeof shelf.path, "%s/new", shelf.scratch.path);
    return NULL;
}

static int run_open(void)
{
    return store_open(shelf.path, &shelf.options, &shelf.store);
}

static const char *judge_new(int status)
{
    if (status != STATUS_OK && run_open() != STATUS_OK)
        return "it does not open with memory enough";
    return judge_store(0);
}

static const char *begin_closed(void)
{
    const char *wrong = begin();
    store_close(shelf.store);
    shelf.store = NULL;
    return wrong;
}

static const char *judge_opened(int status)
{
    if (status != STATUS_OK && run_open() != STATUS_OK)
        return "it does not open with memory enough";
    return judge_unchanged(status);
}

/* --- written, rebuilt ------------------------------------------------------------------------------------------- */

static int append(struct store_txn *txn, struct prepared *one)
{
    uint64_t position = 0;
    const struct log_entry entry = {.kind = one->body.kind, .time = one->body.time, .nonce = one->nonce, .body = one->bytes,
                                    .body_size = one->size, .envelope = one->envelope, .envelope_size = one->envelope_size};
    int status = log_append(txn, &entry, &position);
    return status == STATUS_OK ? shelf_apply(NULL, txn, &entry) : status;
}

static int run_batch(void)
{
    struct store_txn *txn = NULL;
    int status = store_begin_write(shelf.store, &txn);
    for (unsigned i = 0; i < ENTRIES && status == STATUS_OK; i++)
        status = append(txn, &prepared[i]);
    if (status == STATUS_OK)
        status = log_sign_head(txn, &shelf.key, &shelf.log_key);
    if (status == STATUS_OK)
        return store_commit(txn);
    store_abort(txn);
    return status;
}

static const char *judge_batch(int status)
{
    if (status != STATUS_OK && run_batch() != STATUS_OK)
        return "it can't be written with memory enough";
    return judge_store((BEFORE + 1) * ENTRIES);
}

static int run_rebuild(void)
{
    uint8_t left[32], right[32];
    return store_rebuild(shelf.store, shelf_apply, NULL, left, right);
}

/* --- read ------------------------------------------------------------------------------------------------------- */

static int run_verify(void)
{
    struct store_txn *txn = NULL;
    int status = store_begin_read(shelf.store, &txn);
    status = status == STATUS_OK ? log_verify(txn, 0, &shelf.key, NULL, NULL, NULL, NULL) : status;
    store_abort(txn);
    return status;
}

static int run_receipts(void)
{
    struct store_txn *txn = NULL;
    struct arena arena;
    char *text = NULL;
    size_t length = 0;
    arena_init(&arena, (size_t)16 << 20);
    int status = store_begin_read(shelf.store, &txn);
    for (uint64_t position = 0; position < BEFORE * ENTRIES && status == STATUS_OK; position++)
        status = log_receipt(txn, position, &arena, &text, &length);
    store_abort(txn);
    arena_drop(&arena);
    return status;
}

static int run_cursor(void)
{
    struct store_txn *txn = NULL;
    struct table_cursor *cursor = NULL;
    const struct store_key all = {0};
    struct store_value value;
    struct store_key key;
    int status = store_begin_read(shelf.store, &txn);
    status = status == STATUS_OK ? tables_seek(txn, TABLE_DEMANDS, &all, NULL, &cursor) : status;
    while (status == STATUS_OK)
        status = tables_next(cursor, &key, &value);
    tables_end(cursor);
    store_abort(txn);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* --- copied ----------------------------------------------------------------------------------------------------- */

static int run_copy(void)
{
    return store_backup(shelf.store, copy, NULL);
}

static const char *judge_copy(int status)
{
    const struct store_options options = {.read_only = true};
    struct store *store = NULL;
    uint8_t hash[32];
    if (status != STATUS_OK)
        return access(copy, F_OK) == 0 ? "a copy that failed was left behind" : judge_unchanged(status);
    status = store_open(copy, &options, &store);
    status = status == STATUS_OK ? store_dump_hash(store, hash) : status;
    store_close(store);
    return status == STATUS_OK && memcmp(hash, before, sizeof hash) == 0 ? judge_unchanged(STATUS_OK) : "the copy is not the store";
}

const struct memory_case memory_stores[] = {
    {"store made", begin_empty, run_open, judge_new, end},
    {"store opened", begin_closed, run_open, judge_opened, end},
    {"batch", begin, run_batch, judge_batch, end},
    {"rebuild", begin, run_rebuild, judge_unchanged, end},
    {"verification", begin, run_verify, judge_unchanged, end},
    {"receipts", begin, run_receipts, judge_unchanged, end},
    {"cursor", begin, run_cursor, judge_unchanged, end},
    {"copy", begin, run_copy, judge_copy, end},
};
const size_t memory_store_count = sizeof memory_stores / sizeof memory_stores[0];
