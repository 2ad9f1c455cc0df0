/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_SCENARIO_READER_H
#define PROTO_SCENARIO_READER_H

#include "proto/names.h"
#include "proto/policy.h"
#include "proto/scenario.h"
#include "proto/scenario_table.h"

/*
 * Shared by the parts of scenario_read alone: the tables as read, what is known so far, and the cells of one row as values. A cell at
 * fault adds a fault and yields its least value, so that reading goes on. Running out of memory sets status and stops.
 */
struct scenario_reader {
    struct arena *arena;
    struct faults *faults;
    Muster__Market *market;
    struct scenario_table tables[SCENARIO_FILES];
    struct policy policy;
    struct names items;
    struct names suppliers; /* positions in market->suppliers; likewise below */
    struct names funds;
    struct names rates;
    struct names demands;
    struct names offers;
    int status; /* STATUS_NO_MEMORY once memory is out */
};

/* One row of one table. */
struct scenario_row {
    struct scenario_reader *reader;
    const struct scenario_table *table;
    size_t row;
};

/* The text of a cell, "" where empty. */
char *scenario_text(const struct scenario_row *row, int column);

/* Adds a fault at a cell. */
void scenario_fault(const struct scenario_row *row, int column, const char *expected, const char *remedy);

/* A whole number from least to most; standard where the cell is empty (NULL: it may not be). */
uint64_t scenario_whole(const struct scenario_row *row, int column, const char *standard, uint64_t least, uint64_t most);

/* An amount in hundredths, whose value in base cents is within the limit. currency: "" for the base. */
int64_t scenario_amount(const struct scenario_row *row, int column, const char *standard, const char *currency);

/* A month as YYYYMM. */
uint32_t scenario_month(const struct scenario_row *row, int column);

/* The index of the cell's word in words; standard where empty. form: the words for a person. */
size_t scenario_word(const struct scenario_row *row, int column, const char *const *words, size_t count, size_t standard,
                     const char *form);

/* A list between semicolons. */
void scenario_list(const struct scenario_row *row, int column, char ***texts, size_t *count);

/* A list of name<separator>value, no name twice; lower: names in lower case. names and values have count elements. */
void scenario_pairs(const struct scenario_row *row, int column, char separator, bool lower, char ***names, char ***values,
                    size_t *count);

/* The ids of a table's rows, sorted, rows without one left out with a fault. what: "a demand id". */
int scenario_ids(struct scenario_reader *reader, enum scenario_file file, const char *what, struct names *ids);

/* Adds a fault for every id that stands in more than one row. */
void scenario_refuse_repeated(struct scenario_reader *reader, enum scenario_file file, const struct names *ids);

/*
 * Adds a fault for each cell of a later row of one object that is neither empty nor equal to the first row's; own: columns that differ
 * by nature, one bit each.
 */
void scenario_compare_rows(struct scenario_reader *reader, enum scenario_file file, const struct names_entry *rows,
                           size_t count, uint32_t own);

/* The parts, called in this order. Each returns STATUS_OK or STATUS_NO_MEMORY. */
int scenario_read_demands(struct scenario_reader *reader);
int scenario_read_offers(struct scenario_reader *reader);
int scenario_read_commitments(struct scenario_reader *reader);

#endif
