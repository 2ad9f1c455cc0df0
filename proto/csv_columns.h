/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_COLUMNS_H
#define PROTO_CSV_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The file formats as tables: which columns each file has, what kind of value stands in each, what an empty cell means,
 * and the example and note that the template prints. The reader, the writer and the template use the same table
 * (csv_columns.def), which is that of the matching model's scenario files.
 */

#define CSV_FORMAT_MOST 20u /* columns of one format */

enum csv_kind {
    CSV_KIND_ID,       /* of an object: as written */
    CSV_KIND_TEXT,     /* free text; line breaks become blanks */
    CSV_KIND_CODE,     /* of a code list: as written, blanks trimmed */
    CSV_KIND_MONTH,    /* YYYYMM */
    CSV_KIND_DATE,     /* YYYYMMDD */
    CSV_KIND_QUANTITY, /* whole units from 1 */
    CSV_KIND_COUNT,    /* whole units from 0 */
    CSV_KIND_NUMBER,   /* a whole number that counts no units */
    CSV_KIND_AMOUNT,   /* hundredths */
    CSV_KIND_RATE,     /* millionths */
    CSV_KIND_PERCENT,  /* whole, 0 to 100; a % behind it is passed over */
    CSV_KIND_YES,      /* 1 or 0 */
    CSV_KIND_RELEASE,  /* enum Release */
    CSV_KIND_SIZE,     /* enum Size */
    CSV_KIND_LIST,     /* texts */
    CSV_KIND_REQUIRES, /* texts such as range_km>=30 */
    CSV_KIND_PROVIDES, /* name=value */
    CSV_KIND_FREIGHT,  /* prefix:amount */
    CSV_KIND_ORIGIN,   /* country:percent */
    CSV_KIND_POLICY    /* a value whose kind the policy key decides */
};

enum csv_flag {
    CSV_NEEDED = 1, /* the column must be there and, on the first row of an object, filled in */
    CSV_EMPTY = 2,  /* the column must be there, its cell may be empty */
    CSV_OWN = 4     /* belongs to the row: a line or a tier; other cells of later rows are empty or agree */
};

struct csv_column {
    const char *name;
    enum csv_kind kind;
    unsigned flags;
    const char *fallback; /* what an empty cell stands for, as it would be written; "" for nothing */
    const char *example;
    const char *note;
};

struct csv_format {
    const char *file;    /* "demands.csv" */
    const char *noun;    /* "demand" */
    const char *template; /* the command that prints one, or NULL */
    bool repeats;        /* the first column may say the same in several rows, which are things of their own */
    const struct csv_column *columns;
    uint32_t count;
};

#define CSV_DEMAND_COLUMN(id, ...) CSV_DEMAND_##id,
enum csv_demand_column {
#include "proto/csv_columns.def"
    CSV_DEMAND_COLUMNS
};
#undef CSV_DEMAND_COLUMN

#define CSV_OFFER_COLUMN(id, ...) CSV_OFFER_##id,
enum csv_offer_column {
#include "proto/csv_columns.def"
    CSV_OFFER_COLUMNS
};
#undef CSV_OFFER_COLUMN

#define CSV_ITEM_COLUMN(id, ...) CSV_ITEM_##id,
enum csv_item_column {
#include "proto/csv_columns.def"
    CSV_ITEM_COLUMNS
};
#undef CSV_ITEM_COLUMN

#define CSV_FUND_COLUMN(id, ...) CSV_FUND_##id,
enum csv_fund_column {
#include "proto/csv_columns.def"
    CSV_FUND_COLUMNS
};
#undef CSV_FUND_COLUMN

#define CSV_RATE_COLUMN(id, ...) CSV_RATE_##id,
enum csv_rate_column {
#include "proto/csv_columns.def"
    CSV_RATE_COLUMNS
};
#undef CSV_RATE_COLUMN

#define CSV_POLICY_COLUMN(id, ...) CSV_POLICY_##id,
enum csv_policy_column {
#include "proto/csv_columns.def"
    CSV_POLICY_COLUMNS
};
#undef CSV_POLICY_COLUMN

#define CSV_SUPPLIER_COLUMN(id, ...) CSV_SUPPLIER_##id,
enum csv_supplier_column {
#include "proto/csv_columns.def"
    CSV_SUPPLIER_COLUMNS
};
#undef CSV_SUPPLIER_COLUMN

extern const struct csv_format csv_format_demand;
extern const struct csv_format csv_format_offer;
extern const struct csv_format csv_format_item;
extern const struct csv_format csv_format_fund;
extern const struct csv_format csv_format_rate;
extern const struct csv_format csv_format_policy;
extern const struct csv_format csv_format_supplier;

#endif
