/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_EXPORT_LP_H
#define BROKER_MATCH_EXPORT_LP_H

#include <stdio.h>

#include "broker/match/market.h"
#include "proto/arena.h"

/*
 * The exact model of a market as an integer program in CPLEX LP format, so that any solver can check the engine's optimum and bound.
 * Every rule is in it; names are short numbers and comments say what they stand for. Money in cents.
 *
 *   x<lot>_<line>_<offer>_<tier>  units          y<lot>_<offer>_<tier>  the offer is used (anew) under the tier
 *   b<lot>  there is a bundle                    n<lot>_<nation>        the nation takes part
 *   f<lot>_<fund>  the fund pays in this lot     z<lot>_<demand>        the demand gets something
 *   u<lot>_<demand>_<offer>  its one supplier    r<lot>_<group>         the fraction that alike lines get
 *   a<lot>_<k>  no nation to spare, by rule (0) or fund (k - 1): alike lines may be treated unlike
 *   s<lot>_<offer>_<tier>_<fund>  what of a one-off cost falls to a fund with a balance
 *
 * One thing is wider than the model: shares of one-off costs that a fund with a balance pays are free from 0 to the headroom instead of
 * following the one level. The program's optimum may then lie a little above the best plan's; it is a valid bound all the same. The
 * file says so where it happens.
 */

/* Writes the program to out, which the caller opened and closes (ferror tells whether it went well). STATUS_NO_MEMORY. */
int match_export_lp(const struct match_market *market, struct arena *arena, FILE *out);

#endif
