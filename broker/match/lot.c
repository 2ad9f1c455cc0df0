/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/lot.h"

#include <string.h>

#include "broker/match/branch.h"
#include "broker/match/control.h"
#include "broker/match/dive.h"
#include "broker/match/exact.h"
#include "broker/match/finish.h"
#include "broker/match/moves.h"
#include "broker/match/node.h"
#include "broker/match/proof.h"
#include "broker/match/screen.h"
#include "broker/match/tie_search.h"
#include "proto/status.h"

#define COLD_STEPS 20      /* of prices before the first plan */
#define TIED_STEPS 50      /* the same where rows tie awards: a plan made under them takes longer than better prices */
#define FIRST_STEPS 30     /* from the first plan's prices on */
#define WARM_STEPS 15
#define LATE_STEPS 250     /* where the gap is still wide after all: prices, and more so multipliers, may not have settled */
#define MIXES 8
#define MILLION 1000000
#define WIDE 1000          /* millionths of the bound: so wide a gap is worth more dives, steps and a larger tree */
#define TRIES 400
#define SOLVES 40          /* sets of choices judged under rows that tie awards, at most */
#define SOLVES_LEAST 6
#define SOLVES_LINES 6000  /* of them times lines */

/* The best prices on the way from the plan's to those of the search before: the bound is convex. Both kinds lie at the edge of what is best. */
static void mix_prices(struct match_search *search)
{
    const struct match_model *model = &search->model;
    struct match_dual *dual = &search->dual, *probe = &search->probe;
    __int128 best = MATCH_NET_NEVER;
    int kept = 0;
    match_screen_relaxed_prices(search, &search->flow, probe->price);
    memcpy(search->mixed, dual->price, model->line_count * sizeof *search->mixed);
    memcpy(search->plan_price, probe->price, model->line_count * sizeof *search->plan_price);
    for (int part = 0; part <= MIXES; part++) {
        for (uint32_t l = 0; l < model->line_count; l++) {
            probe->price[l] = (int64_t)(((__int128)search->plan_price[l] * (MIXES - part) + (__int128)search->mixed[l] * part) / MIXES);
        }
        probe->bonus = dual->bonus;
        match_dual_evaluate(&search->walk, &search->limits, probe);
        probe->bonus = 0;
        if (best == MATCH_NET_NEVER || probe->bound < best) {
            best = probe->bound;
            kept = part;
        } else {
            break;
        }
    }
    for (uint32_t l = 0; l < model->line_count; l++) {
        dual->price[l] = (int64_t)(((__int128)search->plan_price[l] * (MIXES - kept) + (__int128)search->mixed[l] * kept) / MIXES);
    }
}

void match_lot_warm(struct match_search *search, uint32_t steps)
{
    uint64_t since = match_control_time(search->control);
    mix_prices(search);
    match_ascent_run(&search->walk, &search->limits, &search->ties, search->worth + match_ties_constant(&search->ties), steps,
                     &search->dual, &search->ascent);
    if (search->joint) {
        search->joint_bound = search->dual.bound;
    } else {
        match_search_bound(search, search->dual.bound);
    }
    match_node_fix(search, &search->strict, match_branch_cutoff(search));
    match_control_count(search->control, MATCH_PASS_PRICES, since, steps, 0);
}

void match_lot_prices(struct match_search *search, uint32_t steps)
{
    uint64_t since = match_control_time(search->control);
    match_prices_guess(&search->model, search->guess, search->dual.price);
    match_ascent_run(&search->walk, &search->limits, &search->ties, MATCH_NET_NEVER, steps, &search->dual, &search->ascent);
    match_control_count(search->control, MATCH_PASS_PRICES, since, steps, 0);
}

static void screen(struct match_search *search, uint32_t tries)
{
    uint64_t since = match_control_time(search->control), tried = search->tries, succeeded = search->successes;
    match_screen_improve(search, tries);
    match_control_count(search->control, MATCH_PASS_SCREEN, since, search->tries - tried, search->successes - succeeded);
}

/* Sets judged under rows that tie awards: fewer in larger lots, where each takes longer. */
static uint32_t solves_for(const struct match_search *search)
{
    uint32_t solves = SOLVES_LINES / (search->model.line_count + 1);
    return solves > SOLVES ? SOLVES : solves < SOLVES_LEAST ? SOLVES_LEAST : solves;
}

/* Whether a fund's money ties awards: sets of choices are then best judged by mixes of flows under its row. */
static bool is_funded(const struct match_search *search)
{
    return search->tied && search->repair.fund_count;
}

/*
 * Where rows tie awards the plan's choices are then judged under them. last: no pass comes after it; only then are choices judged under rows
 * that tie them, which leaves a flow at multipliers of its own. Under a fund that is all, where there is a plan to go by.
 */
static int finish(struct match_search *search, bool last)
{
    if (search->joint) {
        return STATUS_OK; /* the ledger says later how much money there is */
    }
    uint64_t since = match_control_time(search->control);
    int status = last && is_funded(search) && search->best.award_count ? STATUS_OK : match_finish_keep(search, true);
    if (!status && search->tied && last) {
        status = match_tie_improve(search, TRIES, solves_for(search));
    }
    match_control_count(search->control, MATCH_PASS_FINISH, since, 1, search->best.award_count > 0);
    return status;
}

/* Dives from the prices at hand, and takes the plan where it is better; prices and multipliers are then as they were. */
static int dive(struct match_search *search, struct match_dive *dive, float trust, uint32_t tries)
{
    const struct match_model *model = &search->model;
    uint64_t since = match_control_time(search->control);
    memcpy(search->mixed, search->dual.price, model->line_count * sizeof *search->mixed);
    for (uint32_t t = 0; t < search->ties.count; t++) {
        search->multipliers[t] = search->ties.ties[t].multiplier;
    }
    bool found = match_dive_run(search, dive, trust);
    int status = STATUS_OK;
    if (found && (!search->best.award_count || match_flow_worth(&search->trial) > search->worth)) {
        match_flow_copy(&search->flow, &search->trial);
        search->worth = match_flow_worth(&search->flow);
        screen(search, tries);
        status = search->joint ? STATUS_OK : match_finish_keep(search, true);
    }
    memcpy(search->dual.price, search->mixed, model->line_count * sizeof *search->mixed);
    for (uint32_t t = 0; t < search->ties.count; t++) {
        search->ties.ties[t].multiplier = search->multipliers[t];
    }
    match_ties_apply(&search->ties);
    match_dual_evaluate(&search->walk, &search->limits, &search->dual);
    search->dual.bound += match_ties_constant(&search->ties);
    match_control_count(search->control, MATCH_PASS_FIRST, since, 1, found);
    return status;
}

/* Whether no plan can be better by more than so many millionths of the bound. */
static bool is_within(const struct match_search *search, uint32_t millionths)
{
    __int128 left = search->best.bound - search->best.objective;
    return !search->joint && left <= (__int128)search->best.bound * millionths / MILLION;
}

/* Whether no plan can be better by what is worth the search for it; to prove, by anything. */
static bool done(const struct match_search *search)
{
    return is_within(search, search->enough);
}

int match_lot_improve(struct match_search *search, uint32_t tries, uint32_t steps)
{
    struct match_dive way;
    int status = match_dive_init(&search->model, &search->ties, search->arena, &way);
    if (status || (status = dive(search, &way, 0, 0))) {
        return status;
    }
    if (!search->best.award_count) {
        match_first_plan(search);
        if ((status = finish(search, false))) {
            return status;
        }
    }
    match_lot_warm(search, steps);
    if (match_ties_free(&search->ties)) {
        match_moves_rebuild(search); /* the multipliers have moved */
    }
    screen(search, tries);
    status = finish(search, true);
    if (!status && search->tied && !search->joint && !search->best.award_count) {
        status = match_tie_seed(search, TRIES);
    }
    if (!status) {
        match_lot_warm(search, steps);
    }
    static const float trusts[] = {0.0F, 0.35F, 0.7F}; /* the first from the new prices alone, the others near the plan */
    bool worth_it = !is_funded(search); /* under a fund what a dive finds was never better than what is judged there */
    for (size_t n = 0; !status && worth_it && n < sizeof trusts / sizeof *trusts && !is_within(search, WIDE); n++) {
        status = dive(search, &way, trusts[n], tries);
    }
    return status;
}

/* A lot that draws on money with others has the nodes that were given out to it; under a fund a larger tree hardly lowers the bound. */
int match_lot_branch(struct match_search *search)
{
    uint64_t since = match_control_time(search->control), before = search->nodes_done;
    search->nodes = search->joint || is_funded(search) || is_within(search, WIDE) ? search->nodes : search->wide_nodes;
    int status = !done(search) && match_exact_fits(search) ? match_exact_run(search) : STATUS_OK;
    bool proof = match_proof_fits(search);
    if (!status && !done(search) && (proof || !search->exact_nodes)) { /* what the exact program left open the tree of branch.h does not close */
        status = proof ? match_proof_run(search) : match_branch_run(search);
    }
    match_control_count(search->control, MATCH_PASS_BRANCH, since, search->nodes_done - before + search->exact_nodes, 0);
    return status == STATUS_NO_MEMORY ? STATUS_OK : status; /* the tree stops where it has grown too large: plan and bound stand as they were */
}

/*
 * A plan early on: its prices lie nearer to the best ones than many steps from a guess get, and what they screen out the dives need not
 * look at.
 */
static int start(struct match_search *search)
{
    match_first_plan(search);
    int status = finish(search, false);
    if (!status) {
        match_lot_warm(search, FIRST_STEPS);
    }
    return status;
}

int match_lot_search(struct match_search *search)
{
    match_lot_prices(search, search->tied ? TIED_STEPS : COLD_STEPS);
    match_search_bound(search, search->dual.bound);
    if (match_control_asks(search->control)) {
        match_first_plan(search);
        return match_finish_keep(search, false);
    }
    int status = search->tied ? STATUS_OK : start(search);
    if (!status && !done(search)) {
        status = match_lot_improve(search, TRIES, WARM_STEPS);
    }
    if (!status && !is_within(search, WIDE)) {
        match_lot_warm(search, LATE_STEPS);
    }
    return status ? status : match_lot_branch(search);
}
