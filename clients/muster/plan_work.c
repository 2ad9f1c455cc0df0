/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/plan_work.h"

#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "broker/match/again.h"
#include "broker/match/explain.h"
#include "broker/match/improve.h"
#include "broker/match/load.h"
#include "broker/match/reasons.h"
#include "broker/match/settle.h"
#include "broker/match/variant.h"
#include "broker/match/verify.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "proto/scenario.h"
#include "proto/status.h"

#define SECOND UINT64_C(1000000000)
#define LARGE_PAGE ((size_t)2 << 20)
#define FIRST ((size_t)256 << 10) /* more than the allocator has left from before */
#define SLIVER 64            /* that it may want for itself */
#define AHEAD (64 << 20)     /* bytes asked from the system at a time; it gives them when they are touched */
#define KEPT_MOST (32 << 20) /* larger pieces go back to the system when they are freed */

void plan_prepare_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, KEPT_MOST);
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
    mallopt(M_TOP_PAD, AHEAD);
    mallopt(M_ARENA_MAX, 1);
    void *first = malloc(FIRST);
    uintptr_t at = (uintptr_t)first, start = (at + FIRST + LARGE_PAGE) / LARGE_PAGE * LARGE_PAGE, end = (uintptr_t)sbrk(0);
    if (!first || end <= start) {
        free(first);
        return;
    }
    madvise((void *)start, end - start, MADV_HUGEPAGE);
    /* What lies below the first large page is never touched: small ones take longer to get than they are worth. */
    if (!realloc(first, start - at - SLIVER)) {
        free(first);
    }
}

uint64_t plan_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

/* What the stop function needs to know. */
struct watch {
    const struct plan_request *request;
    uint64_t started;
    uint64_t deadline; /* 0: none */
    uint64_t next_line;
    bool stopped;
};

/* Lots that share a fund have bounds before they have plans: until then there is no gap to tell. */
static void print_progress(const struct match_progress *progress, uint64_t seconds)
{
    char bounded[64] = "", gap[96] = "";
    if (progress->lots_bounded) {
        snprintf(bounded, sizeof bounded, ", %u more bounded", progress->lots_bounded);
    } else if (progress->objective > 0 && progress->bound > 0) {
        snprintf(gap, sizeof gap, ", at most %.40s %% from the best", figures_gap(progress->bound - progress->objective, progress->bound).text);
    }
    fprintf(stderr, "Planning: %u of %u lots%s, %llu s%s\n", progress->lots_done, progress->lot_count, bounded, (unsigned long long)seconds, gap);
}

static bool stop(void *context, const struct match_progress *progress)
{
    struct watch *watch = context;
    uint64_t now = plan_clock();
    if (watch->next_line && now >= watch->next_line) {
        watch->next_line = now + SECOND;
        print_progress(progress, (now - watch->started) / SECOND);
    }
    watch->stopped = watch->stopped || interrupted || (watch->deadline && now >= watch->deadline);
    return watch->stopped;
}

static void print_passes(const struct match_counters *counters)
{
    for (uint32_t n = 0; n < counters->pass_count; n++) {
        const struct match_pass *pass = &counters->passes[n];
        fprintf(stderr, "%-12s %8llu runs %10llu tries %9llu good %9.3f s\n", pass->name, (unsigned long long)pass->runs,
                (unsigned long long)pass->tries, (unsigned long long)pass->successes, (double)pass->nanoseconds / 1e9);
    }
}

static uint32_t threads_of(const struct plan_request *request)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return request->threads ? request->threads : processors > 0 ? (uint32_t)processors : 1;
}

/* What is told of explaining, from any of its threads. */
struct explaining {
    pthread_mutex_t lock;
    uint64_t started;
    uint64_t next_line; /* 0: none is wanted */
    size_t explained, count;
    bool told; /* how to end it */
};

static bool stop_explaining(void *context)
{
    struct explaining *explaining = context;
    uint64_t now = plan_clock();
    pthread_mutex_lock(&explaining->lock);
    if (explaining->next_line && now >= explaining->next_line) {
        explaining->next_line = now + SECOND;
        fprintf(stderr, "Explaining: %zu of %zu demands and offers, %llu s%s\n", explaining->explained, explaining->count,
                (unsigned long long)((now - explaining->started) / SECOND), explaining->told ? "" : "; Ctrl-C prints what is explained by then");
        explaining->told = true;
    }
    pthread_mutex_unlock(&explaining->lock);
    return interrupted != 0;
}

static void note_explained(void *context, size_t explained, size_t count)
{
    struct explaining *explaining = context;
    pthread_mutex_lock(&explaining->lock);
    explaining->explained = explained > explaining->explained ? explained : explaining->explained;
    explaining->count = count;
    pthread_mutex_unlock(&explaining->lock);
}

static int explain(const struct plan_request *request, struct arena *arena, struct plan_result *result)
{
    struct explaining explaining = {.started = plan_clock()};
    const struct match_explain_options options = {.currency = plan_currency(result), .threads = threads_of(request), .stop = stop_explaining,
                                                  .context = &explaining, .progress = note_explained};
    explaining.next_line = request->verbose || isatty(STDERR_FILENO) ? explaining.started + SECOND : 0;
    if (pthread_mutex_init(&explaining.lock, NULL) != 0) {
        return STATUS_NO_MEMORY;
    }
    int status = match_explain_plan(result->market, &options, arena, result->plan);
    pthread_mutex_destroy(&explaining.lock);
    result->explained = explaining.explained;
    result->to_explain = explaining.count;
    return status;
}

static int make_plan(const struct plan_request *request, const struct plan_result *before, struct arena *arena,
                     struct plan_result *result)
{
    uint64_t started = plan_clock();
    struct watch watch = {.request = request, .started = started};
    watch.deadline = request->budget ? started + request->budget : 0;
    watch.next_line = request->verbose || isatty(STDERR_FILENO) ? started + SECOND : 0;
    struct match_counters counters = {0};
    struct match_options options = {
        .threads = threads_of(request),
        .prove = request->prove,
        .stop = stop,
        .context = &watch,
        .clock = request->verbose ? plan_clock : NULL,
        .counters = request->verbose ? &counters : NULL,
    };
    result->planned_lots = result->market->lot_count;
    int status = before ? match_plan_again(before->market, before->plan, result->market, &options, arena, &result->plan, &result->planned_lots)
             : request->budget ? match_improve_plan(result->market, &options, arena, &result->plan)
                               : match_plan(result->market, &options, arena, &result->plan);
    result->plan_nanoseconds = plan_clock() - started;
    result->interrupted = interrupted != 0;
    if (request->verbose) {
        print_passes(&counters);
    }
    return status;
}

/* Reads and loads a folder; the exit code of what is wrong. */
static int read_market(const struct plan_request *request, const struct plan_variant *variant, struct arena *arena,
                       struct plan_result *result)
{
    struct faults faults;
    struct stat about;
    if (!request->json && (stat(variant->folder, &about) != 0 || !S_ISDIR(about.st_mode))) {
        return complain(EXIT_CODE_INPUT, "there is no folder %s. Nothing was planned.\nExpected: a folder of CSV files, as muster market export writes.",
                        variant->folder);
    }
    faults_init(&faults, arena);
    int status = scenario_read(variant->folder, arena, &faults, &result->message);
    const struct match_variant change = {variant->sets, variant->set_count, variant->without, variant->without_count};
    if (!status && change.set_count + change.without_count > 0) {
        faults.file = NULL;
        status = match_variant_apply(result->message, &change, arena, &faults, &result->message);
    }
    if (!status) {
        faults.file = NULL;
        status = match_load(result->message, arena, &faults, &result->market);
    }
    if (status == STATUS_NO_MEMORY) {
        return complain_memory();
    }
    if (status == STATUS_IO) {
        return complain_file("read", faults.file ? faults.file : variant->folder);
    }
    if (status) {
        plan_print_faults(request, &faults, arena);
        return EXIT_CODE_INPUT;
    }
    return EXIT_CODE_DONE;
}

int plan_make(const struct plan_request *request, const struct plan_variant *variant, const struct plan_result *before,
              bool settle, struct arena *arena, struct plan_result *result)
{
    *result = (struct plan_result){.folder = variant->folder};
    uint64_t started = plan_clock();
    int code = read_market(request, variant, arena, result);
    if (code) {
        return code;
    }
    result->read_nanoseconds = plan_clock() - started;
    struct sigaction action = {.sa_handler = on_interrupt}, usual;
    action.sa_flags = (int)SA_RESETHAND; /* a second Ctrl-C ends the program at once */
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &usual);
    int status = make_plan(request, before, arena, result);
    if (!status) {
        status = match_reasons_plan(result->market, arena, result->plan);
    }
    if (!status && request->explain) {
        status = explain(request, arena, result);
    }
    sigaction(SIGINT, &usual, NULL);
    const char *fault = NULL;
    if (!status) {
        status = match_verify_plan(result->market, result->plan, arena, &fault);
    }
    if (!status && (settle || request->explain)) {
        status = match_settle_plan(result->market, result->plan, true, threads_of(request), arena);
    }
    if (status == STATUS_INVALID) {
        return complain(EXIT_CODE_INTERNAL, "the plan made does not hold: %s. Nothing is printed. Please report this.", fault);
    }
    return status ? complain_memory() : EXIT_CODE_DONE;
}
