/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/bundle.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/view.h"
#include "proto/box.h"
#include "proto/status.h"
#include "proto/walk.h"

int bundle_version_option(struct context *context, uint64_t *version)
{
    *version = 0;
    if (context->value[OPTION_VERSION] && figures_read_version(context->value[OPTION_VERSION], version) != STATUS_OK) {
        return complain(EXIT_CODE_USAGE, "--version: found %s, expected a version, as v2.", context->value[OPTION_VERSION]);
    }
    return EXIT_CODE_DONE;
}

int bundle_fetch(struct context *context, const char *text, uint64_t version, struct bundle *bundle)
{
    Muster__BundlesRequest request = MUSTER__BUNDLES_REQUEST__INIT;
    ProtobufCMessage *body = NULL;
    *bundle = (struct bundle){0};
    if (figures_read_bundle(text, &request.number) != STATUS_OK) {
        return complain(EXIT_CODE_USAGE, "'%s' is no bundle, as B-0041. All: muster bundle list", text);
    }
    request.version = version;
    const struct figure name = figures_bundle(request.number);
    const char *missing = version ? arena_format(&context->arena, "no %s v%" PRIu64 " that you may see. Its newest: muster bundle show %s", name.text, version, name.text)
                                  : arena_format(&context->arena, "no bundle %s that you may see. All: muster bundle list", name.text);
    context->missing = missing;
    int code = session_ask(context, MUSTER__VERB__VERB_BUNDLES, &request.base, &body);
    context->missing = NULL;
    if (code) {
        return code;
    }
    const Muster__BundlesAnswer *answer = (const Muster__BundlesAnswer *)body;
    if (answer->n_bundles == 0) {
        return complain(EXIT_CODE_INPUT, "%s", missing ? missing : "no such bundle");
    }
    bundle->view = answer->bundles[0];
    if (bundle->view->has_terms && bundle->view->terms.len) {
        ProtobufCMessage *terms = NULL;
        if (walk_unpack(&muster__terms__descriptor, bundle->view->terms.data, bundle->view->terms.len, BOX_PLAIN_MOST, &context->arena, &terms, NULL) != STATUS_OK) {
            return complain(EXIT_CODE_INTERNAL, "the terms of %s can't be read. Do not answer it; tell your coordinator.", figures_bundle(request.number).text);
        }
        bundle->terms = (Muster__Terms *)terms;
    }
    return EXIT_CODE_DONE;
}

const char *bundle_state_name(const Muster__BundleView *view)
{
    return view_enum(&muster__bundle_state__descriptor, (int)view->state);
}

const Muster__BundleNation *bundle_own_nation(const Muster__BundleView *view)
{
    for (size_t i = 0; i < view->n_nations; i++) {
        if (view->nations[i]->has_pays) {
            return view->nations[i];
        }
    }
    return NULL;
}

static int64_t capped(__int128 value)
{
    return value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : (int64_t)value;
}

int64_t bundle_value(uint64_t quantity, int64_t unit_price, int64_t freight)
{
    /* Both factors below 2^63, so that the product fits. */
    __int128 units = quantity > INT64_MAX ? INT64_MAX : (__int128)quantity;
    return capped(units * capped((__int128)unit_price + freight));
}

int64_t bundle_terms_value(const Muster__Terms *terms)
{
    __int128 total = terms->one_off;
    for (size_t i = 0; i < terms->n_lines; i++) {
        total += bundle_value(terms->lines[i]->quantity, terms->lines[i]->unit_price, terms->lines[i]->freight);
    }
    return capped(total);
}

json_t *bundle_json(const struct bundle *bundle)
{
    json_t *value = view_message(&bundle->view->base);
    json_object_set_new(value, "id", json_string(figures_bundle(bundle->view->number).text));
    if (bundle->terms) {
        json_object_set_new(value, "terms", view_message(&bundle->terms->base));
    }
    return value;
}

const char *bundle_rule_name(const struct bundle *bundle, const Muster__BundleRule *rule)
{
    static const struct {
        const char *code;
        const char *name;
    } names[] = {{"nations", "nations"}, {"european_share", "European content"}, {"supplier_share", "one supplier"}, {"sme_share", "SME share"}};
    (void)bundle;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].code, rule->name) == 0) {
            return names[i].name;
        }
    }
    return rule->name;
}

const char *bundle_uncovered_text(struct context *context, const Muster__Uncovered *uncovered)
{
    const char *text = arena_format(&context->arena, "%s %s, %s", uncovered->demand, figures_count(uncovered->quantity).text, uncovered->reason);
    if (text && uncovered->text && *uncovered->text) {
        const char *marked = figures_marked(&context->arena, uncovered->text);
        text = arena_format(&context->arena, "%s: %s", text, marked ? marked : uncovered->text);
    }
    for (size_t i = 0; i < uncovered->n_tried && text; i++) {
        if (uncovered->tried[i]->covers) {
            /* Its text goes on a sentence elsewhere; here it begins one. */
            const char *trial = uncovered->tried[i]->text;
            text = arena_format(&context->arena, "%s %c%s would cover all (planned again).", text, toupper((unsigned char)trial[0]), trial[0] ? trial + 1 : "");
            return text ? text : "";
        }
    }
    return text ? text : "";
}
