/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/model.h"

#include <stdlib.h>
#include <string.h>

#include "proto/status.h"

#define SHIFT_MOST 8   /* 1/256 cent: finer prices tighten no bound by more than 1e-8 */
#define UNIT_BITS 52 /* scaled values of a unit stay below 2^52 or unscaled, so that sums along a path fit 64 bits */

/* A line on its way into the model. */
struct draft {
    int64_t ceiling;
    int64_t lacked;
    uint32_t demand;
    uint32_t line;
    uint32_t priority;
    uint32_t class_index; /* its own */
    uint32_t alike;       /* classes with one alike number have equal conditions and equal freight everywhere */
    int32_t month;
    bool lump;
};

static int compare_months(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Lumps first in the order of demands, then the rest with alike lines side by side. */
static int compare_drafts(const void *a, const void *b)
{
    const struct draft *x = a, *y = b;
#define BY(field) if (x->field != y->field) { return x->field < y->field ? -1 : 1; }
    if (x->lump != y->lump) {
        return x->lump ? -1 : 1;
    }
    if (!x->lump) {
        BY(month)
        BY(priority)
        BY(ceiling)
        BY(alike)
    }
    BY(demand)
    BY(line)
#undef BY
    return 0;
}

static bool draft_alike(const struct draft *x, const struct draft *y)
{
    return !x->lump && !y->lump && x->month == y->month && x->priority == y->priority && x->ceiling == y->ceiling &&
           x->alike == y->alike;
}

static bool same_conditions(const struct match_model *model, uint32_t a, uint32_t b)
{
    const struct match_demand *x = &model->lot->demands[model->pairs.first_of[a]];
    const struct match_demand *y = &model->lot->demands[model->pairs.first_of[b]];
    if (x->fund != y->fund || x->require_count != y->require_count || x->certificates.count != y->certificates.count ||
        x->exclude_origins.count != y->exclude_origins.count) {
        return false;
    }
    for (uint32_t n = 0; n < x->require_count; n++) {
        if (x->requires[n].comparison != y->requires[n].comparison || strcmp(x->requires[n].name, y->requires[n].name) != 0 ||
            strcmp(x->requires[n].value, y->requires[n].value) != 0) {
            return false;
        }
    }
    for (uint32_t n = 0; n < x->certificates.count; n++) {
        if (strcmp(x->certificates.texts[n], y->certificates.texts[n]) != 0) {
            return false;
        }
    }
    for (uint32_t n = 0; n < x->exclude_origins.count; n++) {
        if (strcmp(x->exclude_origins.texts[n], y->exclude_origins.texts[n]) != 0) {
            return false;
        }
    }
    size_t offers = model->pairs.offer_count;
    return !offers || memcmp(model->pairs.freight + a * offers, model->pairs.freight + b * offers, offers * sizeof(int64_t)) == 0;
}

static uint64_t hash_row(const int64_t *row, size_t count)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t n = 0; n < count; n++) {
        hash = (hash ^ (uint64_t)row[n]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash;
}

/* For each class the first class with the same conditions and freight; places and countries may differ. */
static int alike_classes(const struct match_model *model, struct arena *arena, uint32_t **alike)
{
    uint32_t count = model->pairs.class_count;
    size_t size = 4;
    while (size < (size_t)count * 2) {
        size *= 2;
    }
    uint32_t *slots = arena_array(arena, size, sizeof *slots);
    *alike = arena_array(arena, count, sizeof **alike);
    if (!slots || !*alike) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t c = 0; c < count; c++) {
        size_t at = hash_row(model->pairs.freight + (size_t)c * model->pairs.offer_count, model->pairs.offer_count) & (size - 1);
        while (slots[at] && !same_conditions(model, slots[at] - 1, c)) {
            at = (at + 1) & (size - 1);
        }
        if (!slots[at]) {
            slots[at] = c + 1;
        }
        (*alike)[c] = slots[at] - 1;
    }
    return STATUS_OK;
}

static int build_months(struct match_model *model, struct arena *arena)
{
    const struct match_lot *lot = model->lot;
    size_t count = 0;
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        count += lot->demands[d].line_count;
    }
    int32_t *months = arena_array(arena, count, sizeof *months);
    if (!months) {
        return STATUS_NO_MEMORY;
    }
    size_t at = 0;
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        for (uint32_t n = 0; n < lot->demands[d].line_count; n++) {
            months[at++] = lot->demands[d].lines[n].month;
        }
    }
    qsort(months, count, sizeof *months, compare_months);
    for (at = 0; at < count; at++) {
        if (!at || months[at] != months[at - 1]) {
            months[model->month_count++] = months[at];
        }
    }
    model->months = months;
    return STATUS_OK;
}

static uint32_t month_rank(const struct match_model *model, int32_t month)
{
    uint32_t low = 0, high = model->month_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (model->months[middle] <= month) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* What one demand is bound to by commitments: units, and the only offer; several offers are MATCH_NONE - 1. */
struct bond {
    int64_t quantity;
    uint32_t offer;
};

static struct bond *build_bonds(const struct match_lot *lot, struct arena *arena)
{
    struct bond *bonds = arena_array(arena, lot->demand_count, sizeof *bonds);
    for (uint32_t d = 0; bonds && d < lot->demand_count; d++) {
        bonds[d].offer = MATCH_NONE;
    }
    for (uint32_t n = 0; bonds && n < lot->commitment_count; n++) {
        struct bond *bond = &bonds[lot->commitments[n].demand];
        uint32_t offer = lot->commitments[n].offer;
        bond->quantity += lot->commitments[n].quantity;
        bond->offer = bond->offer == MATCH_NONE || bond->offer == offer ? offer : MATCH_NONE - 1;
    }
    return bonds;
}

/* Whether any offer serves the demand at all, apart from price. */
static bool class_served(const struct match_model *model, uint32_t class_index)
{
    const int64_t *row = model->pairs.freight + (size_t)class_index * model->pairs.offer_count;
    for (uint32_t o = 0; o < model->pairs.offer_count; o++) {
        if (row[o] != MATCH_NO_FREIGHT) {
            return true;
        }
    }
    return false;
}

static int build_lines(struct match_model *model, struct arena *arena, const struct draft *drafts, size_t count)
{
    int64_t *quantity = arena_array(arena, count, sizeof *quantity), *value = arena_array(arena, count, sizeof *value);
    int64_t *ceiling = arena_array(arena, count, sizeof *ceiling);
    uint32_t *class_of = arena_array(arena, count, sizeof *class_of), *month = arena_array(arena, count, sizeof *month);
    uint32_t *lump_of = arena_array(arena, count, sizeof *lump_of);
    uint32_t *first_member = arena_array(arena, count + 1, sizeof *first_member);
    struct match_member *members = arena_array(arena, count, sizeof *members);
    if (!quantity || !value || !ceiling || !class_of || !month || !lump_of || !first_member || !members) {
        return STATUS_NO_MEMORY;
    }
    uint32_t lines = 0;
    for (size_t n = 0; n < count; n++) {
        const struct draft *draft = &drafts[n];
        if (!n || !draft_alike(draft, draft - 1)) {
            first_member[lines] = (uint32_t)n;
            value[lines] = (model->lot->rules.weights[draft->priority - 1] * model->lot->reference) << model->shift;
            ceiling[lines] = draft->ceiling;
            class_of[lines] = draft->class_index;
            month[lines] = month_rank(model, draft->month);
            lump_of[lines] = MATCH_NONE;
            lines++;
        }
        quantity[lines - 1] += draft->lacked;
        members[n] = (struct match_member){draft->demand, draft->line, draft->lacked};
    }
    first_member[lines] = (uint32_t)count;
    model->line_count = lines;
    model->quantity = quantity;
    model->value = value;
    model->ceiling = ceiling;
    model->class_of = class_of;
    model->month = month;
    model->lump_of = lump_of;
    model->first_member = first_member;
    model->members = members;
    return STATUS_OK;
}

static int build_lumps(struct match_model *model, struct arena *arena, const struct bond *bonds, const struct draft *drafts,
                       size_t count)
{
    struct match_lump *lumps = arena_array(arena, model->lot->demand_count, sizeof *lumps);
    uint32_t *lump_of = arena_array(arena, model->line_count, sizeof *lump_of);
    if (!lumps || !lump_of) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t l = 0; l < model->line_count; l++) {
        lump_of[l] = MATCH_NONE;
    }
    for (uint32_t l = 0; l < count && drafts[l].lump; l++) { /* lumps come first and are never merged: draft and line agree */
        const struct match_demand *demand = &model->lot->demands[drafts[l].demand];
        if (!l || drafts[l - 1].demand != drafts[l].demand) {
            int64_t least = demand->min_quantity - bonds[drafts[l].demand].quantity;
            lumps[model->lump_count++] = (struct match_lump){
                .demand = drafts[l].demand, .first_line = l, .least = least > 1 ? least : 1, .single = demand->single_supplier,
                .supplier = demand->single_supplier ? bonds[drafts[l].demand].offer : MATCH_NONE};
        }
        struct match_lump *lump = &lumps[model->lump_count - 1];
        lump->line_count++;
        lump->total += drafts[l].lacked;
        lump_of[l] = model->lump_count - 1;
    }
    model->lumps = lumps;
    model->lump_of = lump_of;
    return STATUS_OK;
}

/* Commitments of each offer: units due by month, in all, and the tier. */
struct taken {
    int64_t total;
    uint32_t tier; /* MATCH_NONE: no commitment */
};

/*
 * What a tier can still make by each month. By month t new awards due in t or before may take output(s) less commitments
 * due by s for every s >= t, so the table is the least of these from the right, cut at max_quantity, and 0 where commitments
 * alone exceed the output.
 */
static void fill_capacity(const struct match_model *model, const struct match_offer *offer, const struct match_tier *tier,
                          const int64_t *due, int64_t committed, int64_t *capacity)
{
    int64_t least = offer->max_quantity > committed ? offer->max_quantity - committed : 0;
    for (uint32_t m = model->month_count; m-- > 0;) {
        int64_t left = match_tier_output(tier, model->market->as_of_month, model->months[m]) - committed;
        committed -= due ? due[m] : 0;
        least = left < least ? left : least;
        capacity[m] = least > 0 ? least : 0;
    }
}

/* Nothing is said where units may be free or a commitment counts already. */
static uint32_t offers_least(const struct match_model *model)
{
    int64_t share = model->lot->rules.supplier_max_share;
    bool counts = share > 0 && share < 100 && !model->lot->commitment_count;
    for (uint32_t c = 0; c < model->choice_count && counts; c++) {
        counts = model->choices[c].unit_price > 0;
    }
    return counts ? (uint32_t)((100 + share - 1) / share) : 0;
}

static int build_choices(struct match_model *model, struct arena *arena)
{
    const struct match_lot *lot = model->lot;
    size_t count = 0;
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        count += lot->offers[o].tier_count;
    }
    struct taken *taken = arena_array(arena, lot->offer_count, sizeof *taken);
    int64_t **due = arena_array(arena, lot->offer_count, sizeof *due);
    struct match_choice *choices = arena_array(arena, count, sizeof *choices);
    uint32_t *first_choice = arena_array(arena, (size_t)lot->offer_count + 1, sizeof *first_choice);
    int64_t *capacity = arena_array(arena, count * model->month_count, sizeof *capacity);
    if (!taken || !due || !choices || !first_choice || !capacity) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        taken[o].tier = MATCH_NONE;
    }
    for (uint32_t n = 0; n < lot->commitment_count; n++) {
        const struct match_commitment *c = &lot->commitments[n];
        if (!due[c->offer] && !(due[c->offer] = arena_array(arena, model->month_count, sizeof **due))) {
            return STATUS_NO_MEMORY;
        }
        due[c->offer][month_rank(model, lot->demands[c->demand].lines[c->line].month)] += c->quantity;
        taken[c->offer].total += c->quantity;
        taken[c->offer].tier = c->tier;
    }
    uint32_t made = 0;
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        const struct match_offer *offer = &lot->offers[o];
        first_choice[o] = made;
        for (uint32_t k = 0; k < offer->tier_count; k++) {
            const struct match_tier *tier = &offer->tiers[k];
            bool fresh = taken[o].tier == MATCH_NONE;
            if (!fresh && taken[o].tier != k) {
                continue;
            }
            fill_capacity(model, offer, tier, due[o], taken[o].total, capacity);
            int64_t least = tier->min_quantity - taken[o].total, most = capacity[model->month_count - 1];
            if (most < 1 || least > most) {
                continue;
            }
            choices[made++] = (struct match_choice){
                .offer = o, .tier = k, .unit_price = tier->unit_price, .evaluated_price = tier->evaluated_price,
                .one_off = fresh ? tier->one_off : 0, .fixed = fresh ? tier->one_off + lot->rules.contract_overhead : 0,
                .least = least > 1 ? least : 1, .most = most, .capacity = capacity};
            capacity += model->month_count;
        }
    }
    first_choice[lot->offer_count] = made;
    model->choice_count = made;
    model->choices = choices;
    model->first_choice = first_choice;
    model->offers_least = offers_least(model);
    return STATUS_OK;
}

/* Units of a demand that output lets through, of which there are so many by each of its lines, which stand by month. */
static int64_t demand_reach(const struct match_demand *demand, const int64_t *output)
{
    int64_t taken = 0;
    for (uint32_t n = 0; n < demand->line_count; n++) {
        taken += demand->lines[n].quantity - demand->lines[n].committed;
        taken = taken < output[n] ? taken : output[n];
    }
    return taken;
}

/*
 * Whether a demand could get its minimum if nobody else had any: from all offers, each with the most that any of its tiers has made by every
 * month, or from the best one where it wants a single supplier. A demand that could not is left out; the relaxation behind the bound, which
 * may serve a part of it, does not see this by itself.
 */
static bool minimum_reached(const struct match_model *model, const struct match_demand *demand, uint32_t class_index, int64_t committed)
{
    int64_t together[MATCH_MOST_LINES] = {0}, apart = 0, least = demand->min_quantity - committed;
    for (uint32_t o = 0; o < model->lot->offer_count && least > 1; o++) {
        int64_t freight = model->pairs.freight[(size_t)class_index * model->pairs.offer_count + o], own[MATCH_MOST_LINES] = {0}, most = 0;
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1] && freight != MATCH_NO_FREIGHT; c++) {
            int64_t output[MATCH_MOST_LINES];
            if (model->choices[c].unit_price + freight > demand->ceiling) {
                continue;
            }
            for (uint32_t n = 0; n < demand->line_count; n++) {
                output[n] = model->choices[c].capacity[month_rank(model, demand->lines[n].month)];
                own[n] = output[n] > own[n] ? output[n] : own[n];
            }
            int64_t reach = demand_reach(demand, output);
            most = reach > most ? reach : most;
        }
        if (demand->single_supplier && most >= least) {
            return true;
        }
        apart += most;
        for (uint32_t n = 0; n < demand->line_count; n++) {
            together[n] += own[n];
        }
    }
    return least <= 1 || (!demand->single_supplier && apart >= least && demand_reach(demand, together) >= least);
}

static size_t draft_lines(const struct match_model *model, const struct bond *bonds, const uint32_t *alike, struct draft *drafts)
{
    size_t count = 0;
    for (uint32_t d = 0; d < model->lot->demand_count; d++) {
        const struct match_demand *demand = &model->lot->demands[d];
        uint32_t class_index = model->pairs.class_of[d];
        bool single = demand->single_supplier;
        int64_t open = 0;
        for (uint32_t n = 0; n < demand->line_count; n++) {
            open += demand->lines[n].quantity - demand->lines[n].committed;
        }
        if (!class_served(model, class_index) || (single && bonds[d].offer == MATCH_NONE - 1) ||
            open < demand->min_quantity - bonds[d].quantity || !minimum_reached(model, demand, class_index, bonds[d].quantity)) {
            continue;
        }
        for (uint32_t n = 0; n < demand->line_count; n++) {
            int64_t lacked = demand->lines[n].quantity - demand->lines[n].committed;
            if (lacked > 0) {
                drafts[count++] = (struct draft){demand->ceiling, lacked, d, n, demand->priority, class_index,
                                                 alike[class_index], demand->lines[n].month,
                                                 single || demand->min_quantity > 1};
            }
        }
    }
    return count;
}

/* Groups of one offer; returns their number. Freight and fund are appended at the given places. */
static uint32_t group_classes(const struct match_model *model, uint32_t offer, uint16_t *group_of, int64_t *freight, uint32_t *fund)
{
    uint32_t count = 0;
    for (uint32_t c = 0; c < model->pairs.class_count; c++) {
        int64_t cost = model->pairs.freight[(size_t)c * model->pairs.offer_count + offer];
        group_of[c] = MATCH_NO_GROUP;
        if (cost == MATCH_NO_FREIGHT) {
            continue;
        }
        uint32_t of = model->lot->demands[model->pairs.first_of[c]].fund, g = 0;
        while (g < count && (freight[g] != cost || fund[g] != of)) {
            g++;
        }
        if (g == count && count < MATCH_NO_GROUP) {
            freight[g] = cost;
            fund[g] = of;
            count++;
        }
        group_of[c] = (uint16_t)g;
    }
    return count;
}

static int build_groups(struct match_model *model, struct arena *arena)
{
    uint32_t offers = model->lot->offer_count, classes = model->pairs.class_count;
    uint16_t *group_of = arena_array(arena, (size_t)offers * classes, sizeof *group_of);
    uint32_t *first_group = arena_array(arena, (size_t)offers + 1, sizeof *first_group);
    uint32_t *first_cost = arena_array(arena, (size_t)model->choice_count + 1, sizeof *first_cost);
    int64_t *row_freight = arena_array(arena, classes, sizeof *row_freight);
    uint32_t *row_fund = arena_array(arena, classes, sizeof *row_fund);
    if (!group_of || !first_group || !first_cost || !row_freight || !row_fund) {
        return STATUS_NO_MEMORY;
    }
    for (int fill = 0; fill < 2; fill++) { /* count first, then fill arrays of the right size */
        int64_t *freight = NULL;
        uint32_t *fund = NULL, total = first_group[offers];
        if (fill && (!(freight = arena_array(arena, total, sizeof *freight)) || !(fund = arena_array(arena, total, sizeof *fund)))) {
            return STATUS_NO_MEMORY;
        }
        for (uint32_t o = 0; o < offers; o++) {
            uint32_t count = group_classes(model, o, group_of + (size_t)o * classes, row_freight, row_fund);
            if (fill && count) {
                memcpy(freight + first_group[o], row_freight, count * sizeof *freight);
                memcpy(fund + first_group[o], row_fund, count * sizeof *fund);
            }
            first_group[o + 1] = first_group[o] + count;
        }
        model->group_freight = freight;
        model->group_fund = fund;
    }
    for (uint32_t c = 0; c < model->choice_count; c++) {
        uint32_t offer = model->choices[c].offer;
        first_cost[c + 1] = first_cost[c] + first_group[offer + 1] - first_group[offer];
    }
    model->group_of = group_of;
    model->first_group = first_group;
    model->first_cost = first_cost;
    return STATUS_OK;
}

/* Units that a choice could give one lump if nobody else had any. */
static int64_t lump_reach(const struct match_model *model, const struct match_lump *lump, const struct match_choice *choice)
{
    int64_t taken = 0;
    uint32_t class_index = model->pairs.class_of[lump->demand];
    int64_t freight = model->pairs.freight[(size_t)class_index * model->pairs.offer_count + choice->offer];
    if (freight == MATCH_NO_FREIGHT || choice->unit_price + freight > model->ceiling[lump->first_line]) {
        return 0;
    }
    for (uint32_t l = lump->first_line; l < lump->first_line + lump->line_count; l++) { /* lines stand by month */
        int64_t room = choice->capacity[model->month[l]] - taken;
        taken += room < model->quantity[l] ? room : model->quantity[l];
    }
    return taken;
}

/*
 * A demand with a single supplier gets all that it gets from one choice, so a choice whose own output is below the demand's minimum
 * can't serve it at all. The relaxation behind the bound, which may split a demand, does not see this by itself.
 */
static int build_barred(struct match_model *model, struct arena *arena)
{
    uint8_t *barred = arena_array(arena, (size_t)model->lump_count * model->choice_count, 1);
    if (!barred) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        const struct match_lump *lump = &model->lumps[d];
        for (uint32_t c = 0; lump->single && c < model->choice_count; c++) {
            const struct match_choice *choice = &model->choices[c];
            barred[(size_t)d * model->choice_count + c] =
                (lump->supplier != MATCH_NONE && lump->supplier != choice->offer) || lump_reach(model, lump, choice) < lump->least;
        }
    }
    model->lump_barred = barred;
    return STATUS_OK;
}

int match_model_build(const struct match_market *market, const struct match_lot *lot, struct arena *arena,
                      struct match_model *model)
{
    *model = (struct match_model){.market = market, .lot = lot, .shift = SHIFT_MOST};
    while (model->shift > 0 && (lot->rules.weights[0] * lot->reference) >> (UNIT_BITS - model->shift) > 0) {
        model->shift--;
    }
    int status = match_pairs_build(market, lot, arena, &model->pairs);
    if (!status) {
        status = build_months(model, arena);
    }
    uint32_t *alike = NULL;
    if (!status) {
        status = alike_classes(model, arena, &alike);
    }
    size_t most = 0;
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        most += lot->demands[d].line_count;
    }
    struct bond *bonds = build_bonds(lot, arena);
    struct draft *drafts = arena_array(arena, most, sizeof *drafts);
    if (!status && (!bonds || !drafts)) {
        status = STATUS_NO_MEMORY;
    }
    if (status) {
        return status;
    }
    if ((status = build_choices(model, arena))) {
        return status;
    }
    size_t count = draft_lines(model, bonds, alike, drafts);
    qsort(drafts, count, sizeof *drafts, compare_drafts);
    status = build_lines(model, arena, drafts, count);
    if (!status) {
        status = build_lumps(model, arena, bonds, drafts, count);
    }
    if (!status) {
        status = build_barred(model, arena);
    }
    if (!status) {
        status = build_groups(model, arena);
    }
    return status;
}
