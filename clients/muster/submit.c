/* SPDX-License-Identifier: EUPL-1.2 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clients/link/head.h"
#include "clients/link/outbox.h"
#include "clients/muster/complain.h"
#include "clients/muster/faults.h"
#include "clients/muster/figures.h"
#include "clients/muster/progress.h"
#include "clients/muster/session.h"
#include "proto/marking.h"
#include "proto/status.h"
#include "proto/walk.h"

/* One submission: its marking looked at, its text searched, signed, sent, and what became of it told. */

static const char *place_of(struct context *context, const struct session_naming *naming, const struct marking_hit *hit)
{
    if (naming && naming->row) {
        uint32_t row = naming->row(naming->data, hit->change, hit->field, NULL);
        if (row) {
            return arena_format(&context->arena, "row %u", (unsigned)row);
        }
    }
    const char *id = naming && naming->id ? naming->id(naming->data, hit->change) : NULL;
    return id ? id : "your text";
}

/* The search before anything is sent. What was found is not repeated. */
static int scan(struct context *context, const Muster__Submission *submission, const struct session_naming *naming)
{
    struct marking_hits hits = {0};
    int status = marking_scan_submission(submission, &context->arena, &hits);
    if (status == STATUS_OK) {
        return EXIT_CODE_DONE;
    }
    if (status == STATUS_NO_MEMORY) {
        return complain_memory();
    }
    const char *file = naming && naming->file ? naming->file : "a submission";
    const char *first = "";
    if (context->output.form == OUTPUT_JSON) {
        json_t *list = json_array();
        for (size_t i = 0; i < hits.count; i++) {
            json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "at", place_of(context, naming, &hits.list[i]), "column", hits.list[i].field, "false_alarm", hits.list[i].code));
        }
        output_value(&context->output, json_pack("{s:s, s:s, s:o}", "file", file, "became", "Refused: a marking above unclassified. Nothing was sent, stored or logged.", "marked", list));
    }
    for (size_t i = 0; i < hits.count; i++) {
        const char *place = place_of(context, naming, &hits.list[i]);
        first = i == 0 ? place : first;
        advise("%s %s, column %s, carries a marking above unclassified.", i == 0 ? "Refused:" : "and", place, hits.list[i].field);
    }
    if (hits.total > hits.count) {
        advise("and %s more.", figures_count(hits.total - hits.count).text);
    }
    advise("Nothing was sent, stored or logged; the text is not repeated here.\n"
           "Now: 1 do not mail, copy or delete the file; 2 tell your security officer \"possible spill, %s %s\"; 3 submit again only once cleared.",
           file, first);
    if (hits.count == 1 && hits.list[0].code[0]) {
        advise("If it is a false alarm, repeat with --false-alarm %s; that is recorded.", hits.list[0].code);
    } else if (hits.count > 1 && hits.list[0].code[0]) {
        for (size_t i = 0; i < hits.count; i++) {
            /* The same text in the same column has one code, told once. */
            if (i > 0 && strcmp(hits.list[i].code, hits.list[i - 1].code) == 0) {
                continue;
            }
            advise("False alarm of %s: --false-alarm %s", place_of(context, naming, &hits.list[i]), hits.list[i].code);
        }
    }
    return EXIT_CODE_INPUT;
}

static int check_marking(struct context *context, const Muster__Submission *submission)
{
    const char *remedy = NULL;
    (void)context;
    if (marking_check(submission->marking, submission->marked_by, &remedy) == STATUS_OK) {
        return EXIT_CODE_DONE;
    }
    /* The marking itself is not repeated: it may be what must not be written down. */
    return complain(EXIT_CODE_INPUT, "refused: the stated marking is not known as unclassified. Nothing was sent.\n%s", remedy ? remedy : "");
}

/* --false-alarm CODE, or several with commas between. */
static int add_confirmations(struct context *context, Muster__Submission *submission)
{
    const char *codes = context->value[OPTION_FALSE_ALARM];
    if (!codes) {
        return EXIT_CODE_DONE;
    }
    size_t count = 1;
    for (const char *at = codes; *at; at++) {
        count += *at == ',';
    }
    Muster__MarkingConfirmation **list = arena_array(&context->arena, count, sizeof *list);
    Muster__MarkingConfirmation *each = arena_array(&context->arena, count, sizeof *each);
    if (!list || !each) {
        return complain_memory();
    }
    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(codes, ",");
        muster__marking_confirmation__init(&each[i]);
        each[i].code = arena_copy(&context->arena, codes, length);
        if (!each[i].code) {
            return complain_memory();
        }
        list[i] = &each[i];
        codes += length + (codes[length] == ',');
    }
    submission->confirmations = list;
    submission->n_confirmations = count;
    return EXIT_CODE_DONE;
}

static int not_signed(struct context *context, int status, enum submission_trouble trouble)
{
    switch (trouble) {
    case SUBMISSION_NO_KEY:
        return complain(EXIT_CODE_IO, "the signing key of %s is not in %s/keys. Nothing was sent.", context->profile.name, context->profile.data);
    case SUBMISSION_KEY_OPEN:
        return complain(EXIT_CODE_NOT_ALLOWED, "others can read your signing key. Nothing was sent.\nDo: chmod 600 %s/keys/*", context->profile.data);
    case SUBMISSION_NO_PASSPHRASE:
        if (status == STATUS_CANCELLED) {
            return complain(EXIT_CODE_INTERRUPTED, "no passphrase was given. Nothing was sent.");
        }
        return complain(EXIT_CODE_USAGE, "there is no terminal to ask for the passphrase. Nothing was sent.\nGive it as one line: --passphrase-fd 3 3< FILE");
    case SUBMISSION_WRONG_PASSPHRASE:
        return complain(EXIT_CODE_NOT_ALLOWED, "the passphrase is not that of %s. Nothing was sent.", context->profile.name);
    case SUBMISSION_TOO_LONG:
        return complain(EXIT_CODE_INPUT, "the submission is longer than one may be. Nothing was sent.\nSplit the file.");
    case SUBMISSION_NO_TROUBLE:
        break;
    }
    return status == STATUS_NO_MEMORY ? complain_memory() : complain_file("read", context->profile.data);
}

static int write_receipt(struct context *context, const struct session_naming *naming, const struct submission_result *result)
{
    const char *path = context->value[OPTION_RECEIPT] ? context->value[OPTION_RECEIPT] : naming ? naming->receipt : NULL;
    if (!path) {
        return EXIT_CODE_DONE;
    }
    int status = files_write(path, result->answer->receipt.data, result->answer->receipt.len, 0644, true);
    if (status != STATUS_OK) {
        complain_file("write", path);
        advise("It was accepted, and the receipt is kept in %s/receipts", context->profile.data);
        return EXIT_CODE_IO;
    }
    return EXIT_CODE_DONE;
}

static int forked(struct context *context)
{
    return complain(EXIT_CODE_INTERNAL, "the exchange shows a history that does not continue the one that you saw before. Both heads are saved in %s/forks\n"
                                        "Tell your coordinator and your security officer.", context->profile.data);
}

/* What a failed sending means. kept: it stays in the outbox. */
static int not_accepted(struct context *context, int status, bool kept, struct submission_result *result)
{
    switch (status) {
    case STATUS_FORGED:
        return complain(EXIT_CODE_TRY_AGAIN, "the answer holds no valid receipt (%s). It may have been accepted; it was kept.\nSend it again: muster outbox send ID, which muster outbox list shows",
                        result->why ? result->why : "its head is not signed by the log");
    case STATUS_CORRUPT:
        advise("The submission is kept: muster outbox list");
        return forked(context);
    case STATUS_NO_SPACE:
        return complain(EXIT_CODE_IO, "no space left to keep the submission in %s. Nothing was sent.", context->profile.state);
    case STATUS_IO:
        return complain_file("keep the submission in", context->profile.state);
    default:
        return session_unanswered(context, status, &result->reply, kept);
    }
}

static int check_only(struct context *context, const uint8_t *envelope, size_t size, const struct session_naming *naming)
{
    struct link_reply reply;
    int status = submission_check(context->link, envelope, size, &context->arena, &reply);
    progress_end();
    if (status != STATUS_OK) {
        return session_unanswered(context, status, &reply, false);
    }
    if (reply.answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE) {
        return session_refused(context, reply.answer, naming, "Nothing was recorded: --dry-run.");
    }
    if (!output_value(&context->output, json_pack("{s:b, s:b}", "accepted", 0, "would_be_accepted", 1))) {
        output_say(&context->output, "It would be accepted. Nothing was recorded: --dry-run.\n");
    }
    return EXIT_CODE_DONE;
}

#define TIME_MILLISECONDS 2500  /* how long the exchange is asked for its time */
#define TIME_APART 3600000u     /* clocks nearer than this are taken for the same */

/*
 * The time that a submission is dated by: the exchange's own log time where this machine's clock is far from it, be it that either is wrong or
 * that the exchange goes on from its last entry until a coordinator confirms its clock. An exchange that does not answer is not waited for.
 */
static int find_time(struct context *context, uint64_t *now)
{
    const struct seam_clock *clock = link_clock(context->link);
    uint64_t log_time = 0;
    int before = link_limit(context->link, TIME_MILLISECONDS);
    int status = head_update(context->link, &context->arena, &log_time);
    link_limit(context->link, before);
    progress_end();
    if (status == STATUS_CORRUPT) {
        return forked(context);
    }
    if (status == STATUS_CANCELLED) {
        return complain(EXIT_CODE_INTERRUPTED, "interrupted. Nothing was sent.");
    }
    *now = clock->wall(clock->data);
    uint64_t apart = *now > log_time ? *now - log_time : log_time - *now;
    if (status == STATUS_OK && apart > TIME_APART) {
        *now = log_time;
    }
    return EXIT_CODE_DONE;
}

static bool same_bytes(const ProtobufCBinaryData *left, const ProtobufCBinaryData *right)
{
    return left->len == right->len && memcmp(left->data, right->data, left->len) == 0;
}

static int send_envelope(struct context *context, const uint8_t *envelope, size_t size, bool kept, const struct session_naming *naming, struct submission_result *result)
{
    int status = submission_send(context->link, MUSTER__VERB__VERB_SUBMIT, envelope, size, &context->arena, result);
    progress_end();
    if (status != STATUS_OK) {
        return not_accepted(context, status, kept, result);
    }
    if (!result->answer) {
        return session_refused(context, result->reply.answer, naming, "Nothing was recorded.");
    }
    return write_receipt(context, naming, result);
}

const char *session_kept_id(struct context *context, const Muster__Submission *submission)
{
    struct outbox_entry *entries = NULL;
    size_t count = 0;
    if (outbox_list(&context->profile, &context->arena, &entries, &count) == STATUS_OK) {
        for (size_t i = 0; i < count; i++) {
            if (entries[i].submission && same_bytes(&entries[i].submission->id, &submission->id)) {
                return arena_format(&context->arena, "%.*s", outbox_digits(entries, count, i), entries[i].id);
            }
        }
    }
    return "ID";
}

/* What comes with an export's receipt comes once: sent later, from the outbox, it would reach nobody. */
static bool is_kept(const Muster__Submission *submission)
{
    return submission->n_exports == 0;
}

/* Whether two submissions say the same but for when they were signed. */
static bool says_the_same(struct arena *arena, const Muster__Submission *kept, const Muster__Submission *fresh)
{
    Muster__Submission copy = *kept;
    uint8_t *one = NULL, *other = NULL;
    size_t sizes[2] = {0};
    copy.id = fresh->id;
    copy.not_after = fresh->not_after;
    copy.head = fresh->head;
    return walk_pack(&copy.base, arena, &one, &sizes[0]) == STATUS_OK && walk_pack(&fresh->base, arena, &other, &sizes[1]) == STATUS_OK && sizes[0] == sizes[1] &&
           memcmp(one, other, sizes[0]) == 0;
}

/*
 * The same said before, signed and not answered: sent as it is, it counts once, however often a person in a hurry repeats a command that
 * nobody answers. NULL: there is none.
 */
static const struct outbox_entry *find_said(struct context *context, const Muster__Submission *submission, uint64_t now)
{
    struct outbox_entry *entries = NULL;
    size_t count = 0;
    if (!is_kept(submission) || outbox_list(&context->profile, &context->arena, &entries, &count) != STATUS_OK) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const Muster__Submission *kept = entries[i].submission;
        if (kept && !entries[i].expired && kept->not_after > now && says_the_same(&context->arena, kept, submission)) {
            return &entries[i];
        }
    }
    return NULL;
}

int session_submit(struct context *context, Muster__Submission *submission, const struct session_naming *naming, struct submission_result *result)
{
    struct submission_marking marking = {.marking = context->value[OPTION_MARKING], .marked_by = context->value[OPTION_MARKED_BY]};
    struct submission_header *header = arena_alloc(&context->arena, sizeof *header); /* the submission points into it */
    struct submission_result own;
    enum submission_trouble trouble;
    uint8_t *envelope = NULL;
    size_t size = 0;
    result = result ? result : &own;
    *result = (struct submission_result){0};
    if (!header) {
        return complain_memory();
    }
    if (!marking.marking != !marking.marked_by) {
        return complain(EXIT_CODE_USAGE, "--marking and --marked-by belong together. Nothing was sent.\nAs: --marking ONGERUBRICEERD --marked-by NL");
    }
    int code = session_link(context, false);
    code = code ? code : add_confirmations(context, submission);
    if (code) {
        return code;
    }
    uint64_t now = 0;
    code = find_time(context, &now);
    if (code) {
        return code;
    }
    int status = submission_fill(&context->profile, &marking, link_random(context->link), now, header, submission);
    if (status != STATUS_OK) {
        return not_signed(context, status, status == STATUS_NOT_FOUND ? SUBMISSION_NO_KEY : SUBMISSION_NO_TROUBLE);
    }
    code = check_marking(context, submission);
    code = code ? code : scan(context, submission, naming);
    if (code) {
        return code;
    }
    const struct outbox_entry *said = context->value[OPTION_DRY_RUN] ? NULL : find_said(context, submission, now);
    if (said) {
        submission->id = said->submission->id;
        return session_send(context, said->envelope, said->size, naming, result);
    }
    status = submission_sign(&context->profile, submission, &context->passphrase, &context->arena, &envelope, &size, &trouble);
    if (status != STATUS_OK) {
        return not_signed(context, status, trouble);
    }
    if (context->value[OPTION_DRY_RUN]) {
        return check_only(context, envelope, size, naming);
    }
    code = send_envelope(context, envelope, size, is_kept(submission), naming, result);
    if (!is_kept(submission) && result->kept && outbox_drop(&context->profile, submission->id.data) != STATUS_OK) {
        return complain_file("write", context->profile.state);
    }
    return code;
}

int session_send(struct context *context, const uint8_t *envelope, size_t size, const struct session_naming *naming, struct submission_result *result)
{
    return send_envelope(context, envelope, size, true, naming, result);
}

const char *session_accepted(struct context *context, const struct submission_result *result)
{
    const char *text = arena_format(&context->arena, "%s, log entry %s", figures_time(result->answer->time).text, figures_count(result->answer->position).text);
    return text ? text : "";
}
