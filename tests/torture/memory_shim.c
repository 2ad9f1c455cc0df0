/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Memory that runs out, to be preloaded (LD_PRELOAD): once memory_arm() was called, the n-th allocation of any library, or all from it on,
 * fail. The program finds memory_arm() and memory_disarm() with dlsym(). tests/torture/memory.h has their types.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "tests/torture/memory.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static unsigned long fails_at, calls;
static bool armed, for_ever, fired;

memory_arm_function memory_arm;
memory_disarm_function memory_disarm;

void memory_arm(unsigned long at, bool always)
{
    __atomic_store_n(&calls, 0, __ATOMIC_SEQ_CST);
    fails_at = at;
    for_ever = always;
    fired = false;
    __atomic_store_n(&armed, true, __ATOMIC_SEQ_CST);
}

bool memory_disarm(void)
{
    __atomic_store_n(&armed, false, __ATOMIC_SEQ_CST);
    return fired;
}

static bool fails(void)
{
    if (!__atomic_load_n(&armed, __ATOMIC_SEQ_CST))
        return false;
    unsigned long call = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
    if (call != fails_at && !(for_ever && call > fails_at))
        return false;
    fired = true;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return fails() ? NULL : __libc_realloc(memory, size);
}
