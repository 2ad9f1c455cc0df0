/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/audit.h"

#include <string.h>

#include "broker/match/load.h"
#include "broker/match/message.h"
#include "broker/match/verify.h"
#include "proto/status.h"

static bool names_lot(const Muster__Plan *plan, const char *item)
{
    for (size_t at = 0; at < plan->n_lots; at++) {
        if (strcmp(plan->lots[at]->item, item) == 0)
            return true;
    }
    return false;
}

/* The plan with an empty lot for each that it does not name. */
static int complete(const struct match_market *market, const Muster__Plan *plan, struct arena *arena, Muster__Plan *whole)
{
    *whole = *plan;
    whole->lots = arena_array(arena, plan->n_lots + market->lot_count + 1, sizeof *whole->lots);
    if (whole->lots == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < plan->n_lots; at++)
        whole->lots[at] = plan->lots[at];
    for (uint32_t at = 0; at < market->lot_count; at++) {
        if (names_lot(plan, market->lots[at].item))
            continue;
        Muster__LotPlan *empty = arena_alloc(arena, sizeof *empty);
        char *item = arena_string(arena, market->lots[at].item);
        if (empty == NULL || item == NULL)
            return STATUS_NO_MEMORY;
        muster__lot_plan__init(empty);
        empty->item = item;
        empty->forbidden_by = "";
        whole->lots[whole->n_lots++] = empty;
    }
    return STATUS_OK;
}

int audit_plan(const Muster__Market *market, const Muster__Plan *plan, struct arena *arena, const char **fault)
{
    struct faults faults;
    struct match_market *loaded;
    struct match_plan *unpacked;
    Muster__Plan whole;
    faults_init(&faults, arena);
    *fault = "the market can't be loaded";
    int status = match_load(market, arena, &faults, &loaded);
    if (status == STATUS_OK)
        status = complete(loaded, plan, arena, &whole);
    if (status == STATUS_OK) {
        *fault = "the plan names what the market does not have";
        status = match_message_unpack(loaded, &whole, arena, &unpacked);
    }
    if (status == STATUS_OK)
        status = match_verify_plan(loaded, unpacked, arena, fault);
    return status == STATUS_NO_MEMORY || status == STATUS_OK ? status : STATUS_INVALID;
}
