/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/retune.h"

#include <string.h>

#include "broker/match/entry.h"
#include "broker/match/path.h"

/* The costs of the open slots under the terms as they are now. */
static void renew_costs(struct match_flow *flow)
{
    const struct match_model *model = flow->model;
    for (uint32_t s = 0; s < *flow->slot_limit; s++) {
        uint32_t index = flow->slot_choice[s];
        if (index == MATCH_NONE || flow->slot_version[s] == flow->terms->version) {
            continue;
        }
        const int64_t *cost = flow->terms->cost + model->first_cost[index];
        flow->slot_version[s] = flow->terms->version;
        for (uint32_t c = 0; c < model->pairs.class_count; c++) {
            uint16_t group = match_model_group(model, model->choices[index].offer, c);
            flow->cost[(size_t)c * flow->slot_most + s] = group == MATCH_NO_GROUP ? MATCH_BARRED : cost[group];
        }
    }
}

/* What the best place of a line offers at the rents as they are; INT64_MIN where it has none. */
static int64_t best_place(const struct match_flow *flow, uint32_t line)
{
    const struct match_model *model = flow->model;
    const int64_t *cost = flow->cost + (size_t)model->class_of[line] * flow->slot_most;
    const int64_t *rent = flow->rent + (size_t)model->month[line] * flow->slot_most;
    const uint64_t *serves = flow->serves + (size_t)line * flow->mask_words;
    uint32_t lump = model->lump_of[line];
    int64_t best = INT64_MIN;
    if (lump != MATCH_NONE && model->lumps[lump].single) {
        uint32_t s = flow->slot_of[flow->lump_supplier[lump]];
        return serves[s / 64] >> s % 64 & 1 ? model->value[line] - cost[s] - rent[s] : best;
    }
    for (uint32_t w = 0; w < flow->mask_words; w++) {
        for (uint64_t bits = serves[w]; bits; bits &= bits - 1) {
            uint32_t s = w * 64 + (uint32_t)__builtin_ctzll(bits);
            int64_t gain = model->value[line] - cost[s] - rent[s];
            best = gain > best ? gain : best;
        }
    }
    return best;
}

/* What a unit of a line gains in a slot at the rents as they are. */
static int64_t offers(const struct match_flow *flow, uint32_t line, uint32_t slot)
{
    const struct match_model *model = flow->model;
    return model->value[line] - flow->cost[(size_t)model->class_of[line] * flow->slot_most + slot] -
           flow->rent[(size_t)model->month[line] * flow->slot_most + slot];
}

/* Takes an entry off; its place waits for a unit. Its quantity is returned. */
static int64_t take_off(struct match_flow *flow, uint32_t entry)
{
    const struct match_entry *of = &flow->entries[entry];
    int64_t quantity = of->quantity, *waits = &flow->waits[(size_t)of->slot * flow->model->month_count + flow->model->month[of->line]];
    flow->waits_in[of->slot] += quantity;
    *waits += quantity;
    match_entry_add(flow, entry, -quantity);
    return quantity;
}

/* Sets the price of a line that is no lump's. Returns the units that look for a place: they are neither served nor counted as unserved. */
static int64_t reprice_line(struct match_flow *flow, uint32_t line)
{
    int64_t best = best_place(flow, line), loose = 0;
    flow->price[line] = best > 0 ? best : 0;
    for (uint32_t e = flow->line_head[line], next; e != MATCH_NONE; e = next) {
        next = flow->entries[e].next_in_line;
        loose += offers(flow, line, flow->entries[e].slot) < flow->price[line] ? take_off(flow, e) : 0;
    }
    if (!flow->price[line]) {
        flow->unserved[line] += loose;
        return 0;
    }
    loose += flow->unserved[line];
    flow->unserved[line] = 0;
    return loose;
}

/* Takes off the awards of a lump's line that give less than its price there; all of them where that is below the lump's bonus. */
static void take_off_line(struct match_flow *flow, uint32_t line, int64_t bonus)
{
    const struct match_model *model = flow->model;
    for (uint32_t e = flow->line_head[line], next; e != MATCH_NONE; e = next) {
        next = flow->entries[e].next_in_line;
        if (flow->price[line] < bonus || offers(flow, line, flow->entries[e].slot) < flow->price[line]) {
            int64_t quantity = take_off(flow, e);
            flow->unserved[line] += quantity;
            flow->lump_total[model->lump_of[line]] -= quantity;
        }
    }
}

/* The bonus that goes with a lump's awards at its lines' prices: no line with units unserved has a higher one. */
static int64_t bonus_of(const struct match_flow *flow, uint32_t lump)
{
    const struct match_lump *of = &flow->model->lumps[lump];
    int64_t highest = INT64_MIN, lowest = 0;
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
        highest = flow->unserved[l] && flow->price[l] > highest ? flow->price[l] : highest;
        lowest = flow->line_head[l] != MATCH_NONE && flow->price[l] < lowest ? flow->price[l] : lowest;
    }
    if (flow->lump_total[lump] < of->least) {
        return highest;
    }
    int64_t bonus = flow->lump_total[lump] > of->least ? 0 : lowest;
    return highest > bonus ? highest : bonus;
}

/* Sets the prices of a lump's lines and its bonus. Whether it then lacks units that it needs or may gain by. */
static bool reprice_lump(struct match_flow *flow, uint32_t lump)
{
    const struct match_lump *of = &flow->model->lumps[lump];
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
        flow->price[l] = best_place(flow, l);
        take_off_line(flow, l, INT64_MIN);
    }
    int64_t bonus = bonus_of(flow, lump);
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
        take_off_line(flow, l, bonus);
        flow->price[l] = flow->price[l] == INT64_MIN ? bonus : flow->price[l]; /* no place: any price up to the lump's will do */
    }
    flow->bonus[lump] = bonus;
    return flow->lump_total[lump] < of->least || bonus > 0;
}

static bool fill_places(struct match_flow *flow)
{
    uint32_t months = flow->model->month_count;
    for (uint32_t s = 0; s < *flow->slot_limit; s++) {
        for (uint32_t m = 0; m < months && flow->waits_in[s]; m++) {
            int64_t quantity = flow->waits[(size_t)s * months + m];
            flow->waits[(size_t)s * months + m] = 0;
            flow->waits_in[s] -= quantity;
            if (quantity && !match_path_fill(flow, s, m, quantity)) {
                return false;
            }
        }
    }
    return true;
}

static bool find_places(struct match_flow *flow, uint32_t lump_count)
{
    for (uint32_t l = 0; l < flow->model->line_count; l++) {
        int64_t quantity = flow->loose[l];
        flow->loose[l] = 0;
        if (quantity && !match_path_push_line(flow, l, quantity)) {
            return false;
        }
    }
    for (uint32_t n = 0; n < lump_count; n++) {
        if (!match_path_push_lump(flow, flow->loose_lumps[n], MATCH_GAIN_NEVER)) {
            return false;
        }
    }
    return fill_places(flow);
}

bool match_flow_retune(struct match_flow *flow)
{
    const struct match_model *model = flow->model;
    uint32_t lump_count = 0;
    renew_costs(flow);
    for (uint32_t l = 0; l < model->line_count; l++) {
        flow->loose[l] = model->lump_of[l] == MATCH_NONE ? reprice_line(flow, l) : 0;
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        if (flow->lump_in[d] && reprice_lump(flow, d)) {
            flow->loose_lumps[lump_count++] = d;
        }
    }
    if (find_places(flow, lump_count)) {
        return true;
    }
    memset(flow->waits, 0, (size_t)flow->slot_most * model->month_count * sizeof *flow->waits);
    memset(flow->waits_in, 0, flow->slot_most * sizeof *flow->waits_in);
    return false;
}
