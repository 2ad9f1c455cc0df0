/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_DESCRIBE_H
#define CLIENTS_MUSTER_DESCRIBE_H

#include "clients/muster/command.h"
#include "clients/muster/objects.h"

/* Objects in words: one line for a list of what was accepted, the whole for `show` and for reading an offer back. In the arena. */

/* "40 due 2028-12, 80 due 2030-12, ceiling EUR 5,900,000.00 each" */
const char *describe_object(struct context *context, const struct objects_kind *kind, const ProtobufCMessage *message);

/* Prints an offer read back: who_offers ("You offer", "alfaco offers"), "GEM-T, origin DE 65 %, US 35 %:" and a line a tier. */
void describe_offer_back(struct context *context, const char *who_offers, const Muster__Offer *offer);

/* "DE 65, US 35"; the supplier's country where there is none. */
const char *describe_origin(struct context *context, const Muster__Offer *offer, const char *country);

/* Joins texts with a separator; "-" where there is none. */
const char *describe_list(struct context *context, char *const *texts, size_t count, const char *separator);

/* What an offer can have made by the end of a month under a tier (from 1), up to its limit. */
uint64_t describe_made_by(const Muster__Offer *offer, const Muster__Tier *tier, uint32_t month);

#endif
