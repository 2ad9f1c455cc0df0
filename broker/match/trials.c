/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/trials.h"

#include <stdio.h>
#include <string.h>

#include "proto/status.h"

#define MEMO_UNITS_MOST ((size_t)1 << 22) /* 32 MiB a lot */

/* Whether a change is of rules, money or an offer, whichever demand asks. */
static bool is_shared(const struct match_change *change)
{
    return change->kind == MATCH_CHANGE_MIN_NATIONS || (change->kind >= MATCH_CHANGE_SHARES && change->kind <= MATCH_CHANGE_OUTPUT) ||
           (change->kind >= MATCH_CHANGE_RATE && change->kind <= MATCH_CHANGE_COSTLESS);
}

static bool same_change(const struct match_change *a, const struct match_change *b)
{
    return a->kind == b->kind && a->offer == b->offer && a->tier == b->tier && a->index == b->index && a->value == b->value;
}

/* What an earlier re-plan with this change gave; NULL where there was none. */
static const int64_t *recall(struct match_inquiry *inquiry, const struct match_change *change)
{
    pthread_mutex_lock(inquiry->lock);
    const struct match_memo *memo = inquiry->memos;
    while (memo && !same_change(&memo->change, change)) {
        memo = memo->next;
    }
    pthread_mutex_unlock(inquiry->lock);
    return memo ? memo->units : NULL;
}

static void count_units(const struct match_lot *lot, const struct match_outcome *outcome, int64_t *units)
{
    for (uint32_t n = 0; outcome->plan && n < outcome->plan->award_count; n++) {
        units[outcome->plan->awards[n].demand] += outcome->plan->awards[n].quantity;
        units[lot->demand_count + outcome->plan->awards[n].offer] += outcome->plan->awards[n].quantity;
    }
}

/* Keeps what a re-plan gave, while there is room; not keeping it costs only time. */
static void remember(struct match_inquiry *inquiry, const struct match_change *change, const struct match_outcome *outcome)
{
    size_t count = (size_t)inquiry->lot->demand_count + inquiry->lot->offer_count;
    pthread_mutex_lock(inquiry->lock);
    if (inquiry->memo_units + count <= MEMO_UNITS_MOST) {
        struct match_memo *memo = arena_alloc(inquiry->arena, sizeof *memo);
        int64_t *units = memo ? arena_array(inquiry->arena, count, sizeof *units) : NULL;
        if (units) {
            count_units(inquiry->lot, outcome, units);
            *memo = (struct match_memo){*change, units, inquiry->memos};
            inquiry->memos = memo;
            inquiry->memo_units += count;
        }
    }
    pthread_mutex_unlock(inquiry->lock);
}

bool match_subject_goes_on(struct match_subject *subject)
{
    const struct match_inquiry *inquiry = subject->inquiry;
    if (!subject->status && inquiry->stop && inquiry->stop(inquiry->context)) {
        subject->status = STATUS_CANCELLED;
    }
    return subject->status == STATUS_OK;
}

int64_t match_subject_try(struct match_subject *subject, const struct match_change *change)
{
    struct match_inquiry *inquiry = subject->inquiry;
    struct match_outcome outcome = {0};
    bool shared = is_shared(change);
    if (!match_subject_goes_on(subject)) {
        return 0;
    }
    int64_t has = 0;
    const int64_t *known = shared ? recall(inquiry, change) : NULL;
    if (known) {
        has = known[subject->index + (subject->is_offer ? inquiry->lot->demand_count : 0)];
    } else {
        int status = match_change_plan(inquiry->market, inquiry->lot_index, change, inquiry->money, subject->work, &outcome);
        if (status == STATUS_NO_MEMORY) {
            subject->status = status;
        } else if (shared) {
            remember(inquiry, change, &outcome);
        }
        if (!status) {
            has = subject->is_offer ? match_outcome_offer(&outcome, subject->index) : match_outcome_demand(&outcome, subject->index);
        }
        arena_drop(subject->work);
    }
    return has > subject->has ? has - subject->has : 0;
}

int64_t match_subject_least(struct match_subject *subject, struct match_change change, int64_t from, int64_t to, int64_t goal,
                            unsigned steps, bool *exact)
{
    while (steps-- > 0 && (to > from ? to - from : from - to) > 1) {
        change.value = from + (to - from) / 2;
        if (match_subject_try(subject, &change) >= goal) {
            to = change.value;
        } else {
            from = change.value;
        }
    }
    *exact = (to > from ? to - from : from - to) <= 1;
    return to;
}

void match_subject_keep(struct match_subject *subject, const char *kind, const char *detail, const char *text, int64_t adds)
{
    if (!text || !detail) {
        subject->status = subject->status ? subject->status : STATUS_NO_MEMORY;
        return;
    }
    if (subject->trial_count < MATCH_TRIALS_MOST) {
        subject->trials[subject->trial_count++] = (struct match_trial){kind, detail, text, adds, adds >= subject->missing};
    }
}

struct match_figure match_figure_count(int64_t count)
{
    char digits[32];
    struct match_figure figure;
    int length = snprintf(digits, sizeof digits, "%lld", (long long)(count < 0 ? -count : count)), at = 0;
    if (count < 0) {
        figure.text[at++] = '-';
    }
    for (int n = 0; n < length; n++) {
        if (n > 0 && (length - n) % 3 == 0) {
            figure.text[at++] = ',';
        }
        figure.text[at++] = digits[n];
    }
    figure.text[at] = '\0';
    return figure;
}

struct match_figure match_figure_money(const struct match_inquiry *inquiry, int64_t cents)
{
    struct match_figure figure;
    int64_t positive = cents < 0 ? -cents : cents;
    const struct match_figure whole = match_figure_count(positive / 100);
    snprintf(figure.text, sizeof figure.text, "%.8s %s%.40s.%02d", inquiry->currency, cents < 0 ? "-" : "", whole.text,
             (int)(positive % 100));
    return figure;
}
