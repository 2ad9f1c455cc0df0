/* SPDX-License-Identifier: EUPL-1.2 */
/* A spill is redacted by two coordinators: the text leaves every byte of the store, the log verifies, receipts hold, tables are the log's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/desk/redactions.h"
#include "proto/entry.h"
#include "proto/envelope.h"
#include "proto/receipt.h"
#include "proto/status.h"
#include "store/tables.h"
#include "tests/unit/world_build.h"

#define SPILL "SPILLWORD-7341"
#define REASON "possible spill, reported by the officer"

/* Everything about one entry that a redaction names. */
struct named {
    uint64_t position;
    struct entry_body body;
};

static struct named name_entry(struct world *world, uint64_t position)
{
    struct named named = {.position = position};
    struct log_entry entry;
    struct store_txn *txn = world_look(world);
    assert_int_equal(log_read(txn, position, &entry), STATUS_OK);
    assert_int_equal(entry_body_parse(entry.body, entry.body_size, &named.body), STATUS_OK);
    store_abort(txn);
    return named;
}

static int redact(struct world *world, const char *party, const struct named *named, Muster__RedactionKind kind)
{
    Muster__Submission *submission = world_submission(world);
    Muster__RedactionChange *change = arena_alloc(&world->arena, sizeof *change);
    struct entry_body *body = arena_alloc(&world->arena, sizeof *body);
    *body = named->body;
    muster__redaction_change__init(change);
    change->kind = kind;
    change->position = named->position;
    change->party = body->party;
    change->submission = (ProtobufCBinaryData){sizeof body->submission, body->submission};
    change->envelope_sha256 = (ProtobufCBinaryData){sizeof body->envelope_sha256, body->envelope_sha256};
    change->reason = kind == MUSTER__REDACTION_KIND__REDACTION_PROPOSE ? REASON : "";
    submission->redactions = arena_array(&world->arena, 1, sizeof *submission->redactions);
    submission->redactions[0] = change;
    submission->n_redactions = 1;
    return world_submit(world, party, submission);
}

#define PROPOSE MUSTER__REDACTION_KIND__REDACTION_PROPOSE
#define CONFIRM MUSTER__REDACTION_KIND__REDACTION_CONFIRM
#define KEEP MUSTER__REDACTION_KIND__REDACTION_KEEP

static bool file_holds(const char *path, const char *word)
{
    size_t length = 0;
    char *bytes = scratch_read(path, &length);
    assert_non_null(bytes);
    bool holds = memmem(bytes, length, word, strlen(word)) != NULL;
    free(bytes);
    return holds;
}

static const char *data_file(const struct world *world)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/data.mdb", world->path);
    return path;
}

/* How a musterd that restarts does it: the tables again, then the file. */
static void restart(struct world *world)
{
    world_rebuilds_equal(world);
    assert_true(world_rebuilds_equal(world));
    store_close(world->store);
    assert_int_equal(store_scrub(world->path, &world->options), STATUS_OK);
    assert_int_equal(store_open(world->path, &world->options, &world->store), STATUS_OK);
    assert_false(store_needs_scrub(world->store));
    assert_true(world_rebuilds_equal(world));
}

static int verify(struct world *world, uint64_t *bad, const char **why)
{
    struct store_txn *txn = world_look(world);
    int status = log_verify(txn, 0, &world->key, NULL, NULL, bad, why);
    store_abort(txn);
    return status;
}

static void verifies(struct world *world)
{
    uint64_t bad = 0;
    const char *why = "";
    if (verify(world, &bad, &why) != STATUS_OK)
        fail_msg("entry %llu: %s", (unsigned long long)bad, why);
}

static Muster__Demand *spilled_demand(struct world *world)
{
    Muster__Demand *demand = world_demand(world, "D2", "NL", "GEM", 202712, 30, 1000000);
    demand->requires = arena_array(&world->arena, 1, sizeof *demand->requires);
    demand->requires[0] = arena_string(&world->arena, "colour=" SPILL);
    demand->n_requires = 1;
    return demand;
}

/* A usual market with two coordinators, and a demand with a text in it that must not be there; planned, so a proposal has it too. */
static struct named spill(struct world *world)
{
    world_usual(world);
    world_party(world, "eda2", MUSTER__ROLE__ROLE_COORDINATOR, "BE", true);
    assert_int_equal(world_put_demand(world, "nl", spilled_demand(world), 0), STATUS_OK);
    struct named named = name_entry(world, world->position);
    assert_true(world_plan(world) > 0);
    return named;
}

/* The same market with the text in an offer, which gets all awards; released, and agreed by its nations. */
static struct named spill_offer(struct world *world)
{
    static const char *const nations[] = {"nl", "de", "es"};
    world_usual(world);
    world_party(world, "eda2", MUSTER__ROLE__ROLE_COORDINATOR, "BE", true);
    Muster__Offer *offer = world_offer(world, "O1", "sup", "GEM", 500000, 500, 0);
    Muster__Attribute *attribute = arena_alloc(&world->arena, sizeof *attribute);
    muster__attribute__init(attribute);
    attribute->name = "colour";
    attribute->value = SPILL;
    offer->provides = arena_array(&world->arena, 1, sizeof *offer->provides);
    offer->provides[0] = attribute;
    offer->n_provides = 1;
    assert_int_equal(world_put_offer(world, "sup", offer, 1), STATUS_OK);
    struct named named = name_entry(world, world->position);
    assert_int_equal(world_replan(world, "GEM"), STATUS_OK); /* an equal plan isn't written again unasked */
    assert_true(world_plan(world) > 0);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    for (size_t at = 0; at < 3; at++)
        assert_int_equal(world_answer(world, nations[at], 1, true), STATUS_OK);
    world_tick(world);
    assert_int_equal(world_awarded(world, 1, NULL), 150);
    return named;
}

static uint64_t count_redacted(struct world *world)
{
    struct store_txn *txn = world_look(world);
    uint64_t rows = 0;
    assert_int_equal(tables_entries(txn, TABLE_LOG_REDACTED, &rows), STATUS_OK);
    store_abort(txn);
    return rows;
}

static void a_spill_leaves_every_byte_of_the_store(void **state)
{
    struct world *world = *state;
    struct named named = spill(world);
    struct store_txn *txn = world_look(world);
    struct log_entry entry;
    char *receipt = NULL;
    size_t length = 0;
    assert_int_equal(log_receipt(txn, named.position, &world->arena, &receipt, &length), STATUS_OK);
    assert_int_equal(log_read(txn, named.position, &entry), STATUS_OK);
    uint8_t *envelope = (uint8_t *)arena_copy(&world->arena, entry.envelope, entry.envelope_size);
    size_t envelope_size = entry.envelope_size;
    store_abort(txn);
    assert_true(file_holds(data_file(world), SPILL));

    assert_int_equal(redact(world, "eda", &named, PROPOSE), STATUS_OK);
    assert_int_equal(world_tick(world), 0);
    assert_int_equal(redact(world, "eda2", &named, CONFIRM), STATUS_OK);
    /* The proposal that was planned from it first, then the entry itself. */
    assert_int_equal(world_tick(world), 2);
    assert_int_equal(world_tick(world), 0);
    assert_int_equal(count_redacted(world), 2);
    verifies(world);
    restart(world);
    assert_false(file_holds(data_file(world), SPILL));
    verifies(world);

    /* Its receipt holds, also against the newest head; its id stays taken. */
    struct receipt read;
    assert_int_equal(receipt_verify(receipt, length, envelope, envelope_size, &world->key, &read, NULL), STATUS_OK);
    struct log_head head;
    struct tlog_proof proof;
    struct log_redacted redacted;
    uint8_t leaf[32], sha256[32];
    uint64_t position = 0;
    txn = world_look(world);
    assert_int_equal(log_head_newest(txn, &head), STATUS_OK);
    assert_int_equal(log_inclusion(txn, named.position, head.head.size, &proof), STATUS_OK);
    assert_int_equal(log_leaf(txn, named.position, leaf), STATUS_OK);
    assert_int_equal(tlog_inclusion_verify(named.position, leaf, proof.hashes[0], proof.count * 32, &head.head), STATUS_OK);
    assert_int_equal(log_find_submission(txn, "nl", named.body.submission, &position, sha256), STATUS_OK);
    assert_int_equal(position, named.position);
    assert_memory_equal(sha256, named.body.envelope_sha256, 32);
    assert_int_equal(log_redacted(txn, named.position, &redacted), STATUS_OK);
    assert_string_equal(redacted.body.party, "nl");
    assert_int_equal(redacted.body.time, named.body.time);
    assert_int_equal(log_receipt(txn, named.position, &world->arena, &receipt, &length), STATUS_NOT_FOUND);
    store_abort(txn);

    /* The demand is out of the market, and its owner may send it again, clean. */
    Muster__Stored *stored;
    txn = world_look(world);
    assert_int_equal(state_object(txn, TABLE_DEMANDS, "nl", "D2", &world->arena, &stored), STATUS_OK);
    assert_true(stored->withdrawn);
    assert_int_equal(stored->demand->n_requires, 0);
    uint64_t version = stored->version;
    store_abort(txn);
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D2", "NL", "GEM", 202712, 30, 1000000), version), STATUS_OK);
    world_plan(world);
    assert_int_equal(world_awarded(world, 1, "nl/D2"), 30);
    assert_true(world_rebuilds_equal(world));
    /* What is copied from now on has none of it either. */
    assert_int_equal(store_backup(world->store, scratch_path(&world->scratch, "copy"), NULL), STATUS_OK);
    assert_false(file_holds(scratch_path(&world->scratch, "copy/data.mdb"), SPILL));
}

/* Without the copy the dropped rows lie in free pages: the test would find them. */
static void before_the_scrub_the_bytes_are_still_there(void **state)
{
    struct world *world = *state;
    struct named named = spill(world);
    assert_int_equal(redact(world, "eda", &named, PROPOSE), STATUS_OK);
    assert_int_equal(redact(world, "eda2", &named, CONFIRM), STATUS_OK);
    world_tick(world);
    assert_true(file_holds(data_file(world), SPILL));
    store_close(world->store);
    assert_int_equal(store_open(world->path, &world->options, &world->store), STATUS_OK);
    assert_true(store_needs_scrub(world->store));
    restart(world);
    assert_false(file_holds(data_file(world), SPILL));
}

static void it_takes_two_coordinators(void **state)
{
    struct world *world = *state;
    struct named named = spill(world);
    assert_int_equal(redact(world, "nl", &named, PROPOSE), STATUS_DENIED);
    assert_int_equal(redact(world, "sup", &named, PROPOSE), STATUS_DENIED);
    assert_int_equal(redact(world, "eda2", &named, CONFIRM), STATUS_STALE);
    assert_int_equal(redact(world, "eda", &named, PROPOSE), STATUS_OK);
    assert_int_equal(redact(world, "eda", &named, CONFIRM), STATUS_DENIED);
    assert_true(world_fault_says(world, "another coordinator"));
    assert_int_equal(redact(world, "eda2", &named, PROPOSE), STATUS_STALE);
    assert_int_equal(world_tick(world), 0);
    /* One who is no coordinator any more was none of the two. */
    world_party(world, "eda3", MUSTER__ROLE__ROLE_COORDINATOR, "BE", false);
    assert_int_equal(world_confirm(world, "eda2", "eda3"), STATUS_OK);
    assert_int_equal(world_party_change(world, "eda", MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND), STATUS_OK);
    assert_int_equal(redact(world, "eda2", &named, CONFIRM), STATUS_DENIED);
    assert_int_equal(redact(world, "eda2", &named, KEEP), STATUS_OK);
    assert_int_equal(redact(world, "eda2", &named, PROPOSE), STATUS_OK);
    assert_int_equal(redact(world, "eda3", &named, CONFIRM), STATUS_OK);
    assert_int_equal(world_tick(world), 2);
    /* Once gone, it is not there to be named again. */
    assert_int_equal(redact(world, "eda2", &named, PROPOSE), STATUS_STALE);
    assert_true(world_fault_says(world, "gone already"));
    assert_int_equal(redact(world, "eda3", &named, KEEP), STATUS_STALE);
    verifies(world);
}

static void it_names_one_entry_and_no_other(void **state)
{
    struct world *world = *state;
    struct named named = spill(world), wrong = named;
    wrong.position = named.position - 1;
    assert_int_equal(redact(world, "eda", &wrong, PROPOSE), STATUS_INVALID);
    wrong = named;
    wrong.body.envelope_sha256[3] ^= 1;
    assert_int_equal(redact(world, "eda", &wrong, PROPOSE), STATUS_INVALID);
    wrong = named;
    wrong.body.submission[0] ^= 1;
    assert_int_equal(redact(world, "eda", &wrong, PROPOSE), STATUS_INVALID);
    wrong = named;
    wrong.position = 100000;
    assert_int_equal(redact(world, "eda", &wrong, PROPOSE), STATUS_NOT_FOUND);
    /* The genesis, and what the exchange decided, stay. */
    wrong = name_entry(world, 0);
    assert_int_equal(redact(world, "eda", &wrong, PROPOSE), STATUS_INVALID);
    for (uint64_t at = named.position + 1; at <= world->position; at++) {
        wrong = name_entry(world, at);
        assert_int_equal(redact(world, "eda", &wrong, PROPOSE), STATUS_INVALID);
    }
}

/* What the two coordinators, the owner and a stranger read of it in the log. */
static void the_log_says_who_and_why(void **state)
{
    struct world *world = *state;
    struct named named = spill(world);
    Muster__StatusAnswer *status;
    assert_int_equal(redact(world, "eda", &named, PROPOSE), STATUS_OK);
    uint64_t proposed = world->position;
    status = (Muster__StatusAnswer *)world_read(world, "eda2", MUSTER__VERB__VERB_STATUS, NULL);
    bool waits = false;
    for (size_t at = 0; at < status->n_waiting; at++)
        waits = waits || (strcmp(status->waiting[at]->what, "redaction") == 0 && strstr(status->waiting[at]->text, REASON) != NULL);
    assert_true(waits);
    assert_int_equal(redact(world, "eda2", &named, CONFIRM), STATUS_OK);
    uint64_t confirmed = world->position;
    world_tick(world);
    static const char *const readers[] = {"eda", "nl", "de", "sup"};
    for (size_t reader = 0; reader < 4; reader++) {
        Muster__LogRequest request = MUSTER__LOG_REQUEST__INIT;
        request.size = world->position + 1;
        Muster__LogAnswer *answer = (Muster__LogAnswer *)world_read(world, readers[reader], MUSTER__VERB__VERB_LOG, &request.base);
        assert_non_null(answer);
        assert_int_equal(answer->leaves.len, (world->position + 1) * 32);
        assert_int_equal(answer->n_redactions, 2);
        assert_int_equal(answer->redactions[1]->position, named.position);
        for (size_t at = 0; at < 2; at++) {
            assert_int_equal(answer->redactions[at]->proposed, proposed);
            assert_int_equal(answer->redactions[at]->confirmed, confirmed);
            assert_string_equal(answer->redactions[at]->proposed_by, "eda");
            assert_string_equal(answer->redactions[at]->confirmed_by, "eda2");
            assert_string_equal(answer->redactions[at]->reason, REASON);
        }
        assert_true(answer->n_bodies > 0);
        for (size_t at = 0; at < answer->n_bodies; at++) {
            struct entry_body body;
            assert_int_equal(entry_body_parse(answer->bodies[at]->body.data, answer->bodies[at]->body.len, &body), STATUS_OK);
            assert_true(reader == 0 || strcmp(body.party, readers[reader]) == 0);
            assert_true(answer->bodies[at]->position != named.position);
        }
    }
}

/* A body that is gone without two coordinators is what it was before: a damaged log. */
static void what_nobody_redacted_is_missing(void **state)
{
    struct world *world = *state;
    struct named named = spill(world);
    struct store_txn *txn;
    struct store_key key = {0}, other = {0};
    struct store_value value;
    uint64_t bad = 0;
    key_u64(&key, named.position);
    key_u64(&other, named.position - 1);
    assert_int_equal(redact(world, "eda", &named, PROPOSE), STATUS_OK);
    assert_int_equal(redact(world, "eda2", &named, CONFIRM), STATUS_OK);
    world_tick(world);
    /* The note that says so, gone. */
    assert_int_equal(store_begin_write(world->store, &txn), STATUS_OK);
    assert_int_equal(tables_get_copy(txn, TABLE_LOG_REDACTED, &key, &world->arena, &value), STATUS_OK);
    assert_int_equal(tables_delete(txn, TABLE_LOG_REDACTED, &key), STATUS_OK);
    assert_int_equal(log_verify(txn, 0, &world->key, NULL, NULL, &bad, NULL), STATUS_CORRUPT);
    assert_int_equal(bad, named.position);
    store_abort(txn);
    /* Another entry's body dropped beside it, under the same note. */
    assert_int_equal(store_begin_write(world->store, &txn), STATUS_OK);
    assert_int_equal(tables_delete(txn, TABLE_LOG_BODIES, &other), STATUS_OK);
    assert_int_equal(tables_delete(txn, TABLE_LOG_ENVELOPES, &other), STATUS_OK);
    assert_int_equal(tables_put(txn, TABLE_LOG_REDACTED, &other, value.bytes, value.length), STATUS_OK);
    assert_int_equal(log_verify(txn, 0, &world->key, NULL, NULL, &bad, NULL), STATUS_CORRUPT);
    assert_int_equal(bad, named.position - 1);
    store_abort(txn);
    /* Every byte of the note. */
    assert_int_equal(store_begin_write(world->store, &txn), STATUS_OK);
    uint8_t *bytes = (uint8_t *)arena_copy(&world->arena, value.bytes, value.length);
    for (size_t at = 0; at < value.length; at++) {
        bytes[at] ^= 2;
        assert_int_equal(tables_put(txn, TABLE_LOG_REDACTED, &key, bytes, value.length), STATUS_OK);
        assert_int_equal(log_verify(txn, 0, &world->key, NULL, NULL, &bad, NULL), STATUS_CORRUPT);
        assert_int_equal(bad, named.position);
        bytes[at] ^= 2;
    }
    /* The leaf's commitment, which nothing else holds any more. */
    assert_int_equal(tables_put(txn, TABLE_LOG_REDACTED, &key, bytes, value.length), STATUS_OK);
    assert_int_equal(tables_get_copy(txn, TABLE_LOG_LEAVES, &key, &world->arena, &value), STATUS_OK);
    bytes = (uint8_t *)arena_copy(&world->arena, value.bytes, value.length);
    bytes[20] ^= 1;
    assert_int_equal(tables_put(txn, TABLE_LOG_LEAVES, &key, bytes, value.length), STATUS_OK);
    assert_int_equal(log_verify(txn, 0, &world->key, NULL, NULL, &bad, NULL), STATUS_CORRUPT);
    assert_int_equal(bad, named.position);
    store_abort(txn);
    verifies(world);
}

/* A bundle whose suppliers are asked: the offer that is gone counts as its supplier's no, and the others get it planned again. */
static void a_bundle_that_holds_it_goes_on_without_it(void **state)
{
    struct world *world = *state;
    struct named named = spill_offer(world);
    assert_int_equal(world_bundle(world, 1)->state, MUSTER__BUNDLE_STATE__BUNDLE_AGREED);
    assert_int_equal(redact(world, "eda", &named, PROPOSE), STATUS_OK);
    assert_int_equal(redact(world, "eda2", &named, CONFIRM), STATUS_OK);
    assert_true(world_tick(world) >= 2);
    restart(world);
    assert_false(file_holds(data_file(world), SPILL));
    world_plan(world);
    world_tick(world);
    assert_int_equal(world_bundle(world, 1)->version, 3);
    assert_int_equal(world_awarded(world, 1, NULL), 150);
    assert_true(world_rebuilds_equal(world));
    verifies(world);
}

static void what_is_committed_stays_committed(void **state)
{
    struct world *world = *state;
    struct named named = spill_offer(world);
    assert_int_equal(world_answer(world, "sup", 1, true), STATUS_OK);
    world_tick(world);
    assert_int_equal(world_committed(world, NULL), 150);
    assert_int_equal(redact(world, "eda", &named, PROPOSE), STATUS_OK);
    assert_int_equal(redact(world, "eda2", &named, CONFIRM), STATUS_OK);
    world_tick(world);
    restart(world);
    assert_int_equal(world_committed(world, NULL), 150);
    assert_int_equal(world_bundle(world, 1)->state, MUSTER__BUNDLE_STATE__BUNDLE_COMMITTED);
    assert_false(file_holds(data_file(world), SPILL));
    assert_int_equal(world_bundle_do(world, "eda", 1, MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ORDER), STATUS_OK);
    assert_true(world_rebuilds_equal(world));
    verifies(world);
}

/* An item's title and a party's name stand in every market that was planned since. */
static void titles_and_names_go_with_their_copies(void **state)
{
    struct world *world = *state;
    world_usual(world);
    world_party(world, "eda2", MUSTER__ROLE__ROLE_COORDINATOR, "BE", true);
    Muster__Submission *submission = world_submission(world);
    Muster__ItemChange *change = arena_alloc(&world->arena, sizeof *change);
    Muster__Item *item = arena_alloc(&world->arena, sizeof *item);
    muster__item_change__init(change);
    muster__item__init(item);
    change->kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change->id = item->id = "GEM";
    change->replaces = 1;
    item->title = "Part of " SPILL;
    item->nsc = item->cpv = "";
    item->unit = "EA";
    change->item = item;
    submission->items = arena_array(&world->arena, 1, sizeof *submission->items);
    submission->items[0] = change;
    submission->n_items = 1;
    assert_int_equal(world_submit(world, "eda", submission), STATUS_OK);
    struct named named = name_entry(world, world->position);
    assert_int_equal(world_put_demand(world, "nl", world_demand(world, "D3", "NL", "GEM", 202712, 10, 1000000), 0), STATUS_OK);
    world_plan(world);
    assert_true(file_holds(data_file(world), SPILL));
    assert_int_equal(redact(world, "eda", &named, PROPOSE), STATUS_OK);
    assert_int_equal(redact(world, "eda2", &named, CONFIRM), STATUS_OK);
    world_tick(world);
    assert_true(count_redacted(world) >= 2);
    restart(world);
    assert_false(file_holds(data_file(world), SPILL));
    verifies(world);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_spill_leaves_every_byte_of_the_store), TEST(before_the_scrub_the_bytes_are_still_there),
        TEST(it_takes_two_coordinators),              TEST(it_names_one_entry_and_no_other),
        TEST(the_log_says_who_and_why),               TEST(what_nobody_redacted_is_missing),
        TEST(a_bundle_that_holds_it_goes_on_without_it), TEST(what_is_committed_stays_committed),
        TEST(titles_and_names_go_with_their_copies),
    };
    return seam_start() == STATUS_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 70;
}
