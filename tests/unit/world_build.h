/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_UNIT_WORLD_BUILD_H
#define TESTS_UNIT_WORLD_BUILD_H

#include "proto/invitation.h"
#include "tests/unit/world.h"

/* What tests put into a world, in a line each. Functions that can't go on end the test program; others return the desk's status. */

/* Invites, joins and (confirm) confirms a party. Its name is "<id> name", its contact "<id>@example.org". */
void world_party(struct world *world, const char *id, Muster__Role role, const char *country, bool confirm);

/* The same in its steps, by any coordinator; who is known is invited anew. A confirmation is of the keys that wait, where some do. */
int world_invite(struct world *world, const char *coordinator, const char *id, Muster__Role role, const char *country,
                 const struct invitation_keys *one_time);
int world_join(struct world *world, const char *id, const struct invitation_keys *one_time, const struct invitation_keys *keys);
int world_confirm(struct world *world, const char *coordinator, const char *id);
void world_new_keys(struct world *world, struct invitation_keys *keys);
Muster__PartyKeys *world_public_keys(struct world *world, const struct invitation_keys *keys);

/* A party as it stands; NULL: there is none. */
Muster__PartyRecord *world_record(struct world *world, const char *id);

int world_party_change(struct world *world, const char *id, Muster__PartyChangeKind kind);

void world_item(struct world *world, const char *id);

/* A demand of one line, min_quantity 1, priority 3, place its country, pooled, EUR; change it before it is put. */
Muster__Demand *world_demand(struct world *world, const char *id, const char *country, const char *item, uint32_t month, uint64_t quantity,
                             int64_t ceiling);
void world_line(struct world *world, Muster__Demand *demand, uint32_t month, uint64_t quantity);
Muster__Submission *world_demand_change(struct world *world, const char *id, Muster__Demand *demand, uint64_t replaces);
int world_put_demand(struct world *world, const char *party, Muster__Demand *demand, uint64_t replaces);
int world_withdraw_demand(struct world *world, const char *party, const char *id, uint64_t replaces);

/* An offer of one tier from February 2027 on, EUR. */
Muster__Offer *world_offer(struct world *world, const char *id, const char *supplier, const char *item, int64_t unit_price, uint64_t stock,
                           uint64_t monthly_rate);
Muster__Tier *world_tier(struct world *world, Muster__Offer *offer, uint64_t min_quantity, int64_t unit_price, int64_t one_off, uint64_t stock,
                         uint64_t monthly_rate);
Muster__Submission *world_offer_change(struct world *world, const char *id, Muster__Offer *offer, uint64_t replaces);
int world_put_offer(struct world *world, const char *party, Muster__Offer *offer, uint64_t replaces);
int world_withdraw_offer(struct world *world, const char *party, const char *id, uint64_t replaces);

int world_fund(struct world *world, const char *id, int64_t balance, uint64_t replaces);

/* Replaces the policy: pairs of key and value, ended by NULL. replaces: the version that stands. */
int world_policy(struct world *world, uint64_t replaces, ...);

/* What a coordinator or party does to a bundle's newest version. The answer signs the terms as they stand. */
int world_bundle_do(struct world *world, const char *party, uint64_t number, Muster__BundleChangeKind kind);
int world_release(struct world *world, uint64_t number);
int world_answer(struct world *world, const char *party, uint64_t number, bool yes);
int world_extend(struct world *world, uint64_t number, uint64_t deadline);
int world_replan(struct world *world, const char *item);
int world_adopt(struct world *world, uint64_t number, Muster__Variant *variant);
int world_end_commitment(struct world *world, const char *party, uint64_t number, const char *demand, const char *offer, uint32_t month);

/* The bundle as it stands, its newest version; NULL: there is none. */
Muster__BundleHead *world_bundle(struct world *world, uint64_t number);
Muster__BundleVersion *world_version(struct world *world, uint64_t number);

/* Units that the bundle's newest version awards a demand (full name; NULL: all). */
uint64_t world_awarded(struct world *world, uint64_t number, const char *demand);

/* Units that commitments bind of a demand (full name; NULL: all). */
uint64_t world_committed(struct world *world, const char *demand);

void world_days(struct world *world, uint64_t days);

/*
 * The market that most tests begin with: item GEM; agencies nl, de and es with 40, 60 and 50 units due 2027-12 at a ceiling of
 * EUR 10,000.00; suppliers sup (stock 500 at EUR 5,000.00) and alt (stock 500 at EUR 6,000.00). Planned: bundle 1 is proposed.
 */
void world_usual(struct world *world);

#endif
