/* SPDX-License-Identifier: EUPL-1.2 */
/* A bundle's page in the words and columns that are published, and without what its reader may not see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clients/muster/bundle.h"
#include "proto/status.h"
#include "tests/unit/patience.h"

#define TEXT(text) ((char *)(uintptr_t)(text))

static struct context context;
static char *printed;
static size_t printed_size;

static void begin(Muster__Role role)
{
    free(printed);
    printed = NULL;
    context = (struct context){.profile_loaded = true};
    context.profile.role = role;
    arena_init(&context.arena, 1 << 22);
    context.output = (struct output){.out = open_memstream(&printed, &printed_size), .form = OUTPUT_SCREEN, .width = 80};
}

static const char *end(void)
{
    fclose(context.output.out);
    arena_drop(&context.arena);
    return printed;
}

static Muster__BundleView empty_view(Muster__BundleState state)
{
    Muster__BundleView view = MUSTER__BUNDLE_VIEW__INIT;
    view.number = 41;
    view.version = 2;
    view.item = TEXT("GEM-T");
    view.state = state;
    view.proposed = UINT64_C(1801473242000);
    view.position = 48260;
    view.deadline = UINT64_C(1802736000000); /* 2027-02-15 ends */
    view.base_currency = TEXT("EUR");
    view.waiting_for = TEXT("");
    return view;
}

/* Two deliveries to the Netherlands, of two suppliers. */
static void fill_terms(Muster__Terms *terms, Muster__TermsLine lines[2], Muster__TermsLine *line_list[2])
{
    for (int i = 0; i < 2; i++) {
        lines[i].demand = TEXT("nl-dmo/NL-GEMT-1");
        lines[i].country = lines[i].place = TEXT("NL");
        lines[i].contact = TEXT("");
    }
    lines[0].offer = TEXT("alfaco/AF-GEMT-1");
    lines[0].supplier_name = TEXT("Alfaco");
    lines[0].month = 203012;
    lines[0].quantity = 80;
    lines[0].unit_price = 510000000;
    lines[0].one_off = 279069767;
    lines[1].offer = TEXT("bex/BX-GEMT-1");
    lines[1].supplier_name = TEXT("Bex");
    lines[1].month = 202812;
    lines[1].quantity = 40;
    lines[1].unit_price = 545000000;
    terms->party = TEXT("nl-dmo");
    terms->item = TEXT("GEM-T");
    terms->base_currency = TEXT("EUR");
    terms->lines = line_list;
    terms->n_lines = 2;
    terms->one_off = 279069767;
}

static void a_nation_reads_its_statement(void **state)
{
    (void)state;
    Muster__BundleView view = empty_view(MUSTER__BUNDLE_STATE__BUNDLE_RELEASED);
    Muster__Terms terms = MUSTER__TERMS__INIT;
    Muster__TermsLine lines[2] = {MUSTER__TERMS_LINE__INIT, MUSTER__TERMS_LINE__INIT}, *line_list[2] = {&lines[0], &lines[1]};
    Muster__BundleNation nations[4], *nation_list[4];
    static const char *const countries[4] = {"DE", "ES", "NL", "RO"};
    static const uint64_t quantities[4] = {456, 180, 120, 200};
    fill_terms(&terms, lines, line_list);
    for (int i = 0; i < 4; i++) {
        muster__bundle_nation__init(&nations[i]);
        nations[i].country = TEXT(countries[i]);
        nations[i].has_quantity = 1;
        nations[i].quantity = quantities[i];
        nation_list[i] = &nations[i];
    }
    nations[2].has_wanted = nations[2].has_pays = nations[2].has_alone_quantity = nations[2].has_alone_pays = nations[2].has_saving = 1;
    nations[2].wanted = nations[2].alone_quantity = 120;
    nations[2].pays = 62879069767;
    nations[2].alone_pays = 65400000000;
    nations[2].saving = 2520930233;
    Muster__BundleRule rule = MUSTER__BUNDLE_RULE__INIT, *rules[1] = {&rule};
    rule.name = TEXT("nations");
    rule.allowed = TEXT("at least 2");
    rule.met = 1;
    view.nations = nation_list;
    view.n_nations = 4;
    view.rules = rules;
    view.n_rules = 1;
    const struct bundle bundle = {.view = &view, .terms = &terms};
    begin(MUSTER__ROLE__ROLE_AGENCY);
    assert_int_equal(bundle_print_agency(&context, &bundle), 0);
    assert_string_equal(end(), "B-0041 v2  GEM-T  released; answer by 2027-02-15, silence means no\n"
                               "Bex      40 due 2028-12 at 5,450,000.00  EUR 218,000,000.00\n"
                               "Alfaco   80 due 2030-12 at 5,100,000.00      408,000,000.00\n"
                               "Your share of Alfaco's one-off cost            2,790,697.67\n"
                               "You pay  120 of 120                          628,790,697.67\n"
                               "Alone    your demand only, same offers       654,000,000.00\n"
                               "You save                                      25,209,302.33  3.9 %\n"
                               "With you: DE 456, ES 180, RO 200. All rules met.\n"
                               "Next: muster bundle answer B-0041 yes\n"
                               "Or no, which first shows what it costs: muster bundle answer B-0041 no\n");
    /* Alone it would get less: the saving holds on that, and the rest comes only together. */
    nations[2].alone_quantity = 100;
    begin(MUSTER__ROLE__ROLE_AGENCY);
    bundle_print_agency(&context, &bundle);
    assert_non_null(strstr(end(), "Alone    100 of 120, same offers"));
    assert_non_null(strstr(printed, "You save on 100"));
    assert_non_null(strstr(printed, "Only together  20\n"));
    /* A broken rule is named. */
    rule.met = 0;
    begin(MUSTER__ROLE__ROLE_AGENCY);
    bundle_print_agency(&context, &bundle);
    assert_non_null(strstr(end(), "NOT MET: nations"));
}

/* What lapsed or binds is no more taken back. */
static void an_ended_bundle_offers_no_way_back(void **state)
{
    (void)state;
    Muster__BundleView view = empty_view(MUSTER__BUNDLE_STATE__BUNDLE_LAPSED);
    Muster__Terms terms = MUSTER__TERMS__INIT;
    const struct bundle bundle = {.view = &view, .terms = &terms};
    view.own_answer = TEXT("yes");
    begin(MUSTER__ROLE__ROLE_AGENCY);
    bundle_print_agency(&context, &bundle);
    assert_non_null(strstr(end(), "B-0041 is lapsed: nothing of it binds you.\n"));
    assert_null(strstr(printed, "take-back"));
    view.state = MUSTER__BUNDLE_STATE__BUNDLE_ORDERED;
    begin(MUSTER__ROLE__ROLE_AGENCY);
    bundle_print_agency(&context, &bundle);
    assert_non_null(strstr(end(), "muster commitment end B-0041\n"));
    assert_null(strstr(printed, "take-back"));
}

static void who_has_no_part_reads_nothing(void **state)
{
    (void)state;
    Muster__BundleView view = empty_view(MUSTER__BUNDLE_STATE__BUNDLE_RELEASED);
    const struct bundle bundle = {.view = &view};
    begin(MUSTER__ROLE__ROLE_AGENCY);
    bundle_print_agency(&context, &bundle);
    assert_string_equal(end(), "B-0041 v2  GEM-T  released; answer by 2027-02-15, silence means no\nYou have no part in this version.\n");
    begin(MUSTER__ROLE__ROLE_SUPPLIER);
    bundle_print_supplier(&context, &bundle);
    assert_non_null(strstr(end(), "You have no part in this version.\n"));
}

static void a_coordinator_sees_the_chart_the_rules_and_the_proof(void **state)
{
    (void)state;
    Muster__BundleView view = empty_view(MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED);
    Muster__BundleMonth months[3], *month_list[3];
    static const uint32_t due[3] = {202812, 203006, 203012};
    static const uint64_t need[3] = {140, 200, 660}, award[3] = {96, 200, 660};
    Muster__BundleRule rules[2] = {MUSTER__BUNDLE_RULE__INIT, MUSTER__BUNDLE_RULE__INIT}, *rule_list[2] = {&rules[0], &rules[1]};
    Muster__Uncovered uncovered = MUSTER__UNCOVERED__INIT, *uncovered_list[1] = {&uncovered};
    Muster__Trial trial = MUSTER__TRIAL__INIT, *trials[1] = {&trial};
    for (int i = 0; i < 3; i++) {
        muster__bundle_month__init(&months[i]);
        months[i].month = due[i];
        months[i].need = need[i];
        months[i].award = award[i];
        month_list[i] = &months[i];
    }
    rules[0].name = TEXT("european_share");
    rules[0].figure = TEXT("58.1 %");
    rules[0].allowed = TEXT("30 to 100 %");
    rules[0].met = 1;
    rules[1].name = TEXT("SAFE");
    rules[1].figure = TEXT("3400000000.01");
    rules[1].allowed = TEXT("at most 3400000000.00");
    trial.kind = trial.detail = TEXT("");
    trial.text = TEXT("12 a month instead of 8");
    trial.covers = 1;
    uncovered.demand = TEXT("de-bw/DE-GEMT-1");
    uncovered.quantity = 44;
    uncovered.reason = TEXT("capacity");
    uncovered.text = TEXT("Bex makes 96 by then.");
    uncovered.tried = trials;
    uncovered.n_tried = 1;
    view.months = month_list;
    view.n_months = 3;
    view.rules = rule_list;
    view.n_rules = 2;
    view.uncovered = uncovered_list;
    view.n_uncovered = 1;
    view.has_objective = view.has_bound = 1;
    view.objective = 4000000000000;
    view.bound = 4001100000000;
    const struct bundle bundle = {.view = &view};
    begin(MUSTER__ROLE__ROLE_COORDINATOR);
    assert_int_equal(bundle_print_coordinator(&context, &bundle), 0);
    end();
    assert_non_null(strstr(printed, "B-0041 v2  GEM-T  proposed 2027-02-01, from log entry 48,260\n"));
    assert_non_null(strstr(printed, "Due      Need  Award  (# 20 awarded, . 20 short)\n"
                                    "2028-12   140     96  #####..\n"
                                    "2030-06   200    200  ##########\n"
                                    "2030-12   660    660  #################################\n"));
    assert_non_null(strstr(printed, "SAFE              3,400,000,000.01  at most 3,400,000,000.00  NOT MET\n"
                                    "European content            58.1 %  30 to 100 %               met\n"));
    assert_non_null(strstr(printed, "Uncovered: de-bw/DE-GEMT-1 44, capacity: Bex makes 96 by then. 12 a month\ninstead of 8 would cover all (planned again).\n"));
    assert_non_null(strstr(printed, "Proved: no valid plan can score more than EUR 11.00 m (0.03 %) above this one by\nthe published measure: urgent need first, then cost, SMEs preferred.\n"));
    assert_non_null(strstr(printed, "Next: muster bundle release B-0041\n"));
    assert_int_equal(bundle_value(UINT64_MAX, INT64_MAX, INT64_MAX), INT64_MAX);
}

static int teardown(void **state)
{
    (void)state;
    free(printed);
    return 0;
}

int main(void)
{
    alarm((unsigned)patience(30));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nation_reads_its_statement),
        cmocka_unit_test(an_ended_bundle_offers_no_way_back),
        cmocka_unit_test(who_has_no_part_reads_nothing),
        cmocka_unit_test(a_coordinator_sees_the_chart_the_rules_and_the_proof),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
