/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_LINK_CLOCK_H
#define CLIENTS_LINK_CLOCK_H

#include "proto/seam.h"

/*
 * The client's clock: the machine's; or, for tests of deadlines beside an exchange whose clock is set, the milliseconds since 1970 that
 * stand in the file which MUSTER_TEST_CLOCK names (the part up to a blank). It only dates what the client signs: the exchange judges by its own.
 */
const struct seam_clock *clock_client(void);

#endif
