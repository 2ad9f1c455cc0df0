/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "proto/status.h"
#include "tests/unit/patience.h"
#include "tests/unit/world_build.h"

/* A sheet of ten thousand demands: one submission, all or nothing, in little time. */

#define DEMANDS 10000u
#define ITEMS 50u

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static Muster__Submission *sheet(struct world *world, uint64_t replaces, uint64_t quantity)
{
    Muster__Submission *submission = world_submission(world);
    submission->demands = arena_array(&world->arena, DEMANDS, sizeof *submission->demands);
    for (size_t at = 0; at < DEMANDS; at++) {
        Muster__DemandChange *change = arena_alloc(&world->arena, sizeof *change);
        char id[16], item[16];
        snprintf(id, sizeof id, "D%05zu", at);
        snprintf(item, sizeof item, "I%02zu", at % ITEMS);
        muster__demand_change__init(change);
        change->kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
        change->demand = world_demand(world, id, "NL", item, 202712, quantity, 1000000);
        change->id = change->demand->id;
        change->replaces = replaces;
        submission->demands[submission->n_demands++] = change;
    }
    return submission;
}

static size_t count_demands(struct world *world)
{
    struct state_objects all;
    struct store_txn *txn = world_look(world);
    assert_int_equal(state_all_objects(txn, TABLE_DEMANDS, NULL, NULL, 0, &world->arena, &all), STATUS_OK);
    store_abort(txn);
    return all.count;
}

static void ten_thousand_demands_are_one_entry_or_none(void **state)
{
    struct world *world = *state;
    world_party(world, "nl", MUSTER__ROLE__ROLE_AGENCY, "NL", true);
    for (size_t at = 0; at < ITEMS; at++) {
        char item[16];
        snprintf(item, sizeof item, "I%02zu", at);
        world_item(world, item);
    }
    uint64_t position = world->position;
    Muster__Submission *broken = sheet(world, 0, 4);
    broken->demands[7300]->demand->item = "I99";
    assert_int_equal(world_submit(world, "nl", broken), STATUS_NOT_FOUND);
    assert_int_equal(world->faults.errors, 1);
    assert_int_equal(world->faults.list[0].change, 7300);
    assert_int_equal(world->position, position);
    assert_int_equal(count_demands(world), 0);
    double before = seconds();
    assert_int_equal(world_submit(world, "nl", sheet(world, 0, 4)), STATUS_OK);
    double first = seconds();
    assert_int_equal(world->position, position + 1);
    assert_int_equal(count_demands(world), DEMANDS);
    assert_int_equal(world_submit(world, "nl", sheet(world, 1, 5)), STATUS_OK);
    double second = seconds();
    print_message("10,000 demands: new %.2f s, changed %.2f s\n", first - before, second - first);
    /* Generous, for slow machines: what must not happen is a cost that grows with the square. */
    assert_true(first - before < patience(30) && second - first < patience(30));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ten_thousand_demands_are_one_entry_or_none, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
