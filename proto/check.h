/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CHECK_H
#define PROTO_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bundle.pb-c.h"
#include "proto/codes/cpv.h"
#include "proto/demand.pb-c.h"
#include "proto/fault.h"
#include "proto/fund.pb-c.h"
#include "proto/item.pb-c.h"
#include "proto/log.pb-c.h"
#include "proto/offer.pb-c.h"
#include "proto/party.pb-c.h"

/*
 * The field rules of every message, once: the spreadsheet reader, the client, the exchange's door and the tests call
 * these and no others. They look at one message and the context alone; what needs the tables (does the item exist, is
 * the version the newest) is the desk's.
 *
 * Each adds every fault it finds to the list, in the order of the columns, with the column's name of the
 * matching model ("demand", "month", "unit_price"), what was found, what is expected and what to write; and goes on. Nothing is changed. A message must be in its stored form
 * (country DE, sets sorted bytewise without repeats, text in NFC): check_normalise_* brings it there.
 * Whatever they are given has been unpacked by protobuf-c, so required fields are there; values may be anything.
 * Thread-safe for lists of faults of their own.
 */

struct check_context {
    uint32_t as_of;                /* YYYYMMDD: rules with dates are held against it; 0: today's lists, no warnings about the past */
    const char *base_currency;     /* or NULL: not known, amounts are held against the wider limit of their own currency */
    Muster__Rate *const *rates;    /* known rates; NULL: not known, so a currency without a rate is no fault */
    size_t rate_count;
    const struct cpv_list *cpv;    /* the official list, or NULL for the built-in one */
    const char *own_country;       /* what a demand's country must be; NULL: any */
    const char *own_party;         /* what an offer's supplier must be; NULL: any */
    bool sets_rates;               /* the sender is who sets the rates: a coordinator */
    const uint32_t *rows;          /* row of the file of each line or tier of the message, in its order; NULL: the list's row */
    size_t row_count;
};

void check_party(const Muster__Party *party, const struct check_context *context, struct faults *faults);
void check_item(const Muster__Item *item, const struct check_context *context, struct faults *faults);
void check_demand(const Muster__Demand *demand, const struct check_context *context, struct faults *faults);
void check_offer(const Muster__Offer *offer, const struct check_context *context, struct faults *faults);
void check_fund(const Muster__Fund *fund, const struct check_context *context, struct faults *faults);
void check_rate(const Muster__Rate *rate, const struct check_context *context, struct faults *faults);
void check_policy_entry(const Muster__PolicyEntry *entry, const struct check_context *context, struct faults *faults);

/* Whole sets: their entries, order and repeats, and what holds among them. The fault's change is the entry's index. */
void check_rates(const Muster__RatesChange *change, const struct check_context *context, struct faults *faults);
void check_policy(const Muster__PolicyChange *change, const struct check_context *context, struct faults *faults);

void check_bundle_change(const Muster__BundleChange *change, const struct check_context *context, struct faults *faults);
void check_commitment_end(const Muster__CommitmentEnd *end, const struct check_context *context, struct faults *faults);
void check_party_change(const Muster__PartyChange *change, const struct check_context *context, struct faults *faults);
void check_redaction(const Muster__RedactionChange *change, const struct check_context *context, struct faults *faults);
void check_export(const Muster__ExportChange *change, const struct check_context *context, struct faults *faults);
void check_keys_change(const Muster__KeysChange *change, const struct check_context *context, struct faults *faults);
void check_join(const Muster__Join *join, const struct check_context *context, struct faults *faults);

/* Kind, id, version and object of one change of a list, and the object itself. */
void check_item_change(const Muster__ItemChange *change, const struct check_context *context, struct faults *faults);
void check_demand_change(const Muster__DemandChange *change, const struct check_context *context, struct faults *faults);
void check_offer_change(const Muster__OfferChange *change, const struct check_context *context, struct faults *faults);
void check_fund_change(const Muster__FundChange *change, const struct check_context *context, struct faults *faults);

/*
 * The fields of a submission's head (protocol, keys, ids, time) and that it has exactly one list of changes. The
 * marking itself is marking_check_submission's.
 */
void check_header(const Muster__Submission *submission, struct faults *faults);

/*
 * Every change of a party's submission, the head included, with faults->change set to each one's index; an object
 * that a submission changes twice is a fault too. Entries of the exchange itself (genesis and so on) are refused.
 */
void check_submission(const Muster__Submission *submission, const struct check_context *context, struct faults *faults);

/*
 * For clients: bring a message into its stored form, in place. Text to NFC and trimmed, codes to their stored form
 * (DEU to DE, a ninth digit filled in), sets and lines sorted, blanks around operators taken off. New strings and arrays lie in
 * arena, which must outlive the message. What can't be brought there stays as it is, for check_* to name; repeats stay
 * too. STATUS_OK or STATUS_NO_MEMORY.
 */
int check_normalise_party(struct arena *arena, Muster__Party *party);
int check_normalise_item(struct arena *arena, const struct cpv_list *cpv, Muster__Item *item);
int check_normalise_demand(struct arena *arena, Muster__Demand *demand);
int check_normalise_offer(struct arena *arena, Muster__Offer *offer);
int check_normalise_fund(struct arena *arena, Muster__Fund *fund);
int check_normalise_rates(struct arena *arena, Muster__RatesChange *change);
int check_normalise_policy(struct arena *arena, Muster__PolicyChange *change);

#endif
