/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/nations.h"

#include <string.h>

#include "broker/match/split.h"
#include "proto/status.h"

static bool has_country(const struct match_model *model, const struct match_award *awards, uint32_t count, const char *country)
{
    for (uint32_t n = 0; n < count; n++) {
        if (strcmp(model->lot->demands[awards[n].demand].country, country) == 0) {
            return true;
        }
    }
    for (uint32_t n = 0; n < model->lot->commitment_count; n++) {
        if (strcmp(model->lot->demands[model->lot->commitments[n].demand].country, country) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether one more unit of the line could bring in a nation that the awards lack. */
static bool brings_nation(const struct match_model *model, uint32_t line, const struct match_award *awards, uint32_t count)
{
    for (uint32_t n = model->first_member[line]; n < model->first_member[line + 1]; n++) {
        if (!has_country(model, awards, count, model->lot->demands[model->members[n].demand].country)) {
            return true;
        }
    }
    return false;
}

int match_nations_bring_in(struct match_search *search, struct match_repair *repair, struct arena *arena)
{
    const struct match_model *model = &search->model;
    uint8_t *tried = arena_array(arena, model->line_count, 1);
    if (!tried) {
        return STATUS_NO_MEMORY;
    }
    for (;;) {
        struct match_award *awards;
        uint32_t count, nations, best = MATCH_NONE;
        int64_t needed, gain = INT64_MIN;
        bool carried;
        int status = match_split_awards(&search->trial, arena, &awards, &count, &carried);
        if (status || (status = match_split_nations(model, awards, count, arena, &nations, &needed)) || nations >= needed) {
            return status;
        }
        for (uint32_t l = 0; l < model->line_count; l++) {
            int64_t adds;
            if (!tried[l] && brings_nation(model, l, awards, count) && match_repair_line(repair, l, false, &adds) && adds > gain) {
                gain = adds;
                best = l;
            }
        }
        if (best == MATCH_NONE) {
            return STATUS_OK;
        }
        tried[best] = 1;
        match_repair_line(repair, best, true, &gain);
    }
}
