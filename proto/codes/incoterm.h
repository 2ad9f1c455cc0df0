/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CODES_INCOTERM_H
#define PROTO_CODES_INCOTERM_H

#include "proto/codes/code.h"

/* Terms of delivery: a rule of Incoterms 2020, its named place and the edition ("DAP Riga, Incoterms 2020"). */

/* STATUS_OK or STATUS_INVALID. Stored as "DAP Riga, Incoterms 2020". */
int incoterm_read(const char *text, struct code_answer *answer);

#endif
