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
    const struct match_model *model = flow->model;
    int64_t best = best_place(flow, line), loose = 0;
    flow->price[line] = best > 0 ? best : 0;
    for (uint32_t e = flow->line_head[line], next; e != MATCH_NONE; e = next) {
        uint32_t s = flow->entries[e].slot;
        next = flow->entries[e].next_in_line;
        int64_t here = model->value[line] - flow->cost[(size_t)model->class_of[line] * flow->slot_most + s] -
                       flow->rent[(size_t)model->month[line] * flow->slot_most + s];
        loose += here < flow->price[line] ? take_off(flow, e) : 0;
    }
    if (!flow->price[line]) {
        flow->unserved[line] += loose;
        return 0;
    }
    loose += flow->unserved[line];
    flow->unserved[line] = 0;
    return loose;
}

/* Sets the prices of a lump's lines where that leaves its awards optimal. */
static bool reprice_lump(struct match_flow *flow, uint32_t lump)
{
    const struct match_model *model = flow->model;
    const struct match_lump *of = &model->lumps[lump];
    int64_t bonus = 0;
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
        flow->price[l] = best_place(flow, l);
        for (uint32_t e = flow->line_head[l]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
            uint32_t s = flow->entries[e].slot;
            int64_t here = model->value[l] - flow->cost[(size_t)model->class_of[l] * flow->slot_most + s] -
                           flow->rent[(size_t)model->month[l] * flow->slot_most + s];
            if (here < flow->price[l]) {
                return false;
            }
        }
        bonus = flow->line_head[l] != MATCH_NONE && flow->price[l] < bonus ? flow->price[l] : bonus;
    }
    if (bonus && flow->lump_total[lump] > of->least) {
        return false;
    }
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
        if (flow->price[l] == INT64_MIN) {
            flow->price[l] = bonus;
        } else if (flow->unserved[l] && flow->price[l] > bonus) {
            return false;
        }
    }
    flow->bonus[lump] = bonus;
    return true;
}

/* Takes a lump out, to be put in again; its places wait. */
static void take_lump_off(struct match_flow *flow, uint32_t lump)
{
    const struct match_lump *of = &flow->model->lumps[lump];
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
        while (flow->line_head[l] != MATCH_NONE) {
            take_off(flow, flow->line_head[l]);
        }
        flow->active[l] = 0;
        flow->unserved[l] = 0;
        flow->price[l] = 0;
    }
    flow->lump_in[lump] = 0;
    flow->lump_total[lump] = 0;
    flow->bonus[lump] = 0;
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
        if (!match_flow_lump_in(flow, flow->loose_lumps[n], flow->lump_supplier[flow->loose_lumps[n]], MATCH_GAIN_NEVER)) {
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
        if (flow->lump_in[d] && !reprice_lump(flow, d)) {
            take_lump_off(flow, d);
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
