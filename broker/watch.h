/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_WATCH_H
#define BROKER_WATCH_H

#include "broker/views_inside.h"
#include "store/log.h"

/*
 * An entry of the log as events for one reader: its own deeds; the catalogue, rates and policy; and bundles from the moment on
 * at which it may see them. A coordinator sees all. What a reader may not see makes no event, not even an empty one.
 */

struct watch_events {
    Muster__Event **list;
    size_t count;
    size_t room;
};

/* Adds the entry's events. In the view's arena. STATUS_OK or a failure of storage or memory. */
int watch_entry(struct view *view, const struct log_entry *entry, struct watch_events *events);

#endif
