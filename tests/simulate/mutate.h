/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SIMULATE_MUTATE_H
#define TESTS_SIMULATE_MUTATE_H

#include <stdbool.h>

/*
 * The simulation on trial: mistakes that the exchange does not make, put between its parts when this program is linked (--wrap), one at a
 * time. Each must be found within few seeds; what finds none proves nothing. musterd has no such thing.
 */

/* From now on this mistake is made; NULL: none. False: no such mistake. */
bool mutate_choose(const char *name);

/* Their names, a line each, to standard output. */
void mutate_list(void);

#endif
