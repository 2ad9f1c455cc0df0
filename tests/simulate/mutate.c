/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/simulate/mutate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/audit.h"
#include "broker/desk/noun.h"
#include "broker/desk/state.h"
#include "broker/exchange_parked.h"
#include "broker/gate.h"
#include "broker/metrics.h"
#include "broker/pipe.h"
#include "broker/seal.h"
#include "proto/envelope.h"
#include "proto/status.h"
#include "store/log.h"
#include "tests/simulate/canary.h"
#include "tests/simulate/run.h"

static const struct {
    const char *name, *what;
} mistakes[] = {
    {"unflushed", "the disk says flushed, and flushes nothing"},
    {"late-flush", "a flush returns before it is done: answers leave ahead of it"},
    {"failed-commit", "a commit that failed is taken for done"},
    {"lost-commit", "now and then a commit is dropped, and said to be done"},
    {"repetition", "a submission that was accepted before is not known again"},
    {"crossed-answers", "now and then an answer goes to whom the one before went"},
    {"open-gate", "whatever a role may not do, it may"},
    {"open-seal", "answers hold all that the views know"},
    {"unverified-plan", "what the planner says is written as it is"},
    {"skipped-table", "now and then an entry does nothing to the tables"},
    {"suspended", "who was suspended, or whose keys ended, goes on"},
    {"signature", "no signature is looked at"},
    {"foreign-head", "a head that nobody signed is believed"},
    {"versions", "a change replaces whatever stands"},
    {"free-money", "what bundles hold of a fund is free for others"},
    {"talk", "the names of objects are told to the operator"},
    {"sleeping-watch", "nobody who waits is ever woken"},
    {"old-list", "the front is never told of new keys"},
};

static const char *chosen;
static unsigned turns;

static bool makes(const char *name)
{
    return chosen != NULL && run_current != NULL && strcmp(chosen, name) == 0;
}

/* The same while the exchange runs, and not in what the checks call. */
static bool makes_live(const char *name)
{
    return makes(name) && !run_current->looking && run_current->node.state == NODE_UP && run_current->node.turn.exchange != NULL;
}

static bool now_and_then(unsigned often)
{
    return ++turns % often == 0;
}

bool mutate_choose(const char *name)
{
    chosen = NULL;
    turns = 0;
    for (size_t at = 0; name != NULL && at < sizeof mistakes / sizeof mistakes[0]; at++)
        if (strcmp(mistakes[at].name, name) == 0)
            chosen = mistakes[at].name;
    return name == NULL || chosen != NULL;
}

void mutate_list(void)
{
    for (size_t at = 0; at < sizeof mistakes / sizeof mistakes[0]; at++)
        printf("%s\t%s\n", mistakes[at].name, mistakes[at].what);
}

#define WRAP(type, name, ...)          \
    type __real_##name(__VA_ARGS__);   \
    type __wrap_##name(__VA_ARGS__);   \
    type __wrap_##name(__VA_ARGS__)

/* --- the store and the log ------------------------------------------------------------------------------------- */

WRAP(int, store_keep, struct store_txn *txn)
{
    if (makes_live("lost-commit") && now_and_then(15)) {
        store_abort(txn);
        return STATUS_OK;
    }
    int status = __real_store_keep(txn);
    return makes_live("failed-commit") ? STATUS_OK : status;
}

WRAP(int, log_find_submission, struct store_txn *txn, const char *party, const uint8_t id[16], uint64_t *position, uint8_t sha256[32])
{
    return makes_live("repetition") ? STATUS_NOT_FOUND : __real_log_find_submission(txn, party, id, position, sha256);
}

WRAP(int, desk_apply, struct store_txn *txn, uint64_t position, const Muster__EntryBody *body, const Muster__Submission *submission,
     struct arena *arena)
{
    if (makes_live("talk") && submission->n_demands > 0)
        metrics_write(METRICS_INFO, "demand", "id=%s", submission->demands[0]->id);
    if (makes_live("skipped-table") && submission->n_offers > 0 && now_and_then(4))
        return STATUS_OK;
    return __real_desk_apply(txn, position, body, submission, arena);
}

/* --- who may, and who sees ------------------------------------------------------------------------------------- */

WRAP(int, gate_check_verb, const struct desk_context *context, Muster__Verb verb)
{
    return makes_live("open-gate") ? STATUS_OK : __real_gate_check_verb(context, verb);
}

WRAP(int, gate_check_submission, const struct desk_context *context, const Muster__Submission *submission, struct faults *faults)
{
    return makes_live("open-gate") ? STATUS_OK : __real_gate_check_submission(context, submission, faults);
}

WRAP(int, seal_answer, const struct seal_asker *asker, ProtobufCMessage *answer, struct arena *arena)
{
    return makes_live("open-seal") ? STATUS_OK : __real_seal_answer(asker, answer, arena);
}

WRAP(int, request_current_party, struct store_txn *txn, struct exchange_request *request, struct desk_context *context)
{
    int status = __real_request_current_party(txn, request, context);
    if (status != STATUS_DENIED || !makes_live("suspended") || context->party == NULL)
        return status;
    /* The gate would look again. */
    Muster__PartyRecord *believed = (Muster__PartyRecord *)arena_copy(&request->arena, context->party, sizeof *context->party);
    believed->state = MUSTER__PARTY_STATE__PARTY_CONFIRMED;
    context->party = believed;
    return STATUS_OK;
}

WRAP(int, envelope_verify, const uint8_t *envelope, size_t size, const uint8_t signing_key[32])
{
    return makes_live("signature") ? STATUS_OK : __real_envelope_verify(envelope, size, signing_key);
}

WRAP(int, tlog_head_verify, const struct note_key *key, const struct tlog_head *head, const uint8_t signature[64])
{
    return makes_live("foreign-head") ? STATUS_OK : __real_tlog_head_verify(key, head, signature);
}

WRAP(bool, desk_check_version, struct desk_work *work, const Muster__Stored *stored, bool withdraw, uint64_t replaces, const char *id)
{
    return makes_live("versions") && stored != NULL ? true : __real_desk_check_version(work, stored, withdraw, replaces, id);
}

WRAP(int, audit_plan, const Muster__Market *market, const Muster__Plan *plan, struct arena *arena, const char **fault)
{
    return makes_live("unverified-plan") ? STATUS_OK : __real_audit_plan(market, plan, arena, fault);
}

WRAP(int, state_held, struct store_txn *txn, const char *fund, uint64_t but_of, int64_t *held)
{
    int status = __real_state_held(txn, fund, but_of, held);
    if (makes_live("free-money"))
        *held = 0;
    return status;
}

/* --- answers --------------------------------------------------------------------------------------------------- */

WRAP(int, parked_look, struct exchange *exchange, const struct exchange_sink *sink)
{
    return makes_live("sleeping-watch") ? STATUS_OK : __real_parked_look(exchange, sink);
}

WRAP(size_t, pipe_pack_head, const struct pipe_message *message, uint8_t head[PIPE_HEAD_MOST])
{
    static uint64_t before;
    struct pipe_message changed = *message;
    bool answer = message->party[0] == '\0';
    if (answer && before != 0 && makes_live("crossed-answers") && now_and_then(20))
        changed.handle = before;
    before = answer ? message->handle : before;
    return __real_pipe_pack_head(&changed, head);
}

WRAP(int, exchange_admission, struct exchange *exchange, bool *changed, uint8_t **bytes, size_t *length)
{
    int status = __real_exchange_admission(exchange, changed, bytes, length);
    if (status == STATUS_OK && *changed && makes_live("old-list") && run_current->front.up) {
        free(*bytes);
        *changed = false;
    }
    return status;
}

/* --- the operator's lines -------------------------------------------------------------------------------------- */

void __wrap_metrics_write(enum metrics_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* They go to the trace, and are looked at for what is sealed. */
void __wrap_metrics_write(enum metrics_level level, const char *event, const char *format, ...)
{
    char line[METRICS_LINE_MOST];
    va_list arguments;
    (void)level;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (run_current == NULL)
        return;
    canary_look_in_line(run_current, line);
    run_note(run_current, "log: %s %s", event, line);
}

/* --- what would only take time --------------------------------------------------------------------------------- */

void *__wrap_sodium_malloc(size_t size);
void __wrap_sodium_free(void *memory);

/* Guarded pages keep keys from other processes; here is none, and a run makes thousands. */
void *__wrap_sodium_malloc(size_t size)
{
    return calloc(1, size == 0 ? 1 : size);
}

void __wrap_sodium_free(void *memory)
{
    free(memory);
}
