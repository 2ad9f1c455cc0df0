/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/csv_out.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "proto/status.h"

#define NUMBER_SIZE 32u

void csv_out_init(struct csv_out *out, struct arena *arena, char separator)
{
    *out = (struct csv_out){.arena = arena, .separator = separator, .status = STATUS_OK};
}

static void append(struct csv_out *out, const char *bytes, size_t length)
{
    if (out->status != STATUS_OK) {
        return;
    }
    if (out->capacity - out->length < length + 1) {
        size_t capacity = out->capacity ? out->capacity * 2 : 4096;
        while (capacity - out->length < length + 1) {
            capacity *= 2;
        }
        char *grown = arena_alloc(out->arena, capacity);
        if (!grown) {
            out->status = STATUS_NO_MEMORY;
            return;
        }
        if (out->length) {
            memcpy(grown, out->bytes, out->length);
        }
        out->bytes = grown;
        out->capacity = capacity;
    }
    memcpy(out->bytes + out->length, bytes, length);
    out->length += length;
    out->bytes[out->length] = '\0';
}

static void separate(struct csv_out *out)
{
    if (out->cells++ > 0) {
        append(out, &out->separator, 1);
    }
}

static bool is_formula(const char *text)
{
    char first = text[strspn(text, "'")]; /* one that is guarded already gets another, so that the reader leaves one */
    return first && strchr("=+-@\t\r\n", first);
}

void csv_out_text(struct csv_out *out, const char *text)
{
    const char special[] = {out->separator, '"', '\r', '\n', '\0'};
    bool quoted = text[strcspn(text, special)] != '\0';
    separate(out);
    if (quoted) {
        append(out, "\"", 1);
    }
    if (is_formula(text)) {
        append(out, "'", 1);
    }
    for (const char *at = text; *at;) {
        size_t plain = strcspn(at, "\"");
        append(out, at, plain);
        at += plain;
        if (*at == '"') {
            append(out, "\"\"", 2);
            at++;
        }
    }
    if (quoted) {
        append(out, "\"", 1);
    }
}

static void plain(struct csv_out *out, const char *digits)
{
    separate(out);
    append(out, digits, strlen(digits));
}

void csv_out_number(struct csv_out *out, uint64_t number)
{
    char text[NUMBER_SIZE];
    snprintf(text, sizeof text, "%" PRIu64, number);
    plain(out, text);
}

void csv_out_amount(struct csv_out *out, int64_t hundredths)
{
    char text[NUMBER_SIZE];
    uint64_t size = hundredths < 0 ? (uint64_t)0 - (uint64_t)hundredths : (uint64_t)hundredths;
    snprintf(text, sizeof text, "%s%" PRIu64 ".%02" PRIu64, hundredths < 0 ? "-" : "", size / 100, size % 100);
    plain(out, text);
}

void csv_out_rate(struct csv_out *out, uint64_t millionths)
{
    char text[NUMBER_SIZE];
    snprintf(text, sizeof text, "%" PRIu64 ".%06" PRIu64, millionths / 1000000, millionths % 1000000);
    plain(out, text);
}

void csv_out_month(struct csv_out *out, uint32_t month)
{
    char text[NUMBER_SIZE];
    snprintf(text, sizeof text, "%04" PRIu32 "-%02" PRIu32, month / 100, month % 100);
    plain(out, text);
}

void csv_out_date(struct csv_out *out, uint32_t date)
{
    char text[NUMBER_SIZE] = "";
    if (date) {
        snprintf(text, sizeof text, "%04" PRIu32 "-%02" PRIu32 "-%02" PRIu32, date / 10000, date / 100 % 100, date % 100);
    }
    plain(out, text);
}

void csv_out_end(struct csv_out *out)
{
    append(out, "\r\n", 2);
    out->cells = 0;
}
