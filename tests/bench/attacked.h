/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_BENCH_ATTACKED_H
#define TESTS_BENCH_ATTACKED_H

#include "tests/bench/figures.h"

/*
 * What honest clients keep of their pace while hostile ones (tests/system/attack.h), a member and strangers, have half of one core: one of
 * each kind, of which one at a time may run, every other twenty milliseconds.
 */
#define ATTACKED_CLIENTS 8u

int attacked_measure(unsigned milliseconds, struct figures_attacked *attacked);

#endif
