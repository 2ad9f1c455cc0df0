/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_CODES_NCAGE_H
#define PROTO_CODES_NCAGE_H

#include "proto/codes/code.h"

/*
 * NATO commercial and government entity codes (CodSP-3): five characters that name one place of performance. The form
 * is checked; the pattern that a nation gives out is only a warning, since old codes and codes by NSPA deviate.
 */

/* country: ISO 3166 alpha-2 of the entity, or NULL or "" where it is not known. STATUS_OK or STATUS_INVALID. */
int ncage_read(const char *text, const char *country, struct code_answer *answer);

#endif
