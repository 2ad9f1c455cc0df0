/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_FOUR_EYES_H
#define BROKER_DESK_FOUR_EYES_H

#include "broker/desk/hands.h"

/*
 * The release of a bundle above the policy's value (four_eyes_above, whole units of the base currency; 0: never) takes two
 * different coordinators. The first one's release is noted and asks nobody; the second one's, of the same version, is the
 * release. A policy that weakens the rule waits a day, as new keys do: until then the stricter value holds, so that one
 * coordinator can't lift the rule and release in one go.
 */

/* The value that holds at a log time, base-currency units; 0: none. Errors of storage and memory. */
int four_eyes_above(struct store_txn *txn, struct arena *arena, uint64_t time, uint64_t *above);

/* The value above which this version is one for two coordinators; 0: it is for one. */
int four_eyes_of(struct store_txn *txn, struct arena *arena, uint64_t time, const Muster__BundleVersion *version, uint64_t *above);

/* The first coordinator's release of the bundle's newest version, or NULL. */
const Muster__ReleaseHand *four_eyes_first(const Muster__BundleHead *head);

/* In check: the fault of a coordinator that has released this version before. */
int four_eyes_check(struct desk_work *work, const Muster__BundleHead *head, const Muster__BundleVersion *version, const char *name);

/*
 * In apply: notes who releases. *waits: a second coordinator is needed, and the bundle stays proposed. *deadline gets the first
 * one's where change states none. The caller puts the head.
 */
int four_eyes_apply(const struct desk_entry *entry, Muster__BundleHead *head, const Muster__BundleVersion *version,
                    const Muster__BundleChange *change, bool *waits, uint64_t *deadline);

/* In check: a policy that needs two coordinators where there are not two. In apply: what a policy that weakens the rule leaves standing. */
int four_eyes_check_policy(struct desk_work *work, const Muster__PolicyChange *change);
int four_eyes_apply_policy(const struct desk_entry *entry, const Muster__PolicyChange *change);

#endif
