/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/scenario_reader.h"

#include <string.h>

#include "proto/cell.h"
#include "proto/status.h"

#define MOST_TIERS 32u

/* What commitments have used so far. */
struct used {
    uint64_t **of_line;      /* by demand, then line; NULL until one is committed */
    uint32_t *tier_of_offer; /* 0 until one is committed */
};

static void count_line(const struct scenario_row *row, const Muster__Commitment *commitment, size_t demand_at,
                       const struct used *used)
{
    struct scenario_reader *reader = row->reader;
    const Muster__Demand *demand = reader->market->demands[demand_at];
    size_t line = 0;
    while (line < demand->n_lines && demand->lines[line]->month != commitment->month) {
        line++;
    }
    if (line == demand->n_lines) {
        scenario_fault(row, COMMITMENT_MONTH, "a month of the demand", "name a line that demands.csv has");
        return;
    }
    if (!used->of_line[demand_at]) {
        used->of_line[demand_at] = arena_array(reader->arena, demand->n_lines, sizeof **used->of_line);
        if (!used->of_line[demand_at]) {
            reader->status = STATUS_NO_MEMORY;
            return;
        }
    }
    uint64_t *total = &used->of_line[demand_at][line];
    *total += commitment->quantity;
    if (*total > demand->lines[line]->quantity) {
        char *expected = arena_format(reader->arena, "at most the line's %llu, all commitments together",
                                      (unsigned long long)demand->lines[line]->quantity);
        scenario_fault(row, COMMITMENT_QUANTITY, expected ? expected : "at most the line's quantity", "correct the quantity");
        *total -= commitment->quantity;
    }
}

static void check_references(const struct scenario_row *row, const Muster__Commitment *commitment, const struct used *used)
{
    struct scenario_reader *reader = row->reader;
    size_t demand = names_find(&reader->demands, commitment->demand), offer = names_find(&reader->offers, commitment->offer);
    if (demand == NAMES_NONE) {
        scenario_fault(row, COMMITMENT_DEMAND, "a demand of demands.csv", "add the demand there, or correct it");
    } else {
        count_line(row, commitment, demand, used);
    }
    if (offer == NAMES_NONE) {
        scenario_fault(row, COMMITMENT_OFFER, "an offer of offers.csv", "add the offer there, or correct it");
        return;
    }
    if (demand != NAMES_NONE && strcmp(reader->market->demands[demand]->item, reader->market->offers[offer]->item) != 0) {
        scenario_fault(row, COMMITMENT_OFFER, "an offer of the demand's item", "name the offer that was awarded");
    }
    if (commitment->tier > reader->market->offers[offer]->n_tiers) {
        scenario_fault(row, COMMITMENT_TIER, "a tier of the offer, counted from 1", "correct the tier");
    } else if (used->tier_of_offer[offer] && used->tier_of_offer[offer] != commitment->tier) {
        scenario_fault(row, COMMITMENT_TIER, "one tier for all commitments of an offer", "correct the tier");
    } else {
        used->tier_of_offer[offer] = commitment->tier;
    }
}

int scenario_read_commitments(struct scenario_reader *reader)
{
    const struct scenario_table *table = &reader->tables[SCENARIO_COMMITMENTS];
    Muster__Market *market = reader->market;
    Muster__Commitment *commitments = arena_array(reader->arena, table->rows, sizeof *commitments);
    market->commitments = arena_array(reader->arena, table->rows, sizeof *market->commitments);
    const struct used used = {arena_array(reader->arena, market->n_demands, sizeof(uint64_t *)),
                              arena_array(reader->arena, market->n_offers, sizeof(uint32_t))};
    if (!commitments || !market->commitments || !used.of_line || !used.tier_of_offer) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < table->rows && !reader->status; n++) {
        const struct scenario_row row = {reader, table, n};
        Muster__Commitment *commitment = &commitments[n];
        muster__commitment__init(commitment);
        commitment->demand = scenario_text(&row, COMMITMENT_DEMAND);
        commitment->month = scenario_month(&row, COMMITMENT_MONTH);
        commitment->offer = scenario_text(&row, COMMITMENT_OFFER);
        commitment->tier = (uint32_t)scenario_whole(&row, COMMITMENT_TIER, NULL, 1, MOST_TIERS);
        commitment->quantity = scenario_whole(&row, COMMITMENT_QUANTITY, NULL, 1, CELL_QUANTITY_MOST);
        commitment->unit_price = scenario_amount(&row, COMMITMENT_UNIT_PRICE, NULL, "");
        commitment->freight = scenario_amount(&row, COMMITMENT_FREIGHT, "0", "");
        commitment->one_off = scenario_amount(&row, COMMITMENT_ONE_OFF, "0", "");
        check_references(&row, commitment, &used);
        market->commitments[market->n_commitments++] = commitment;
    }
    return reader->status;
}
