/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/confine.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <seccomp.h>

#include "proto/status.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CONFINE_FILTERED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define CONFINE_FILTERED 0
#endif
#endif
#ifndef CONFINE_FILTERED
#define CONFINE_FILTERED 1
#endif

/* Memory, time, threads that exist, signals to itself, the end: what any program of the C library needs. */
static const int calls_common[] = {
    SCMP_SYS(read),           SCMP_SYS(write),          SCMP_SYS(writev),          SCMP_SYS(close),
    SCMP_SYS(poll),           SCMP_SYS(ppoll),          SCMP_SYS(futex),           SCMP_SYS(brk),
    SCMP_SYS(mmap),           SCMP_SYS(munmap),         SCMP_SYS(mprotect),        SCMP_SYS(madvise),
    SCMP_SYS(mremap),         SCMP_SYS(mlock),          SCMP_SYS(munlock),         SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction),   SCMP_SYS(sigaltstack),     SCMP_SYS(restart_syscall),
    SCMP_SYS(nanosleep),      SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_gettime),  SCMP_SYS(gettimeofday),
    SCMP_SYS(sched_yield),    SCMP_SYS(sched_getaffinity), SCMP_SYS(getrandom),    SCMP_SYS(getpid),
    SCMP_SYS(gettid),         SCMP_SYS(tgkill),         SCMP_SYS(prctl),           SCMP_SYS(rseq),
    SCMP_SYS(set_robust_list), SCMP_SYS(exit),          SCMP_SYS(exit_group),      SCMP_SYS(fcntl),
    SCMP_SYS(getrusage),      SCMP_SYS(sysinfo),        SCMP_SYS(time),            SCMP_SYS(lseek),
    SCMP_SYS(fstat),          SCMP_SYS(recvfrom),       SCMP_SYS(sendto),          SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
};

/* libzmq on sockets that it made before; connections that it accepts. */
static const int calls_front[] = {
    SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl),   SCMP_SYS(accept4),     SCMP_SYS(accept),
    SCMP_SYS(setsockopt), SCMP_SYS(getsockopt),  SCMP_SYS(getpeername), SCMP_SYS(getsockname), SCMP_SYS(shutdown),
    SCMP_SYS(eventfd2),
};

/* LMDB on the files that it has open. No file is opened any more, no thread or process made. */
static const int calls_exchange[] = {
    SCMP_SYS(pread64),   SCMP_SYS(pwrite64),  SCMP_SYS(preadv), SCMP_SYS(pwritev),    SCMP_SYS(fdatasync), SCMP_SYS(fsync),
    SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(msync),  SCMP_SYS(newfstatat), SCMP_SYS(statfs),    SCMP_SYS(fstatfs),
};

static int confine_allow(scmp_filter_ctx filter, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
        /* A call that this architecture never had needs no rule. */
        if (error != 0 && error != -EDOM)
            return STATUS_IO;
    }
    return STATUS_OK;
}

static int confine_filter(const int *calls, size_t count)
{
    if (!CONFINE_FILTERED)
        return STATUS_OK;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EACCES));
    if (filter == NULL)
        return STATUS_NO_MEMORY;
    int status = STATUS_IO;
    if (seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
        confine_allow(filter, calls_common, sizeof calls_common / sizeof calls_common[0]) == STATUS_OK &&
        confine_allow(filter, calls, count) == STATUS_OK && seccomp_load(filter) == 0)
        status = STATUS_OK;
    seccomp_release(filter);
    return status;
}

int confine_start(int keep)
{
    struct rlimit none = {0, 0};
    if (close_range((unsigned)keep + 1, ~0u, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0 ||
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return STATUS_IO;
    return STATUS_OK;
}

int confine_front(void)
{
    return confine_filter(calls_front, sizeof calls_front / sizeof calls_front[0]);
}

int confine_exchange(void)
{
    return confine_filter(calls_exchange, sizeof calls_exchange / sizeof calls_exchange[0]);
}

int confine_planner(void)
{
    return confine_filter(NULL, 0);
}

int confine_memory(unsigned megabytes)
{
    /* A sanitizer reserves address space by the terabyte. */
    if (!CONFINE_FILTERED)
        return STATUS_OK;
    struct rlimit most = {(rlim_t)megabytes << 20, (rlim_t)megabytes << 20};
    return setrlimit(RLIMIT_AS, &most) == 0 ? STATUS_OK : STATUS_IO;
}
