/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CSV_NUMBER_H
#define PROTO_CSV_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Numbers as spreadsheets show them: 1234.5, 1234,5, 1.234,50, 1,234.50, 1 234,50 (also with no-break blanks),
 * 1'234.50, EUR 1 234,50, 5.100,-. What has two readings is not guessed: one point or comma with exactly three digits
 * behind it and one to three before (1.234) may be thousands or a decimal, and both readings are handed back.
 * Pure, thread-safe.
 */

#define CSV_NUMBER_TEXT 32u /* bytes of a reading with its NUL */

enum csv_number_form {
    CSV_NUMBER_GOOD,
    CSV_NUMBER_AMBIGUOUS,  /* thousands or decimal: see readings */
    CSV_NUMBER_SCIENTIFIC, /* 1,5E+06: the program cut off digits */
    CSV_NUMBER_NEGATIVE,
    CSV_NUMBER_SCALED,     /* 5 Mio, 3k: a word multiplies it */
    CSV_NUMBER_LARGE,      /* more than 15 digits before the decimal mark */
    CSV_NUMBER_NONE        /* no number */
};

/* How the decimal mark shows in a number, where it does. */
enum csv_number_mark { CSV_MARK_NONE, CSV_MARK_POINT, CSV_MARK_COMMA };

struct csv_number {
    enum csv_number_form form;
    uint64_t whole;         /* before the decimal mark */
    uint32_t millionths;    /* behind it, cut after six places */
    unsigned places;        /* behind it, zeros at the end not counted; more than 6 means digits were cut */
    bool percent;           /* a % stood behind it */
    char currency[CSV_NUMBER_TEXT]; /* sign or letters that stood around it; "" for none */
    enum csv_number_mark mark;      /* of the decimal, given or to be concluded from the thousands */
    char as_thousands[CSV_NUMBER_TEXT]; /* the readings of an ambiguous one, as digits: "1234" and "1.234" */
    char as_decimal[CSV_NUMBER_TEXT];
};

/* Reads text. grouped: whether thousands marks may stand in it; where not, 1.234 has one reading. */
void csv_number_read(const char *text, bool grouped, struct csv_number *number);

/*
 * Whether a sign or letters beside a number can mean the currency: "€" EUR, "$" USD, CAD and others, "kr" four crowns,
 * a code itself. currency: ISO 4217.
 */
bool csv_number_means(const char *sign, const char *currency);

#endif
