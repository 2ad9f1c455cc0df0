/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_OBJECTS_SEND_H
#define CLIENTS_MUSTER_OBJECTS_SEND_H

#include "clients/muster/objects.h"

/*
 * check, submit and withdraw of items, demands, offers and funds. submit compares the file with what stands: equal objects are left
 * out, differing ones become changes of the version that this profile has seen, absent ones stay. All return an exit code.
 */

int objects_check(struct context *context, const struct objects_kind *kind, const char *file, struct objects *objects);
int objects_submit(struct context *context, const struct objects_kind *kind, const char *file);
int objects_withdraw(struct context *context, const struct objects_kind *kind, int count, char **words);

/* Makes sure that the party's country and the exchange's base currency are known: asks once, then keeps them in the profile. */
int objects_know_self(struct context *context);

/* How a file of this party is read: what empty cells mean. check must outlive options. */
void objects_csv_options(const struct context *context, const struct objects_kind *kind, struct check_context *check, struct csv_options *options);

#endif
