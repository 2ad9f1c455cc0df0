/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/proof_master.h"

#include <math.h>
#include <string.h>

#include "proto/status.h"

#define FORBID 8.0        /* cost of a unit of what is forbidden, in the lot's bound */
#define COLUMNS_ROW 24    /* room for answers, a row */
#define COLUMNS_LEAST 800
#define PARTS 14          /* room for entries, an answer */
#define GAIN_LEAST 1e-9
#define LIKELY 1e-2       /* of the lot's bound: answers that gain less than minus this go first when room is made */
#define UNLIKELY 1e-12
#define NEARLY_ONE 1e-3
#define COVER_MOST (INT64_C(1) << 44) /* of a cover's multiplier: 16 cents a cent of headroom */
#define TIE_SCALE 0.02    /* of a tie's size: what its row is measured in */

static bool in_part(const struct match_lump *lump)
{
    return lump->single && lump->least > 1 && lump->least < lump->total;
}

uint32_t match_proof_rows(const struct match_model *model, uint32_t ties)
{
    uint32_t rows = model->lot->offer_count + ties + MATCH_PROOF_CUTS;
    for (uint32_t l = 0; l < model->line_count; l++) {
        rows += model->lump_of[l] == MATCH_NONE || !model->lumps[model->lump_of[l]].single;
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        rows += model->lumps[d].single && !in_part(&model->lumps[d]) ? 1 : 2;
    }
    return rows;
}

static int make_rows(struct match_proof_master *master, struct arena *arena)
{
    const struct match_model *model = master->model;
    const struct match_ties *ties = master->dual->ties;
    struct match_simplex *simplex = &master->simplex;
    uint32_t lumps = model->lump_count, offers = model->lot->offer_count;
    master->line_row = arena_array(arena, model->line_count, sizeof(uint32_t));
    master->entry_row = arena_array(arena, lumps, sizeof(uint32_t));
    master->bonus_row = arena_array(arena, lumps, sizeof(uint32_t));
    master->least_row = arena_array(arena, lumps, sizeof(uint32_t));
    master->in_row = arena_array(arena, lumps, sizeof(uint32_t));
    master->offer_row = arena_array(arena, offers, sizeof(uint32_t));
    master->tie_row = arena_array(arena, ties->count, sizeof(uint32_t));
    master->tie_scale = arena_array(arena, ties->count, sizeof(double));
    if (!master->line_row || !master->entry_row || !master->bonus_row || !master->least_row || !master->in_row || !master->offer_row ||
        !master->tie_row || !master->tie_scale) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t l = 0; l < model->line_count; l++) {
        uint32_t lump = model->lump_of[l];
        master->line_row[l] = lump != MATCH_NONE && model->lumps[lump].single ? MATCH_NONE
                                                                              : match_simplex_row(simplex, lump == MATCH_NONE ? 1.0 : 0.0);
    }
    for (uint32_t d = 0; d < lumps; d++) {
        const struct match_lump *lump = &model->lumps[d];
        master->entry_row[d] = lump->single ? match_simplex_row(simplex, 1) : MATCH_NONE;
        master->bonus_row[d] = in_part(lump) ? match_simplex_row(simplex, 0) : MATCH_NONE;
        master->least_row[d] = lump->single ? MATCH_NONE : match_simplex_row(simplex, 0);
        master->in_row[d] = lump->single ? MATCH_NONE : match_simplex_row(simplex, 1);
    }
    for (uint32_t o = 0; o < offers; o++) {
        master->offer_row[o] = match_simplex_row(simplex, 1);
    }
    for (uint32_t t = 0; t < ties->count; t++) {
        master->tie_scale[t] = 1 / (ties->ties[t].scale * TIE_SCALE + 1);
        master->tie_row[t] = match_simplex_row(simplex, (double)ties->ties[t].right * master->tie_scale[t]);
    }
    return STATUS_OK;
}

/* The lumps that several offers may serve: in, or not. */
static void add_lumps(struct match_proof_master *master)
{
    const struct match_model *model = master->model;
    for (uint32_t d = 0; d < model->lump_count; d++) {
        const struct match_lump *lump = &model->lumps[d];
        uint32_t count = 0;
        if (lump->single) {
            continue;
        }
        for (uint32_t l = lump->first_line; l < lump->first_line + lump->line_count; l++) {
            master->made[count++] = (struct match_simplex_entry){master->line_row[l], -1};
        }
        master->made[count++] = (struct match_simplex_entry){master->least_row[d], (double)lump->least / (double)lump->total};
        master->made[count++] = (struct match_simplex_entry){master->in_row[d], 1};
        uint32_t column = match_simplex_add(&master->simplex, 0, master->made, count);
        master->answers[column] = (struct match_proof_answer){.choice = MATCH_NONE, .lump = d};
    }
}

int match_proof_master_init(struct match_proof_dual *dual, double unit, struct arena *arena, struct match_proof_master *master)
{
    const struct match_model *model = dual->model;
    uint32_t rows = match_proof_rows(model, dual->ties->count), columns = COLUMNS_ROW * rows + COLUMNS_LEAST, offers = model->lot->offer_count;
    *master = (struct match_proof_master){.model = model, .dual = dual, .unit = unit, .use_most = columns * PARTS};
    int status = match_simplex_init(&master->simplex, rows, columns, columns * PARTS, FORBID, arena);
    master->answers = arena_array(arena, columns, sizeof *master->answers);
    master->uses = arena_array(arena, master->use_most, sizeof *master->uses);
    master->level = arena_array(arena, columns, sizeof(double));
    master->flag = arena_array(arena, 2 * (size_t)columns, 1);
    master->place = arena_array(arena, columns, sizeof(uint32_t));
    master->made = arena_array(arena, (size_t)rows + MATCH_MOST_LINES, sizeof *master->made);
    master->used = arena_array(arena, model->choice_count, sizeof(double));
    master->lump_used = arena_array(arena, model->lump_count, sizeof(float));
    master->pair_used = arena_array(arena, match_limits_pairs(model), sizeof(float));
    master->served = arena_array(arena, (size_t)model->line_count * offers, sizeof(double));
    if (!status && (!master->answers || !master->uses || !master->level || !master->flag || !master->place || !master->made || !master->used ||
                    !master->lump_used || !master->pair_used || !master->served)) {
        status = STATUS_NO_MEMORY;
    }
    status = status ? status : make_rows(master, arena);
    if (!status) {
        add_lumps(master);
    }
    return status;
}

/* What an answer adds to a tie. */
static double tie_amount(const struct match_proof_master *master, uint32_t tie, uint32_t choice, const struct match_use *uses, uint32_t count)
{
    const struct match_model *model = master->model;
    const struct match_tie *of = &master->dual->ties->ties[tie];
    double sum = 0;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t fund = model->lot->demands[model->members[model->first_member[uses[n].line]].demand].fund;
        if (of->kind != MATCH_TIE_FUND || fund == of->index) {
            uint32_t pair = match_whole_pair(&master->dual->whole, choice, uses[n].line);
            int64_t paid = pair == MATCH_NONE ? 0 : master->dual->whole.paid[pair];
            sum += (double)match_tie_weight(master->dual->ties, of, &model->choices[choice], paid, fund) * (double)uses[n].quantity;
        }
    }
    return sum * master->tie_scale[tie];
}

/* Rows of one line or lump in an answer; n at its first use, then past its last. */
static uint32_t put_use(struct match_proof_master *master, const struct match_use *uses, uint32_t count, uint32_t *n, uint32_t made)
{
    const struct match_model *model = master->model;
    uint32_t line = uses[*n].line, lump = model->lump_of[line];
    if (lump == MATCH_NONE) {
        master->made[made++] = (struct match_simplex_entry){master->line_row[line], (double)uses[*n].quantity / (double)model->quantity[line]};
        ++*n;
        return made;
    }
    const struct match_lump *of = &model->lumps[lump];
    double total = 0;
    for (; *n < count && model->lump_of[uses[*n].line] == lump; ++*n) {
        total += (double)uses[*n].quantity;
        if (!of->single) {
            uint32_t own = uses[*n].line;
            master->made[made++] = (struct match_simplex_entry){master->line_row[own], (double)uses[*n].quantity / (double)model->quantity[own]};
        }
    }
    if (!of->single) {
        master->made[made++] = (struct match_simplex_entry){master->least_row[lump], -total / (double)of->total};
        return made;
    }
    master->made[made++] = (struct match_simplex_entry){master->entry_row[lump], 1};
    if (master->bonus_row[lump] != MATCH_NONE) {
        master->made[made++] = (struct match_simplex_entry){master->bonus_row[lump], ((double)of->least - total) / (double)of->total};
    }
    return made;
}

/* What an answer does for a cut: units that it counts, or headroom above the one-off cost in parts of it. */
static double cut_amount(const struct match_proof_master *master, const struct match_proof_cut *cut, uint32_t choice, const struct match_use *uses,
                         uint32_t count)
{
    double sum = 0, cost = cut->counts ? 1 : (double)master->model->choices[cut->choice].one_off;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t pair = cut->counts || choice != cut->choice ? MATCH_NONE : match_whole_pair(&master->dual->whole, choice, uses[n].line);
        if (cut->counts) {
            sum += cut->counts[uses[n].line] ? (double)uses[n].quantity : 0;
        } else if (pair != MATCH_NONE) {
            sum += (double)match_proof_headroom(master->dual, pair) * (double)uses[n].quantity;
        }
    }
    return cut->counts ? sum : choice == cut->choice ? sum / cost - 1 : 0;
}

static uint32_t put_ties(struct match_proof_master *master, uint32_t choice, const struct match_use *uses, uint32_t count, uint32_t made)
{
    for (uint32_t t = 0; t < master->dual->ties->count; t++) {
        double amount = tie_amount(master, t, choice, uses, count);
        if (amount > 0 || amount < 0) {
            master->made[made++] = (struct match_simplex_entry){master->tie_row[t], amount};
        }
    }
    for (uint32_t k = 0; k < master->dual->cut_count; k++) {
        double sum = cut_amount(master, &master->dual->cuts[k], choice, uses, count);
        if (sum > 0 || sum < 0) {
            master->made[made++] = (struct match_simplex_entry){master->cut_row[k], -sum};
        }
    }
    return made;
}

/* Marks the answers outside the basis that are forbidden now or gain less than -limit; returns how many stay. */
static uint32_t mark_idle(struct match_proof_master *master, double limit)
{
    struct match_simplex *simplex = &master->simplex;
    uint32_t stay = 0;
    match_simplex_basic(simplex, master->flag);
    for (uint32_t c = 0; c < simplex->columns; c++) {
        const struct match_simplex_column *column = &simplex->column[c];
        bool needed = master->flag[c] || master->answers[c].choice == MATCH_NONE;
        bool likely = column->allowed && match_simplex_gain(simplex, column->cost, simplex->entry + column->first, column->count) > -limit;
        master->flag[c] = !needed && !likely;
        stay += needed || likely;
    }
    return stay;
}

/* Makes room: answers outside the basis that gain least go, and where too many gain alike, the older ones. */
static void make_room(struct match_proof_master *master)
{
    struct match_simplex *simplex = &master->simplex;
    uint32_t left = simplex->columns, stay = left;
    for (double limit = LIKELY; limit > UNLIKELY && stay > left / 2; limit /= 8) {
        stay = mark_idle(master, limit);
    }
    match_simplex_basic(simplex, master->flag + left);
    for (uint32_t c = 0; c < left && stay > left / 4 * 3; c++) {
        bool idle = !master->flag[c] && !master->flag[left + c] && master->answers[c].choice != MATCH_NONE;
        master->flag[c] = master->flag[c] || idle;
        stay -= idle;
    }
    uint32_t uses = 0, kept = 0;
    for (uint32_t c = 0; c < simplex->columns; c++) {
        struct match_proof_answer answer = master->answers[c];
        if (master->flag[c]) {
            continue;
        }
        memmove(master->uses + uses, master->uses + answer.first, answer.count * sizeof *master->uses);
        answer.first = uses;
        uses += answer.count;
        master->answers[kept++] = answer;
    }
    master->use_count = uses;
    match_simplex_drop(simplex, master->flag, master->place);
}

bool match_proof_master_add(struct match_proof_master *master, uint32_t choice, const struct match_use *uses, uint32_t count, bool all)
{
    const struct match_model *model = master->model;
    const struct match_choice *of = &model->choices[choice];
    struct match_simplex *simplex = &master->simplex;
    double cost = -(double)of->fixed;
    uint32_t made = 0;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t pair = match_whole_pair(&master->dual->whole, choice, uses[n].line);
        cost += pair == MATCH_NONE ? 0 : (double)master->dual->whole.gain[pair] * (double)uses[n].quantity;
    }
    cost /= master->unit;
    for (uint32_t n = 0; n < count;) {
        made = put_use(master, uses, count, &n, made);
    }
    made = put_ties(master, choice, uses, count, made);
    master->made[made++] = (struct match_simplex_entry){master->offer_row[of->offer], 1};
    if (!all && match_simplex_gain(simplex, cost, master->made, made) <= GAIN_LEAST) {
        return false;
    }
    if (simplex->columns == simplex->column_most || simplex->entry_most - simplex->entries < made || master->use_most - master->use_count < count) {
        make_room(master);
    }
    uint32_t column = match_simplex_add(simplex, cost, master->made, made);
    if (column == UINT32_MAX || master->use_most - master->use_count < count) {
        return false;
    }
    master->answers[column] = (struct match_proof_answer){.choice = choice, .lump = MATCH_NONE, .first = master->use_count, .count = count};
    memcpy(master->uses + master->use_count, uses, count * sizeof *uses);
    master->use_count += count;
    return true;
}

void match_proof_master_cut(struct match_proof_master *master)
{
    struct match_simplex *simplex = &master->simplex;
    uint32_t cut = master->dual->cut_count - 1;
    for (uint32_t c = 0; c < simplex->columns; c++) {
        struct match_proof_answer answer = master->answers[c];
        master->level[c] = answer.choice == MATCH_NONE ? 0 : -cut_amount(master, &master->dual->cuts[cut], answer.choice,
                                                                         master->uses + answer.first, answer.count);
    }
    master->cut_row[cut] = match_simplex_row(simplex, master->dual->cuts[cut].counts ? -(double)master->dual->cuts[cut].least : 0);
    match_simplex_extend(simplex, master->cut_row[cut], master->level);
}

/* Whether an answer keeps the limits and ranges. */
static bool keeps(const struct match_proof_master *master, const struct match_limits *limits, const struct match_proof_answer *answer)
{
    const struct match_model *model = master->model;
    if (answer->choice == MATCH_NONE) {
        return limits->lump_state[answer->lump] != MATCH_LUMP_OUT;
    }
    uint32_t offer = model->choices[answer->choice].offer;
    const struct match_use *uses = master->uses + answer->first;
    if (limits->barred[answer->choice]) {
        return false;
    }
    for (uint32_t n = 0; n < answer->count; n++) {
        uint32_t lump = model->lump_of[uses[n].line];
        if (lump != MATCH_NONE &&
            (limits->lump_state[lump] == MATCH_LUMP_OUT || (limits->only[lump] != MATCH_NONE && limits->only[lump] != offer) ||
             limits->pair_barred[(size_t)lump * model->lot->offer_count + offer])) {
            return false;
        }
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        if (limits->only[d] == offer && limits->lump_state[d] == MATCH_LUMP_IN) {
            bool has = false;
            for (uint32_t n = 0; n < answer->count; n++) {
                has = has || model->lump_of[uses[n].line] == d;
            }
            if (!has) {
                return false;
            }
        }
    }
    const struct match_proof_dual *dual = master->dual;
    int64_t total = 0;
    for (uint32_t n = 0; n < answer->count; n++) {
        total += uses[n].quantity;
    }
    if (dual->ranged && (total < dual->total_low[offer] || total > dual->total_high[offer])) {
        return false;
    }
    for (uint32_t l = 0, n = 0; l < model->line_count && dual->ranged; l++) {
        int64_t quantity = 0;
        for (; n < answer->count && uses[n].line == l; n++) {
            quantity += uses[n].quantity;
        }
        size_t at = (size_t)offer * model->line_count + l;
        if (quantity < dual->low[at] || quantity > dual->high[at]) {
            return false;
        }
    }
    return true;
}

void match_proof_master_set(struct match_proof_master *master, const struct match_limits *limits)
{
    const struct match_model *model = master->model;
    struct match_simplex *simplex = &master->simplex;
    for (uint32_t c = 0; c < simplex->columns; c++) {
        simplex->column[c].allowed = keeps(master, limits, &master->answers[c]);
    }
    for (uint32_t o = 0; o < model->lot->offer_count; o++) {
        bool asked = master->dual->ranged && master->dual->total_low[o] > 0;
        for (uint32_t l = 0; l < model->line_count && master->dual->ranged; l++) {
            asked = asked || master->dual->low[(size_t)o * model->line_count + l] > 0;
        }
        simplex->equal[master->offer_row[o]] = limits->forced[o] || asked;
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        bool in = limits->lump_state[d] == MATCH_LUMP_IN;
        simplex->equal[model->lumps[d].single ? master->entry_row[d] : master->in_row[d]] = in;
        if (in && model->lumps[d].single && limits->only[d] != MATCH_NONE) {
            simplex->equal[master->offer_row[limits->only[d]]] = 1;
        }
    }
}

bool match_proof_master_solve(struct match_proof_master *master)
{
    return match_simplex_solve(&master->simplex);
}

static int64_t whole_number(double value, double most)
{
    value = value > most ? most : value < -most ? -most : value;
    return (int64_t)(value >= 0 ? value + 0.5 : value - 0.5);
}

void match_proof_master_point(const struct match_proof_master *master, struct match_proof_point *point)
{
    const struct match_model *model = master->model;
    const double *dual = master->simplex.dual;
    double scale = master->unit * (double)(INT64_C(1) << master->dual->bits), most = (double)(INT64_C(1) << 56);
    for (uint32_t l = 0; l < model->line_count; l++) {
        uint32_t lump = model->lump_of[l];
        double price = master->line_row[l] == MATCH_NONE ? 0 : dual[master->line_row[l]] * scale / (double)model->quantity[l];
        if (lump != MATCH_NONE && !model->lumps[lump].single) {
            price -= dual[master->least_row[lump]] * scale / (double)model->lumps[lump].total;
        } else {
            price = price < 0 ? 0 : price;
        }
        point->price[l] = whole_number(price, most);
    }
    for (uint32_t d = 0; d < model->lump_count; d++) {
        point->entry[d] = 0;
        point->bonus[d] = 0;
        if (model->lumps[d].single) {
            double entry = dual[master->entry_row[d]] * scale;
            bool free = master->simplex.equal[master->entry_row[d]];
            point->entry[d] = entry < 0 && !free ? 0 : (__int128)entry;
        }
        if (master->bonus_row[d] != MATCH_NONE) {
            double bonus = dual[master->bonus_row[d]] * scale / (double)model->lumps[d].total;
            point->bonus[d] = bonus > 0 ? whole_number(bonus, most) : 0;
        }
    }
    for (uint32_t t = 0; t < master->dual->ties->count; t++) {
        double multiplier = dual[master->tie_row[t]] * master->unit * master->tie_scale[t] * (double)(INT64_C(1) << MATCH_PROOF_TIE_BITS);
        point->multiplier[t] = multiplier > 0 ? whole_number(multiplier, (double)master->dual->multiplier_most[t]) : 0;
    }
    for (uint32_t n = 0; n < master->dual->cut_count; n++) {
        const struct match_proof_cut *of = &master->dual->cuts[n];
        double cut = dual[master->cut_row[n]] * (of->counts ? scale : master->unit / (double)model->choices[of->choice].one_off *
                                                                         (double)(INT64_C(1) << MATCH_PROOF_TIE_BITS));
        point->cut[n] = cut > 0 ? whole_number(cut, of->counts ? most / 16 : (double)COVER_MOST) : 0;
    }
}

double match_proof_master_value(struct match_proof_master *master)
{
    double value = 0;
    for (uint32_t r = 0; r < master->simplex.rows; r++) {
        value += master->simplex.dual[r] * master->simplex.right[r];
    }
    return value * master->unit;
}

/* Where an offer's shares make nearly one, they make one: the program's figures are a little off. */
static void level_offers(struct match_proof_master *master)
{
    const struct match_model *model = master->model;
    uint32_t offers = model->lot->offer_count;
    for (uint32_t o = 0; o < offers; o++) {
        double used = 0;
        for (uint32_t c = model->first_choice[o]; c < model->first_choice[o + 1]; c++) {
            used += master->used[c];
        }
        for (uint32_t l = 0; l < model->line_count && fabs(used - 1) < NEARLY_ONE; l++) {
            master->served[(size_t)l * offers + o] /= used;
        }
    }
}

void match_proof_master_read(struct match_proof_master *master)
{
    const struct match_model *model = master->model;
    struct match_simplex *simplex = &master->simplex;
    uint32_t offers = model->lot->offer_count;
    match_simplex_levels(simplex, master->level);
    memset(master->used, 0, model->choice_count * sizeof *master->used);
    memset(master->lump_used, 0, model->lump_count * sizeof *master->lump_used);
    memset(master->pair_used, 0, match_limits_pairs(model) * sizeof *master->pair_used);
    memset(master->served, 0, (size_t)model->line_count * offers * sizeof *master->served);
    master->short_of_answers = false;
    for (uint32_t c = 0; c < simplex->columns; c++) {
        const struct match_proof_answer *answer = &master->answers[c];
        double level = master->level[c];
        if (level <= 1e-9) {
            continue;
        }
        master->short_of_answers = master->short_of_answers || (!simplex->column[c].allowed && level > 1e-6);
        if (answer->choice == MATCH_NONE) {
            master->lump_used[answer->lump] += (float)level;
            continue;
        }
        uint32_t offer = model->choices[answer->choice].offer, seen = MATCH_NONE;
        master->used[answer->choice] += level;
        for (uint32_t n = answer->first; n < answer->first + answer->count; n++) {
            uint32_t line = master->uses[n].line, lump = model->lump_of[line];
            master->served[(size_t)line * offers + offer] += level * (double)master->uses[n].quantity;
            if (lump != MATCH_NONE && model->lumps[lump].single && lump != seen) {
                master->pair_used[(size_t)lump * offers + offer] += (float)level;
                master->lump_used[lump] += (float)level;
                seen = lump;
            }
        }
    }
    level_offers(master);
}
