/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_PROOF_H
#define BROKER_MATCH_PROOF_H

#include "broker/match/search.h"

/*
 * Proves a lot's plan best, or finds a better one: branch and price over the linear program of proof_master.h. A node's bound is that of
 * proof_dual.h; what its prices exclude is fixed; a node whose solution is whole is closed by the flow, or under ties by the awards
 * themselves; any other is split on what is least whole: an offer, a tier, a lump, the supplier of a lump, and, once these are whole, the
 * units of an offer. Rules on nations and on what carries one-off costs, which the program leaves out, come in as cuts where a plan would break
 * them. Lots that draw on funds with a balance are left to branch.h.
 */

/* Whether the lot is of a size for this, and asks for a proof. */
bool match_proof_fits(const struct match_search *search);

/* Runs within search->nodes; takes better plans into search->best and lowers its bound. STATUS_NO_MEMORY. */
int match_proof_run(struct match_search *search);

#endif
