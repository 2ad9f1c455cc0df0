/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/trials.h"

#include <stdio.h>
#include <string.h>

#include "proto/status.h"

int64_t match_subject_try(struct match_subject *subject, const struct match_change *change)
{
    const struct match_inquiry *inquiry = subject->inquiry;
    struct match_outcome outcome;
    if (subject->status) {
        return 0;
    }
    int status = match_change_plan(inquiry->market, inquiry->lot_index, change, inquiry->money, subject->work, &outcome);
    int64_t gain = 0;
    if (!status) {
        int64_t has = subject->is_offer ? match_outcome_offer(&outcome, subject->index)
                                        : match_outcome_demand(&outcome, subject->index);
        gain = has > subject->has ? has - subject->has : 0;
    }
    arena_drop(subject->work);
    subject->status = status == STATUS_NO_MEMORY ? status : STATUS_OK;
    return gain;
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
        subject->status = STATUS_NO_MEMORY;
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
