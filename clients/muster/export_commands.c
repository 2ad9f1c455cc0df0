/* SPDX-License-Identifier: EUPL-1.2 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/muster/bundle.h"
#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/figures.h"
#include "clients/muster/folder.h"
#include "clients/muster/plan.h"
#include "clients/muster/view.h"
#include "proto/box.h"
#include "proto/csv_out.h"
#include "proto/scenario.h"
#include "proto/status.h"
#include "proto/walk.h"

/* What leaves the exchange as files: contracts, a market to audit. Each is an entry of the log, so it is known who took what. */

static int send_export(struct context *context, Muster__ExportKind kind, uint64_t number, uint64_t version, struct submission_result *result)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__ExportChange change = MUSTER__EXPORT_CHANGE__INIT;
    Muster__ExportChange *list[1] = {&change};
    change.kind = kind;
    change.number = number;
    change.version = version;
    submission.exports = list;
    submission.n_exports = 1;
    return session_submit(context, &submission, NULL, result);
}

/* What came with the receipt, unpacked. A repeated export brings the receipt alone. */
static int unpack(struct context *context, const struct submission_result *result, const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **message)
{
    const ProtobufCBinaryData *data = &result->answer->data;
    if (!data->len) {
        return complain(EXIT_CODE_INPUT, "there is nothing to export. It is logged as entry %s.", figures_count(result->answer->position).text);
    }
    if (walk_unpack(descriptor, data->data, data->len, BOX_PLAIN_MOST, &context->arena, message, NULL) != STATUS_OK) {
        return complain(EXIT_CODE_INTERNAL, "the export can't be read. It is logged as entry %s.", figures_count(result->answer->position).text);
    }
    return EXIT_CODE_DONE;
}

static int write_text(const char *folder, const char *name, const char *text, size_t length)
{
    char path[FILES_PATH_MOST];
    if (files_path(path, folder, name, NULL) != STATUS_OK || files_write(path, text, length, 0600, true) != STATUS_OK) {
        return complain_file("write", name);
    }
    return EXIT_CODE_DONE;
}

static int write_json(const char *folder, const char *name, json_t *value)
{
    char *text = value ? json_dumps(value, JSON_INDENT(2)) : NULL;
    json_decref(value);
    if (!text) {
        return complain_memory();
    }
    int code = write_text(folder, name, text, strlen(text));
    free(text);
    return code;
}

static bool same_contract(const Muster__Order *left, const Muster__Order *right)
{
    return left->number == right->number && strcmp(left->agency, right->agency) == 0 && strcmp(left->supplier, right->supplier) == 0;
}

static void write_order_header(struct csv_out *out)
{
    static const char *const names[] = {"bundle",   "version", "item",  "title",     "unit",    "demand",  "agency",     "agency_name", "agency_contact", "country",
                                        "place",    "offer",   "supplier", "supplier_name", "supplier_contact", "ncage", "month", "quantity", "tier", "unit_price",
                                        "freight", "one_off", "total", "base_currency", "currency", "currency_price", "fund", "committed", "entry"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        csv_out_text(out, names[i]);
    }
    csv_out_end(out);
}

static int64_t total_of(const Muster__Order *order)
{
    return bundle_value(order->quantity, order->unit_price, order->freight) + order->one_off;
}

static void write_order(struct csv_out *out, const Muster__Order *order)
{
    csv_out_text(out, figures_bundle(order->number).text);
    csv_out_number(out, order->version);
    const char *const texts[] = {order->item,    order->title, order->unit,  order->demand,        order->agency,           order->agency_name, order->agency_contact,
                                 order->country, order->place, order->offer, order->supplier,      order->supplier_name,    order->supplier_contact, order->ncage};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        csv_out_text(out, texts[i]);
    }
    csv_out_month(out, order->month);
    csv_out_number(out, order->quantity);
    csv_out_number(out, order->tier);
    csv_out_amount(out, order->unit_price);
    csv_out_amount(out, order->freight);
    csv_out_amount(out, order->one_off);
    csv_out_amount(out, total_of(order));
    csv_out_text(out, order->base_currency);
    csv_out_text(out, order->currency);
    csv_out_amount(out, order->currency_price);
    csv_out_text(out, order->fund);
    csv_out_text(out, figures_instant(order->committed).text);
    csv_out_number(out, order->position);
    csv_out_end(out);
}

/* One contract, the orders from first to end: its CSV and its JSON. */
static int write_contract(struct context *context, const char *folder, Muster__Order *const *orders, size_t first, size_t end)
{
    const Muster__Order *order = orders[first];
    const char *name = arena_format(&context->arena, "%s-%s-%s-%s", figures_bundle(order->number).text, order->country, order->agency, order->supplier);
    struct csv_out out;
    json_t *lines = json_array();
    int64_t total = 0;
    csv_out_init(&out, &context->arena, ',');
    write_order_header(&out);
    for (size_t i = first; i < end; i++) {
        write_order(&out, orders[i]);
        json_t *line = view_message(&orders[i]->base);
        json_object_set_new(line, "total", json_integer(total_of(orders[i])));
        json_array_append_new(lines, line);
        total += total_of(orders[i]);
    }
    const char *csv_name = name ? arena_format(&context->arena, "%s.csv", name) : NULL, *json_name = name ? arena_format(&context->arena, "%s.json", name) : NULL;
    if (!csv_name || !json_name || out.status != STATUS_OK) {
        json_decref(lines);
        return complain_memory();
    }
    json_t *contract = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:o}", "bundle", figures_bundle(order->number).text, "country", order->country, "agency", order->agency, "supplier",
                                 order->supplier, "base_currency", order->base_currency, "total", (json_int_t)total, "lines", lines);
    int code = write_text(folder, csv_name, out.bytes, out.length);
    code = code ? code : write_json(folder, json_name, contract);
    if (code) {
        return code;
    }
    output_wrap_indented(&context->output, 2, "  %s: %s and %s, %s %s", name, order->agency_name, order->supplier_name, order->base_currency, figures_money(total).text);
    return EXIT_CODE_DONE;
}

static int no_commitments(const struct bundle *bundle)
{
    return complain(EXIT_CODE_INPUT, "%s has no commitments: it is %s. Nothing was written.\nIts state, and what it waits for: muster bundle show %s", figures_bundle(bundle->view->number).text,
                    bundle_state_name(bundle->view), figures_bundle(bundle->view->number).text);
}

/* Asks for the orders and writes them, a contract a nation and supplier; *contracts counts them. */
static int write_orders(struct context *context, const struct bundle *bundle, const char *folder, struct submission_result *result, size_t *contracts)
{
    ProtobufCMessage *message = NULL;
    *contracts = 0;
    int code = send_export(context, MUSTER__EXPORT_KIND__EXPORT_ORDERS, bundle->view->number, bundle->view->version, result);
    code = code ? code : unpack(context, result, &muster__orders_export__descriptor, &message);
    if (code) {
        return code;
    }
    const Muster__OrdersExport *export = (const Muster__OrdersExport *)message;
    if (!export->n_orders) {
        return no_commitments(bundle);
    }
    for (size_t first = 0, end; first < export->n_orders && !code; first = end) {
        for (end = first + 1; end < export->n_orders && same_contract(export->orders[first], export->orders[end]); end++) {
        }
        code = write_contract(context, folder, export->orders, first, end);
        ++*contracts;
    }
    return code;
}

/* Only what was committed has orders; an export of nothing need not be logged. */
static bool may_have_orders(const struct bundle *bundle)
{
    switch (bundle->view->state) {
    case MUSTER__BUNDLE_STATE__BUNDLE_PROPOSED:
    case MUSTER__BUNDLE_STATE__BUNDLE_RELEASED:
    case MUSTER__BUNDLE_STATE__BUNDLE_AGREED:
    case MUSTER__BUNDLE_STATE__BUNDLE_REJECTED:
        return false;
    default:
        return true;
    }
}

int order_export_run(struct context *context, int count, char **words)
{
    struct submission_result result;
    struct bundle bundle;
    struct folder folder;
    uint64_t version = 0;
    size_t contracts = 0;
    (void)count;
    int code = session_coordinators_only(context, "exports orders", "Your own part: muster bundle show BUNDLE, for programs with --json");
    code = code ? code : bundle_version_option(context, &version);
    code = code ? code : bundle_fetch(context, words[0], version, &bundle);
    if (code) {
        return code;
    }
    if (!may_have_orders(&bundle)) {
        return no_commitments(&bundle);
    }
    code = folder_make(&folder, words[1]);
    if (code) {
        return code;
    }
    code = write_orders(context, &bundle, words[1], &result, &contracts);
    if (code) {
        folder_undo(&folder);
        return code;
    }
    const struct figure name = figures_bundle(bundle.view->number);
    if (output_value(&context->output, json_pack("{s:b, s:I, s:s, s:I, s:s}", "accepted", 1, "entry", (json_int_t)result.answer->position, "bundle", name.text, "contracts",
                                                         (json_int_t)contracts, "folder", words[1]))) {
        return EXIT_CODE_DONE;
    }
    output_wrap(&context->output, "%s: %s contract%s in %s, each as CSV and JSON. Logged as entry %s.", name.text, figures_count(contracts).text, contracts == 1 ? "" : "s", words[1],
                figures_count(result.answer->position).text);
    output_wrap(&context->output, "Next, once signed: muster bundle order %s", name.text);
    return EXIT_CODE_DONE;
}

static json_t *lot_json(const Muster__LotPlan *lot)
{
    json_t *awards = json_array(), *uncovered = json_array();
    for (size_t i = 0; i < lot->n_awards; i++) {
        const Muster__Award *award = lot->awards[i];
        json_array_append_new(awards, json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "demand", award->demand, "month", figures_month(award->month).text, "offer", award->offer,
                                                "tier", (json_int_t)award->tier, "quantity", (json_int_t)award->quantity, "unit_price", (json_int_t)award->unit_price, "freight",
                                                (json_int_t)award->freight, "one_off", (json_int_t)award->one_off));
    }
    for (size_t i = 0; i < lot->n_uncovered; i++) {
        json_array_append_new(uncovered, json_pack("{s:s, s:I, s:s}", "demand", lot->uncovered[i]->demand, "quantity", (json_int_t)lot->uncovered[i]->quantity, "reason",
                                                   lot->uncovered[i]->reason));
    }
    return json_pack("{s:s, s:I, s:I, s:o, s:o}", "item", lot->item, "objective", (json_int_t)lot->objective, "bound", (json_int_t)lot->bound, "awards", awards, "uncovered",
                     uncovered);
}

static json_t *plan_as_json(const Muster__Plan *plan)
{
    json_t *lots = json_array();
    for (size_t i = 0; i < plan->n_lots; i++) {
        json_array_append_new(lots, lot_json(plan->lots[i]));
    }
    return json_pack("{s:I, s:I, s:s, s:o}", "objective", (json_int_t)plan->objective, "bound", (json_int_t)plan->bound, "engine", plan->engine, "lots", lots);
}

/* The bundle meant by --bundle, or the only one that has not ended. */
static int choose_bundle(struct context *context, uint64_t *number, uint64_t *version)
{
    int code = bundle_version_option(context, version);
    if (code) {
        return code;
    }
    if (context->value[OPTION_EXPORT_BUNDLE]) {
        return figures_read_bundle(context->value[OPTION_EXPORT_BUNDLE], number) == STATUS_OK
                   ? EXIT_CODE_DONE
                   : complain(EXIT_CODE_USAGE, "--bundle: found %s, expected a bundle, as B-0041.", context->value[OPTION_EXPORT_BUNDLE]);
    }
    Muster__BundlesRequest request = MUSTER__BUNDLES_REQUEST__INIT;
    ProtobufCMessage *body = NULL;
    code = session_ask(context, MUSTER__VERB__VERB_BUNDLES, &request.base, &body);
    if (code) {
        return code;
    }
    const Muster__BundlesAnswer *answer = (const Muster__BundlesAnswer *)body;
    if (answer->n_bundles != 1) {
        return complain(EXIT_CODE_USAGE, answer->n_bundles ? "whose market? Name it: --bundle B-0041. All: muster bundle list" : "there is no bundle yet whose market could be exported.");
    }
    *number = answer->bundles[0]->number;
    return EXIT_CODE_DONE;
}

static int write_market(struct context *context, const char *folder, uint64_t number, uint64_t version, struct submission_result *result)
{
    ProtobufCMessage *message = NULL;
    const char *what = NULL;
    int code = send_export(context, MUSTER__EXPORT_KIND__EXPORT_MARKET, number, version, result);
    code = code ? code : unpack(context, result, &muster__market_export__descriptor, &message);
    if (code) {
        return code;
    }
    const Muster__MarketExport *export = (const Muster__MarketExport *)message;
    switch (scenario_write(folder, export->market, &what)) {
    case STATUS_OK:
        return write_json(folder, "plan.json", plan_as_json(export->plan));
    case STATUS_INVALID:
        return complain(EXIT_CODE_INTERNAL, "the market can't be written as a scenario: %s.", what ? what : "a text has no place there");
    case STATUS_NO_MEMORY:
        return complain_memory();
    default:
        return complain_file("write", folder);
    }
}

int market_export_run(struct context *context, int count, char **words)
{
    struct submission_result result;
    struct folder folder;
    uint64_t number = 0, version = 0;
    (void)count;
    int code = choose_bundle(context, &number, &version);
    code = code ? code : folder_make(&folder, words[0]);
    if (code) {
        return code;
    }
    code = write_market(context, words[0], number, version, &result);
    if (code) {
        folder_undo(&folder);
        return code;
    }
    const struct figure name = figures_bundle(number);
    if (output_value(&context->output, json_pack("{s:b, s:I, s:s, s:s}", "accepted", 1, "entry", (json_int_t)result.answer->position, "bundle", name.text, "folder", words[0]))) {
        return EXIT_CODE_DONE;
    }
    output_wrap(&context->output, "%s: its market and plan.json are in %s. Logged as entry %s.", name.text, words[0], figures_count(result.answer->position).text);
    output_wrap(&context->output, "Next: muster plan %s", words[0]);
    return EXIT_CODE_DONE;
}

int plan_run(struct context *context, int count, char **words)
{
    (void)context;
    return muster_plan(count, words);
}
