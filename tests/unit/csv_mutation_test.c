/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Broken sheets: every file of tests/unit/data, changed at random places from fixed seeds, is read by every reader. None
 * may crash, read past its end or leave what it accepts outside the rules; a refused file has at least one fault. The
 * sanitizers watch. A failure names file and seed, and replays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/unit/csv_support.h"

#define ROUNDS 120u

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static const char *const snippets[] = {
    "\"", ";", ",", "\t", "\r", "\n", "\r\n", "\"\"", "#", "# ", "=", "\xff", "\xc3", "\xe2\x80\xaf", "\xef\xbb\xbf", "-", "1.234", "1,5E+06",
    "2027-06", "jun-27", "31/12/2027", "Q4 2028", "99999999999999999999", "\xe2\x82\xac", "%", "|", ":", ">=", "''=", "sep=,\r\n", "0",
    "demand", "month", "a\xcc\x81", "\xed\xa0\x80", "\xf4\x90\x80\x80",
};

/* Copies a file with some bytes changed, cut, doubled or put in. */
static char *mutate(const char *bytes, size_t *length, uint64_t *seed)
{
    size_t room = *length * 2 + 4096, used = *length;
    char *copy = malloc(room);
    assert_non_null(copy);
    memcpy(copy, bytes, used);
    for (uint64_t change = 1 + next(seed) % 3; change > 0; change--) {
        size_t at = used ? (size_t)(next(seed) % used) : 0, span = (size_t)(next(seed) % 40);
        const char *snippet = snippets[next(seed) % (sizeof snippets / sizeof snippets[0])];
        size_t size = strlen(snippet);
        span = span > used - at ? used - at : span;
        switch (next(seed) % 4) {
        case 0:
            if (used > 0) {
                copy[at] = (char)next(seed);
            }
            break;
        case 1:
            memmove(copy + at, copy + at + span, used - at - span);
            used -= span;
            break;
        case 2:
            if (used + span < room) {
                memmove(copy + at + span, copy + at, used - at);
                used += span;
            }
            break;
        default:
            if (used + size < room) {
                memmove(copy + at + size, copy + at, used - at);
                memcpy(copy + at, snippet, size);
                used += size;
            }
            break;
        }
    }
    char *exact = malloc(used ? used : 1); /* so that a read past the end is seen */
    assert_non_null(exact);
    memcpy(exact, copy, used);
    free(copy);
    *length = used;
    return exact;
}

struct outcome {
    int status;
    void *const *list;
    size_t count;
};

static struct outcome read_as(struct csv_reading *reading, unsigned noun, const char *bytes, size_t length)
{
    const struct csv_options *options = &reading->options;
    struct arena *arena = &reading->arena;
    struct faults *faults = &reading->faults;
    struct outcome outcome = {.status = STATUS_OK};
#define READ(kind, call)                                                                                                       \
    do {                                                                                                                       \
        struct csv_##kind result;                                                                                              \
        outcome.status = call;                                                                                                 \
        outcome.list = (void *const *)result.list;                                                                             \
        outcome.count = result.count;                                                                                          \
    } while (0)
    switch (noun) {
    case 0:
        READ(demands, csv_read_demands(bytes, length, options, arena, faults, &result));
        break;
    case 1:
        READ(offers, csv_read_offers(bytes, length, options, arena, faults, &result));
        break;
    case 2:
        READ(items, csv_read_items(bytes, length, options, arena, faults, &result));
        break;
    case 3:
        READ(funds, csv_read_funds(bytes, length, options, arena, faults, &result));
        break;
    case 4:
        READ(suppliers, csv_read_suppliers(bytes, length, options, arena, faults, &result));
        break;
    case 5:
        READ(policy, csv_read_policy(bytes, length, options, arena, faults, &result));
        break;
    default:
        READ(rates, csv_read_rates(bytes, length, options, 0, arena, faults, &result));
        break;
    }
#undef READ
    return outcome;
}

/* What a reader accepts is within the field rules and packs; what it refuses has a fault. */
static void look(struct csv_reading *reading, unsigned noun, struct outcome outcome, const char *name, uint64_t seed)
{
    bool accepted = outcome.status == STATUS_OK;
    if (accepted != (reading->faults.errors == 0) ||
        (!accepted && outcome.status != STATUS_INVALID && outcome.status != STATUS_TOO_LARGE)) {
        fail_msg("%s, seed %llu, noun %u: status %d with %zu faults", name, (unsigned long long)seed, noun, outcome.status,
                 reading->faults.errors);
    }
    for (size_t at = 0; at < outcome.count; at++) {
        unsigned char *packed = malloc(protobuf_c_message_get_packed_size(outcome.list[at]) + 1);
        assert_non_null(packed);
        protobuf_c_message_pack(outcome.list[at], packed);
        free(packed);
        if (accepted && noun == 0) {
            check_demand(outcome.list[at], &reading->check, &reading->faults);
        } else if (accepted && noun == 1) {
            check_offer(outcome.list[at], &reading->check, &reading->faults);
        }
    }
    if (accepted && reading->faults.errors > 0) {
        csv_reading_print(reading);
        fail_msg("%s, seed %llu: accepted what breaks a rule", name, (unsigned long long)seed);
    }
}

static void broken_sheets_never_crash_a_reader(void **state)
{
    (void)state;
    static const char *const names[] = {"canonical.csv", "excel-nl.csv", "excel-de-unicode.txt", "excel-fr-sep.csv", "libreoffice-fr.csv",
                                        "ecb-daily.csv", "ecb-history.csv", "offers.csv", "policy.csv"};
    size_t accepted = 0, refused = 0;
    for (size_t at = 0; at < sizeof names / sizeof names[0]; at++) {
        struct csv_reading source;
        size_t source_length;
        csv_reading_start(&source);
        char *original = csv_reading_load(&source, names[at], &source_length);
        for (uint64_t round = 1; round <= ROUNDS; round++) {
            uint64_t seed = round * UINT64_C(0x9e3779b97f4a7c15) + at;
            size_t length = source_length;
            char *bytes = mutate(original, &length, &seed);
            for (unsigned noun = 0; noun < 7; noun++) {
                struct csv_reading reading;
                csv_reading_start(&reading);
                struct outcome outcome = read_as(&reading, noun, bytes, length);
                look(&reading, noun, outcome, names[at], round);
                accepted += outcome.status == STATUS_OK ? 1u : 0u;
                refused += outcome.status == STATUS_OK ? 0u : 1u;
                csv_reading_end(&reading);
            }
            free(bytes);
        }
        csv_reading_end(&source);
    }
    print_message("%zu readings accepted, %zu refused\n", accepted, refused);
    assert_true(accepted > 50 && refused > 1000); /* both ways are tried */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_sheets_never_crash_a_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
