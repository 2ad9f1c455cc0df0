/* SPDX-License-Identifier: EUPL-1.2 */
/* What the store finds in its journal, in the rows of its log and in its tables after whatever happened to them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "proto/market.pb-c.h"
#include "proto/signal.pb-c.h"
#include "proto/state.pb-c.h"
#include "proto/status.h"
#include "store/journal.h"
#include "store/log.h"
#include "store/tables.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/target.h"
#include "tests/unit/shelf.h"

#define PIECE 4096u
#define PIECES 4u
#define SETTLED 3u

static const uint8_t journal_key[JOURNAL_KEY] = {5};

/* The journal of a folder of its own says this. */
static int look(const uint8_t *bytes, size_t size, uint64_t *last)
{
    static const char *folder;
    if (folder == NULL)
        folder = folder_make();
    folder_put(folder, JOURNAL_NAME, bytes, size);
    return journal_look(folder, journal_key, SETTLED, last);
}

/* Bytes as they lie in the file, filled up to whole pieces. */
static void run_journal(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    static uint8_t file[PIECE * PIECES];
    uint64_t last = 0;
    (void)target;
    size = size > sizeof file ? sizeof file : size;
    memset(file, 0, sizeof file);
    if (size > 0)
        memcpy(file, data, size);
    int error = look(file, sizeof file, &last);
    fuzz_require((error == 0 && last >= SETTLED) || error == EBADMSG);
}

/*
 * A record of a number and a length, under its keyed hash: hash 32, word 8, number 8, length 8, content. The hash is Poly1305's under a key of the number's own,
 * or that of earlier versions, which are still read.
 */
static void write_record(uint8_t *at, uint64_t number, uint64_t length, bool earlier)
{
    uint8_t own[crypto_onetimeauth_KEYBYTES];
    size_t hashed = 24 + (length > PIECE - 56 ? 0 : length);
    memset(at, 0, 32);
    memcpy(at + 32, earlier ? "musterj1" : "musterj2", 8);
    memcpy(at + 40, &number, 8);
    memcpy(at + 48, &length, 8);
    if (earlier) {
        crypto_generichash(at, 32, at + 32, hashed, journal_key, sizeof journal_key);
        return;
    }
    crypto_generichash(own, sizeof own, at + 40, 8, journal_key, sizeof journal_key);
    crypto_onetimeauth(at, at + 32, hashed, own);
}

/* Records whose numbers and lengths the input chooses, each in a piece: those that follow on from what is settled count, and nothing behind a gap. */
static void run_journal_records(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    static uint8_t file[PIECE * PIECES];
    struct fuzz_bytes bytes = {data, size};
    uint64_t last = 0, expected = SETTLED;
    bool gap = false, damaged = false;
    (void)target;
    memset(file, 0, sizeof file);
    for (unsigned piece = 0; piece < PIECES; piece++) {
        uint8_t choice = fuzz_byte(&bytes);
        uint64_t number = choice & 1 ? SETTLED + 1 + piece : fuzz_byte(&bytes), length = choice & 2 ? fuzz_below(&bytes, PIECE - 56) : fuzz_below(&bytes, UINT64_C(1) << 60);
        write_record(file + piece * PIECE, number, length, choice & 4);
        bool counts = length <= PIECE - 56;
        if (!counts && length <= (PIECES - piece) * PIECE - 56)
            return; /* a record over several pieces, which is not made here */
        gap = gap || !counts || number != expected + 1;
        expected += gap ? 0 : 1;
        damaged = damaged || (gap && counts && number > expected);
    }
    int error = look(file, sizeof file, &last);
    fuzz_require(damaged ? error == EBADMSG : error == 0 && last == expected);
}

static size_t seed_journal(const struct fuzz_target *target, unsigned number, uint8_t *bytes)
{
    (void)target;
    if (number > 2)
        return 0;
    memset(bytes, 0, PIECE * PIECES);
    for (unsigned piece = 0; piece < number; piece++) {
        memset(bytes + piece * PIECE, 'x', 100);
        write_record(bytes + piece * PIECE, SETTLED + 1 + piece, 44, piece == 1);
    }
    return number * PIECE + 100;
}

/* --- the log's rows ------------------------------------------------------------------------------------------------ */

#define ROWS_CHANGED 3u
#define ROW_MOST ((size_t)2048)

static const enum table row_tables[] = {TABLE_LOG_LEAVES, TABLE_LOG_BODIES, TABLE_LOG_ENVELOPES, TABLE_LOG_NODES, TABLE_LOG_HEADS, TABLE_LOG_REDACTED, TABLE_SUBMISSIONS};

/* A log of six entries in three batches, in a store that no run changes. Without a journal: one that is kept is read again whenever a run's changes are dropped. */
static struct shelf the_shelf;
static pid_t shelf_owner;

static void end_shelf(void)
{
    if (getpid() == shelf_owner)
        shelf_end(&the_shelf);
}

static struct shelf *rows_shelf(void)
{
    if (the_shelf.store != NULL)
        return &the_shelf;
    shelf_start(&the_shelf, 0);
    shelf_owner = getpid();
    atexit(end_shelf);
    for (unsigned batch = 0; batch < 3; batch++)
        fuzz_require(shelf_batch(&the_shelf, batch + 1, 1) == STATUS_OK);
    the_shelf.options.keep = false;
    fuzz_require(shelf_reopen(&the_shelf) == STATUS_OK);
    return &the_shelf;
}

/*
 * Changes the row that the input names: put in anew, or bent at a place. Whether bytes that the leaves hash, of an entry that is there, were changed.
 * Positions are below 8; a submission's row is found by walking.
 */
static bool change_row(struct store_txn *txn, struct fuzz_bytes *bytes)
{
    static uint8_t row[ROW_MOST];
    uint8_t choice = fuzz_byte(bytes), where = fuzz_byte(bytes);
    enum table table = row_tables[choice % (sizeof row_tables / sizeof row_tables[0])];
    struct store_key key = {0};
    struct store_value old = {0};
    struct table_cursor *cursor = NULL;
    key_u64(&key, where % 8);
    if (table == TABLE_SUBMISSIONS && tables_seek(txn, table, &(struct store_key){0}, NULL, &cursor) == STATUS_OK)
        tables_next(cursor, &key, NULL);
    tables_end(cursor);
    size_t length = 0;
    bool there = tables_get(txn, table, &key, &old) == STATUS_OK;
    if (choice & 0x80) {
        length = fuzz_below(bytes, ROW_MOST);
        length = length < bytes->left ? length : bytes->left;
        memcpy(row, bytes->at, length);
        bytes->at += length;
        bytes->left -= length;
    } else if (there) {
        length = old.length < ROW_MOST ? old.length : ROW_MOST;
        memcpy(row, old.bytes, length);
        size_t at = length == 0 ? 0 : (size_t)fuzz_below(bytes, length);
        row[at] ^= fuzz_byte(bytes);
        length = choice & 0x40 ? at : length;
    }
    bool same = there && length == old.length && memcmp(row, old.bytes, length) == 0;
    fuzz_require(tables_put(txn, table, &key, row, length) == STATUS_OK);
    return there && !same && (table == TABLE_LOG_LEAVES || table == TABLE_LOG_BODIES || table == TABLE_LOG_ENVELOPES);
}

/* Everything that reads the log takes whatever lies there, and a verification finds every changed byte of an entry. */
static void run_log_rows(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct fuzz_bytes bytes = {data, size};
    struct shelf *shelf = rows_shelf();
    struct store_txn *txn = NULL;
    struct log_entry entry;
    struct log_redacted redacted;
    struct log_head head;
    struct tlog_proof proof;
    uint64_t bad = 0, found = 0, entries = 0;
    uint8_t hash[32];
    const char *why = NULL;
    char *text = NULL;
    size_t length = 0;
    bool changed = false;
    unsigned changes = 1 + fuzz_byte(&bytes) % ROWS_CHANGED;
    (void)target;
    fuzz_require(store_begin_write(shelf->store, &txn) == STATUS_OK);
    for (unsigned n = 0; n < changes; n++)
        changed = change_row(txn, &bytes);
    int status = log_verify(txn, 0, &shelf->key, NULL, NULL, &bad, &why);
    fuzz_require(status == STATUS_OK || (status == STATUS_CORRUPT && why != NULL));
    fuzz_require(!changed || changes > 1 || status == STATUS_CORRUPT); /* a second change may undo the first */
    log_size(txn, &entries);
    /* Two neighbours a run, whichever the input's next byte says. */
    for (uint64_t first = fuzz_below(&bytes, 8), position = first; position < first + 2; position++) {
        log_read(txn, position, &entry);
        log_redacted(txn, position, &redacted);
        log_head_of(txn, position, &head);
        log_receipt(txn, position, fuzz_arena(), &text, &length);
        log_inclusion(txn, position, 6, &proof);
        log_consistency(txn, position, 6, &proof);
        memcpy(hash, &position, sizeof position);
        memset(hash + sizeof position, 0, 8);
        log_find_submission(txn, "nl-dmo", hash, &found, hash);
    }
    log_head_newest(txn, &head);
    store_abort(txn);
}

/* A value of a table that is read without a walk, since the exchange wrote it: where the disk changed it, it is no message, or it is one and no more. */
static void run_table_rows(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    static const ProtobufCMessageDescriptor *const messages[] = {
        &muster__stored__descriptor, &muster__party_record__descriptor, &muster__stored_set__descriptor, &muster__bundle_head__descriptor, &muster__bundle_version__descriptor,
        &muster__lot_state__descriptor, &muster__stored_commitment__descriptor, &muster__stored_reason__descriptor, &muster__exchange_state__descriptor,
        &muster__lot_plans__descriptor, &muster__signal_figure__descriptor, &muster__signal_held__descriptor, &muster__stored_redaction__descriptor, &muster__market__descriptor};
    struct arena *arena = fuzz_arena();
    ProtobufCMessage *message = NULL;
    (void)target;
    if (size == 0)
        return;
    const struct store_value value = {data + 1, size - 1};
    int status = tables_unpack(&value, messages[data[0] % (sizeof messages / sizeof messages[0])], arena, &message);
    fuzz_require(status == STATUS_OK || status == STATUS_CORRUPT || status == STATUS_NO_MEMORY);
    if (status == STATUS_OK) {
        uint8_t *packed = arena_alloc(arena, protobuf_c_message_get_packed_size(message) + 1);
        fuzz_require(packed == NULL || protobuf_c_message_pack(message, packed) == protobuf_c_message_get_packed_size(message));
    }
}

static size_t seed_log_rows(const struct fuzz_target *target, unsigned number, uint8_t *bytes)
{
    (void)target;
    if (number >= 7)
        return 0;
    memcpy(bytes, (uint8_t[]){0, (uint8_t)number, 1, 3, 0x10}, 5);
    return 5;
}

static size_t seed_table_rows(const struct fuzz_target *target, unsigned number, uint8_t *bytes)
{
    static const ProtobufCMessageDescriptor *const messages[] = {&muster__stored__descriptor, &muster__party_record__descriptor};
    const struct fuzz_target fill = {.message = messages[number % 2]};
    (void)target;
    bytes[0] = (uint8_t)(number % 2);
    size_t size = number < 6 ? fuzz_message_seed(&fill, number / 2, bytes + 1) : 0;
    return size > 0 ? size + 1 : 0;
}

static const struct fuzz_target targets[] = {
    {"journal", run_journal, PIECE + 256, seed_journal, NULL, 8},
    {"journal-records", run_journal_records, 64, NULL, NULL, 8},
    {"log-rows", run_log_rows, 512, seed_log_rows, NULL, 8},
    {"table-rows", run_table_rows, 1024, seed_table_rows, NULL, 0},
};

const struct fuzz_group fuzz_group_store = {"store", targets, sizeof targets / sizeof targets[0]};
