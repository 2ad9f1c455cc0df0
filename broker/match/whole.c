/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/whole.h"

#include <string.h>

#include "proto/status.h"

#define STEPS_MOST 300 /* walks of a valuation */
#define UNIT_MOST (INT64_C(1) << 60) /* of a charge, on one unit */

/* Whether the choice may serve the line at all. */
static bool may_serve(const struct match_model *model, uint32_t choice, uint32_t line)
{
    const struct match_choice *of = &model->choices[choice];
    uint32_t lump = model->lump_of[line];
    uint16_t group = match_model_group(model, of->offer, model->class_of[line]);
    if (group == MATCH_NO_GROUP || (lump != MATCH_NONE && model->lump_barred[(size_t)lump * model->choice_count + choice])) {
        return false;
    }
    return of->unit_price + model->group_freight[model->first_group[of->offer] + group] <= model->ceiling[line] &&
           of->capacity[model->month[line]] > 0;
}

static void add_pair(struct match_whole *whole, uint32_t choice, uint32_t line)
{
    const struct match_model *model = whole->model;
    const struct match_choice *of = &model->choices[choice];
    uint32_t at = whole->first_pair[choice + 1]++, lump = model->lump_of[line];
    uint32_t group = model->first_group[of->offer] + match_model_group(model, of->offer, model->class_of[line]);
    int64_t freight = model->group_freight[group];
    whole->line[at] = line;
    whole->gain[at] = (model->value[line] >> model->shift) - of->evaluated_price - freight;
    whole->paid[at] = of->unit_price + freight;
    whole->high[at] = model->quantity[line];
    whole->item_of[at] = MATCH_NONE;
    whole->order[at] = at - whole->first_pair[choice];
    if (lump != MATCH_NONE && model->lumps[lump].single) {
        uint32_t item = whole->first_item[choice + 1];
        if (item == whole->first_item[choice] || whole->items[item - 1].lump != lump) {
            whole->items[item] = (struct match_whole_item){.lump = lump, .first = at};
            item = ++whole->first_item[choice + 1];
        }
        whole->items[item - 1].count++;
        whole->item_of[at] = item - 1;
    }
}

int match_whole_init(const struct match_model *model, struct arena *arena, struct match_whole *whole)
{
    size_t pairs = 0, items = 0, most = 0;
    for (uint32_t c = 0; c < model->choice_count; c++) {
        size_t own = 0;
        for (uint32_t l = 0; l < model->line_count; l++) {
            own += may_serve(model, c, l);
        }
        pairs += own;
        most = own > most ? own : most;
    }
    items = (size_t)model->choice_count * model->lump_count;
    *whole = (struct match_whole){
        .model = model, .first_pair = arena_array(arena, (size_t)model->choice_count + 1, sizeof(uint32_t)),
        .line = arena_array(arena, pairs, sizeof(uint32_t)), .item_of = arena_array(arena, pairs, sizeof(uint32_t)),
        .gain = arena_array(arena, pairs, sizeof(int64_t)), .paid = arena_array(arena, pairs, sizeof(int64_t)),
        .first_item = arena_array(arena, (size_t)model->choice_count + 1, sizeof(uint32_t)),
        .items = arena_array(arena, items, sizeof(struct match_whole_item)), .profit = arena_array(arena, pairs, sizeof(int64_t)),
        .low = arena_array(arena, pairs, sizeof(int64_t)), .high = arena_array(arena, pairs, sizeof(int64_t)),
        .charge = arena_array(arena, items, sizeof(__int128)), .state = arena_array(arena, items, 1),
        .comes = arena_array(arena, items, 1),
        .quantity = arena_array(arena, most, sizeof(int64_t)), .order = arena_array(arena, pairs, sizeof(uint32_t)),
        .key = arena_array(arena, most, sizeof(int64_t)), .take = arena_array(arena, most, sizeof(int64_t)),
        .slot = arena_array(arena, model->month_count, sizeof(int64_t)),
        .latest = arena_array(arena, (size_t)model->month_count + 1, sizeof(uint32_t))};
    if (!whole->first_pair || !whole->line || !whole->item_of || !whole->gain || !whole->paid || !whole->first_item || !whole->items ||
        !whole->profit || !whole->low || !whole->high || !whole->charge || !whole->state || !whole->comes || !whole->quantity || !whole->order ||
        !whole->key || !whole->take || !whole->slot || !whole->latest) {
        return STATUS_NO_MEMORY;
    }
    whole->total_high = INT64_MAX;
    for (uint32_t c = 0; c < model->choice_count; c++) {
        whole->first_pair[c + 1] = whole->first_pair[c];
        whole->first_item[c + 1] = whole->first_item[c];
        for (uint32_t l = 0; l < model->line_count; l++) {
            if (may_serve(model, c, l)) {
                add_pair(whole, c, l);
            }
        }
    }
    return STATUS_OK;
}

uint32_t match_whole_pair(const struct match_whole *whole, uint32_t choice, uint32_t line)
{
    uint32_t low = whole->first_pair[choice], high = whole->first_pair[choice + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (whole->line[middle] < line) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < whole->first_pair[choice + 1] && whole->line[low] == line ? low : MATCH_NONE;
}

static void open_slots(struct match_whole *whole)
{
    const int64_t *capacity = whole->model->choices[whole->choice].capacity;
    for (uint32_t m = 0; m < whole->model->month_count; m++) {
        whole->slot[m] = capacity[m] - (m ? capacity[m - 1] : 0);
        whole->latest[m + 1] = whole->slot[m] ? m + 1 : whole->latest[m];
    }
}

static uint32_t latest_free(uint32_t *latest, uint32_t month)
{
    uint32_t root = month;
    while (latest[root] != root) {
        root = latest[root];
    }
    while (latest[month] != root) {
        uint32_t up = latest[month];
        latest[month] = root;
        month = up;
    }
    return root;
}

/* Puts up to quantity units of a pair into the latest free months that are early enough; returns how many found room. */
static int64_t fill_slots(struct match_whole *whole, uint32_t pair, int64_t quantity)
{
    int64_t left = quantity;
    uint32_t at = latest_free(whole->latest, whole->model->month[whole->line[pair]] + 1);
    while (at && left) {
        int64_t moved = whole->slot[at - 1] < left ? whole->slot[at - 1] : left;
        whole->slot[at - 1] -= moved;
        left -= moved;
        if (!whole->slot[at - 1]) {
            whole->latest[at] = at - 1;
            at = latest_free(whole->latest, at);
        }
    }
    return quantity - left;
}

static bool is_all(const struct match_lump *lump)
{
    return lump->least == lump->total;
}

/* Keys of the pairs, lumps not decided on paying their charge by the unit; and what charges come to whatever is taken. */
static __int128 set_keys(struct match_whole *whole)
{
    uint32_t first = whole->first_pair[whole->choice], last = whole->first_pair[whole->choice + 1];
    __int128 sum = 0;
    memcpy(whole->key, whole->profit + first, (last - first) * sizeof *whole->key);
    for (uint32_t n = whole->first_item[whole->choice]; n < whole->first_item[whole->choice + 1]; n++) {
        const struct match_whole_item *item = &whole->items[n];
        bool open = whole->state[n] == MATCH_WHOLE_OPEN;
        if (whole->state[n] == MATCH_WHOLE_IN || (open && whole->charge[n] < 0)) {
            sum -= whole->charge[n];
        } else if (open && whole->charge[n] > 0) {
            __int128 share = whole->charge[n] / whole->model->lumps[item->lump].total; /* less than the whole charge only raises the bound */
            int64_t unit = share < UNIT_MOST ? (int64_t)share : UNIT_MOST;
            for (uint32_t p = item->first; p < item->first + item->count; p++) {
                whole->key[p - first] -= unit;
            }
        }
    }
    return sum;
}

/* By falling key; the order of the last time is nearly right. */
static void sort_pairs(uint32_t *order, const int64_t *key, uint32_t count)
{
    for (uint32_t n = 1; n < count; n++) {
        uint32_t pair = order[n], at = n;
        while (at && (key[order[at - 1]] < key[pair] || (key[order[at - 1]] == key[pair] && order[at - 1] > pair))) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = pair;
    }
}

/* What must be taken. False where it does not fit. */
static bool take_forced(struct match_whole *whole, uint32_t first, uint32_t count, __int128 *value, int64_t *total)
{
    for (uint32_t n = 0; n < count; n++) {
        uint32_t pair = first + n, item = whole->item_of[pair];
        int64_t forced = whole->low[pair];
        whole->take[n] = 0;
        if (item != MATCH_NONE && whole->state[item] == MATCH_WHOLE_IN && is_all(&whole->model->lumps[whole->items[item].lump])) {
            forced = whole->model->quantity[whole->line[pair]];
        }
        if (forced > whole->high[pair] || (forced && item != MATCH_NONE && whole->state[item] == MATCH_WHOLE_OUT) ||
            (forced && fill_slots(whole, pair, forced) < forced)) {
            return false;
        }
        whole->take[n] = forced;
        *value += (__int128)whole->profit[pair] * forced;
        *total += forced;
    }
    return true;
}

/* The best that can be had where a lump may come in part for a part of its charge. False where there is nothing. */
static bool walk(struct match_whole *whole, __int128 *value)
{
    uint32_t first = whole->first_pair[whole->choice], count = whole->first_pair[whole->choice + 1] - first;
    uint32_t *order = whole->order + first;
    int64_t total = 0, least = whole->model->choices[whole->choice].least;
    least = whole->total_low > least ? whole->total_low : least;
    whole->walks++;
    open_slots(whole);
    *value = set_keys(whole);
    if (!take_forced(whole, first, count, value, &total)) {
        return false;
    }
    sort_pairs(order, whole->key, count);
    for (uint32_t n = 0; n < count; n++) {
        uint32_t at = order[n], item = whole->item_of[first + at];
        int64_t left = whole->high[first + at] - whole->take[at];
        if (whole->key[at] <= 0 && total >= least) {
            break;
        }
        if (left <= 0 || (item != MATCH_NONE && whole->state[item] == MATCH_WHOLE_OUT)) {
            continue;
        }
        left = whole->key[at] <= 0 && left > least - total ? least - total : left;
        left = left > whole->total_high - total ? whole->total_high - total : left;
        int64_t took = fill_slots(whole, first + at, left);
        whole->take[at] += took;
        total += took;
        *value += (__int128)whole->key[at] * took;
    }
    return total >= least && total <= whole->total_high;
}

/* The lump that the walk cut and that has most charge left to pay, or MATCH_NONE. */
static uint32_t cut_item(const struct match_whole *whole)
{
    uint32_t best = MATCH_NONE, first = whole->first_pair[whole->choice];
    __int128 most = -1;
    for (uint32_t n = whole->first_item[whole->choice]; n < whole->first_item[whole->choice + 1]; n++) {
        const struct match_whole_item *item = &whole->items[n];
        const struct match_lump *lump = &whole->model->lumps[item->lump];
        if (whole->state[n] != MATCH_WHOLE_OPEN) {
            continue;
        }
        int64_t taken = 0;
        for (uint32_t p = item->first; p < item->first + item->count; p++) {
            taken += whole->take[p - first];
        }
        bool fits = whole->charge[n] < 0 ? (is_all(lump) ? taken == lump->total : taken > 0) : taken == 0 || taken == lump->total;
        __int128 left = whole->charge[n] < 0 ? -whole->charge[n] : whole->charge[n] / lump->total * (lump->total - taken);
        if (!fits && left > most) {
            most = left;
            best = n;
        }
    }
    return best;
}

static void explore(struct match_whole *whole)
{
    __int128 value;
    if (!walk(whole, &value) || (whole->found && value <= whole->best)) {
        return;
    }
    uint32_t item = cut_item(whole), first = whole->first_pair[whole->choice];
    if (item == MATCH_NONE) {
        whole->found = true;
        whole->best = value;
        memcpy(whole->quantity, whole->take, (whole->first_pair[whole->choice + 1] - first) * sizeof *whole->take);
        for (uint32_t n = whole->first_item[whole->choice]; n < whole->first_item[whole->choice + 1]; n++) {
            whole->comes[n] = whole->state[n] == MATCH_WHOLE_IN;
        }
        return;
    }
    if (++whole->steps > STEPS_MOST) {
        whole->cap = value > whole->cap ? value : whole->cap;
        return;
    }
    whole->state[item] = MATCH_WHOLE_IN;
    explore(whole);
    whole->state[item] = MATCH_WHOLE_OUT;
    explore(whole);
    whole->state[item] = MATCH_WHOLE_OPEN;
}

/* A lump of which units must be taken comes. */
static void settle_items(struct match_whole *whole)
{
    for (uint32_t n = whole->first_item[whole->choice]; n < whole->first_item[whole->choice + 1]; n++) {
        const struct match_whole_item *item = &whole->items[n];
        for (uint32_t p = item->first; p < item->first + item->count; p++) {
            whole->state[n] = whole->low[p] > 0 && whole->state[n] == MATCH_WHOLE_OPEN ? MATCH_WHOLE_IN : whole->state[n];
        }
    }
}

bool match_whole_value(struct match_whole *whole, uint32_t choice, __int128 *value)
{
    const __int128 never = -((__int128)1 << 120);
    whole->choice = choice;
    whole->found = false;
    whole->best = never;
    whole->cap = never;
    whole->steps = 0;
    settle_items(whole);
    explore(whole);
    *value = whole->best > whole->cap ? whole->best : whole->cap;
    return *value != never;
}
