/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/sums.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "proto/status.h"
#include "store/tables.h"

#define SETS_ARENA_CAP ((size_t)64 << 20)
#define SUMS_MOST 65536u /* lots; a bound takes about 150 bytes */

struct sums_lot {
    struct desk_sum sum;
    uint64_t rates;
    uint64_t policy;
    UT_hash_handle hh;
    char item[];
};

/* A set beside the bytes that it was unpacked from. */
struct sums_set {
    struct arena arena;
    Muster__StoredSet *set; /* NULL: none is kept */
    size_t length;
    uint8_t *bytes;
    uint64_t changes; /* tables_changes() when they were compared */
};

struct desk_sums {
    struct sums_lot *lots;
    struct sums_set policy;
    struct sums_set rates;
};

int desk_sums_new(struct desk_sums **sums)
{
    *sums = calloc(1, sizeof **sums);
    return *sums == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

void desk_sums_clear(struct desk_sums *sums)
{
    struct sums_lot *lot;
    struct sums_lot *next;
    if (sums == NULL)
        return;
    HASH_ITER(hh, sums->lots, lot, next)
    {
        HASH_DEL(sums->lots, lot);
        free(lot);
    }
}

void desk_sums_free(struct desk_sums *sums)
{
    if (sums == NULL)
        return;
    desk_sums_clear(sums);
    arena_drop(&sums->policy.arena);
    arena_drop(&sums->rates.arena);
    free(sums);
}

static int sums_read(struct sums_set *kept, struct store_txn *txn, enum table table, const struct store_value *value)
{
    arena_drop(&kept->arena);
    *kept = (struct sums_set){.length = value->length};
    arena_init(&kept->arena, SETS_ARENA_CAP);
    kept->bytes = (uint8_t *)arena_copy(&kept->arena, value->bytes, value->length);
    Muster__StoredSet *set = NULL;
    int status = kept->bytes == NULL ? STATUS_NO_MEMORY : state_set(txn, table, &kept->arena, &set);
    kept->set = status == STATUS_OK ? set : NULL;
    return status;
}

int desk_sums_set(struct desk_sums *sums, struct store_txn *txn, enum table table, struct arena *arena, Muster__StoredSet **set)
{
    struct store_key key = {0};
    struct store_value value;
    struct sums_set *kept = sums == NULL ? NULL : table == TABLE_POLICY ? &sums->policy : &sums->rates;
    uint64_t changes = tables_changes(txn, table);
    if (kept != NULL && kept->set != NULL && changes != 0 && kept->changes == changes) {
        *set = kept->set;
        return STATUS_OK;
    }
    key_text(&key, "set");
    int status = sums == NULL ? STATUS_NOT_FOUND : tables_get(txn, table, &key, &value);
    if (status == STATUS_NOT_FOUND)
        return state_set(txn, table, arena, set);
    if (status != STATUS_OK)
        return status;
    if (kept->set == NULL || kept->length != value.length || memcmp(kept->bytes, value.bytes, value.length) != 0)
        status = sums_read(kept, txn, table, &value);
    kept->changes = changes;
    *set = kept->set;
    return status;
}

bool desk_sums_find(const struct desk_sums *sums, const char *item, uint64_t rates, uint64_t policy, struct desk_sum *sum)
{
    struct sums_lot *lot = NULL;
    if (sums != NULL)
        HASH_FIND_STR(sums->lots, item, lot);
    if (lot == NULL || lot->rates != rates || lot->policy != policy)
        return false;
    *sum = lot->sum;
    return true;
}

void desk_sums_keep(struct desk_sums *sums, const char *item, uint64_t rates, uint64_t policy, const struct desk_sum *sum)
{
    struct sums_lot *lot = NULL;
    if (sums == NULL)
        return;
    HASH_FIND_STR(sums->lots, item, lot);
    if (lot == NULL) {
        if (HASH_COUNT(sums->lots) >= SUMS_MOST)
            desk_sums_clear(sums);
        size_t length = strlen(item);
        lot = calloc(1, sizeof *lot + length + 1);
        if (lot == NULL)
            return;
        memcpy(lot->item, item, length + 1);
        HASH_ADD_STR(sums->lots, item, lot);
    }
    lot->sum = *sum;
    lot->rates = rates;
    lot->policy = policy;
}
