/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/planner.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>

#include "broker/confine.h"
#include "broker/metrics.h"
#include "broker/match/explain.h"
#include "broker/match/load.h"
#include "broker/match/match.h"
#include "broker/match/message.h"
#include "broker/match/reasons.h"
#include "broker/match/settle.h"
#include "broker/pipe.h"
#include "proto/fault.h"
#include "proto/pipe.pb-c.h"
#include "proto/seam.h"
#include "proto/status.h"
#include "proto/walk.h"

#define PLANNER_NICE 10
#define PLANNER_ARENA_CAP ((size_t)3 << 30) /* a market of the largest kind and its search take about 1 GiB */

struct planner_deadline {
    const struct seam_clock *clock;
    uint64_t until; /* monotonic milliseconds; 0: none */
};

static bool planner_is_late(void *context)
{
    const struct planner_deadline *deadline = context;
    return deadline->until != 0 && deadline->clock->monotonic(deadline->clock->data) >= deadline->until;
}

static bool planner_stop(void *context, const struct match_progress *progress)
{
    (void)progress;
    return planner_is_late(context);
}

/* The base currency's code, for sentences. */
static const char *planner_currency(const Muster__Market *market)
{
    for (size_t i = 0; i < market->n_policy; i++)
        if (strcmp(market->policy[i]->key, "base_currency") == 0 && market->policy[i]->value[0] != '\0')
            return market->policy[i]->value;
    return "EUR";
}

/* Reasons in words with what was tried, and what the plan means for each nation. */
static int planner_explain(const Muster__Market *message, const struct match_market *market, struct planner_deadline *deadline,
                           struct arena *arena, struct match_plan *plan)
{
    struct match_explain_options options = {.currency = planner_currency(message), .stop = planner_is_late, .context = deadline};
    int status = match_reasons_plan(market, arena, plan);
    if (status == STATUS_OK)
        status = match_explain_plan(market, &options, arena, plan);
    return status == STATUS_OK ? match_settle_plan(market, plan, true, 1, arena) : status;
}

static int planner_plan(const ProtobufCBinaryData *bytes, bool explain, struct planner_deadline deadline, struct arena *arena,
                        Muster__Plan **plan, const char **problem)
{
    ProtobufCMessage *message = NULL;
    struct match_market *market = NULL;
    struct match_plan *made = NULL;
    struct faults faults;
    struct match_options options = {.threads = 1, .stop = planner_stop, .context = &deadline};
    faults_init(&faults, arena);
    *problem = "the market has not the form of the contract";
    int status = walk_unpack(&muster__market__descriptor, bytes->data, bytes->len, PIPE_FRAME_MOST, arena, &message, NULL);
    if (status != STATUS_OK)
        return status;
    status = match_load((const Muster__Market *)message, arena, &faults, &market);
    *problem = faults.count > 0 ? faults.list[0].expected : "the market breaks a limit of the model";
    if (status == STATUS_OK) {
        *problem = "planning failed";
        status = match_plan(market, &options, arena, &made);
    }
    if (status == STATUS_OK && explain)
        status = planner_explain((const Muster__Market *)message, market, &deadline, arena, made);
    if (status == STATUS_OK)
        status = match_message_pack(market, made, arena, plan);
    return status;
}

/* Each market has its own time. */
static struct planner_deadline planner_begin(const struct seam_clock *clock, uint32_t seconds)
{
    return (struct planner_deadline){clock, seconds == 0 ? 0 : clock->monotonic(clock->data) + (uint64_t)seconds * 1000};
}

int planner_answer(const uint8_t *request, size_t length, const struct seam_clock *clock, uint32_t seconds, struct arena *arena,
                   uint8_t **answer, size_t *answer_length)
{
    ProtobufCMessage *message = NULL;
    int status = walk_unpack(&muster__plan_request__descriptor, request, length, PIPE_FRAME_MOST, arena, &message, NULL);
    if (status != STATUS_OK)
        return status;
    const Muster__PlanRequest *question = (const Muster__PlanRequest *)message;
    Muster__PlanAnswer reply = MUSTER__PLAN_ANSWER__INIT;
    const char *problem = NULL;
    reply.ticket = question->ticket;
    status = planner_plan(&question->market, question->explain, planner_begin(clock, seconds), arena, &reply.plan, &problem);
    reply.more = arena_array(arena, question->n_more, sizeof *reply.more);
    if (reply.more == NULL)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; status == STATUS_OK && i < question->n_more; i++)
        status = planner_plan(&question->more[i], question->explain, planner_begin(clock, seconds), arena, &reply.more[reply.n_more++],
                              &problem);
    reply.failed = status != STATUS_OK;
    if (reply.failed) {
        reply.plan = NULL;
        reply.n_more = 0;
    }
    reply.text = arena_string(arena, reply.failed ? problem : "");
    return reply.text == NULL ? STATUS_NO_MEMORY : walk_pack(&reply.base, arena, answer, answer_length);
}

/* Answers one frame. */
static int planner_serve(struct pipe *pipe, const struct pipe_frame *frame, uint32_t seconds)
{
    struct arena arena;
    uint8_t *answer = NULL;
    size_t length = 0;
    arena_init(&arena, PLANNER_ARENA_CAP);
    uint64_t begun = seam_clock_system.monotonic(seam_clock_system.data);
    int status = planner_answer(frame->bytes, frame->length, &seam_clock_system, seconds, &arena, &answer, &length);
    pipe_release(pipe);
    if (status == STATUS_OK)
        status = pipe_send(pipe, PIPE_PLAN, answer, length, NULL, 0);
    metrics_write(METRICS_DEBUG, "planned", "status=%s milliseconds=%llu", status_name(status),
                  (unsigned long long)(seam_clock_system.monotonic(seam_clock_system.data) - begun));
    arena_drop(&arena);
    return status;
}

int planner_run(const struct config *config, int pipe_fd)
{
    struct pipe pipe = {.fd = -1};
    /* An acknowledgement goes before a plan wherever they want one processor. */
    setpriority(PRIO_PROCESS, 0, PLANNER_NICE);
    const struct confine_allowed nothing = {.folder = NULL};
    if (confine_enclose(&nothing) != STATUS_OK || pipe_open(&pipe, pipe_fd, PIPE_FRAME_MOST) != STATUS_OK || confine_planner() != STATUS_OK)
        return EXIT_CODE_INTERNAL;
    int status = STATUS_OK;
    while (status == STATUS_OK) {
        struct pollfd item = {.fd = pipe.fd, .events = (short)(POLLIN | (pipe_wants_write(&pipe) ? POLLOUT : 0))};
        if (poll(&item, 1, -1) < 0 && errno != EINTR)
            break;
        struct pipe_frame frame;
        int filled = pipe_fill(&pipe);
        while ((status = pipe_next(&pipe, &frame)) == STATUS_OK && frame.kind == PIPE_PLAN)
            if ((status = planner_serve(&pipe, &frame, config->planner_seconds)) != STATUS_OK)
                break;
        if (status == STATUS_NOT_FOUND)
            status = filled == STATUS_OK ? pipe_flush(&pipe) : filled;
    }
    pipe_close(&pipe);
    return status == STATUS_UNREACHABLE ? EXIT_CODE_DONE : EXIT_CODE_INTERNAL;
}
