/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CODES_UNIT_H
#define PROTO_CODES_UNIT_H

#include "proto/codes/code.h"

/*
 * Units of issue: the part of UN/CEFACT Recommendation 20 that supply uses. Deleted codes (BX, CT) and everyday
 * spellings (PCS, kg, ea) are refused with the code to write instead.
 */

/* STATUS_OK or STATUS_INVALID. */
int unit_read(const char *text, struct code_answer *answer);

/* English name of a unit's code ("each"), or NULL. */
const char *unit_name(const char *code);

#endif
