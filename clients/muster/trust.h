/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_TRUST_H
#define CLIENTS_MUSTER_TRUST_H

#include "clients/link/profile.h"
#include "proto/arena.h"
#include "proto/receipt.h"

/*
 * What a profile trusts: the keys of its exchange. They change in two ways only: new keys that the log key and the old signing key
 * have signed, and an exchange that was brought back from a backup under a new log key, which a person types in. Log keys that
 * were trusted once are kept, since receipts under them stay true.
 */

/*
 * Verifies a receipt under the log key that the profile trusts, or one that it trusted before. The errors of receipt_verify(),
 * those of the newest key where none verifies.
 */
int trust_verify_receipt(const struct profile *profile, const char *text, size_t length, const uint8_t *envelope, size_t size, struct arena *arena,
                         struct receipt *receipt, const char **why);

#endif
