/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/explain.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "broker/match/facts.h"
#include "broker/match/reasons.h"
#include "broker/match/trials.h"
#include "proto/status.h"

#define THREADS_MOST 64u
#define WORK_MEMORY ((size_t)4 << 30)

/* One thing to explain. */
struct task {
    uint32_t lot;
    bool offer;
    uint32_t at; /* in uncovered or unused */
};

/* What all threads share. */
struct crew {
    const struct match_market *market;
    const struct match_explain_options *options;
    struct match_plan *plan;
    const int64_t *left;            /* by fund, in the whole plan */
    struct match_inquiry *inquiries; /* by lot */
    const struct task *tasks;
    size_t task_count;
    bool (*job)(struct crew *, size_t, struct arena *, struct arena *); /* false: out of memory */
    size_t job_count;
    atomic_size_t next;
    atomic_size_t explained;
    atomic_bool failed;
    pthread_mutex_t lock; /* of arena */
    struct arena *arena;  /* of the results */
};

static bool is_stopped(const struct crew *crew)
{
    return crew->options->stop && crew->options->stop(crew->options->context);
}

static void *work_of_thread(void *context)
{
    struct crew *crew = context;
    struct arena texts, work;
    arena_init(&texts, WORK_MEMORY);
    arena_init(&work, WORK_MEMORY);
    while (!atomic_load(&crew->failed)) {
        size_t at = atomic_fetch_add(&crew->next, 1);
        if (at >= crew->job_count || is_stopped(crew)) {
            break;
        }
        if (!crew->job(crew, at, &texts, &work)) {
            atomic_store(&crew->failed, true);
        }
        arena_drop(&texts);
        arena_drop(&work);
    }
    return NULL;
}

/* Runs job for 0 to count - 1 on the caller's and further threads. */
static int run(struct crew *crew, bool (*job)(struct crew *, size_t, struct arena *, struct arena *), size_t count)
{
    pthread_t threads[THREADS_MOST];
    uint32_t wanted = crew->options->threads > THREADS_MOST ? THREADS_MOST : crew->options->threads, started = 0;
    crew->job = job;
    crew->job_count = count;
    atomic_store(&crew->next, 0);
    while (started + 1 < wanted && started + 1 < count && pthread_create(&threads[started], NULL, work_of_thread, crew) == 0) {
        started++;
    }
    work_of_thread(crew);
    for (uint32_t n = 0; n < started; n++) {
        pthread_join(threads[n], NULL);
    }
    return atomic_load(&crew->failed) ? STATUS_NO_MEMORY : STATUS_OK;
}

static void *kept_array(struct crew *crew, size_t count, size_t size)
{
    pthread_mutex_lock(&crew->lock);
    void *result = arena_array(crew->arena, count, size);
    pthread_mutex_unlock(&crew->lock);
    return result;
}

static const char *kept_text(struct crew *crew, const char *text)
{
    pthread_mutex_lock(&crew->lock);
    const char *result = arena_string(crew->arena, text);
    pthread_mutex_unlock(&crew->lock);
    return result;
}

/* Units that each demand (and, where asked, each offer) gets in a re-plan with a change; NULL where memory is out. */
static const int64_t *units_with(struct crew *crew, const struct match_inquiry *inquiry, enum match_change_kind kind,
                                 uint32_t fund, struct arena *work, const int64_t **of_offers)
{
    const struct match_change change = {.kind = kind, .index = fund, .value = kind == MATCH_CHANGE_MONEY ? INT64_MAX : 0};
    struct match_outcome outcome;
    bool stopped = is_stopped(crew);
    int64_t *units = kept_array(crew, inquiry->lot->demand_count, sizeof *units);
    int64_t *offers = kept_array(crew, inquiry->lot->offer_count, sizeof *offers);
    int status = stopped ? STATUS_CANCELLED : match_change_plan(inquiry->market, inquiry->lot_index, &change, inquiry->money, work, &outcome);
    if (!units || !offers || status == STATUS_NO_MEMORY) {
        return NULL;
    }
    /* Once stopped, nothing is explained of the lot: what is missing here is never read. */
    for (uint32_t n = 0; !status && n < outcome.plan->award_count; n++) {
        units[outcome.plan->awards[n].demand] += outcome.plan->awards[n].quantity;
        offers[outcome.plan->awards[n].offer] += outcome.plan->awards[n].quantity;
    }
    arena_drop(work);
    if (of_offers) {
        *of_offers = offers;
    }
    return units;
}

/* The lot's re-plans that many subjects share. */
static bool plan_generally(struct crew *crew, struct match_inquiry *inquiry, struct arena *work)
{
    struct match_general *general = &inquiry->general;
    const struct match_state *state = &inquiry->state;
    const int64_t **more_money = kept_array(crew, inquiry->market->fund_count, sizeof *more_money);
    general->as_is = units_with(crew, inquiry, MATCH_CHANGE_NONE, 0, work, &general->offers_as_is);
    general->any_output = units_with(crew, inquiry, MATCH_CHANGE_OUTPUT, 0, work, NULL);
    if (!more_money || !general->as_is || !general->any_output) {
        return false;
    }
    general->more_money = more_money;
    if (state->needed > 1 && state->nations <= state->needed) {
        general->any_nations = units_with(crew, inquiry, MATCH_CHANGE_MIN_NATIONS, 0, work, &general->offers_any_nations);
        if (!general->any_nations) {
            return false;
        }
    }
    if (state->has_share_rules) {
        general->any_shares = units_with(crew, inquiry, MATCH_CHANGE_SHARES, 0, work, &general->offers_any_shares);
        if (!general->any_shares) {
            return false;
        }
    }
    for (uint32_t d = 0; d < inquiry->lot->demand_count; d++) {
        uint32_t fund = inquiry->lot->demands[d].fund;
        if (fund != MATCH_NONE && inquiry->money[fund] != INT64_MAX && !more_money[fund]) {
            more_money[fund] = units_with(crew, inquiry, MATCH_CHANGE_MONEY, fund, work, NULL);
            if (!more_money[fund]) {
                return false;
            }
        }
    }
    return true;
}

/* Opens one lot for questions. */
static bool open_lot(struct crew *crew, size_t at, struct arena *texts, struct arena *work)
{
    (void)texts;
    struct match_inquiry *inquiry = &crew->inquiries[at];
    const struct match_lot_plan *plan = &crew->plan->lots[at];
    if (plan->uncovered_count + plan->unused_count == 0) {
        return true;
    }
    *inquiry = (struct match_inquiry){.market = crew->market, .lot_index = (uint32_t)at, .lot = &crew->market->lots[at],
                                      .currency = crew->options->currency, .stop = crew->options->stop,
                                      .context = crew->options->context, .lock = &crew->lock, .arena = crew->arena};
    pthread_mutex_lock(&crew->lock);
    inquiry->money = arena_array(crew->arena, crew->market->fund_count, sizeof *inquiry->money);
    int status = inquiry->money ? match_state_open(crew->market, inquiry->lot, plan, crew->arena, &inquiry->state) : STATUS_NO_MEMORY;
    pthread_mutex_unlock(&crew->lock);
    if (status) {
        return false;
    }
    for (uint32_t f = 0; f < crew->market->fund_count; f++) {
        inquiry->money[f] = crew->left[f];
    }
    for (uint32_t n = 0; n < plan->award_count; n++) {
        const struct match_award *a = &plan->awards[n];
        uint32_t fund = inquiry->lot->demands[a->demand].fund;
        if (fund != MATCH_NONE && inquiry->money[fund] != INT64_MAX) {
            inquiry->money[fund] += (a->unit_price + a->freight) * a->quantity + a->one_off;
        }
    }
    return plan_generally(crew, inquiry, work);
}

static int rank(const struct match_trial *trial)
{
    return trial->covers ? 0 : trial->adds > 0 ? 1 : 2;
}

/* Copies a subject's trials to where they stay: first what covers all, then what adds some, then what would not help. */
static bool keep_trials(struct crew *crew, const struct match_subject *subject, const struct match_trial **tried,
                        uint32_t *count)
{
    struct match_trial *list = kept_array(crew, subject->trial_count, sizeof *list);
    if (!list || subject->status) {
        return false;
    }
    *count = 0;
    for (int wanted = 0; wanted < 3; wanted++) {
        for (uint32_t n = 0; n < subject->trial_count; n++) {
            if (rank(&subject->trials[n]) == wanted) {
                struct match_trial *trial = &list[(*count)++];
                *trial = subject->trials[n];
                trial->detail = kept_text(crew, trial->detail);
                trial->text = kept_text(crew, trial->text);
                if (!trial->detail || !trial->text) {
                    return false;
                }
            }
        }
    }
    *tried = list;
    return true;
}

static bool explain_demand(struct crew *crew, const struct task *task, struct match_subject *subject)
{
    struct match_uncovered *entry = &crew->plan->lots[task->lot].uncovered[task->at];
    const struct match_inquiry *inquiry = subject->inquiry;
    int64_t *lacks = arena_array(subject->texts, inquiry->lot->demands[entry->demand].line_count, sizeof *lacks);
    if (!lacks) {
        return false;
    }
    for (uint32_t n = 0; n < inquiry->lot->demands[entry->demand].line_count; n++) {
        lacks[n] = match_state_lacks(&inquiry->state, entry->demand, n);
    }
    subject->index = entry->demand;
    subject->missing = entry->quantity;
    subject->lacks = lacks;
    subject->has = inquiry->state.demand_taken[entry->demand];
    subject->has = inquiry->general.as_is[entry->demand] > subject->has ? inquiry->general.as_is[entry->demand] : subject->has;
    enum match_reason reason = match_trials_demand_reason(subject, entry->reason);
    match_trials_demand(subject, reason);
    const char *text = match_text_demand(subject, reason);
    if (subject->status || !text || !keep_trials(crew, subject, &entry->tried, &entry->tried_count)) {
        return subject->status == STATUS_CANCELLED;
    }
    entry->reason = reason;
    entry->text = kept_text(crew, text);
    return entry->text != NULL;
}

static bool explain_offer(struct crew *crew, const struct task *task, struct match_subject *subject)
{
    struct match_unused *entry = &crew->plan->lots[task->lot].unused[task->at];
    subject->is_offer = true;
    subject->index = entry->offer;
    subject->missing = 1;
    subject->has = subject->inquiry->general.offers_as_is[entry->offer];
    entry->reason = match_trials_offer_reason(subject);
    match_trials_offer(subject);
    const char *text = match_text_offer(subject, entry->reason);
    if (subject->status || !text || !keep_trials(crew, subject, &entry->tried, &entry->tried_count)) {
        return subject->status == STATUS_CANCELLED;
    }
    entry->text = kept_text(crew, text);
    return entry->text != NULL;
}

static bool explain_task(struct crew *crew, size_t at, struct arena *texts, struct arena *work)
{
    const struct task *task = &crew->tasks[at];
    struct match_subject subject = {.inquiry = &crew->inquiries[task->lot], .texts = texts, .work = work};
    bool good = task->offer ? explain_offer(crew, task, &subject) : explain_demand(crew, task, &subject);
    if (good && !subject.status) {
        size_t explained = atomic_fetch_add(&crew->explained, 1) + 1;
        if (crew->options->progress) {
            crew->options->progress(crew->options->context, explained, crew->task_count);
        }
    }
    return good;
}

/* Offers whose reason was not looked into have none. */
static void drop_unexplained(struct match_plan *plan)
{
    for (uint32_t l = 0; l < plan->lot_count; l++) {
        uint32_t kept = 0;
        for (uint32_t n = 0; n < plan->lots[l].unused_count; n++) {
            if (plan->lots[l].unused[n].text) {
                plan->lots[l].unused[kept++] = plan->lots[l].unused[n];
            }
        }
        plan->lots[l].unused_count = kept;
    }
}

/* Every offer without a new award, unexplained as yet. */
static int list_unused(const struct match_lot *lot, struct arena *arena, struct match_lot_plan *plan)
{
    bool *used = arena_array(arena, lot->offer_count, sizeof *used);
    plan->unused = arena_array(arena, lot->offer_count, sizeof *plan->unused);
    if (!used || !plan->unused) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t n = 0; n < plan->award_count; n++) {
        used[plan->awards[n].offer] = true;
    }
    for (uint32_t o = 0; o < lot->offer_count; o++) {
        if (!used[o]) {
            plan->unused[plan->unused_count++] = (struct match_unused){.offer = o, .reason = MATCH_REASON_OUTRANKED};
        }
    }
    return STATUS_OK;
}

static int list_tasks(struct crew *crew)
{
    size_t count = 0;
    for (uint32_t l = 0; l < crew->plan->lot_count; l++) {
        if (list_unused(&crew->market->lots[l], crew->arena, &crew->plan->lots[l])) {
            return STATUS_NO_MEMORY;
        }
        count += (size_t)crew->plan->lots[l].uncovered_count + crew->plan->lots[l].unused_count;
    }
    struct task *tasks = arena_array(crew->arena, count, sizeof *tasks);
    if (!tasks) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t l = 0; l < crew->plan->lot_count; l++) {
        for (uint32_t n = 0; n < crew->plan->lots[l].uncovered_count; n++) {
            tasks[crew->task_count++] = (struct task){l, false, n};
        }
        for (uint32_t n = 0; n < crew->plan->lots[l].unused_count; n++) {
            tasks[crew->task_count++] = (struct task){l, true, n};
        }
    }
    crew->tasks = tasks;
    return STATUS_OK;
}

int match_explain_plan(const struct match_market *market, const struct match_explain_options *options, struct arena *arena,
                       struct match_plan *plan)
{
    struct crew crew = {.market = market, .options = options, .plan = plan, .arena = arena};
    int64_t *left = arena_array(arena, market->fund_count, sizeof *left);
    crew.inquiries = arena_array(arena, market->lot_count, sizeof *crew.inquiries);
    if (!left || !crew.inquiries || pthread_mutex_init(&crew.lock, NULL) != 0) {
        return STATUS_NO_MEMORY;
    }
    match_reasons_money(market, plan, left);
    crew.left = left;
    int status = list_tasks(&crew);
    if (!status && options->progress) {
        options->progress(options->context, 0, crew.task_count);
    }
    status = status ? status : run(&crew, open_lot, market->lot_count);
    if (!status && !is_stopped(&crew)) {
        status = run(&crew, explain_task, crew.task_count);
    }
    drop_unexplained(plan);
    pthread_mutex_destroy(&crew.lock);
    return status;
}
