/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "broker/views_inside.h"
#include "proto/codes/amount.h"
#include "proto/status.h"

/* A lot's plan as a coordinator reads it: nations, suppliers, rules, months and sums. */

static Muster__BundleNation *nation_row(Muster__BundleView *out, const char *country)
{
    for (size_t at = 0; at < out->n_nations; at++) {
        if (strcmp(out->nations[at]->country, country) == 0)
            return out->nations[at];
    }
    return NULL;
}

static int add_month(struct view *view, Muster__BundleNation *nation, uint32_t month, uint64_t quantity)
{
    for (size_t at = 0; at < nation->n_by_month; at++) {
        if (nation->by_month[at]->month == month) {
            nation->by_month[at]->quantity += quantity;
            return STATUS_OK;
        }
    }
    Muster__Line **wider = arena_array(view->arena, nation->n_by_month + 1, sizeof *wider);
    Muster__Line *line = view_new(view, &muster__line__descriptor);
    if (wider == NULL || line == NULL)
        return STATUS_NO_MEMORY;
    line->month = month;
    line->quantity = quantity;
    size_t at = nation->n_by_month;
    if (at != 0)
        memcpy(wider, nation->by_month, at * sizeof *wider);
    for (; at > 0 && wider[at - 1]->month > month; at--)
        wider[at] = wider[at - 1];
    wider[at] = line;
    nation->by_month = wider;
    nation->n_by_month++;
    return STATUS_OK;
}

static int add_nation(struct view *view, const Muster__LotPlan *plan, const char *country, Muster__BundleView *out, Muster__BundleNation **row)
{
    *row = nation_row(out, country);
    if (*row != NULL)
        return STATUS_OK;
    Muster__BundleNation *nation = view_new(view, &muster__bundle_nation__descriptor);
    if (nation == NULL)
        return STATUS_NO_MEMORY;
    nation->country = (char *)(uintptr_t)country;
    nation->has_quantity = nation->has_pays = true;
    for (size_t at = 0; at < plan->n_nations; at++) {
        const Muster__NationShare *share = plan->nations[at];
        if (strcmp(share->country, country) != 0)
            continue;
        nation->has_wanted = nation->has_alone_quantity = nation->has_alone_pays = nation->has_saving = true;
        nation->wanted = share->wanted;
        nation->alone_quantity = share->alone_quantity;
        nation->alone_pays = share->alone_pays;
        nation->saving = share->saving;
        out->has_alone_pays = out->has_saving = true;
        out->alone_pays += share->alone_pays;
        out->saving += share->saving;
    }
    out->nations[out->n_nations++] = nation;
    *row = nation;
    return STATUS_OK;
}

static const char *size_word(Muster__Size size)
{
    static const char *const words[] = {"", "micro", "small", "medium", "large"};
    return (size_t)size < sizeof words / sizeof words[0] ? words[size] : "";
}

/* "DE 65, US 35"; lists of texts joined the same way. */
static char *join_origin(struct view *view, const Muster__Offer *offer)
{
    char *text = arena_string(view->arena, "");
    for (size_t at = 0; text != NULL && at < offer->n_origin; at++)
        text = arena_format(view->arena, "%s%s%s %u", text, at != 0 ? ", " : "", offer->origin[at]->country, offer->origin[at]->percent);
    return text;
}

static char *join_provides(struct view *view, const Muster__Offer *offer)
{
    char *text = arena_string(view->arena, "");
    for (size_t at = 0; text != NULL && at < offer->n_provides; at++)
        text = arena_format(view->arena, "%s%s%s=%s", text, at != 0 ? ";" : "", offer->provides[at]->name, offer->provides[at]->value);
    return text;
}

static char *join_certificates(struct view *view, const Muster__Offer *offer)
{
    char *text = arena_string(view->arena, "");
    for (size_t at = 0; text != NULL && at < offer->n_certificates; at++)
        text = arena_format(view->arena, "%s%s%s", text, at != 0 ? ";" : "", offer->certificates[at]);
    return text;
}

static const Muster__Party *supplier_of(const Muster__Market *market, const Muster__Offer *offer)
{
    for (size_t at = 0; at < market->n_suppliers; at++) {
        if (strcmp(market->suppliers[at]->id, offer->supplier) == 0)
            return market->suppliers[at];
    }
    return NULL;
}

static int new_supplier(struct view *view, const Muster__Market *market, const Muster__Award *award, Muster__BundleSupplier **out)
{
    const Muster__Offer *offer = stands_find_offer(market, award->offer);
    const Muster__Party *party = offer != NULL ? supplier_of(market, offer) : NULL;
    Muster__BundleSupplier *row = view_new(view, &muster__bundle_supplier__descriptor);
    if (offer == NULL || party == NULL || award->tier == 0 || award->tier > offer->n_tiers)
        return STATUS_CORRUPT;
    if (row == NULL)
        return STATUS_NO_MEMORY;
    row->party = party->id;
    row->name = party->name;
    row->ncage = party->ncage;
    row->country = party->country;
    row->size = (char *)(uintptr_t)size_word(party->size);
    row->origin = offer->n_origin != 0 ? join_origin(view, offer) : arena_format(view->arena, "%s 100", party->country);
    row->provides = join_provides(view, offer);
    row->certificates = join_certificates(view, offer);
    row->offer = offer->id;
    row->has_tier = row->has_tier_minimum = row->has_quantity = row->has_value = row->has_one_off = row->has_unit_price = true;
    row->tier = award->tier;
    row->tier_minimum = offer->tiers[award->tier - 1]->min_quantity;
    row->unit_price = award->unit_price;
    *out = row;
    return row->origin != NULL && row->provides != NULL && row->certificates != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static int add_supplier(struct view *view, const Muster__Market *market, const Muster__Award *award, Muster__BundleView *out)
{
    Muster__BundleSupplier *row = NULL;
    for (size_t at = 0; at < out->n_suppliers && row == NULL; at++)
        row = strcmp(out->suppliers[at]->offer, award->offer) == 0 ? out->suppliers[at] : NULL;
    if (row == NULL) {
        int status = new_supplier(view, market, award, &row);
        if (status != STATUS_OK)
            return status;
        out->suppliers[out->n_suppliers++] = row;
    }
    row->quantity += award->quantity;
    row->value += state_cost(award->quantity, award->unit_price, 0, 0);
    row->one_off += award->one_off;
    return STATUS_OK;
}

static int add_awards(struct view *view, const Muster__LotPlan *plan, const Muster__Market *market, Muster__BundleView *out)
{
    out->nations = arena_array(view->arena, plan->n_awards + 1, sizeof *out->nations);
    out->suppliers = arena_array(view->arena, plan->n_awards + 1, sizeof *out->suppliers);
    if (out->nations == NULL || out->suppliers == NULL)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < plan->n_awards; at++) {
        const Muster__Award *award = plan->awards[at];
        const Muster__Demand *demand = stands_find_demand(market, award->demand);
        Muster__BundleNation *nation;
        if (demand == NULL)
            return STATUS_CORRUPT;
        int status = add_nation(view, plan, demand->country, out, &nation);
        if (status == STATUS_OK)
            status = add_month(view, nation, award->month, award->quantity);
        if (status == STATUS_OK)
            status = add_supplier(view, market, award, out);
        if (status != STATUS_OK)
            return status;
        int64_t pays = state_cost(award->quantity, award->unit_price, award->freight, award->one_off);
        nation->quantity += award->quantity;
        nation->pays += pays;
        out->quantity += award->quantity;
        out->pays += pays;
        out->value += state_cost(award->quantity, award->unit_price, 0, 0);
        out->one_off += award->one_off;
    }
    out->has_number_of_nations = true;
    out->number_of_nations = out->n_nations;
    out->has_quantity = out->has_pays = out->has_value = out->has_one_off = true;
    out->awards = plan->awards;
    out->n_awards = plan->n_awards;
    return STATUS_OK;
}

/* --- rules -------------------------------------------------------------------------------------------------------- */

static char *percent_text(struct view *view, const Muster__Rule *rule)
{
    __int128 tenths = rule->denominator > 0 ? (__int128)rule->numerator * 1000 / rule->denominator : 0;
    return arena_format(view->arena, "%" PRId64 ".%" PRId64 " %%", (int64_t)(tenths / 10), (int64_t)(tenths % 10));
}

static char *allowed_text(struct view *view, const Muster__Rule *rule, const char *unit)
{
    if (rule->most < 0 || (rule->most >= 100 && unit[0] != '\0' && rule->least > 0))
        return rule->least > 0 ? arena_format(view->arena, "at least %" PRId64 "%s", rule->least, unit) : arena_string(view->arena, "no minimum");
    if (rule->least > 0)
        return arena_format(view->arena, "%" PRId64 " to %" PRId64 "%s", rule->least, rule->most, unit);
    return arena_format(view->arena, "at most %" PRId64 "%s", rule->most, unit);
}

static int add_rule(struct view *view, const Muster__Rule *rule, Muster__BundleView *out)
{
    Muster__BundleRule *row = view_new(view, &muster__bundle_rule__descriptor);
    size_t length = strlen(rule->name);
    if (row == NULL)
        return STATUS_NO_MEMORY;
    row->name = rule->name;
    row->met = rule->met;
    if (strcmp(rule->name, "nations") == 0) {
        row->figure = arena_format(view->arena, "%" PRId64, rule->numerator);
        row->allowed = allowed_text(view, rule, "");
    } else if (length > 6 && strcmp(rule->name + length - 6, "_share") == 0) {
        row->figure = percent_text(view, rule);
        row->allowed = allowed_text(view, rule, " %");
    } else {
        char figure[AMOUNT_TEXT_SIZE], most[AMOUNT_TEXT_SIZE];
        amount_write(rule->numerator, figure);
        amount_write(rule->most > 0 ? rule->most : 0, most);
        row->figure = arena_string(view->arena, figure);
        row->allowed = arena_format(view->arena, "at most %s", most);
    }
    if (row->figure == NULL || row->allowed == NULL)
        return STATUS_NO_MEMORY;
    if (strcmp(rule->name, "sme_share") == 0) {
        out->has_sme_percent_tenths = true;
        out->sme_percent_tenths = rule->denominator > 0 ? (int64_t)((__int128)rule->numerator * 1000 / rule->denominator) : 0;
    }
    out->rules[out->n_rules++] = row;
    return STATUS_OK;
}

/* --- months ------------------------------------------------------------------------------------------------------- */

static Muster__BundleMonth *month_row(struct view *view, Muster__BundleView *out, uint32_t month)
{
    size_t at = 0;
    while (at < out->n_months && out->months[at]->month < month)
        at++;
    if (at < out->n_months && out->months[at]->month == month)
        return out->months[at];
    Muster__BundleMonth **wider = arena_array(view->arena, out->n_months + 1, sizeof *wider);
    Muster__BundleMonth *row = view_new(view, &muster__bundle_month__descriptor);
    if (wider == NULL || row == NULL)
        return NULL;
    row->month = month;
    if (out->n_months != 0) {
        memcpy(wider, out->months, at * sizeof *wider);
        memcpy(wider + at + 1, out->months + at, (out->n_months - at) * sizeof *wider);
    }
    wider[at] = row;
    out->months = wider;
    out->n_months++;
    return row;
}

static int add_months(struct view *view, const Muster__LotPlan *plan, const Muster__Market *market, Muster__BundleView *out)
{
    for (size_t at = 0; at < market->n_demands; at++) {
        const Muster__Demand *demand = market->demands[at];
        for (size_t of = 0; strcmp(demand->item, plan->item) == 0 && of < demand->n_lines; of++) {
            Muster__BundleMonth *row = month_row(view, out, demand->lines[of]->month);
            if (row == NULL)
                return STATUS_NO_MEMORY;
            row->need += demand->lines[of]->quantity;
            out->wanted += demand->lines[of]->quantity;
        }
    }
    for (size_t at = 0; at < market->n_commitments; at++) {
        const Muster__Demand *demand = stands_find_demand(market, market->commitments[at]->demand);
        if (demand == NULL || strcmp(demand->item, plan->item) != 0)
            continue;
        Muster__BundleMonth *row = month_row(view, out, market->commitments[at]->month);
        if (row == NULL)
            return STATUS_NO_MEMORY;
        row->need -= market->commitments[at]->quantity;
        out->wanted -= market->commitments[at]->quantity;
    }
    for (size_t at = 0; at < plan->n_awards; at++) {
        Muster__BundleMonth *row = month_row(view, out, plan->awards[at]->month);
        if (row == NULL)
            return STATUS_NO_MEMORY;
        row->award += plan->awards[at]->quantity;
    }
    out->has_wanted = true;
    return STATUS_OK;
}

int view_plan(struct view *view, const Muster__LotPlan *plan, const Muster__Market *market, Muster__BundleView *out)
{
    out->base_currency = "EUR";
    for (size_t at = 0; at < market->n_policy; at++) {
        if (strcmp(market->policy[at]->key, "base_currency") == 0 && market->policy[at]->value[0] != '\0')
            out->base_currency = market->policy[at]->value;
    }
    out->waiting_for = "";
    out->has_objective = out->has_bound = true;
    out->objective = plan->objective;
    out->bound = plan->bound;
    out->uncovered = plan->uncovered;
    out->n_uncovered = plan->n_uncovered;
    out->unused = plan->unused;
    out->n_unused = plan->n_unused;
    out->rules = arena_array(view->arena, plan->n_rules + 1, sizeof *out->rules);
    int status = out->rules != NULL ? add_awards(view, plan, market, out) : STATUS_NO_MEMORY;
    for (size_t at = 0; status == STATUS_OK && at < plan->n_rules; at++)
        status = add_rule(view, plan->rules[at], out);
    return status == STATUS_OK ? add_months(view, plan, market, out) : status;
}

/* --- no bundle ---------------------------------------------------------------------------------------------------- */

static uint64_t missing_by(const Muster__LotPlan *plan, const char *reason)
{
    uint64_t units = 0;
    for (size_t at = 0; at < plan->n_uncovered; at++)
        units += strcmp(plan->uncovered[at]->reason, reason) == 0 ? plan->uncovered[at]->quantity : 0;
    return units;
}

/* The demand whose reason most missing units share; of those with that reason the one that misses most. */
static const Muster__Uncovered *heaviest(const Muster__LotPlan *plan)
{
    const Muster__Uncovered *best = NULL;
    uint64_t most = 0;
    for (size_t at = 0; at < plan->n_uncovered; at++) {
        const Muster__Uncovered *here = plan->uncovered[at];
        uint64_t units = missing_by(plan, here->reason);
        if (best == NULL || units > most || (units == most && strcmp(here->reason, best->reason) == 0 && here->quantity > best->quantity)) {
            best = here;
            most = units;
        }
    }
    return best;
}

/* What the same change of a rule gives all demands together: it was one plan. */
static uint64_t gain_of(const Muster__LotPlan *plan, const char *text)
{
    uint64_t units = 0;
    for (size_t at = 0; at < plan->n_uncovered; at++) {
        for (size_t of = 0; of < plan->uncovered[at]->n_tried; of++)
            units += strcmp(plan->uncovered[at]->tried[of]->text, text) == 0 && plan->uncovered[at]->tried[of]->adds > 0 ? (uint64_t)plan->uncovered[at]->tried[of]->adds : 0;
    }
    return units;
}

static bool is_of_rules(const Muster__Trial *trial)
{
    return strcmp(trial->kind, "rule") == 0 || strcmp(trial->kind, "nations") == 0;
}

/* The change of a rule that gives the most. */
static const Muster__Trial *best_rule(const Muster__LotPlan *plan, uint64_t *gain)
{
    const Muster__Trial *best = NULL;
    *gain = 0;
    for (size_t at = 0; at < plan->n_uncovered; at++) {
        for (size_t of = 0; of < plan->uncovered[at]->n_tried; of++) {
            const Muster__Trial *trial = plan->uncovered[at]->tried[of];
            uint64_t units = is_of_rules(trial) ? gain_of(plan, trial->text) : 0;
            if (units > *gain) {
                best = trial;
                *gain = units;
            }
        }
    }
    return best;
}

char *view_no_bundle(struct view *view, const Muster__LotPlan *plan)
{
    const Muster__Uncovered *of = heaviest(plan);
    uint64_t gain;
    if (of == NULL)
        return arena_string(view->arena, "nothing is left to buy.");
    const Muster__Trial *rule = best_rule(plan, &gain);
    char *text = of->text != NULL && of->text[0] != '\0' ? arena_format(view->arena, "%s: %s", of->reason, of->text) : arena_format(view->arena, "%s.", of->reason);
    return text != NULL && rule != NULL ? arena_format(view->arena, "%s With %s: %" PRIu64 " covered (planned again).", text, rule->text, gain) : text;
}
