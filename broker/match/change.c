/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/change.h"

#include <string.h>

#include "broker/match/load.h"
#include "broker/match/replan.h"
#include "proto/status.h"

#define ANY_RATE INT64_C(1000000000) /* the model's largest quantity */

/* A lot being changed: copies of what may be written to. */
struct draft {
    struct match_market market; /* suppliers and funds as they are */
    struct match_lot lot;
    struct match_demand *demands;
    struct match_offer *offers;
    int64_t *money;
    bool free_funds;
    struct arena *work;
};

/* A list of texts without one of them. */
static int without_text(struct draft *draft, struct match_texts *list, uint32_t index)
{
    const char **texts = arena_array(draft->work, list->count, sizeof *texts);
    if (!texts) {
        return STATUS_NO_MEMORY;
    }
    uint32_t kept = 0;
    for (uint32_t n = 0; n < list->count; n++) {
        if (n != index) {
            texts[kept++] = list->texts[n];
        }
    }
    *list = (struct match_texts){texts, kept};
    return STATUS_OK;
}

static int without_requirement(struct draft *draft, struct match_demand *demand, uint32_t index)
{
    struct match_requirement *list = arena_array(draft->work, demand->require_count, sizeof *list);
    if (!list) {
        return STATUS_NO_MEMORY;
    }
    uint32_t kept = 0;
    for (uint32_t n = 0; n < demand->require_count; n++) {
        if (n != index) {
            list[kept++] = demand->requires[n];
        }
    }
    demand->requires = list;
    demand->require_count = kept;
    return STATUS_OK;
}

/* Puts quantity into the line of a month, in order; the list has room for one more. */
static void add_to_month(struct match_line *lines, uint32_t *count, int32_t month, int64_t quantity, int64_t committed)
{
    uint32_t at = 0;
    while (at < *count && lines[at].month < month) {
        at++;
    }
    if (at == *count || lines[at].month != month) {
        for (uint32_t n = *count; n > at; n--) {
            lines[n] = lines[n - 1];
        }
        lines[at] = (struct match_line){.month = month};
        ++*count;
    }
    lines[at].quantity += quantity;
    lines[at].committed += committed;
}

/* What is missing moves to a later month; what is covered, and with it all commitments, stays. */
static int shift_date(struct draft *draft, const struct match_change *change)
{
    struct match_demand *demand = &draft->demands[change->demand];
    const struct match_line *before = demand->lines;
    struct match_line *lines = arena_array(draft->work, (size_t)demand->line_count * 2, sizeof *lines);
    struct match_commitment *commitments = arena_array(draft->work, draft->lot.commitment_count, sizeof *commitments);
    if (!lines || !commitments) {
        return STATUS_NO_MEMORY;
    }
    uint32_t count = 0;
    for (uint32_t n = 0; n < demand->line_count; n++) {
        int64_t kept = before[n].quantity - change->lacks[n];
        if (kept > 0) {
            add_to_month(lines, &count, before[n].month, kept, before[n].committed);
        }
        if (change->lacks[n] > 0) {
            add_to_month(lines, &count, before[n].month + (int32_t)change->value, change->lacks[n], 0);
        }
    }
    for (uint32_t n = 0; n < draft->lot.commitment_count; n++) {
        commitments[n] = draft->lot.commitments[n];
        if (commitments[n].demand == change->demand) {
            int32_t month = before[commitments[n].line].month;
            commitments[n].line = 0;
            while (lines[commitments[n].line].month != month) {
                commitments[n].line++;
            }
        }
    }
    demand->lines = lines;
    demand->line_count = count;
    draft->lot.commitments = commitments;
    return STATUS_OK;
}

/* A demand like this one of a nation that is not there yet, right behind it. */
static int add_nation(struct draft *draft, const struct match_change *change)
{
    uint32_t count = draft->lot.demand_count, at = change->demand + 1;
    struct match_demand *demands = arena_array(draft->work, (size_t)count + 1, sizeof *demands);
    struct match_commitment *commitments = arena_array(draft->work, draft->lot.commitment_count, sizeof *commitments);
    struct match_line *line = arena_alloc(draft->work, sizeof *line);
    char *country = arena_format(draft->work, "%s+", draft->demands[change->demand].country);
    char *id = arena_format(draft->work, "%s+", draft->demands[change->demand].id);
    if (!demands || !commitments || !line || !country || !id) {
        return STATUS_NO_MEMORY;
    }
    memcpy(demands, draft->demands, at * sizeof *demands);
    demands[at] = draft->demands[change->demand];
    for (uint32_t n = at; n < count; n++) {
        demands[n + 1] = draft->demands[n];
    }
    *line = demands[at].lines[demands[at].line_count - 1];
    line->quantity = change->value;
    line->committed = 0;
    demands[at].id = id;
    demands[at].lines = line;
    demands[at].line_count = 1;
    demands[at].min_quantity = 1;
    demands[at].country = country;
    for (uint32_t n = 0; n < draft->lot.commitment_count; n++) {
        commitments[n] = draft->lot.commitments[n];
        commitments[n].demand += commitments[n].demand >= at;
    }
    draft->demands = demands;
    draft->lot.demands = demands;
    draft->lot.demand_count = count + 1;
    draft->lot.commitments = commitments;
    return STATUS_OK;
}

/* The tiers of an offer, to be written to. */
static struct match_tier *own_tiers(struct draft *draft, uint32_t offer)
{
    struct match_offer *o = &draft->offers[offer];
    struct match_tier *tiers = arena_array(draft->work, o->tier_count, sizeof *tiers);
    if (tiers) {
        memcpy(tiers, o->tiers, o->tier_count * sizeof *tiers);
        o->tiers = tiers;
    }
    return tiers;
}

static int change_all_tiers(struct draft *draft, const struct match_change *change)
{
    for (uint32_t o = 0; o < draft->lot.offer_count; o++) {
        bool own = change->kind == MATCH_CHANGE_OUTPUT || change->kind == MATCH_CHANGE_ORDERS || o == change->offer;
        struct match_tier *tiers = own ? own_tiers(draft, o) : NULL;
        if (own && !tiers) {
            return STATUS_NO_MEMORY;
        }
        for (uint32_t k = 0; k < draft->offers[o].tier_count && own; k++) {
            switch (change->kind) {
            case MATCH_CHANGE_OUTPUT:
                tiers[k].stock = ANY_RATE;
                tiers[k].monthly_rate = ANY_RATE;
                draft->offers[o].max_quantity = MATCH_UNLIMITED;
                break;
            case MATCH_CHANGE_ORDERS:
                tiers[k].min_quantity = 1;
                break;
            case MATCH_CHANGE_FIRST_MONTH:
                tiers[k].first_month -= (int32_t)change->value;
                break;
            default:
                tiers[k].one_off = 0;
                break;
            }
        }
    }
    return STATUS_OK;
}

static int change_tier(struct draft *draft, const struct match_change *change)
{
    struct match_tier *tiers = own_tiers(draft, change->offer);
    if (!tiers) {
        return STATUS_NO_MEMORY;
    }
    struct match_tier *tier = &tiers[change->tier];
    const struct match_offer *offer = &draft->offers[change->offer];
    if (change->kind == MATCH_CHANGE_RATE) {
        tier->monthly_rate = change->value;
        draft->offers[change->offer].max_quantity = MATCH_UNLIMITED;
    } else if (change->kind == MATCH_CHANGE_PRICE) {
        tier->unit_price = change->value;
        tier->evaluated_price = match_price_evaluated(change->value, draft->market.suppliers[offer->supplier].sme,
                                                      draft->lot.rules.sme_preference);
    } else {
        tier->min_quantity = change->value;
    }
    return STATUS_OK;
}

/* A sorted list of texts with one more. */
static int with_text(struct draft *draft, struct match_texts *list, const char *text)
{
    const char **texts = arena_array(draft->work, (size_t)list->count + 1, sizeof *texts);
    if (!texts) {
        return STATUS_NO_MEMORY;
    }
    uint32_t at = 0;
    for (; at < list->count && strcmp(list->texts[at], text) < 0; at++) {
        texts[at] = list->texts[at];
    }
    texts[at] = text;
    for (uint32_t n = at; n < list->count; n++) {
        texts[n + 1] = list->texts[n];
    }
    *list = (struct match_texts){texts, list->count + 1};
    return STATUS_OK;
}

/* The offer with one attribute more, or another value of one that it has. */
static int with_attribute(struct draft *draft, struct match_offer *offer, const struct match_requirement *requirement)
{
    struct match_attribute *list = arena_array(draft->work, (size_t)offer->provide_count + 1, sizeof *list);
    if (!list) {
        return STATUS_NO_MEMORY;
    }
    uint32_t count = 0;
    bool placed = false;
    const struct match_attribute own = {requirement->name, requirement->value};
    for (uint32_t n = 0; n < offer->provide_count; n++) {
        int order = strcmp(offer->provides[n].name, requirement->name);
        if (order >= 0 && !placed) {
            list[count++] = own;
            placed = true;
        }
        if (order != 0) {
            list[count++] = offer->provides[n];
        }
    }
    if (!placed) {
        list[count++] = own;
    }
    offer->provides = list;
    offer->provide_count = count;
    return STATUS_OK;
}

static int change_conditions(struct draft *draft, const struct match_change *change)
{
    struct match_offer *offer = &draft->offers[change->offer];
    switch (change->kind) {
    case MATCH_CHANGE_HAS_CERTIFICATE:
        return with_text(draft, &offer->certificates, change->text);
    case MATCH_CHANGE_HAS_ATTRIBUTE:
        return with_attribute(draft, offer, change->requirement);
    case MATCH_CHANGE_HAS_DESTINATION:
        return with_text(draft, &offer->destinations, change->text);
    default:
        offer->valid_until = 0;
        return STATUS_OK;
    }
}

static int change_demand(struct draft *draft, const struct match_change *change)
{
    struct match_demand *demand = &draft->demands[change->demand];
    switch (change->kind) {
    case MATCH_CHANGE_CEILING:
        demand->ceiling = change->value;
        return STATUS_OK;
    case MATCH_CHANGE_DATE:
        return shift_date(draft, change);
    case MATCH_CHANGE_MINIMUM:
        demand->min_quantity = change->value;
        return STATUS_OK;
    case MATCH_CHANGE_SINGLE:
        demand->single_supplier = false;
        return STATUS_OK;
    case MATCH_CHANGE_CERTIFICATE:
        return without_text(draft, &demand->certificates, change->index);
    case MATCH_CHANGE_REQUIREMENT:
        return without_requirement(draft, demand, change->index);
    case MATCH_CHANGE_ORIGIN:
        return without_text(draft, &demand->exclude_origins, change->index);
    default:
        return add_nation(draft, change);
    }
}

static int change_rules(struct draft *draft, const struct match_change *change)
{
    struct match_rules *rules = &draft->lot.rules;
    switch (change->kind) {
    case MATCH_CHANGE_MIN_NATIONS:
        rules->min_nations = change->value;
        draft->free_funds = true;
        break;
    case MATCH_CHANGE_SHARES:
        rules->sme_min_share = 0;
        rules->european_min_share = 0;
        rules->european_max_share = 100;
        rules->supplier_max_share = 100;
        break;
    case MATCH_CHANGE_SME_SHARE:
        rules->sme_min_share = change->value;
        break;
    case MATCH_CHANGE_EUROPEAN_LEAST:
        rules->european_min_share = change->value;
        break;
    case MATCH_CHANGE_EUROPEAN_MOST:
        rules->european_max_share = change->value;
        break;
    case MATCH_CHANGE_SUPPLIER_SHARE:
        rules->supplier_max_share = change->value;
        break;
    default:
        rules->excluded_origins = (struct match_texts){0};
        break;
    }
    return STATUS_OK;
}

static int apply(struct draft *draft, const struct match_change *change)
{
    switch (change->kind) {
    case MATCH_CHANGE_NONE:
        return STATUS_OK;
    case MATCH_CHANGE_CEILING:
    case MATCH_CHANGE_DATE:
    case MATCH_CHANGE_MINIMUM:
    case MATCH_CHANGE_SINGLE:
    case MATCH_CHANGE_CERTIFICATE:
    case MATCH_CHANGE_REQUIREMENT:
    case MATCH_CHANGE_ORIGIN:
    case MATCH_CHANGE_NATION:
        return change_demand(draft, change);
    case MATCH_CHANGE_MIN_NATIONS:
    case MATCH_CHANGE_SHARES:
    case MATCH_CHANGE_SME_SHARE:
    case MATCH_CHANGE_EUROPEAN_LEAST:
    case MATCH_CHANGE_EUROPEAN_MOST:
    case MATCH_CHANGE_SUPPLIER_SHARE:
    case MATCH_CHANGE_EXCLUDED:
        return change_rules(draft, change);
    case MATCH_CHANGE_MONEY:
        draft->money[change->index] = change->value == INT64_MAX ? INT64_MAX : draft->money[change->index] + change->value;
        return STATUS_OK;
    case MATCH_CHANGE_ORDERS:
        draft->demands[change->demand].min_quantity = 1;
        draft->demands[change->demand].single_supplier = false;
        return change_all_tiers(draft, change);
    case MATCH_CHANGE_COSTLESS:
        draft->lot.rules.contract_overhead = 0;
        return change_all_tiers(draft, change);
    case MATCH_CHANGE_OUTPUT:
    case MATCH_CHANGE_FIRST_MONTH:
    case MATCH_CHANGE_ONE_OFF:
        return change_all_tiers(draft, change);
    case MATCH_CHANGE_RATE:
    case MATCH_CHANGE_PRICE:
    case MATCH_CHANGE_TIER_MINIMUM:
        return change_tier(draft, change);
    case MATCH_CHANGE_HAS_CERTIFICATE:
    case MATCH_CHANGE_HAS_ATTRIBUTE:
    case MATCH_CHANGE_HAS_DESTINATION:
    case MATCH_CHANGE_VALID:
        return change_conditions(draft, change);
    }
    return STATUS_OK;
}

int match_change_plan(const struct match_market *market, uint32_t lot, const struct match_change *change, const int64_t *money,
                      struct arena *work, struct match_outcome *outcome)
{
    struct draft draft = {.market = *market, .lot = market->lots[lot], .work = work};
    draft.demands = arena_array(work, draft.lot.demand_count, sizeof *draft.demands);
    draft.offers = arena_array(work, draft.lot.offer_count, sizeof *draft.offers);
    draft.money = arena_array(work, market->fund_count, sizeof *draft.money);
    if (!draft.demands || !draft.offers || !draft.money) {
        return STATUS_NO_MEMORY;
    }
    memcpy(draft.demands, draft.lot.demands, draft.lot.demand_count * sizeof *draft.demands);
    for (uint32_t o = 0; o < draft.lot.offer_count; o++) {
        draft.offers[o] = draft.lot.offers[o];
    }
    for (uint32_t f = 0; f < market->fund_count; f++) {
        draft.money[f] = money[f];
    }
    draft.lot.demands = draft.demands;
    draft.lot.offers = draft.offers;
    int status = apply(&draft, change);
    struct match_lot *changed = arena_alloc(work, sizeof *changed);
    uint32_t *scratch = arena_array(work, draft.lot.demand_count, sizeof *scratch);
    if (status || !changed || !scratch) {
        return STATUS_NO_MEMORY;
    }
    *changed = draft.lot;
    changed->reference = match_lot_reference(changed->demands, changed->demand_count, scratch);
    if (match_load_total(changed) >= MATCH_LOAD_TOTAL_MOST) {
        return STATUS_TOO_LARGE;
    }
    struct match_lot_plan *plan;
    status = match_replan_lot(market, changed, draft.money, draft.free_funds, 0, work, &plan);
    *outcome = (struct match_outcome){changed, status ? NULL : plan};
    return status;
}

int64_t match_outcome_demand(const struct match_outcome *outcome, uint32_t demand)
{
    int64_t total = 0;
    for (uint32_t n = 0; n < outcome->plan->award_count; n++) {
        total += outcome->plan->awards[n].demand == demand ? outcome->plan->awards[n].quantity : 0;
    }
    return total;
}

int64_t match_outcome_offer(const struct match_outcome *outcome, uint32_t offer)
{
    int64_t total = 0;
    for (uint32_t n = 0; n < outcome->plan->award_count; n++) {
        total += outcome->plan->awards[n].offer == offer ? outcome->plan->awards[n].quantity : 0;
    }
    return total;
}
