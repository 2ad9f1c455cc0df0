/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/bundle.h"

#include <math.h>
#include <string.h>

#include "proto/status.h"

#define ANSWERS_OFFER 12  /* room for answers: an offer, a lump */
#define ANSWERS_LUMP 6
#define PARTS 24          /* room for parts: a line, and a quarter of an offer's */
#define SWEEPS 4          /* over all blocks, a solution */
#define SWEEPS_MOST 24    /* as long as the mixtures are too far off to say anything */
#define CLOSE 0.15         /* of what the prices promise: how far the mixtures may be from the best */
#define WHOLE 10           /* sweeps between two that look at all answers */
#define BONUS_WEIGHT 100   /* against that of lines: the price of too few offers follows theirs slowly */
#define BONUS_MOST 0x1p62
#define LITTLE 1e-8       /* of the bound: the same */

enum dimension_kind { DIMENSION_FREE, DIMENSION_POSITIVE, DIMENSION_FIXED };

int match_bundle_init(const struct match_model *model, const struct match_ties *ties, struct arena *arena, struct match_bundle *bundle)
{
    uint32_t lines = model->line_count, dimensions = lines + ties->count + 1, offers = model->lot->offer_count;
    *bundle = (struct match_bundle){.model = model, .lines = lines, .ties = ties->count, .dimensions = dimensions, .offers = offers,
                                    .blocks = offers + model->lump_count};
    bundle->answer_most = bundle->blocks + ANSWERS_OFFER * offers + ANSWERS_LUMP * model->lump_count + 16;
    bundle->part_most = PARTS * (lines + 4 * offers) + 64;
    bundle->answers = arena_array(arena, bundle->answer_most, sizeof *bundle->answers);
    bundle->parts = arena_raw(arena, bundle->part_most, sizeof *bundle->parts);
    bundle->head = arena_array(arena, bundle->blocks, sizeof *bundle->head);
    bundle->near = arena_array(arena, bundle->blocks, sizeof *bundle->near);
    bundle->weight = arena_array(arena, dimensions, sizeof *bundle->weight);
    bundle->step = arena_array(arena, dimensions, sizeof *bundle->step);
    bundle->least = arena_array(arena, dimensions, sizeof *bundle->least);
    bundle->base = arena_array(arena, dimensions, sizeof *bundle->base);
    bundle->sum = arena_array(arena, dimensions, sizeof *bundle->sum);
    bundle->center = arena_array(arena, dimensions, sizeof *bundle->center);
    bundle->price = arena_array(arena, dimensions, sizeof *bundle->price);
    bundle->change = arena_array(arena, dimensions, sizeof *bundle->change);
    bundle->touched = arena_array(arena, dimensions, sizeof *bundle->touched);
    bundle->kind = arena_array(arena, dimensions, 1);
    bundle->charge = arena_array(arena, (size_t)model->choice_count * ties->count, sizeof *bundle->charge);
    bundle->rows = arena_array(arena, ties->count, sizeof *bundle->rows);
    if (!bundle->answers || !bundle->parts || !bundle->head || !bundle->near || !bundle->weight || !bundle->step || !bundle->least || !bundle->base || !bundle->sum || !bundle->center ||
        !bundle->price || !bundle->change || !bundle->touched || !bundle->kind || !bundle->charge || !bundle->rows) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t b = 0; b < bundle->blocks; b++) {
        bundle->answers[b] = (struct match_answer){.block = b, .choice = MATCH_NONE, .next = MATCH_NONE, .share = 1};
        bundle->head[b] = b;
    }
    bundle->answer_count = bundle->blocks;
    double cent = (double)(INT64_C(1) << model->shift), units = 1;
    for (uint32_t l = 0; l < lines; l++) {
        units += (double)model->quantity[l];
        bundle->weight[l] = (double)model->quantity[l];
        bundle->kind[l] = model->lump_of[l] == MATCH_NONE ? DIMENSION_POSITIVE : DIMENSION_FREE;
        bundle->base[l] = model->lump_of[l] == MATCH_NONE ? (double)model->quantity[l] : 0;
    }
    bundle->weight[dimensions - 1] = BONUS_WEIGHT * (double)model->offers_least * (double)model->offers_least / units; /* an offer moves as many units */
    for (uint32_t t = 0; t < ties->count; t++) {
        const struct match_tie *tie = &ties->ties[t];
        bundle->weight[lines + t] = tie->scale * tie->unit * cent * cent;
        for (uint32_t c = 0; c < model->choice_count && tie->kind != MATCH_TIE_FUND; c++) {
            bundle->charge[(size_t)c * ties->count + t] = cent * (double)match_tie_weight(ties, tie, &model->choices[c], 0, 0);
        }
    }
    return STATUS_OK;
}

static bool lump_keeps(const struct match_bundle *bundle, const struct match_limits *limits, const struct match_answer *answer)
{
    enum match_lump_state state = (enum match_lump_state)limits->lump_state[answer->block - bundle->offers];
    return answer->choice == MATCH_NONE ? state != MATCH_LUMP_IN : state != MATCH_LUMP_OUT;
}

/* Whether what an offer answers keeps the limits. */
static bool offer_keeps(const struct match_bundle *bundle, const struct match_limits *limits, const struct match_answer *answer)
{
    const struct match_model *model = bundle->model;
    uint32_t offer = answer->block;
    if (answer->choice == MATCH_NONE) {
        return !limits->forced[offer];
    }
    if (limits->barred[answer->choice]) {
        return false;
    }
    for (uint32_t n = 0; n < answer->count; n++) {
        uint32_t line = bundle->parts[answer->first + n].dimension, lump = line < bundle->lines ? model->lump_of[line] : MATCH_NONE;
        if (lump != MATCH_NONE &&
            (limits->lump_state[lump] == MATCH_LUMP_OUT || (limits->only[lump] != MATCH_NONE && limits->only[lump] != offer) ||
             limits->pair_barred[(size_t)lump * bundle->offers + offer])) {
            return false;
        }
    }
    return true;
}

void match_bundle_begin(struct match_bundle *bundle, const struct match_limits *limits, const struct match_ties *ties)
{
    for (uint32_t t = 0; t < ties->count; t++) {
        const struct match_tie *tie = &ties->ties[t];
        bundle->kind[bundle->lines + t] = tie->held ? DIMENSION_FIXED : DIMENSION_POSITIVE;
        bundle->base[bundle->lines + t] = tie->outside ? 0 : (double)tie->right * (double)(INT64_C(1) << ties->model->shift);
    }
    bundle->kind[bundle->dimensions - 1] = bundle->model->offers_least > 1 ? DIMENSION_POSITIVE : DIMENSION_FIXED;
    bundle->base[bundle->dimensions - 1] = -(double)bundle->model->offers_least;
    for (uint32_t n = 0; n < bundle->answer_count; n++) {
        struct match_answer *answer = &bundle->answers[n];
        answer->allowed = !limits || (answer->block < bundle->offers ? offer_keeps(bundle, limits, answer)
                                                                     : lump_keeps(bundle, limits, answer));
        answer->share = answer->allowed ? answer->share : 0;
    }
}

/* Drops answers without a share, the oldest first, until a third of the room is free; the order of the others stays. */
static void make_room(struct match_bundle *bundle)
{
    uint32_t span = bundle->now, keep = 0, parts = 0;
    for (uint32_t age = 1; age <= span; age *= 2) { /* the greatest age that leaves enough room */
        uint32_t count = 0, held = 0;
        for (uint32_t n = bundle->blocks; n < bundle->answer_count; n++) {
            bool kept = bundle->answers[n].share > 0 || bundle->answers[n].last + age >= bundle->now;
            count += kept;
            held += kept ? bundle->answers[n].count : 0;
        }
        if (count > (bundle->answer_most - bundle->blocks) / 3 * 2 || held > bundle->part_most / 3 * 2) {
            break;
        }
        keep = age;
    }
    for (uint32_t b = 0; b < bundle->blocks; b++) {
        bundle->head[b] = b;
        bundle->answers[b].next = MATCH_NONE;
    }
    uint32_t count = bundle->blocks;
    for (uint32_t n = bundle->blocks; n < bundle->answer_count; n++) {
        struct match_answer answer = bundle->answers[n];
        if (answer.share <= 0 && answer.last + keep < bundle->now) {
            continue;
        }
        memmove(bundle->parts + parts, bundle->parts + answer.first, answer.count * sizeof *bundle->parts);
        answer.first = parts;
        parts += answer.count;
        answer.next = bundle->head[answer.block];
        bundle->head[answer.block] = count;
        bundle->answers[count++] = answer;
    }
    bundle->answer_count = count;
    bundle->part_count = parts;
}

/* Room for an answer of a block with so many parts, or NULL where it can't be had. */
static struct match_answer *open_answer(struct match_bundle *bundle, uint32_t parts)
{
    if (bundle->answer_count == bundle->answer_most || bundle->part_count + parts > bundle->part_most) {
        make_room(bundle);
    }
    return bundle->answer_count < bundle->answer_most && bundle->part_count + parts <= bundle->part_most
               ? &bundle->answers[bundle->answer_count] : NULL;
}

static double worth_at(const struct match_bundle *bundle, const struct match_answer *answer, const double *price)
{
    const struct match_part_answer *parts = bundle->parts + answer->first;
    double worth = answer->constant, other = 0;
    uint32_t n = 0, count = answer->count;
    for (; n + 1 < count; n += 2) { /* two sums: one need not wait for the other */
        worth += parts[n].amount * price[parts[n].dimension];
        other += parts[n + 1].amount * price[parts[n + 1].dimension];
    }
    if (n < count) {
        other += parts[n].amount * price[parts[n].dimension];
    }
    return worth + other;
}

/* What share rules charge the units of an answer. */
static double charge_of(const struct match_bundle *bundle, const struct match_answer *answer, const double *price)
{
    uint32_t ties = bundle->ties;
    double charge = 0;
    for (uint32_t n = 0; n < bundle->row_count && answer->units > 0; n++) {
        uint32_t t = bundle->rows[n];
        charge += bundle->charge[(size_t)answer->choice * ties + t] * price[bundle->lines + t];
    }
    return charge * answer->units;
}

static bool same_parts(const struct match_bundle *bundle, const struct match_answer *a, const struct match_answer *b)
{
    if (a->choice != b->choice || a->count != b->count) {
        return false;
    }
    for (uint32_t n = 0; n < a->count; n++) {
        const struct match_part_answer *x = &bundle->parts[a->first + n], *y = &bundle->parts[b->first + n];
        if (x->dimension != y->dimension || x->amount < y->amount || x->amount > y->amount) {
            return false;
        }
    }
    return true;
}

/* Takes in the answer that was just written behind the last one, unless its block knows it. Returns the answer to go by. */
static const struct match_answer *close_answer(struct match_bundle *bundle, struct match_answer *answer)
{
    for (uint32_t n = bundle->head[answer->block]; n != MATCH_NONE; n = bundle->answers[n].next) {
        if (same_parts(bundle, answer, &bundle->answers[n])) {
            bundle->answers[n].last = bundle->now;
            bundle->answers[n].allowed = true;
            return &bundle->answers[n];
        }
    }
    answer->next = bundle->head[answer->block];
    answer->last = bundle->now;
    answer->allowed = true;
    bundle->head[answer->block] = bundle->answer_count++;
    bundle->part_count += answer->count;
    return answer;
}

static void add_part(struct match_bundle *bundle, struct match_answer *answer, uint32_t dimension, double amount)
{
    bundle->parts[answer->first + answer->count++] = (struct match_part_answer){dimension, amount};
}

/* What a fund pays for an answer, times cents. */
static double fund_pays(const struct match_model *model, const struct match_use *uses, uint32_t count, uint32_t choice, uint32_t fund)
{
    const struct match_choice *of = &model->choices[choice];
    double sum = 0;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t group = model->first_group[of->offer] + match_model_group(model, of->offer, model->class_of[uses[n].line]);
        if (model->group_fund[group] == fund) {
            sum += (double)(of->unit_price + model->group_freight[group]) * (double)uses[n].quantity;
        }
    }
    return sum * (double)(INT64_C(1) << model->shift);
}

/* What an offer answered, with its worth at the center. */
static double add_offer(struct match_bundle *bundle, const struct match_ties *ties, const struct match_dual *dual, uint32_t offer)
{
    uint32_t choice = dual->best[offer], count = dual->use_first[offer + 1] - dual->use_first[offer];
    const struct match_use *uses = dual->uses + dual->use_first[offer];
    if (choice == MATCH_NONE) {
        bundle->answers[offer].last = bundle->now;
        return 0;
    }
    struct match_answer *answer = open_answer(bundle, count + ties->count + 1);
    if (!answer || !count) {
        return 0;
    }
    *answer = (struct match_answer){.block = offer, .choice = choice, .first = bundle->part_count, .constant = (double)(dual->net[choice] - dual->bonus)};
    for (uint32_t n = 0; n < count; n++) {
        answer->constant += (double)uses[n].quantity * (double)dual->price[uses[n].line];
        answer->units += (double)uses[n].quantity;
        add_part(bundle, answer, uses[n].line, -(double)uses[n].quantity);
    }
    for (uint32_t t = 0; t < ties->count; t++) {
        const struct match_tie *tie = &ties->ties[t];
        double multiplier = (double)tie->multiplier / (double)(INT64_C(1) << MATCH_FUND_BITS);
        double sum = tie->kind == MATCH_TIE_FUND ? fund_pays(ties->model, uses, count, choice, tie->index)
                                                 : answer->units * bundle->charge[(size_t)choice * ties->count + t];
        answer->constant += sum * multiplier;
        if (tie->kind == MATCH_TIE_FUND && sum > 0) {
            add_part(bundle, answer, bundle->lines + t, -sum);
        }
    }
    if (bundle->model->offers_least) {
        add_part(bundle, answer, bundle->dimensions - 1, 1);
    }
    const struct match_answer *known = close_answer(bundle, answer);
    return worth_at(bundle, known, bundle->center) - charge_of(bundle, known, bundle->center);
}

static double add_lump(struct match_bundle *bundle, const struct match_dual *dual, uint32_t lump)
{
    const struct match_lump *of = &bundle->model->lumps[lump];
    uint32_t block = bundle->offers + lump;
    struct match_answer *answer = open_answer(bundle, of->line_count);
    if (!answer) {
        return 0;
    }
    *answer = (struct match_answer){.block = block, .first = bundle->part_count};
    for (uint32_t l = of->first_line; l < of->first_line + of->line_count; l++) {
        if (dual->wanted[l]) {
            add_part(bundle, answer, l, (double)dual->wanted[l]);
        }
    }
    if (!answer->count) {
        bundle->answers[block].last = bundle->now;
        return 0;
    }
    return worth_at(bundle, close_answer(bundle, answer), bundle->center);
}

double match_bundle_add(struct match_bundle *bundle, const struct match_ties *ties, const struct match_dual *dual)
{
    double height = 0;
    bundle->now++;
    for (uint32_t o = 0; o < bundle->offers; o++) {
        height += add_offer(bundle, ties, dual, o);
    }
    for (uint32_t d = 0; d < bundle->model->lump_count; d++) {
        height += add_lump(bundle, dual, d);
    }
    for (uint32_t l = 0; l < bundle->lines; l++) {
        height += bundle->kind[l] == DIMENSION_POSITIVE ? (double)dual->wanted[l] * bundle->center[l] : 0;
    }
    for (uint32_t t = bundle->lines; t < bundle->dimensions; t++) {
        height += bundle->base[t] * bundle->center[t];
    }
    return height;
}

void match_bundle_center(struct match_bundle *bundle, const struct match_ties *ties, const struct match_dual *dual)
{
    for (uint32_t l = 0; l < bundle->lines; l++) {
        bundle->center[l] = (double)dual->price[l];
    }
    for (uint32_t t = 0; t < ties->count; t++) {
        bundle->center[bundle->lines + t] = (double)ties->ties[t].multiplier / (double)(INT64_C(1) << MATCH_FUND_BITS);
    }
    bundle->center[bundle->dimensions - 1] = (double)dual->bonus;
}

/* The price that goes with what mixtures want and serve. */
static void set_price(struct match_bundle *bundle, uint32_t d)
{
    double price = bundle->center[d] - bundle->step[d] * bundle->sum[d];
    bundle->price[d] = price < bundle->least[d] ? bundle->least[d] : price;
}

/* How far a unit moves each price, and how low each may go. */
static void set_steps(struct match_bundle *bundle, double factor)
{
    for (uint32_t d = 0; d < bundle->dimensions; d++) {
        bundle->step[d] = bundle->kind[d] == DIMENSION_FIXED ? 0 : factor / bundle->weight[d];
        bundle->least[d] = bundle->kind[d] == DIMENSION_POSITIVE ? 0 : -HUGE_VAL;
    }
}

/* Adds an answer's amounts to the change at hand. */
static uint32_t add_change(struct match_bundle *bundle, const struct match_answer *answer, double sign, uint32_t count)
{
    const struct match_part_answer *parts = bundle->parts + answer->first;
    for (uint32_t n = 0; n < answer->count; n++) {
        uint32_t d = parts[n].dimension;
        if (!(bundle->change[d] < 0 || bundle->change[d] > 0)) {
            bundle->touched[count++] = d;
        }
        bundle->change[d] += sign * parts[n].amount;
    }
    return count;
}

/* Moves share from one answer of a block to another as far as that pays, and prices with it. */
static void exchange(struct match_bundle *bundle, struct match_answer *from, struct match_answer *to)
{
    uint32_t count = add_change(bundle, to, 1, 0);
    count = add_change(bundle, from, -1, count);
    double bend = 0;
    for (uint32_t n = 0; n < bundle->row_count && (to->units > 0 || from->units > 0); n++) {
        uint32_t t = bundle->rows[n], ties = bundle->ties, d = bundle->lines + t;
        bundle->touched[count++] = d;
        bundle->change[d] = (from->units > 0 ? from->units * bundle->charge[(size_t)from->choice * ties + t] : 0) -
                            (to->units > 0 ? to->units * bundle->charge[(size_t)to->choice * ties + t] : 0);
    }
    for (uint32_t n = 0; n < count; n++) {
        uint32_t d = bundle->touched[n];
        bend += bundle->change[d] * bundle->change[d] * bundle->step[d];
    }
    double move = bend > 0 ? (to->worth - from->worth) / bend : from->share;
    bool all = move >= from->share;
    move = all ? from->share : move;
    to->share += move;
    from->share = all ? 0 : from->share - move;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t d = bundle->touched[n];
        bundle->sum[d] += move * bundle->change[d];
        bundle->change[d] = 0;
        set_price(bundle, d);
    }
}

/* Notes the answers of a block that have a share or come near: those worth at least so much. */
static void note_near(struct match_bundle *bundle, uint32_t block, double least)
{
    uint32_t *place = &bundle->near[block];
    for (uint32_t n = bundle->head[block]; n != MATCH_NONE; n = bundle->answers[n].next) {
        struct match_answer *answer = &bundle->answers[n];
        if (answer->allowed && (answer->share > 0 || answer->worth >= least)) {
            *place = n;
            place = &answer->next_near;
        }
    }
    *place = MATCH_NONE;
}

/*
 * Improves a block's mixture; returns how far it was from the best, in worth; *most gets the block's worth. whole: looks at all its answers, and
 * notes those near; else only at these.
 */
static double improve_block(struct match_bundle *bundle, uint32_t block, bool whole, double *most)
{
    struct match_answer *to = NULL, *from = NULL;
    double mixed = 0;
    for (uint32_t n = whole ? bundle->head[block] : bundle->near[block], next; n != MATCH_NONE; n = next) {
        struct match_answer *answer = &bundle->answers[n];
        next = whole ? answer->next : answer->next_near;
        if (!answer->allowed) {
            continue;
        }
        answer->worth = worth_at(bundle, answer, bundle->price) - charge_of(bundle, answer, bundle->price);
        to = !to || answer->worth > to->worth ? answer : to;
        if (answer->share > 0) {
            from = !from || answer->worth < from->worth ? answer : from;
            mixed += answer->share * answer->worth;
        }
    }
    *most = to ? to->worth : 0;
    if (whole && to && from) {
        note_near(bundle, block, to != from ? from->worth - (to->worth - from->worth) : INFINITY);
    } else if (whole) {
        bundle->near[block] = MATCH_NONE;
    }
    if (to && from && to->worth > from->worth) {
        exchange(bundle, from, to);
    }
    return *most - mixed;
}

/* Each block's shares make one, and the sums are theirs. */
static void add_up(struct match_bundle *bundle)
{
    uint32_t ties = bundle->ties;
    memcpy(bundle->sum, bundle->base, bundle->dimensions * sizeof *bundle->sum);
    for (uint32_t b = 0; b < bundle->blocks; b++) {
        double sum = 0;
        struct match_answer *latest = NULL;
        for (uint32_t n = bundle->head[b]; n != MATCH_NONE; n = bundle->answers[n].next) {
            struct match_answer *answer = &bundle->answers[n];
            sum += answer->share;
            latest = answer->allowed && (!latest || answer->last > latest->last) ? answer : latest;
        }
        for (uint32_t n = bundle->head[b]; n != MATCH_NONE; n = bundle->answers[n].next) {
            struct match_answer *answer = &bundle->answers[n];
            answer->share = sum > 1e-9 ? answer->share / sum : answer == latest;
            const struct match_part_answer *parts = bundle->parts + answer->first;
            for (uint32_t k = 0; k < answer->count && answer->share > 0; k++) {
                bundle->sum[parts[k].dimension] += answer->share * parts[k].amount;
            }
            for (uint32_t t = 0; t < ties && answer->share > 0 && answer->units > 0; t++) {
                bundle->sum[bundle->lines + t] -= answer->share * answer->units * bundle->charge[(size_t)answer->choice * ties + t];
            }
        }
    }
    for (uint32_t d = 0; d < bundle->dimensions; d++) {
        set_price(bundle, d);
    }
}

static void take_prices(const struct match_bundle *bundle, struct match_ties *ties, struct match_dual *dual)
{
    const struct match_model *model = bundle->model;
    for (uint32_t l = 0; l < bundle->lines; l++) {
        double price = bundle->price[l], most = (double)model->value[l], least = bundle->kind[l] == DIMENSION_FREE ? -most : 0;
        dual->price[l] = (int64_t)(price > most ? most : price < least ? least : price);
    }
    double bonus = bundle->price[bundle->dimensions - 1];
    dual->bonus = bundle->model->offers_least > 1 ? (int64_t)(bonus < BONUS_MOST ? bonus : BONUS_MOST) : 0;
    bool moved = false;
    for (uint32_t t = 0; t < ties->count; t++) {
        double multiplier = bundle->price[bundle->lines + t] * (double)(INT64_C(1) << MATCH_FUND_BITS);
        multiplier = multiplier > (double)MATCH_FUND_PRICE_MOST ? (double)MATCH_FUND_PRICE_MOST : multiplier;
        if (bundle->kind[bundle->lines + t] != DIMENSION_FIXED && ties->ties[t].multiplier != (int64_t)multiplier) {
            ties->ties[t].multiplier = (int64_t)multiplier;
            moved = true;
        }
    }
    if (moved) {
        match_ties_apply(ties);
    }
}

double match_bundle_solve(struct match_bundle *bundle, double factor, double best, struct match_ties *ties, struct match_dual *dual)
{
    double height = 0;
    set_steps(bundle, factor);
    add_up(bundle);
    bundle->row_count = 0;
    for (uint32_t d = bundle->lines; d < bundle->lines + bundle->ties; d++) {
        if (ties->ties[d - bundle->lines].kind != MATCH_TIE_FUND && (bundle->center[d] > 0 || bundle->price[d] > 0)) {
            bundle->rows[bundle->row_count++] = d - bundle->lines;
        }
    }
    bool whole = true;
    for (int sweep = 0; sweep < SWEEPS_MOST; sweep++) {
        double gap = 0;
        height = 0;
        for (uint32_t b = 0; b < bundle->blocks; b++) {
            double most;
            gap += improve_block(bundle, b, whole, &most);
            height += most;
        }
        for (uint32_t d = 0; d < bundle->dimensions; d++) {
            height += bundle->base[d] * bundle->price[d];
        }
        double promise = best - height;
        bool close = gap <= CLOSE * promise || gap <= LITTLE * best || (sweep >= SWEEPS && promise > gap);
        if (close && whole) {
            break;
        }
        whole = close || sweep % WHOLE == WHOLE - 1;
    }
    for (uint32_t n = 0; n < bundle->answer_count; n++) {
        bundle->answers[n].last = bundle->answers[n].share > 0 ? bundle->now : bundle->answers[n].last;
    }
    take_prices(bundle, ties, dual);
    return height;
}
