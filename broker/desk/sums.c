/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/desk/sums.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "proto/status.h"

#define SUMS_MOST 65536u /* lots; a bound takes about 150 bytes */

struct sums_lot {
    struct desk_sum sum;
    uint64_t rates;
    uint64_t policy;
    UT_hash_handle hh;
    char item[];
};

struct desk_sums {
    struct sums_lot *lots;
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
    desk_sums_clear(sums);
    free(sums);
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
