/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static bool shown;

void progress_show(const char *what, int seconds)
{
    if (seconds >= 1 && isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r\033[K%s, %d s", what, seconds);
        fflush(stderr);
        shown = true;
    }
}

void progress_end(void)
{
    if (shown) {
        fprintf(stderr, "\r\033[K");
        fflush(stderr);
        shown = false;
    }
}
