/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/repair.h"

#include "broker/match/entry.h"
#include "broker/match/weigh.h"

#define LISTED_LINES 64 /* of a lot, for each further exchange that a look lists */
#define LISTED_MOST 16u

/* One unit out of an entry, one unit of a line into a slot; either may be missing. */
struct exchange {
    uint32_t out;   /* entry or MATCH_NONE */
    uint32_t line;  /* or MATCH_NONE */
    uint32_t slot;
    int64_t gain;   /* cents a unit */
    double mends;   /* of the violation, a unit */
};

uint32_t match_repair_uncovered(const struct match_repair *repair)
{
    for (uint32_t s = 0; s < *repair->flow->slot_limit; s++) {
        if (repair->cover[s] < 0) {
            return s;
        }
    }
    return MATCH_NONE;
}

static bool broken(const struct match_repair *repair, uint32_t tie)
{
    return repair->sum[tie] > repair->right[tie];
}

bool match_repair_holds(const struct match_repair *repair)
{
    for (uint32_t t = 0; t < repair->ties->count; t++) {
        if (broken(repair, t)) {
            return false;
        }
    }
    return match_repair_uncovered(repair) == MATCH_NONE;
}

/* What one unit of a line in a slot adds to the violation, each row measured by its own size. */
static double pressure_of(const struct match_repair *repair, uint32_t line, uint32_t slot)
{
    double sum = repair->pressure[slot];
    if (repair->cover[slot] < 0) {
        sum -= (double)match_weigh_headroom(repair, line, slot) / (double)match_weigh_choice(repair, slot)->one_off;
    }
    uint32_t tie = repair->tie_of[line];
    if (tie != MATCH_NONE && broken(repair, tie)) {
        sum += (double)match_weigh_paid(repair, line, slot) * repair->per_unit[tie];
    }
    return sum;
}

static void measure_pressure(struct match_repair *repair)
{
    for (uint32_t s = 0; s < *repair->flow->slot_limit; s++) {
        repair->pressure[s] = 0;
        for (uint32_t t = repair->fund_count; t < repair->ties->count && repair->flow->slot_choice[s] != MATCH_NONE; t++) {
            if (broken(repair, t)) {
                repair->pressure[s] += (double)repair->share[(size_t)s * repair->ties->count + t] / repair->ties->ties[t].scale;
            }
        }
    }
}

static int64_t least_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t clamp_quotient(__int128 room, __int128 step)
{
    __int128 most = room / step;
    return most > INT64_MAX ? INT64_MAX : (int64_t)most;
}

/*
 * Units that the one-off costs allow: one that is covered stays so; one that is not gets no less cover, and no more than it lacks.
 */
static int64_t cover_allows(const struct match_repair *repair, const struct exchange *exchange)
{
    const struct match_flow *flow = repair->flow;
    uint32_t slots[2] = {MATCH_NONE, exchange->line == MATCH_NONE ? MATCH_NONE : exchange->slot};
    int64_t change[2] = {0, 0}, most = INT64_MAX;
    if (exchange->line != MATCH_NONE) {
        change[1] += match_weigh_headroom(repair, exchange->line, exchange->slot);
    }
    if (exchange->out != MATCH_NONE) {
        slots[0] = flow->entries[exchange->out].slot;
        change[slots[0] == slots[1]] -= match_weigh_headroom(repair, flow->entries[exchange->out].line, slots[0]);
        slots[0] = slots[0] == slots[1] ? MATCH_NONE : slots[0];
    }
    for (int n = 0; n < 2; n++) {
        if (slots[n] == MATCH_NONE || !match_weigh_choice(repair, slots[n])->one_off) {
            continue;
        }
        __int128 cover = repair->cover[slots[n]];
        if (cover >= 0 && change[n] < 0) {
            most = least_of(most, clamp_quotient(cover, -change[n]));
        } else if (cover < 0 && change[n] < 0) {
            return 0;
        } else if (cover < 0 && change[n] > 0) {
            most = least_of(most, clamp_quotient(-cover + change[n] - 1, change[n]));
        }
    }
    return most;
}

/* Units that the rows allow: none may break that holds; where mending, no more than what mends the first broken one. */
static int64_t rows_allow(const struct match_repair *repair, const struct exchange *exchange)
{
    const struct match_flow *flow = repair->flow;
    int64_t most = INT64_MAX;
    for (uint32_t t = 0; t < repair->ties->count; t++) {
        __int128 change = 0, room = repair->right[t] - repair->sum[t];
        if (exchange->line != MATCH_NONE) {
            change += match_weigh_row(repair, t, exchange->line, exchange->slot);
        }
        if (exchange->out != MATCH_NONE) {
            change -= match_weigh_row(repair, t, flow->entries[exchange->out].line, flow->entries[exchange->out].slot);
        }
        if (room < 0 && change < 0) {
            most = least_of(most, clamp_quotient(-room - change - 1, -change));
        } else if (room >= 0 && change > 0) {
            most = least_of(most, clamp_quotient(room, change));
        }
    }
    return least_of(most, cover_allows(repair, exchange));
}

/* Whether a one-off cost stands one unit that changes its cover: one that is covered stays so, one that is not gets no less. */
static bool cover_stands(const struct match_repair *repair, uint32_t slot, int64_t change)
{
    return change >= 0 || !match_weigh_choice(repair, slot)->one_off || (repair->cover[slot] >= 0 && repair->cover[slot] >= -(__int128)change);
}

/* Whether rows and one-off costs allow one unit: rows_allow() > 0, without its divisions. */
static bool rows_permit(const struct match_repair *repair, const struct exchange *exchange)
{
    const struct match_entry *out = exchange->out == MATCH_NONE ? NULL : &repair->flow->entries[exchange->out];
    bool in = exchange->line != MATCH_NONE;
    uint32_t ties = repair->ties->count, tie = in ? repair->tie_of[exchange->line] : MATCH_NONE;
    if (tie != MATCH_NONE && repair->room[tie] >= 0) {
        int64_t change = match_weigh_paid(repair, exchange->line, exchange->slot);
        change -= out && repair->tie_of[out->line] == tie ? match_weigh_paid(repair, out->line, out->slot) : 0;
        if (change > repair->room[tie]) {
            return false;
        }
    }
    if (!out || !in || out->slot != exchange->slot) {
        const int64_t *adds = in ? repair->share + (size_t)exchange->slot * ties : NULL;
        const int64_t *takes = out ? repair->share + (size_t)out->slot * ties : NULL;
        for (uint32_t t = repair->fund_count; t < ties; t++) {
            int64_t change = (adds ? adds[t] : 0) - (takes ? takes[t] : 0);
            if (change > 0 && repair->room[t] >= 0 && change > repair->room[t]) {
                return false;
            }
        }
        return (!in || cover_stands(repair, exchange->slot, match_weigh_headroom(repair, exchange->line, exchange->slot))) &&
               (!out || cover_stands(repair, out->slot, -match_weigh_headroom(repair, out->line, out->slot)));
    }
    return cover_stands(repair, out->slot, match_weigh_headroom(repair, exchange->line, out->slot) - match_weigh_headroom(repair, out->line, out->slot));
}

/* Units that output, minimum orders and lumps allow. */
static int64_t places_allow(const struct match_repair *repair, const struct exchange *exchange)
{
    const struct match_flow *flow = repair->flow;
    const struct match_model *model = repair->model;
    uint32_t months = model->month_count, out_slot = MATCH_NONE, out_line = MATCH_NONE, until = months;
    int64_t most = INT64_MAX;
    if (exchange->out != MATCH_NONE) {
        const struct match_entry *entry = &flow->entries[exchange->out];
        out_slot = entry->slot;
        out_line = entry->line;
        most = entry->quantity;
        if (out_slot != exchange->slot || exchange->line == MATCH_NONE) {
            most = least_of(most, flow->used[out_slot * months + months - 1] - match_weigh_choice(repair, out_slot)->least);
        }
    }
    uint32_t lump_out = out_line == MATCH_NONE ? MATCH_NONE : model->lump_of[out_line];
    uint32_t lump_in = exchange->line == MATCH_NONE ? MATCH_NONE : model->lump_of[exchange->line];
    if (lump_out != MATCH_NONE && lump_out != lump_in) {
        most = least_of(most, flow->lump_total[lump_out] - model->lumps[lump_out].least);
    }
    if (exchange->line != MATCH_NONE) {
        if (exchange->line != out_line) {
            most = least_of(most, flow->unserved[exchange->line]);
        }
        until = out_slot == exchange->slot ? model->month[out_line] : months;
        most = least_of(most, match_slot_room(flow, exchange->slot, model->month[exchange->line], until));
    }
    return most;
}

static void carry_out(struct match_repair *repair, const struct exchange *exchange, int64_t quantity)
{
    struct match_flow *flow = repair->flow;
    const struct match_model *model = repair->model;
    uint32_t months = model->month_count;
    struct match_entry gone = {.line = MATCH_NONE, .slot = MATCH_NONE};
    for (uint32_t t = 0; t < repair->ties->count; t++) {
        if (exchange->out != MATCH_NONE) {
            const struct match_entry *entry = &flow->entries[exchange->out];
            repair->sum[t] -= (__int128)quantity * match_weigh_row(repair, t, entry->line, entry->slot);
        }
        if (exchange->line != MATCH_NONE) {
            repair->sum[t] += (__int128)quantity * match_weigh_row(repair, t, exchange->line, exchange->slot);
        }
    }
    match_repair_room(repair);
    if (exchange->out != MATCH_NONE) {
        gone = flow->entries[exchange->out];
        match_entry_add(flow, exchange->out, -quantity);
        flow->unserved[gone.line] += quantity;
        repair->cover[gone.slot] -= (__int128)quantity * match_weigh_headroom(repair, gone.line, gone.slot);
        if (model->lump_of[gone.line] != MATCH_NONE) {
            flow->lump_total[model->lump_of[gone.line]] -= quantity;
        }
        match_slot_shift(flow, gone.slot, months, model->month[gone.line], quantity);
    }
    if (exchange->line != MATCH_NONE) {
        uint32_t line = exchange->line, slot = exchange->slot;
        match_entry_put(flow, line, slot, quantity);
        flow->unserved[line] -= quantity;
        repair->cover[slot] += (__int128)quantity * match_weigh_headroom(repair, line, slot);
        if (model->lump_of[line] != MATCH_NONE) {
            flow->lump_total[model->lump_of[line]] += quantity;
        }
        match_slot_shift(flow, slot, model->month[line], months, quantity);
    }
}

/* Better: mends at less loss; where nothing is broken, gains more a unit. */
static bool is_better(const struct exchange *a, const struct exchange *b, bool mending)
{
    if (b->gain == INT64_MIN) {
        return true;
    }
    if (!mending) {
        return a->gain > b->gain;
    }
    bool free_a = a->gain >= 0, free_b = b->gain >= 0;
    if (free_a != free_b) {
        return free_a;
    }
    return free_a ? a->mends > b->mends : (double)a->gain * b->mends > (double)b->gain * a->mends;
}

static inline void consider(struct match_repair *repair, const struct exchange *exchange, bool mending, struct exchange *best)
{
    repair->work++;
    if ((mending ? exchange->mends > 0 : exchange->gain > 0) && is_better(exchange, best, mending) && rows_permit(repair, exchange) &&
        places_allow(repair, exchange) > 0) {
        *best = *exchange;
    }
}

/* Narrows a range of slots to the one that a line's lump wants, if it wants a single supplier. */
static void only_slot(const struct match_repair *repair, uint32_t line, uint32_t *first, uint32_t *limit)
{
    uint32_t lump = repair->model->lump_of[line];
    if (lump != MATCH_NONE && repair->model->lumps[lump].single) {
        *first = repair->flow->slot_of[repair->flow->lump_supplier[lump]];
        *limit = *first == MATCH_NONE ? *first : *first + 1;
    }
}

static bool may_serve(const struct match_repair *repair, uint32_t line, uint32_t slot)
{
    const struct match_flow *flow = repair->flow;
    uint32_t first = 0, limit = slot + 1;
    only_slot(repair, line, &first, &limit);
    return flow->serves[(size_t)line * flow->mask_words + slot / 64] >> slot % 64 & 1 && flow->active[line] && slot >= first && slot < limit;
}

/* All exchanges that begin with an entry: drop it, move it, replace it. */
static void consider_entry(struct match_repair *repair, uint32_t index, bool mending, struct exchange *best)
{
    struct match_flow *flow = repair->flow;
    const struct match_entry *entry = &flow->entries[index];
    uint32_t line = entry->line, slot = entry->slot, first = 0, limit = *flow->slot_limit;
    int64_t has = match_weigh_worth(repair, line, slot);
    double presses = mending ? pressure_of(repair, line, slot) : 0;
    consider(repair, &(struct exchange){index, MATCH_NONE, MATCH_NONE, -has, presses}, mending, best);
    only_slot(repair, line, &first, &limit);
    const uint64_t *serves = flow->serves + (size_t)line * flow->mask_words;
    for (uint32_t s = first; s < limit && flow->active[line]; s++) {
        if (serves[s / 64] >> s % 64 & 1 && s != slot) {
            double there = mending ? pressure_of(repair, line, s) : 0;
            consider(repair, &(struct exchange){index, line, s, match_weigh_worth(repair, line, s) - has, presses - there}, mending, best);
        }
    }
    for (uint32_t n = 0; n < repair->lacking_count; n++) {
        uint32_t l = repair->lacking[n];
        if (l != line && may_serve(repair, l, slot)) {
            double there = mending ? pressure_of(repair, l, slot) : 0;
            consider(repair, &(struct exchange){index, l, slot, match_weigh_worth(repair, l, slot) - has, presses - there}, mending, best);
        }
    }
}

/* New units of a line, in free output. */
static void consider_line(struct match_repair *repair, uint32_t line, bool mending, struct exchange *best)
{
    struct match_flow *flow = repair->flow;
    for (uint32_t s = 0; flow->unserved[line] && s < *flow->slot_limit; s++) {
        if (may_serve(repair, line, s)) {
            double there = mending ? pressure_of(repair, line, s) : 0;
            consider(repair, &(struct exchange){MATCH_NONE, line, s, match_weigh_worth(repair, line, s), -there}, mending, best);
        }
    }
}

static const struct exchange none = {MATCH_NONE, MATCH_NONE, MATCH_NONE, INT64_MIN, 0};

static bool carry_out_best(struct match_repair *repair, const struct exchange *best)
{
    if (best->gain == INT64_MIN) {
        return false;
    }
    carry_out(repair, best, least_of(rows_allow(repair, best), places_allow(repair, best)));
    return true;
}

static void list_lacking(struct match_repair *repair)
{
    repair->lacking_count = 0;
    for (uint32_t l = 0; l < repair->model->line_count; l++) {
        if (repair->flow->unserved[l]) {
            repair->lacking[repair->lacking_count++] = l;
        }
    }
}

/* The exchanges of one look that mend at the least loss, the best first; of each entry one. */
struct shortlist {
    struct exchange exchanges[LISTED_MOST];
    struct match_entry out[LISTED_MOST]; /* as it was, where one goes out */
    uint32_t count, most;
};

/* The one that another must be better than to be listed. */
static struct exchange bar_of(const struct shortlist *list)
{
    return list->count < list->most ? none : list->exchanges[list->count - 1];
}

static void list_exchange(const struct match_repair *repair, struct shortlist *list, const struct exchange *exchange)
{
    const struct exchange bar = bar_of(list);
    if (exchange->gain == INT64_MIN || (exchange->out == bar.out && exchange->line == bar.line && exchange->slot == bar.slot)) {
        return;
    }
    uint32_t at = list->count < list->most ? list->count++ : list->count - 1;
    for (; at && is_better(exchange, &list->exchanges[at - 1], true); at--) {
        list->exchanges[at] = list->exchanges[at - 1];
        list->out[at] = list->out[at - 1];
    }
    list->exchanges[at] = *exchange;
    list->out[at] = exchange->out == MATCH_NONE ? (struct match_entry){.line = MATCH_NONE} : repair->flow->entries[exchange->out];
}

/* Whether a listed exchange still mends and may be, after those before it. */
static bool still_mends(struct match_repair *repair, const struct shortlist *list, uint32_t n)
{
    const struct exchange *exchange = &list->exchanges[n];
    double mends = 0;
    if (exchange->out != MATCH_NONE) {
        const struct match_entry *was = &list->out[n], *is = &repair->flow->entries[exchange->out];
        if (is->line != was->line || is->slot != was->slot || is->quantity != was->quantity) {
            return false;
        }
        mends += pressure_of(repair, is->line, is->slot);
    }
    if (exchange->line != MATCH_NONE) {
        mends -= pressure_of(repair, exchange->line, exchange->slot);
    }
    return mends > 0 && rows_permit(repair, exchange) && places_allow(repair, exchange) > 0;
}

/* Exchanges that mend at little loss: in a large lot several a look, for a look takes long. False where there is none. */
static bool mend_once(struct match_repair *repair)
{
    struct match_flow *flow = repair->flow;
    struct shortlist list = {.most = 1 + repair->model->line_count / LISTED_LINES};
    list.most = list.most < LISTED_MOST ? list.most : LISTED_MOST;
    measure_pressure(repair);
    list_lacking(repair);
    for (uint32_t l = 0; l < repair->model->line_count; l++) {
        for (uint32_t e = flow->line_head[l]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
            struct exchange best = bar_of(&list);
            consider_entry(repair, e, true, &best);
            list_exchange(repair, &list, &best);
        }
        struct exchange best = bar_of(&list);
        consider_line(repair, l, true, &best);
        list_exchange(repair, &list, &best);
    }
    for (uint32_t n = 0; n < list.count && !(n && match_repair_holds(repair)); n++) {
        if (n) {
            measure_pressure(repair);
        }
        if (!n || still_mends(repair, &list, n)) {
            carry_out_best(repair, &list.exchanges[n]);
        }
    }
    return list.count > 0;
}

/* The best that gains among what begins with a line; again while there is one. */
static bool gain_at_line(struct match_repair *repair, uint32_t line)
{
    struct match_flow *flow = repair->flow;
    bool gained = false, more = true;
    while (more && repair->work <= repair->budget) {
        struct exchange best = none;
        list_lacking(repair);
        for (uint32_t e = flow->line_head[line]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
            consider_entry(repair, e, false, &best);
        }
        consider_line(repair, line, false, &best);
        more = carry_out_best(repair, &best);
        gained = gained || more;
    }
    return gained;
}

/* The violation that a change of the sums would take away, each row by its own size, no more than is there; and objective lost. */
struct removal {
    double mends;
    __int128 loss;
};

static __int128 weigh_entry(const struct match_repair *repair, uint32_t tie, uint32_t entry)
{
    const struct match_entry *of = &repair->flow->entries[entry];
    return (__int128)of->quantity * match_weigh_row(repair, tie, of->line, of->slot);
}

/* What it would mean to take a lump out whole; false where minimum orders or one-off costs forbid it. */
static bool weigh_lump(const struct match_repair *repair, uint32_t lump, struct removal *removal)
{
    const struct match_flow *flow = repair->flow;
    const struct match_model *model = repair->model;
    const struct match_lump *of = &model->lumps[lump];
    *removal = (struct removal){0, 0};
    for (uint32_t s = 0; s < *flow->slot_limit; s++) {
        if (flow->slot_choice[s] == MATCH_NONE) {
            continue;
        }
        int64_t left = flow->used[s * model->month_count + model->month_count - 1];
        __int128 cover = repair->cover[s];
        for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
            for (uint32_t e = flow->line_head[l]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
                if (flow->entries[e].slot == s) {
                    left -= flow->entries[e].quantity;
                    cover -= (__int128)flow->entries[e].quantity * match_weigh_headroom(repair, l, s);
                    removal->loss += (__int128)flow->entries[e].quantity * match_weigh_worth(repair, l, s);
                }
            }
        }
        if (left < match_weigh_choice(repair, s)->least || (cover < 0 && cover < repair->cover[s])) {
            return false;
        }
    }
    for (uint32_t t = 0; t < repair->ties->count; t++) {
        __int128 change = 0, excess = repair->sum[t] - repair->right[t];
        for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
            for (uint32_t e = flow->line_head[l]; e != MATCH_NONE; e = flow->entries[e].next_in_line) {
                change -= weigh_entry(repair, t, e);
            }
        }
        __int128 after = excess + change, before = excess;
        before = before > 0 ? before : 0;
        after = after > 0 ? after : 0;
        removal->mends += (double)(before - after) / repair->ties->ties[t].scale;
    }
    return removal->mends > 0;
}

static void remove_entry(struct match_repair *repair, uint32_t entry)
{
    struct exchange drop = {entry, MATCH_NONE, MATCH_NONE, 0, 0};
    carry_out(repair, &drop, repair->flow->entries[entry].quantity);
}

/* Takes out the lump that loses least for what it mends. */
static bool remove_lump(struct match_repair *repair)
{
    struct match_flow *flow = repair->flow;
    struct removal best = {0, 0}, removal;
    uint32_t lump = MATCH_NONE;
    for (uint32_t d = 0; d < repair->model->lump_count; d++) {
        if (flow->lump_in[d] && weigh_lump(repair, d, &removal) &&
            (lump == MATCH_NONE || (double)removal.loss * best.mends < (double)best.loss * removal.mends)) {
            best = removal;
            lump = d;
        }
    }
    if (lump == MATCH_NONE) {
        return false;
    }
    const struct match_lump *of = &repair->model->lumps[lump];
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
        while (flow->line_head[l] != MATCH_NONE) {
            remove_entry(repair, flow->line_head[l]);
        }
        flow->active[l] = 0;
        flow->unserved[l] = 0;
    }
    flow->lump_in[lump] = 0;
    return true;
}

bool match_repair_mend(struct match_repair *repair)
{
    while (!match_repair_holds(repair)) {
        if (repair->work > repair->budget || (!mend_once(repair) && !remove_lump(repair))) {
            return false;
        }
    }
    return true;
}

void match_repair_gain(struct match_repair *repair)
{
    bool gained = true;
    while (gained && repair->work <= repair->budget) {
        gained = false;
        for (uint32_t l = 0; l < repair->model->line_count; l++) {
            gained = gain_at_line(repair, l) || gained;
        }
    }
}

bool match_repair_line(struct match_repair *repair, uint32_t line, bool take, int64_t *gain)
{
    struct match_flow *flow = repair->flow;
    struct exchange best = {MATCH_NONE, MATCH_NONE, MATCH_NONE, INT64_MIN, 0};
    for (uint32_t s = 0; flow->unserved[line] && s < *flow->slot_limit; s++) {
        if (!may_serve(repair, line, s)) {
            continue;
        }
        struct exchange exchange = {MATCH_NONE, line, s, match_weigh_worth(repair, line, s), 0};
        if (exchange.gain > best.gain && rows_permit(repair, &exchange) && places_allow(repair, &exchange) > 0) {
            best = exchange;
        }
        for (uint32_t e = flow->slot_head[s]; e != MATCH_NONE; e = flow->entries[e].next_in_slot) {
            exchange = (struct exchange){e, line, s, match_weigh_worth(repair, line, s) - match_weigh_worth(repair, flow->entries[e].line, s), 0};
            if (flow->entries[e].line != line && flow->entries[e].quantity > 1 && exchange.gain > best.gain &&
                rows_permit(repair, &exchange) && places_allow(repair, &exchange) > 0) {
                best = exchange;
            }
        }
    }
    if (best.gain == INT64_MIN) {
        return false;
    }
    *gain = best.gain;
    if (take) {
        carry_out(repair, &best, 1);
    }
    return true;
}
