/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "clients/link/outbox.h"
#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/seen.h"
#include "clients/muster/session.h"
#include "clients/muster/table.h"
#include "proto/status.h"

/* Submissions whose outcome is not known: looked at, sent again, or dropped; only when a person says so. */

static const struct table_column outbox_columns[] = {
    {"Id", TABLE_ID, "id"}, {"Holds", TABLE_TEXT, "holds"}, {"Acceptable until", TABLE_ID, "not_after"}, {"State", TABLE_TEXT, "state"},
};

/* "3 demands: NL-GEMT-1, ..." */
static const char *content_of(struct context *context, const Muster__Submission *submission)
{
    const struct {
        size_t count;
        const char *noun;
    } lists[] = {{submission->n_parties, "change of a party"}, {submission->n_items, "item"},         {submission->n_demands, "demand"},
                 {submission->n_offers, "offer"},              {submission->n_funds, "fund"},         {submission->n_bundles, "act on a bundle"},
                 {submission->n_exports, "export"},            {submission->rates != NULL, "rates"}, {submission->policy != NULL, "policy"},
                 {submission->join != NULL, "join"},           {submission->n_commitment_ends, "end of a commitment"}, {submission->clock_confirmed != NULL, "clock confirmation"},
                 {submission->keys != NULL, "change of keys"}};
    const char *first = submission->n_demands ? submission->demands[0]->id : submission->n_offers ? submission->offers[0]->id : submission->n_items ? submission->items[0]->id : NULL;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (lists[i].count) {
            const char *text = arena_format(&context->arena, "%s %s%s%s%s%s", figures_count(lists[i].count).text, lists[i].noun, lists[i].count > 1 ? "s" : "",
                                            first ? ": " : "", first ? first : "", first && lists[i].count > 1 ? ", ..." : "");
            return text ? text : "";
        }
    }
    return "nothing";
}

int outbox_list_run(struct context *context, int count, char **words)
{
    struct outbox_entry *entries = NULL;
    size_t kept = 0;
    struct table table;
    json_t *list = json_array();
    (void)count;
    (void)words;
    int code = session_profile(context);
    if (!code && outbox_list(&context->profile, &context->arena, &entries, &kept) != STATUS_OK) {
        code = complain_file("read", context->profile.state);
    }
    if (code) {
        json_decref(list);
        return code;
    }
    table_init(&table, &context->arena, outbox_columns, sizeof outbox_columns / sizeof outbox_columns[0]);
    for (size_t i = 0; i < kept; i++) {
        const Muster__Submission *submission = entries[i].submission;
        const char *state = !submission ? "damaged: drop it" : entries[i].expired ? "expired: send signs it anew" : "not answered: send it again, it counts once";
        const char *holds = submission ? content_of(context, submission) : "";
        json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:s}", "id", entries[i].id, "holds", holds, "expired", (int)entries[i].expired, "not_after",
                                              submission ? figures_instant(submission->not_after).text : ""));
        table_add_exact(&table, arena_format(&context->arena, "%.*s", outbox_digits(entries, kept, i), entries[i].id), entries[i].id);
        table_add(&table, holds);
        table_add_exact(&table, submission ? figures_time(submission->not_after).text : "", submission ? figures_instant(submission->not_after).text : "");
        table_add(&table, state);
    }
    if (context->output.form == OUTPUT_JSON) {
        output_value(&context->output, list);
        return EXIT_CODE_DONE;
    }
    json_decref(list);
    if (!kept && context->output.form == OUTPUT_SCREEN) {
        output_wrap(&context->output, "Empty: every submission was answered.");
        return EXIT_CODE_DONE;
    }
    if (table_print(&table, &context->output) != STATUS_OK) {
        return complain_memory();
    }
    if (kept) {
        output_wrap(&context->output, "Next: muster outbox send %.*s", outbox_digits(entries, kept, 0), entries[0].id);
        output_wrap(&context->output, "Or, to forget it: muster outbox drop %.*s", outbox_digits(entries, kept, 0), entries[0].id);
    }
    return EXIT_CODE_DONE;
}

static int find(struct context *context, const char *id, struct outbox_entry *entry)
{
    int code = session_profile(context);
    if (code) {
        return code;
    }
    switch (outbox_find(&context->profile, id, &context->arena, entry)) {
    case STATUS_OK:
        return EXIT_CODE_DONE;
    case STATUS_NOT_FOUND:
        return complain(EXIT_CODE_INPUT, "no submission %s in the outbox. Nothing changed.\nAll: muster outbox list", id);
    case STATUS_EXISTS:
        return complain(EXIT_CODE_INPUT, "several begin with %s. Nothing changed.\nWrite more of the id: muster outbox list", id);
    case STATUS_INVALID:
        return complain(EXIT_CODE_USAGE, "'%s' is no id: its first 4 or more digits are expected, as muster outbox list shows them.", id);
    case STATUS_NO_MEMORY:
        return complain_memory();
    default:
        return complain_file("read", context->profile.state);
    }
}

static const char *name_of(void *data, uint32_t change)
{
    const Muster__Submission *submission = data;
    if (change < submission->n_demands) {
        return submission->demands[change]->id;
    }
    if (change < submission->n_offers) {
        return submission->offers[change]->id;
    }
    return change < submission->n_items ? submission->items[change]->id : "";
}

int outbox_send_run(struct context *context, int count, char **words)
{
    struct outbox_entry entry;
    struct submission_result result;
    uint8_t old_id[16];
    (void)count;
    int code = find(context, words[0], &entry);
    code = code ? code : session_link(context, false);
    if (code) {
        return code;
    }
    if (!entry.submission) {
        return complain(EXIT_CODE_INPUT, "%s is damaged. Nothing was sent.\nForget it: muster outbox drop %s", words[0], words[0]);
    }
    const struct session_naming naming = {.id = name_of, .data = entry.submission};
    if (entry.expired) {
        /* The exchange itself said that these bytes will never be accepted: only then may the same changes be signed anew. */
        memcpy(old_id, entry.submission->id.data, sizeof old_id);
        if (!context->value[OPTION_MARKING]) {
            context->value[OPTION_MARKING] = entry.submission->marking;
            context->value[OPTION_MARKED_BY] = entry.submission->marked_by;
        }
        code = session_submit(context, entry.submission, &naming, &result);
        if (!code && outbox_drop(&context->profile, old_id) != STATUS_OK) {
            code = complain_file("write", context->profile.state);
        }
    } else {
        code = session_send(context, entry.envelope, entry.size, &naming, &result);
    }
    if (code) {
        return code;
    }
    if (seen_note_sent(&context->profile, &context->arena, entry.submission) != STATUS_OK) {
        return complain_file("write", context->profile.state);
    }
    if (!output_value(&context->output, json_pack("{s:b, s:I, s:s}", "accepted", 1, "entry", (json_int_t)result.answer->position, "time",
                                                  figures_instant(result.answer->time).text))) {
        output_wrap(&context->output, "Accepted %s: %s.", session_accepted(context, &result), content_of(context, entry.submission));
    }
    return EXIT_CODE_DONE;
}

int outbox_drop_run(struct context *context, int count, char **words)
{
    struct outbox_entry entry;
    uint8_t id[16];
    (void)count;
    int code = find(context, words[0], &entry);
    if (code) {
        return code;
    }
    if (sodium_hex2bin(id, sizeof id, entry.id, strlen(entry.id), NULL, NULL, NULL) != 0 || outbox_drop(&context->profile, id) != STATUS_OK) {
        return complain_file("write", context->profile.state);
    }
    if (!output_value(&context->output, json_pack("{s:s}", "dropped", entry.id))) {
        if (entry.expired) {
            output_wrap(&context->output, "Dropped %s. The exchange did not accept it, and never will.", words[0]);
            return EXIT_CODE_DONE;
        }
        output_wrap(&context->output, "Dropped %s. It may have been accepted all the same: muster watch --once", words[0]);
    }
    return EXIT_CODE_DONE;
}
