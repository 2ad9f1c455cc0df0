/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/describe.h"
#include "clients/muster/figures.h"
#include "clients/muster/objects.h"
#include "clients/muster/seen.h"
#include "clients/muster/suggest.h"
#include "clients/muster/view.h"
#include "proto/status.h"

/* One demand or offer whole: what is shown here counts as seen, so a file may replace it. */

#define NAME_WIDTH 17

/* With the nearest of the ids that there are. */
static int missing(struct context *context, const struct objects_kind *kind, const char *id)
{
    struct session_records records;
    struct suggest suggest;
    int code = session_list(context, kind->noun, "", "", true, &records);
    suggest_begin(&suggest, id);
    for (size_t i = 0; i < records.count && !code; i++) {
        suggest_offer(&suggest, records.list[i]->id);
    }
    return code ? code : complain(EXIT_CODE_INPUT, "no %s '%s' that you may see.%s%s%s All: muster %s list", kind->name, id, suggest.nearest ? " Nearest: " : "",
                                  suggest.nearest ? suggest.nearest : "", suggest.nearest ? "." : "", kind->name);
}

static int fetch(struct context *context, const struct objects_kind *kind, const char *id, const Muster__Record **record)
{
    struct session_records records;
    int code = session_profile(context);
    if (!code && context->profile.role == MUSTER__ROLE__ROLE_COORDINATOR) {
        code = session_whole_id(context, kind->noun, id, &id);
    }
    code = code ? code : session_list(context, kind->noun, "", id, true, &records);
    if (code) {
        return code;
    }
    if (records.count == 0) {
        return missing(context, kind, id);
    }
    if (records.count > 1) {
        return complain(EXIT_CODE_INPUT, "several parties have a %s '%s'. Write PARTY/%s.", kind->name, id, id);
    }
    *record = records.list[0];
    if (strcmp((*record)->party, context->profile.party) != 0) {
        return EXIT_CODE_DONE;
    }
    struct seen seen;
    int status = seen_load(&context->profile, kind->name, &context->arena, &seen);
    status = status ? status : seen_note(&seen, &context->arena, (*record)->id, (*record)->version);
    status = status ? status : seen_save(&context->profile, kind->name, &context->arena, &seen);
    return status == STATUS_OK ? EXIT_CODE_DONE : complain_file("write", context->profile.state);
}

static void print_heading(const struct context *context, const Muster__Record *record, const char *item, const char *where)
{
    output_wrap(&context->output, "%s v%" PRIu64 "  %s  %s  accepted %s%s", record->id, record->version, item, where, figures_time(record->time).text,
                record->withdrawn ? ", withdrawn" : "");
}

int demand_show_run(struct context *context, int count, char **words)
{
    const Muster__Record *record = NULL;
    (void)count;
    int code = fetch(context, &objects_demands, words[0], &record);
    if (code || output_value(&context->output, view_message(&record->base))) {
        return code;
    }
    const struct output *output = &context->output;
    const Muster__Demand *demand = record->demand;
    print_heading(context, record, demand->item, demand->country);
    for (size_t i = 0; i < demand->n_lines; i++) {
        output_field(output, NAME_WIDTH, i ? "" : "Deliveries", "%s due %s", figures_count(demand->lines[i]->quantity).text, figures_month(demand->lines[i]->month).text);
    }
    output_field(output, NAME_WIDTH, "Ceiling", "%s %s each, freight and one-off share included", demand->currency, figures_money(demand->max_unit_price).text);
    output_field(output, NAME_WIDTH, "At least", "%s in all", figures_count(demand->min_quantity).text);
    output_field(output, NAME_WIDTH, "Priority", "%u (1 is most urgent, 5 least)", demand->priority);
    output_field(output, NAME_WIDTH, "To", "%s", demand->place);
    output_field(output, NAME_WIDTH, "One supplier", "%s", demand->single_supplier ? "yes" : "no");
    output_field(output, NAME_WIDTH, "Requires", "%s", describe_list(context, demand->requires, demand->n_requires, "; "));
    output_field(output, NAME_WIDTH, "Certificates", "%s", describe_list(context, demand->certificates, demand->n_certificates, "; "));
    output_field(output, NAME_WIDTH, "Not from", "%s", describe_list(context, demand->exclude_origins, demand->n_exclude_origins, " "));
    output_field(output, NAME_WIDTH, "Paid by", "%s", *demand->fund ? demand->fund : strcmp(record->party, context->profile.party) == 0 ? "your own budget" : "its own budget");
    output_field(output, NAME_WIDTH, "Industry learns", "%s", demand->release == MUSTER__RELEASE__RELEASE_SEALED   ? "nothing (sealed)"
                                                               : demand->release == MUSTER__RELEASE__RELEASE_OPEN ? "the demand without its ceiling (open)"
                                                                                                                  : "totals only (pooled)");
    output_field(output, NAME_WIDTH, "Committed", "%s%s%s", figures_count(record->covered).text, *record->bundle ? "; in " : "", record->bundle);
    output_wrap(output, "Next: muster why %s", record->id);
    return EXIT_CODE_DONE;
}

int offer_show_run(struct context *context, int count, char **words)
{
    const Muster__Record *record = NULL;
    (void)count;
    int code = fetch(context, &objects_offers, words[0], &record);
    if (code || output_value(&context->output, view_message(&record->base))) {
        return code;
    }
    const struct output *output = &context->output;
    const Muster__Offer *offer = record->offer;
    print_heading(context, record, offer->item, offer->supplier);
    bool own = strcmp(record->party, context->profile.party) == 0;
    describe_offer_back(context, own ? "You offer" : arena_format(&context->arena, "%s offers", record->party), offer);
    if (offer->max_quantity) {
        output_field(output, NAME_WIDTH, "At most", "%s in all", figures_count(offer->max_quantity).text);
    }
    const char *freight = "";
    for (size_t i = 0; i < offer->n_freight && freight; i++) {
        freight = arena_format(&context->arena, "%s%s%s %s", freight, i ? ", " : "", offer->freight[i]->prefix, figures_money(offer->freight[i]->amount).text);
    }
    output_field(output, NAME_WIDTH, "Freight", "%s", offer->n_freight && freight ? freight : "none, anywhere");
    const char *provides = "";
    for (size_t i = 0; i < offer->n_provides && provides; i++) {
        provides = arena_format(&context->arena, "%s%s%s=%s", provides, i ? "; " : "", offer->provides[i]->name, offer->provides[i]->value);
    }
    output_field(output, NAME_WIDTH, "Provides", "%s", offer->n_provides && provides ? provides : "-");
    output_field(output, NAME_WIDTH, "Certificates", "%s", describe_list(context, offer->certificates, offer->n_certificates, "; "));
    output_field(output, NAME_WIDTH, "Exports to", "%s", offer->n_destinations ? describe_list(context, offer->destinations, offer->n_destinations, " ") : "all");
    output_field(output, NAME_WIDTH, "Valid until", "%s", offer->valid_until ? figures_date(offer->valid_until).text : own ? "you withdraw it" : "it is withdrawn");
    output_field(output, NAME_WIDTH, "Sold", "%s%s%s", figures_count(record->covered).text, *record->bundle ? "; in " : "", record->bundle);
    output_wrap(output, "Next: muster why %s", record->id);
    return EXIT_CODE_DONE;
}
