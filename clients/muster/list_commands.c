/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/describe.h"
#include "clients/muster/figures.h"
#include "clients/muster/objects.h"
#include "clients/muster/seen.h"
#include "clients/muster/table.h"
#include "clients/muster/view.h"
#include "proto/policy.h"
#include "proto/settings.h"
#include "proto/status.h"

/* What stands at the exchange, as lists: catalogue, demands, offers, funds, rates, policy, parties. */

/* Records as JSON: an array of what the answer holds. */
static json_t *records_json(const struct session_records *records)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < records->count; i++) {
        json_array_append_new(list, view_message(&records->list[i]->base));
    }
    return list;
}

/* Prints a list in the form asked for. empty: the sentence where there is none. */
static int print_list(struct context *context, const struct session_records *records, struct table *table, const char *empty)
{
    if (context->output.form == OUTPUT_JSON) {
        output_value(&context->output, records_json(records));
        return EXIT_CODE_DONE;
    }
    if (table_rows(table) == 0 && context->output.form == OUTPUT_SCREEN) {
        output_wrap(&context->output, "%s", empty);
        return EXIT_CODE_DONE;
    }
    return table_print(table, &context->output) == STATUS_OK ? EXIT_CODE_DONE : complain_memory();
}

static const char *version_text(struct context *context, const Muster__Record *record)
{
    return arena_format(&context->arena, "v%" PRIu64 "%s", record->version, record->withdrawn ? ", withdrawn" : "");
}

/* "party/id", or the id alone where it is the own. */
static const char *name_of(struct context *context, const Muster__Record *record)
{
    if (!*record->party || strcmp(record->party, context->profile.party) == 0) {
        return record->id;
    }
    return arena_format(&context->arena, "%s/%s", record->party, record->id);
}

static const char *value_of(const struct context *context, enum command_option option)
{
    return context->value[option] ? context->value[option] : "";
}

static const struct table_column item_columns[] = {
    {"Item", TABLE_ID, "item"}, {"Title", TABLE_TEXT, "title"}, {"NSC", TABLE_ID, "nsc"}, {"CPV", TABLE_ID, "cpv"}, {"Unit", TABLE_ID, "unit"}, {"Version", TABLE_ID, "version"},
};

static bool holds(const char *text, const char *part)
{
    return strcasestr(text, part) != NULL;
}

static int list_items(struct context *context, const char *id, const char *part, bool withdrawn, const char *empty)
{
    struct session_records records;
    struct table table;
    int code = session_list(context, MUSTER__NOUN__NOUN_ITEM, "", id, withdrawn, &records);
    if (code) {
        return code;
    }
    table_init(&table, &context->arena, item_columns, sizeof item_columns / sizeof item_columns[0]);
    size_t kept = 0;
    for (size_t i = 0; i < records.count; i++) {
        const Muster__Item *item = records.list[i]->item;
        if (!item || (part && !holds(item->id, part) && !holds(item->title, part) && !holds(item->nsc, part) && !holds(item->cpv, part))) {
            continue;
        }
        table_add(&table, item->id);
        table_add(&table, item->title);
        table_add(&table, item->nsc);
        table_add(&table, item->cpv);
        table_add(&table, item->unit);
        table_add(&table, version_text(context, records.list[i]));
        records.list[kept++] = records.list[i];
    }
    records.count = kept;
    if (kept == 0 && (part || *id)) {
        return complain(EXIT_CODE_INPUT, "%s", empty);
    }
    return print_list(context, &records, &table, empty);
}

int item_list_run(struct context *context, int count, char **words)
{
    (void)count;
    (void)words;
    return list_items(context, "", NULL, context->value[OPTION_WITHDRAWN] != NULL, "The catalogue is empty.");
}

int item_find_run(struct context *context, int count, char **words)
{
    (void)count;
    return list_items(context, "", words[0], false, arena_format(&context->arena, "no item holds '%s'. All: muster item list", words[0]));
}

int item_show_run(struct context *context, int count, char **words)
{
    (void)count;
    return list_items(context, words[0], NULL, true, arena_format(&context->arena, "no item '%s'. All: muster item list", words[0]));
}

static const struct table_column demand_columns[] = {
    {"Demand", TABLE_ID, "demand"},         {"Item", TABLE_ID, "item"},          {"Units", TABLE_FIGURE, "quantity"}, {"Covered", TABLE_FIGURE, "covered"},
    {"Last due", TABLE_ID, "last_month"},   {"Ceiling", TABLE_FIGURE, "max_unit_price"}, {"Cur", TABLE_ID, "currency"},       {"Ver", TABLE_ID, "version"},
    {"In", TABLE_TEXT, "bundle"},
};

int demand_list_run(struct context *context, int count, char **words)
{
    struct session_records records;
    struct table table;
    (void)count;
    (void)words;
    int code = session_list(context, MUSTER__NOUN__NOUN_DEMAND, value_of(context, OPTION_ITEM), "", context->value[OPTION_WITHDRAWN] != NULL, &records);
    if (code) {
        return code;
    }
    table_init(&table, &context->arena, demand_columns, sizeof demand_columns / sizeof demand_columns[0]);
    for (size_t i = 0; i < records.count; i++) {
        const Muster__Record *record = records.list[i];
        const Muster__Demand *demand = record->demand;
        if (!demand) {
            continue;
        }
        uint64_t units = 0;
        for (size_t k = 0; k < demand->n_lines; k++) {
            units += demand->lines[k]->quantity;
        }
        table_add(&table, name_of(context, record));
        table_add(&table, demand->item);
        table_add_exact(&table, figures_count(units).text, arena_format(&context->arena, "%" PRIu64, units));
        table_add_exact(&table, figures_count(record->covered).text, arena_format(&context->arena, "%" PRIu64, record->covered));
        table_add(&table, figures_month(demand->n_lines ? demand->lines[demand->n_lines - 1]->month : 0).text);
        table_add_exact(&table, figures_money(demand->max_unit_price).text, figures_exact(demand->max_unit_price).text);
        table_add(&table, demand->currency);
        table_add(&table, version_text(context, record));
        table_add(&table, record->bundle);
    }
    return print_list(context, &records, &table, "No demands. Begin with: muster demand template > needs.csv");
}

static const struct table_column offer_columns[] = {
    {"Offer", TABLE_ID, "offer"},          {"Item", TABLE_ID, "item"},   {"Tiers", TABLE_FIGURE, "tiers"}, {"From", TABLE_ID, "first_month"}, {"Least each", TABLE_FIGURE, "least_unit_price"},
    {"Cur", TABLE_ID, "currency"}, {"Sold", TABLE_FIGURE, "covered"},    {"Ver", TABLE_ID, "version"},     {"In", TABLE_TEXT, "bundle"},
};

int offer_list_run(struct context *context, int count, char **words)
{
    struct session_records records;
    struct table table;
    (void)count;
    (void)words;
    int code = session_list(context, MUSTER__NOUN__NOUN_OFFER, value_of(context, OPTION_ITEM), "", context->value[OPTION_WITHDRAWN] != NULL, &records);
    if (code) {
        return code;
    }
    table_init(&table, &context->arena, offer_columns, sizeof offer_columns / sizeof offer_columns[0]);
    for (size_t i = 0; i < records.count; i++) {
        const Muster__Record *record = records.list[i];
        const Muster__Offer *offer = record->offer;
        if (!offer || !offer->n_tiers) {
            continue;
        }
        uint32_t first = offer->tiers[0]->first_month;
        int64_t least = offer->tiers[0]->unit_price;
        for (size_t k = 1; k < offer->n_tiers; k++) {
            first = offer->tiers[k]->first_month < first ? offer->tiers[k]->first_month : first;
            least = offer->tiers[k]->unit_price < least ? offer->tiers[k]->unit_price : least;
        }
        table_add(&table, name_of(context, record));
        table_add(&table, offer->item);
        table_add(&table, figures_count(offer->n_tiers).text);
        table_add(&table, figures_month(first).text);
        table_add_exact(&table, figures_money(least).text, figures_exact(least).text);
        table_add(&table, offer->currency);
        table_add_exact(&table, figures_count(record->covered).text, arena_format(&context->arena, "%" PRIu64, record->covered));
        table_add(&table, version_text(context, record));
        table_add(&table, record->bundle);
    }
    return print_list(context, &records, &table, "No offers. Begin with: muster offer template > offers.csv");
}

static const struct table_column coordinator_fund_columns[] = {
    {"Fund", TABLE_ID, "fund"},         {"Cur", TABLE_ID, "currency"},        {"Balance", TABLE_FIGURE, "balance"},                 {"Committed", TABLE_FIGURE, "committed"},
    {"Held", TABLE_FIGURE, "held"},     {"Nations", TABLE_FIGURE, "min_nations"}, {"European %", TABLE_FIGURE, "min_european_content"}, {"For", TABLE_TEXT, "countries"},
};
static const struct table_column agency_fund_columns[] = {
    {"Fund", TABLE_ID, "fund"}, {"Cur", TABLE_ID, "currency"}, {"Own draws", TABLE_FIGURE, "own_draws"}, {"Nations", TABLE_FIGURE, "min_nations"},
    {"European %", TABLE_FIGURE, "min_european_content"}, {"For", TABLE_TEXT, "countries"},
};

static void add_money(struct table *table, bool known, int64_t cents)
{
    table_add_exact(table, known ? figures_money(cents).text : "", known ? figures_exact(cents).text : "");
}

/* A balance is the coordinator's; towards an agency it is absent, not 0. */
static void add_fund(struct context *context, struct table *table, const Muster__Record *record, bool coordinator)
{
    const Muster__Fund *fund = record->fund;
    table_add(table, record->id);
    table_add(table, fund->currency);
    if (coordinator) {
        if (fund->limited) {
            add_money(table, true, fund->balance);
        } else {
            table_add_exact(table, "none set", "");
        }
        add_money(table, record->has_fund_committed, record->fund_committed);
        add_money(table, record->has_fund_held, record->fund_held);
    } else {
        add_money(table, record->has_own_draws, record->own_draws);
    }
    table_add(table, figures_count(fund->min_nations).text);
    table_add(table, figures_count(fund->min_european_content).text);
    table_add(table, fund->n_countries ? describe_list(context, fund->countries, fund->n_countries, " ") : "all");
}

int fund_list_run(struct context *context, int count, char **words)
{
    struct session_records records;
    struct table table;
    (void)count;
    (void)words;
    int code = session_list(context, MUSTER__NOUN__NOUN_FUND, "", "", context->value[OPTION_WITHDRAWN] != NULL, &records);
    if (code) {
        return code;
    }
    bool coordinator = context->profile.role == MUSTER__ROLE__ROLE_COORDINATOR;
    if (coordinator) {
        table_init(&table, &context->arena, coordinator_fund_columns, sizeof coordinator_fund_columns / sizeof coordinator_fund_columns[0]);
    } else {
        table_init(&table, &context->arena, agency_fund_columns, sizeof agency_fund_columns / sizeof agency_fund_columns[0]);
    }
    for (size_t i = 0; i < records.count; i++) {
        if (records.list[i]->fund) {
            add_fund(context, &table, records.list[i], coordinator);
        }
    }
    code = print_list(context, &records, &table, "No fund that you may see.");
    if (!code && records.count && context->output.form == OUTPUT_SCREEN) {
        output_wrap(&context->output, "Nations and European content are the least that a bundle which draws on it must have.");
    }
    return code;
}

static const struct table_column rate_columns[] = {
    {"Currency", TABLE_ID, "currency"}, {"Rate", TABLE_FIGURE, "rate"}, {"Date", TABLE_ID, "date"},
};
static const struct table_column policy_columns[] = {
    {"Key", TABLE_ID, "key"}, {"Value", TABLE_TEXT, "value"}, {"Item", TABLE_ID, "item"}, {"Is", TABLE_ID, "is"}, {"What it is", TABLE_TEXT, "meaning"},
};

static int note_set(struct context *context, const char *name, uint64_t version)
{
    struct seen seen;
    int status = seen_load(&context->profile, name, &context->arena, &seen);
    status = status ? status : seen_note(&seen, &context->arena, name, version);
    status = status ? status : seen_save(&context->profile, name, &context->arena, &seen);
    return status == STATUS_OK ? EXIT_CODE_DONE : complain_file("write", context->profile.state);
}

int rates_list_run(struct context *context, int count, char **words)
{
    struct session_records records;
    struct table table;
    (void)count;
    (void)words;
    int code = session_list(context, MUSTER__NOUN__NOUN_RATES, "", "", false, &records);
    if (code) {
        return code;
    }
    table_init(&table, &context->arena, rate_columns, sizeof rate_columns / sizeof rate_columns[0]);
    for (size_t i = 0; i < records.count; i++) {
        const Muster__Rate *rate = records.list[i]->rate;
        if (rate) {
            table_add(&table, rate->currency);
            table_add(&table, arena_format(&context->arena, "%" PRIu64 ".%06u", rate->millionths / 1000000, (unsigned)(rate->millionths % 1000000)));
            table_add(&table, figures_date(rate->date).text);
        }
    }
    code = print_list(context, &records, &table, "No rates: every amount is in the base currency.");
    return code ? code : note_set(context, "rates", records.set_version);
}

/* One key: the rows that stand for it, or its default. */
static void add_key(struct table *table, const struct session_records *records, const char *key, const char *usual, const char *meaning)
{
    bool common = false;
    for (size_t i = 0; i < records->count; i++) {
        const Muster__PolicyEntry *entry = records->list[i]->policy;
        if (entry && strcmp(entry->key, key) == 0) {
            bool own = *entry->value != '\0';
            table_add(table, key);
            table_add_exact(table, own ? entry->value : *usual ? usual : "none", own ? entry->value : usual);
            table_add_exact(table, *entry->item ? entry->item : "all", entry->item);
            table_add(table, own ? "set" : "default");
            table_add(table, meaning);
            common = common || !*entry->item;
        }
    }
    if (!common) {
        table_add(table, key);
        table_add_exact(table, *usual ? usual : "none", usual);
        table_add_exact(table, "all", "");
        table_add(table, "default");
        table_add(table, meaning);
    }
}

/* Every key that there is, so that the rules can be read and changed without another source. */
int policy_list_run(struct context *context, int count, char **words)
{
    static const struct {
        enum policy_key key;
        const char *meaning;
    } keys[] = {
#define WORDS(key, meaning) {key, meaning},
#include "clients/muster/policy_words.def"
#undef WORDS
    };
    struct session_records records;
    struct table table;
    (void)count;
    (void)words;
    int code = session_list(context, MUSTER__NOUN__NOUN_POLICY, "", "", false, &records);
    if (code) {
        return code;
    }
    table_init(&table, &context->arena, policy_columns, sizeof policy_columns / sizeof policy_columns[0]);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        add_key(&table, &records, policy_key_name(keys[i].key), policy_key_default(keys[i].key), keys[i].meaning);
    }
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        const char *usual = settings_default_text(i);
        const char *meaning = strchr(settings_expected(i), ':');
        add_key(&table, &records, settings_name(i), usual, meaning ? meaning + 2 : settings_expected(i));
    }
    code = print_list(context, &records, &table, "");
    return code ? code : note_set(context, "policy", records.set_version);
}

static const struct table_column party_columns[] = {
    {"Party", TABLE_ID, "party"}, {"Role", TABLE_ID, "role"},  {"State", TABLE_ID, "state"}, {"Country", TABLE_ID, "country"},
    {"Name", TABLE_TEXT, "name"}, {"Size", TABLE_ID, "size"}, {"NCAGE", TABLE_ID, "ncage"},
};

/* "confirmed, new keys"; of a party that has not joined also until when it may. */
static const char *party_state_words(struct context *context, const Muster__PartyRecord *record, const char *state)
{
    const struct seam_clock *clock = link_clock(context->link);
    if (record->state == MUSTER__PARTY_STATE__PARTY_INVITED && record->invitation_expiry) {
        bool expired = record->invitation_expiry <= clock->wall(clock->data);
        return arena_format(&context->arena, expired ? "invitation expired %s" : "invited until %s", figures_day(record->invitation_expiry).text);
    }
    return record->pending ? arena_format(&context->arena, "%s, new keys", state) : state;
}

int party_list_run(struct context *context, int count, char **words)
{
    struct session_records records;
    struct table table;
    (void)count;
    (void)words;
    int code = session_list(context, MUSTER__NOUN__NOUN_PARTY, "", "", false, &records);
    if (code) {
        return code;
    }
    table_init(&table, &context->arena, party_columns, sizeof party_columns / sizeof party_columns[0]);
    for (size_t i = 0; i < records.count; i++) {
        const Muster__PartyRecord *record = records.list[i]->party_record;
        if (!record) {
            continue;
        }
        bool supplier = record->party->role == MUSTER__ROLE__ROLE_SUPPLIER;
        table_add(&table, record->party->id);
        table_add(&table, view_enum(&muster__role__descriptor, (int)record->party->role));
        const char *state = view_enum(&muster__party_state__descriptor, (int)record->state);
        table_add_exact(&table, party_state_words(context, record, state), state);
        table_add(&table, record->party->country);
        table_add(&table, record->party->name);
        table_add(&table, supplier ? view_enum(&muster__size__descriptor, (int)record->party->size) : "");
        table_add(&table, record->party->ncage);
    }
    return print_list(context, &records, &table, "Nobody but you. Invite: muster party invite");
}
