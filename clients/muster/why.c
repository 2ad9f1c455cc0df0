/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdio.h>
#include <string.h>

#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/session.h"
#include "clients/muster/view.h"
#include "proto/status.h"

/* Why a demand is not covered or an offer not used, and what would change that. */

/* The changes that were tried: those that cover all or win something first, then those that add some, then those that do not help. */
static void print_tried(struct context *context, Muster__Trial *const *tried, size_t count, const char *all, bool whole)
{
    const struct output *output = &context->output;
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        bool wins = whole ? tried[i]->covers : tried[i]->adds > 0;
        if (wins) {
            if (!any) {
                output_wrap(output, "%s", all);
            }
            any = true;
            output_wrap_indented(output, 4, "  + %s", tried[i]->text);
        }
    }
    bool some = false;
    for (size_t i = 0; i < count && whole; i++) {
        if (!tried[i]->covers && tried[i]->adds > 0) {
            if (!some) {
                output_wrap(output, "Would cover some:");
            }
            some = true;
            output_wrap_indented(output, 4, "  + %s: %s more", tried[i]->text, figures_count((uint64_t)tried[i]->adds).text);
        }
    }
    const char *none = "";
    for (size_t i = 0; i < count && none; i++) {
        if (tried[i]->adds <= 0) {
            none = arena_format(&context->arena, "%s%s%s", none, *none ? "; " : "", tried[i]->text);
        }
    }
    if (none && *none) {
        if (any || some) {
            output_wrap(output, "Would not help: %s.", none);
        } else {
            output_wrap(output, "No single change tried %s it: %s.", whole ? "covers" : "wins", none);
        }
    }
}

static void print_unused(struct context *context, const Muster__WhyAnswer *answer)
{
    output_wrap(&context->output, "Got nothing. Reason: %s.%s%s", answer->unused->reason, *answer->text ? " " : "", answer->text);
    print_tried(context, answer->unused->tried, answer->unused->n_tried, "Would get an award (planned again):", false);
}

static void print_uncovered(struct context *context, const Muster__WhyAnswer *answer)
{
    const Muster__Uncovered *uncovered = answer->uncovered;
    output_wrap(&context->output, "%s of %s are not covered. Reason: %s.%s%s", figures_count(uncovered->quantity).text, figures_count(answer->wanted).text, uncovered->reason,
                *answer->text ? " " : "", answer->text);
    const char *all = arena_format(&context->arena, "Would cover all %s (planned again, each alone):", figures_count(uncovered->quantity).text);
    print_tried(context, uncovered->tried, uncovered->n_tried, all ? all : "", true);
}

/* A coordinator's "DE-GEMT-1" as "de-agency/DE-GEMT-1", where exactly one demand or offer has that id. */
static int complete_id(struct context *context, char **id)
{
    static const Muster__Noun nouns[] = {MUSTER__NOUN__NOUN_DEMAND, MUSTER__NOUN__NOUN_OFFER};
    if (strchr(*id, '/')) {
        return EXIT_CODE_DONE;
    }
    struct session_records records;
    int code = session_list(context, MUSTER__NOUN__NOUN_ITEM, "", *id, false, &records);
    bool item = !code && records.count > 0;
    const char *whole = *id;
    for (size_t i = 0; i < sizeof nouns / sizeof nouns[0] && !code && !item && whole == *id; i++) {
        code = session_whole_id(context, nouns[i], *id, &whole);
    }
    *id = (char *)(uintptr_t)whole;
    return code;
}

int why_run(struct context *context, int count, char **words)
{
    Muster__WhyRequest request = MUSTER__WHY_REQUEST__INIT;
    ProtobufCMessage *body = NULL;
    (void)count;
    request.id = words[0];
    int code = session_profile(context);
    if (!code && context->profile.role == MUSTER__ROLE__ROLE_COORDINATOR) {
        code = complete_id(context, &request.id);
    }
    bool coordinator = context->profile.role == MUSTER__ROLE__ROLE_COORDINATOR, agency = context->profile.role == MUSTER__ROLE__ROLE_AGENCY;
    context->missing = arena_format(&context->arena, "nothing named %s is there for you. All: muster %s list", words[0], agency ? "demand" : "offer");
    if (coordinator) {
        context->missing = arena_format(&context->arena, "no demand, offer or item %s. All: muster demand list, muster offer list, muster item list", words[0]);
    }
    code = code ? code : session_ask(context, MUSTER__VERB__VERB_WHY, &request.base, &body);
    if (code || output_value(&context->output, view_message(body))) {
        return code;
    }
    Muster__WhyAnswer *answer = (Muster__WhyAnswer *)body;
    const char *marked = figures_marked(&context->arena, answer->text);
    answer->text = marked ? (char *)(uintptr_t)marked : answer->text;
    if (answer->uncovered) {
        print_uncovered(context, answer);
    } else if (answer->unused) {
        print_unused(context, answer);
    } else if (answer->covered) {
        output_wrap(&context->output, "%s", *answer->text ? answer->text : "Nothing is missing.");
    } else {
        output_wrap(&context->output, "%s", *answer->text ? answer->text : "It was not planned yet.");
    }
    if (answer->time) {
        output_wrap(&context->output, "As planned %s.", figures_time(answer->time).text);
    }
    return EXIT_CODE_DONE;
}
