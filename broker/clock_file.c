/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/clock_file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/status.h"

/* Milliseconds since the file was written: from the time it says, the clock runs on through every process that reads it.
 * Keeps the last reading where it is being written. */
static uint64_t clock_file_read(struct clock_file *file)
{
    char text[64];
    struct stat entry;
    uint64_t now = seam_clock_system.wall(seam_clock_system.data);
    uint64_t wall = 0;
    uint64_t monotonic = 0;
    ssize_t length = pread(file->fd, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    int fields = sscanf(text, "%" SCNu64 " %" SCNu64, &wall, &monotonic);
    if (fields >= 1 && fstat(file->fd, &entry) == 0) {
        file->set_wall = wall;
        file->set_monotonic = fields == 1 ? wall : monotonic;
        file->set_at = (uint64_t)entry.st_mtim.tv_sec * 1000 + (uint64_t)entry.st_mtim.tv_nsec / 1000000;
    }
    return now > file->set_at ? now - file->set_at : 0;
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
