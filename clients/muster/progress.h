/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_PROGRESS_H
#define CLIENTS_MUSTER_PROGRESS_H

/*
 * One line on standard error while work takes longer than a second, drawn over itself and wiped when the work is done; only
 * where standard error is a terminal. One thread at a time.
 */

/* Shows that `what` goes on, seconds after it began; nothing before the first second. */
void progress_show(const char *what, int seconds);

/* Wipes the line. */
void progress_end(void);

#endif
