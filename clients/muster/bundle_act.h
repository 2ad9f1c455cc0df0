/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_BUNDLE_ACT_H
#define CLIENTS_MUSTER_BUNDLE_ACT_H

#include "clients/muster/bundle.h"

/* Which of count variants a letter means, B the first; *at from 0. Exit code. */
int bundle_adopted(const char *letter, size_t count, size_t *at);

/* Makes a variant the bundle's next version. Exit code. */
int bundle_adopt(struct context *context, const struct bundle *bundle, Muster__Variant *variant);

#endif
