/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv_columns.h"

#include <stddef.h>

#define CSV_DEMAND_COLUMN(id, ...) {__VA_ARGS__},
static const struct csv_column demand_columns[] = {
#include "proto/csv_columns.def"
};
#undef CSV_DEMAND_COLUMN

#define CSV_OFFER_COLUMN(id, ...) {__VA_ARGS__},
static const struct csv_column offer_columns[] = {
#include "proto/csv_columns.def"
};
#undef CSV_OFFER_COLUMN

#define CSV_ITEM_COLUMN(id, ...) {__VA_ARGS__},
static const struct csv_column item_columns[] = {
#include "proto/csv_columns.def"
};
#undef CSV_ITEM_COLUMN

#define CSV_FUND_COLUMN(id, ...) {__VA_ARGS__},
static const struct csv_column fund_columns[] = {
#include "proto/csv_columns.def"
};
#undef CSV_FUND_COLUMN

#define CSV_RATE_COLUMN(id, ...) {__VA_ARGS__},
static const struct csv_column rate_columns[] = {
#include "proto/csv_columns.def"
};
#undef CSV_RATE_COLUMN

#define CSV_POLICY_COLUMN(id, ...) {__VA_ARGS__},
static const struct csv_column policy_columns[] = {
#include "proto/csv_columns.def"
};
#undef CSV_POLICY_COLUMN

#define CSV_SUPPLIER_COLUMN(id, ...) {__VA_ARGS__},
static const struct csv_column supplier_columns[] = {
#include "proto/csv_columns.def"
};
#undef CSV_SUPPLIER_COLUMN

const struct csv_format csv_format_demand = {"demands.csv", "demand", "muster demand template", false, demand_columns, CSV_DEMAND_COLUMNS};
const struct csv_format csv_format_offer = {"offers.csv", "offer", "muster offer template", false, offer_columns, CSV_OFFER_COLUMNS};
const struct csv_format csv_format_item = {"items.csv", "item", NULL, false, item_columns, CSV_ITEM_COLUMNS};
const struct csv_format csv_format_fund = {"funds.csv", "fund", NULL, false, fund_columns, CSV_FUND_COLUMNS};
const struct csv_format csv_format_rate = {"rates.csv", "currency", NULL, false, rate_columns, CSV_RATE_COLUMNS};
const struct csv_format csv_format_policy = {"policy.csv", "key", NULL, true, policy_columns, CSV_POLICY_COLUMNS};
const struct csv_format csv_format_supplier = {"suppliers.csv", "supplier", NULL, false, supplier_columns, CSV_SUPPLIER_COLUMNS};
