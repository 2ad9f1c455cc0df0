/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/csv_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void csv_reading_start(struct csv_reading *reading)
{
    memset(reading, 0, sizeof *reading);
    arena_init(&reading->arena, CSV_ARENA_MOST);
    faults_init(&reading->faults, &reading->arena);
    reading->check.base_currency = "EUR";
    reading->options = (struct csv_options){.file = "sheet.csv", .currency = "EUR", .check = &reading->check};
}

void csv_reading_end(struct csv_reading *reading)
{
    arena_drop(&reading->arena);
}

char *csv_reading_load(struct csv_reading *reading, const char *name, size_t *length)
{
    char path[512];
    snprintf(path, sizeof path, "tests/unit/data/%s", name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        fail_msg("cannot open %s: run the tests from the top of the repository", path);
    }
    const size_t most = (size_t)1 << 20;
    char *bytes = arena_alloc(&reading->arena, most);
    assert_non_null(bytes);
    *length = fread(bytes, 1, most, file);
    fclose(file);
    assert_true(*length > 0 && *length < most);
    return bytes;
}

const struct fault *csv_reading_fault(const struct csv_reading *reading, uint32_t row, const char *field)
{
    for (size_t at = 0; at < reading->faults.count; at++) {
        const struct fault *fault = &reading->faults.list[at];
        if (fault->row == row && strcmp(fault->field, field) == 0) {
            return fault;
        }
    }
    return NULL;
}

void csv_reading_print(const struct csv_reading *reading)
{
    for (size_t at = 0; at < reading->faults.count; at++) {
        const struct fault *fault = &reading->faults.list[at];
        print_error("row %u, %s: found %s, expected %s, %s\n", fault->row, fault->field, fault->found, fault->expected, fault->remedy);
    }
}

void csv_reading_expect(const struct csv_reading *reading, uint32_t row, const char *field, const char *remedy)
{
    const struct fault *fault = csv_reading_fault(reading, row, field);
    if (!fault || !strstr(fault->remedy, remedy)) {
        csv_reading_print(reading);
        fail_msg("no fault in row %u, column %s, that says '%s'", row, field, remedy);
    }
}

unsigned char *csv_reading_pack(struct csv_reading *reading, void *const *messages, size_t count, size_t *length)
{
    *length = 0;
    for (size_t at = 0; at < count; at++) {
        *length += protobuf_c_message_get_packed_size(messages[at]);
    }
    unsigned char *bytes = arena_alloc(&reading->arena, *length), *to = bytes;
    assert_non_null(bytes);
    for (size_t at = 0; at < count; at++) {
        to += protobuf_c_message_pack(messages[at], to);
    }
    return bytes;
}
