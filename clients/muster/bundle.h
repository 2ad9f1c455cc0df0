/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_BUNDLE_H
#define CLIENTS_MUSTER_BUNDLE_H

#include "clients/muster/session.h"

/*
 * Bundles as their three kinds of reader see them. A view holds what its reader may see and nothing else, so what is absent from it is
 * absent from the screen. One arena, one thread.
 */

/* A view with the terms that its reader's answer signs. */
struct bundle {
    const Muster__BundleView *view;
    Muster__Terms *terms;  /* NULL where the reader has no part in it */
};

/* The bundle that text names ("B-0041"), at version (0: the newest). Exit code; failures are told. */
int bundle_fetch(struct context *context, const char *text, uint64_t version, struct bundle *bundle);

/* --version as a number, 0 where it is not given. */
int bundle_version_option(struct context *context, uint64_t *version);

/* "proposed", "released" and so on. */
const char *bundle_state_name(const Muster__BundleView *view);

/* The reader's own row of the nations: the one that says what it pays; NULL where there is none. */
const Muster__BundleNation *bundle_own_nation(const Muster__BundleView *view);

/* As JSON, with the terms and the bundle's name. */
json_t *bundle_json(const struct bundle *bundle);

/* An agency's, a supplier's and a coordinator's whole page. */
int bundle_print_agency(struct context *context, const struct bundle *bundle);
int bundle_print_supplier(struct context *context, const struct bundle *bundle);
int bundle_print_coordinator(struct context *context, const struct bundle *bundle);

/* quantity x (unit price + freight) in cents; what would overflow is told as the highest amount (no valid bundle has it). */
int64_t bundle_value(uint64_t quantity, int64_t unit_price, int64_t freight);

/* What all lines of terms come to, with the one-off shares; capped in the same way. */
int64_t bundle_terms_value(const Muster__Terms *terms);

/* The name of a rule as people read it ("European content"), and whether its figure is in percent. */
const char *bundle_rule_name(const struct bundle *bundle, const Muster__BundleRule *rule);

/* "2 nations" and so on in words; the demand "nl-dmo/NL-GEMT-1" of a coordinator. */
const char *bundle_uncovered_text(struct context *context, const Muster__Uncovered *uncovered);

#endif
