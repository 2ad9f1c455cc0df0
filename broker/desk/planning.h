/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_PLANNING_H
#define BROKER_DESK_PLANNING_H

#include "broker/desk/pack.h"

/* What planning's two halves share: which lots a job plans (planning.c) and what comes of the answer (planned.c). */

struct planning_notes {
    struct pack pack;
    const char **items;      /* lots that are planned */
    size_t count;
    uint32_t as_of;
    ProtobufCBinaryData open; /* the same market without sealed demands; empty: there are none */
    Muster__PlanAnswer *main; /* of a second job: the plan that the first gave */
    bool looked, valid;       /* the plan was audited, and is valid */
    /* Of a re-plan: */
    uint64_t bundle;          /* 0: none */
    uint64_t version;
    size_t n_left;
    char **keep_out;
    size_t n_keep_out;
};

/* Remembers that the job's lots failed or are done; and that its plan waits for the suppliers' view. */
void planning_keep(struct desk_planning *planning, struct planning_notes *notes, Muster__PlanAnswer *answer);

/* The arena in which notes and all in them lie. */
struct arena *planning_arena(struct desk_planning *planning);

#endif
