/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/seam.h"

#include <time.h>

#include <sodium.h>

#include "proto/status.h"

static void system_fill(void *data, void *bytes, size_t length)
{
    (void)data;
    randombytes_buf(bytes, length);
}

static uint64_t milliseconds(clockid_t clock)
{
    struct timespec now = {0};
    if (clock_gettime(clock, &now) != 0 || now.tv_sec < 0) {
        return 0;
    }
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t system_wall(void *data)
{
    (void)data;
    return milliseconds(CLOCK_REALTIME);
}

static uint64_t system_monotonic(void *data)
{
    (void)data;
    return milliseconds(CLOCK_MONOTONIC);
}

const struct seam_random seam_random_system = {.fill = system_fill};
const struct seam_clock seam_clock_system = {.wall = system_wall, .monotonic = system_monotonic};

int seam_start(void)
{
    return sodium_init() < 0 ? STATUS_IO : STATUS_OK;
}
