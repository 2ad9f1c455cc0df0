/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/session.h"
#include "proto/entry.h"
#include "proto/status.h"

/* Redaction by two coordinators: one names the entries that hold a text that must not be there, another confirms or keeps them. */

#define ENTRIES_MOST 100

/* The entry's body as the exchange shows it to a coordinator: what the redaction names. */
static int fetch_body(struct context *context, uint64_t position, Muster__RedactionChange *change)
{
    Muster__LogRequest request = MUSTER__LOG_REQUEST__INIT;
    ProtobufCMessage *message = NULL;
    struct entry_body body;
    request.from = position;
    request.size = position + 1;
    int code = session_ask(context, MUSTER__VERB__VERB_LOG, &request.base, &message);
    if (code) {
        return code;
    }
    const Muster__LogAnswer *answer = (const Muster__LogAnswer *)message;
    if (answer->n_bodies != 1 || answer->bodies[0]->position != position || entry_body_parse(answer->bodies[0]->body.data, answer->bodies[0]->body.len, &body) != STATUS_OK) {
        return complain(EXIT_CODE_INPUT, "entry %s has no body that you may read: it is redacted already, or you are no coordinator. Nothing changed.", figures_count(position).text);
    }
    muster__redaction_change__init(change);
    change->position = position;
    change->party = arena_string(&context->arena, body.party);
    change->submission.len = sizeof body.submission;
    change->submission.data = (uint8_t *)arena_copy(&context->arena, body.submission, sizeof body.submission);
    change->envelope_sha256.len = sizeof body.envelope_sha256;
    change->envelope_sha256.data = (uint8_t *)arena_copy(&context->arena, body.envelope_sha256, sizeof body.envelope_sha256);
    if (!change->party || !change->submission.data || !change->envelope_sha256.data) {
        return complain_memory();
    }
    output_wrap(&context->output, "Entry %s: %s of %s, %s.", figures_count(position).text, body.kind, body.party, figures_time(body.time).text);
    return EXIT_CODE_DONE;
}

static const char *entry_name(void *data, uint32_t change)
{
    char **words = data;
    return words[change];
}

static int send_changes(struct context *context, int count, char **words, Muster__RedactionKind kind, const char *reason, struct submission_result *result)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__RedactionChange changes[ENTRIES_MOST], *list[ENTRIES_MOST];
    const struct session_naming naming = {.id = entry_name, .data = words};
    if (count > ENTRIES_MOST) {
        return complain(EXIT_CODE_USAGE, "at most %d entries at once.", ENTRIES_MOST);
    }
    for (int at = 0; at < count; at++) {
        uint64_t position = 0;
        if (figures_read_count(words[at], 0, UINT64_MAX / 2, &position) != STATUS_OK) {
            return complain(EXIT_CODE_USAGE, "found %s, expected the number of a log entry.", words[at]);
        }
        int code = fetch_body(context, position, &changes[at]);
        if (code) {
            return code;
        }
        changes[at].kind = kind;
        changes[at].reason = (char *)(uintptr_t)reason;
        list[at] = &changes[at];
    }
    submission.redactions = list;
    submission.n_redactions = (size_t)count;
    return session_submit(context, &submission, &naming, result);
}

static int tell(struct context *context, const struct submission_result *result, const char *what, const char *next)
{
    if (!result->answer) {
        return EXIT_CODE_DONE;
    }
    if (!output_value(&context->output, json_pack("{s:b, s:I, s:s}", "accepted", 1, "entry", (json_int_t)result->answer->position, "redaction", what))) {
        output_wrap(&context->output, "Accepted %s: %s.", session_accepted(context, result), what);
        output_wrap(&context->output, "%s", next);
    }
    return EXIT_CODE_DONE;
}

int log_redact_run(struct context *context, int count, char **words)
{
    struct submission_result result = {0};
    const char *reason = context->value[OPTION_REASON];
    if (!reason || !*reason) {
        return complain(EXIT_CODE_USAGE, "why? Add --reason TEXT, without a word of what is to go: everybody who audits the log reads it.");
    }
    int code = send_changes(context, count, words, MUSTER__REDACTION_KIND__REDACTION_PROPOSE, reason, &result);
    return code ? code : tell(context, &result, "proposed", "Nothing is gone yet. Next, another coordinator: muster log confirm, with the same entries.");
}

int log_confirm_run(struct context *context, int count, char **words)
{
    struct submission_result result = {0};
    int code = send_changes(context, count, words, MUSTER__REDACTION_KIND__REDACTION_CONFIRM, "", &result);
    return code ? code
                : tell(context, &result, "confirmed",
                       "The exchange drops the text, and its copies in proposals, at once, and starts again to clean its file: a few seconds. What was made of the entry's objects is "
                       "withdrawn; their owner may send them anew, clean. Backups made before still hold the text: destroy them, then make a new one.");
}

int log_keep_run(struct context *context, int count, char **words)
{
    struct submission_result result = {0};
    int code = send_changes(context, count, words, MUSTER__REDACTION_KIND__REDACTION_KEEP, "", &result);
    return code ? code : tell(context, &result, "kept", "The proposal is dropped; the entries stay as they are.");
}

int party_confirm_list_run(struct context *context, int count, char **words)
{
    Muster__StatusRequest request = MUSTER__STATUS_REQUEST__INIT;
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__ListConfirmed confirmed = MUSTER__LIST_CONFIRMED__INIT;
    struct submission_result result = {0};
    ProtobufCMessage *body = NULL;
    bool waits = false;
    (void)count;
    (void)words;
    int code = session_ask(context, MUSTER__VERB__VERB_STATUS, &request.base, &body);
    if (code) {
        return code;
    }
    const Muster__StatusAnswer *answer = (const Muster__StatusAnswer *)body;
    for (size_t at = 0; at < answer->n_waiting && !waits; at++) {
        waits = strcmp(answer->waiting[at]->what, "parties") == 0 && figures_read_count(answer->waiting[at]->id, 0, UINT64_MAX / 2, &confirmed.position) == STATUS_OK;
    }
    if (!waits) {
        return complain(EXIT_CODE_INPUT, "the list of parties does not wait to be confirmed: the exchange was not restored, or it is open already. Nothing changed.");
    }
    submission.list_confirmed = &confirmed;
    code = session_submit(context, &submission, NULL, &result);
    if (code || !result.answer) {
        return code;
    }
    if (!output_value(&context->output, json_pack("{s:b, s:I}", "accepted", 1, "entry", (json_int_t)result.answer->position))) {
        output_wrap(&context->output, "Accepted %s. The exchange is open: each party may come back once it trusts the new key.", session_accepted(context, &result));
    }
    return EXIT_CODE_DONE;
}
