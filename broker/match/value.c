/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/value.h"

#include <string.h>

#include "proto/status.h"

#define BATCH 16 /* places dealt at a time, at least */
#define RUN 12 /* lines of a run that is sorted by insertion */

/* Whether two groups of an offer cost the same whatever money costs. */
static bool same_level(const struct match_model *model, uint32_t a, uint32_t b)
{
    const struct match_fund *funds = model->market->funds;
    uint32_t x = model->group_fund[a], y = model->group_fund[b];
    bool free = (x == MATCH_NONE || !funds[x].limited) && (y == MATCH_NONE || !funds[y].limited);
    return model->group_freight[a] == model->group_freight[b] && (x == y || free);
}

/* Numbers the levels of an offer. level_by: scratch, a group. */
static uint32_t number_levels(struct match_walk *walk, uint32_t offer, uint32_t *level_by)
{
    const struct match_model *model = walk->model;
    uint32_t classes = model->pairs.class_count, first = model->first_group[offer], count = 0;
    for (uint32_t g = first; g < model->first_group[offer + 1]; g++) {
        uint32_t level = 0;
        while (level < count && !same_level(model, first + walk->level_group[first + level], g)) {
            level++;
        }
        if (level == count) {
            walk->level_group[first + count++] = g - first;
        }
        level_by[g - first] = level;
    }
    for (uint32_t c = 0; c < classes; c++) {
        uint16_t group = match_model_group(model, offer, c);
        walk->level_of[(size_t)offer * classes + c] = (uint16_t)(group == MATCH_NO_GROUP ? count : level_by[group]);
    }
    return count;
}

/* The levels of an offer: those of few lines, in all no more than there is room for and never the largest, are sorted apart. */
static void find_levels(struct match_walk *walk, uint32_t offer, const uint32_t *class_lines)
{
    const struct match_model *model = walk->model;
    uint32_t *lines = walk->next; /* by level: idle as yet */
    uint32_t classes = model->pairs.class_count, count = number_levels(walk, offer, lines), apart = 0;
    uint16_t *level_of = walk->level_of + (size_t)offer * classes;
    uint8_t *is_apart = walk->level_apart + model->first_group[offer];
    walk->level_count[offer] = count;
    memset(lines, 0, ((size_t)count + 1) * sizeof *lines);
    for (uint32_t c = 0; c < classes; c++) {
        lines[level_of[c]] += class_lines[c];
    }
    for (uint32_t left = count; left > 1; left--) {
        uint32_t least = MATCH_NONE;
        for (uint32_t n = 0; n < count; n++) {
            least = !is_apart[n] && (least == MATCH_NONE || lines[n] < lines[least]) ? n : least;
        }
        if (apart + lines[least] > MATCH_RARE) {
            break;
        }
        apart += lines[least];
        is_apart[least] = 1;
    }
    for (uint32_t l = 0; l < model->line_count && apart; l++) {
        uint32_t level = level_of[model->class_of[l]];
        if (level < count && is_apart[level]) {
            walk->rare[(size_t)offer * MATCH_RARE + walk->rare_count[offer]++] = (struct match_rare){l, level};
        }
    }
    for (uint32_t c = 0; c < classes; c++) {
        level_of[c] = level_of[c] < count && is_apart[level_of[c]] ? (uint16_t)count : level_of[c];
    }
}

int match_walk_init(const struct match_model *model, const struct match_terms *terms, struct arena *arena, struct match_walk *walk)
{
    uint32_t lines = model->line_count, months = model->month_count, choices = model->choice_count;
    uint32_t offers = model->lot->offer_count, groups = 0, *class_lines = arena_array(arena, model->pairs.class_count, sizeof *class_lines);
    for (uint32_t o = 0; o < offers; o++) {
        uint32_t count = model->first_group[o + 1] - model->first_group[o];
        groups = count > groups ? count : groups;
    }
    *walk = (struct match_walk){
        .model = model, .terms = terms, .offer = MATCH_NONE,
        .key = arena_array(arena, lines, sizeof *walk->key), .order = arena_array(arena, lines, sizeof *walk->order),
        .merge = arena_array(arena, lines, sizeof *walk->merge),
        .sorted_key = arena_array(arena, lines, sizeof *walk->sorted_key), .sorted_class = arena_array(arena, lines, sizeof *walk->sorted_class),
        .rare = arena_raw(arena, (size_t)offers * MATCH_RARE, sizeof *walk->rare), .rare_count = arena_array(arena, offers, sizeof *walk->rare_count),
        .level_of = arena_raw(arena, (size_t)offers * model->pairs.class_count, sizeof *walk->level_of),
        .level_count = arena_array(arena, offers, sizeof *walk->level_count),
        .level_group = arena_array(arena, model->first_group[offers], sizeof *walk->level_group),
        .level_apart = arena_array(arena, model->first_group[offers], sizeof *walk->level_apart),
        .place_of = arena_array(arena, lines, sizeof *walk->place_of),
        .levels = arena_array(arena, groups, sizeof *walk->levels),
        .next = arena_array(arena, (size_t)lines + groups + 1, sizeof *walk->next), .slot = arena_array(arena, months, sizeof *walk->slot),
        .latest = arena_array(arena, (size_t)months + 1, sizeof *walk->latest),
        .whole_slot = arena_array(arena, (size_t)choices * months, sizeof *walk->whole_slot),
        .whole_latest = arena_array(arena, (size_t)choices * (months + 1), sizeof *walk->whole_latest),
        .uses = arena_array(arena, lines, sizeof *walk->uses),
        .other_uses = arena_array(arena, lines, sizeof *walk->other_uses)};
    if (!class_lines || !walk->key || !walk->order || !walk->merge || !walk->sorted_key || !walk->sorted_class || !walk->rare || !walk->rare_count ||
        !walk->place_of || !walk->level_of || !walk->level_count || !walk->level_group || !walk->level_apart || !walk->levels || !walk->next || !walk->slot || !walk->latest ||
        !walk->whole_slot || !walk->whole_latest || !walk->uses || !walk->other_uses) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t l = 0; l < lines; l++) {
        walk->order[l] = l;
        class_lines[model->class_of[l]]++;
    }
    walk->order_count = lines;
    for (uint32_t o = 0; o < offers; o++) {
        find_levels(walk, o, class_lines);
    }
    for (uint32_t c = 0; c < model->choice_count; c++) {
        const int64_t *capacity = model->choices[c].capacity;
        int64_t *slot = walk->whole_slot + (size_t)c * months;
        uint32_t *latest = walk->whole_latest + (size_t)c * (months + 1);
        for (uint32_t m = 0; m < months; m++) {
            slot[m] = capacity[m] - (m ? capacity[m - 1] : 0);
            latest[m + 1] = slot[m] ? m + 1 : latest[m];
        }
    }
    return STATUS_OK;
}

static bool comes_before(const int64_t *key, uint32_t a, uint32_t b)
{
    return key[a] != key[b] ? key[a] > key[b] : a < b;
}

static void insertion_sort(const int64_t *key, uint32_t *order, uint32_t count)
{
    for (uint32_t n = 1; n < count; n++) {
        uint32_t line = order[n], at = n;
        while (at && comes_before(key, line, order[at - 1])) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = line;
    }
}

/* Merge sort from below; pairs of runs that already stand in order are left alone, so an order that changed little costs little. */
static void sort_lines(const int64_t *key, uint32_t *order, uint32_t *merge, uint32_t count)
{
    for (uint32_t at = 0; at < count; at += RUN) {
        insertion_sort(key, order + at, count - at < RUN ? count - at : RUN);
    }
    for (uint32_t width = RUN; width < count; width *= 2) {
        for (uint32_t at = 0; at + width < count; at += 2 * width) {
            uint32_t *left = order + at, *right = left + width;
            uint32_t right_count = count - at - width < width ? count - at - width : width;
            if (comes_before(key, right[-1], right[0])) {
                continue;
            }
            memcpy(merge, left, width * sizeof *merge);
            uint32_t a = 0, b = 0, out = 0;
            while (a < width && b < right_count) {
                left[out++] = comes_before(key, right[b], merge[a]) ? right[b++] : merge[a++];
            }
            memcpy(left + out, merge + a, (width - a) * sizeof *merge);
        }
    }
}

void match_walk_sort(struct match_walk *walk, const int64_t *prices)
{
    const struct match_model *model = walk->model;
    for (uint32_t l = 0; l < model->line_count; l++) {
        walk->key[l] = walk->active && !walk->active[l] ? -MATCH_BARRED : model->value[l] - prices[l];
    }
    sort_lines(walk->key, walk->order, walk->merge, model->line_count);
    walk->order_count = model->line_count;
    for (uint32_t n = walk->order_count; n && walk->key[walk->order[n - 1]] == -MATCH_BARRED; n--) {
        walk->place_of[walk->order[n - 1]] = MATCH_NONE;
    }
    while (walk->order_count && walk->key[walk->order[walk->order_count - 1]] == -MATCH_BARRED) {
        walk->order_count--;
    }
    for (uint32_t n = 0; n < walk->order_count; n++) {
        walk->sorted_key[n] = walk->key[walk->order[n]];
        walk->sorted_class[n] = model->class_of[walk->order[n]];
        walk->place_of[walk->order[n]] = n;
    }
    walk->offer = MATCH_NONE;
}

/* Whether limits keep a line from the offer. */
static bool is_kept_out(const struct match_walk *walk, uint32_t line)
{
    uint32_t lump = walk->model->lump_of[line];
    if (lump == MATCH_NONE) {
        return false;
    }
    return (walk->only && walk->only[lump] != MATCH_NONE && walk->only[lump] != walk->offer) ||
           (walk->pair_barred && walk->pair_barred[(size_t)lump * walk->model->lot->offer_count + walk->offer]);
}

/* The level whose next line brings most; the profit of all is INT64_MIN where none has one. */
static struct match_level *find_top(const struct match_walk *walk, uint32_t count)
{
    struct match_level *top = walk->levels;
    for (uint32_t n = 1; n < count; n++) {
        top = walk->levels[n].profit > top->profit ? &walk->levels[n] : top;
    }
    return top;
}

static void set_head(const struct match_walk *walk, struct match_level *level)
{
    level->head = walk->next[level->cursor];
    level->profit = level->head == MATCH_NONE ? INT64_MIN : walk->sorted_key[level->head] - level->cost;
}

static void append(struct match_walk *walk, struct match_level *level, uint32_t place)
{
    walk->next[level->tail] = place;
    walk->next[place] = MATCH_NONE;
    level->tail = place;
}

void match_walk_start(struct match_walk *walk, uint32_t offer)
{
    uint32_t lines = walk->model->line_count, count = walk->rare_count[offer];
    struct match_rare *rare = walk->rare + (size_t)offer * MATCH_RARE;
    walk->offer = offer;
    walk->seen = 0;
    for (uint32_t n = 0; n < walk->level_count[offer]; n++) {
        walk->levels[n].tail = lines + n;
        walk->next[lines + n] = MATCH_NONE;
    }
    for (uint32_t n = 1; n < count; n++) {
        struct match_rare line = rare[n];
        uint32_t at = n, place = walk->place_of[line.line];
        for (; at && walk->place_of[rare[at - 1].line] > place; at--) {
            rare[at] = rare[at - 1];
        }
        rare[at] = line;
    }
    for (uint32_t n = 0; n < count && walk->place_of[rare[n].line] != MATCH_NONE; n++) {
        append(walk, &walk->levels[rare[n].level], walk->place_of[rare[n].line]);
    }
}

/* Deals the next places of the order to the levels. */
static void deal_lines(struct match_walk *walk)
{
    struct match_level *levels = walk->levels;
    uint32_t count = walk->level_count[walk->offer], seen = walk->seen;
    uint32_t until = walk->order_count - seen < BATCH ? walk->order_count : seen + BATCH;
    const uint16_t *level_of = walk->level_of + (size_t)walk->offer * walk->model->pairs.class_count;
    for (; seen < until; seen++) {
        uint32_t level = level_of[walk->sorted_class[seen]];
        if (level < count) {
            append(walk, &levels[level], seen);
        }
    }
    walk->seen = seen;
    for (uint32_t n = 0; n < count; n++) {
        if (levels[n].head == MATCH_NONE) {
            set_head(walk, &levels[n]);
        }
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

/* Puts up to quantity units due by month (rank) into the latest free months; returns how many found room. */
static int64_t fill_slots(struct match_walk *walk, uint32_t month, int64_t quantity)
{
    int64_t left = quantity;
    uint32_t at = latest_free(walk->latest, month + 1);
    while (at && left) {
        int64_t take = walk->slot[at - 1] < left ? walk->slot[at - 1] : left;
        walk->slot[at - 1] -= take;
        left -= take;
        if (!walk->slot[at - 1]) {
            walk->latest[at] = at - 1;
            at = latest_free(walk->latest, at);
        }
    }
    return quantity - left;
}

static void open_slots(struct match_walk *walk, uint32_t choice)
{
    uint32_t months = walk->model->month_count;
    memcpy(walk->slot, walk->whole_slot + (size_t)choice * months, months * sizeof *walk->slot);
    memcpy(walk->latest, walk->whole_latest + (size_t)choice * (months + 1), (months + 1) * sizeof *walk->latest);
}

/* Whether the choice may serve the line, beyond class: its price is within the ceiling, and it can serve a whole lump. */
static bool line_allowed(const struct match_model *model, const struct match_choice *choice, uint32_t choice_index, uint32_t line,
                         int64_t freight)
{
    uint32_t lump = model->lump_of[line];
    return choice->unit_price + freight <= model->ceiling[line] &&
           (lump == MATCH_NONE || !model->lump_barred[(size_t)lump * model->choice_count + choice_index]);
}

bool match_walk_value(struct match_walk *walk, uint32_t choice_index, __int128 *value)
{
    const struct match_model *model = walk->model;
    const struct match_choice *choice = &model->choices[choice_index];
    uint32_t first = model->first_group[walk->offer], levels = walk->level_count[walk->offer];
    const int64_t *cost = walk->terms->cost + model->first_cost[choice_index];
    int64_t cheapest = MATCH_BARRED, total = 0;
    for (uint32_t n = 0; n < levels; n++) {
        struct match_level *level = &walk->levels[n];
        level->cost = cost[walk->level_group[first + n]];
        level->cursor = model->line_count + n;
        set_head(walk, level);
        cheapest = !walk->level_apart[first + n] && level->cost < cheapest ? level->cost : cheapest;
    }
    open_slots(walk, choice_index);
    *value = 0;
    walk->use_count = 0;
    while (levels && total < choice->most) {
        struct match_level *top = find_top(walk, levels);
        while (walk->seen < walk->order_count && walk->sorted_key[walk->seen] - cheapest > top->profit &&
               (total < choice->least || walk->sorted_key[walk->seen] > cheapest)) { /* one that comes may bring more */
            deal_lines(walk);
            top = find_top(walk, levels);
        }
        uint32_t place = top->head;
        if (place == MATCH_NONE || (top->profit <= 0 && total >= choice->least)) {
            break;
        }
        int64_t profit = top->profit;
        top->cursor = place;
        set_head(walk, top);
        uint32_t line = walk->order[place], group = match_model_group(model, walk->offer, model->class_of[line]);
        if (is_kept_out(walk, line) || !line_allowed(model, choice, choice_index, line, model->group_freight[first + group])) {
            continue;
        }
        int64_t quantity = model->quantity[line];
        if (profit <= 0 && quantity > choice->least - total) {
            quantity = choice->least - total;
        }
        quantity = fill_slots(walk, model->month[line], quantity);
        if (quantity) {
            total += quantity;
            *value += (__int128)profit * quantity;
            walk->uses[walk->use_count++] = (struct match_use){line, quantity};
        }
    }
    return total >= choice->least;
}
