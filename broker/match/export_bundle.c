/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/export_lot.h"

/* Units that a nation, a fund or all could get at most: large enough to switch a row off. */
static int64_t most_units(const struct match_program *p, uint32_t nation, uint32_t fund)
{
    int64_t total = 0;
    for (uint32_t d = 0; d < p->lot->demand_count; d++) {
        bool counts = (nation == MATCH_NONE || p->state.nation_of[d] == nation) && (fund == MATCH_NONE || p->lot->demands[d].fund == fund);
        for (uint32_t n = 0; n < p->lot->demands[d].line_count && counts; n++) {
            total += match_state_lacks(&p->state, d, n);
        }
    }
    return total;
}

static void write_units(const struct match_program *p, int64_t factor, uint32_t nation, uint32_t fund)
{
    for (uint32_t d = 0; d < p->lot->demand_count; d++) {
        if ((nation == MATCH_NONE || p->state.nation_of[d] == nation) && (fund == MATCH_NONE || p->lot->demands[d].fund == fund)) {
            match_program_demand(p, factor, d);
        }
    }
}

static void write_nation_sum(const struct match_program *p)
{
    for (uint32_t c = 0; c < p->nation_count; c++) {
        fprintf(p->out, " + n%u_%u\n", p->number, c);
    }
}

/* Who takes part: a nation with commitments does where there is a bundle, another exactly where it gets a unit. */
static void write_nations(const struct match_program *p)
{
    for (uint32_t c = 0; c < p->nation_count; c++) {
        if (p->state.has_nation[c]) {
            fprintf(p->out, "stands%u_%u: n%u_%u - b%u = 0\n", p->number, c, p->number, c, p->number);
            continue;
        }
        fprintf(p->out, "joins%u_%u: n%u_%u\n", p->number, c, p->number, c);
        write_units(p, -1, c, MATCH_NONE);
        fprintf(p->out, " <= 0\n");
        fprintf(p->out, "joined%u_%u: %lld n%u_%u\n", p->number, c, (long long)most_units(p, c, MATCH_NONE), p->number, c);
        write_units(p, -1, c, MATCH_NONE);
        fprintf(p->out, " >= 0\n");
    }
    fprintf(p->out, "bundle%u: %lld b%u\n", p->number, (long long)most_units(p, MATCH_NONE, MATCH_NONE), p->number);
    write_units(p, -1, MATCH_NONE, MATCH_NONE);
    fprintf(p->out, " >= 0\n");
    fprintf(p->out, "empty%u: b%u\n", p->number, p->number);
    write_units(p, -1, MATCH_NONE, MATCH_NONE);
    fprintf(p->out, " <= 0\n");
    fprintf(p->out, "nations%u:\n", p->number);
    write_nation_sum(p);
    fprintf(p->out, " - %lld b%u >= 0\n", (long long)p->lot->rules.min_nations, p->number);
    for (uint32_t f = 0; f < p->market->fund_count; f++) {
        fprintf(p->out, "pays%u_%u: %lld f%u_%u\n", p->number, f, (long long)most_units(p, MATCH_NONE, f), p->number, f);
        write_units(p, -1, MATCH_NONE, f);
        fprintf(p->out, " >= 0\n");
        fprintf(p->out, "drawn%u_%u: f%u_%u\n", p->number, f, p->number, f);
        write_units(p, -1, MATCH_NONE, f);
        fprintf(p->out, " <= 0\n");
        fprintf(p->out, "fundnations%u_%u:\n", p->number, f);
        write_nation_sum(p);
        fprintf(p->out, " - %lld f%u_%u >= 0\n", (long long)p->market->funds[f].min_nations, p->number, f);
    }
}

/* What a share rule counts of a unit's price, in percent of it. */
enum measured { MEASURED_SME, MEASURED_EUROPEAN, MEASURED_SUPPLIER };

static int64_t percent_of(const struct match_program *p, enum measured what, uint32_t offer, uint32_t supplier)
{
    const struct match_offer *o = &p->lot->offers[offer];
    if (what == MEASURED_SME) {
        return p->market->suppliers[o->supplier].sme ? 100 : 0;
    }
    return what == MEASURED_EUROPEAN ? (int64_t)o->european_content : o->supplier == supplier ? 100 : 0;
}

/*
 * Sum of value * (percent - limit) over awards and commitments, at least or at most 0. The commitments' part counts where there is a
 * bundle. Values are in cents, so the row is in hundredths of cents.
 */
static void write_share(const struct match_program *p, const char *name, enum measured what, uint32_t supplier, int64_t limit, bool least)
{
    __int128 standing = 0;
    for (uint32_t n = 0; n < p->lot->commitment_count; n++) {
        const struct match_commitment *c = &p->lot->commitments[n];
        standing += (__int128)c->unit_price * c->quantity * (percent_of(p, what, c->offer, supplier) - limit);
    }
    fprintf(p->out, "%s%u_%u: %.0Lf b%u\n", name, p->number, supplier == MATCH_NONE ? 0 : supplier, (long double)standing, p->number);
    for (uint32_t d = 0; d < p->lot->demand_count; d++) {
        for (uint32_t n = 0; n < p->lot->demands[d].line_count; n++) {
            for (uint32_t o = 0; o < p->lot->offer_count; o++) {
                int64_t percent = percent_of(p, what, o, supplier) - limit;
                for (uint32_t k = 0; k < p->lot->offers[o].tier_count && percent; k++) {
                    if (match_program_has(p, d, n, o, k)) {
                        match_program_x(p, p->lot->offers[o].tiers[k].unit_price * percent, d, n, o, k);
                    }
                }
            }
        }
    }
    fprintf(p->out, " %s 0\n", least ? ">=" : "<=");
}

static void write_shares(const struct match_program *p)
{
    const struct match_rules *rules = &p->lot->rules;
    if (rules->sme_min_share > 0) {
        write_share(p, "sme", MEASURED_SME, MATCH_NONE, rules->sme_min_share, true);
    }
    if (rules->european_min_share > 0) {
        write_share(p, "europeanleast", MEASURED_EUROPEAN, MATCH_NONE, rules->european_min_share, true);
    }
    if (rules->european_max_share < 100) {
        write_share(p, "europeanmost", MEASURED_EUROPEAN, MATCH_NONE, rules->european_max_share, false);
    }
    for (uint32_t o = 0; o < p->lot->offer_count && rules->supplier_max_share < 100; o++) {
        bool first = true;
        for (uint32_t other = 0; other < o; other++) {
            first = first && p->lot->offers[other].supplier != p->lot->offers[o].supplier;
        }
        if (first) {
            write_share(p, "supplier", MEASURED_SUPPLIER, p->lot->offers[o].supplier, rules->supplier_max_share, false);
        }
    }
}

/* a<lot>_0: exactly the rule's number of nations; a<lot>_<f+1>: exactly what fund f, which pays, asks for. */
static void write_exemptions(const struct match_program *p)
{
    fprintf(p->out, "spare%u_0:\n", p->number);
    write_nation_sum(p);
    fprintf(p->out, " + %u a%u_0 <= %lld\n", p->nation_count, p->number,
            (long long)((p->lot->rules.min_nations < p->nation_count ? p->lot->rules.min_nations : p->nation_count) + p->nation_count));
    for (uint32_t f = 0; f < p->market->fund_count; f++) {
        int64_t needed = p->market->funds[f].min_nations < p->nation_count ? p->market->funds[f].min_nations : p->nation_count;
        fprintf(p->out, "spare%u_%u:\n", p->number, f + 1);
        write_nation_sum(p);
        fprintf(p->out, " + %u a%u_%u <= %lld\n", p->nation_count, p->number, f + 1, (long long)(needed + p->nation_count));
        fprintf(p->out, "sparefund%u_%u: a%u_%u - f%u_%u <= 0\n", p->number, f, p->number, f + 1, p->number, f);
    }
}

/*
 * Alike lines: |gets - r * lacked| < 1 for one r a group. For whole quantities that is the same as at most 1 - 1 / (2 * the largest lacked):
 * the open intervals of r that two lines allow overlap by at least 1 / (lacked * lacked') where they overlap at all.
 */
static void write_alike(const struct match_program *p)
{
    if (p->state.alike.group_count == 0) {
        return;
    }
    write_exemptions(p);
    for (uint32_t g = 0; g < p->state.alike.group_count; g++) {
        int64_t largest = 1;
        for (uint32_t n = p->state.alike.first[g]; n < p->state.alike.first[g + 1]; n++) {
            largest = p->state.alike.lines[n].lacked > largest ? p->state.alike.lines[n].lacked : largest;
        }
        /* Times 2 * largest, so that every figure is whole. */
        int64_t scale = 2 * largest;
        for (uint32_t n = p->state.alike.first[g]; n < p->state.alike.first[g + 1]; n++) {
            const struct match_alike_line *line = &p->state.alike.lines[n];
            for (int side = 0; side < 2; side++) {
                fprintf(p->out, "%s%u_%u_%u: %s %lld r%u_%u\n", side ? "more" : "less", p->number, g, n, side ? "-" : "",
                        (long long)(scale * line->lacked), p->number, g);
                match_program_line(p, side ? scale : -scale, line->demand, line->line);
                for (uint32_t e = 0; e <= p->market->fund_count; e++) {
                    fprintf(p->out, " - %lld a%u_%u\n", (long long)(scale * line->lacked), p->number, e);
                }
                fprintf(p->out, " <= %lld\n", (long long)(scale - 1));
            }
        }
    }
}

void match_program_write_bundle(const struct match_program *p)
{
    write_nations(p);
    write_shares(p);
    write_alike(p);
}

void match_program_write_bounds(const struct match_program *p)
{
    for (uint32_t g = 0; g < p->state.alike.group_count; g++) {
        fprintf(p->out, " 0 <= r%u_%u <= 1\n", p->number, g);
    }
}

static void write_whole(const struct match_program *p)
{
    for (uint32_t d = 0; d < p->lot->demand_count; d++) {
        for (uint32_t n = 0; n < p->lot->demands[d].line_count; n++) {
            for (uint32_t o = 0; o < p->lot->offer_count; o++) {
                for (uint32_t k = 0; k < p->lot->offers[o].tier_count; k++) {
                    if (match_program_has(p, d, n, o, k)) {
                        fprintf(p->out, " x%u_%u_%u_%u\n", p->number, p->state.first_line[d] + n, o, k);
                    }
                }
            }
        }
    }
}

void match_program_write_kinds(const struct match_program *p, bool binaries)
{
    if (!binaries) {
        write_whole(p);
        return;
    }
    fprintf(p->out, " b%u\n", p->number);
    for (uint32_t o = 0; o < p->lot->offer_count; o++) {
        for (uint32_t k = 0; k < p->lot->offers[o].tier_count; k++) {
            fprintf(p->out, " y%u_%u_%u\n", p->number, o, k);
        }
    }
    for (uint32_t c = 0; c < p->nation_count; c++) {
        fprintf(p->out, " n%u_%u\n", p->number, c);
    }
    for (uint32_t f = 0; f < p->market->fund_count; f++) {
        fprintf(p->out, " f%u_%u\n", p->number, f);
    }
    for (uint32_t e = 0; e <= p->market->fund_count && p->state.alike.group_count; e++) {
        fprintf(p->out, " a%u_%u\n", p->number, e);
    }
    for (uint32_t d = 0; d < p->lot->demand_count; d++) {
        const struct match_demand *demand = &p->lot->demands[d];
        if (demand->min_quantity - p->state.demand_committed[d] > 1) {
            fprintf(p->out, " z%u_%u\n", p->number, d);
        }
        for (uint32_t o = 0; o < p->lot->offer_count && demand->single_supplier && p->state.demand_offer[d] == MATCH_NONE; o++) {
            fprintf(p->out, " u%u_%u_%u\n", p->number, d, o);
        }
    }
}
