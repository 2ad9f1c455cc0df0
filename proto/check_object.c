/* SPDX-License-Identifier: EUPL-1.2 */
#include <string.h>

#include "proto/check_field.h"
#include "proto/codes/cpv.h"
#include "proto/codes/currency.h"
#include "proto/codes/month.h"
#include "proto/codes/ncage.h"
#include "proto/codes/nsn.h"
#include "proto/codes/unit.h"
#include "proto/limits.h"

/* Items, parties, funds and rates. */

#define EXCHANGE "exchange" /* signs the exchange's own entries */

void check_item(const Muster__Item *item, const struct check_context *context, struct faults *faults)
{
    struct code_answer answer;
    check_id(faults, "item", item->id);
    check_text(faults, "title", item->title, LIMIT_TITLE_MOST, false);
    if (*item->nsc) {
        int status = nsn_read_class(item->nsc, &answer);
        check_code(faults, "nsc", item->nsc, status, &answer);
    }
    if (*item->cpv) {
        int status = cpv_read(context->cpv, item->cpv, &answer);
        check_code(faults, "cpv", item->cpv, status, &answer);
    }
    int status = unit_read(item->unit, &answer);
    check_code(faults, "unit", item->unit, status, &answer);
}

void check_party(const Muster__Party *party, const struct check_context *context, struct faults *faults)
{
    (void)context;
    if (check_party_id(faults, "party", party->id) && strcmp(party->id, EXCHANGE) == 0) {
        check_fault(faults, "party", party->id, "another id", "choose another: this one is the exchange itself");
    }
    bool known = check_enum(faults, "role", (int)party->role, &muster__role__descriptor);
    check_text(faults, "name", party->name, LIMIT_TITLE_MOST, true);
    /* A coordinator may be an organisation without a country. */
    if (*party->country || party->role != MUSTER__ROLE__ROLE_COORDINATOR) {
        check_country(faults, "country", party->country);
    }
    if (*party->ncage) {
        struct code_answer answer;
        int status = ncage_read(party->ncage, party->country, &answer);
        check_code(faults, "ncage", party->ncage, status, &answer);
    }
    if (check_enum(faults, "size", (int)party->size, &muster__size__descriptor) && known &&
        party->role != MUSTER__ROLE__ROLE_SUPPLIER && party->size != MUSTER__SIZE__SIZE_LARGE) {
        check_fault(faults, "size", muster__size__descriptor.values[party->size - 1].name, "a size for suppliers alone",
                    "leave it out: only a supplier has one");
    }
    check_text(faults, "contact", party->contact, LIMIT_TITLE_MOST, false);
}

void check_fund(const Muster__Fund *fund, const struct check_context *asked, struct faults *faults)
{
    struct check_context known = *asked, *context = &known; /* a fund is a coordinator's, who sets the rates as well */
    known.sets_rates = true;
    check_id(faults, "fund", fund->id);
    if (check_amount(faults, "balance", fund->balance, fund->currency, context) && !fund->limited && fund->balance != 0) {
        check_fault(faults, "balance", "", "no balance where the fund has no limit", "leave the cell empty, or set the limit");
    }
    check_currency(faults, "currency", fund->currency, context);
    check_number(faults, "min_nations", fund->min_nations, 0, LIMIT_QUANTITY_MOST);
    check_number(faults, "min_european_content", fund->min_european_content, 0, 100);
    check_countries(faults, "countries", fund->countries, fund->n_countries);
}

void check_rate(const Muster__Rate *rate, const struct check_context *context, struct faults *faults)
{
    struct code_answer answer;
    int status = currency_read(rate->currency, context->as_of, &answer);
    check_code(faults, "currency", rate->currency, status, &answer);
    if (check_number(faults, "rate", rate->millionths, 1, LIMIT_RATE_MOST) && context->base_currency &&
        strcmp(rate->currency, context->base_currency) == 0 && rate->millionths != 1000000) {
        check_fault(faults, "rate", rate->currency, "1 for the base currency", "write 1, or leave the row out");
    }
    if (check_day(faults, "date", rate->date, true) && context->as_of && rate->date > context->as_of) {
        char found[DAY_TEXT_SIZE];
        month_write_day(rate->date, found);
        check_warn(faults, "date", found, "a day that has been", "check the date: it lies ahead");
    }
}

void check_rates(const Muster__RatesChange *change, const struct check_context *context, struct faults *faults)
{
    if (!check_count(faults, "currency", change->n_rates, LIMIT_RATES_MOST)) {
        return;
    }
    for (size_t at = 0; at < change->n_rates; at++) {
        faults->change = (uint32_t)at;
        check_rate(change->rates[at], context, faults);
        if (at > 0) {
            check_set(faults, "currency", (char *[]){change->rates[at - 1]->currency, change->rates[at]->currency}, 2);
        }
    }
    faults->change = 0;
}
