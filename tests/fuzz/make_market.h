/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_FUZZ_MAKE_MARKET_H
#define TESTS_FUZZ_MAKE_MARKET_H

#include "proto/arena.h"
#include "proto/market.pb-c.h"
#include "tests/fuzz/target.h"

/*
 * A small market out of an input's bytes: up to two lots of up to five demands and four offers, with commitments, funds and rules, whose figures are
 * mostly small, so that they meet, and now and then at an edge: nothing, a cent, 10^9 units, the greatest amount. It need not be valid:
 * the loader says. Everything lies in arena. Never NULL.
 */
Muster__Market *make_market(struct fuzz_bytes *bytes, struct arena *arena);

#endif
