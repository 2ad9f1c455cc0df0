/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/link/head.h"
#include "clients/link/outbox.h"
#include "clients/muster/audit.h"
#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/session.h"
#include "clients/muster/table.h"
#include "clients/muster/view.h"
#include "proto/status.h"
#include "proto/tlog.h"

/* What waits for you and what happens: status, watch, clock. */

static const struct table_column waiting_columns[] = {
    {"What", TABLE_ID, "what"}, {"Which", TABLE_ID, "id"}, {"", TABLE_TEXT, "text"}, {"Until", TABLE_ID, "until"},
};

static int print_waiting(struct context *context, const Muster__StatusAnswer *answer)
{
    struct table table;
    table_init(&table, &context->arena, waiting_columns, sizeof waiting_columns / sizeof waiting_columns[0]);
    for (size_t i = 0; i < answer->n_waiting; i++) {
        const Muster__Waiting *waiting = answer->waiting[i];
        table_add(&table, waiting->what);
        table_add(&table, waiting->id);
        table_add(&table, waiting->text);
        table_add_exact(&table, waiting->until ? figures_day(waiting->until).text : "", waiting->until ? figures_instant(waiting->until).text : "");
    }
    return table_print(&table, &context->output) == STATUS_OK ? EXIT_CODE_DONE : complain_memory();
}

int status_run(struct context *context, int count, char **words)
{
    Muster__StatusRequest request = MUSTER__STATUS_REQUEST__INIT;
    ProtobufCMessage *body = NULL;
    struct outbox_entry *entries = NULL;
    size_t kept = 0;
    (void)count;
    (void)words;
    int code = session_ask(context, MUSTER__VERB__VERB_STATUS, &request.base, &body);
    if (code) {
        return code;
    }
    const Muster__StatusAnswer *answer = (const Muster__StatusAnswer *)body;
    if (outbox_list(&context->profile, &context->arena, &entries, &kept) != STATUS_OK) {
        return complain_file("read", context->profile.state);
    }
    if (context->output.form == OUTPUT_JSON) {
        json_t *value = view_message(body);
        json_object_set_new(value, "outbox", json_integer((json_int_t)kept));
        json_object_set_new(value, "fingerprint_compared", json_boolean(context->profile.compared));
        output_value(&context->output, value);
        return EXIT_CODE_DONE;
    }
    if (context->output.form == OUTPUT_TABS) {
        return print_waiting(context, answer);
    }
    const struct output *output = &context->output;
    output_wrap(output, "%s, %s at %s: %s. %s.", answer->self->party->name, view_enum(&muster__role__descriptor, (int)answer->self->party->role), answer->origin,
                view_enum(&muster__party_state__descriptor, (int)answer->self->state), figures_time(answer->time).text);
    if (answer->clock_doubted) {
        output_wrap(output, "The exchange doubts its clock: no deadline passes until a coordinator confirms it.");
    }
    if (answer->has_lots_to_plan && answer->lots_to_plan) {
        output_wrap(output, "The engine has %s lot%s to plan.", figures_count(answer->lots_to_plan).text, answer->lots_to_plan == 1 ? "" : "s");
    }
    if (!context->profile.compared) {
        output_wrap(output, "Your keys were not compared yet: nothing can be sent. Do: muster fingerprint");
    }
    if (kept) {
        output_wrap(output, "%s submission%s lie%s in your outbox, outcome not known: muster outbox list", figures_count(kept).text, kept == 1 ? "" : "s", kept == 1 ? "s" : "");
    }
    if (answer->n_waiting) {
        code = print_waiting(context, answer);
    } else {
        output_wrap(output, "Nothing waits for you.");
    }
    output_wrap(output, "Kept on this machine: %s, %s, %s", context->profile.config, context->profile.data, context->profile.state);
    return code;
}

static void print_event(struct context *context, const Muster__Event *event);

/* A head as a line among the events, so that two parties can compare what they were shown. */
static void print_head(struct context *context, const struct tlog_head *head, uint64_t time)
{
    Muster__Event event = MUSTER__EVENT__INIT;
    const char *words = log_head_words(context, &context->profile.log_key, head);
    event.position = head->size - 1;
    event.time = time;
    event.kind = (char *)(uintptr_t)"head";
    event.id = arena_format(&context->arena, "%" PRIu64, head->size);
    event.text = (char *)(uintptr_t)words;
    if (event.id && head->size) {
        print_event(context, &event);
    }
}

/* A head that watch shows is proved before it is kept and shown. printed: size of the one that was shown last. */
static int follow_head(struct context *context, const Muster__WatchAnswer *answer, uint64_t *printed)
{
    struct tlog_head shown;
    struct head kept;
    const ProtobufCBinaryData *note = &answer->checkpoint;
    if (!note->len) {
        return EXIT_CODE_DONE;
    }
    if (tlog_head_open(&context->profile.log_key, (const char *)note->data, note->len, &shown, NULL) != STATUS_OK) {
        return complain(EXIT_CODE_INTERNAL, "the exchange shows a head that its log did not sign. Tell your coordinator.");
    }
    if (head_load(&context->profile, &kept) != STATUS_OK) {
        return complain_file("read", context->profile.state);
    }
    if (shown.size != kept.head.size || memcmp(shown.root, kept.head.root, sizeof shown.root) != 0) {
        int status = head_prove(context->link, (const char *)note->data, note->len, &context->arena);
        if (status == STATUS_CORRUPT) {
            return complain(EXIT_CODE_INTERNAL, "the exchange shows a history that does not continue the one that you saw before. Both heads are saved in %s/forks\nTell your coordinator and your security officer.", context->profile.data);
        }
        if (status != STATUS_OK) {
            return EXIT_CODE_DONE; /* the next answer brings a head again */
        }
    }
    if (shown.size != *printed) {
        print_head(context, &shown, answer->time);
        *printed = shown.size;
    }
    return EXIT_CODE_DONE;
}

static void print_event(struct context *context, const Muster__Event *event)
{
    if (context->output.form == OUTPUT_JSON) {
        output_line(&context->output, view_message(&event->base));
        return;
    }
    const char *marked = figures_marked(&context->arena, event->text);
    if (context->output.form == OUTPUT_TABS) {
        printf("%" PRIu64 "\t%s\t", event->position, figures_instant(event->time).text);
        output_text(&context->output, event->kind, PAINT_NONE);
        putchar('\t');
        output_text(&context->output, event->id, PAINT_NONE);
        putchar('\t');
        output_text(&context->output, event->text, PAINT_NONE);
        putchar('\n');
    } else {
        output_field(&context->output, 20, arena_format(&context->arena, "%s  %s", figures_clock(event->time).text, event->kind), "%s%s%s", event->id, *event->id ? " " : "", marked ? marked : event->text);
    }
    fflush(stdout);
}

int watch_run(struct context *context, int count, char **words)
{
    Muster__WatchRequest request = MUSTER__WATCH_REQUEST__INIT;
    uint64_t from = 0, printed = 0;
    bool once = context->value[OPTION_ONCE] != NULL;
    (void)count;
    (void)words;
    if (context->value[OPTION_FROM] && figures_read_count(context->value[OPTION_FROM], 0, UINT64_MAX / 2, &from) != STATUS_OK) {
        return complain(EXIT_CODE_USAGE, "--from: found %s, expected a log entry's number.", context->value[OPTION_FROM]);
    }
    int code = session_profile(context);
    struct head kept;
    if (!code && !context->value[OPTION_FROM] && !once) {
        code = session_link(context, false);
        if (!code && head_update(context->link, &context->arena, NULL) == STATUS_OK && head_load(&context->profile, &kept) == STATUS_OK) {
            from = kept.head.size;
        }
    }
    if (!code && context->output.form == OUTPUT_TABS) {
        printf("entry\ttime\tkind\tid\ttext\n");
    }
    request.cursor = from;
    while (!code) {
        ProtobufCMessage *body = NULL;
        request.wait = once ? 0 : 55;
        code = session_ask(context, MUSTER__VERB__VERB_WATCH, &request.base, &body);
        if (code) {
            break;
        }
        const Muster__WatchAnswer *answer = (const Muster__WatchAnswer *)body;
        for (size_t i = 0; i < answer->n_events; i++) {
            print_event(context, answer->events[i]);
        }
        code = follow_head(context, answer, &printed);
        bool more = answer->cursor > request.cursor;
        request.cursor = answer->cursor;
        if (once && (!more || answer->n_events == 0)) {
            break;
        }
        /* A long watch must not fill its arena; nothing of it is needed after an answer. */
        if (!once) {
            arena_drop(&context->arena);
        }
    }
    return code;
}

int clock_confirm_run(struct context *context, int count, char **words)
{
    Muster__StatusRequest request = MUSTER__STATUS_REQUEST__INIT;
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__ClockConfirmed confirmed = MUSTER__CLOCK_CONFIRMED__INIT;
    struct submission_result result;
    ProtobufCMessage *body = NULL;
    (void)count;
    (void)words;
    int code = session_ask(context, MUSTER__VERB__VERB_STATUS, &request.base, &body);
    if (code) {
        return code;
    }
    const Muster__StatusAnswer *answer = (const Muster__StatusAnswer *)body;
    if (!answer->clock_doubted) {
        if (!output_value(&context->output, json_pack("{s:b, s:b}", "accepted", 0, "clock_doubted", 0))) {
            output_wrap(&context->output, "The exchange does not doubt its clock. Nothing to confirm.");
        }
        return EXIT_CODE_DONE;
    }
    /* Which start is meant stands in what waits for a coordinator. */
    for (size_t i = 0; i < answer->n_waiting; i++) {
        if (strcmp(answer->waiting[i]->what, "clock") == 0 && figures_read_count(answer->waiting[i]->id, 0, UINT64_MAX / 2, &confirmed.position) != STATUS_OK) {
            confirmed.position = 0;
        }
    }
    submission.clock_confirmed = &confirmed;
    code = session_submit(context, &submission, NULL, &result);
    if (code || !result.answer) {
        return code;
    }
    if (!output_value(&context->output, json_pack("{s:b, s:I}", "accepted", 1, "entry", (json_int_t)result.answer->position))) {
        output_wrap(&context->output, "Accepted %s. Deadlines run again.", session_accepted(context, &result));
    }
    return EXIT_CODE_DONE;
}
