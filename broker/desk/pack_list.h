/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_DESK_PACK_LIST_H
#define BROKER_DESK_PACK_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/arena.h"
#include "proto/market.pb-c.h"

/* What packing and cutting a market share: growing lists in an arena, and demands cut to what is committed. One thread. */

/* A list of pointers that grows in an arena. */
struct pack_list {
    void **list;
    size_t count;
};

/* Appends; STATUS_OK or STATUS_NO_MEMORY. */
int pack_list_add(struct arena *arena, struct pack_list *list, void *element);

/* Whether one of count texts is text. */
bool pack_texts_hold(char *const *texts, size_t count, const char *text);

/* A copy of the demand with the lines and quantities that commitments bind alone; NULL where memory is out. */
Muster__Demand *pack_cut_demand(struct arena *arena, const Muster__Demand *demand, Muster__Commitment *const *commitments, size_t count);

#endif
