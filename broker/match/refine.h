/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_REFINE_H
#define BROKER_MATCH_REFINE_H

#include "broker/match/hold.h"

/*
 * Few lots on common funds, each planned once more by itself with the money that its plan has and what is left over; those far below their
 * bound also try what another lot's money would do for them. In a market of many lots this would take too long, and gain little.
 */

/* Takes over what is better; joint->left stays right. STATUS_NO_MEMORY. */
int match_refine_lots(struct match_joint *joint);

#endif
