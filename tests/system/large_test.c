/* SPDX-License-Identifier: EUPL-1.2 */
/* The largest submission that people make: 10,000 demands in one, accepted whole or refused whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/seam.h"
#include "proto/status.h"
#include "proto/walk.h"
#include "tests/system/market.h"
#include "tests/unit/patience.h"

#define DEMANDS 10000u
#define FAULTY 7301u
#define TEXT(text) ((char *)(uintptr_t)(text))

static struct harness harness;
static struct market market;

struct demands {
    Muster__DemandChange change[DEMANDS];
    Muster__Demand demand[DEMANDS];
    Muster__Line line[DEMANDS];
    Muster__DemandChange *changes[DEMANDS];
    Muster__Line *lines[DEMANDS][1];
    char ids[DEMANDS][16];
};

static int setup(void **state)
{
    (void)state;
    alarm((unsigned)patience(200));
    if (harness_begin(&harness, NULL) == STATUS_OK && market_open(&harness, &market) == STATUS_OK)
        return 0;
    harness_close(&harness);
    return -1;
}

static int teardown(void **state)
{
    (void)state;
    market_close(&market);
    harness_close(&harness);
    return 0;
}

static struct demands *make_demands(void)
{
    struct demands *demands = calloc(1, sizeof *demands);
    assert_non_null(demands);
    for (unsigned i = 0; i < DEMANDS; i++) {
        Muster__Demand *demand = &demands->demand[i];
        snprintf(demands->ids[i], sizeof demands->ids[i], "NL-%05u", i + 1);
        muster__demand_change__init(&demands->change[i]);
        muster__demand__init(demand);
        muster__line__init(&demands->line[i]);
        demands->line[i].month = 202806;
        demands->line[i].quantity = 1 + i % 50;
        demands->lines[i][0] = &demands->line[i];
        demand->id = demands->change[i].id = demands->ids[i];
        demand->country = demand->place = TEXT("NL");
        demand->item = TEXT("shell-155");
        demand->n_lines = 1;
        demand->lines = demands->lines[i];
        demand->min_quantity = 1;
        demand->max_unit_price = 10000;
        demand->currency = TEXT("EUR");
        demand->priority = 1 + i % 5;
        demand->fund = TEXT("");
        demand->release = MUSTER__RELEASE__RELEASE_SEALED;
        demands->change[i].kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
        demands->change[i].demand = demand;
        demands->changes[i] = &demands->change[i];
    }
    return demands;
}

static Muster__Answer *submit(struct demands *demands)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__Answer *answer = NULL;
    submission.n_demands = DEMANDS;
    submission.demands = demands->changes;
    market.nl.retry = 60000;
    assert_int_equal(party_submit(&market.nl, &submission, &answer, NULL), STATUS_OK);
    return answer;
}

static void one_faulty_demand_refuses_all_and_is_named(void **state)
{
    (void)state;
    struct demands *demands = make_demands();
    demands->demand[FAULTY - 1].priority = 9;
    Muster__Answer *answer = submit(demands);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_WRONG_INPUT);
    assert_int_equal(answer->n_faults, 1);
    assert_int_equal(answer->faults[0]->change, FAULTY - 1);
    assert_string_equal(answer->faults[0]->field, "priority");
    /* Nothing of it was written: the first of them is still new. */
    demands->demand[FAULTY - 1].priority = 3;
    answer = submit(demands);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    free(demands);
}

/* While ten thousand are planned, others are acknowledged as before. */
static void planning_them_delays_nobody(void **state)
{
    (void)state;
    struct demands *demands = make_demands();
    Muster__Answer *answer = NULL;
    assert_int_equal(market_offer(&market.supplier, "FR-1", &answer), STATUS_OK);
    assert_int_equal(submit(demands)->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    free(demands);
    harness_pause(500);
    for (unsigned i = 0; i < 10; i++) {
        char id[16];
        uint64_t begun = seam_clock_system.monotonic(seam_clock_system.data);
        snprintf(id, sizeof id, "item-%u", i);
        assert_int_equal(party_put_item(&market.hq, id, &answer), STATUS_OK);
        assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
        assert_in_range(seam_clock_system.monotonic(seam_clock_system.data) - begun, 0, 2000);
        harness_pause(100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_faulty_demand_refuses_all_and_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(planning_them_delays_nobody, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
