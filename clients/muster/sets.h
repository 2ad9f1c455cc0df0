/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_SETS_H
#define CLIENTS_MUSTER_SETS_H

#include "clients/muster/session.h"

/* Rates and policy: replaced as a whole, so a file is compared with the whole set that stands. All return an exit code. */

struct sets_kind {
    Muster__Noun noun;
    const char *name;    /* "rates" */
    const char *element; /* "rate" */
};

extern const struct sets_kind sets_rates, sets_policy;

int sets_check(struct context *context, const struct sets_kind *kind, const char *file);
int sets_submit(struct context *context, const struct sets_kind *kind, const char *file);

#endif
