/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/clock_file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "proto/status.h"

/* Milliseconds since the time that the file says was set. Keeps the last reading where it is being written. */
static uint64_t clock_file_read(struct clock_file *file)
{
    char text[64];
    uint64_t now = seam_clock_system.monotonic(seam_clock_system.data);
    uint64_t wall = 0;
    uint64_t monotonic = 0;
    ssize_t length = pread(file->fd, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    int fields = sscanf(text, "%" SCNu64 " %" SCNu64, &wall, &monotonic);
    if (fields == 1)
        monotonic = wall;
    if (fields >= 1 && (wall != file->set_wall || monotonic != file->set_monotonic)) {
        file->set_wall = wall;
        file->set_monotonic = monotonic;
        file->set_at = now;
    }
    return now - file->set_at;
}

static uint64_t clock_file_wall(void *data)
{
    struct clock_file *file = data;
    uint64_t since = clock_file_read(file);
    return file->set_wall + since;
}

static uint64_t clock_file_monotonic(void *data)
{
    struct clock_file *file = data;
    uint64_t since = clock_file_read(file);
    uint64_t now = file->set_monotonic + since;
    if (now > file->highest)
        file->highest = now;
    return file->highest;
}

int clock_file_open(const char *path, struct clock_file *file, struct seam_clock *clock)
{
    *file = (struct clock_file){.fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (file->fd < 0)
        return STATUS_NOT_FOUND;
    *clock = (struct seam_clock){.wall = clock_file_wall, .monotonic = clock_file_monotonic, .data = file};
    clock_file_read(file);
    return file->set_wall == 0 ? STATUS_INVALID : STATUS_OK;
}
