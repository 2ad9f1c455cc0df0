/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/simulate/planning.h"

#include <stdlib.h>
#include <string.h>

#include "broker/planner.h"
#include "proto/arena.h"
#include "proto/pipe.pb-c.h"
#include "proto/status.h"
#include "proto/walk.h"
#include "tests/simulate/run.h"

#define PLANNING_ARENA ((size_t)512 << 20)
#define RESTART_MOST 2000u
#define LATE_MOST 1200u /* milliseconds */
#define ODD_PER_MILLE 150u

void planning_end(struct run *run)
{
    struct planning *planning = &run->planning;
    free(planning->answer);
    pipe_close(&planning->pipe);
    *planning = (struct planning){.pipe = {.fd = -1}};
}

void planning_lose(struct run *run)
{
    planning_end(run);
    run->planning.start_at = run->monotonic + dice_between(&run->dice, 50, RESTART_MOST);
}

/* A plan that is none of this market's, or gives more than there is. */
static void planning_change(struct run *run, Muster__PlanAnswer *answer)
{
    for (size_t at = 0; answer->plan != NULL && at < answer->plan->n_lots; at++) {
        Muster__LotPlan *lot = answer->plan->lots[at];
        if (lot->n_awards == 0)
            continue;
        Muster__Award *award = lot->awards[dice_roll(&run->dice, lot->n_awards)];
        switch (dice_roll(&run->dice, 4)) {
        case 0:
            award->quantity += dice_between(&run->dice, 1, 1000);
            break;
        case 1:
            award->unit_price = award->unit_price / 2 + 1;
            break;
        case 2:
            award->tier++;
            break;
        default:
            lot->n_awards--;
            break;
        }
    }
}

static void planning_keep(struct planning *planning, const uint8_t *bytes, size_t length)
{
    planning->answer = malloc(length + 1);
    if (planning->answer == NULL)
        abort();
    memcpy(planning->answer, bytes, length);
    planning->answer_length = length;
}

static void planning_foul(struct run *run, enum planning_mood mood, const uint8_t *bytes, size_t length, struct arena *arena)
{
    struct planning *planning = &run->planning;
    ProtobufCMessage *message = NULL;
    uint8_t *packed = NULL;
    size_t size = 0;
    if (walk_unpack(&muster__plan_answer__descriptor, bytes, length, PIPE_FRAME_MOST, arena, &message, NULL) != STATUS_OK) {
        run_finding(run, "planner", "the core's own answer is not of the form");
        return;
    }
    Muster__PlanAnswer *answer = (Muster__PlanAnswer *)message;
    if (mood == PLANNING_CHANGED)
        planning_change(run, answer);
    else
        answer->ticket += dice_between(&run->dice, 1, 3);
    if (walk_pack(&answer->base, arena, &packed, &size) != STATUS_OK)
        abort();
    planning_keep(planning, packed, size);
    if (mood == PLANNING_RUBBISH)
        for (unsigned flips = 0; flips < 8; flips++)
            planning->answer[dice_roll(&run->dice, size)] ^= (uint8_t)dice_between(&run->dice, 1, 255);
}

static enum planning_mood planning_mood(struct run *run)
{
    if (!run->chaos || !dice_is(&run->dice, ODD_PER_MILLE))
        return PLANNING_WELL;
    run->figures.planner_faults++;
    return (enum planning_mood)dice_between(&run->dice, PLANNING_DIES, PLANNING_CHANGED);
}

/* The core's clock goes on by some milliseconds whenever it is looked at: so much thought, and no more, the same each time. */
static uint64_t planning_time(void *data)
{
    struct planning *planning = data;
    return planning->looks += 10;
}

static void planning_think(struct run *run, const struct pipe_frame *frame)
{
    struct planning *planning = &run->planning;
    struct arena arena;
    uint8_t *answer = NULL;
    size_t length = 0;
    enum planning_mood mood = run->mutation != NULL && strcmp(run->mutation, "unverified-plan") == 0 ? PLANNING_CHANGED : planning_mood(run);
    run_note(run, "planner: question of %zu bytes, mood %d", frame->length, (int)mood);
    if (mood == PLANNING_DIES) {
        planning_lose(run);
        return;
    }
    planning->stuck = mood == PLANNING_STUCK;
    if (planning->stuck)
        return;
    arena_init(&arena, PLANNING_ARENA);
    const struct seam_clock clock = {.wall = planning_time, .monotonic = planning_time, .data = planning};
    if (planner_answer(frame->bytes, frame->length, &clock, 1, &arena, &answer, &length) != STATUS_OK)
        run_finding(run, "planner", "a question of the exchange can't be answered");
    else if (mood == PLANNING_WELL)
        planning_keep(planning, answer, length);
    else
        planning_foul(run, mood, answer, length, &arena);
    arena_drop(&arena);
    run_note(run, "planner took %llu ms", (unsigned long long)planning->looks);
    planning->answer_at = run->monotonic + (run->chaos ? dice_roll(&run->dice, LATE_MOST) : 0);
}

void planning_step(struct run *run)
{
    struct planning *planning = &run->planning;
    struct pipe_frame frame;
    if (run->node.state != NODE_UP)
        return;
    if (planning->start_at != 0 && run->monotonic >= planning->start_at)
        node_new_planner(run);
    if (planning->pipe.fd < 0 || run->node.state != NODE_UP)
        return;
    if (planning->answer != NULL && run->monotonic >= planning->answer_at) {
        int sent = pipe_send(&planning->pipe, PIPE_PLAN, planning->answer, planning->answer_length, NULL, 0);
        run_note(run, "planner answers %zu bytes", planning->answer_length);
        free(planning->answer);
        planning->answer = NULL;
        if (sent != STATUS_OK)
            run_finding(run, "planner", "an answer has no credit");
    }
    bool filled = pipe_fill(&planning->pipe) == STATUS_OK;
    int status = planning->answer == NULL && !planning->stuck ? pipe_next(&planning->pipe, &frame) : STATUS_NOT_FOUND;
    if (status == STATUS_OK && frame.kind == PIPE_PLAN)
        planning_think(run, &frame);
    else if (status == STATUS_UNREACHABLE || (!filled && status != STATUS_NOT_FOUND))
        planning_lose(run);
    if (planning->pipe.fd >= 0 && pipe_flush(&planning->pipe) != STATUS_OK)
        planning_lose(run);
}
