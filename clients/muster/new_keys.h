/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_NEW_KEYS_H
#define CLIENTS_MUSTER_NEW_KEYS_H

#include "clients/muster/identity.h"

/*
 * A party's new keys on its own machine. Until they bind they lie beside those in force, in the data folder's new/keys; once the
 * exchange says that they bind, they take their place, and the old ones are kept under keys.until-<date>, since a receipt may
 * have to be read with them one day. Every function returns an exit code; failures have been told.
 */

/* The profile as it is under its new keys. */
int new_keys_profile(const struct profile *profile, struct profile *next);

/* Whether new keys lie here. */
bool new_keys_wait(const struct profile *profile);

/* Where new keys lie here: asks the exchange under them, and puts them in force where they bind by now. Silent where nobody answers. */
int new_keys_settle(struct context *context);

/* Takes the new keys away (they were cancelled), under a name of their own. */
int new_keys_drop(struct context *context);

#endif
