/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_BUNDLE_ACT_H
#define CLIENTS_MUSTER_BUNDLE_ACT_H

#include "clients/muster/bundle.h"

/* Makes the variant of that letter (B the first) the bundle's next version. Exit code. */
int bundle_adopt(struct context *context, const struct bundle *bundle, Muster__Variant *const *variants, size_t count, const char *letter);

#endif
