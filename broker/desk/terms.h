/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_TERMS_H
#define BROKER_DESK_TERMS_H

#include "broker/desk/bundle.h"

/*
 * The terms of a bundle's version for one party: what it is shown and what its answer signs. Made in one place, so that what was
 * served and what an answer is held against are the same bytes.
 */

/*
 * The packed Terms of a party with an award: an agency's lines with what it pays, or a supplier's with what it delivers.
 * *terms is empty where the party has no award in this version. In arena. STATUS_OK or a failure of storage or memory.
 */
int terms_make(struct store_txn *txn, const Muster__BundleHead *bundle, const Muster__BundleVersion *version,
               const Muster__Market *market, const char *party, struct arena *arena, Muster__Terms **message, ProtobufCBinaryData *terms);

/* SHA-256("muster/terms/v1\n" || terms). */
void terms_hash(const ProtobufCBinaryData *terms, uint8_t sha256[32]);

/*
 * Whether a yes to one version holds for another: the party has the same quantity by line from the same suppliers (offer and
 * origin) for no more money to any. Of a supplier: the same tier, one-off cost and quantity by month and place.
 */
bool terms_hold(const Muster__Terms *answered, const Muster__Terms *now, bool supplier);

#endif
