/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "clients/link/audit.h"
#include "clients/link/head.h"
#include "clients/link/receipts.h"
#include "clients/muster/audit.h"
#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/progress.h"
#include "clients/muster/session.h"
#include "clients/muster/view.h"
#include "proto/envelope.h"
#include "proto/status.h"

/* muster log audit: the whole history against the signed heads, this profile's receipts against it, and what was redacted, in plain words. */

#define UNKNOWN_MOST 20u        /* own entries without a receipt here that are named */
#define REDACTED_FILE_MOST ((size_t)16 << 20)
#define RECEIPT_ARENA_CAP ((size_t)32 << 20)

struct auditing {
    struct context *context;
    struct audit audit;
    struct audit_report report;
    bool began_anew;           /* what was kept of earlier audits was damaged */
    json_t *ids;               /* of the kept receipts, as keys */
    json_t *redacted;          /* all that were ever told of, an array */
    uint64_t own;              /* entries of this party in what was read now */
    uint64_t unknown[UNKNOWN_MOST];
    uint64_t unknown_count;    /* of them, without a receipt here */
    uint64_t receipts;         /* that are in the log */
    uint64_t other_receipts;   /* of another log: before a restore */
    char *lost;                /* a receipt that is not in the log, or no receipt */
    int code;                  /* of a question that was refused or not answered */
};

int audit_newest(struct context *context)
{
    int status = head_update(context->link, &context->arena, NULL);
    switch (status) {
    case STATUS_OK:
        return EXIT_CODE_DONE;
    case STATUS_CORRUPT:
        return complain(EXIT_CODE_INTERNAL, "the exchange shows a history that does not continue the one that you saw before. Both heads are saved in %s/forks\nTell your coordinator and your security officer. To see where it differs: muster log audit", context->profile.data);
    case STATUS_FORGED:
        return complain(EXIT_CODE_INTERNAL, "the exchange shows a head that its log did not sign. Tell your coordinator.");
    case STATUS_NO_MEMORY:
        return complain_memory();
    case STATUS_IO:
    case STATUS_NO_SPACE:
        return complain_file("read or write", context->profile.state);
    case STATUS_DENIED:
        return complain(EXIT_CODE_NOT_ALLOWED, "the exchange gives no proof of its newest head. Nothing changed.");
    default: {
        const struct link_reply none = {0};
        return session_unanswered(context, status, &none, false);
    }
    }
}

/* --- what is asked and read -------------------------------------------------------------------------------------- */

static int read_stretch(void *data, uint64_t from, uint64_t size, struct arena *arena, const Muster__LogAnswer **answer)
{
    struct auditing *auditing = data;
    struct context *context = auditing->context;
    Muster__LogRequest request = MUSTER__LOG_REQUEST__INIT;
    struct link_reply reply;
    request.from = from;
    request.size = size;
    int status = link_ask_message(context->link, MUSTER__VERB__VERB_LOG, &request.base, arena, &reply);
    if (status != STATUS_OK) {
        auditing->code = session_unanswered(context, status, &reply, false);
        return STATUS_CANCELLED;
    }
    if (reply.answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE || !reply.body) {
        auditing->code = session_refused(context, reply.answer, NULL, "The audit was not finished.");
        return STATUS_CANCELLED;
    }
    *answer = (const Muster__LogAnswer *)reply.body;
    return STATUS_OK;
}

static int take_body(void *data, uint64_t position, const struct entry_body *body)
{
    struct auditing *auditing = data;
    char hex[RECEIPTS_ID_HEX];
    if (strcmp(body->party, auditing->context->profile.party) != 0) {
        return STATUS_OK;
    }
    auditing->own++;
    sodium_bin2hex(hex, sizeof hex, body->submission, sizeof body->submission);
    if (!json_object_get(auditing->ids, hex)) {
        if (auditing->unknown_count < UNKNOWN_MOST) {
            auditing->unknown[auditing->unknown_count] = position;
        }
        auditing->unknown_count++;
    }
    return STATUS_OK;
}

static int take_redaction(void *data, const Muster__LogRedaction *redaction)
{
    struct auditing *auditing = data;
    size_t at;
    json_t *known;
    json_array_foreach(auditing->redacted, at, known) {
        if ((uint64_t)json_integer_value(json_object_get(known, "entry")) == redaction->entry) {
            return STATUS_OK;
        }
    }
    return json_array_append_new(auditing->redacted, view_message(&redaction->base)) == 0 ? STATUS_OK : STATUS_NO_MEMORY;
}

/* --- what is kept here ------------------------------------------------------------------------------------------- */

static int take_id(void *data, const char *name)
{
    json_t *ids = data;
    size_t length = strlen(name);
    if (length != RECEIPTS_ID_HEX - 1 + strlen(".receipt") || strcmp(name + RECEIPTS_ID_HEX - 1, ".receipt") != 0) {
        return STATUS_OK;
    }
    return json_object_setn_new(ids, name, RECEIPTS_ID_HEX - 1, json_true()) == 0 ? STATUS_OK : STATUS_NO_MEMORY;
}

static int load_kept(struct auditing *auditing)
{
    struct context *context = auditing->context;
    char path[FILES_PATH_MOST];
    uint8_t *text = NULL;
    size_t size = 0;
    auditing->ids = json_object();
    int status = files_path(path, context->profile.data, "receipts", NULL);
    status = status ? status : files_each(path, &context->arena, take_id, auditing->ids);
    status = status ? status : audit_load(&context->profile, &auditing->audit);
    if (status == STATUS_CORRUPT) {
        auditing->began_anew = true;
        status = STATUS_OK;
    }
    if (status == STATUS_OK && auditing->audit.head.size) {
        status = audit_path(&context->profile, "redacted", path);
        status = status ? status : files_read(path, REDACTED_FILE_MOST, &context->arena, &text, &size);
        auditing->redacted = status == STATUS_OK ? json_loadb((const char *)text, size, 0, NULL) : NULL;
        status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    if (!json_is_array(auditing->redacted)) {
        json_decref(auditing->redacted);
        auditing->redacted = json_array();
    }
    return status;
}

static int save_kept(struct auditing *auditing)
{
    struct context *context = auditing->context;
    char path[FILES_PATH_MOST];
    uint8_t *note = NULL;
    size_t size = 0;
    char *text = json_dumps(auditing->redacted, JSON_INDENT(1));
    int status = text ? files_path(path, context->profile.state, "audit", NULL) : STATUS_NO_MEMORY;
    status = status ? status : files_make_folder(path);
    status = status ? status : audit_path(&context->profile, "redacted", path);
    status = status ? status : files_write(path, text, strlen(text), 0600, true);
    status = status ? status : head_read_note(&context->profile, &context->arena, &note, &size);
    status = status ? status : audit_save(&context->profile, &auditing->audit, auditing->report.known, (const char *)note, size);
    free(text);
    return status;
}

/* One kept receipt: it must hold by itself, and its head be of the history that was followed. */
static int check_receipt(struct auditing *auditing, const char *id, struct arena *arena)
{
    const struct profile *profile = &auditing->context->profile;
    const struct note_key *key = &profile->log_key;
    char path[FILES_PATH_MOST], name[RECEIPTS_ID_HEX + 16];
    uint8_t *text = NULL, *envelope = NULL;
    size_t length = 0, size = 0, note_length = 0;
    const char *note = NULL, *why = NULL;
    struct receipt receipt;
    snprintf(name, sizeof name, "%s.receipt", id);
    int status = files_path(path, profile->data, "receipts", name, NULL);
    status = status ? status : files_read(path, RECEIPT_MOST, arena, &text, &length);
    snprintf(name, sizeof name, "%s.envelope", id);
    status = status ? status : files_path(path, profile->data, "receipts", name, NULL);
    status = status ? status : files_read(path, ENVELOPE_MOST, arena, &envelope, &size);
    if (status == STATUS_OK && receipts_note((const char *)text, length, &note, &note_length) == STATUS_OK &&
        (note_length <= strlen(key->name) || memcmp(note, key->name, strlen(key->name)) != 0 || note[strlen(key->name)] != '\n')) {
        auditing->other_receipts++;
        return STATUS_OK;
    }
    if (status == STATUS_OK && receipt_verify((const char *)text, length, envelope, size, key, &receipt, &why) != STATUS_OK) {
        auditing->lost = arena_format(&auditing->context->arena, "the receipt %s in %s/receipts does not hold: %s", id, profile->data, why ? why : "it has not the form of one");
        return STATUS_OK;
    }
    if (status == STATUS_OK && audit_compare(&auditing->audit, &receipt.head) != STATUS_OK) {
        auditing->lost = arena_format(&auditing->context->arena, "your receipt for entry %" PRIu64 " (%s) is signed under head %" PRIu64 ", which is not of this history", receipt.position, id, receipt.head.size);
        return STATUS_OK;
    }
    auditing->receipts += status == STATUS_OK;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* an envelope that is not kept leaves nothing to check */
}

static int check_receipts(struct auditing *auditing)
{
    const char *id;
    json_t *unused;
    json_object_foreach(auditing->ids, id, unused) {
        struct arena arena;
        arena_init(&arena, RECEIPT_ARENA_CAP);
        int status = check_receipt(auditing, id, &arena);
        arena_drop(&arena);
        if (status != STATUS_OK || auditing->lost) {
            return status;
        }
    }
    return STATUS_OK;
}

/* --- what is told ------------------------------------------------------------------------------------------------ */

static const char *const fault_names[] = {"none", "shorter", "rewritten", "uncovered", "unsigned", "body", "time", "malformed"};

static const char *fault_sentence(const struct auditing *auditing)
{
    const struct audit_report *report = &auditing->report;
    struct arena *arena = &auditing->context->arena;
    const char *from = arena_string(arena, figures_count(report->from).text), *last = arena_string(arena, figures_count(report->to ? report->to - 1 : 0).text);
    switch (report->fault) {
    case AUDIT_SHORTER:
        return arena_format(arena, "Entries %s to %s, which you saw before, are gone: the log was put back to an older state.", from, last);
    case AUDIT_REWRITTEN:
        return arena_format(arena, "From entry %s on, the log is another than the one you saw before: it was rewritten, put in another order, or entries were dropped.", from);
    case AUDIT_UNCOVERED:
        return arena_format(arena, "Entries %s to %s as shown are not those that the signed head covers.", from, last);
    case AUDIT_UNSIGNED:
        return arena_format(arena, "A head over entry %s and on bears this log's name and not its signature.", from);
    case AUDIT_BODY:
        return arena_format(arena, "What is shown of entry %s is not what the log holds.", from);
    case AUDIT_TIME:
        return arena_format(arena, "The log time of entry %s lies before that of an earlier entry.", from);
    default:
        return arena_format(arena, "What the exchange shows from entry %s on is no stretch of a log.", from);
    }
}

static int tell_broken(struct auditing *auditing)
{
    const struct context *context = auditing->context;
    const struct audit_report *report = &auditing->report;
    const char *sentence = auditing->lost ? auditing->lost : fault_sentence(auditing);
    json_t *value = json_pack("{s:b, s:s, s:s}", "holds", 0, "fault", auditing->lost ? "receipt" : fault_names[report->fault], "text", sentence);
    if (!auditing->lost) {
        json_object_set_new(value, "from", json_integer((json_int_t)report->from));
        json_object_set_new(value, "to", json_integer((json_int_t)report->to));
    }
    if (!output_value(&context->output, value)) {
        output_wrap(&context->output, "THE LOG DOES NOT HOLD.");
        output_wrap(&context->output, "%s", sentence);
        output_wrap(&context->output, "What you followed before stays in %s/audit, and your receipts in %s/receipts. Keep both, send nothing more, and tell your coordinator and your security officer.",
                    context->profile.state, context->profile.data);
    }
    return EXIT_CODE_INTERNAL;
}

static void say_redactions(const struct auditing *auditing)
{
    const struct output *output = &auditing->context->output;
    size_t at;
    json_t *one;
    json_array_foreach(auditing->redacted, at, one) {
        output_wrap_indented(output, 2, "Entry %s is redacted: proposed by %s in entry %s, confirmed by %s in entry %s. Reason: %s",
                             figures_count((uint64_t)json_integer_value(json_object_get(one, "position"))).text, json_string_value(json_object_get(one, "proposed_by")),
                             figures_count((uint64_t)json_integer_value(json_object_get(one, "proposed"))).text, json_string_value(json_object_get(one, "confirmed_by")),
                             figures_count((uint64_t)json_integer_value(json_object_get(one, "confirmed"))).text, json_string_value(json_object_get(one, "reason")));
    }
}

static void say_unknown(const struct auditing *auditing)
{
    struct context *context = auditing->context;
    const char *list = "";
    if (!auditing->unknown_count) {
        return;
    }
    for (size_t at = 0; at < auditing->unknown_count && at < UNKNOWN_MOST && list; at++) {
        list = arena_format(&context->arena, "%s%s%s", list, at ? ", " : "", figures_count(auditing->unknown[at]).text);
    }
    output_wrap(&context->output, "%s of the entries read now bear%s your name, and their receipts are not on this machine: entr%s %s%s. If no other machine of yours sent them, somebody has your key: tell your coordinator.",
                figures_count(auditing->unknown_count).text, auditing->unknown_count == 1 ? "s" : "", auditing->unknown_count == 1 ? "y" : "ies", list ? list : "", auditing->unknown_count > UNKNOWN_MOST ? ", ..." : "");
}

static int tell_holds(struct auditing *auditing)
{
    struct context *context = auditing->context;
    const struct audit_report *report = &auditing->report;
    const struct note_key *key = &context->profile.log_key;
    const struct tlog_head *head = &auditing->audit.head;
    json_t *unknown = json_array();
    for (size_t at = 0; at < auditing->unknown_count && at < UNKNOWN_MOST; at++) {
        json_array_append_new(unknown, json_integer((json_int_t)auditing->unknown[at]));
    }
    json_t *value = json_pack("{s:b, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:b, s:O}", "holds", 1, "head", log_head_json(context, key, head), "entries", (json_int_t)head->size,
                              "new", (json_int_t)report->added, "heads_checked", (json_int_t)report->heads, "heads_of_another_log", (json_int_t)report->foreign_heads, "bodies_checked",
                              (json_int_t)report->bodies, "receipts", (json_int_t)auditing->receipts, "receipts_of_another_log", (json_int_t)auditing->other_receipts, "own_without_receipt", unknown,
                              "began_anew", auditing->began_anew, "redacted", auditing->redacted);
    if (output_value(&context->output, value)) {
        return EXIT_CODE_DONE;
    }
    if (auditing->began_anew) {
        output_wrap(&context->output, "What this machine had kept of earlier audits was damaged: the log was audited from its beginning.");
    }
    output_wrap(&context->output, "The log of %s holds: %s entries, %s of them new since your last audit. Nothing was rewritten, put in another order, dropped or forked.", key->name,
                figures_count(head->size).text, figures_count(report->added).text);
    output_wrap(&context->output, "Your receipts kept here: %s, all in it.", figures_count(auditing->receipts).text);
    if (auditing->other_receipts) {
        output_wrap(&context->output, "%s more are of another log, before the exchange was restored: not checked here.", figures_count(auditing->other_receipts).text);
    }
    say_unknown(auditing);
    say_redactions(auditing);
    output_wrap(&context->output, "Head %s: %s", figures_count(head->size).text, log_head_words(context, key, head));
    output_wrap(&context->output, "Another party that reads out the same groups was shown the same log.");
    return EXIT_CODE_DONE;
}

/* --- the command ------------------------------------------------------------------------------------------------- */

/* The head to audit against: the newest, proved; or, where the exchange shows another history, that of the newest one it shows. */
static int choose_head(struct auditing *auditing, struct tlog_head *head)
{
    struct context *context = auditing->context;
    struct head kept;
    struct link_reply reply;
    Muster__HeadRequest request = MUSTER__HEAD_REQUEST__INIT;
    int status = head_update(context->link, &context->arena, NULL);
    if (status == STATUS_OK) {
        status = head_load(&context->profile, &kept);
        *head = kept.head;
        return status == STATUS_OK ? EXIT_CODE_DONE : complain_file("read", context->profile.state);
    }
    if (status != STATUS_CORRUPT) {
        return audit_newest(context);
    }
    status = link_ask_message(context->link, MUSTER__VERB__VERB_HEAD, &request.base, &context->arena, &reply);
    const Muster__HeadAnswer *answer = status == STATUS_OK ? (const Muster__HeadAnswer *)reply.body : NULL;
    if (!answer || tlog_head_open(&context->profile.log_key, (const char *)answer->checkpoint.data, answer->checkpoint.len, head, NULL) != STATUS_OK) {
        return audit_newest(context);
    }
    return EXIT_CODE_DONE;
}

/* A fork of which nothing was audited before: two signed heads say so, and nothing says where. */
static int tell_fork(struct auditing *auditing, const struct tlog_head *shown)
{
    const struct context *context = auditing->context;
    struct head kept = {0};
    if (head_load(&context->profile, &kept) != STATUS_OK || (kept.head.size == shown->size && memcmp(kept.head.root, shown->root, sizeof shown->root) == 0)) {
        return EXIT_CODE_DONE;
    }
    int status = audit_compare(&auditing->audit, &kept.head);
    if (status == STATUS_OK) {
        return EXIT_CODE_DONE;
    }
    auditing->lost = arena_format(&auditing->context->arena, "Head %" PRIu64 ", which you saw before, is not of the history that is shown now with head %" PRIu64 ". Both are signed, and saved in %s/forks: two histories.",
                                  kept.head.size, shown->size, context->profile.data);
    return auditing->lost ? tell_broken(auditing) : complain_memory();
}

static int audit(struct auditing *auditing)
{
    struct context *context = auditing->context;
    struct tlog_head head;
    const struct audit_source source = {.read = read_stretch, .body = take_body, .redaction = take_redaction, .data = auditing};
    int status = load_kept(auditing);
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? complain_memory() : complain_file("read", context->profile.state);
    }
    int code = choose_head(auditing, &head);
    if (code) {
        return code;
    }
    status = audit_follow(&auditing->audit, &context->profile.log_key, &head, &source, &auditing->report);
    progress_end();
    if (status != STATUS_OK) {
        return auditing->code ? auditing->code : complain_memory();
    }
    if (auditing->report.fault != AUDIT_HOLDS) {
        return tell_broken(auditing);
    }
    code = tell_fork(auditing, &head);
    if (code) {
        return code;
    }
    status = check_receipts(auditing);
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? complain_memory() : complain_file("read", context->profile.data);
    }
    if (auditing->lost) {
        return tell_broken(auditing);
    }
    if (save_kept(auditing) != STATUS_OK) {
        return complain_file("write", context->profile.state);
    }
    return tell_holds(auditing);
}

int log_audit_run(struct context *context, int count, char **words)
{
    struct auditing auditing = {.context = context};
    (void)count;
    (void)words;
    int code = session_profile(context);
    code = code ? code : session_link(context, false);
    if (code) {
        return code;
    }
    int lock = audit_lock(&context->profile);
    if (lock < 0) {
        return complain_file("write", context->profile.state);
    }
    code = audit(&auditing);
    close(lock);
    audit_drop(&auditing.audit);
    json_decref(auditing.ids);
    json_decref(auditing.redacted);
    return code;
}
