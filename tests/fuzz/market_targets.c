/* SPDX-License-Identifier: EUPL-1.2 */
/* What the planner is handed and what it hands back, and planning itself: small markets made of the input's bytes, each plan verified. */
#include <stdlib.h>
#include <string.h>

#include "broker/match/load.h"
#include "broker/match/match.h"
#include "broker/match/message.h"
#include "broker/match/reasons.h"
#include "broker/match/settle.h"
#include "broker/match/variant.h"
#include "broker/match/verify.h"
#include "broker/pipe.h"
#include "broker/planner.h"
#include "proto/pipe.pb-c.h"
#include "proto/status.h"
#include "proto/walk.h"
#include "tests/fuzz/make_market.h"
#include "tests/fuzz/target.h"
#include "tests/unit/oracle.h"

#define BRUTE_PLANS 300u

/* A market's bytes: what the walker and the loader let through can be planned. */
static void run_market(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena();
    struct faults faults;
    ProtobufCMessage *message = NULL;
    struct match_market *market = NULL;
    struct match_plan *plan = NULL;
    const char *fault = NULL;
    (void)target;
    if (walk_unpack(&muster__market__descriptor, data, size, FUZZ_INPUT_MOST, arena, &message, NULL) != STATUS_OK)
        return;
    faults_init(&faults, arena);
    int status = match_load((const Muster__Market *)message, arena, &faults, &market);
    fuzz_require((status == STATUS_OK) == (faults.errors == 0));
    if (status != STATUS_OK)
        return;
    fuzz_require(match_plan(market, NULL, arena, &plan) == STATUS_OK && match_reasons_plan(market, arena, plan) == STATUS_OK);
    fuzz_require(match_verify_plan(market, plan, arena, &fault) == STATUS_OK);
}

/* The loader alone, at a pace that planning leaves no room for. */
static void run_market_load(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena();
    struct faults faults;
    ProtobufCMessage *message = NULL;
    struct match_market *market = NULL;
    (void)target;
    if (walk_unpack(&muster__market__descriptor, data, size, FUZZ_INPUT_MOST, arena, &message, NULL) != STATUS_OK)
        return;
    faults_init(&faults, arena);
    fuzz_require((match_load((const Muster__Market *)message, arena, &faults, &market) == STATUS_OK) == (faults.errors == 0));
}

static size_t pack_into(const ProtobufCMessage *message, uint8_t *bytes)
{
    fuzz_require(protobuf_c_message_get_packed_size(message) <= FUZZ_INPUT_MOST);
    return protobuf_c_message_pack(message, bytes);
}

/* The same market for every run of the targets that need one: the first of a fixed sequence that has a bundle in it. Memory of its own, never given back. */
static struct {
    struct arena arena;
    const Muster__Market *message;
    struct match_market *market;
    struct match_plan *plan;
} fixed;

static void fix_market(void)
{
    uint8_t choices[128];
    uint64_t random = 1;
    while (fixed.plan == NULL) {
        struct faults faults;
        struct fuzz_bytes bytes = {choices, sizeof choices};
        for (unsigned at = 0; at < sizeof choices; at++)
            choices[at] = (uint8_t)fuzz_random(&random);
        if (fixed.arena.cap == 0)
            arena_init(&fixed.arena, (size_t)64 << 20);
        arena_drop(&fixed.arena);
        faults_init(&faults, &fixed.arena);
        fixed.message = make_market(&bytes, &fixed.arena);
        if (match_load(fixed.message, &fixed.arena, &faults, &fixed.market) != STATUS_OK)
            continue;
        fuzz_require(match_plan(fixed.market, NULL, &fixed.arena, &fixed.plan) == STATUS_OK);
        if (fixed.plan->objective == 0)
            fixed.plan = NULL;
    }
    fuzz_require(match_reasons_plan(fixed.market, &fixed.arena, fixed.plan) == STATUS_OK);
}

static const Muster__Market *fixed_message(void)
{
    if (fixed.plan == NULL)
        fix_market();
    return fixed.message;
}

static const struct match_market *fixed_market(void)
{
    fixed_message();
    return fixed.market;
}

static size_t seed_market(const struct fuzz_target *target, unsigned number, uint8_t *bytes)
{
    (void)target;
    return number == 0 ? pack_into(&fixed_message()->base, bytes) : 0;
}

/* A plan as the exchange is handed it: whatever figures it holds, it is judged; what is judged good is a plan of this market. */
static void run_plan_message(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena();
    const struct match_market *market = fixed_market();
    ProtobufCMessage *message = NULL;
    struct match_plan *plan = NULL;
    const char *fault = NULL;
    (void)target;
    if (walk_unpack(&muster__plan__descriptor, data, size, FUZZ_INPUT_MOST, arena, &message, NULL) != STATUS_OK ||
        match_message_unpack(market, (const Muster__Plan *)message, arena, &plan) != STATUS_OK)
        return;
    int status = match_verify_plan(market, plan, arena, &fault);
    fuzz_require(status == STATUS_OK || (status == STATUS_INVALID && fault != NULL));
    fuzz_require(status != STATUS_OK || plan->bound >= plan->objective);
}

static size_t seed_plan_message(const struct fuzz_target *target, unsigned number, uint8_t *bytes)
{
    struct arena arena;
    Muster__Plan *message = NULL;
    (void)target;
    if (number > 0)
        return 0;
    arena_init(&arena, (size_t)64 << 20);
    fuzz_require(match_message_pack(fixed_market(), fixed.plan, &arena, &message) == STATUS_OK);
    size_t size = pack_into(&message->base, bytes);
    arena_drop(&arena);
    return size;
}

/* The planner's whole answer to a question of any bytes. */
static void run_planner(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena();
    ProtobufCMessage *message = NULL;
    uint8_t *answer = NULL;
    size_t length = 0;
    (void)target;
    if (planner_answer(data, size, &seam_clock_system, 0, arena, &answer, &length) == STATUS_OK)
        fuzz_require(walk_unpack(&muster__plan_answer__descriptor, answer, length, PIPE_FRAME_MOST, arena, &message, NULL) == STATUS_OK);
}

static size_t seed_planner(const struct fuzz_target *target, unsigned number, uint8_t *bytes)
{
    static uint8_t packed[FUZZ_INPUT_MOST];
    Muster__PlanRequest request = MUSTER__PLAN_REQUEST__INIT;
    (void)target;
    if (number > 1)
        return 0;
    request.ticket = 7;
    request.explain = number == 1;
    request.market.len = pack_into(&fixed_message()->base, packed);
    request.market.data = packed;
    return pack_into(&request.base, bytes);
}

/* What-if: each line is a change, "-WHO" leaves somebody out. */
static void run_variant(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena();
    const char *sets[16], *without[16];
    struct match_variant variant = {.sets = sets, .without = without};
    struct faults faults;
    Muster__Market *changed = NULL;
    struct match_market *market = NULL;
    char *text = fuzz_text(data, size), *rest = text;
    (void)target;
    for (char *line = NULL; variant.set_count < 16 && variant.without_count < 16 && (line = strsep(&rest, "\n")) != NULL;)
        if (line[0] == '-')
            without[variant.without_count++] = line + 1;
        else
            sets[variant.set_count++] = line;
    faults_init(&faults, arena);
    int status = match_variant_apply(fixed_message(), &variant, arena, &faults, &changed);
    fuzz_require(status == STATUS_OK || (status == STATUS_INVALID && faults.errors > 0));
    if (status == STATUS_OK)
        match_load(changed, arena, &faults, &market);
    free(text);
}

/* A small market whose every figure the input chooses, the edges of the limits among them. */
static void run_plan(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena();
    struct fuzz_bytes bytes = {data, size};
    struct faults faults;
    struct match_market *market = NULL;
    struct match_plan *plan = NULL, *again = NULL;
    Muster__Plan *message = NULL;
    const char *fault = NULL;
    int64_t best = 0;
    uint32_t valid = 0;
    (void)target;
    faults_init(&faults, arena);
    if (match_load(make_market(&bytes, arena), arena, &faults, &market) != STATUS_OK) {
        fuzz_require(faults.errors > 0);
        return;
    }
    fuzz_require(match_plan(market, NULL, arena, &plan) == STATUS_OK && match_reasons_plan(market, arena, plan) == STATUS_OK);
    fuzz_require(match_verify_plan(market, plan, arena, &fault) == STATUS_OK);
    fuzz_require(plan->objective >= 0 && plan->bound >= plan->objective);
    fuzz_require(match_settle_plan(market, plan, true, 1, arena) == STATUS_OK);
    fuzz_require(match_message_pack(market, plan, arena, &message) == STATUS_OK && match_message_unpack(market, message, arena, &again) == STATUS_OK);
    fuzz_require(match_verify_plan(market, again, arena, &fault) == STATUS_OK && again->objective == plan->objective);
    if (oracle_best(market, BRUTE_PLANS, &best, &valid))
        fuzz_require(plan->bound >= best && plan->objective <= best);
}

static const struct fuzz_target targets[] = {
    {"market", run_market, 1024, seed_market, NULL, 8},
    {"market-load", run_market_load, 1024, seed_market, NULL, 4},
    {"plan-message", run_plan_message, 1024, seed_plan_message, NULL, 4},
    {"planner", run_planner, 1024, seed_planner, NULL, 16},
    {"variant", run_variant, 128, NULL, NULL, 4},
    {"plan", run_plan, 128, NULL, NULL, 16},
};

const struct fuzz_group fuzz_group_market = {"market", targets, sizeof targets / sizeof targets[0]};
