/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/scenario.h"

#include <csv.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/cell.h"
#include "proto/scenario_table.h"
#include "proto/status.h"

/* One file being written. */
struct writing {
    FILE *out;
    bool first;       /* of its row */
    const char *what; /* first text that can't stand in a scenario, or NULL */
    bool no_memory;
};

static bool is_plain(const char *text)
{
    return text[strcspn(text, "\",\r\n")] == '\0' && *text != ' ';
}

/* One cell as it is. */
static void put(struct writing *w, const char *text)
{
    if (!w->first) {
        fputc(',', w->out);
    }
    w->first = false;
    if (is_plain(text)) {
        fputs(text, w->out);
    } else {
        csv_fwrite(w->out, text, strlen(text));
    }
}

static void put_format(struct writing *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put_format(struct writing *w, const char *format, ...)
{
    char text[64];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    put(w, text);
}

/* Whether a reader would give the text back unchanged: nothing at its ends that it trims. */
static bool is_trimmed(struct writing *w, const char *text)
{
    char *copy = strdup(text);
    if (!copy) {
        w->no_memory = true;
        return true;
    }
    bool same = strcmp(cell_trim(copy), text) == 0;
    free(copy);
    return same;
}

/*
 * Foreign text. A spreadsheet takes a cell that starts with one of = + - @ for a formula; a blank before it keeps it text, and readers
 * of scenarios trim it.
 */
static void put_text(struct writing *w, const char *text, const char *what)
{
    if (!w->what && (!is_trimmed(w, text) || strlen(text) > SCENARIO_CELL_MOST - 1)) {
        w->what = what;
    }
    if (*text == '\0' || !strchr("=+-@", *text)) {
        put(w, text);
        return;
    }
    char *guarded = malloc(strlen(text) + 2);
    if (!guarded) {
        w->no_memory = true;
        return;
    }
    sprintf(guarded, " %s", text);
    put(w, guarded);
    free(guarded);
}

/* A growing cell of several parts. */
struct joined {
    char *text;
    size_t length;
    FILE *stream;
};

static bool joined_begin(struct writing *w, struct joined *joined)
{
    *joined = (struct joined){0};
    joined->stream = open_memstream(&joined->text, &joined->length);
    w->no_memory = w->no_memory || !joined->stream;
    return joined->stream != NULL;
}

static void joined_end(struct writing *w, struct joined *joined, const char *what)
{
    if (fclose(joined->stream) != 0) {
        w->no_memory = true;
    } else {
        put_text(w, joined->text, what);
    }
    free(joined->text);
}

/* A part of a list may hold none of the characters that divide it, and is not empty. */
static void add_part(struct writing *w, struct joined *joined, const char *text, const char *barred, const char *what)
{
    if (!w->what && (*text == '\0' || text[strcspn(text, barred)] != '\0' || !is_trimmed(w, text))) {
        w->what = what;
    }
    fputs(text, joined->stream);
}

static void put_list(struct writing *w, char *const *list, size_t count, const char *what)
{
    struct joined joined;
    if (!joined_begin(w, &joined)) {
        return;
    }
    for (size_t n = 0; n < count; n++) {
        fputs(n ? ";" : "", joined.stream);
        add_part(w, &joined, list[n], ";", what);
    }
    joined_end(w, &joined, what);
}

static void put_amount(struct writing *w, int64_t hundredths)
{
    put_format(w, "%" PRId64 ".%02" PRId64, hundredths / 100, hundredths % 100);
}

static void put_whole(struct writing *w, uint64_t value)
{
    put_format(w, "%" PRIu64, value);
}

static void put_month(struct writing *w, uint32_t month)
{
    put_format(w, "%04u-%02u", month / 100, month % 100);
}

static void end_row(struct writing *w)
{
    fputs("\r\n", w->out);
    w->first = true;
}

static void write_items(struct writing *w, const Muster__Market *market)
{
    for (size_t n = 0; n < market->n_items; n++) {
        const Muster__Item *item = market->items[n];
        put_text(w, item->id, "an item's id");
        put_text(w, item->title, "an item's title");
        put_text(w, item->nsc, "an item's nsc");
        put_text(w, item->cpv, "an item's cpv");
        put_text(w, item->unit, "an item's unit");
        end_row(w);
    }
}

static void write_demand(struct writing *w, const Muster__Demand *d)
{
    static const char *const releases[] = {"sealed", "pooled", "open"};
    for (size_t n = 0; n < d->n_lines; n++) {
        put_text(w, d->id, "a demand's id");
        put_text(w, n ? "" : d->country, "a demand's country");
        put_text(w, n ? "" : d->item, "a demand's item");
        put_month(w, d->lines[n]->month);
        put_whole(w, d->lines[n]->quantity);
        if (n > 0) {
            for (int column = DEMAND_MIN_QUANTITY; column <= DEMAND_RELEASE; column++) {
                put(w, "");
            }
            end_row(w);
            continue;
        }
        put_whole(w, d->min_quantity);
        put_amount(w, d->max_unit_price);
        put_text(w, d->currency, "a demand's currency");
        put_whole(w, d->priority);
        put_text(w, d->place, "a demand's place");
        put(w, d->single_supplier ? "yes" : "no");
        put_list(w, d->requires, d->n_requires, "a demand's requirement");
        put_list(w, d->certificates, d->n_certificates, "a demand's certificate");
        put_list(w, d->exclude_origins, d->n_exclude_origins, "a demand's excluded origin");
        put_text(w, d->fund, "a demand's fund");
        put(w, releases[d->release - MUSTER__RELEASE__RELEASE_SEALED]);
        end_row(w);
    }
}

static void write_demands(struct writing *w, const Muster__Market *market)
{
    for (size_t n = 0; n < market->n_demands; n++) {
        write_demand(w, market->demands[n]);
    }
}

static void write_suppliers(struct writing *w, const Muster__Market *market)
{
    static const char *const sizes[] = {"micro", "small", "medium", "large"};
    for (size_t n = 0; n < market->n_suppliers; n++) {
        const Muster__Party *party = market->suppliers[n];
        put_text(w, party->id, "a supplier's id");
        put_text(w, party->name, "a supplier's name");
        put_text(w, party->country, "a supplier's country");
        put_text(w, party->ncage, "a supplier's ncage");
        put(w, sizes[party->size - MUSTER__SIZE__SIZE_MICRO]);
        end_row(w);
    }
}

/* Freight, provides or origin: name, separator, value. */
static void write_conditions(struct writing *w, const Muster__Offer *o)
{
    struct joined joined;
    if (joined_begin(w, &joined)) {
        for (size_t n = 0; n < o->n_freight; n++) {
            fputs(n ? ";" : "", joined.stream);
            add_part(w, &joined, o->freight[n]->prefix, ";:", "a freight prefix");
            fprintf(joined.stream, ":%" PRId64 ".%02" PRId64, o->freight[n]->amount / 100, o->freight[n]->amount % 100);
        }
        joined_end(w, &joined, "an offer's freight");
    }
    if (joined_begin(w, &joined)) {
        for (size_t n = 0; n < o->n_provides; n++) {
            fputs(n ? ";" : "", joined.stream);
            add_part(w, &joined, o->provides[n]->name, ";=", "an attribute's name");
            fputc('=', joined.stream);
            add_part(w, &joined, o->provides[n]->value, ";", "an attribute's value");
        }
        joined_end(w, &joined, "an offer's attributes");
    }
    put_list(w, o->certificates, o->n_certificates, "an offer's certificate");
    if (joined_begin(w, &joined)) {
        for (size_t n = 0; n < o->n_origin; n++) {
            fputs(n ? ";" : "", joined.stream);
            add_part(w, &joined, o->origin[n]->country, ";:", "a country of origin");
            fprintf(joined.stream, ":%" PRIu32, o->origin[n]->percent);
        }
        joined_end(w, &joined, "an offer's origin");
    }
    put_list(w, o->destinations, o->n_destinations, "an offer's destination");
    if (o->valid_until) {
        put_format(w, "%04u-%02u-%02u", o->valid_until / 10000, o->valid_until / 100 % 100, o->valid_until % 100);
    } else {
        put(w, "");
    }
}

static void write_offer(struct writing *w, const Muster__Offer *o)
{
    for (size_t n = 0; n < o->n_tiers; n++) {
        const Muster__Tier *tier = o->tiers[n];
        put_text(w, o->id, "an offer's id");
        put_text(w, n ? "" : o->supplier, "an offer's supplier");
        put_text(w, n ? "" : o->item, "an offer's item");
        put_whole(w, tier->min_quantity);
        put_amount(w, tier->unit_price);
        put_amount(w, tier->one_off);
        put_text(w, n ? "" : o->currency, "an offer's currency");
        put_month(w, tier->first_month);
        put_whole(w, tier->stock);
        put_whole(w, tier->monthly_rate);
        if (n > 0) {
            for (int column = OFFER_MAX_QUANTITY; column <= OFFER_VALID_UNTIL; column++) {
                put(w, "");
            }
        } else {
            if (o->max_quantity) {
                put_whole(w, o->max_quantity);
            } else {
                put(w, "");
            }
            write_conditions(w, o);
        }
        end_row(w);
    }
}

static void write_offers(struct writing *w, const Muster__Market *market)
{
    for (size_t n = 0; n < market->n_offers; n++) {
        write_offer(w, market->offers[n]);
    }
}

static void write_funds(struct writing *w, const Muster__Market *market)
{
    for (size_t n = 0; n < market->n_funds; n++) {
        const Muster__Fund *fund = market->funds[n];
        put_text(w, fund->id, "a fund's id");
        if (fund->limited) {
            put_amount(w, fund->balance);
        } else {
            put(w, "");
        }
        put_text(w, fund->currency, "a fund's currency");
        put_whole(w, fund->min_nations);
        put_whole(w, fund->min_european_content);
        put_list(w, fund->countries, fund->n_countries, "a fund's country");
        end_row(w);
    }
}

static void write_rates(struct writing *w, const Muster__Market *market)
{
    for (size_t n = 0; n < market->n_rates; n++) {
        put_text(w, market->rates[n]->currency, "a currency");
        put_format(w, "%" PRIu64 ".%06" PRIu64, market->rates[n]->millionths / 1000000, market->rates[n]->millionths % 1000000);
        end_row(w);
    }
}

static void write_policy(struct writing *w, const Muster__Market *market)
{
    for (size_t n = 0; n < market->n_policy; n++) {
        put_text(w, market->policy[n]->key, "a policy key");
        put_text(w, market->policy[n]->value, "a policy value");
        put_text(w, market->policy[n]->item, "a policy entry's item");
        end_row(w);
    }
}

static void write_commitments(struct writing *w, const Muster__Market *market)
{
    for (size_t n = 0; n < market->n_commitments; n++) {
        const Muster__Commitment *c = market->commitments[n];
        put_text(w, c->demand, "a commitment's demand");
        put_month(w, c->month);
        put_text(w, c->offer, "a commitment's offer");
        put_whole(w, c->tier);
        put_whole(w, c->quantity);
        put_amount(w, c->unit_price);
        put_amount(w, c->freight);
        put_amount(w, c->one_off);
        end_row(w);
    }
}

static int write_file(const char *folder, enum scenario_file file, const Muster__Market *market, const char **what)
{
    static void (*const writers[SCENARIO_FILES])(struct writing *, const Muster__Market *) = {
        [SCENARIO_ITEMS] = write_items,   [SCENARIO_DEMANDS] = write_demands, [SCENARIO_SUPPLIERS] = write_suppliers,
        [SCENARIO_OFFERS] = write_offers, [SCENARIO_FUNDS] = write_funds,     [SCENARIO_RATES] = write_rates,
        [SCENARIO_POLICY] = write_policy, [SCENARIO_COMMITMENTS] = write_commitments,
    };
    const struct scenario_form *form = &scenario_forms[file];
    char *path;
    if (asprintf(&path, "%s/%s", folder, form->file) < 0) {
        return STATUS_NO_MEMORY;
    }
    struct writing w = {.out = fopen(path, "we"), .first = true};
    free(path);
    if (!w.out) {
        return STATUS_IO;
    }
    for (size_t column = 0; column < form->column_count; column++) {
        put(&w, form->columns[column].name);
    }
    end_row(&w);
    writers[file](&w, market);
    bool failed = ferror(w.out) != 0;
    failed = fclose(w.out) != 0 || failed;
    if (w.what && !*what) {
        *what = w.what;
    }
    return w.no_memory ? STATUS_NO_MEMORY : failed ? STATUS_IO : w.what ? STATUS_INVALID : STATUS_OK;
}

int scenario_write(const char *folder, const Muster__Market *market, const char **what)
{
    *what = NULL;
    int result = STATUS_OK;
    for (int file = 0; file < SCENARIO_FILES; file++) {
        int status = write_file(folder, (enum scenario_file)file, market, what);
        if (status && status != STATUS_INVALID) {
            return status;
        }
        result = status ? status : result;
    }
    return result;
}
