/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/link/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t file_wall(void *data)
{
    uint64_t milliseconds = 0;
    FILE *file = fopen(data, "re");
    if (!file || fscanf(file, "%" SCNu64, &milliseconds) != 1) {
        milliseconds = seam_clock_system.wall(seam_clock_system.data);
    }
    if (file) {
        fclose(file);
    }
    return milliseconds;
}

static uint64_t real_monotonic(void *data)
{
    (void)data;
    return seam_clock_system.monotonic(seam_clock_system.data);
}

const struct seam_clock *clock_client(void)
{
    static struct seam_clock test_clock;
    char *path = getenv("MUSTER_TEST_CLOCK");
    if (!path || !*path) {
        return &seam_clock_system;
    }
    test_clock = (struct seam_clock){.wall = file_wall, .monotonic = real_monotonic, .data = path};
    return &test_clock;
}
