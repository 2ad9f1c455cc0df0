/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/match/control.h"

static const char *const pass_names[MATCH_PASS_COUNT] = {"build", "prices", "first", "screen", "branch", "finish"};

void match_control_init(struct match_control *control, const struct match_options *options, uint32_t lot_count)
{
    control->options = options;
    atomic_init(&control->stopped, false);
    pthread_mutex_init(&control->lock, NULL);
    control->progress = (struct match_progress){.lot_count = lot_count};
    control->counters = (struct match_counters){.pass_count = MATCH_PASS_COUNT};
    for (int n = 0; n < MATCH_PASS_COUNT; n++) {
        control->counters.passes[n].name = pass_names[n];
    }
}

bool match_control_asks(struct match_control *control)
{
    if (!control || !control->options->stop) {
        return false;
    }
    if (atomic_load(&control->stopped)) {
        return true;
    }
    pthread_mutex_lock(&control->lock);
    bool stop = control->options->stop(control->options->context, &control->progress);
    pthread_mutex_unlock(&control->lock);
    if (stop) {
        atomic_store(&control->stopped, true);
    }
    return stop;
}

void match_control_lot_done(struct match_control *control, int64_t objective, int64_t bound)
{
    pthread_mutex_lock(&control->lock);
    control->progress.lots_done++;
    control->progress.objective += objective;
    control->progress.bound += bound;
    pthread_mutex_unlock(&control->lock);
}

void match_control_lot_bounded(struct match_control *control, int64_t bound)
{
    pthread_mutex_lock(&control->lock);
    control->progress.lots_bounded++;
    control->progress.bound += bound;
    pthread_mutex_unlock(&control->lock);
}

void match_control_lots_planned(struct match_control *control, uint32_t count, int64_t objective)
{
    pthread_mutex_lock(&control->lock);
    control->progress.lots_bounded -= count;
    control->progress.lots_done += count;
    control->progress.objective += objective;
    pthread_mutex_unlock(&control->lock);
}

uint64_t match_control_time(const struct match_control *control)
{
    return control && control->options->clock && control->options->counters ? control->options->clock() : 0;
}

void match_control_count(struct match_control *control, enum match_pass_index pass, uint64_t since, uint64_t tries, uint64_t successes)
{
    if (!control || !control->options->counters) {
        return;
    }
    uint64_t now = match_control_time(control);
    pthread_mutex_lock(&control->lock);
    struct match_pass *of = &control->counters.passes[pass];
    of->runs++;
    of->tries += tries;
    of->successes += successes;
    of->nanoseconds += now - since;
    pthread_mutex_unlock(&control->lock);
}

void match_control_report(struct match_control *control)
{
    if (control->options->counters) {
        *control->options->counters = control->counters;
    }
    pthread_mutex_destroy(&control->lock);
}
