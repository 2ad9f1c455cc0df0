/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/export_lot.h"

bool match_program_tier_is_open(const struct match_program *p, uint32_t offer, uint32_t tier)
{
    return p->state.committed_tier[offer] == MATCH_NONE || p->state.committed_tier[offer] == tier;
}

int64_t match_program_room(const struct match_program *p, uint32_t offer, uint32_t tier, uint32_t rank)
{
    if (p->state.committed_tier[offer] != MATCH_NONE) {
        return p->state.room[(size_t)offer * p->state.month_count + rank];
    }
    /* Output never falls, so the month itself is the tightest of all that follow. */
    int64_t output = match_tier_output(&p->lot->offers[offer].tiers[tier], p->market->as_of_month, p->state.months[rank]);
    return output < p->lot->offers[offer].max_quantity ? output : p->lot->offers[offer].max_quantity;
}

bool match_program_has(const struct match_program *p, uint32_t demand, uint32_t line, uint32_t offer, uint32_t tier)
{
    const struct match_demand *d = &p->lot->demands[demand];
    int64_t freight = match_pairs_freight(&p->state.pairs, demand, offer);
    uint32_t bound = p->state.demand_offer[demand];
    if (d->lines[line].quantity == d->lines[line].committed || freight == MATCH_NO_FREIGHT ||
        !match_program_tier_is_open(p, offer, tier) || p->lot->offers[offer].tiers[tier].unit_price + freight > d->ceiling) {
        return false;
    }
    if (d->single_supplier && bound != MATCH_NONE && bound != offer) {
        return false;
    }
    return match_program_room(p, offer, tier, p->state.month_of[p->state.first_line[demand] + line]) > 0;
}

void match_program_x(const struct match_program *p, int64_t factor, uint32_t demand, uint32_t line, uint32_t offer, uint32_t tier)
{
    fprintf(p->out, " %s %lld x%u_%u_%u_%u\n", factor < 0 ? "-" : "+", (long long)(factor < 0 ? -factor : factor), p->number,
            p->state.first_line[demand] + line, offer, tier);
}

void match_program_line(const struct match_program *p, int64_t factor, uint32_t demand, uint32_t line)
{
    for (uint32_t o = 0; o < p->lot->offer_count; o++) {
        for (uint32_t k = 0; k < p->lot->offers[o].tier_count; k++) {
            if (match_program_has(p, demand, line, o, k)) {
                match_program_x(p, factor, demand, line, o, k);
            }
        }
    }
}

void match_program_demand(const struct match_program *p, int64_t factor, uint32_t demand)
{
    for (uint32_t n = 0; n < p->lot->demands[demand].line_count; n++) {
        match_program_line(p, factor, demand, n);
    }
}

static bool line_is_served(const struct match_program *p, uint32_t demand, uint32_t line)
{
    for (uint32_t o = 0; o < p->lot->offer_count; o++) {
        for (uint32_t k = 0; k < p->lot->offers[o].tier_count; k++) {
            if (match_program_has(p, demand, line, o, k)) {
                return true;
            }
        }
    }
    return false;
}

static bool demand_is_served(const struct match_program *p, uint32_t demand)
{
    for (uint32_t n = 0; n < p->lot->demands[demand].line_count; n++) {
        if (line_is_served(p, demand, n)) {
            return true;
        }
    }
    return false;
}

static int64_t demand_lacks(const struct match_program *p, uint32_t demand)
{
    int64_t total = 0;
    for (uint32_t n = 0; n < p->lot->demands[demand].line_count; n++) {
        total += match_state_lacks(&p->state, demand, n);
    }
    return total;
}

/* One supplier at most: by offer, none of its units without its mark. */
static void write_single(const struct match_program *p, uint32_t demand)
{
    int64_t lacks = demand_lacks(p, demand);
    for (uint32_t o = 0; o < p->lot->offer_count; o++) {
        bool any = false;
        for (uint32_t n = 0; n < p->lot->demands[demand].line_count; n++) {
            for (uint32_t k = 0; k < p->lot->offers[o].tier_count; k++) {
                if (match_program_has(p, demand, n, o, k)) {
                    if (!any) {
                        fprintf(p->out, "single%u_%u_%u:\n", p->number, demand, o);
                    }
                    any = true;
                    match_program_x(p, 1, demand, n, o, k);
                }
            }
        }
        if (any) {
            fprintf(p->out, " - %lld u%u_%u_%u <= 0\n", (long long)lacks, p->number, demand, o);
        }
    }
    fprintf(p->out, "onesupplier%u_%u:\n", p->number, demand);
    for (uint32_t o = 0; o < p->lot->offer_count; o++) {
        fprintf(p->out, " + u%u_%u_%u\n", p->number, demand, o);
    }
    fprintf(p->out, " <= 1\n");
}

static void write_demand(const struct match_program *p, uint32_t demand)
{
    const struct match_demand *d = &p->lot->demands[demand];
    int64_t least = d->min_quantity - p->state.demand_committed[demand];
    for (uint32_t n = 0; n < d->line_count; n++) {
        if (line_is_served(p, demand, n)) {
            fprintf(p->out, "line%u_%u:\n", p->number, p->state.first_line[demand] + n);
            match_program_line(p, 1, demand, n);
            fprintf(p->out, " <= %lld\n", (long long)match_state_lacks(&p->state, demand, n));
        }
    }
    if (!demand_is_served(p, demand)) {
        return;
    }
    if (least > 1) {
        fprintf(p->out, "least%u_%u:\n", p->number, demand);
        match_program_demand(p, 1, demand);
        fprintf(p->out, " - %lld z%u_%u >= 0\n", (long long)least, p->number, demand);
        fprintf(p->out, "some%u_%u:\n", p->number, demand);
        match_program_demand(p, 1, demand);
        fprintf(p->out, " - %lld z%u_%u <= 0\n", (long long)demand_lacks(p, demand), p->number, demand);
    }
    if (d->single_supplier && p->state.demand_offer[demand] == MATCH_NONE) {
        write_single(p, demand);
    }
}

/* All units of a tier that are due by a month (rank); false where there are none. head: written before the first. */
static bool write_due(const struct match_program *p, uint32_t offer, uint32_t tier, uint32_t rank, bool headroom, const char *head)
{
    bool any = false;
    for (uint32_t d = 0; d < p->lot->demand_count; d++) {
        for (uint32_t n = 0; n < p->lot->demands[d].line_count; n++) {
            if (p->state.month_of[p->state.first_line[d] + n] <= rank && match_program_has(p, d, n, offer, tier)) {
                int64_t price = p->lot->offers[offer].tiers[tier].unit_price + match_pairs_freight(&p->state.pairs, d, offer);
                fputs(any ? "" : head, p->out);
                any = true;
                match_program_x(p, headroom ? p->lot->demands[d].ceiling - price : 1, d, n, offer, tier);
            }
        }
    }
    return any;
}

bool match_program_shares(const struct match_program *p, uint32_t offer, uint32_t tier, uint32_t fund)
{
    if (p->state.committed_tier[offer] != MATCH_NONE || p->lot->offers[offer].tiers[tier].one_off == 0 ||
        !p->market->funds[fund].limited) {
        return false;
    }
    for (uint32_t d = 0; d < p->lot->demand_count; d++) {
        for (uint32_t n = 0; n < p->lot->demands[d].line_count && p->lot->demands[d].fund == fund; n++) {
            if (match_program_has(p, d, n, offer, tier)) {
                return true;
            }
        }
    }
    return false;
}

/* The ceilings carry the one-off cost; the part of funds with a balance is theirs to pay. */
static void write_one_off(const struct match_program *p, uint32_t offer, uint32_t tier)
{
    const struct match_tier *t = &p->lot->offers[offer].tiers[tier];
    uint32_t last = p->state.month_count - 1;
    char head[64];
    snprintf(head, sizeof head, "oneoff%u_%u_%u:\n", p->number, offer, tier);
    if (write_due(p, offer, tier, last, true, head)) {
        fprintf(p->out, " - %lld y%u_%u_%u >= 0\n", (long long)t->one_off, p->number, offer, tier);
    }
    bool any = false;
    for (uint32_t f = 0; f < p->market->fund_count; f++) {
        if (!match_program_shares(p, offer, tier, f)) {
            continue;
        }
        any = true;
        fprintf(p->out, "share%u_%u_%u_%u: s%u_%u_%u_%u\n", p->number, offer, tier, f, p->number, offer, tier, f);
        for (uint32_t d = 0; d < p->lot->demand_count; d++) {
            for (uint32_t n = 0; n < p->lot->demands[d].line_count && p->lot->demands[d].fund == f; n++) {
                if (match_program_has(p, d, n, offer, tier)) {
                    int64_t price = t->unit_price + match_pairs_freight(&p->state.pairs, d, offer);
                    match_program_x(p, price - p->lot->demands[d].ceiling, d, n, offer, tier);
                }
            }
        }
        fprintf(p->out, " <= 0\n");
    }
    if (!any) {
        return;
    }
    fprintf(p->out, "carried%u_%u_%u:\n", p->number, offer, tier);
    for (uint32_t f = 0; f < p->market->fund_count; f++) {
        if (match_program_shares(p, offer, tier, f)) {
            fprintf(p->out, " + s%u_%u_%u_%u\n", p->number, offer, tier, f);
        }
    }
    for (uint32_t d = 0; d < p->lot->demand_count; d++) {
        uint32_t fund = p->lot->demands[d].fund;
        for (uint32_t n = 0; n < p->lot->demands[d].line_count; n++) {
            if ((fund == MATCH_NONE || !p->market->funds[fund].limited) && match_program_has(p, d, n, offer, tier)) {
                int64_t price = t->unit_price + match_pairs_freight(&p->state.pairs, d, offer);
                match_program_x(p, p->lot->demands[d].ceiling - price, d, n, offer, tier);
            }
        }
    }
    fprintf(p->out, " - %lld y%u_%u_%u >= 0\n", (long long)t->one_off, p->number, offer, tier);
}

static void write_tier(const struct match_program *p, uint32_t offer, uint32_t tier)
{
    const struct match_tier *t = &p->lot->offers[offer].tiers[tier];
    int64_t least = t->min_quantity - p->state.sold[offer];
    char head[64];
    for (uint32_t rank = 0; rank < p->state.month_count; rank++) {
        snprintf(head, sizeof head, "output%u_%u_%u_%u:\n", p->number, offer, tier, rank);
        if (write_due(p, offer, tier, rank, false, head)) {
            fprintf(p->out, " - %lld y%u_%u_%u <= 0\n", (long long)match_program_room(p, offer, tier, rank), p->number, offer, tier);
        }
    }
    snprintf(head, sizeof head, "order%u_%u_%u:\n", p->number, offer, tier);
    if (write_due(p, offer, tier, p->state.month_count - 1, false, head)) {
        fprintf(p->out, " - %lld y%u_%u_%u >= 0\n", (long long)(least > 1 ? least : 1), p->number, offer, tier);
    } else {
        fprintf(p->out, "unused%u_%u_%u: y%u_%u_%u = 0\n", p->number, offer, tier, p->number, offer, tier);
    }
    if (p->state.committed_tier[offer] == MATCH_NONE && t->one_off > 0) {
        write_one_off(p, offer, tier);
    }
}

void match_program_write_parts(const struct match_program *p)
{
    for (uint32_t d = 0; d < p->lot->demand_count; d++) {
        write_demand(p, d);
    }
    for (uint32_t o = 0; o < p->lot->offer_count; o++) {
        fprintf(p->out, "tier%u_%u:\n", p->number, o);
        for (uint32_t k = 0; k < p->lot->offers[o].tier_count; k++) {
            fprintf(p->out, " + y%u_%u_%u\n", p->number, o, k);
        }
        fprintf(p->out, " <= 1\n");
        for (uint32_t k = 0; k < p->lot->offers[o].tier_count; k++) {
            if (match_program_tier_is_open(p, o, k)) {
                write_tier(p, o, k);
            } else {
                fprintf(p->out, "closed%u_%u_%u: y%u_%u_%u = 0\n", p->number, o, k, p->number, o, k);
            }
        }
    }
}
