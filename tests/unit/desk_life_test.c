/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/unit/world_build.h"

/* The life of a bundle from a demand to its orders, one exchange in one process. */

static void a_demand_becomes_a_committed_bundle(void **state)
{
    struct world *world = *state;
    world_usual(world);
    assert_int_equal(world_bundle(world, 1)->state, MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED);
    assert_int_equal(world_awarded(world, 1, NULL), 150);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(world_answer(world, "nl", 1, true), STATUS_OK);
    assert_int_equal(world_answer(world, "de", 1, true), STATUS_OK);
    assert_int_equal(world_tick(world), 0);
    assert_int_equal(world_bundle(world, 1)->state, MUSTER__BUNDLE_STATE__BUNDLE_RELEASED);
    assert_int_equal(world_answer(world, "es", 1, true), STATUS_OK);
    assert_int_equal(world_tick(world), 1);
    assert_int_equal(world_bundle(world, 1)->state, MUSTER__BUNDLE_STATE__BUNDLE_AGREED);
    assert_int_equal(world_answer(world, "sup", 1, true), STATUS_OK);
    assert_int_equal(world_tick(world), 1);
    assert_int_equal(world_bundle(world, 1)->state, MUSTER__BUNDLE_STATE__BUNDLE_COMMITTED);
    assert_int_equal(world_committed(world, NULL), 150);
    assert_int_equal(world_bundle_do(world, "eda", 1, MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ORDER), STATUS_OK);
    assert_int_equal(world_bundle(world, 1)->state, MUSTER__BUNDLE_STATE__BUNDLE_ORDERED);
    assert_true(world_rebuilds_equal(world));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_demand_becomes_a_committed_bundle, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
