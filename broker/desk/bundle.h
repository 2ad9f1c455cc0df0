/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_BUNDLE_H
#define BROKER_DESK_BUNDLE_H

#include <stdbool.h>

#include "broker/desk/noun.h"
#include "broker/desk/stands.h"

/*
 * What the files of the desk ask of a bundle. A bundle is bound from its first release until it is committed or ends: its lot
 * gets no other proposal, it holds its money in the funds, and its inputs are those of the first released version.
 *
 * Askees are those whom a round asks: in the nations' round every agency with an award, in the suppliers' every supplier
 * with one. An answer counts as long as its party neither took it back nor was shown other terms since.
 */

/* Whether a bundle is bound, as above. */
bool bundle_is_bound(const Muster__BundleHead *bundle);

/* Whether it has not ended: proposed, released or agreed. */
bool bundle_is_open(const Muster__BundleHead *bundle);

/* A state's word: "released". */
const char *bundle_state_word(Muster__BundleState state);

/* "B-0041" in arena; NULL where memory is out. */
char *bundle_name(struct arena *arena, uint64_t number);

/* The parties with an award in a plan: of its demands (agencies) or offers (suppliers), each once, in arena. */
struct bundle_parties {
    const char **list;
    size_t count;
};
int bundle_askees(struct arena *arena, const Muster__LotPlan *plan, bool nations, struct bundle_parties *parties);
bool bundle_parties_hold(const struct bundle_parties *parties, const char *party);

/* A party's answer that counts, or NULL. */
const Muster__BundleAnswer *bundle_answer(const Muster__BundleHead *bundle, const char *party);

/* Sets a party's answer in the head; what it points to must outlive the head. STATUS_NO_MEMORY. */
int bundle_set_answer(struct arena *arena, Muster__BundleHead *bundle, Muster__BundleAnswer *answer);

/* The bundle that binds a lot, with its newest version and market; *bundle is NULL where none does. */
struct bundle_bound {
    Muster__BundleHead *bundle;
    Muster__BundleVersion *version;
    Muster__Market *market;
};
int bundle_bound(struct store_txn *txn, const char *item, struct arena *arena, struct bundle_bound *bound);

/*
 * In apply: a party's no that it gave by another deed than an answer (suspended, or a change under which the version would
 * not stand), in every bound bundle in which it has an award, or in one.
 */
int bundle_party_leaves(const struct desk_entry *entry, const char *party, const char *reason);
int bundle_no(const struct desk_entry *entry, Muster__BundleHead *bundle, const char *party, const char *reason);

/* In apply, after a demand or offer (table) was changed to stored: a no where the bound version would not stand under it. */
int bundle_object_changed(const struct desk_entry *entry, enum table table, const char *name, const char *item, const Muster__Stored *stored);

/* In check: warns the owner that a change will count as a no. */
int bundle_warn_change(struct desk_work *work, enum table table, const char *name, const char *item, const Muster__Demand *demand,
                       const Muster__Offer *offer);

/* What a version's awards draw on each fund, base cents; in arena. STATUS_NO_MEMORY. */
int bundle_draws(struct arena *arena, const Muster__LotPlan *plan, const Muster__Market *market, Muster__FundDraw ***draws, size_t *count);

/* In apply: replaces what the bundle holds by draws (count 0: lets go). */
int bundle_hold(struct store_txn *txn, Muster__BundleHead *bundle, Muster__FundDraw **draws, size_t count);

/* In apply: the bundle ended or is committed: its lot and money are free. */
int bundle_let_go(const struct desk_entry *entry, Muster__BundleHead *bundle);

#endif
