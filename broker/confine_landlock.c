/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "broker/metrics.h"
#include "proto/status.h"

/*
 * Landlock by its system calls: the C library has no names for them, and Debian's kernel headers know an older version than many kernels. What
 * each version adds is from linux/landlock.h and the kernel's Documentation/userspace-api/landlock.rst.
 */

#define LANDLOCK_CREATE 444 /* the same numbers on every architecture */
#define LANDLOCK_ADD 445
#define LANDLOCK_RESTRICT 446
#define ASK_VERSION 1u
#define RULE_PATH_BENEATH 1
#define RULE_NET_PORT 2

#define FILES_FIRST 0x1fffu     /* version 1: execute, read, write, list, remove, make */
#define FILES_REFER 0x2000u     /* 2: link and rename between folders */
#define FILES_TRUNCATE 0x4000u  /* 3 */
#define FILES_DEVICES 0x8000u   /* 5: ioctl on devices */
#define FILES_EXECUTE 0x0001u
#define FILES_READ 0x0004u
#define NET_BIND_CONNECT 3u     /* 4: TCP */
#define SCOPE_ALL 3u            /* 6: abstract sockets and signals of others */

struct landlock_rules {
    uint64_t files;
    uint64_t net;   /* from version 4 on */
    uint64_t scope; /* from version 6 on */
};

struct landlock_path {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

struct landlock_port {
    uint64_t allowed;
    uint64_t port;
};

static size_t landlock_rules_of(int version, struct landlock_rules *rules)
{
    *rules = (struct landlock_rules){.files = FILES_FIRST};
    if (version >= 2)
        rules->files |= FILES_REFER;
    if (version >= 3)
        rules->files |= FILES_TRUNCATE;
    if (version >= 5)
        rules->files |= FILES_DEVICES;
    if (version >= 4)
        rules->net = NET_BIND_CONNECT;
    if (version >= 6)
        rules->scope = SCOPE_ALL;
    return version >= 6 ? sizeof *rules : version >= 4 ? offsetof(struct landlock_rules, scope) : offsetof(struct landlock_rules, net);
}

static int landlock_allow_path(int rules, const char *path, uint64_t allowed)
{
    struct landlock_path rule = {.allowed = allowed, .parent = open(path, O_PATH | O_CLOEXEC)};
    if (rule.parent < 0)
        return STATUS_IO;
    long added = syscall(LANDLOCK_ADD, rules, RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent);
    return added == 0 ? STATUS_OK : STATUS_IO;
}

int confine_landlock(const struct confine_allowed *allowed, int *version)
{
    struct landlock_rules rules;
    long known = syscall(LANDLOCK_CREATE, NULL, 0, ASK_VERSION);
    *version = known > 0 ? (int)known : 0;
    /* A kernel without it, or that was started without it: the other walls stand. */
    if (known <= 0)
        return STATUS_OK;
    size_t size = landlock_rules_of(*version, &rules);
    int fd = (int)syscall(LANDLOCK_CREATE, &rules, size, 0);
    if (fd < 0)
        return STATUS_IO;
    int status = STATUS_OK;
    if (allowed->folder != NULL)
        status = landlock_allow_path(fd, allowed->folder, rules.files & ~(uint64_t)FILES_EXECUTE);
    if (status == STATUS_OK && allowed->file != NULL)
        status = landlock_allow_path(fd, allowed->file, FILES_READ);
    if (status == STATUS_OK && allowed->port != 0 && rules.net != 0) {
        struct landlock_port rule = {rules.net, allowed->port};
        status = syscall(LANDLOCK_ADD, fd, RULE_NET_PORT, &rule, 0) == 0 ? STATUS_OK : STATUS_IO;
    }
    if (status == STATUS_OK && syscall(LANDLOCK_RESTRICT, fd, 0) != 0)
        status = STATUS_IO;
    close(fd);
    return status;
}

int confine_enclose(const struct confine_allowed *allowed)
{
    int version = 0;
    int status = confine_landlock(allowed, &version);
    metrics_write(status == STATUS_OK ? METRICS_INFO : METRICS_ERROR, "enclosed", "landlock=%d result=%s", version, status_name(status));
    return status;
}
