/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/scenario.h"

#include <string.h>

#include "proto/cell.h"
#include "proto/scenario_reader.h"
#include "proto/status.h"

static int read_tables(const char *folder, struct scenario_reader *reader)
{
    bool broken = false;
    for (int file = 0; file < SCENARIO_FILES; file++) {
        int status = scenario_table_read(folder, (enum scenario_file)file, reader->arena, reader->faults, &reader->tables[file]);
        if (status && status != STATUS_INVALID) {
            return status;
        }
        broken = broken || status == STATUS_INVALID;
    }
    return broken ? STATUS_INVALID : STATUS_OK;
}

static int read_items(struct scenario_reader *reader)
{
    struct names ids;
    if (scenario_ids(reader, SCENARIO_ITEMS, "the item's id", &ids)) {
        return STATUS_NO_MEMORY;
    }
    scenario_refuse_repeated(reader, SCENARIO_ITEMS, &ids);
    Muster__Item *items = arena_array(reader->arena, ids.count, sizeof *items);
    reader->market->items = arena_array(reader->arena, ids.count, sizeof *reader->market->items);
    if (!items || !reader->market->items || names_init(&reader->items, reader->arena, ids.count)) {
        return STATUS_NO_MEMORY;
    }
    static char each[] = "EA";
    for (size_t n = 0; n < ids.count; n++) {
        const struct scenario_row row = {reader, &reader->tables[SCENARIO_ITEMS], ids.entries[n].at};
        muster__item__init(&items[n]);
        items[n].id = scenario_text(&row, ITEM_ID);
        items[n].title = scenario_text(&row, ITEM_TITLE);
        items[n].nsc = scenario_text(&row, ITEM_NSC);
        items[n].cpv = scenario_text(&row, ITEM_CPV);
        items[n].unit = *scenario_text(&row, ITEM_UNIT) ? scenario_text(&row, ITEM_UNIT) : each;
        names_add(&reader->items, items[n].id, (uint32_t)n);
        reader->market->items[reader->market->n_items++] = &items[n];
    }
    return STATUS_OK;
}

static int read_suppliers(struct scenario_reader *reader)
{
    static const char *const sizes[] = {"micro", "small", "medium", "large"};
    struct names ids;
    if (scenario_ids(reader, SCENARIO_SUPPLIERS, "the supplier's id", &ids)) {
        return STATUS_NO_MEMORY;
    }
    scenario_refuse_repeated(reader, SCENARIO_SUPPLIERS, &ids);
    Muster__Party *suppliers = arena_array(reader->arena, ids.count, sizeof *suppliers);
    reader->market->suppliers = arena_array(reader->arena, ids.count, sizeof *reader->market->suppliers);
    if (!suppliers || !reader->market->suppliers || names_init(&reader->suppliers, reader->arena, ids.count)) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < ids.count; n++) {
        const struct scenario_row row = {reader, &reader->tables[SCENARIO_SUPPLIERS], ids.entries[n].at};
        muster__party__init(&suppliers[n]);
        suppliers[n].id = scenario_text(&row, SUPPLIER_ID);
        suppliers[n].role = MUSTER__ROLE__ROLE_SUPPLIER;
        suppliers[n].name = scenario_text(&row, SUPPLIER_NAME);
        suppliers[n].country = scenario_text(&row, SUPPLIER_COUNTRY);
        suppliers[n].ncage = scenario_text(&row, SUPPLIER_NCAGE);
        suppliers[n].size = (Muster__Size)(MUSTER__SIZE__SIZE_MICRO +
                                           scenario_word(&row, SUPPLIER_SIZE, sizes, 4, 3, "micro, small, medium or large"));
        names_add(&reader->suppliers, suppliers[n].id, (uint32_t)n);
        reader->market->suppliers[reader->market->n_suppliers++] = &suppliers[n];
    }
    return STATUS_OK;
}

static int read_policy(struct scenario_reader *reader)
{
    const struct scenario_table *table = &reader->tables[SCENARIO_POLICY];
    Muster__PolicyEntry *entries = arena_array(reader->arena, table->rows, sizeof *entries);
    reader->market->policy = arena_array(reader->arena, table->rows, sizeof *reader->market->policy);
    if (!entries || !reader->market->policy) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < table->rows; n++) {
        const struct scenario_row row = {reader, table, n};
        muster__policy_entry__init(&entries[n]);
        entries[n].key = scenario_text(&row, POLICY_KEY);
        entries[n].value = scenario_text(&row, POLICY_VALUE);
        entries[n].item = scenario_text(&row, POLICY_ITEM);
        if (*entries[n].item && names_find(&reader->items, entries[n].item) == NAMES_NONE) {
            scenario_fault(&row, POLICY_ITEM, "an item of items.csv, or nothing", "add the item there, or correct it");
        }
        reader->market->policy[reader->market->n_policy++] = &entries[n];
    }
    reader->faults->file = table->form->file;
    int status = policy_read(reader->market->policy, reader->market->n_policy, table->row_number, reader->arena, reader->faults,
                             &reader->policy);
    return status == STATUS_INVALID ? STATUS_OK : status;
}

static int read_rates(struct scenario_reader *reader)
{
    struct names ids;
    if (scenario_ids(reader, SCENARIO_RATES, "a currency code", &ids)) {
        return STATUS_NO_MEMORY;
    }
    scenario_refuse_repeated(reader, SCENARIO_RATES, &ids);
    Muster__Rate *rates = arena_array(reader->arena, ids.count, sizeof *rates);
    reader->market->rates = arena_array(reader->arena, ids.count, sizeof *reader->market->rates);
    if (!rates || !reader->market->rates || names_init(&reader->rates, reader->arena, ids.count)) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < ids.count; n++) {
        const struct scenario_row row = {reader, &reader->tables[SCENARIO_RATES], ids.entries[n].at};
        muster__rate__init(&rates[n]);
        rates[n].currency = scenario_text(&row, RATE_CURRENCY);
        rates[n].millionths = 1000000;
        if (!cell_rate(scenario_text(&row, RATE_RATE), &rates[n].millionths)) {
            scenario_fault(&row, RATE_RATE, "a rate above 0 with at most six places", "write 0.084512");
        } else if (strcmp(rates[n].currency, reader->policy.base_currency) == 0 && rates[n].millionths != 1000000) {
            scenario_fault(&row, RATE_RATE, "1, the base currency's rate", "write 1, or remove the row");
        }
        names_add(&reader->rates, rates[n].currency, (uint32_t)n);
        reader->market->rates[reader->market->n_rates++] = &rates[n];
    }
    return STATUS_OK;
}

static int read_funds(struct scenario_reader *reader)
{
    struct names ids;
    if (scenario_ids(reader, SCENARIO_FUNDS, "the fund's id", &ids)) {
        return STATUS_NO_MEMORY;
    }
    scenario_refuse_repeated(reader, SCENARIO_FUNDS, &ids);
    Muster__Fund *funds = arena_array(reader->arena, ids.count, sizeof *funds);
    reader->market->funds = arena_array(reader->arena, ids.count, sizeof *reader->market->funds);
    if (!funds || !reader->market->funds || names_init(&reader->funds, reader->arena, ids.count)) {
        return STATUS_NO_MEMORY;
    }
    for (size_t n = 0; n < ids.count && !reader->status; n++) {
        const struct scenario_row row = {reader, &reader->tables[SCENARIO_FUNDS], ids.entries[n].at};
        Muster__Fund *fund = &funds[n];
        muster__fund__init(fund);
        fund->id = scenario_text(&row, FUND_ID);
        fund->currency = scenario_text(&row, FUND_CURRENCY);
        fund->limited = *scenario_text(&row, FUND_BALANCE) != '\0';
        if (fund->limited) {
            fund->balance = scenario_amount(&row, FUND_BALANCE, NULL, fund->currency);
            if (*fund->currency && strcmp(fund->currency, reader->policy.base_currency) != 0 &&
                names_find(&reader->rates, fund->currency) == NAMES_NONE) {
                scenario_fault(&row, FUND_CURRENCY, "a currency with a rate", "add it to rates.csv, or write the base currency");
            }
        }
        if (*fund->currency == '\0') {
            fund->currency = (char *)reader->policy.base_currency;
        }
        fund->min_nations = scenario_whole(&row, FUND_MIN_NATIONS, "1", 0, CELL_QUANTITY_MOST);
        fund->min_european_content = (uint32_t)scenario_whole(&row, FUND_MIN_EUROPEAN_CONTENT, "0", 0, 100);
        scenario_list(&row, FUND_COUNTRIES, &fund->countries, &fund->n_countries);
        names_add(&reader->funds, fund->id, (uint32_t)n);
        reader->market->funds[reader->market->n_funds++] = fund;
    }
    return reader->status;
}

int scenario_read(const char *folder, struct arena *arena, struct faults *faults, Muster__Market **market)
{
    static int (*const parts[])(struct scenario_reader *) = {
        read_items, read_policy, read_rates, read_suppliers, read_funds, scenario_read_demands, scenario_read_offers,
        scenario_read_commitments,
    };
    struct scenario_reader *reader = arena_alloc(arena, sizeof *reader);
    Muster__Market *result = arena_alloc(arena, sizeof *result);
    if (!reader || !result) {
        return STATUS_NO_MEMORY;
    }
    muster__market__init(result);
    *reader = (struct scenario_reader){.arena = arena, .faults = faults, .market = result};
    size_t before = faults->errors;
    int status = read_tables(folder, reader);
    if (status) {
        return status;
    }
    for (size_t n = 0; n < sizeof parts / sizeof parts[0]; n++) {
        status = parts[n](reader);
        if (status || reader->status) {
            return status ? status : reader->status;
        }
    }
    faults->row = 0;
    if (faults->errors > before) {
        return STATUS_INVALID;
    }
    *market = result;
    return STATUS_OK;
}
