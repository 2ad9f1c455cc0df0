/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/terms.h"

#include "proto/status.h"

int match_terms_init(const struct match_model *model, struct arena *arena, struct match_terms *terms)
{
    terms->version = 0;
    terms->cost = arena_array(arena, model->first_cost[model->choice_count], sizeof *terms->cost);
    terms->fund_price = arena_array(arena, model->market->fund_count, sizeof *terms->fund_price);
    terms->markup = arena_array(arena, model->choice_count, sizeof *terms->markup);
    if (!terms->cost || !terms->fund_price || !terms->markup) {
        return STATUS_NO_MEMORY;
    }
    match_terms_update(model, terms);
    return STATUS_OK;
}

void match_terms_update(const struct match_model *model, struct match_terms *terms)
{
    terms->version++;
    for (uint32_t c = 0; c < model->choice_count; c++) {
        const struct match_choice *choice = &model->choices[c];
        int64_t *cost = terms->cost + model->first_cost[c];
        uint32_t first = model->first_group[choice->offer], last = model->first_group[choice->offer + 1];
        for (uint32_t g = first; g < last; g++) {
            int64_t freight = model->group_freight[g];
            uint32_t fund = model->group_fund[g];
            __int128 unit = (__int128)(choice->evaluated_price + freight) << model->shift;
            if (fund != MATCH_NONE && terms->fund_price[fund]) {
                __int128 money = (__int128)terms->fund_price[fund] * (choice->unit_price + freight);
                unit += money >> (MATCH_FUND_BITS - model->shift);
            }
            unit += terms->markup[c];
            cost[g - first] = unit < MATCH_BARRED ? (int64_t)unit : MATCH_BARRED;
        }
    }
}
