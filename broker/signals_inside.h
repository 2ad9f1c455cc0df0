/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_SIGNALS_INSIDE_H
#define BROKER_SIGNALS_INSIDE_H

#include "broker/signals.h"

/* What the files of the signals share. Pure. */

/* Whether somebody outside may know a nation's part. */
bool signals_known(const struct signals_item *item, const char *country);

/* The newest figure of a cell; NULL: it was never published. */
const struct signals_figure *signals_newest(const struct signals_item *item, enum signals_width width, uint32_t from, const char *region);

/* Whether two figures are of one cell. */
bool signals_same_cell(const struct signals_figure *left, const struct signals_figure *right);

/*
 * The quarters and regions that a cell covers, given what was published so far: in arena, by quarter, region. None where it covers
 * nothing any more. STATUS_OK or STATUS_NO_MEMORY.
 */
int signals_extent(const struct signals_item *item, enum signals_width width, uint32_t from, const char *region, struct arena *arena,
                   const struct signals_leaf **leaves, size_t *count);

/* Whether a cell lies wholly before a date's quarter. */
bool signals_past(enum signals_width width, uint32_t from, uint32_t date);

#endif
