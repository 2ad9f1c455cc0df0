/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv_list.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "proto/csv_amount.h"
#include "proto/csv_fold.h"
#include "proto/status.h"

#define ENTRIES_MOST 2000u /* more than all countries and places of a freight list */
#define REMEDY_SIZE 192u

/* The characters of which one must stand in an entry of a kind; NULL: none must. */
static const char *operators_of(enum csv_kind kind)
{
    switch (kind) {
    case CSV_KIND_REQUIRES:
    case CSV_KIND_PROVIDES:
        return "<>=";
    case CSV_KIND_FREIGHT:
    case CSV_KIND_ORIGIN:
        return ":";
    default:
        return NULL;
    }
}

/* The signs that word processors make of >= and <=. */
static char *with_plain_operators(struct arena *arena, const char *cell)
{
    char *copy = arena_string(arena, cell);
    for (char *at = copy; at && *at;) {
        bool least = strncmp(at, "\u2265", 3) == 0, most = strncmp(at, "\u2264", 3) == 0;
        if (least || most) {
            at[0] = least ? '>' : '<';
            at[1] = '=';
            memmove(at + 2, at + 3, strlen(at + 3) + 1);
            at += 2;
        } else {
            at++;
        }
    }
    return copy;
}

/* Whether the piece up to the next comma has an operator, and so begins an entry of its own. */
static bool begins_entry(const char *piece, const char *operators)
{
    size_t length = strcspn(piece, ",");
    return !operators || strcspn(piece, operators) < length;
}

/* What separates the entries of a cell. */
static const char *separators_of(const char *text)
{
    return strpbrk(text, ";\n\r") ? ";\n\r" : strchr(text, '|') ? "|" : ",";
}

/* End of the entry that starts at text. */
static char *entry_end(char *text, const char *separators, const char *operators)
{
    char *at = text + strcspn(text, separators);
    while (*at == ',' && !begins_entry(at + 1, operators)) {
        at += 1 + strcspn(at + 1, separators);
    }
    return at;
}

static void refuse(const struct csv_value_reader *reader, const struct csv_column *column, const char *found, const char *expected,
                   const char *remedy, struct csv_value *value)
{
    faults_add(reader->faults, column->name, found, expected, remedy);
    value->faulty = true;
}

static bool is_decimal_comma(const char *text)
{
    size_t minus = text[0] == '-' ? 1 : 0, whole = strspn(text + minus, "0123456789");
    const char *mark = text + minus + whole;
    return whole > 0 && mark[0] == ',' && mark[1] && mark[1 + strspn(mark + 1, "0123456789")] == '\0';
}

/* range_km>=30,5: a decimal, or two values? The formats want a point. */
static void read_condition(const struct csv_value_reader *reader, const struct csv_column *column, char *entry, struct csv_value *value,
                           struct csv_pair *pair)
{
    size_t name = strcspn(entry, "<>="), operation = strspn(entry + name, "<>=");
    char *given = entry + name + operation;
    given += csv_fold_blank(given);
    pair->name = entry;
    if (operation > 0 && is_decimal_comma(given)) {
        char remedy[REMEDY_SIZE];
        size_t whole = strcspn(given, ",");
        snprintf(remedy, sizeof remedy, "write %.*s%.*s.%s, or | between two entries", (int)(name + operation < 40 ? name + operation : 40),
                 entry, (int)(whole < 20 ? whole : 20), given, strlen(given + whole + 1) < 20 ? given + whole + 1 : "5");
        refuse(reader, column, entry, "a point for decimals", remedy, value);
        return;
    }
    if (column->kind == CSV_KIND_REQUIRES) {
        return;
    }
    if (name == 0 || operation != 1 || entry[name] != '=' || !*given) {
        refuse(reader, column, entry, "name=value", "write for example range_km=40|stanag=4425", value);
        return;
    }
    const char *left = entry;
    csv_fold_trim(&left, &name);
    pair->name = arena_copy(reader->arena, left, name);
    pair->text = given;
}

static void read_numbered(const struct csv_value_reader *reader, const struct csv_column *column, char *entry, struct csv_value *value,
                          struct csv_pair *pair)
{
    bool freight = column->kind == CSV_KIND_FREIGHT;
    size_t name = strcspn(entry, ":");
    if (entry[name] != ':' || name == 0 || !entry[name + 1]) {
        refuse(reader, column, entry, freight ? "place:amount" : "country:percent",
               freight ? "write for example NL:0|PL:150|*:400" : "write for example DE:65|US:35", value);
        return;
    }
    struct csv_amount_advice advice;
    char sign[CSV_NUMBER_TEXT];
    uint64_t number;
    if (!csv_amount_read(freight ? CSV_KIND_AMOUNT : CSV_KIND_PERCENT, entry + name + 1, &number, sign, &advice)) {
        refuse(reader, column, entry, advice.expected, advice.remedy, value);
        return;
    }
    const char *left = entry;
    csv_fold_trim(&left, &name);
    pair->name = arena_copy(reader->arena, left, name);
    pair->text = sign[0] ? arena_string(reader->arena, sign) : "";
    pair->number = (int64_t)number;
}

static int take_entry(const struct csv_value_reader *reader, const struct csv_column *column, char *entry, struct csv_value *value)
{
    struct csv_pair pair = {.name = "", .text = ""};
    if (operators_of(column->kind) == NULL) {
        pair.name = entry;
    } else if (column->kind == CSV_KIND_FREIGHT || column->kind == CSV_KIND_ORIGIN) {
        read_numbered(reader, column, entry, value, &pair);
    } else {
        read_condition(reader, column, entry, value, &pair);
    }
    value->pairs[value->count++] = pair;
    return pair.name && pair.text ? STATUS_OK : STATUS_NO_MEMORY;
}

int csv_list_read(const struct csv_value_reader *reader, const struct csv_column *column, const char *cell, struct csv_value *value)
{
    char *text = with_plain_operators(reader->arena, cell);
    if (!text) {
        return STATUS_NO_MEMORY;
    }
    const char *operators = operators_of(column->kind);
    const char *separators = separators_of(text);
    size_t most = 1;
    for (const char *at = text; *at; at++) {
        most += strchr(separators, *at) ? 1u : 0u;
    }
    most = most > ENTRIES_MOST ? ENTRIES_MOST : most;
    value->pairs = arena_array(reader->arena, most, sizeof *value->pairs);
    if (!value->pairs) {
        return STATUS_NO_MEMORY;
    }
    for (char *at = text;;) {
        char *end = entry_end(at, separators, operators);
        bool last = *end == '\0';
        *end = '\0';
        const char *entry = at;
        size_t length = (size_t)(end - at);
        csv_fold_trim(&entry, &length);
        if (length > 0 && value->count == most) {
            refuse(reader, column, "more than 2,000 entries", "at most 2,000 entries", "shorten the list", value);
            return STATUS_OK;
        }
        if (length > 0) {
            at[(entry - at) + (ptrdiff_t)length] = '\0';
            int status = take_entry(reader, column, at + (entry - at), value);
            if (status != STATUS_OK) {
                return status;
            }
        }
        if (last) {
            return STATUS_OK;
        }
        at = end + 1;
    }
}
