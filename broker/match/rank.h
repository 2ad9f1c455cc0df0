/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_RANK_H
#define BROKER_MATCH_RANK_H

#include <stdint.h>

/* Something by index with what it promises: what passes sort before they try. */
struct match_rank {
    __int128 gain;
    uint32_t index;
};

#endif
