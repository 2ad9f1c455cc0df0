/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/ties.h"

#include <string.h>

#include "proto/status.h"

static bool is_share(const struct match_tie *tie)
{
    return tie->kind != MATCH_TIE_FUND;
}

/* Percent points of the unit price that an offer counts with in a share's row. */
static int64_t share_weight(const struct match_model *model, const struct match_tie *tie, const struct match_offer *offer)
{
    const struct match_rules *rules = &model->lot->rules;
    switch (tie->kind) {
    case MATCH_TIE_SME:
        return rules->sme_min_share - (model->market->suppliers[offer->supplier].sme ? 100 : 0);
    case MATCH_TIE_EUROPEAN_LEAST:
        return rules->european_min_share - offer->european_content;
    case MATCH_TIE_EUROPEAN_MOST:
        return offer->european_content - rules->european_max_share;
    case MATCH_TIE_SUPPLIER:
        return (offer->supplier == tie->index ? 100 : 0) - rules->supplier_max_share;
    case MATCH_TIE_FUND:
        break;
    }
    return 0;
}

int64_t match_tie_weight(const struct match_ties *ties, const struct match_tie *tie, const struct match_choice *choice, int64_t paid,
                         uint32_t fund)
{
    if (tie->kind == MATCH_TIE_FUND) {
        return fund == tie->index ? paid : 0;
    }
    return choice->unit_price * share_weight(ties->model, tie, &ties->model->lot->offers[choice->offer]);
}

static void add_tie(struct match_ties *ties, enum match_tie_kind kind, uint32_t index)
{
    ties->ties[ties->count++] = (struct match_tie){.kind = kind, .index = index};
}

/* Right sides: balances and commitments. */
static void set_right(struct match_ties *ties, struct match_tie *tie, double wanted)
{
    const struct match_model *model = ties->model;
    const struct match_market *market = model->market;
    double price = (double)model->lot->reference + 1;
    if (is_share(tie)) {
        for (uint32_t n = 0; n < model->lot->commitment_count; n++) {
            const struct match_commitment *c = &model->lot->commitments[n];
            tie->right -= (__int128)c->unit_price * c->quantity * share_weight(model, tie, &model->lot->offers[c->offer]);
        }
        tie->unit = 50 * price;
        tie->scale = 50 * price * wanted;
        return;
    }
    tie->right = market->funds[tie->index].balance;
    for (uint32_t l = 0; l < market->lot_count; l++) {
        const struct match_lot *lot = &market->lots[l];
        for (uint32_t n = 0; n < lot->commitment_count; n++) {
            const struct match_commitment *c = &lot->commitments[n];
            if (lot->demands[c->demand].fund == tie->index) {
                tie->right -= (__int128)(c->unit_price + c->freight) * c->quantity + c->one_off;
            }
        }
    }
    tie->right = tie->right > 0 ? tie->right : 0; /* overdrawn by commitments alone: no new award may draw on it */
    tie->unit = price;
    tie->scale = (double)tie->right + price;
}

int match_ties_init(const struct match_model *model, struct match_terms *terms, bool hold_funds, struct arena *arena,
                    struct match_ties *ties)
{
    const struct match_rules *rules = &model->lot->rules;
    const struct match_market *market = model->market;
    *ties = (struct match_ties){.model = model, .terms = terms};
    uint8_t *fund = arena_array(arena, market->fund_count, 1), *supplier = arena_array(arena, market->supplier_count, 1);
    ties->ties = arena_array(arena, (size_t)model->lot->offer_count + market->fund_count + 3, sizeof *ties->ties);
    if (!ties->ties || !fund || !supplier) {
        return STATUS_NO_MEMORY;
    }
    double wanted = 1;
    for (uint32_t l = 0; l < model->line_count; l++) {
        uint32_t of = model->lot->demands[model->members[model->first_member[l]].demand].fund;
        wanted += (double)model->quantity[l];
        if (of != MATCH_NONE && market->funds[of].limited && !fund[of]) {
            fund[of] = 1;
            add_tie(ties, MATCH_TIE_FUND, of);
            ties->ties[ties->count - 1].outside = hold_funds;
            ties->ties[ties->count - 1].held = hold_funds;
        }
    }
    if (rules->sme_min_share > 0) {
        add_tie(ties, MATCH_TIE_SME, 0);
    }
    if (rules->european_min_share > 0) {
        add_tie(ties, MATCH_TIE_EUROPEAN_LEAST, 0);
    }
    if (rules->european_max_share < 100) {
        add_tie(ties, MATCH_TIE_EUROPEAN_MOST, 0);
    }
    for (uint32_t c = 0; c < model->choice_count && rules->supplier_max_share < 100; c++) {
        uint32_t of = model->lot->offers[model->choices[c].offer].supplier;
        if (!supplier[of]) {
            supplier[of] = 1;
            add_tie(ties, MATCH_TIE_SUPPLIER, of);
        }
    }
    for (uint32_t t = 0; t < ties->count; t++) {
        set_right(ties, &ties->ties[t], wanted);
    }
    return STATUS_OK;
}

void match_ties_apply(struct match_ties *ties)
{
    const struct match_model *model = ties->model;
    if (!ties->count) {
        return;
    }
    for (uint32_t c = 0; c < model->choice_count; c++) {
        __int128 markup = 0;
        for (uint32_t t = 0; t < ties->count; t++) {
            const struct match_tie *tie = &ties->ties[t];
            if (is_share(tie) && tie->multiplier) {
                markup += (__int128)tie->multiplier * match_tie_weight(ties, tie, &model->choices[c], 0, 0);
            }
        }
        markup >>= MATCH_FUND_BITS - model->shift;
        const __int128 most = MATCH_BARRED / 4;
        ties->terms->markup[c] = (int64_t)(markup > most ? most : markup < -most ? -most : markup);
    }
    for (uint32_t t = 0; t < ties->count; t++) {
        if (!is_share(&ties->ties[t])) {
            ties->terms->fund_price[ties->ties[t].index] = ties->ties[t].multiplier;
        }
    }
    match_terms_update(model, ties->terms);
}

void match_ties_hold(struct match_ties *ties, bool hold)
{
    for (uint32_t t = 0; t < ties->count; t++) {
        ties->ties[t].held = hold || ties->ties[t].outside;
    }
}

bool match_ties_free(const struct match_ties *ties)
{
    for (uint32_t t = 0; t < ties->count; t++) {
        if (!ties->ties[t].held) {
            return true;
        }
    }
    return false;
}

__int128 match_ties_constant(const struct match_ties *ties)
{
    __int128 sum = 0;
    for (uint32_t t = 0; t < ties->count; t++) {
        if (!ties->ties[t].outside) {
            sum += (__int128)ties->ties[t].multiplier * ties->ties[t].right;
        }
    }
    int bits = MATCH_FUND_BITS - ties->model->shift;
    return sum ? (sum >> bits) + 1 : 0;
}
