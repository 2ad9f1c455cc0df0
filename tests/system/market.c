/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/system/market.h"

#include "proto/status.h"

#define TEXT(text) ((char *)(uintptr_t)(text))
#define ITEM "shell-155"

int market_open(struct harness *harness, struct market *market)
{
    Muster__Answer *answer = NULL;
    int status = party_coordinator(harness, &market->hq);
    if (status == STATUS_OK)
        status = party_put_item(&market->hq, ITEM, &answer);
    if (status == STATUS_OK && answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE)
        status = STATUS_DENIED;
    if (status == STATUS_OK)
        status = party_join(&market->hq, "nl-agency", MUSTER__ROLE__ROLE_AGENCY, "NL", &market->nl);
    if (status == STATUS_OK)
        status = party_join(&market->hq, "de-agency", MUSTER__ROLE__ROLE_AGENCY, "DE", &market->de);
    if (status == STATUS_OK)
        status = party_join(&market->hq, "fr-supplier", MUSTER__ROLE__ROLE_SUPPLIER, "FR", &market->supplier);
    return status;
}

void market_close(struct market *market)
{
    party_close(&market->hq);
    party_close(&market->nl);
    party_close(&market->de);
    party_close(&market->supplier);
}

int market_demand(struct party *agency, const char *id, uint64_t quantity, Muster__Answer **answer)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__DemandChange change = MUSTER__DEMAND_CHANGE__INIT;
    Muster__Demand demand = MUSTER__DEMAND__INIT;
    Muster__Line line = MUSTER__LINE__INIT;
    Muster__DemandChange *changes[] = {&change};
    Muster__Line *lines[] = {&line};
    char country[3] = {(char)(agency->id[0] - 'a' + 'A'), (char)(agency->id[1] - 'a' + 'A'), '\0'};
    line.month = 202806;
    line.quantity = quantity;
    demand.id = change.id = TEXT(id);
    demand.country = demand.place = country;
    demand.item = TEXT(ITEM);
    demand.n_lines = 1;
    demand.lines = lines;
    demand.min_quantity = 1;
    demand.max_unit_price = 10000;
    demand.currency = TEXT("EUR");
    demand.priority = 3;
    demand.fund = TEXT("");
    demand.release = MUSTER__RELEASE__RELEASE_POOLED;
    change.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change.demand = &demand;
    submission.n_demands = 1;
    submission.demands = changes;
    return party_submit(agency, &submission, answer, NULL);
}

int market_offer(struct party *supplier, const char *id, Muster__Answer **answer)
{
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__OfferChange change = MUSTER__OFFER_CHANGE__INIT;
    Muster__Offer offer = MUSTER__OFFER__INIT;
    Muster__Tier tier = MUSTER__TIER__INIT;
    Muster__OfferChange *changes[] = {&change};
    Muster__Tier *tiers[] = {&tier};
    tier.min_quantity = 1;
    tier.unit_price = 5000;
    tier.first_month = 202706;
    tier.monthly_rate = 1000;
    offer.id = change.id = TEXT(id);
    offer.supplier = supplier->id;
    offer.item = TEXT(ITEM);
    offer.n_tiers = 1;
    offer.tiers = tiers;
    offer.currency = TEXT("EUR");
    change.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change.offer = &offer;
    submission.n_offers = 1;
    submission.offers = changes;
    return party_submit(supplier, &submission, answer, NULL);
}
