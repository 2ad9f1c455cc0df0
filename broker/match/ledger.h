/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_LEDGER_H
#define BROKER_MATCH_LEDGER_H

#include "broker/match/hold.h"

/*
 * The ledger: makes the plans of lots that share funds fit these together.
 *
 * Each plan, made at prices of money, is finished with the money it takes. What is too much in all is sold where it loses least over
 * all lots: units by what their line's price is for the money they free. What is left over in the end is offered where it gains most.
 */

/* Finishes a lot's plan, as search->flow has it, with the money that it takes by itself, and lists what it could sell. STATUS_NO_MEMORY. */
int match_ledger_finish(struct match_joint *joint, uint32_t lot, struct match_search *search);

/* Makes all lots' finished plans fit; joint->left then says what is over. STATUS_NO_MEMORY. */
int match_ledger_keep(struct match_joint *joint, struct arena *arena);

#endif
