/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Transactions that are durable before they are in their place: each one's changes are one record of the journal, flushed once, while
 * LMDB's transaction stays open over many of them and is committed now and then. LMDB's own file is what it was at the last commit,
 * whole, whatever happens; a start applies the records behind it. A change in a record: what, lengths, the table's name, key, value.
 */
#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "proto/seam.h"
#include "proto/status.h"
#include "store/inside.h"

#define FACT_JOURNAL "journal" /* its key */
#define FACT_SETTLED "settled" /* number of its last record that is in its place, and its complement: a flipped bit must not make records count again */
#define ROOM ((uint64_t)32 << 20) /* bytes free in map and disk, beyond what a commit of all that a journal holds can take */

struct change_head {
    uint8_t change;
    uint8_t table_length;
    uint16_t key_length;
    uint32_t value_length;
};

void keep_note(struct store_txn *txn, enum keep_change change, enum table table, const struct store_key *key, const void *value, size_t length)
{
    struct journal *journal = txn->store->journal;
    if (!journal) {
        return;
    }
    const char *name = tables_name(table);
    const struct change_head head = {(uint8_t)change, (uint8_t)strlen(name), (uint16_t)key->length, (uint32_t)length};
    journal_add(journal, &head, sizeof head);
    journal_add(journal, name, head.table_length);
    journal_add(journal, key->bytes, key->length);
    journal_add(journal, value, length);
}

/* TABLE_COUNT: none has that name. A derived table that a newer program gave up is made again in another form, so its rows can be passed over. */
static enum table table_named(const uint8_t *name, size_t length)
{
    enum table table = 0;
    while (table < TABLE_COUNT && (strlen(tables_name(table)) != length || memcmp(tables_name(table), name, length) != 0)) {
        table++;
    }
    return table;
}

static int apply_change(struct store_txn *txn, const struct change_head *head, enum table table, const uint8_t *bytes, const uint8_t *value)
{
    struct store_key key = {0};
    int status = STATUS_CORRUPT;
    key_bytes(&key, bytes, head->key_length);
    if (head->change == KEEP_PUT) {
        status = tables_put(txn, table, &key, value, head->value_length);
    } else if (head->change == KEEP_DELETE) {
        status = tables_delete(txn, table, &key);
    } else if (head->change == KEEP_CLEAR) {
        status = tables_clear(txn, table);
    }
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

struct replaying {
    struct store_txn *txn;
    int status;
};

/* One record; its hash holds, so what it says is what was written. */
static int apply_record(void *data, const uint8_t *bytes, size_t length)
{
    struct replaying *replaying = data;
    struct change_head head;
    for (size_t at = 0; at < length && replaying->status == STATUS_OK;) {
        if (length - at < sizeof head) {
            replaying->status = STATUS_CORRUPT;
            break;
        }
        memcpy(&head, bytes + at, sizeof head);
        at += sizeof head;
        if (length - at < (size_t)head.table_length + head.key_length + head.value_length) {
            replaying->status = STATUS_CORRUPT;
            break;
        }
        const uint8_t *name = bytes + at, *key = name + head.table_length;
        enum table table = table_named(name, head.table_length);
        if (table != TABLE_COUNT) {
            replaying->status = apply_change(replaying->txn, &head, table, key, key + head.key_length);
        }
        at += (size_t)head.table_length + head.key_length + head.value_length;
    }
    return replaying->status == STATUS_OK ? 0 : ECANCELED;
}

/* A damaged file is not one that can't be read. */
static int journal_status(struct store *store, int error)
{
    return error == EBADMSG ? STATUS_CORRUPT : store_status(store, error);
}

/* All that is not in its place, into a transaction. */
static int replay(struct store *store, struct journal *journal, struct store_txn *txn, unsigned *count)
{
    struct replaying replaying = {.txn = txn};
    int error = journal_replay(journal, apply_record, &replaying, count);
    return replaying.status != STATUS_OK ? replaying.status : journal_status(store, error);
}

bool keep_is_keeper(const struct store *store)
{
    return store->journal && pthread_equal(store->keeper, pthread_self());
}

int keep_restore(struct store *store)
{
    if (!store->lost) {
        return STATUS_OK;
    }
    if (atomic_load(&store->failed)) {
        return STATUS_IO;
    }
    struct store_txn txn = {.store = store, .write = true};
    int error = mdb_txn_begin(store->env, NULL, 0, &txn.txn);
    if (error) {
        return store_status(store, error);
    }
    int status = replay(store, store->journal, &txn, NULL);
    if (status != STATUS_OK) {
        mdb_txn_abort(txn.txn);
        return status;
    }
    store->kept = txn.txn;
    store->lost = false;
    return STATUS_OK;
}

int keep_has_room(struct store *store, bool *room)
{
    uint64_t free_bytes = 0, all_bytes = 0;
    MDB_envinfo about;
    MDB_stat stat;
    *room = false;
    free_bytes = store->free_seen;
    store->free_seen = 0;
    if (!free_bytes && store->files->space(store->files->data, store->path, &free_bytes, &all_bytes) != 0) {
        return STATUS_IO;
    }
    if (free_bytes < store->floor) {
        return STATUS_NO_SPACE;
    }
    int error = mdb_env_info(store->env, &about);
    error = error ? error : mdb_env_stat(store->env, &stat);
    if (error) {
        return store_status(store, error);
    }
    uint64_t used = ((uint64_t)about.me_last_pgno + 1) * stat.ms_psize;
    if (free_bytes < store->floor + ROOM || used + ROOM > about.me_mapsize) {
        return STATUS_OK;
    }
    error = journal_make_room(store->journal);
    *room = !error;
    return error == ENOSPC || error == EDQUOT || error == ENOMEM ? STATUS_OK : store_status(store, error);
}

static int put_settled(struct store_txn *txn, uint64_t number)
{
    struct store_key name = {0}, value = {0};
    key_text(&name, FACT_SETTLED);
    key_u64(&value, number);
    key_u64(&value, ~number);
    return tables_put(txn, TABLE_META, &name, value.bytes, value.length);
}

static int get_settled(struct store_txn *txn, uint64_t *number)
{
    struct store_key name = {0};
    struct store_value value = {0};
    uint64_t complement = 0;
    *number = 0;
    key_text(&name, FACT_SETTLED);
    int status = tables_get(txn, TABLE_META, &name, &value);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    struct key_reader reader = {value.bytes, value.length};
    return key_take_u64(&reader, number) && key_take_u64(&reader, &complement) && complement == ~*number ? STATUS_OK : STATUS_CORRUPT;
}

int keep_mark(struct store_txn *txn)
{
    const struct journal *journal = txn->store->journal;
    return journal && journal_number(journal) != txn->store->settled ? put_settled(txn, journal_number(journal)) : STATUS_OK;
}

void keep_done(struct store *store)
{
    if (store->journal) {
        store->settled = journal_number(store->journal);
        journal_rewind(store->journal);
        store->kept = NULL;
    }
}

/* *found: the store has a key for its journal. */
static int read_facts(struct store *store, uint8_t key[JOURNAL_KEY], bool *found)
{
    struct store_txn *txn;
    struct store_key name = {0};
    struct store_value value = {0};
    key_text(&name, FACT_JOURNAL);
    int status = store_begin_read(store, &txn);
    if (status != STATUS_OK) {
        return status;
    }
    status = tables_get(txn, TABLE_META, &name, &value);
    *found = status == STATUS_OK;
    if (*found && value.length != JOURNAL_KEY) {
        status = STATUS_CORRUPT;
    } else if (*found) {
        memcpy(key, value.bytes, JOURNAL_KEY);
        status = get_settled(txn, &store->settled);
    }
    store_abort(txn);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static int make_key(struct store *store, uint8_t key[JOURNAL_KEY])
{
    struct store_txn *txn;
    struct store_key name = {0};
    key_text(&name, FACT_JOURNAL);
    seam_random_system.fill(seam_random_system.data, key, JOURNAL_KEY);
    int status = store_begin_write(store, &txn);
    if (status != STATUS_OK) {
        return status;
    }
    status = tables_put(txn, TABLE_META, &name, key, JOURNAL_KEY);
    if (status != STATUS_OK) {
        store_abort(txn);
        return status;
    }
    return store_commit(txn);
}

/* What is left from before goes to its place, with its number. */
static int bring_in(struct store *store, struct journal *journal, bool *done)
{
    struct store_txn *txn;
    unsigned count = 0;
    int status = store_begin_write(store, &txn);
    if (status != STATUS_OK) {
        return status;
    }
    status = replay(store, journal, txn, &count);
    *done = count > 0;
    if (status == STATUS_OK && count > 0) {
        status = put_settled(txn, journal_number(journal));
    }
    if (status != STATUS_OK || !count) {
        store_abort(txn);
        return status;
    }
    status = store_commit(txn);
    store->settled = journal_number(journal);
    journal_rewind(journal);
    return status;
}

int keep_open(struct store *store, bool keep, bool *done)
{
    uint8_t key[JOURNAL_KEY];
    struct journal *journal = NULL;
    bool found = false;
    *done = false;
    int status = read_facts(store, key, &found);
    if (status == STATUS_OK && found) {
        status = journal_status(store, journal_look(store->path, key, store->settled, &store->last));
    }
    if (status != STATUS_OK || store->read_only || (!keep && store->last == store->settled)) {
        return status;
    }
    status = found ? STATUS_OK : make_key(store, key);
    status = status == STATUS_OK ? journal_status(store, journal_open(store->path, key, store->settled, &journal)) : status;
    status = status == STATUS_OK ? bring_in(store, journal, done) : status;
    if (status != STATUS_OK || !keep) {
        journal_close(journal);
        return status;
    }
    store->journal = journal;
    store->keeper = pthread_self();
    return STATUS_OK;
}
