/* SPDX-License-Identifier: EUPL-1.2 */
/* The thinnest thread through the daemon: start, ask, write, stop, start again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/receipt.h"
#include "proto/status.h"
#include "proto/walk.h"
#include "tests/system/party.h"
#include "tests/unit/patience.h"

#define PATIENCE 5000

static struct harness harness;

static int setup(void **state)
{
    (void)state;
    alarm((unsigned)patience(120));
    return harness_begin(&harness, "[log]\nlevel = debug\n") == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    harness_close(&harness);
    return 0;
}

static void status_is_answered_in_a_box(void **state)
{
    (void)state;
    struct party hq;
    Muster__Answer *answer = NULL;
    ProtobufCMessage *message = NULL;
    assert_int_equal(party_coordinator(&harness, &hq), STATUS_OK);
    assert_int_equal(party_ask(&hq, MUSTER__VERB__VERB_STATUS, NULL, 0, PATIENCE, &answer), STATUS_OK);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(walk_unpack(&muster__status_answer__descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST, &hq.arena,
                                 &message, NULL),
                     STATUS_OK);
    const Muster__StatusAnswer *status = (const Muster__StatusAnswer *)message;
    assert_string_equal(status->self->party->id, "hq");
    assert_string_equal(status->origin, "test.example/log");
    assert_in_range(status->time, HARNESS_START, HARNESS_START + 60000);
    party_close(&hq);
}

static void a_submission_gets_a_receipt_that_verifies(void **state)
{
    (void)state;
    struct party hq;
    struct arena arena;
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__ItemChange change = MUSTER__ITEM_CHANGE__INIT;
    Muster__Item item = MUSTER__ITEM__INIT;
    Muster__ItemChange *changes[] = {&change};
    uint8_t id[16];
    uint8_t *envelope = NULL;
    size_t size = 0;
    arena_init(&arena, (size_t)16 << 20);
    item.id = change.id = (char *)(uintptr_t)"shell-155";
    item.title = item.nsc = item.cpv = (char *)(uintptr_t)"";
    item.unit = (char *)(uintptr_t)"EA";
    change.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change.item = &item;
    submission.n_items = 1;
    submission.items = changes;
    assert_int_equal(party_coordinator(&harness, &hq), STATUS_OK);
    party_fill(&hq, &submission, id);
    assert_int_equal(party_sign(&hq, &submission, &arena, &envelope, &size), STATUS_OK);
    char *first = NULL;
    size_t first_length = 0;
    for (unsigned again = 0; again < 3; again++) {
        Muster__Answer *answer = NULL;
        ProtobufCMessage *message = NULL;
        struct receipt receipt;
        const char *why = NULL;
        /* The second time the same bytes, the third time after a restart: the same receipt each time. */
        if (again == 2) {
            int code = -1;
            assert_int_equal(harness_stop(&harness, &code), STATUS_OK);
            assert_int_equal(code, EXIT_CODE_DONE);
            assert_int_equal(harness_start(&harness), STATUS_OK);
        }
        assert_int_equal(party_ask(&hq, MUSTER__VERB__VERB_SUBMIT, envelope, size, PATIENCE, &answer), STATUS_OK);
        assert_string_equal(answer->text, "");
        assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
        assert_int_equal(walk_unpack(&muster__submit_answer__descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST, &hq.arena,
                                     &message, NULL),
                         STATUS_OK);
        const ProtobufCBinaryData *text = &((const Muster__SubmitAnswer *)message)->receipt;
        assert_int_equal(receipt_verify((const char *)text->data, text->len, envelope, size, &harness.exchange.log_key, &receipt, &why),
                         STATUS_OK);
        assert_string_equal(receipt.body.kind, "item");
        if (again == 0)
            first = arena_copy(&arena, text->data, first_length = text->len);
        assert_int_equal(text->len, first_length);
        assert_memory_equal(text->data, first, first_length);
    }
    party_close(&hq);
    arena_drop(&arena);
}

static void a_party_joins_and_is_confirmed(void **state)
{
    (void)state;
    struct party hq;
    struct party agency;
    Muster__Answer *answer = NULL;
    assert_int_equal(party_coordinator(&harness, &hq), STATUS_OK);
    assert_int_equal(party_join(&hq, "nl-agency", MUSTER__ROLE__ROLE_AGENCY, "NL", &agency), STATUS_OK);
    assert_int_equal(party_ask(&agency, MUSTER__VERB__VERB_STATUS, NULL, 0, PATIENCE, &answer), STATUS_OK);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    party_close(&agency);
    party_close(&hq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(status_is_answered_in_a_box, setup, teardown),
        cmocka_unit_test_setup_teardown(a_submission_gets_a_receipt_that_verifies, setup, teardown),
        cmocka_unit_test_setup_teardown(a_party_joins_and_is_confirmed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
