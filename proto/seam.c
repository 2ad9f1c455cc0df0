/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/seam.h"

#include <string.h>
#include <time.h>

#include <sodium.h>

#include "proto/status.h"

#define NONCE_POOL 768u /* bytes: a dozen messages' */

static void system_fill(void *data, void *bytes, size_t length)
{
    (void)data;
    randombytes_buf(bytes, length);
}

static void nonces_fill(void *data, void *bytes, size_t length)
{
    static _Thread_local uint8_t pool[NONCE_POOL];
    static _Thread_local size_t left;
    (void)data;
    if (length > sizeof pool / 4) {
        randombytes_buf(bytes, length);
        return;
    }
    if (left < length) {
        randombytes_buf(pool, sizeof pool);
        left = sizeof pool;
    }
    left -= length;
    memcpy(bytes, pool + left, length);
    sodium_memzero(pool + left, length);
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
const struct seam_random seam_random_nonces = {.fill = nonces_fill};
const struct seam_clock seam_clock_system = {.wall = system_wall, .monotonic = system_monotonic};

int seam_start(void)
{
    return sodium_init() < 0 ? STATUS_IO : STATUS_OK;
}
