/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_BENCH_BESIDE_H
#define TESTS_BENCH_BESIDE_H

#include "tests/bench/figures.h"

/*
 * What an acknowledgement takes while nothing else goes on, and while a party lists its demands as fast as it is answered and the
 * planner is given every change. An exchange of its own, with offers for its lots.
 */
#define BESIDE_CLIENTS 8u

int beside_measure(unsigned milliseconds, struct figures_beside *beside);

#endif
