/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_VARIANT_H
#define BROKER_MATCH_VARIANT_H

#include "proto/arena.h"
#include "proto/fault.h"
#include "proto/market.pb-c.h"

/*
 * What-if: a market with a rule, a ceiling or a participant changed. The market given is not touched; the variant shares all that
 * did not change. It is then loaded and planned like any other.
 */

struct match_variant {
    const char *const *sets;    /* KEY=VALUE for all lots, KEY@ITEM=VALUE for one, max_unit_price@DEMAND=AMOUNT for a ceiling */
    size_t set_count;
    const char *const *without; /* a supplier, a country, a demand or an offer to leave out */
    size_t without_count;
};

/*
 * Makes the variant in arena. What is committed stands: of a demand left out only its committed quantities stay, an offer left out that has
 * commitments keeps these and takes nothing more. Faults: field "set" or "without", found as given.
 * STATUS_INVALID with a fault where a key, item, demand or participant is unknown; STATUS_NO_MEMORY.
 */
int match_variant_apply(const Muster__Market *market, const struct match_variant *variant, struct arena *arena,
                        struct faults *faults, Muster__Market **result);

#endif
