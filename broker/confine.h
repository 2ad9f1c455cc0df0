/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_CONFINE_H
#define BROKER_CONFINE_H

#include <stdint.h>

/*
 * What each process gives up. At its start, before any library starts: descriptors it was not given, new privileges,
 * core dumps, being traced, outliving its parent. Before its first thread: by Landlock, files and ports that are not its own. After its files and
 * sockets are open: all system calls but those that it needs (seccomp, an allow list, on all its threads; any other fails with EACCES, since the C
 * library tries some late and lives without them). Builds with a sanitizer, whose own calls are others, leave the filter out.
 */

/*
 * Gives up what no role needs. keep: the highest descriptor to keep (those above are closed). STATUS_OK, STATUS_IO.
 */
int confine_start(int keep);

/* What Landlock leaves a process. */
struct confine_allowed {
    const char *folder; /* to read and change what lies in it; NULL: none */
    const char *file;   /* to read; NULL: none */
    uint16_t port;      /* to bind to and to connect to by TCP, where the kernel can tell (version 4); 0: none */
};

/*
 * Landlock, where the kernel has it: from here on this thread and those it makes open no other file and, where the kernel can tell, bind or
 * connect to no other TCP port. So it comes before any thread is started. *version: of the kernel's Landlock, 0: it has none, and nothing was
 * done. STATUS_OK, STATUS_IO.
 */
int confine_landlock(const struct confine_allowed *allowed, int *version);

/* The same, and says so in the log. */
int confine_enclose(const struct confine_allowed *allowed);

/* The front: no file opened, no process made, no socket but those that libzmq accepts. After its threads have started.
 * STATUS_OK, STATUS_IO. */
int confine_front(void);

/* The exchange: no file opened, no socket, thread or process made. After its store is open and its threads have started. */
int confine_exchange(void);

/* The planner: reads and writes its pipe, computes, allocates. */
int confine_planner(void);

/* Most memory that this process may map. megabytes: of address space. STATUS_OK, STATUS_IO. */
int confine_memory(unsigned megabytes);

#endif
