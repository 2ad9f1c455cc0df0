/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_METRICS_H
#define BROKER_METRICS_H

#include <stddef.h>

/*
 * What the daemon tells its operator: one line an event to standard error,
 *
 *     time=2027-01-31T12:00:00.000Z level=info process=front event=listening address=tcp://127.0.0.1:7447
 *
 * An event is a word; its fields are key=value, quoted where the value holds a blank, a quote or a line break. A line
 * never holds an item, an object, an amount, a text of a party or a secret: only codes, counts, positions and party ids.
 * One write(2) a line, so the lines of several processes do not mix. Safe to call from several threads.
 */

enum metrics_level { METRICS_ERROR, METRICS_WARNING, METRICS_INFO, METRICS_DEBUG };

#define METRICS_LINE_MOST 1024u /* bytes of a line; more is cut */

/* Names the process in each line (a string that lives on) and sets the least important level that is written.
 * Called once, before threads start. */
void metrics_open(const char *process, enum metrics_level level);

/* One line. format: printf for "key=value key=value"; values that may hold blanks are built with metrics_quote. */
void metrics_write(enum metrics_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Copies text into buffer as a value: as it is where that is unambiguous, else in quotes with \ before " and \, and
 * control characters as \xNN. Cut to size. Returns buffer. */
const char *metrics_quote(char *buffer, size_t size, const char *text);

#endif
