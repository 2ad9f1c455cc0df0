/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/alike.h"

#include <stdlib.h>
#include <string.h>

#include "proto/status.h"

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

/* A demand that may be alike to others, with what its comparison needs. */
struct candidate {
    const struct match_demand *demand;
    uint32_t index;
    uint32_t served; /* equal where every offer serves both at one freight, or neither */
    uint32_t terms;  /* equal where all but the month is */
};

/* A class and its row of freights. */
struct served {
    const int64_t *freight;
    uint32_t offers;
    uint32_t class_index;
};

static int compare_served(const void *left, const void *right)
{
    const struct served *a = left, *b = right;
    int order = a->offers ? memcmp(a->freight, b->freight, a->offers * sizeof *a->freight) : 0;
    return order ? order : ORDER(a->class_index, b->class_index);
}

static int compare_text_lists(const struct match_texts *a, const struct match_texts *b)
{
    int order = ORDER(a->count, b->count);
    for (uint32_t n = 0; n < a->count && order == 0; n++) {
        order = strcmp(a->texts[n], b->texts[n]);
    }
    return order;
}

static int compare_requirements(const struct match_demand *a, const struct match_demand *b)
{
    int order = ORDER(a->require_count, b->require_count);
    for (uint32_t n = 0; n < a->require_count && order == 0; n++) {
        order = strcmp(a->requires[n].name, b->requires[n].name);
        order = order ? order : ORDER(a->requires[n].comparison, b->requires[n].comparison);
        order = order ? order : strcmp(a->requires[n].value, b->requires[n].value);
    }
    return order;
}

static int compare_terms(const struct candidate *a, const struct candidate *b)
{
    const struct match_demand *x = a->demand, *y = b->demand;
    int order = ORDER(x->ceiling, y->ceiling);
    order = order ? order : ORDER(x->priority, y->priority);
    order = order ? order : ORDER(x->fund, y->fund);
    order = order ? order : ORDER(a->served, b->served);
    order = order ? order : compare_text_lists(&x->certificates, &y->certificates);
    order = order ? order : compare_text_lists(&x->exclude_origins, &y->exclude_origins);
    return order ? order : compare_requirements(x, y);
}

static int compare_candidates(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    int order = compare_terms(a, b);
    return order ? order : ORDER(a->index, b->index);
}

/* A line that lacks something, with its demand's terms. */
struct entry {
    struct match_alike_line line;
    uint32_t terms;
    int32_t month;
};

static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    int order = ORDER(a->terms, b->terms);
    order = order ? order : ORDER(a->month, b->month);
    return order ? order : ORDER(a->line.demand, b->line.demand);
}

/* Numbers the classes so that those with equal freights share a number. */
static int number_served(const struct match_pairs *pairs, struct arena *arena, uint32_t **number)
{
    struct served *rows = arena_array(arena, pairs->class_count, sizeof *rows);
    *number = arena_array(arena, pairs->class_count, sizeof **number);
    if (!rows || !*number) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t n = 0; n < pairs->class_count; n++) {
        rows[n] = (struct served){pairs->freight + (size_t)n * pairs->offer_count, pairs->offer_count, n};
    }
    qsort(rows, pairs->class_count, sizeof *rows, compare_served);
    uint32_t count = 0;
    for (uint32_t n = 0; n < pairs->class_count; n++) {
        if (n > 0 && pairs->offer_count &&
            memcmp(rows[n - 1].freight, rows[n].freight, pairs->offer_count * sizeof *rows[n].freight) != 0) {
            count++;
        }
        (*number)[rows[n].class_index] = count;
    }
    return STATUS_OK;
}

static uint32_t list_candidates(const struct match_lot *lot, const struct match_pairs *pairs, const uint32_t *served,
                                struct candidate *candidates)
{
    uint32_t count = 0;
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        const struct match_demand *demand = &lot->demands[d];
        if (demand->min_quantity == 1 && !demand->single_supplier) {
            candidates[count++] = (struct candidate){demand, d, served[pairs->class_of[d]], 0};
        }
    }
    qsort(candidates, count, sizeof *candidates, compare_candidates);
    for (uint32_t n = 1; n < count; n++) {
        candidates[n].terms = candidates[n - 1].terms + (compare_terms(&candidates[n - 1], &candidates[n]) != 0);
    }
    return count;
}

/* Lines of candidates that have a companion. */
static uint32_t list_entries(const struct candidate *candidates, uint32_t count, struct entry *entries)
{
    uint32_t entry_count = 0;
    for (uint32_t n = 0; n < count; n++) {
        bool alone = (n == 0 || candidates[n - 1].terms != candidates[n].terms) &&
                     (n + 1 == count || candidates[n + 1].terms != candidates[n].terms);
        const struct match_demand *demand = candidates[n].demand;
        for (uint32_t line = 0; line < demand->line_count && !alone; line++) {
            int64_t lacked = demand->lines[line].quantity - demand->lines[line].committed;
            if (lacked > 0) {
                entries[entry_count++] = (struct entry){{candidates[n].index, line, lacked}, candidates[n].terms,
                                                        demand->lines[line].month};
            }
        }
    }
    qsort(entries, entry_count, sizeof *entries, compare_entries);
    return entry_count;
}

int match_alike_build(const struct match_lot *lot, const struct match_pairs *pairs, struct arena *arena,
                      struct match_alike *alike)
{
    *alike = (struct match_alike){0};
    uint32_t *served;
    if (number_served(pairs, arena, &served)) {
        return STATUS_NO_MEMORY;
    }
    size_t line_count = 0;
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        line_count += lot->demands[d].line_count;
    }
    struct candidate *candidates = arena_array(arena, lot->demand_count, sizeof *candidates);
    struct entry *entries = arena_array(arena, line_count, sizeof *entries);
    struct match_alike_line *lines = arena_array(arena, line_count, sizeof *lines);
    uint32_t *first = arena_array(arena, line_count + 1, sizeof *first);
    if (!candidates || !entries || !lines || !first) {
        return STATUS_NO_MEMORY;
    }
    uint32_t count = list_candidates(lot, pairs, served, candidates);
    count = list_entries(candidates, count, entries);
    uint32_t kept = 0, groups = 0;
    for (uint32_t at = 0, next; at < count; at = next) {
        next = at + 1;
        while (next < count && entries[next].terms == entries[at].terms && entries[next].month == entries[at].month) {
            next++;
        }
        if (next - at < 2) {
            continue;
        }
        first[groups++] = kept;
        for (uint32_t n = at; n < next; n++) {
            lines[kept++] = entries[n].line;
        }
    }
    first[groups] = kept;
    *alike = (struct match_alike){lines, first, groups};
    return STATUS_OK;
}

bool match_alike_is_fair(const struct match_alike_line *group, uint32_t count, const int64_t *gets, uint32_t *low,
                         uint32_t *high)
{
    *low = *high = 0; /* low: largest (gets - 1) / lacked; high: smallest (gets + 1) / lacked */
    for (uint32_t n = 1; n < count; n++) {
        if ((__int128)(gets[n] - 1) * group[*low].lacked > (__int128)(gets[*low] - 1) * group[n].lacked) {
            *low = n;
        }
        if ((__int128)(gets[n] + 1) * group[*high].lacked < (__int128)(gets[*high] + 1) * group[n].lacked) {
            *high = n;
        }
    }
    bool fair = (__int128)(gets[*low] - 1) * group[*high].lacked < (__int128)(gets[*high] + 1) * group[*low].lacked;
    uint32_t most = *low; /* who gets more in proportion: named second */
    *low = *high;
    *high = most;
    return fair;
}
