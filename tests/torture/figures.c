/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/torture/figures.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/seam.h"
#include "proto/status.h"

bool torture_finding(struct torture *torture, const char *format, ...)
{
    char text[TORTURE_PROBLEM_MOST];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    torture->lost++;
    fprintf(stderr, "FINDING: %s\n", text);
    if (torture->problem[0] == '\0')
        memcpy(torture->problem, text, sizeof text);
    return false;
}

void torture_say(const struct torture *torture, const char *format, ...)
{
    va_list arguments;
    if (!torture->talks)
        return;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}

double torture_seconds(const struct torture *torture)
{
    return (double)seam_clock_system.monotonic(seam_clock_system.data) / 1000 - torture->began;
}

int torture_write(const struct torture *torture)
{
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"seed", torture->seed},
        {"cycles", torture->cycles},
        {"killed_parent", torture->killed[0]},
        {"killed_front", torture->killed[1]},
        {"killed_exchange", torture->killed[2]},
        {"killed_planner", torture->killed[3]},
        {"runs", torture->runs},
        {"acknowledged", torture->acknowledged},
        {"unacknowledged", torture->unacknowledged},
        {"entries_verified", torture->entries},
        {"faults_injected", torture->faults_injected},
        {"memory_faults", torture->memory_faults},
        {"prefixes_replayed", torture->prefixes_replayed},
        {"disks_filled", torture->disks_filled},
        {"bytes_flipped", torture->bytes_flipped},
        {"flips_named", torture->flips_named},
        {"flips_refused", torture->flips_refused},
        {"flips_repaired", torture->flips_repaired},
        {"flips_late", torture->flips_late},
        {"lost", torture->lost},
    };
    char temporary[TORTURE_PATH_MOST + 8];
    if (torture->json == NULL)
        return STATUS_OK;
    int length = snprintf(temporary, sizeof temporary, "%s.new", torture->json);
    FILE *file = length > 0 && (size_t)length < sizeof temporary ? fopen(temporary, "we") : NULL;
    if (file == NULL)
        return STATUS_IO;
    fputs("{\n", file);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        fprintf(file, "  \"%s\": %" PRIu64 ",\n", rows[i].name, rows[i].value);
    fprintf(file, "  \"seconds\": %.1f\n}\n", torture_seconds(torture));
    bool written = ferror(file) == 0;
    written = fclose(file) == 0 && written;
    return written && rename(temporary, torture->json) == 0 ? STATUS_OK : STATUS_IO;
}
