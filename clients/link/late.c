/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/link/late.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define LIBRARY "libzmq.so.5" /* the binary interface of every 4.x release, which the header is of */

static struct late_zmq functions;
static bool whole;

/* POSIX lets an object pointer that dlsym returns stand for a function; ISO C has no cast for it, so its bytes are copied. */
static bool find(void *library, const char *name, void *function)
{
    void *found = dlsym(library, name);
    memcpy(function, &found, sizeof found);
    return found != NULL;
}

static void load(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    whole = library != NULL;
#define LATE_FIND(name) whole = whole && find(library, "zmq_" #name, &functions.name);
    LATE_ZMQ_FUNCTIONS(LATE_FIND)
#undef LATE_FIND
}

const struct late_zmq *late_zmq(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return whole ? &functions : NULL;
}
