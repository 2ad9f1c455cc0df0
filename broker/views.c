/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/views.h"

#include <string.h>

#include "broker/seal.h"
#include "broker/views_inside.h"
#include "proto/status.h"
#include "proto/verbs.h"
#include "proto/walk.h"

#define REQUEST_MOST ((size_t)4 << 20) /* bytes of a reading request: variants of a compare are the largest */

struct view_row {
    Muster__Verb verb;
    int (*make)(struct view *view);
};

static const struct view_row rows[] = {
    {MUSTER__VERB__VERB_STATUS, view_status}, {MUSTER__VERB__VERB_HEAD, view_head},       {MUSTER__VERB__VERB_PROOF, view_proof},
    {MUSTER__VERB__VERB_LIST, view_list},     {MUSTER__VERB__VERB_BUNDLES, view_bundles}, {MUSTER__VERB__VERB_WHY, view_why},
    {MUSTER__VERB__VERB_LOG, view_log},
    {MUSTER__VERB__VERB_COMPARE, view_compare}, {MUSTER__VERB__VERB_NEED, view_need},     {MUSTER__VERB__VERB_WATCH, view_watch},
};

void *view_new(const struct view *view, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = arena_alloc(view->arena, descriptor->sizeof_message);
    if (message != NULL)
        protobuf_c_message_init(descriptor, message);
    return message;
}

bool view_is_coordinator(const struct view *view)
{
    return view->asker->role == MUSTER__ROLE__ROLE_COORDINATOR;
}

int view_refuse(struct view *view, Muster__Outcome outcome, const char *text)
{
    view->answer->outcome = outcome;
    view->answer->text = arena_string(view->arena, text);
    view->answer->body = (ProtobufCBinaryData){0};
    return view->answer->text != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

int view_done(struct view *view, ProtobufCMessage *message)
{
    const struct seal_asker asker = {.role = view->asker->role, .party = view->asker->id, .country = view->asker->country};
    int status = seal_answer(&asker, message, view->arena);
    if (status == STATUS_OK)
        status = walk_pack(message, view->arena, &view->answer->body.data, &view->answer->body.len);
    view->answer->outcome = MUSTER__OUTCOME__OUTCOME_DONE;
    view->answer->text = "";
    return status;
}

static int open_view(struct view *view, struct store_txn *txn, const struct desk_context *context, const Muster__Request *request,
                     struct arena *arena, Muster__Answer *answer, struct desk_job **job)
{
    const struct verb *verb = verb_find((int)request->verb);
    ProtobufCMessage *body = NULL;
    muster__answer__init(answer);
    answer->protocol = PROTOCOL_VERSION;
    *view = (struct view){.txn = txn,
                          .context = context,
                          .asker = context->party->party,
                          .arena = arena,
                          .request = request,
                          .answer = answer,
                          .job = job};
    if (verb == NULL || verb->request == VERB_RAW)
        return view_refuse(view, MUSTER__OUTCOME__OUTCOME_UNKNOWN_VERB, "");
    int status = walk_unpack(verb->request, request->body.data, request->body.len, REQUEST_MOST, arena, &body, NULL);
    if (status == STATUS_NO_MEMORY)
        return status;
    if (status != STATUS_OK)
        return view_refuse(view, MUSTER__OUTCOME__OUTCOME_MALFORMED, "the request is not of the contract's form");
    view->body = body;
    return STATUS_OK;
}

int views_answer(struct store_txn *txn, const struct desk_context *context, const Muster__Request *request, struct arena *arena,
                 Muster__Answer *answer, struct desk_job **job)
{
    struct view view;
    *job = NULL;
    int status = open_view(&view, txn, context, request, arena, answer, job);
    if (status != STATUS_OK || view.body == NULL)
        return status;
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        if (rows[at].verb == request->verb)
            return rows[at].make(&view);
    }
    return view_refuse(&view, MUSTER__OUTCOME__OUTCOME_UNKNOWN_VERB, "");
}

int views_compare(struct store_txn *txn, const struct desk_context *context, const Muster__Request *request, const struct desk_job *job,
                  const Muster__PlanAnswer *plan, struct arena *arena, Muster__Answer *answer)
{
    struct view view;
    int status = open_view(&view, txn, context, request, arena, answer, NULL);
    if (status != STATUS_OK || view.body == NULL)
        return status;
    return view_compared(&view, job, plan);
}
