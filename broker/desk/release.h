/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_RELEASE_H
#define BROKER_DESK_RELEASE_H

#include "broker/desk/bundle.h"

/*
 * Whether a proposed version is still valid on today's inputs: its demands and offers as they now stand, their parties, the
 * funds' rules and money, and, of a bundle never released, today's policy. Only then may it be released; whatever else changed since is shown
 * and does not hinder. Adds a fault for each thing that no longer holds.
 */
int release_check(struct desk_work *work, const Muster__BundleHead *bundle, const Muster__BundleVersion *version,
                  const Muster__Market *market);

/* The same as sentences, for a coordinator who looks: what of the inputs changed since the plan was made. In arena. */
struct release_changes {
    char **texts;
    size_t count;
};
int release_changes(struct store_txn *txn, const Muster__BundleVersion *version, struct arena *arena, struct release_changes *changes);

#endif
