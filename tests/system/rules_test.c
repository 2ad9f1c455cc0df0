/* SPDX-License-Identifier: EUPL-1.2 */
/* The field rules, the official vocabulary and the markings at the exchange's own door, where no client has looked before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/marking.h"
#include "proto/status.h"
#include "tests/system/party.h"
#include "tests/unit/patience.h"

static struct harness harness;
static struct party hq;

#define CANARY "Kastanienbaum"
#define CONTROL "Lindenallee"

static int setup(void **state)
{
    (void)state;
    alarm((unsigned)patience(120));
    return harness_open(&harness, "[log]\nlevel = debug\n") == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    party_close(&hq);
    harness_close(&harness);
    return 0;
}

static char *text(const char *value)
{
    return (char *)(uintptr_t)value;
}

struct item_submission {
    Muster__Submission submission;
    Muster__ItemChange change;
    Muster__ItemChange *changes[1];
    Muster__Item item;
};

static void fill(struct item_submission *made, const char *title, const char *cpv)
{
    *made = (struct item_submission){.submission = MUSTER__SUBMISSION__INIT, .change = MUSTER__ITEM_CHANGE__INIT,
                                     .item = MUSTER__ITEM__INIT};
    made->item.id = made->change.id = text("155-HE");
    made->item.title = text(title);
    made->item.nsc = text("");
    made->item.cpv = text(cpv);
    made->item.unit = text("EA");
    made->change.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    made->change.item = &made->item;
    made->changes[0] = &made->change;
    made->submission.items = made->changes;
    made->submission.n_items = 1;
}

static Muster__Answer *submit(struct item_submission *made)
{
    Muster__Answer *answer = NULL;
    assert_int_equal(party_submit(&hq, &made->submission, &answer, NULL), STATUS_OK);
    return answer;
}

static void expect_fault(const Muster__Answer *answer, Muster__Outcome outcome, const char *field, const char *remedy)
{
    if (answer->outcome != outcome || answer->n_faults != 1 || strcmp(answer->faults[0]->field, field) != 0 ||
        !strstr(answer->faults[0]->remedy, remedy)) {
        harness_show(&harness);
        fail_msg("outcome %d, %zu faults, '%s': %s", (int)answer->outcome, answer->n_faults,
                 answer->n_faults ? answer->faults[0]->field : "", answer->n_faults ? answer->faults[0]->remedy : answer->text);
    }
}

static void start(void)
{
    assert_int_equal(harness_start(&harness), STATUS_OK);
    assert_int_equal(party_coordinator(&harness, &hq), STATUS_OK);
}

static void field_rules_hold_at_the_exchange(void **state)
{
    (void)state;
    struct item_submission made;
    start();
    fill(&made, "155 mm HE", "35331200-4");
    expect_fault(submit(&made), MUSTER__OUTCOME__OUTCOME_WRONG_INPUT, "cpv", "write 35331200-5 for Shells");
    fill(&made, "155 mm\nHE", "");
    expect_fault(submit(&made), MUSTER__OUTCOME__OUTCOME_WRONG_INPUT, "title", "one line");
    /* A code that the built-in part of the vocabulary lacks is doubtful, and passes. */
    fill(&made, "155 mm HE", "33600000-6");
    assert_int_equal(submit(&made)->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
}

static void write_list(const char *list)
{
    char path[HARNESS_PATH_MOST + 16];
    snprintf(path, sizeof path, "%s/cpv.csv", harness.directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(list, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void official_vocabulary_is_taken_from_the_folder(void **state)
{
    (void)state;
    struct item_submission made;
    write_list("CODE;EN\n35331200-5;Shells\n");
    start();
    fill(&made, "155 mm HE", "33600000-6");
    expect_fault(submit(&made), MUSTER__OUTCOME__OUTCOME_WRONG_INPUT, "cpv", "33600000 is not in the list");
    fill(&made, "155 mm HE", "35331200-5");
    assert_int_equal(submit(&made)->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
}

static void a_vocabulary_that_cannot_be_read_is_no_start(void **state)
{
    (void)state;
    write_list("35331200-5;Shells\n3533120-5;Shells\n");
    assert_int_not_equal(harness_start(&harness), STATUS_OK);
    assert_true(harness_logged(&harness, "what=cpv.csv", NULL, 1000));
}

/* Whether any file of the exchange's folder, or its log, holds the text. */
static bool is_kept(const char *canary)
{
    char command[4 * HARNESS_PATH_MOST];
    snprintf(command, sizeof command, "grep -r -q -a -F '%s' '%s'", canary, harness.folder);
    return system(command) == 0;
}

static void a_marking_is_refused_and_leaves_no_trace(void **state)
{
    (void)state;
    struct item_submission made;
    start();
    fill(&made, CANARY " 155 mm, NATO-RESTRICTED", "");
    const Muster__Answer *answer = submit(&made);
    expect_fault(answer, MUSTER__OUTCOME__OUTCOME_MARKED, "title", "security officer");
    assert_string_equal(answer->faults[0]->found, "");
    assert_null(strstr(answer->faults[0]->remedy, CANARY));
    assert_null(strstr(answer->text, CANARY));
    /* A marking that is stated but not known as unclassified, on a harmless text. */
    fill(&made, CANARY " 155 mm", "");
    uint8_t id[16];
    struct arena arena;
    uint8_t *envelope = NULL;
    size_t size = 0;
    Muster__Answer *marked = NULL;
    arena_init(&arena, (size_t)1 << 20);
    party_fill(&hq, &made.submission, id);
    made.submission.marking = text("RESERVADO");
    made.submission.marked_by = text("PT");
    assert_int_equal(party_sign(&hq, &made.submission, &arena, &envelope, &size), STATUS_OK);
    assert_int_equal(party_ask(&hq, MUSTER__VERB__VERB_SUBMIT, envelope, size, 5000, &marked), STATUS_OK);
    expect_fault(marked, MUSTER__OUTCOME__OUTCOME_MARKED, "marking", "security officer");
    arena_drop(&arena);
    fill(&made, CONTROL " 155 mm", "");
    assert_int_equal(submit(&made)->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(harness_stop(&harness, NULL), STATUS_OK);
    assert_true(is_kept(CONTROL)); /* what is accepted is found, so what is not found was not kept */
    assert_false(is_kept(CANARY));
}

static void a_false_alarm_is_confirmed_by_its_code(void **state)
{
    (void)state;
    struct item_submission made;
    struct arena arena;
    struct marking_hits hits;
    Muster__MarkingConfirmation confirmation = MUSTER__MARKING_CONFIRMATION__INIT;
    Muster__MarkingConfirmation *confirmations[] = {&confirmation};
    start();
    arena_init(&arena, (size_t)1 << 20);
    fill(&made, "Decoder ring by Secret Labs (f)", "");
    const Muster__Answer *answer = submit(&made);
    expect_fault(answer, MUSTER__OUTCOME__OUTCOME_MARKED, "title", "code ");
    /* The client that scans the same changes comes to the code that the exchange states. */
    assert_int_equal(marking_scan_submission(&made.submission, &arena, &hits), STATUS_INVALID);
    assert_non_null(strstr(answer->faults[0]->remedy, hits.list[0].code));
    confirmation.code = hits.list[0].code;
    made.submission.confirmations = confirmations;
    made.submission.n_confirmations = 1;
    assert_int_equal(submit(&made)->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    /* It holds for these changes alone. */
    made.item.unit = text("H87");
    made.change.replaces = 1;
    assert_int_equal(submit(&made)->outcome, MUSTER__OUTCOME__OUTCOME_MARKED);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(field_rules_hold_at_the_exchange, setup, teardown),
        cmocka_unit_test_setup_teardown(official_vocabulary_is_taken_from_the_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(a_vocabulary_that_cannot_be_read_is_no_start, setup, teardown),
        cmocka_unit_test_setup_teardown(a_marking_is_refused_and_leaves_no_trace, setup, teardown),
        cmocka_unit_test_setup_teardown(a_false_alarm_is_confirmed_by_its_code, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
