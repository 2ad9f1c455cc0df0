/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/limits.h"
#include "tests/unit/check_sample.h"

/* A submission whole: its head, one list of changes, kinds and ids of changes, repeats; 10,000 demands with one fault. */

static struct check_sample sample;
static uint8_t bytes[64];

#define TEXT(text) ((char[]){text})

#define CHECKED(...)                                                                                                           \
    Muster__Submission *submission = check_sample_submission();                                                                \
    __VA_ARGS__;                                                                                                               \
    check_submission(submission, &sample.context, &sample.faults)
#define BREAK(field, advice, ...)                                                                                              \
    do {                                                                                                                       \
        CHECKED(__VA_ARGS__);                                                                                                  \
        check_sample_expect(&sample, field, advice);                                                                           \
    } while (0)
#define KEEP(...)                                                                                                              \
    do {                                                                                                                       \
        CHECKED(__VA_ARGS__);                                                                                                  \
        check_sample_expect_none(&sample);                                                                                     \
    } while (0)

static void test_head(void **state)
{
    (void)state;
    KEEP();
    BREAK("protocol", "from 1 to 1", submission->protocol = 2);
    BREAK("origin", "fill it in", submission->origin = TEXT(""));
    BREAK("log_key", "32 bytes", submission->log_key.len = 31);
    BREAK("id", "16 bytes", submission->id.len = 32);
    BREAK("party", "nl-agency", submission->party = TEXT("NL"));
    BREAK("signing_key", "32 bytes", submission->signing_key.len = 0);
    BREAK("not_after", "write 1", submission->not_after = 0);
    BREAK("head.root", "0 bytes", submission->head->root = ((ProtobufCBinaryData){32, bytes}));
    BREAK("head.root", "32 bytes", submission->head->size = 5; submission->head->signature = ((ProtobufCBinaryData){64, bytes}));
    BREAK("head.signature", "64 bytes", submission->head->size = 5; submission->head->root = ((ProtobufCBinaryData){32, bytes}));
    KEEP(submission->head->size = 5; submission->head->root = ((ProtobufCBinaryData){32, bytes});
         submission->head->signature = ((ProtobufCBinaryData){64, bytes}));
    BREAK("confirmations", "at most 64", submission->n_confirmations = LIMIT_CONFIRMATIONS_MOST + 1);
}

static void test_lists(void **state)
{
    (void)state;
    Muster__RatesChange rates = MUSTER__RATES_CHANGE__INIT;
    Muster__PolicyChange policy = MUSTER__POLICY_CHANGE__INIT;
    BREAK("", "one list of changes", submission->n_demands = 0);
    BREAK("", "one list of changes", submission->rates = &rates);
    KEEP(submission->n_demands = 0; submission->rates = &rates);
    KEEP(submission->n_demands = 0; submission->policy = &policy);
    Muster__ClockConfirmed clock = MUSTER__CLOCK_CONFIRMED__INIT;
    KEEP(submission->n_demands = 0; submission->clock_confirmed = &clock);
    /* What the exchange alone writes. */
    Muster__Started started = MUSTER__STARTED__INIT;
    BREAK("", "exchange alone", submission->n_demands = 0; submission->started = &started);
    Muster__Genesis genesis = MUSTER__GENESIS__INIT;
    BREAK("", "exchange alone", submission->n_demands = 0; submission->genesis = &genesis);
    Muster__Proposal proposal = MUSTER__PROPOSAL__INIT;
    BREAK("", "exchange alone", submission->n_demands = 0; submission->proposal = &proposal);
    Muster__RoundClosed closed = MUSTER__ROUND_CLOSED__INIT;
    BREAK("", "exchange alone", submission->n_demands = 0; submission->round_closed = &closed);
    Muster__Lapsed lapsed = MUSTER__LAPSED__INIT;
    BREAK("", "exchange alone", submission->n_demands = 0; submission->lapsed = &lapsed);
    Muster__LotPlanned planned = MUSTER__LOT_PLANNED__INIT;
    BREAK("", "exchange alone", submission->n_demands = 0; submission->lot_planned = &planned);
}

static void test_changes(void **state)
{
    (void)state;
    BREAK("kind", "contract names", submission->demands[0]->kind = (Muster__ChangeKind)3);
    BREAK("demand", "state it whole", submission->demands[0]->demand = NULL);
    BREAK("demand", "the same id in both", submission->demands[0]->id = TEXT("NL-OTHER"));
    BREAK("demand", "leave the object out", submission->demands[0]->kind = MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
          submission->demands[0]->replaces = 1);
    BREAK("replaces", "write 1", submission->demands[0]->kind = MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
          submission->demands[0]->demand = NULL);
    BREAK("demand", "NL-155-2027", submission->demands[0]->kind = MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
          submission->demands[0]->demand = NULL; submission->demands[0]->replaces = 1; submission->demands[0]->id = TEXT("a b"));
    KEEP(submission->demands[0]->kind = MUSTER__CHANGE_KIND__CHANGE_WITHDRAW; submission->demands[0]->demand = NULL;
         submission->demands[0]->replaces = 1);
    BREAK("priority", "write 5", submission->demands[0]->demand->priority = 6);
}

static void test_other_nouns(void **state)
{
    (void)state;
    Muster__ItemChange item = MUSTER__ITEM_CHANGE__INIT;
    Muster__OfferChange offer = MUSTER__OFFER_CHANGE__INIT;
    Muster__FundChange fund = MUSTER__FUND_CHANGE__INIT;
    item.kind = offer.kind = fund.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    item.item = check_sample_item();
    item.id = item.item->id;
    offer.offer = check_sample_offer();
    offer.id = offer.offer->id;
    fund.fund = check_sample_fund();
    fund.id = fund.fund->id;
    Muster__ItemChange *items[] = {&item};
    Muster__OfferChange *offers[] = {&offer};
    Muster__FundChange *funds[] = {&fund};
#define ALONE(list, n_list, value) submission->n_demands = 0; submission->list = value; submission->n_list = 1
    KEEP(ALONE(items, n_items, items));
    KEEP(ALONE(offers, n_offers, offers));
    KEEP(ALONE(funds, n_funds, funds));
    BREAK("unit", "write H87", ALONE(items, n_items, items); item.item->unit = TEXT("PCS"));
    BREAK("max_quantity", "write 1000000000", ALONE(offers, n_offers, offers); offer.offer->max_quantity = UINT64_MAX);
    BREAK("min_european_content", "100", ALONE(funds, n_funds, funds); fund.fund->min_european_content = 200);
    item.item = NULL;
    offer.offer = NULL;
    fund.fund = NULL;
    BREAK("item", "state it whole", ALONE(items, n_items, items));
    BREAK("offer", "state it whole", ALONE(offers, n_offers, offers));
    BREAK("fund", "state it whole", ALONE(funds, n_funds, funds));
}

/* Every list of changes is walked, each change under its index. */
static void test_every_list(void **state)
{
    (void)state;
    Muster__PartyChange party = MUSTER__PARTY_CHANGE__INIT;
    Muster__PartyChange *parties[] = {&party};
    party.party = TEXT("NL");
    Muster__Rate rate = MUSTER__RATE__INIT;
    Muster__Rate *rate_list[] = {&rate};
    Muster__RatesChange rates = MUSTER__RATES_CHANGE__INIT;
    rates.rates = rate_list;
    rates.n_rates = 1;
    rate.currency = TEXT("USD");
    Muster__PolicyEntry entry = MUSTER__POLICY_ENTRY__INIT;
    Muster__PolicyEntry *entries[] = {&entry};
    Muster__PolicyChange policy = MUSTER__POLICY_CHANGE__INIT;
    policy.entries = entries;
    policy.n_entries = 1;
    entry.key = TEXT("min_nations");
    entry.value = TEXT("two");
    entry.item = TEXT("");
    Muster__BundleChange good = MUSTER__BUNDLE_CHANGE__INIT;
    good.kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ORDER;
    good.number = good.version = 1;
    Muster__BundleChange bad = good;
    bad.version = 0;
    Muster__BundleChange *bundles[] = {&good, &bad};
    Muster__CommitmentEnd end = MUSTER__COMMITMENT_END__INIT;
    Muster__CommitmentEnd *ends[] = {&end};
    end.number = end.version = 1;
    end.demand = TEXT("a/b");
    end.offer = TEXT("a/b");
    end.month = 202706;
    end.reason = TEXT("");
    Muster__ExportChange export = MUSTER__EXPORT_CHANGE__INIT;
    Muster__ExportChange *exports[] = {&export};
    export.kind = (Muster__ExportKind)9;
    Muster__PartyKeys keys = MUSTER__PARTY_KEYS__INIT;
    Muster__Join join = MUSTER__JOIN__INIT;
    join.keys = &keys;
    keys.signing_key = keys.box_key = keys.curve_key = join.one_time_signing_key = (ProtobufCBinaryData){32, bytes};
    join.one_time_signature = (ProtobufCBinaryData){64, bytes};
    BREAK("party", "nl-agency", ALONE(parties, n_parties, parties); party.kind = MUSTER__PARTY_CHANGE_KIND__PARTY_RESUME);
    BREAK("rate", "write 1", submission->n_demands = 0; submission->rates = &rates);
    BREAK("value", "10^9", submission->n_demands = 0; submission->policy = &policy);
    BREAK("new_signature", "64 bytes", submission->n_demands = 0; submission->join = &join);
    BREAK("reason", "fill it in", ALONE(commitment_ends, n_commitment_ends, ends));
    BREAK("kind", "contract names", ALONE(exports, n_exports, exports));
    CHECKED(ALONE(bundles, n_bundles, bundles); submission->n_bundles = 2);
    assert_int_equal(sample.faults.list[0].change, 1);
    assert_int_equal(sample.faults.change, 0);
    check_sample_expect(&sample, "version", "write 1");
}

static void test_no_memory(void **state)
{
    (void)state;
    struct arena small;
    struct faults faults;
    arena_init(&small, 0);
    faults_init(&faults, &small);
    Muster__Submission *submission = check_sample_submission();
    check_submission(submission, &sample.context, &faults);
    assert_int_equal(faults.errors, 0);
    Muster__DemandChange *two[] = {submission->demands[0], submission->demands[0]};
    submission->demands = two;
    submission->n_demands = 2;
    check_submission(submission, &sample.context, &faults);
    assert_int_equal(faults.errors, 1); /* that nothing stands twice could not be found out */
    arena_drop(&small);
}

static void test_repeats(void **state)
{
    (void)state;
    Muster__DemandChange *twice[3];
    Muster__DemandChange other = MUSTER__DEMAND_CHANGE__INIT;
    other.kind = MUSTER__CHANGE_KIND__CHANGE_WITHDRAW;
    other.id = TEXT("AA");
    other.replaces = 1;
    static Muster__DemandChange *many[LIMIT_CHANGES_MOST + 1];
    for (unsigned at = 0; at <= LIMIT_CHANGES_MOST; at++) {
        many[at] = &other;
    }
    BREAK("", "at most 20000", submission->demands = many; submission->n_demands = LIMIT_CHANGES_MOST + 1);
    CHECKED(twice[0] = submission->demands[0]; twice[1] = &other; twice[2] = twice[0]; submission->demands = twice;
            submission->n_demands = 3);
    assert_int_equal(sample.faults.list[0].change, 2);
    check_sample_expect(&sample, "demand", "remove one of the two");
}

static void test_ten_thousand(void **state)
{
    (void)state;
    enum { COUNT = 10000, WRONG = 7300 };
    Muster__Demand *demands = calloc(COUNT, sizeof *demands);
    Muster__DemandChange *changes = calloc(COUNT, sizeof *changes);
    Muster__DemandChange **list = calloc(COUNT, sizeof *list);
    char (*ids)[16] = calloc(COUNT, sizeof *ids);
    assert_true(demands && changes && list && ids);
    for (int at = 0; at < COUNT; at++) {
        demands[at] = *check_sample_demand();
        snprintf(ids[at], sizeof ids[at], "NL-%05d", COUNT - at);
        demands[at].id = ids[at];
        changes[at] = (Muster__DemandChange)MUSTER__DEMAND_CHANGE__INIT;
        changes[at].kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
        changes[at].id = ids[at];
        changes[at].demand = &demands[at];
        list[at] = &changes[at];
    }
    KEEP(submission->demands = list; submission->n_demands = COUNT);
    demands[WRONG].country = TEXT("GM");
    CHECKED(submission->demands = list; submission->n_demands = COUNT);
    assert_int_equal(sample.faults.list[0].change, WRONG);
    check_sample_expect(&sample, "country", "write DE for Germany");
    free(ids);
    free(list);
    free(changes);
    free(demands);
}

static int set_up(void **state)
{
    (void)state;
    check_sample_open(&sample);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    check_sample_close(&sample);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head),        cmocka_unit_test(test_lists),   cmocka_unit_test(test_changes),
        cmocka_unit_test(test_other_nouns), cmocka_unit_test(test_every_list), cmocka_unit_test(test_no_memory), cmocka_unit_test(test_repeats), cmocka_unit_test(test_ten_thousand),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
