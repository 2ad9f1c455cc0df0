/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SYSTEM_CLI_ASSERT_H
#define TESTS_SYSTEM_CLI_ASSERT_H

#include "tests/system/cli.h"

/*
 * For tests that have a `struct cli cli` and a `struct harness harness` of their own: what a command printed, and its exit code. A failure
 * shows both streams and what musterd said. After <cmocka.h>.
 */

#define assert_says(text, part)                                                 \
    do {                                                                        \
        if (!cli_says(text, part)) {                                            \
            print_error("not found: %s\nin: %s\n%s\n", part, cli.out, cli.err); \
            harness_show(&harness);                                             \
            fail();                                                             \
        }                                                                       \
    } while (0)

#define assert_code(call, expected)                                                            \
    do {                                                                                       \
        int got = (call);                                                                      \
        if (got != (expected)) {                                                               \
            print_error("exit %d, not %d:\n%s\n%s\n", got, (int)(expected), cli.out, cli.err); \
            harness_show(&harness);                                                            \
            fail();                                                                            \
        }                                                                                      \
    } while (0)

#endif
