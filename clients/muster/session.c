/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clients/muster/complain.h"
#include "clients/muster/faults.h"
#include "clients/muster/figures.h"
#include "clients/muster/new_keys.h"
#include "clients/muster/progress.h"
#include "proto/status.h"

#define PAGE_RECORDS 1000u
#define RECORDS_MOST 1000000u
#define TIMEOUT_MOST 3600u

int session_profile(struct context *context)
{
    char names[1024];
    unsigned line = 0;
    if (context->profile_loaded) {
        return EXIT_CODE_DONE;
    }
    const char *wanted = context->value[OPTION_AS];
    int status = profile_find(wanted, &context->profile, names, sizeof names);
    if (status == STATUS_NOT_FOUND && names[0]) {
        return complain(EXIT_CODE_USAGE, "no profile '%s' here. There are: %s. Choose with --as.", context->profile.name, names);
    }
    if (status == STATUS_NOT_FOUND) {
        return complain(EXIT_CODE_USAGE, "you have not joined an exchange on this machine. Nothing changed.\nWith an invitation: muster join. A new exchange: muster init DIR");
    }
    if (status == STATUS_EXISTS) {
        return complain(EXIT_CODE_USAGE, "which party? You have: %s. Nothing changed.\nChoose with --as PROFILE, or set MUSTER_PROFILE.", names);
    }
    if (status == STATUS_INVALID) {
        return complain(EXIT_CODE_USAGE, "no form of a profile's name. Use letters, digits, '.', '_' and '-'.");
    }
    if (status != STATUS_OK) {
        return complain_file("find", "your home folder (HOME)");
    }
    status = profile_load(&context->profile, &line);
    if (status == STATUS_INVALID) {
        return complain(EXIT_CODE_INPUT, "%s/exchange, line %u, is not understood. Nothing changed.\nRestore the file, or join again with a new invitation.", context->profile.config, line);
    }
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? complain_memory() : complain_file("read", context->profile.config);
    }
    context->profile_loaded = true;
    return EXIT_CODE_DONE;
}

int session_coordinators_only(struct context *context, const char *what, const char *instead)
{
    int code = session_profile(context);
    if (code || context->profile.role == MUSTER__ROLE__ROLE_COORDINATOR) {
        return code;
    }
    return complain(EXIT_CODE_NOT_ALLOWED, "only a coordinator %s; %s is %s. Nothing was sent.%s%s", what, context->profile.party,
                    context->profile.role == MUSTER__ROLE__ROLE_AGENCY ? "an agency" : "a supplier", *instead ? "\n" : "", instead);
}

static void waiting(void *data, int seconds)
{
    const struct context *context = data;
    char text[PROFILE_TEXT_MOST + 32];
    snprintf(text, sizeof text, "Waiting for %s", context->profile.address);
    progress_show(text, seconds);
}

static int keys_unusable(const struct context *context, int status)
{
    switch (status) {
    case STATUS_NOT_FOUND:
        return complain(EXIT_CODE_IO, "the keys of %s are not in %s/keys. Nothing changed.\nRestore them from your copy, or ask for a new invitation: muster join", context->profile.name, context->profile.data);
    case STATUS_DENIED:
        return complain(EXIT_CODE_NOT_ALLOWED, "others can read the keys in %s/keys. Nothing was sent.\nDo: chmod 600 %s/keys/*", context->profile.data, context->profile.data);
    case STATUS_NO_MEMORY:
        return complain_memory();
    case STATUS_IO:
        return complain_file("read", context->profile.data);
    default:
        return complain(EXIT_CODE_INPUT, "a key file in %s/keys is damaged. Nothing was sent.", context->profile.data);
    }
}

int session_link(struct context *context, bool asking_only)
{
    uint64_t seconds = 0;
    if (context->link) {
        return EXIT_CODE_DONE;
    }
    int code = session_profile(context);
    code = code ? code : new_keys_settle(context);
    if (code) {
        return code;
    }
    if (context->value[OPTION_TIMEOUT] && figures_read_count(context->value[OPTION_TIMEOUT], 1, TIMEOUT_MOST, &seconds) != STATUS_OK) {
        return complain(EXIT_CODE_USAGE, "--timeout: found %s, expected whole seconds from 1 to %u.", context->value[OPTION_TIMEOUT], TIMEOUT_MOST);
    }
    if (!asking_only && !context->profile.compared) {
        return complain(EXIT_CODE_NOT_ALLOWED, "your coordinator's four groups were not typed in yet. Nothing was sent.\nDo: muster fingerprint");
    }
    struct link_options options = {.total = (int)seconds * 1000, .progress = waiting, .progress_data = context};
    int status = link_open(&context->profile, &options, &context->link);
    return status == STATUS_OK ? EXIT_CODE_DONE : keys_unusable(context, status);
}

int session_unanswered(struct context *context, int status, const struct link_reply *reply, bool submission)
{
    const char *address = context->profile.address;
    const char *seconds = context->value[OPTION_TIMEOUT] ? context->value[OPTION_TIMEOUT] : "10";
    const char *became = submission ? "It was kept, not sent: muster outbox list" : "Nothing changed.";
    progress_end();
    if (status == STATUS_UNREACHABLE && !submission && context->unanswered_quietly) {
        return EXIT_CODE_UNREACHABLE;
    }
    if (status == STATUS_UNREACHABLE) { /* one line, also among the lines of watch */
        output_line(&context->output, json_pack("{s:b, s:s, s:s}", "answered", 0, "address", address, "became",
                                                submission && reply->sent ? "It may have been accepted: muster outbox list" : became));
    }
    switch (status) {
    case STATUS_UNREACHABLE:
        break;
    case STATUS_CANCELLED:
        return complain(EXIT_CODE_INTERRUPTED, submission && reply->sent ? "interrupted. It may have been accepted: muster outbox list" : "interrupted. Nothing changed.");
    case STATUS_NO_MEMORY:
        return complain_memory();
    case STATUS_INVALID:
        return complain(EXIT_CODE_INPUT, "the address %s is none. Nothing was sent.\nCorrect it in %s/exchange", address, context->profile.config);
    case STATUS_TOO_LARGE:
        return complain(EXIT_CODE_INPUT, "the submission is longer than one message may be. Nothing was sent.\nSplit the file.");
    default:
        return complain(EXIT_CODE_IO, "the connection to %s failed: %s. %s", address, strerror(errno), became);
    }
    if (submission && reply->sent) {
        return complain(EXIT_CODE_TRY_AGAIN, "the line to %s was lost after sending. It may have been accepted. Send the same file again: it counts once.\nOr: muster outbox send ID, which muster outbox list shows", address);
    }
    switch (reply->hint) {
    case LINK_KEY_REFUSED:
        return complain(EXIT_CODE_UNREACHABLE, "%s does not let %s in: it is suspended, or these keys were ended or replaced. %s\nAsk your coordinator. Keys that were ended are made anew with a new invitation: muster join", address, context->profile.party, became);
    case LINK_KEY_FOREIGN:
        return complain(EXIT_CODE_UNREACHABLE, "whoever answers at %s is not the exchange of your invitation: its key is another. %s\nAsk your coordinator before anything else.", address, became);
    case LINK_BUSY:
        return complain(EXIT_CODE_TRY_AGAIN, "%s is busy. %s\nTry again in a minute.", address, became);
    default:
        return complain(EXIT_CODE_UNREACHABLE, "no answer from %s in %s s. %s\nWithout it you can use: check, plan, receipt verify.", address, seconds, became);
    }
}

/* What the exchange says, ended as a sentence; NULL where it says nothing. */
static const char *sentence(struct context *context, const char *text)
{
    size_t length = strlen(text);
    if (!length) {
        return NULL;
    }
    return strchr(".:?!", text[length - 1]) ? text : arena_format(&context->arena, "%s.", text);
}

int session_refused(struct context *context, const Muster__Answer *answer, const struct session_naming *naming, const char *became)
{
    const char *text = sentence(context, answer->text);
    progress_end();
    if (answer->n_faults) {
        faults_print_answer(context, answer, naming);
    } else if (context->output.form == OUTPUT_JSON) {
        faults_print_answer(context, answer, naming);
    }
    switch (answer->outcome) {
    case MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED:
        return complain(EXIT_CODE_NOT_ALLOWED, "%s %s", answer->n_faults ? "refused for the reason above." : text ? text : "you may not do this.", became);
    case MUSTER__OUTCOME__OUTCOME_NOT_FOUND:
        if (context->missing) {
            return complain(EXIT_CODE_INPUT, "%s", context->missing);
        }
        return complain(EXIT_CODE_INPUT, "%s %s", text ? text : "there is none of that name that you may see.", became);
    case MUSTER__OUTCOME__OUTCOME_STALE:
        /* A bundle whose state forbids it will do so at any version: trying again is no cure. */
        if (answer->n_faults && strcmp(answer->faults[0]->field, "bundle") == 0 && strncmp(answer->faults[0]->found, "B-", 2) != 0) {
            return complain(EXIT_CODE_INPUT, "%s is %s; %s is expected. %s", naming && naming->id ? naming->id(naming->data, answer->faults[0]->change) : "the bundle",
                            answer->faults[0]->found, answer->faults[0]->expected, became);
        }
        return complain(EXIT_CODE_TRY_AGAIN, "%s %s", text ? text : "a newer version stands.", became);
    case MUSTER__OUTCOME__OUTCOME_EXPIRED:
        return complain(EXIT_CODE_TRY_AGAIN, "it was not accepted: %s. It was kept.\nTo sign and send it anew: muster outbox list",
                        text && strstr(text, "a key") ? "your signing key was replaced since" : "it reached the exchange too late");
    case MUSTER__OUTCOME__OUTCOME_BUSY:
        return complain(EXIT_CODE_TRY_AGAIN, "%s %s\nTry again in a minute.", text ? text : "the exchange is busy.", became);
    case MUSTER__OUTCOME__OUTCOME_LIMITED:
        return complain(EXIT_CODE_TRY_AGAIN, "%s %s", text && !answer->n_faults ? text : "a limit of the exchange is reached.", became);
    case MUSTER__OUTCOME__OUTCOME_NO_SPACE:
        return complain(EXIT_CODE_TRY_AGAIN, "%s %s", text ? text : "the exchange has no space left; its operator was told.", became);
    case MUSTER__OUTCOME__OUTCOME_UNKNOWN_VERSION:
    case MUSTER__OUTCOME__OUTCOME_UNKNOWN_VERB:
        return complain(EXIT_CODE_USAGE, "%s %s\nThis muster is of another version than the exchange: update it.", text ? text : "the exchange does not know this request.", became);
    case MUSTER__OUTCOME__OUTCOME_MARKED:
        return complain(EXIT_CODE_INPUT, "refused: it carries a marking above unclassified. It was sent and refused; its text was not kept.\n"
                                         "Now: 1 do not mail, copy or delete the file; 2 tell your security officer \"possible spill%s%s\"; 3 submit again only once cleared.",
                        naming && naming->file ? ", " : "", naming && naming->file ? naming->file : "");
    case MUSTER__OUTCOME__OUTCOME_FORKED:
        return complain(EXIT_CODE_INTERNAL, "the exchange's log is not the one that you saw before. Nothing was accepted.\nTell your coordinator and your security officer; your head is kept in %s", context->profile.state);
    case MUSTER__OUTCOME__OUTCOME_ID_USED:
        return complain(EXIT_CODE_INPUT, "this id was used for another submission. Nothing was recorded.");
    default:
        return complain(EXIT_CODE_INPUT, "%s %s", text ? text : "refused.", became);
    }
}

int session_ask(struct context *context, Muster__Verb verb, const ProtobufCMessage *request, ProtobufCMessage **body)
{
    struct link_reply reply;
    int code = session_link(context, verb == MUSTER__VERB__VERB_STATUS);
    if (code) {
        return code;
    }
    int status = link_ask_message(context->link, verb, request, &context->arena, &reply);
    progress_end();
    if (status != STATUS_OK) {
        return session_unanswered(context, status, &reply, false);
    }
    if (reply.answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE) {
        return session_refused(context, reply.answer, NULL, "Nothing changed.");
    }
    if (!reply.body) {
        return complain(EXIT_CODE_INTERNAL, "the exchange's answer is empty. Nothing changed.");
    }
    *body = reply.body;
    return EXIT_CODE_DONE;
}

int session_list(struct context *context, Muster__Noun noun, const char *item, const char *id, bool withdrawn, struct session_records *records)
{
    Muster__ListRequest request = MUSTER__LIST_REQUEST__INIT;
    size_t capacity = 0;
    *records = (struct session_records){0};
    request.noun = noun;
    request.item = (char *)(uintptr_t)item;
    request.id = (char *)(uintptr_t)id;
    request.after = (char *)(uintptr_t) "";
    request.limit = PAGE_RECORDS;
    request.withdrawn = withdrawn;
    for (;;) {
        ProtobufCMessage *body = NULL;
        int code = session_ask(context, MUSTER__VERB__VERB_LIST, &request.base, &body);
        if (code) {
            return code;
        }
        const Muster__ListAnswer *answer = (const Muster__ListAnswer *)body;
        if (records->count + answer->n_records > RECORDS_MOST) {
            return complain(EXIT_CODE_INTERNAL, "the list is longer than %u. Narrow it with --item.", RECORDS_MOST);
        }
        if (records->count + answer->n_records > capacity) {
            capacity = (records->count + answer->n_records) * 2;
            Muster__Record **list = arena_array(&context->arena, capacity, sizeof *list);
            if (!list) {
                return complain_memory();
            }
            if (records->count) {
                memcpy(list, records->list, records->count * sizeof *list);
            }
            records->list = list;
        }
        if (answer->n_records) {
            memcpy(records->list + records->count, answer->records, answer->n_records * sizeof *records->list);
        }
        records->count += answer->n_records;
        records->set_version = answer->set_version;
        if (!*answer->after || (answer->n_records == 0 && strcmp(answer->after, request.after) == 0)) {
            return EXIT_CODE_DONE;
        }
        request.after = answer->after;
    }
}

int session_whole_id(struct context *context, Muster__Noun noun, const char *id, const char **whole)
{
    struct session_records records;
    const char *party = NULL;
    *whole = id;
    if (strchr(id, '/')) {
        return EXIT_CODE_DONE;
    }
    int code = session_list(context, noun, "", "", true, &records);
    for (size_t i = 0; i < records.count && !code; i++) {
        if (strcmp(records.list[i]->id, id) != 0) {
            continue;
        }
        if (party) {
            return complain(EXIT_CODE_INPUT, "several parties have a '%s'. Write PARTY/ID, as %s/%s.", id, party, id);
        }
        party = records.list[i]->party;
    }
    if (party && !code) {
        *whole = arena_format(&context->arena, "%s/%s", party, id);
        code = *whole ? EXIT_CODE_DONE : complain_memory();
    }
    return code;
}
