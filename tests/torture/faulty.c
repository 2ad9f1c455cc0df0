/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/torture/faulty.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/status.h"

#define PROGRAM "/bin/musterd"
#define SHIM "/tests/torture/shim.so" /* beside bin/ */

static const char *const names[] = {"LD_PRELOAD", "SHIM_FILE", "SHIM_AT", "SHIM_HOW", "SHIM_ALWAYS", "SHIM_FIRED", "SHIM_RECORD"};

static void set(const char *name, const char *value)
{
    if (value != NULL)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

int faulty_set(const struct harness *harness, const struct faulty *faulty)
{
    char shim[HARNESS_PATH_MOST + sizeof SHIM], number[16];
    size_t length = strlen(harness->program);
    if (length < strlen(PROGRAM) || strcmp(harness->program + length - strlen(PROGRAM), PROGRAM) != 0)
        return STATUS_NOT_FOUND;
    snprintf(shim, sizeof shim, "%.*s" SHIM, (int)(length - strlen(PROGRAM)), harness->program);
    snprintf(number, sizeof number, "%u", faulty->at);
    set("LD_PRELOAD", shim);
    set("SHIM_FILE", "/data.mdb:/journal");
    set("SHIM_AT", number);
    set("SHIM_HOW", faulty->how);
    set("SHIM_ALWAYS", faulty->always ? "1" : NULL);
    set("SHIM_FIRED", faulty->fired);
    set("SHIM_RECORD", faulty->record);
    /* The shim stands before the sanitizer, and may; a process that may not be traced can't look for leaks, and would end with a code of its own. */
    set("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0");
    return STATUS_OK;
}

void faulty_clear(void)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
}

bool faulty_has_fired(const char *fired)
{
    struct stat about;
    return stat(fired, &about) == 0 && about.st_size > 0;
}
