/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "broker/desk/terms.h"
#include "broker/seal.h"
#include "proto/status.h"
#include "proto/verbs.h"
#include "proto/walk.h"
#include "tests/unit/world_build.h"

/*
 * Sealed figures. A canary is planted in every sealed field; then, in every state of a bundle, everybody asks for everything, and
 * no byte of any answer may hold a canary that its reader must not see. The coordinator must see each, so that the search is
 * known to find them.
 */

enum stage { STAGE_PROPOSED, STAGE_RELEASED, STAGE_AGREED, STAGE_COMMITTED, STAGES };

/* Who may see a canary, by stage: letters of readers. n, d, x: agencies in the bundle; e: one in another lot; S: the supplier
 * that won; A: one that did not. */
struct canary {
    const char *name;
    uint8_t bytes[64];
    size_t length;
    const char *may[STAGES];
    bool unseen; /* not even by the coordinator */
};

static const char *const readers[] = {"nl", "de", "es", "se", "sup", "alt"};
static const char letters[] = "ndxeSA";

#define CANARIES_MOST 128
static struct canary canaries[CANARIES_MOST];
static size_t canary_count;

static void plant(const char *name, const void *bytes, size_t length, const char *proposed, const char *released, const char *agreed)
{
    assert_true(canary_count < CANARIES_MOST && length <= sizeof canaries[0].bytes);
    struct canary *canary = &canaries[canary_count++];
    *canary = (struct canary){.name = name, .length = length, .may = {proposed, released, agreed, agreed}};
    memcpy(canary->bytes, bytes, length);
}

static void plant_text(const char *text, const char *proposed, const char *released, const char *agreed)
{
    plant(text, text, strlen(text), proposed, released, agreed);
}

/* A figure as a varint and as decimal digits. */
static void plant_number(const char *name, uint64_t number, const char *proposed, const char *released, const char *agreed)
{
    uint8_t bytes[10];
    char digits[24];
    size_t length = 0;
    for (uint64_t left = number; left != 0 || length == 0; left >>= 7)
        bytes[length++] = (uint8_t)((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    plant(name, bytes, length, proposed, released, agreed);
    snprintf(digits, sizeof digits, "%" PRIu64, number);
    plant(name, digits, strlen(digits), proposed, released, agreed);
    canaries[canary_count - 1].unseen = true; /* the coordinator reads it as a number */
}

static bool holds(const uint8_t *bytes, size_t length, const struct canary *canary)
{
    return memmem(bytes, length, canary->bytes, canary->length) != NULL;
}

/* --- asking for everything ---------------------------------------------------------------------------------------- */

struct heard {
    struct world *world;
    const char *reader;
    char letter; /* 0: the coordinator */
    enum stage stage;
    bool seen[CANARIES_MOST];
};

static void hear(struct heard *heard, Muster__Verb verb, const ProtobufCMessage *body)
{
    Muster__Answer *answer = world_ask(heard->world, heard->reader, verb, body);
    uint8_t *bytes;
    size_t size;
    answer->protocol = PROTOCOL_VERSION;
    assert_int_equal(walk_pack(&answer->base, &heard->world->arena, &bytes, &size), STATUS_OK);
    for (size_t at = 0; at < canary_count; at++) {
        if (!holds(bytes, size, &canaries[at]))
            continue;
        heard->seen[at] = true;
        if (heard->letter != '\0' && strchr(canaries[at].may[heard->stage], heard->letter) == NULL)
            fail_msg("%s reads '%s' in an answer to %s at stage %d", heard->reader, canaries[at].name, verb_find((int)verb)->name, heard->stage);
    }
}

static void hear_lists(struct heard *heard)
{
    static const char *const ids[] = {"", "D1", "O1", "nl/D1", "de/D1", "se/D1", "sup/O1", "alt/O2", "nl", "sup", "PURSE"};
    for (int noun = 1; noun <= 7; noun++) {
        for (size_t at = 0; at < sizeof ids / sizeof ids[0]; at++) {
            Muster__ListRequest request = MUSTER__LIST_REQUEST__INIT;
            request.noun = (Muster__Noun)noun;
            request.item = request.after = "";
            request.id = (char *)(uintptr_t)ids[at];
            request.limit = 1000;
            request.withdrawn = true;
            hear(heard, MUSTER__VERB__VERB_LIST, &request.base);
        }
    }
}

static void hear_all(struct heard *heard)
{
    static const char *const ids[] = {"D1", "O1", "O2", "nl/D1", "de/D1", "se/D1", "es/D1", "sup/O1", "alt/O2", "GEM", "OTHER"};
    Muster__StatusRequest status = MUSTER__STATUS_REQUEST__INIT;
    Muster__HeadRequest head = MUSTER__HEAD_REQUEST__INIT;
    Muster__ProofRequest proof = MUSTER__PROOF_REQUEST__INIT;
    Muster__NeedRequest need = MUSTER__NEED_REQUEST__INIT;
    Muster__WatchRequest watch = MUSTER__WATCH_REQUEST__INIT;
    Muster__CompareRequest compare = MUSTER__COMPARE_REQUEST__INIT;
    hear(heard, MUSTER__VERB__VERB_STATUS, &status.base);
    hear(heard, MUSTER__VERB__VERB_HEAD, &head.base);
    proof.size = 3;
    hear(heard, MUSTER__VERB__VERB_PROOF, &proof.base);
    Muster__LogRequest log = MUSTER__LOG_REQUEST__INIT;
    log.size = 3;
    hear(heard, MUSTER__VERB__VERB_LOG, &log.base);
    log.size = heard->world->position + 1;
    hear(heard, MUSTER__VERB__VERB_LOG, &log.base);
    need.item = need.after = "";
    hear(heard, MUSTER__VERB__VERB_NEED, &need.base);
    hear(heard, MUSTER__VERB__VERB_WATCH, &watch.base);
    compare.number = 1;
    compare.version = compare.other_version = 1;
    hear(heard, MUSTER__VERB__VERB_COMPARE, &compare.base);
    hear_lists(heard);
    for (uint64_t number = 0; number < 4; number++) {
        for (uint64_t version = 0; version < 4; version++) {
            Muster__BundlesRequest bundles = MUSTER__BUNDLES_REQUEST__INIT;
            bundles.number = number;
            bundles.version = version;
            hear(heard, MUSTER__VERB__VERB_BUNDLES, &bundles.base);
        }
    }
    for (size_t at = 0; at < sizeof ids / sizeof ids[0]; at++) {
        Muster__WhyRequest why = MUSTER__WHY_REQUEST__INIT;
        why.id = (char *)(uintptr_t)ids[at];
        hear(heard, MUSTER__VERB__VERB_WHY, &why.base);
    }
}

static void everybody_asks(struct world *world, enum stage stage, bool *coordinator_saw)
{
    for (size_t at = 0; at < sizeof readers / sizeof readers[0]; at++) {
        struct heard heard = {.world = world, .reader = readers[at], .letter = letters[at], .stage = stage};
        hear_all(&heard);
    }
    struct heard heard = {.world = world, .reader = "eda", .stage = stage};
    hear_all(&heard);
    for (size_t at = 0; at < canary_count; at++)
        coordinator_saw[at] = coordinator_saw[at] || heard.seen[at];
}

/* --- the world with canaries -------------------------------------------------------------------------------------- */

static void put_nl(struct world *world)
{
    static char *requires[] = {"canary_range>=31"}, *excluded[] = {"GL"};
    Muster__Demand *demand = world_demand(world, "D1", "NL", "GEM", 202712, 20021, 1234567891);
    demand->min_quantity = 20011;
    demand->place = "NLRTM";
    demand->requires = requires;
    demand->n_requires = 1;
    demand->exclude_origins = excluded;
    demand->n_exclude_origins = 1;
    demand->fund = "PURSE";
    assert_int_equal(world_put_demand(world, "nl", demand, 0), STATUS_OK);
    plant_number("nl ceiling", 1234567891, "n", "n", "n");
    plant_number("nl minimum", 20011, "n", "n", "n");
    plant_number("nl quantity", 20021, "n", "ndx", "ndxS");
    plant_text("NLRTM", "n", "n", "nS");
    plant_text("canary_range>=31", "n", "n", "nS");
    plant("nl exclusion", "\x02GL", 3, "n", "n", "n");
    plant_text("PURSE", "n", "n", "n");
    plant_text("nl@example.org", "n", "n", "nS");
    plant_text("nl name", "n", "n", "n");
}

static void put_others(struct world *world)
{
    Muster__Demand *de = world_demand(world, "D1", "DE", "GEM", 202711, 30011, 1234500001);
    de->release = MUSTER__RELEASE__RELEASE_SEALED;
    assert_int_equal(world_put_demand(world, "de", de, 0), STATUS_OK);
    plant_number("de ceiling", 1234500001, "d", "d", "d");
    plant_number("de quantity", 30011, "d", "ndx", "ndxS");
    plant_text("de@example.org", "d", "d", "dS");
    Muster__Demand *es = world_demand(world, "D1", "ES", "GEM", 202712, 7013, 1111100009);
    assert_int_equal(world_put_demand(world, "es", es, 0), STATUS_OK);
    plant_number("es ceiling", 1111100009, "x", "x", "x");
    plant_number("es quantity", 7013, "x", "ndx", "ndxS");
    plant_text("es@example.org", "x", "x", "xS");
    Muster__Demand *se = world_demand(world, "D1", "SE", "OTHER", 202710, 60013, 1357913579);
    se->release = MUSTER__RELEASE__RELEASE_OPEN;
    se->place = "SEGOT";
    se->min_quantity = 60007;
    assert_int_equal(world_put_demand(world, "se", se, 0), STATUS_OK);
    plant_number("se quantity", 60013, "eSA", "eSA", "eSA");
    plant_number("se ceiling", 1357913579, "e", "e", "e");
    plant_number("se minimum", 60007, "e", "e", "e");
    plant_text("SEGOT", "e", "e", "e");
    plant_text("se name", "e", "e", "e");
}

static void put_offers(struct world *world)
{
    Muster__Attribute range = MUSTER__ATTRIBUTE__INIT, *provides[] = {&range};
    Muster__Offer *sup = world_offer(world, "O1", "sup", "GEM", 500000011, 150001, 0);
    Muster__Tier *second = world_tier(world, sup, 45007, 400000007, 9000000011, 160001, 170003);
    range.name = "canary_range";
    range.value = "41";
    sup->provides = provides;
    sup->n_provides = 1;
    sup->max_quantity = 190027;
    second->first_month = 202703;
    assert_int_equal(world_put_offer(world, "sup", sup, 0), STATUS_OK);
    plant_number("sup tier 1 price", 500000011, "S", "S", "S");
    plant_number("sup tier 2 price", 400000007, "S", "Sndx", "Sndx");
    plant_number("sup tier 2 minimum", 45007, "S", "S", "S");
    plant_number("sup one-off cost", 9000000011, "S", "S", "S");
    plant_number("sup stock", 150001, "S", "S", "S");
    plant_number("sup rate", 170003, "S", "S", "S");
    plant_number("sup capacity", 190027, "S", "S", "S");
    plant_text("sup/O1", "S", "Sndx", "Sndx");
    plant_text("sup name", "S", "Sndx", "Sndx");
    plant_text("sup@example.org", "S", "S", "S");
    assert_int_equal(world_put_offer(world, "alt", world_offer(world, "O2", "alt", "GEM", 900000013, 180023, 0), 0), STATUS_OK);
    plant_number("alt price", 900000013, "A", "A", "A");
    plant_number("alt stock", 180023, "A", "A", "A");
    plant_text("alt/O2", "A", "A", "A");
    plant_text("alt name", "A", "A", "A");
}

static void put_fund(struct world *world)
{
    Muster__Submission *submission = world_submission(world);
    Muster__FundChange change = MUSTER__FUND_CHANGE__INIT, *list[] = {&change};
    Muster__Fund fund = MUSTER__FUND__INIT;
    char *countries[] = {"NL"};
    fund.id = "PURSE";
    fund.limited = true;
    fund.balance = 99887766554433 / 10;
    fund.currency = "EUR";
    fund.min_nations = 1;
    fund.countries = countries;
    fund.n_countries = 1;
    change.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change.id = fund.id;
    change.fund = &fund;
    submission->funds = list;
    submission->n_funds = 1;
    assert_int_equal(world_submit(world, "eda", submission), STATUS_OK);
    plant_number("fund balance", 99887766554433 / 10, "", "", "");
}

/* What the engine derived: as sealed as what it reveals. */
static void plant_derived(struct world *world)
{
    const Muster__BundleVersion *version = world_version(world, 1);
    assert_non_null(version);
    const Muster__LotPlan *plan = version->plan;
    int64_t nl = 0, de = 0, value = 0;
    for (size_t at = 0; at < plan->n_awards; at++) {
        const Muster__Award *award = plan->awards[at];
        int64_t pays = state_cost(award->quantity, award->unit_price, award->freight, award->one_off);
        nl += state_name_is_of(award->demand, "nl") ? pays : 0;
        de += state_name_is_of(award->demand, "de") ? pays : 0;
        value += state_cost(award->quantity, award->unit_price, 0, 0);
        assert_int_equal(award->tier, 2);
        assert_string_equal(award->offer, "sup/O1");
    }
    plant_number("objective", (uint64_t)plan->objective, "", "", "");
    if (plan->bound != plan->objective)
        plant_number("bound", (uint64_t)plan->bound, "", "", "");
    plant_number("what nl pays", (uint64_t)nl, "n", "n", "n");
    plant_number("what de pays", (uint64_t)de, "d", "d", "d");
    plant_number("value", (uint64_t)value, "", "", "S");
    assert_true(plan->n_nations >= 2);
    for (size_t at = 0; at < plan->n_nations; at++) {
        const char *country = plan->nations[at]->country;
        const char *own = strcmp(country, "NL") == 0 ? "n" : strcmp(country, "DE") == 0 ? "d" : "x";
        if (plan->nations[at]->alone_pays > 100000)
            plant_number("alone", (uint64_t)plan->nations[at]->alone_pays, "", own, own);
    }
}

static void plant_keys(struct world *world)
{
    Muster__PartyRecord *record;
    struct store_txn *txn = world_look(world);
    assert_int_equal(state_party(txn, "nl", &world->arena, &record), STATUS_OK);
    store_abort(txn);
    plant("nl signing key", record->keys->signing_key.data, 32, "n", "n", "n");
    plant("nl box key", record->keys->box_key.data, 32, "n", "n", "n");
    plant("nl one-time box key", record->one_time_keys->box_key.data, 32, "", "", "");
    canaries[canary_count - 1].unseen = true;
}

static void build(struct world *world)
{
    canary_count = 0;
    world_item(world, "GEM");
    world_item(world, "OTHER");
    world_party(world, "nl", MUSTER__ROLE__ROLE_AGENCY, "NL", true);
    world_party(world, "de", MUSTER__ROLE__ROLE_AGENCY, "DE", true);
    world_party(world, "es", MUSTER__ROLE__ROLE_AGENCY, "ES", true);
    world_party(world, "se", MUSTER__ROLE__ROLE_AGENCY, "SE", true);
    world_party(world, "sup", MUSTER__ROLE__ROLE_SUPPLIER, "FR", true);
    world_party(world, "alt", MUSTER__ROLE__ROLE_SUPPLIER, "IT", true);
    put_fund(world);
    put_nl(world);
    put_others(world);
    put_offers(world);
    world_plan(world);
    plant_derived(world);
    plant_keys(world);
}

static void assert_coordinator_saw(const bool *saw)
{
    for (size_t at = 0; at < canary_count; at++) {
        if (!saw[at] && !canaries[at].unseen)
            fail_msg("the coordinator never read '%s': the search would not find it", canaries[at].name);
    }
}

static void no_answer_holds_what_its_reader_may_not_see(void **state)
{
    struct world *world = *state;
    bool saw[CANARIES_MOST] = {false};
    build(world);
    everybody_asks(world, STAGE_PROPOSED, saw);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    everybody_asks(world, STAGE_RELEASED, saw);
    assert_int_equal(world_answer(world, "nl", 1, true), STATUS_OK);
    everybody_asks(world, STAGE_RELEASED, saw);
    assert_int_equal(world_answer(world, "de", 1, true), STATUS_OK);
    assert_int_equal(world_answer(world, "es", 1, true), STATUS_OK);
    world_tick(world);
    everybody_asks(world, STAGE_AGREED, saw);
    assert_int_equal(world_answer(world, "sup", 1, true), STATUS_OK);
    world_plan(world);
    assert_int_equal(world_bundle(world, 1)->state, MUSTER__BUNDLE_STATE__BUNDLE_COMMITTED);
    everybody_asks(world, STAGE_COMMITTED, saw);
    assert_int_equal(world_bundle_do(world, "eda", 1, MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ORDER), STATUS_OK);
    everybody_asks(world, STAGE_COMMITTED, saw);
    assert_coordinator_saw(saw);
}

/* The other ways: a nation leaves, the rest is planned again, released, and in the end rejected. */
static void nor_where_a_bundle_is_planned_again_or_rejected(void **state)
{
    struct world *world = *state;
    bool saw[CANARIES_MOST] = {false};
    build(world);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    assert_int_equal(world_answer(world, "nl", 1, true), STATUS_OK);
    assert_int_equal(world_answer(world, "de", 1, true), STATUS_OK);
    assert_int_equal(world_answer(world, "es", 1, false), STATUS_OK);
    plant_text("for a test", "x", "x", "x"); /* the reason of a no, and of a rejection */
    world_tick(world);
    everybody_asks(world, STAGE_RELEASED, saw);
    world_plan(world);
    assert_int_equal(world_bundle(world, 1)->version, 2);
    everybody_asks(world, STAGE_RELEASED, saw);
    assert_int_equal(world_release(world, 1), STATUS_OK);
    everybody_asks(world, STAGE_RELEASED, saw);
    assert_int_equal(world_bundle_do(world, "eda", 1, MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REJECT), STATUS_OK);
    everybody_asks(world, STAGE_RELEASED, saw);
    world_plan(world);
    everybody_asks(world, STAGE_RELEASED, saw);
    assert_coordinator_saw(saw);
}

/* --- what was published of pooled need ------------------------------------------------------------------------------ */

/* Nations whose parts make a total; the first four are readers. Nobody but its owner may see a part, and nobody but the coordinator the sum. */
static const struct {
    const char *party, *country, *may;
    uint64_t parts[2];
} pooled[] = {{"nl", "NL", "n", {20021, 23003}}, {"de", "DE", "d", {30011, 26017}}, {"es", "ES", "x", {17011, 21001}}, {"se", "SE", "e", {22013, 18041}},
              {"pl", "PL", "", {25031, 29009}},  {"no", "NO", "", {27017, 19013}}};

#define POOLED (sizeof pooled / sizeof pooled[0])

static void put_pooled(struct world *world, unsigned at_date)
{
    uint64_t total = 0;
    for (size_t at = 0; at < POOLED; at++) {
        Muster__Demand *demand = world_demand(world, "D1", pooled[at].country, "GEM", 202811, pooled[at].parts[at_date], 5000000);
        assert_int_equal(world_put_demand(world, pooled[at].party, demand, at_date), STATUS_OK);
        plant_number(pooled[at].party, pooled[at].parts[at_date], pooled[at].may, "", "");
        total += pooled[at].parts[at_date];
    }
    plant_number("the exact total", total, "", "", "");
}

static void next_publication(struct world *world)
{
    uint32_t month = desk_month(world->now);
    while (desk_month(world->now) == month)
        world_days(world, 1);
    assert_int_equal(world_tick(world), 1);
}

static void nor_where_pooled_need_was_published(void **state)
{
    struct world *world = *state;
    bool saw[CANARIES_MOST] = {false};
    canary_count = 0;
    world_item(world, "GEM");
    for (size_t at = 0; at < POOLED; at++)
        world_party(world, pooled[at].party, MUSTER__ROLE__ROLE_AGENCY, pooled[at].country, true);
    world_party(world, "sup", MUSTER__ROLE__ROLE_SUPPLIER, "FR", true);
    world_party(world, "alt", MUSTER__ROLE__ROLE_SUPPLIER, "IT", true);
    assert_int_equal(world_policy(world, 1, "signal_base", "1000", NULL), STATUS_OK);
    Muster__Demand *sealed = world_demand(world, "D2", "NL", "GEM", 202811, 77003, 5000000);
    sealed->release = MUSTER__RELEASE__RELEASE_SEALED;
    assert_int_equal(world_put_demand(world, "nl", sealed, 0), STATUS_OK);
    plant_number("nl sealed", 77003, "n", "", "");
    for (unsigned date = 0; date < 2; date++) {
        put_pooled(world, date);
        everybody_asks(world, STAGE_PROPOSED, saw);
        next_publication(world);
        everybody_asks(world, STAGE_PROPOSED, saw);
    }
    Muster__NeedRequest need = MUSTER__NEED_REQUEST__INIT;
    need.item = need.after = "";
    const Muster__NeedAnswer *answer = (const Muster__NeedAnswer *)world_read(world, "sup", MUSTER__VERB__VERB_NEED, &need.base);
    assert_int_equal(answer->n_signals, 1);
    assert_int_equal(answer->signals[0]->need, 136000);
    assert_int_equal(answer->signals[0]->date, 20270401);
    assert_coordinator_saw(saw);
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static void walk(const ProtobufCMessageDescriptor *descriptor, int depth)
{
    assert_true(depth < 12);
    for (unsigned at = 0; at < descriptor->n_fields; at++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[at];
        if (!seal_has_row(descriptor, field->name))
            fail_msg("%s.%s has no row in seal.def", descriptor->short_name, field->name);
        if (field->type == PROTOBUF_C_TYPE_MESSAGE)
            walk(field->descriptor, depth + 1);
    }
}

static void every_field_of_every_answer_has_its_row(void **state)
{
    (void)state;
    size_t count;
    const struct verb *all = verb_all(&count);
    for (size_t at = 0; at < count; at++)
        walk(all[at].answer, 0);
    walk(&muster__terms__descriptor, 0);
}

/* Terms are made of what their party may see, so that what it signs is what it is served. */
static void terms_pass_the_seal_unchanged(void **state)
{
    struct world *world = *state;
    world_usual(world);
    static const struct {
        const char *party, *country;
        Muster__Role role;
    } parties[] = {{"nl", "NL", MUSTER__ROLE__ROLE_AGENCY}, {"sup", "FR", MUSTER__ROLE__ROLE_SUPPLIER}};
    for (size_t at = 0; at < 2; at++) {
        Muster__Market *market;
        Muster__Terms *message;
        ProtobufCBinaryData terms;
        uint8_t *again;
        size_t size;
        struct store_txn *txn = world_look(world);
        assert_int_equal(state_market(txn, 1, 1, &world->arena, &market), STATUS_OK);
        assert_int_equal(terms_make(txn, world_bundle(world, 1), world_version(world, 1), market, parties[at].party, &world->arena, &message, &terms), STATUS_OK);
        store_abort(txn);
        struct seal_asker asker = {.role = parties[at].role, .party = parties[at].party, .country = parties[at].country};
        assert_int_equal(seal_answer(&asker, &message->base, &world->arena), STATUS_OK);
        assert_int_equal(walk_pack(&message->base, &world->arena, &again, &size), STATUS_OK);
        assert_int_equal(size, terms.len);
        assert_memory_equal(again, terms.data, size);
    }
}

static void shares_are_seen_in_steps_and_values_in_two_digits(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *exact, *seen;
    } figures[] = {{"58.1 %", "55 to 60 %"}, {"0.0 %", "0 to 5 %"}, {"100.0 %", "95 to 100 %"}, {"4.9 %", "0 to 5 %"}};
    struct seal_asker nation = {.role = MUSTER__ROLE__ROLE_AGENCY, .party = "nl", .country = "NL"};
    for (size_t at = 0; at < sizeof figures / sizeof figures[0]; at++) {
        Muster__BundleView view = MUSTER__BUNDLE_VIEW__INIT;
        Muster__BundleRule sme = MUSTER__BUNDLE_RULE__INIT, cap = MUSTER__BUNDLE_RULE__INIT, *rules[] = {&sme, &cap};
        sme.name = "sme_share";
        cap.name = "supplier_share";
        sme.figure = cap.figure = (char *)(uintptr_t)figures[at].exact;
        view.rules = rules;
        view.n_rules = 2;
        view.has_value = view.has_number_of_nations = true;
        view.value = 493920;
        view.number_of_nations = 3 + at % 2;
        assert_int_equal(seal_answer(&nation, &view.base, &world->arena), STATUS_OK);
        assert_string_equal(sme.figure, figures[at].seen);
        assert_null(cap.figure);
        assert_int_equal(view.has_value, at % 2 == 1);
        if (view.has_value)
            assert_int_equal(view.value, 490000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_every_answer_has_its_row),
        cmocka_unit_test_setup_teardown(no_answer_holds_what_its_reader_may_not_see, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(nor_where_a_bundle_is_planned_again_or_rejected, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(nor_where_pooled_need_was_published, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(terms_pass_the_seal_unchanged, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(shares_are_seen_in_steps_and_values_in_two_digits, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
