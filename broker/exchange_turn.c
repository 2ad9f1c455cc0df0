/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/exchange_turn.h"

#include <stdlib.h>
#include <string.h>

#include "broker/metrics.h"
#include "proto/status.h"

#define TICK_MILLISECONDS 250u    /* deadlines are days; a test's clock is seen within this */
#define PLANNER_GRACE_SECONDS 5u  /* a planner ends by itself at its limit: this long after it, it is stuck */
#define COMPARE_SECONDS 60u       /* a person waits */
#define QUIETS_MOST 10u           /* times quiet_milliseconds that a plan waits at most for a pause */

static uint64_t turn_now(const struct exchange_turn *turn)
{
    return turn->clock->monotonic(turn->clock->data);
}

void exchange_turn_take_front(struct exchange_turn *turn, const struct pipe *pipe)
{
    pipe_close(&turn->front);
    queue_clear(&turn->answers);
    exchange_forget(turn->exchange);
    exchange_admission_again(turn->exchange);
    turn->front = *pipe;
}

/* --- the front ------------------------------------------------------------------------------------------------- */

static void turn_answer(void *data, uint64_t handle, const uint8_t *bytes, size_t length)
{
    struct exchange_turn *turn = data;
    struct pipe_message message = {.handle = handle};
    uint8_t head[PIPE_HEAD_MOST];
    size_t head_length = pipe_pack_head(&message, head);
    if (turn->front.fd < 0)
        return;
    if (queue_is_empty(&turn->answers) &&
        pipe_send(&turn->front, PIPE_ANSWER, head, head_length, bytes, length) == STATUS_OK)
        return;
    if (queue_add(&turn->answers, head, head_length, bytes, length) != STATUS_OK)
        turn->answers_lost++;
}

/* A pipe that ended shows at the next reading. */
static void turn_flush(void *data)
{
    struct exchange_turn *turn = data;
    if (turn->front.fd >= 0)
        pipe_flush(&turn->front);
}

static struct exchange_sink turn_sink(struct exchange_turn *turn)
{
    return (struct exchange_sink){.answer = turn_answer, .flush = turn_flush, .data = turn};
}

/* What waited for the front's credit. */
static void turn_drain(struct exchange_turn *turn)
{
    const uint8_t *bytes = NULL;
    size_t length = 0;
    while (queue_peek(&turn->answers, &bytes, &length) &&
           pipe_send(&turn->front, PIPE_ANSWER, bytes, length, NULL, 0) == STATUS_OK)
        queue_drop(&turn->answers);
}

static int turn_admit(struct exchange_turn *turn)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    bool changed = false;
    if (turn->front.fd < 0)
        return STATUS_OK;
    int status = exchange_admission(turn->exchange, &changed, &bytes, &length);
    if (status != STATUS_OK || !changed)
        return status;
    if (pipe_send(&turn->front, PIPE_ADMITTED, bytes, length, NULL, 0) != STATUS_OK)
        exchange_admission_again(turn->exchange);
    free(bytes);
    return STATUS_OK;
}

/* Copies what waits into one batch, and has it done. *more: there may be another. */
static int turn_batch(struct exchange_turn *turn, const struct exchange_sink *sink, bool *more)
{
    struct exchange_message messages[EXCHANGE_BATCH_MOST];
    struct pipe_message heads[EXCHANGE_BATCH_MOST];
    uint8_t *copies[EXCHANGE_BATCH_MOST];
    size_t count = 0;
    size_t total = 0;
    int status = STATUS_OK;
    struct pipe_frame frame;
    *more = false;
    while (count < EXCHANGE_BATCH_MOST && total < PIPE_WINDOW && (status = pipe_next(&turn->front, &frame)) == STATUS_OK) {
        if (frame.kind == PIPE_READY) {
            metrics_write(METRICS_DEBUG, "front-ready", "waiting=%zu", turn->answers.bytes);
            continue;
        }
        struct pipe_message *head = &heads[count];
        if (frame.kind != PIPE_REQUEST || pipe_unpack_message(frame.bytes, frame.length, head) != STATUS_OK) {
            status = STATUS_UNREACHABLE;
            break;
        }
        copies[count] = malloc(head->length + 1);
        if (copies[count] == NULL) {
            status = STATUS_NO_MEMORY;
            break;
        }
        memcpy(copies[count], head->bytes, head->length);
        messages[count] = (struct exchange_message){head->handle, head->party, copies[count], head->length};
        total += head->length;
        count++;
    }
    *more = status == STATUS_OK;
    if (status == STATUS_UNREACHABLE)
        pipe_close(&turn->front);
    if (status != STATUS_NO_MEMORY)
        status = count == 0 ? STATUS_OK : exchange_batch(turn->exchange, messages, count, sink);
    for (size_t i = 0; i < count; i++)
        free(copies[i]);
    return status;
}

static int turn_front(struct exchange_turn *turn, const struct exchange_sink *sink)
{
    if (turn->front.fd < 0)
        return STATUS_OK;
    if (pipe_fill(&turn->front) == STATUS_NO_MEMORY)
        return STATUS_NO_MEMORY;
    bool more = true;
    int status = STATUS_OK;
    while (more && status == STATUS_OK && turn->front.fd >= 0 && !queue_is_full(&turn->answers))
        status = turn_batch(turn, sink, &more);
    return status;
}

/* --- the planner ----------------------------------------------------------------------------------------------- */

static int turn_planner(struct exchange_turn *turn, const struct exchange_sink *sink)
{
    struct pipe_frame frame;
    if (turn->planner.fd < 0)
        return STATUS_OK;
    int filled = pipe_fill(&turn->planner);
    int status = pipe_next(&turn->planner, &frame);
    if (status == STATUS_OK && frame.kind == PIPE_PLAN && turn->planning) {
        turn->planning = false;
        status = exchange_planned(turn->exchange, frame.bytes, frame.length, sink);
        pipe_release(&turn->planner);
        return status;
    }
    if (status == STATUS_NOT_FOUND && filled == STATUS_OK)
        return STATUS_OK;
    /* It ended, or speaks nonsense: the parent starts another. */
    pipe_close(&turn->planner);
    if (status == STATUS_OK)
        turn->end_planner(turn->data);
    if (!turn->planning)
        return STATUS_OK;
    turn->planning = false;
    return exchange_plan_lost(turn->exchange, false, sink);
}

/* Planning waits for changes to pause, but not for ever: under constant change it begins after so many pauses. */
static void turn_note_news(struct exchange_turn *turn, uint64_t now)
{
    uint64_t quiet = turn->quiet_milliseconds;
    if (exchange_news(turn->exchange) == 0)
        return;
    if (turn->plan_after == 0)
        turn->news_since = now;
    uint64_t latest = turn->news_since + QUIETS_MOST * quiet;
    turn->plan_after = now + quiet < latest ? now + quiet : latest;
}

/* Sends the next question, if the planner is free; ends a planner that takes too long. */
static int turn_plan(struct exchange_turn *turn, uint64_t now, const struct exchange_sink *sink)
{
    if (turn->planning && now >= turn->plan_until) {
        metrics_write(METRICS_WARNING, "planner-stuck", "seconds=%u", turn->planner_seconds);
        turn->end_planner(turn->data);
        pipe_close(&turn->planner);
        turn->planning = false;
        return exchange_plan_lost(turn->exchange, true, sink);
    }
    turn_note_news(turn, now);
    bool wanted = (turn->plan_after != 0 && now >= turn->plan_after) || exchange_has_question(turn->exchange);
    if (turn->planning || turn->planner.fd < 0 || !wanted)
        return STATUS_OK;
    const uint8_t *bytes = NULL;
    size_t length = 0;
    bool compare = false;
    int status = exchange_plan(turn->exchange, &bytes, &length, &compare);
    if (status != STATUS_OK)
        return status;
    if (length == 0) {
        turn->plan_after = 0;
        return STATUS_OK;
    }
    uint32_t seconds = compare ? COMPARE_SECONDS : turn->planner_seconds;
    turn->planning = true;
    turn->news_since = now;
    turn->plan_until = now + (uint64_t)(seconds + PLANNER_GRACE_SECONDS) * 1000;
    if (pipe_send(&turn->planner, PIPE_PLAN, bytes, length, NULL, 0) == STATUS_OK)
        return STATUS_OK;
    /* A market that no frame holds is a plan that failed. */
    turn->planning = false;
    return exchange_plan_lost(turn->exchange, true, sink);
}

int exchange_turn_take_planner(struct exchange_turn *turn, const struct pipe *pipe)
{
    const struct exchange_sink sink = turn_sink(turn);
    pipe_close(&turn->planner);
    turn->planner = *pipe;
    if (!turn->planning)
        return STATUS_OK;
    turn->planning = false;
    return exchange_plan_lost(turn->exchange, false, &sink);
}

/* --- the turn -------------------------------------------------------------------------------------------------- */

static int turn_tick(struct exchange_turn *turn, uint64_t now, const struct exchange_sink *sink)
{
    if (now - turn->ticked < TICK_MILLISECONDS)
        return STATUS_OK;
    turn->ticked = now;
    return exchange_tick(turn->exchange, sink);
}

int exchange_turn_run(struct exchange_turn *turn)
{
    const struct exchange_sink sink = turn_sink(turn);
    int status = turn_front(turn, &sink);
    if (status == STATUS_OK)
        status = exchange_collect(turn->exchange, &sink);
    if (status == STATUS_OK)
        status = turn_planner(turn, &sink);
    uint64_t now = turn_now(turn);
    if (status == STATUS_OK)
        status = turn_tick(turn, now, &sink);
    if (status == STATUS_OK)
        status = turn_plan(turn, now, &sink);
    if (status == STATUS_OK)
        status = turn_admit(turn);
    if (status != STATUS_OK)
        return status;
    turn_drain(turn);
    /* A pipe that ended shows at the next reading; the parent hands over another. */
    if (turn->front.fd >= 0 && pipe_flush(&turn->front) != STATUS_OK)
        pipe_close(&turn->front);
    if (turn->planner.fd >= 0)
        pipe_flush(&turn->planner);
    return STATUS_OK;
}

uint64_t exchange_turn_due(const struct exchange_turn *turn)
{
    uint64_t until = turn->ticked + TICK_MILLISECONDS;
    if (turn->plan_after != 0 && !turn->planning && turn->planner.fd >= 0 && turn->plan_after < until)
        until = turn->plan_after;
    return until;
}

bool exchange_turn_listens(const struct exchange_turn *turn)
{
    return !queue_is_full(&turn->answers);
}

bool exchange_turn_is_answered(const struct exchange_turn *turn)
{
    return queue_is_empty(&turn->answers) && (turn->front.fd < 0 || !pipe_wants_write(&turn->front));
}

void exchange_turn_end(struct exchange_turn *turn)
{
    pipe_close(&turn->front);
    pipe_close(&turn->planner);
    queue_clear(&turn->answers);
}
