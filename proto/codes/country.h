/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CODES_COUNTRY_H
#define PROTO_CODES_COUNTRY_H

#include <stdbool.h>

#include "proto/codes/code.h"

/*
 * Countries by ISO 3166-1. Stored is alpha-2; alpha-3 is accepted where a person types. The digrams that NATO used
 * until 2004, and UK and EL of EU texts, are refused with a hint, since some of them are another country today.
 *
 * Three cases have a rule of their own. GM was Germany and is Gambia: it is refused, and Gambia is stored as GMB.
 * XK (Kosovo) is in no ISO table but in the range that ISO leaves to its users; the European Union uses it so,
 * and so does Muster: XK or XKX, stored XK. Other user-assigned and withdrawn codes are refused.
 */

/* STATUS_OK or STATUS_INVALID. */
int country_read(const char *text, struct code_answer *answer);

/* True where text is a country in its stored form. */
bool country_is_stored(const char *text);

/* English short name of a stored country, or NULL: names are taken from codes, never typed. */
const char *country_name(const char *code);

#endif
