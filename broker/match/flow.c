/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/flow.h"

#include <string.h>

#include "broker/match/entry.h"
#include "broker/match/path.h"

/* Fills in what a slot costs each class, and returns the highest rent that any active line would pay for its first unit. */
static int64_t set_costs(struct match_flow *flow, uint32_t slot, uint32_t choice_index)
{
    const struct match_model *model = flow->model;
    const struct match_choice *choice = &model->choices[choice_index];
    const int64_t *cost = flow->terms->cost + model->first_cost[choice_index];
    flow->slot_version[slot] = flow->terms->version;
    for (uint32_t c = 0; c < model->pairs.class_count; c++) {
        uint16_t group = match_model_group(model, choice->offer, c);
        size_t at = (size_t)c * flow->slot_most + slot;
        flow->cost[at] = group == MATCH_NO_GROUP ? MATCH_BARRED : cost[group];
        flow->paid[at] = group == MATCH_NO_GROUP ? INT64_MAX
                                                 : choice->unit_price + model->group_freight[model->first_group[choice->offer] + group];
    }
    int64_t rent = 0;
    for (uint32_t l = 0; l < model->line_count; l++) {
        size_t at = (size_t)model->class_of[l] * flow->slot_most + slot;
        uint32_t lump = model->lump_of[l];
        bool serves = flow->paid[at] <= model->ceiling[l];
        flow->serves[(size_t)l * flow->mask_words + slot / 64] |= (uint64_t)serves << slot % 64;
        if (!flow->active[l] || !serves ||
            (lump != MATCH_NONE && model->lumps[lump].single && flow->lump_supplier[lump] != choice->offer)) {
            continue;
        }
        int64_t gain = model->value[l] - flow->cost[at] - flow->price[l];
        rent = gain > rent ? gain : rent;
    }
    return rent;
}

bool match_flow_open(struct match_flow *flow, uint32_t choice_index)
{
    const struct match_model *model = flow->model;
    const struct match_choice *choice = &model->choices[choice_index];
    uint32_t slot = 0;
    while (slot < *flow->slot_limit && flow->slot_choice[slot] != MATCH_NONE) {
        slot++;
    }
    if (slot == flow->slot_most) {
        return false;
    }
    if (slot == *flow->slot_limit) {
        (*flow->slot_limit)++;
    }
    flow->slot_choice[slot] = choice_index;
    flow->slot_of[choice->offer] = slot;
    flow->slot_head[slot] = MATCH_NONE;
    int64_t rent = set_costs(flow, slot, choice_index);
    for (uint32_t m = 0; m < model->month_count; m++) {
        flow->used[slot * model->month_count + m] = 0;
        flow->rent[m * flow->slot_most + slot] = rent;
    }
    match_slot_tighten(flow, slot);
    return match_path_fill(flow, slot, model->month_count, choice->most);
}

bool match_flow_open_all(struct match_flow *flow, const uint32_t *choices, uint32_t count)
{
    const struct match_model *model = flow->model;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t slot = *flow->slot_limit;
        if (slot == flow->slot_most) {
            return false;
        }
        (*flow->slot_limit)++;
        flow->slot_choice[slot] = choices[n];
        flow->slot_of[model->choices[choices[n]].offer] = slot;
        set_costs(flow, slot, choices[n]);
        memset(flow->used + (size_t)slot * model->month_count, 0, model->month_count * sizeof *flow->used);
        for (uint32_t m = 0; m < model->month_count; m++) {
            flow->rent[m * flow->slot_most + slot] = -MATCH_SHORTAGE; /* nothing is sold yet: each unit up to the minimum order counts */
        }
        match_slot_tighten(flow, slot);
    }
    for (uint32_t l = 0; l < model->line_count; l++) {
        for (uint32_t s = 0; s < count && flow->active[l]; s++) {
            size_t at = (size_t)model->class_of[l] * flow->slot_most + s;
            int64_t gain = model->value[l] - flow->cost[at] - flow->rent[model->month[l] * flow->slot_most + s];
            flow->price[l] = flow->paid[at] <= model->ceiling[l] && gain > flow->price[l] ? gain : flow->price[l];
        }
    }
    for (uint32_t n = 0; n < model->line_count; n++) {
        uint32_t line = flow->by_value[n];
        int64_t quantity = flow->active[line] ? flow->unserved[line] : 0;
        flow->unserved[line] = 0;
        if (!match_path_push_line(flow, line, quantity)) {
            return false;
        }
    }
    return true;
}

bool match_flow_close(struct match_flow *flow, uint32_t offer)
{
    const struct match_model *model = flow->model;
    uint32_t slot = flow->slot_of[offer], count = 0;
    while (flow->slot_head[slot] != MATCH_NONE) {
        uint32_t entry = flow->slot_head[slot];
        flow->before[count] = flow->price[flow->entries[entry].line];
        flow->pending[count++] = flow->entries[entry];
        match_entry_add(flow, entry, -flow->entries[entry].quantity);
    }
    match_flow_bar(flow, slot);
    flow->slot_of[offer] = MATCH_NONE;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t lump = model->lump_of[flow->pending[n].line];
        if (lump != MATCH_NONE && model->lumps[lump].single) {
            return false; /* its supplier closes under it: it must be taken out first */
        }
        flow->hope -= (__int128)(flow->before[n] - flow->price[flow->pending[n].line]) * flow->pending[n].quantity;
        if (!match_path_push_line(flow, flow->pending[n].line, flow->pending[n].quantity)) {
            return false;
        }
    }
    return true;
}

__int128 match_flow_close_gain(const struct match_flow *flow, uint32_t offer)
{
    const struct match_model *model = flow->model;
    uint32_t slot = flow->slot_of[offer];
    __int128 gain = (__int128)model->choices[flow->slot_choice[slot]].fixed << model->shift;
    for (uint32_t e = flow->slot_head[slot]; e != MATCH_NONE; e = flow->entries[e].next_in_slot) {
        int64_t rent = flow->rent[(size_t)model->month[flow->entries[e].line] * flow->slot_most + slot];
        gain -= (__int128)rent * flow->entries[e].quantity;
    }
    return gain;
}

/* The most that a line gains with a first unit in one slot; false where it may not be served there. */
static bool slot_price(const struct match_flow *flow, uint32_t line, uint32_t slot, int64_t *price)
{
    const struct match_model *model = flow->model;
    size_t at = (size_t)model->class_of[line] * flow->slot_most + slot;
    if (flow->slot_choice[slot] == MATCH_NONE || flow->paid[at] > model->ceiling[line]) {
        return false;
    }
    *price = model->value[line] - flow->cost[at] - flow->rent[model->month[line] * flow->slot_most + slot];
    return true;
}

/* The same over all slots, or the one of a single supplier. */
static bool first_price(const struct match_flow *flow, uint32_t line, int64_t *price)
{
    uint32_t lump = flow->model->lump_of[line];
    if (flow->model->lumps[lump].single) {
        return slot_price(flow, line, flow->slot_of[flow->lump_supplier[lump]], price);
    }
    bool found = false;
    for (uint32_t s = 0; s < *flow->slot_limit; s++) {
        int64_t gain;
        if (slot_price(flow, line, s, &gain) && (!found || gain > *price)) {
            *price = gain;
            found = true;
        }
    }
    return found;
}

/* What a lump adds at most at given first prices of its lines: the positive ones, and the least bad ones up to its minimum. */
static __int128 gain_at(const struct match_model *model, const struct match_lump *of, const int64_t *price)
{
    __int128 gain = 0;
    int64_t total = 0, worst = INT64_MAX;
    for (uint32_t l = 0; l < of->line_count; l++) {
        if (price[l] > 0) {
            gain += (__int128)price[l] * model->quantity[of->first_line + l];
            total += model->quantity[of->first_line + l];
        }
    }
    while (total < of->least) { /* next lower price, all lines of it */
        int64_t next = INT64_MIN, quantity = 0;
        for (uint32_t l = 0; l < of->line_count; l++) {
            next = price[l] <= 0 && price[l] < worst && price[l] > next ? price[l] : next;
        }
        if (next == INT64_MIN) {
            return MATCH_GAIN_NEVER;
        }
        for (uint32_t l = 0; l < of->line_count; l++) {
            quantity += price[l] == next ? model->quantity[of->first_line + l] : 0;
        }
        quantity = quantity < of->least - total ? quantity : of->least - total;
        gain += (__int128)next * quantity;
        total += quantity;
        worst = next;
    }
    return gain;
}

__int128 match_flow_lump_gain(const struct match_flow *flow, uint32_t lump, uint32_t only, uint32_t but, uint32_t *supplier,
                              int64_t *prices)
{
    const struct match_model *model = flow->model;
    const struct match_lump *of = &model->lumps[lump];
    int64_t price[MATCH_MOST_LINES];
    *supplier = MATCH_NONE;
    if (!of->single) {
        for (uint32_t l = 0; l < of->line_count; l++) {
            if (!first_price(flow, of->first_line + l, &price[l])) {
                price[l] = INT64_MIN;
            }
            if (prices) {
                prices[l] = price[l];
            }
        }
        return gain_at(model, of, price);
    }
    __int128 best = MATCH_GAIN_NEVER;
    for (uint32_t s = 0; s < *flow->slot_limit; s++) {
        uint32_t choice = flow->slot_choice[s];
        if (choice == MATCH_NONE || (only != MATCH_NONE && model->choices[choice].offer != only) || model->choices[choice].offer == but ||
            model->lump_barred[(size_t)lump * model->choice_count + choice]) {
            continue;
        }
        for (uint32_t l = 0; l < of->line_count; l++) {
            if (!slot_price(flow, of->first_line + l, s, &price[l])) {
                price[l] = INT64_MIN;
            }
        }
        __int128 gain = gain_at(model, of, price);
        if (gain > best) {
            best = gain;
            *supplier = model->choices[choice].offer;
            if (prices) {
                memcpy(prices, price, of->line_count * sizeof *prices);
            }
        }
    }
    return best;
}

bool match_flow_lump_in(struct match_flow *flow, uint32_t lump, uint32_t supplier, __int128 floor)
{
    const struct match_model *model = flow->model;
    const struct match_lump *of = &model->lumps[lump];
    if (of->single && (supplier == MATCH_NONE || flow->slot_of[supplier] == MATCH_NONE)) {
        return false;
    }
    flow->lump_in[lump] = 1;
    flow->lump_supplier[lump] = supplier;
    flow->lump_total[lump] = 0;
    int64_t bonus = INT64_MIN;
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
        flow->active[l] = 1;
        flow->unserved[l] = model->quantity[l];
        if (!first_price(flow, l, &flow->price[l])) {
            flow->price[l] = INT64_MIN;
        }
        bonus = flow->price[l] > bonus ? flow->price[l] : bonus;
    }
    if (bonus == INT64_MIN) {
        return false;
    }
    flow->bonus[lump] = bonus;
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
        flow->price[l] = flow->price[l] == INT64_MIN ? bonus : flow->price[l]; /* no place: any price up to the lump's will do */
    }
    return match_path_push_lump(flow, lump, floor);
}

bool match_flow_lump_out(struct match_flow *flow, uint32_t lump)
{
    const struct match_lump *of = &flow->model->lumps[lump];
    uint32_t count = 0;
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
        flow->active[l] = 0;
        flow->unserved[l] = 0;
        flow->price[l] = 0;
        while (flow->line_head[l] != MATCH_NONE) {
            uint32_t entry = flow->line_head[l];
            flow->pending[count++] = flow->entries[entry];
            match_entry_add(flow, entry, -flow->entries[entry].quantity);
        }
    }
    flow->lump_in[lump] = 0;
    flow->lump_total[lump] = 0;
    flow->bonus[lump] = 0;
    for (uint32_t n = 0; n < count; n++) {
        const struct match_entry *gone = &flow->pending[n];
        if (!match_path_fill(flow, gone->slot, flow->model->month[gone->line], gone->quantity)) {
            return false;
        }
    }
    return true;
}

int64_t match_flow_total(const struct match_flow *flow, uint32_t offer)
{
    uint32_t slot = flow->slot_of[offer], months = flow->model->month_count;
    return slot == MATCH_NONE ? 0 : flow->used[slot * months + months - 1];
}

uint32_t match_flow_short(const struct match_flow *flow)
{
    uint32_t months = flow->model->month_count;
    for (uint32_t s = 0; s < *flow->slot_limit; s++) {
        if (flow->slot_choice[s] != MATCH_NONE &&
            flow->used[s * months + months - 1] < flow->model->choices[flow->slot_choice[s]].least) {
            return flow->model->choices[flow->slot_choice[s]].offer;
        }
    }
    return MATCH_NONE;
}

__int128 match_flow_worth(const struct match_flow *flow)
{
    const struct match_model *model = flow->model;
    __int128 worth = 0;
    if (match_flow_short(flow) != MATCH_NONE) {
        return MATCH_GAIN_NEVER;
    }
    for (uint32_t s = 0; s < *flow->slot_limit; s++) {
        if (flow->slot_choice[s] == MATCH_NONE) {
            continue;
        }
        for (uint32_t e = flow->slot_head[s]; e != MATCH_NONE; e = flow->entries[e].next_in_slot) {
            uint32_t line = flow->entries[e].line;
            int64_t unit = model->value[line] - flow->cost[(size_t)model->class_of[line] * flow->slot_most + s];
            worth += (__int128)unit * flow->entries[e].quantity;
        }
        worth -= (__int128)model->choices[flow->slot_choice[s]].fixed << model->shift;
    }
    return worth;
}

int64_t match_flow_objective(const struct match_flow *flow)
{
    const struct match_model *model = flow->model;
    __int128 objective = 0;
    for (uint32_t s = 0; s < *flow->slot_limit; s++) {
        if (flow->slot_choice[s] == MATCH_NONE) {
            continue;
        }
        const struct match_choice *choice = &model->choices[flow->slot_choice[s]];
        for (uint32_t e = flow->slot_head[s]; e != MATCH_NONE; e = flow->entries[e].next_in_slot) {
            uint32_t line = flow->entries[e].line;
            int64_t freight = flow->paid[(size_t)model->class_of[line] * flow->slot_most + s] - choice->unit_price;
            objective += (__int128)((model->value[line] >> model->shift) - choice->evaluated_price - freight) * flow->entries[e].quantity;
        }
        objective -= choice->fixed;
    }
    return (int64_t)objective;
}

static bool slot_holds(const struct match_flow *flow, uint32_t slot)
{
    const struct match_model *model = flow->model;
    const struct match_choice *choice = &model->choices[flow->slot_choice[slot]];
    uint32_t months = model->month_count;
    const int64_t *used = flow->used + slot * months;
    for (uint32_t m = 0; m < months; m++) {
        int64_t rent = flow->rent[m * flow->slot_most + slot];
        int64_t after = m + 1 < months ? flow->rent[(m + 1) * flow->slot_most + slot] : 0;
        bool tight = used[m] == choice->capacity[m];
        if (used[m] > choice->capacity[m] || (m + 1 < months && ((rent < after && used[m]) || (rent > after && !tight)))) {
            return false;
        }
        bool few = used[m] < choice->least;
        if (m + 1 == months && ((rent > 0 && !tight) || (rent < 0 && used[m] > choice->least) || (few && rent != -MATCH_SHORTAGE))) {
            return false;
        }
        int64_t due = 0;
        for (uint32_t e = flow->slot_head[slot]; e != MATCH_NONE; e = flow->entries[e].next_in_slot) {
            due += model->month[flow->entries[e].line] <= m ? flow->entries[e].quantity : 0;
        }
        if (due != used[m]) {
            return false;
        }
    }
    return true;
}

static bool line_holds(const struct match_flow *flow, uint32_t line)
{
    const struct match_model *model = flow->model;
    uint32_t lump = model->lump_of[line];
    int64_t served = 0, bonus = lump == MATCH_NONE ? 0 : flow->bonus[lump];
    for (uint32_t e = flow->line_head[line]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
        served += flow->entries[e].quantity;
    }
    if (served + flow->unserved[line] != (flow->active[line] ? model->quantity[line] : 0) ||
        (flow->active[line] && ((flow->unserved[line] && flow->price[line] > bonus) || (served && flow->price[line] < bonus)))) {
        return false;
    }
    for (uint32_t s = 0; s < *flow->slot_limit; s++) {
        size_t at = (size_t)model->class_of[line] * flow->slot_most + s;
        if (!flow->active[line] || flow->slot_choice[s] == MATCH_NONE || flow->paid[at] > model->ceiling[line] ||
            (lump != MATCH_NONE && model->lumps[lump].single && flow->slot_of[flow->lump_supplier[lump]] != s)) {
            continue;
        }
        int64_t slack = flow->price[line] + flow->rent[model->month[line] * flow->slot_most + s] - model->value[line] + flow->cost[at];
        bool serves = false;
        for (uint32_t e = flow->line_head[line]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
            serves = serves || flow->entries[e].slot == s;
        }
        if (slack < 0 || (serves && slack > 0)) {
            return false;
        }
    }
    return true;
}

bool match_flow_holds(const struct match_flow *flow)
{
    for (uint32_t s = 0; s < *flow->slot_limit; s++) {
        if (flow->slot_choice[s] != MATCH_NONE && !slot_holds(flow, s)) {
            return false;
        }
    }
    for (uint32_t l = 0; l < flow->model->line_count; l++) {
        if (!line_holds(flow, l)) {
            return false;
        }
    }
    return true;
}
