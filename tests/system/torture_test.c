/* SPDX-License-Identifier: EUPL-1.2 */
/* The torture in seconds: a little of each of its parts. make torture is the long form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/seam.h"
#include "proto/status.h"
#include "tests/torture/figures.h"
#include "tests/torture/memory.h"
#include "tests/unit/patience.h"

static struct torture torture;

static int start(void **state)
{
    (void)state;
    alarm((unsigned)patience(270));
    torture = (struct torture){.seed = 1};
    if (access("/dev/shm", W_OK) == 0 && getenv("TMPDIR") == NULL)
        setenv("TMPDIR", "/dev/shm", 1);
    return seam_start() == STATUS_OK ? 0 : -1;
}

static void expect(bool good)
{
    if (!good)
        fail_msg("%s", torture.problem);
}

static void any_process_is_killed_under_many_clients_and_nothing_is_lost(void **state)
{
    (void)state;
    expect(torture_kills(&torture, 8, 64, 8));
    assert_true(torture.cycles >= 8 && torture.runs == 1 && torture.acknowledged > 0 && torture.lost == 0);
}

static void a_flipped_byte_is_named_in_a_stopped_and_in_a_running_exchange(void **state)
{
    (void)state;
    expect(torture_flips(&torture, 12));
    assert_true(torture.bytes_flipped > 12 && torture.flips_named > 0);
}

static void a_storage_that_fails_under_clients_ends_the_exchange_with_its_reason(void **state)
{
    (void)state;
    expect(torture_daemon(&torture, 3));
    assert_true(torture.faults_injected == 3 && torture.lost == 0);
}

static void a_full_disk_is_refused_with_a_reason(void **state)
{
    (void)state;
    torture.talks = true;
    expect(torture_full(&torture));
}

static void memory_that_runs_out_leaves_nothing_half_done(void **state)
{
    (void)state;
    torture.talks = true;
    expect(torture_memory(&torture, 9));
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--memory") == 0)
        return memory_main((unsigned)atoi(argv[2]));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(any_process_is_killed_under_many_clients_and_nothing_is_lost, start),
        cmocka_unit_test_setup(a_flipped_byte_is_named_in_a_stopped_and_in_a_running_exchange, start),
        cmocka_unit_test_setup(a_storage_that_fails_under_clients_ends_the_exchange_with_its_reason, start),
        cmocka_unit_test_setup(a_full_disk_is_refused_with_a_reason, start),
        cmocka_unit_test_setup(memory_that_runs_out_leaves_nothing_half_done, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
