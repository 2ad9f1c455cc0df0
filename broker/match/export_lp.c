/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/export_lp.h"

#include "broker/match/export_lot.h"
#include "proto/cell.h"
#include "proto/status.h"

/* Foreign text in a comment: one line, nothing that ends it. */
static void put_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, out);
    }
}

static void write_names(const struct match_program *p)
{
    FILE *out = p->out;
    fprintf(out, "\\ lot %u: ", p->number);
    put_text(out, p->lot->item);
    fprintf(out, ", reference value %lld\n", (long long)p->lot->reference);
    for (uint32_t d = 0; d < p->lot->demand_count; d++) {
        const struct match_demand *demand = &p->lot->demands[d];
        for (uint32_t n = 0; n < demand->line_count; n++) {
            uint32_t month = cell_month_of_index((uint32_t)demand->lines[n].month);
            fprintf(out, "\\   line %u: demand %u ", p->state.first_line[d] + n, d);
            put_text(out, demand->id);
            fprintf(out, " of nation %u ", p->state.nation_of[d]);
            put_text(out, demand->country);
            fprintf(out, ", %04u-%02u, lacks %lld\n", month / 100, month % 100, (long long)match_state_lacks(&p->state, d, n));
        }
    }
    for (uint32_t o = 0; o < p->lot->offer_count; o++) {
        fprintf(out, "\\   offer %u: ", o);
        put_text(out, p->lot->offers[o].id);
        fprintf(out, " of supplier %u ", p->lot->offers[o].supplier);
        put_text(out, p->market->suppliers[p->lot->offers[o].supplier].id);
        fputc('\n', out);
    }
}

static void write_objective(const struct match_program *p)
{
    for (uint32_t d = 0; d < p->lot->demand_count; d++) {
        for (uint32_t n = 0; n < p->lot->demands[d].line_count; n++) {
            for (uint32_t o = 0; o < p->lot->offer_count; o++) {
                for (uint32_t k = 0; k < p->lot->offers[o].tier_count; k++) {
                    if (match_program_has(p, d, n, o, k)) {
                        int64_t freight = match_pairs_freight(&p->state.pairs, d, o);
                        match_program_x(p, match_state_gain(&p->state, d, o, k, freight), d, n, o, k);
                    }
                }
            }
        }
    }
    for (uint32_t o = 0; o < p->lot->offer_count; o++) {
        for (uint32_t k = 0; k < p->lot->offers[o].tier_count && p->state.committed_tier[o] == MATCH_NONE; k++) {
            fprintf(p->out, " - %lld y%u_%u_%u\n", (long long)(p->lot->offers[o].tiers[k].one_off + p->lot->rules.contract_overhead),
                    p->number, o, k);
        }
    }
}

/* A fund's payments in one lot, units and shares of one-off costs. */
static void write_payments(const struct match_program *p, uint32_t fund)
{
    for (uint32_t o = 0; o < p->lot->offer_count; o++) {
        for (uint32_t k = 0; k < p->lot->offers[o].tier_count; k++) {
            for (uint32_t d = 0; d < p->lot->demand_count; d++) {
                for (uint32_t n = 0; n < p->lot->demands[d].line_count && p->lot->demands[d].fund == fund; n++) {
                    if (match_program_has(p, d, n, o, k)) {
                        match_program_x(p, p->lot->offers[o].tiers[k].unit_price + match_pairs_freight(&p->state.pairs, d, o), d, n, o, k);
                    }
                }
            }
            if (match_program_shares(p, o, k, fund)) {
                fprintf(p->out, " + s%u_%u_%u_%u\n", p->number, o, k, fund);
            }
        }
    }
}

static int64_t committed_of(const struct match_market *market, uint32_t fund)
{
    int64_t total = 0;
    for (uint32_t l = 0; l < market->lot_count; l++) {
        for (uint32_t n = 0; n < market->lots[l].commitment_count; n++) {
            const struct match_commitment *c = &market->lots[l].commitments[n];
            total += market->lots[l].demands[c->demand].fund == fund ? (c->unit_price + c->freight) * c->quantity + c->one_off : 0;
        }
    }
    return total;
}

static void write_funds(const struct match_market *market, const struct match_program *programs, FILE *out)
{
    for (uint32_t f = 0; f < market->fund_count; f++) {
        if (!market->funds[f].limited) {
            continue;
        }
        int64_t left = market->funds[f].balance - committed_of(market, f);
        bool any = false;
        for (uint32_t l = 0; l < market->lot_count && !any; l++) {
            for (uint32_t d = 0; d < market->lots[l].demand_count && !any; d++) {
                any = market->lots[l].demands[d].fund == f;
            }
        }
        if (!any) {
            continue;
        }
        fprintf(out, "\\ fund %u: ", f);
        put_text(out, market->funds[f].id);
        fprintf(out, "\nfund%u: 0 b0\n", f);
        for (uint32_t l = 0; l < market->lot_count; l++) {
            write_payments(&programs[l], f);
        }
        fprintf(out, " <= %lld\n", (long long)(left > 0 ? left : 0));
    }
}

/* Whether any share of a one-off cost is free. */
static bool is_wider(const struct match_market *market, const struct match_program *programs)
{
    for (uint32_t l = 0; l < market->lot_count; l++) {
        for (uint32_t o = 0; o < market->lots[l].offer_count; o++) {
            for (uint32_t k = 0; k < market->lots[l].offers[o].tier_count; k++) {
                for (uint32_t f = 0; f < market->fund_count; f++) {
                    if (match_program_shares(&programs[l], o, k, f)) {
                        return true;
                    }
                }
            }
        }
    }
    return false;
}

static int open_programs(const struct match_market *market, struct arena *arena, FILE *out, struct match_program **programs)
{
    static const struct match_lot_plan empty = {0};
    *programs = arena_array(arena, market->lot_count, sizeof **programs);
    if (!*programs) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t l = 0; l < market->lot_count; l++) {
        struct match_program *p = &(*programs)[l];
        *p = (struct match_program){.market = market, .lot = &market->lots[l], .number = l, .out = out};
        if (match_state_open(market, p->lot, &empty, arena, &p->state)) {
            return STATUS_NO_MEMORY;
        }
        for (uint32_t d = 0; d < p->lot->demand_count; d++) {
            p->nation_count = p->state.nation_of[d] + 1 > p->nation_count ? p->state.nation_of[d] + 1 : p->nation_count;
        }
    }
    return STATUS_OK;
}

int match_export_lp(const struct match_market *market, struct arena *arena, FILE *out)
{
    struct match_program *programs;
    if (open_programs(market, arena, out, &programs)) {
        return STATUS_NO_MEMORY;
    }
    fprintf(out, "\\ The matching model of this market, exactly; money in cents.\n");
    if (is_wider(market, programs)) {
        fprintf(out, "\\ Here funds with a balance meet one-off costs: their shares (s) are free from 0 to the headroom, so the optimum\n"
                     "\\ may lie a little above the best plan's. As a bound it holds.\n");
    }
    for (uint32_t l = 0; l < market->lot_count; l++) {
        write_names(&programs[l]);
    }
    fprintf(out, "Maximize\n objective: 0 b0\n");
    for (uint32_t l = 0; l < market->lot_count; l++) {
        write_objective(&programs[l]);
    }
    fprintf(out, "Subject To\n");
    for (uint32_t l = 0; l < market->lot_count; l++) {
        match_program_write_parts(&programs[l]);
        match_program_write_bundle(&programs[l]);
    }
    write_funds(market, programs, out);
    fprintf(out, "Bounds\n 0 <= b0 <= 1\n");
    for (uint32_t l = 0; l < market->lot_count; l++) {
        match_program_write_bounds(&programs[l]);
    }
    fprintf(out, "Generals\n");
    for (uint32_t l = 0; l < market->lot_count; l++) {
        match_program_write_kinds(&programs[l], false);
    }
    fprintf(out, "Binaries\n");
    for (uint32_t l = 0; l < market->lot_count; l++) {
        match_program_write_kinds(&programs[l], true);
    }
    fprintf(out, "End\n");
    return STATUS_OK;
}
