/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/simulate/sum.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "proto/seam.h"
#include "proto/status.h"

/* Every figure by its name. */
static const struct {
    const char *name;
    size_t offset;
} rows[] = {
#define ROW(name) {#name, offsetof(struct run_figures, name)}
    ROW(steps), ROW(restarts), ROW(kills), ROW(power_cuts), ROW(changes_dropped), ROW(disk_faults), ROW(disks_full), ROW(planner_faults),
    ROW(front_kills), ROW(cut_connections), ROW(duplicated), ROW(forged), ROW(misdelivered), ROW(forgotten), ROW(clock_jumps), ROW(days),
    ROW(sent), ROW(acknowledged), ROW(repeated), ROW(refused), ROW(read), ROW(opened), ROW(entries), ROW(bundles), ROW(committed), ROW(redactions),
#undef ROW
};

static uint64_t *figure(struct run_figures *figures, size_t row)
{
    return (uint64_t *)(void *)((char *)figures + rows[row].offset);
}

static uint64_t figure_of(const struct run_figures *figures, size_t row)
{
    struct run_figures copy = *figures;
    return *figure(&copy, row);
}

static double now(void)
{
    return (double)seam_clock_system.monotonic(seam_clock_system.data) / 1000;
}

void sum_begin(struct sum *sum)
{
    *sum = (struct sum){.began = now()};
}

void sum_add(struct sum *sum, const struct run *run)
{
    sum->seeds++;
    sum->clients += run->client_count;
    sum->findings += run->found;
    sum->lost += run->found && strcmp(run->invariant, "history") == 0;
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++)
        *figure(&sum->figures, at) += figure_of(&run->figures, at);
}

void sum_say(const struct sum *sum)
{
    printf("%" PRIu64 " seeds, %" PRIu64 " clients", sum->seeds, sum->clients);
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++)
        printf(", %" PRIu64 " %s", figure_of(&sum->figures, at), rows[at].name);
    printf("; findings: %" PRIu64 " (%.1f s)\n", sum->findings, now() - sum->began);
}

int sum_write(const struct sum *sum, const char *path)
{
    char temporary[512];
    int length = snprintf(temporary, sizeof temporary, "%s.new", path);
    FILE *file = length > 0 && (size_t)length < sizeof temporary ? fopen(temporary, "we") : NULL;
    if (file == NULL)
        return STATUS_IO;
    fprintf(file, "{\n  \"seeds\": %" PRIu64 ",\n  \"clients\": %" PRIu64 ",\n", sum->seeds, sum->clients);
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++)
        fprintf(file, "  \"%s\": %" PRIu64 ",\n", rows[at].name, figure_of(&sum->figures, at));
    fprintf(file, "  \"lost\": %" PRIu64 ",\n  \"findings\": %" PRIu64 ",\n  \"seconds\": %.1f\n}\n", sum->lost, sum->findings, now() - sum->began);
    bool written = ferror(file) == 0;
    written = fclose(file) == 0 && written;
    return written && rename(temporary, path) == 0 ? STATUS_OK : STATUS_IO;
}
