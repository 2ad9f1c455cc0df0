/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_SCENARIO_TABLE_H
#define PROTO_SCENARIO_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/fault.h"

/*
 * One CSV file of a scenario folder as a table of trimmed cells in a fixed order of columns, whatever order the file has them in.
 * Grammar: RFC 4180, UTF-8 with or without a byte-order mark, every row as wide as the header, the header exactly the known
 * column names. Lines without any character are passed over. A column that is absent and has a default reads as empty.
 */

#define SCENARIO_MOST_COLUMNS 17
#define SCENARIO_FILE_MOST ((size_t)1 << 30) /* bytes of one file: far above a market of a million lines */
#define SCENARIO_CELL_MOST ((size_t)131072)  /* bytes of one cell */

enum scenario_file {
    SCENARIO_ITEMS,
    SCENARIO_DEMANDS,
    SCENARIO_SUPPLIERS,
    SCENARIO_OFFERS,
    SCENARIO_FUNDS,
    SCENARIO_RATES,
    SCENARIO_POLICY,
    SCENARIO_COMMITMENTS,
    SCENARIO_FILES
};

enum scenario_item_column { ITEM_ID, ITEM_TITLE, ITEM_NSC, ITEM_CPV, ITEM_UNIT };
enum scenario_demand_column {
    DEMAND_ID, DEMAND_COUNTRY, DEMAND_ITEM, DEMAND_MONTH, DEMAND_QUANTITY, DEMAND_MIN_QUANTITY, DEMAND_MAX_UNIT_PRICE,
    DEMAND_CURRENCY, DEMAND_PRIORITY, DEMAND_PLACE, DEMAND_SINGLE_SUPPLIER, DEMAND_REQUIRES, DEMAND_CERTIFICATES,
    DEMAND_EXCLUDE_ORIGINS, DEMAND_FUND, DEMAND_RELEASE
};
enum scenario_supplier_column { SUPPLIER_ID, SUPPLIER_NAME, SUPPLIER_COUNTRY, SUPPLIER_NCAGE, SUPPLIER_SIZE };
enum scenario_offer_column {
    OFFER_ID, OFFER_SUPPLIER, OFFER_ITEM, OFFER_MIN_QUANTITY, OFFER_UNIT_PRICE, OFFER_ONE_OFF, OFFER_CURRENCY,
    OFFER_FIRST_MONTH, OFFER_STOCK, OFFER_MONTHLY_RATE, OFFER_MAX_QUANTITY, OFFER_FREIGHT, OFFER_PROVIDES,
    OFFER_CERTIFICATES, OFFER_ORIGIN, OFFER_DESTINATIONS, OFFER_VALID_UNTIL
};
enum scenario_fund_column { FUND_ID, FUND_BALANCE, FUND_CURRENCY, FUND_MIN_NATIONS, FUND_MIN_EUROPEAN_CONTENT, FUND_COUNTRIES };
enum scenario_rate_column { RATE_CURRENCY, RATE_RATE };
enum scenario_policy_column { POLICY_KEY, POLICY_VALUE, POLICY_ITEM };
enum scenario_commitment_column {
    COMMITMENT_DEMAND, COMMITMENT_MONTH, COMMITMENT_OFFER, COMMITMENT_TIER, COMMITMENT_QUANTITY, COMMITMENT_UNIT_PRICE,
    COMMITMENT_FREIGHT, COMMITMENT_ONE_OFF
};

struct scenario_column {
    const char *name;
    bool needed; /* else it has a default and may be absent */
};

struct scenario_form {
    const char *file; /* "items.csv" */
    bool needed;      /* else the file may be missing */
    size_t column_count;
    struct scenario_column columns[SCENARIO_MOST_COLUMNS];
};

/* The files of a scenario folder and their columns, by enum scenario_file. */
extern const struct scenario_form scenario_forms[SCENARIO_FILES];

struct scenario_table {
    const struct scenario_form *form;
    size_t rows;
    char **cells;               /* rows x column_count, trimmed, never NULL */
    const uint32_t *row_number; /* by row: its place in the file, the header being 1, empty lines counted */
};

/*
 * Reads one file. folder: path of the scenario. Everything lies in arena; what is wrong goes to faults with its row and column,
 * and rows at fault are left out of the table. A missing file that may be missing is an empty table.
 * Returns STATUS_OK where the table can be used to look for more faults (also if faults were added), STATUS_INVALID where the
 * file or its header can't be read at all (with a fault), STATUS_NO_MEMORY, STATUS_IO with errno set where reading failed.
 */
int scenario_table_read(const char *folder, enum scenario_file file, struct arena *arena, struct faults *faults,
                        struct scenario_table *table);

#endif
