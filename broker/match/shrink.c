/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/shrink.h"

#include "proto/status.h"

int match_shrink_lot(const struct match_lot *lot, const int64_t *quantity, struct arena *arena, struct match_shrunk *shrunk)
{
    size_t line_count = 0;
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        line_count += lot->demands[d].line_count;
    }
    struct match_demand *demands = arena_array(arena, lot->demand_count, sizeof *demands);
    struct match_line *lines = arena_array(arena, line_count, sizeof *lines);
    struct match_commitment *commitments = arena_array(arena, lot->commitment_count, sizeof *commitments);
    uint32_t *demand_of = arena_array(arena, lot->demand_count, sizeof *demand_of);
    uint32_t *first_line = arena_array(arena, lot->demand_count, sizeof *first_line);
    uint32_t *line_of = arena_array(arena, line_count, sizeof *line_of);
    if (!demands || !lines || !commitments || !demand_of || !first_line || !line_of) {
        return STATUS_NO_MEMORY;
    }
    uint32_t kept = 0, lines_kept = 0, at = 0, commitment = 0;
    for (uint32_t d = 0; d < lot->demand_count; d++) {
        const struct match_demand *whole = &lot->demands[d];
        uint32_t first = lines_kept;
        for (uint32_t n = 0; n < whole->line_count; n++, at++) {
            if (quantity[at] > 0) {
                line_of[lines_kept] = n;
                lines[lines_kept] = whole->lines[n];
                lines[lines_kept++].quantity = quantity[at];
            }
        }
        for (; commitment < lot->commitment_count && lot->commitments[commitment].demand == d; commitment++) {
            struct match_commitment *copy = &commitments[commitment];
            *copy = lot->commitments[commitment];
            copy->demand = kept;
            for (copy->line = 0; line_of[first + copy->line] != lot->commitments[commitment].line;) {
                copy->line++;
            }
        }
        if (lines_kept > first) {
            demands[kept] = *whole;
            demands[kept].lines = lines + first;
            demands[kept].line_count = lines_kept - first;
            demand_of[kept] = d;
            first_line[kept++] = first;
        }
    }
    shrunk->lot = *lot;
    shrunk->lot.demands = demands;
    shrunk->lot.demand_count = kept;
    shrunk->lot.commitments = commitments;
    shrunk->demand_of = demand_of;
    shrunk->first_line = first_line;
    shrunk->line_of = line_of;
    return STATUS_OK;
}
