/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/simulate/mutate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/metrics.h"
#include "tests/simulate/canary.h"
#include "tests/simulate/run.h"

static const char *const names[] = {"none"};

static const char *chosen;

bool mutate_choose(const char *name)
{
    chosen = NULL;
    for (size_t at = 0; name != NULL && at < sizeof names / sizeof names[0]; at++)
        if (strcmp(names[at], name) == 0)
            chosen = names[at];
    return name == NULL || chosen != NULL;
}

void mutate_list(void)
{
    for (size_t at = 0; at < sizeof names / sizeof names[0]; at++)
        puts(names[at]);
}

/* --- the operator's lines -------------------------------------------------------------------------------------- */

void __wrap_metrics_write(enum metrics_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* They go to the trace, and are looked at for what is sealed. */
void __wrap_metrics_write(enum metrics_level level, const char *event, const char *format, ...)
{
    char line[METRICS_LINE_MOST];
    va_list arguments;
    (void)level;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (run_current == NULL)
        return;
    canary_look_in_line(run_current, line);
    run_note(run_current, "log: %s %s", event, line);
}

/* --- what would only take time --------------------------------------------------------------------------------- */

void *__wrap_sodium_malloc(size_t size);
void __wrap_sodium_free(void *memory);

/* Guarded pages keep keys from other processes; here is none, and a run makes thousands. */
void *__wrap_sodium_malloc(size_t size)
{
    return calloc(1, size == 0 ? 1 : size);
}

void __wrap_sodium_free(void *memory)
{
    free(memory);
}
