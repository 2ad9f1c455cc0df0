/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/bundle_act.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "proto/status.h"

/* What people do with a bundle: release, extend, reject, order, plan again, adopt; answer and take back; end a commitment. */

#define TERMS_PREFIX "muster/terms/v1\n"

static const char *name_of(void *data, uint32_t change)
{
    (void)change;
    return data;
}

static int send_change(struct context *context, Muster__BundleChange *change, const char *name, struct submission_result *result)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__BundleChange *list[1] = {change};
    const struct session_naming naming = {.id = name_of, .data = (void *)(uintptr_t)name};
    submission.bundles = list;
    submission.n_bundles = 1;
    return session_submit(context, &submission, &naming, result);
}

/* "Accepted ...: B-0041 v2 became. Next: ..." state: that it is in since, or NULL. */
static int tell_state(struct context *context, const struct submission_result *result, const char *name, uint64_t version, const char *became, const char *state, const char *next)
{
    if (!output_value(&context->output, json_pack("{s:b, s:I, s:s, s:s, s:I, s:s, s:s*}", "accepted", 1, "entry", (json_int_t)result->answer->position, "time",
                                                  figures_instant(result->answer->time).text, "bundle", name, "version", (json_int_t)version, "became", became, "state", state))) {
        if (version) {
            output_wrap(&context->output, "Accepted %s. %s v%" PRIu64 " %s.%s%s", session_accepted(context, result), name, version, became, *next ? " " : "", next);
        } else {
            output_wrap(&context->output, "Accepted %s. %s %s.%s%s", session_accepted(context, result), name, became, *next ? " " : "", next);
        }
    }
    return EXIT_CODE_DONE;
}

static int tell(struct context *context, const struct submission_result *result, const char *name, uint64_t version, const char *became, const char *next)
{
    return tell_state(context, result, name, version, became, NULL, next);
}

/* The bundle at --version, or the newest: what a change is made against. */
static int fetch(struct context *context, const char *text, struct bundle *bundle, struct figure *name)
{
    uint64_t version = 0;
    int code = bundle_version_option(context, &version);
    code = code ? code : bundle_fetch(context, text, version, bundle);
    if (code == EXIT_CODE_UNREACHABLE) {
        advise("Nothing was kept: what you sign is the bundle as it stands then. Repeat this once the exchange answers.");
    }
    if (!code) {
        *name = figures_bundle(bundle->view->number);
    }
    return code;
}

#define SHOWN_CHANGES 10u

/* A bundle is released as it is shown; what changed in its inputs since is said first. */
static void tell_changes(const struct bundle *bundle)
{
    const Muster__BundleView *view = bundle->view;
    for (size_t i = 0; i < view->n_changes && i < SHOWN_CHANGES; i++) {
        advise("%s%s", i ? "  and " : "Changed since it was planned: ", view->changes[i]);
    }
    if (view->n_changes > SHOWN_CHANGES) {
        advise("  and %s more", figures_count(view->n_changes - SHOWN_CHANGES).text);
    }
}

static int act(struct context *context, const char *text, Muster__BundleChange *change, const char *became, const char *next)
{
    struct bundle bundle;
    struct submission_result result;
    struct figure name;
    int code = fetch(context, text, &bundle, &name);
    if (code) {
        return code;
    }
    if (change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_RELEASE) {
        tell_changes(&bundle);
    }
    change->number = bundle.view->number;
    change->version = bundle.view->version;
    /* Above the policy's value the first of two asks nobody yet. */
    const Muster__BundleHand *first = bundle.view->first_hand;
    if (change->kind == MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_RELEASE && bundle.view->has_four_eyes_above && !(first && strcmp(first->party, context->profile.party) != 0)) {
        became = "has your release, the first of two: nobody is asked yet";
        next = "It waits for a second coordinator: muster bundle release, by another than you";
    }
    code = send_change(context, change, name.text, &result);
    return code || !result.answer ? code : tell(context, &result, name.text, change->version, became, next);
}

static int read_until(struct context *context, Muster__BundleChange *change)
{
    const char *until = context->value[OPTION_UNTIL];
    if (until && figures_read_deadline(until, &change->deadline) != STATUS_OK) {
        return complain(EXIT_CODE_USAGE, "--until: found %s, expected a day, as 2027-02-15. Nothing changed.", until);
    }
    change->has_deadline = until != NULL;
    return EXIT_CODE_DONE;
}

int bundle_release_run(struct context *context, int count, char **words)
{
    Muster__BundleChange change = MUSTER__BUNDLE_CHANGE__INIT;
    (void)count;
    change.kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_RELEASE;
    int code = read_until(context, &change);
    return code ? code : act(context, words[0], &change, "released: its nations are asked", "Next: muster watch");
}

int bundle_extend_run(struct context *context, int count, char **words)
{
    Muster__BundleChange change = MUSTER__BUNDLE_CHANGE__INIT;
    (void)count;
    change.kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_EXTEND;
    int code = read_until(context, &change);
    if (!code && !change.has_deadline) {
        return complain(EXIT_CODE_USAGE, "extend needs --until DATE, as 2027-02-22. Nothing changed.");
    }
    return code ? code : act(context, words[0], &change, arena_format(&context->arena, "can be answered until %s", context->value[OPTION_UNTIL]), "");
}

int bundle_reject_run(struct context *context, int count, char **words)
{
    Muster__BundleChange change = MUSTER__BUNDLE_CHANGE__INIT;
    (void)count;
    change.kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REJECT;
    change.reason = (char *)(uintptr_t)context->value[OPTION_REASON];
    if (!change.reason || !*change.reason) {
        return complain(EXIT_CODE_USAGE, "reject needs --reason TEXT: it is recorded. Nothing changed.");
    }
    return act(context, words[0], &change, "rejected: its lot and money are free", "The same plan comes again only when an input changes, or by: muster bundle replan");
}

int bundle_order_run(struct context *context, int count, char **words)
{
    Muster__BundleChange change = MUSTER__BUNDLE_CHANGE__INIT;
    (void)count;
    change.kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ORDER;
    return act(context, words[0], &change, "ordered", "");
}

int bundle_replan_run(struct context *context, int count, char **words)
{
    Muster__BundleChange change = MUSTER__BUNDLE_CHANGE__INIT;
    struct submission_result result;
    uint64_t number = 0;
    (void)count;
    change.kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_REPLAN;
    if (figures_read_bundle(words[0], &number) == STATUS_OK && (words[0][0] == 'B' || words[0][0] == 'b')) {
        struct bundle bundle;
        struct figure name;
        int code = fetch(context, words[0], &bundle, &name);
        if (code) {
            return code;
        }
        change.number = bundle.view->number;
        change.version = bundle.view->version;
        change.item = bundle.view->item;
        code = send_change(context, &change, name.text, &result);
        return code || !result.answer ? code : tell(context, &result, name.text, change.version, "is planned again", "Next: muster watch");
    }
    change.item = words[0];
    int code = send_change(context, &change, words[0], &result);
    return code || !result.answer ? code : tell(context, &result, words[0], 0, "is planned again", "Next: muster watch");
}

int bundle_adopted(const char *letter, size_t count, size_t *at)
{
    int from_b = toupper((unsigned char)letter[0]) - 'B';
    if (letter[0] == '\0' || letter[1] != '\0' || from_b < 0 || (size_t)from_b >= count) {
        return complain(EXIT_CODE_USAGE, "--adopt: found %s, expected the letter of a variant, B the first. Nothing changed.", letter);
    }
    *at = (size_t)from_b;
    return EXIT_CODE_DONE;
}

int bundle_adopt(struct context *context, const struct bundle *bundle, Muster__Variant *variant)
{
    Muster__BundleChange change = MUSTER__BUNDLE_CHANGE__INIT;
    struct submission_result result;
    const struct figure name = figures_bundle(bundle->view->number);
    change.kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ADOPT;
    change.number = bundle->view->number;
    change.version = bundle->view->version;
    change.variant = variant;
    int code = send_change(context, &change, name.text, &result);
    return code || !result.answer ? code : tell(context, &result, name.text, change.version, "is planned again as adopted", "Next: muster watch");
}

/* SHA-256 over the terms exactly as they were served. */
static uint8_t *hash_terms(struct context *context, const Muster__BundleView *view)
{
    uint8_t *sha256 = arena_alloc(&context->arena, crypto_hash_sha256_BYTES);
    crypto_hash_sha256_state state;
    if (sha256) {
        crypto_hash_sha256_init(&state);
        crypto_hash_sha256_update(&state, (const uint8_t *)TERMS_PREFIX, strlen(TERMS_PREFIX));
        crypto_hash_sha256_update(&state, view->terms.data, view->terms.len);
        crypto_hash_sha256_final(&state, sha256);
    }
    return sha256;
}

/* The price of a no, before it is recorded. */
static int tell_price_of_no(struct context *context, const struct bundle *bundle, const char *name)
{
    const Muster__BundleNation *own = bundle_own_nation(bundle->view);
    const char *currency = bundle->view->base_currency;
    if (own && own->has_alone_pays && own->has_saving && own->has_alone_quantity) {
        json_t *value = json_pack("{s:b, s:s, s:I, s:I, s:I}", "accepted", 0, "bundle", name, "pays", (json_int_t)own->pays, "alone_pays", (json_int_t)own->alone_pays, "saving",
                                  (json_int_t)own->saving);
        if (output_value(&context->output, value)) {
            return EXIT_CODE_DONE;
        }
        if (own->alone_quantity == 0) {
            output_wrap(&context->output, "Alone %s gets none of these: %s come only together.", own->country, figures_count(own->quantity).text);
        } else if (own->alone_quantity < own->quantity) {
            output_wrap(&context->output, "Leaving costs %s %s %s on the %s of %s that it gets alone; %s come only together.", own->country, currency, figures_money(own->saving).text,
                        figures_count(own->alone_quantity).text, figures_count(own->quantity).text, figures_count(own->quantity - own->alone_quantity).text);
        } else {
            output_wrap(&context->output, "Leaving %s %s %s %s: alone %s, here %s.", own->saving < 0 ? "saves" : "costs", own->country, currency,
                        figures_money(own->saving < 0 ? -own->saving : own->saving).text, figures_money(own->alone_pays).text, figures_money(own->pays).text);
        }
    } else if (output_value(&context->output, json_pack("{s:b, s:s}", "accepted", 0, "bundle", name))) {
        return EXIT_CODE_DONE;
    }
    output_wrap(&context->output, "The others are planned again without you and may lose this price.");
    output_wrap(&context->output, "Nothing is recorded. To leave, add: --confirm --reason TEXT");
    return EXIT_CODE_DONE;
}

/* What a bundle that has ended, or binds, has to say to an answer; EXIT_CODE_DONE where it can be answered. */
static int check_open(const struct bundle *bundle, const char *name)
{
    const char *state = bundle_state_name(bundle->view);
    switch (bundle->view->state) {
    case MUSTER__BUNDLE_STATE__BUNDLE_COMMITTED:
    case MUSTER__BUNDLE_STATE__BUNDLE_ORDERED:
        return complain(EXIT_CODE_INPUT, "%s is %s and binds you. Nothing changed.\nTo end a part of it, both sides sign: muster commitment end %s", name, state, name);
    case MUSTER__BUNDLE_STATE__BUNDLE_LAPSED:
    case MUSTER__BUNDLE_STATE__BUNDLE_REJECTED:
        return complain(EXIT_CODE_INPUT, "%s is %s: it takes no answer any more, and nothing of it binds you. Nothing changed.\nSee: muster bundle list", name, state);
    default:
        return EXIT_CODE_DONE;
    }
}

#define ROUND_MILLISECONDS 300 /* within which the exchange closes a round that is complete */

/* Whether a supplier's yes was the last: then the bundle is committed, and nothing can be taken back. */
static bool is_committed_now(struct context *context, uint64_t number)
{
    Muster__BundlesRequest request = MUSTER__BUNDLES_REQUEST__INIT;
    const struct timespec pause = {.tv_nsec = ROUND_MILLISECONDS * 1000000L};
    request.number = number;
    context->unanswered_quietly = true;
    for (int look = 0; look < 2; look++) {
        ProtobufCMessage *body = NULL;
        if (look) {
            nanosleep(&pause, NULL);
        }
        if (session_ask(context, MUSTER__VERB__VERB_BUNDLES, &request.base, &body)) {
            return false;
        }
        const Muster__BundlesAnswer *answer = (const Muster__BundlesAnswer *)body;
        if (answer->n_bundles && answer->bundles[0]->state == MUSTER__BUNDLE_STATE__BUNDLE_COMMITTED) {
            return true;
        }
    }
    return false;
}

static int tell_answered(struct context *context, const struct submission_result *result, const struct bundle *bundle, bool yes)
{
    const struct figure name = figures_bundle(bundle->view->number);
    const char *became = yes ? "answered yes" : "answered no";
    bool confirmed = yes && bundle->view->state == MUSTER__BUNDLE_STATE__BUNDLE_AGREED;
    if (confirmed && is_committed_now(context, bundle->view->number)) {
        return tell_state(context, result, name.text, bundle->view->version, became, "committed", "Yours was the last: it is committed and binds you.");
    }
    const char *undo = arena_format(&context->arena, "%s: muster bundle take-back %s", confirmed ? "Until every supplier has confirmed" : "Until it is committed", name.text);
    return tell(context, result, name.text, bundle->view->version, became, undo ? undo : "");
}

int bundle_answer_run(struct context *context, int count, char **words)
{
    Muster__BundleChange change = MUSTER__BUNDLE_CHANGE__INIT;
    struct submission_result result;
    struct bundle bundle;
    struct figure name;
    (void)count;
    bool yes = strcmp(words[1], "yes") == 0;
    if (!yes && strcmp(words[1], "no") != 0) {
        return complain(EXIT_CODE_USAGE, "found '%s', expected yes or no. Nothing is recorded.", words[1]);
    }
    int code = fetch(context, words[0], &bundle, &name);
    code = code ? code : check_open(&bundle, name.text);
    if (code) {
        return code;
    }
    if (!bundle.terms) {
        return complain(EXIT_CODE_NOT_ALLOWED, "%s v%" PRIu64 " asks nothing of you. Nothing is recorded.", name.text, bundle.view->version);
    }
    if (!yes && !context->value[OPTION_CONFIRM]) {
        return tell_price_of_no(context, &bundle, name.text);
    }
    change.reason = (char *)(uintptr_t)context->value[OPTION_REASON];
    if (!yes && (!change.reason || !*change.reason)) {
        return complain(EXIT_CODE_USAGE, "a no needs --reason TEXT: it is recorded. Nothing is recorded yet.");
    }
    change.kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_ANSWER;
    change.number = bundle.view->number;
    change.version = bundle.view->version;
    change.has_answer = 1;
    change.answer = yes ? MUSTER__ANSWER_KIND__ANSWER_YES : MUSTER__ANSWER_KIND__ANSWER_NO;
    change.has_terms_sha256 = 1;
    change.terms_sha256 = (ProtobufCBinaryData){.data = hash_terms(context, bundle.view), .len = crypto_hash_sha256_BYTES};
    if (!change.terms_sha256.data) {
        return complain_memory();
    }
    code = send_change(context, &change, name.text, &result);
    if (code || !result.answer) {
        return code;
    }
    return tell_answered(context, &result, &bundle, yes);
}

int bundle_take_back_run(struct context *context, int count, char **words)
{
    Muster__BundleChange change = MUSTER__BUNDLE_CHANGE__INIT;
    struct bundle bundle;
    struct figure name;
    (void)count;
    change.kind = MUSTER__BUNDLE_CHANGE_KIND__BUNDLE_TAKE_BACK;
    int code = fetch(context, words[0], &bundle, &name);
    code = code ? code : check_open(&bundle, name.text);
    if (code) {
        return code;
    }
    const char *own = bundle.view->own_answer ? bundle.view->own_answer : "";
    if (strcmp(own, "yes") != 0 && strcmp(own, "no") != 0) {
        return complain(EXIT_CODE_INPUT, "you have no answer to %s that stands. Nothing changed.", name.text);
    }
    return act(context, words[0], &change, "has your answer no more", "Silence at the deadline means no");
}

static int read_month(const char *text, uint32_t *month)
{
    unsigned year = 0, number = 0;
    char end = '\0';
    if (!text || strlen(text) != 7 || sscanf(text, "%4u-%2u%c", &year, &number, &end) != 2 || year < 2000 || year > 2199 || number < 1 || number > 12) {
        return complain(EXIT_CODE_USAGE, "--month: found %s, expected a month, as 2030-12. Nothing changed.", text ? text : "nothing");
    }
    *month = year * 100 + number;
    return EXIT_CODE_DONE;
}

int commitment_end_run(struct context *context, int count, char **words)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__CommitmentEnd end = MUSTER__COMMITMENT_END__INIT;
    Muster__CommitmentEnd *list[1] = {&end};
    struct submission_result result;
    struct bundle bundle;
    struct figure name;
    (void)count;
    if (!context->value[OPTION_DEMAND] || !context->value[OPTION_OFFER] || !context->value[OPTION_REASON]) {
        return complain(EXIT_CODE_USAGE, "ending a commitment needs --demand, --offer, --month and --reason. Nothing changed.");
    }
    int code = read_month(context->value[OPTION_MONTH], &end.month);
    code = code ? code : fetch(context, words[0], &bundle, &name);
    if (code) {
        return code;
    }
    end.number = bundle.view->number;
    end.version = bundle.view->version;
    end.demand = (char *)(uintptr_t)context->value[OPTION_DEMAND];
    end.offer = (char *)(uintptr_t)context->value[OPTION_OFFER];
    end.reason = (char *)(uintptr_t)context->value[OPTION_REASON];
    submission.commitment_ends = list;
    submission.n_commitment_ends = 1;
    const struct session_naming naming = {.id = name_of, .data = name.text};
    code = session_submit(context, &submission, &naming, &result);
    if (code || !result.answer) {
        return code;
    }
    bool coordinator = context->profile.role == MUSTER__ROLE__ROLE_COORDINATOR;
    return tell(context, &result, name.text, end.version, coordinator ? "has this commitment no more" : "has your signature to this commitment's end",
                coordinator ? "" : "It ends once the other side has signed the same.");
}
