/* SPDX-License-Identifier: EUPL-1.2 */
/* LMDB trusts every page that it reads: what a damaged one leads to is caught here and told from a fault of the program. */
#include "store/damage.h"

#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <ucontext.h>
#include <unistd.h>

#include <lmdb.h>

#include "store/inside.h"

#define RANGES_MOST 16u

struct range {
    uintptr_t from, to;
};

static struct {
    store_damaged *told;
    struct range code;                /* LMDB's own */
    struct range maps[RANGES_MOST];   /* of stores that are open */
    struct sigaction before[NSIG];
    int mappings;                     /* /proc/self/maps, opened before the process confines itself */
    pthread_mutex_t lock;
} watch = {.mappings = -1, .lock = PTHREAD_MUTEX_INITIALIZER};

static bool lies_in(uintptr_t at, const struct range *range)
{
    return at >= range->from && at < range->to;
}

static uintptr_t code_of(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)context->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

static void damage_fault(int signal, siginfo_t *about, void *context)
{
    uintptr_t at = (uintptr_t)about->si_addr;
    for (size_t i = 0; i < RANGES_MOST; i++) {
        if (lies_in(at, &watch.maps[i])) {
            watch.told(at - watch.maps[i].from);
        }
    }
    if (lies_in(code_of(context), &watch.code)) {
        watch.told(STORE_DAMAGE_ANYWHERE);
    }
    /* Something else: the same again, under whatever was there before. */
    sigaction(signal, &watch.before[signal], NULL);
}

/* The program's part that LMDB's code lies in. */
static int find_code(struct dl_phdr_info *about, size_t size, void *data)
{
    (void)size;
    uintptr_t wanted = (uintptr_t)data;
    for (unsigned i = 0; i < about->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &about->dlpi_phdr[i];
        const struct range range = {about->dlpi_addr + part->p_vaddr, about->dlpi_addr + part->p_vaddr + part->p_memsz};
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) && lies_in(wanted, &range)) {
            watch.code = range;
            return 1;
        }
    }
    return 0;
}

void store_watch_damage(store_damaged *told)
{
    struct sigaction action = {.sa_sigaction = damage_fault, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    watch.told = told;
    watch.mappings = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    dl_iterate_phdr(find_code, (void *)(uintptr_t)mdb_get);
    sigaction(SIGSEGV, &action, &watch.before[SIGSEGV]);
    sigaction(SIGBUS, &action, &watch.before[SIGBUS]);
}

static void damage_assertion(MDB_env *env, const char *message)
{
    (void)env;
    (void)message;
    if (watch.told) {
        watch.told(STORE_DAMAGE_ANYWHERE);
    }
}

/* Where the store's file is mapped: LMDB does not say. */
static struct range find_map(const struct store *store)
{
    struct range range = {0};
    struct stat file;
    int fd = -1, own = -1;
    char line[512];
    if (watch.mappings < 0 || mdb_env_get_fd(store->env, &fd) != MDB_SUCCESS || fstat(fd, &file) != 0 ||
        lseek(watch.mappings, 0, SEEK_SET) != 0 || (own = fcntl(watch.mappings, F_DUPFD_CLOEXEC, 0)) < 0) {
        return range;
    }
    FILE *maps = fdopen(own, "r");
    while (maps && !range.to && fgets(line, sizeof line, maps)) {
        unsigned long from = 0, to = 0, inode = 0;
        unsigned major_number = 0, minor_number = 0;
        if (sscanf(line, "%lx-%lx %*s %*x %x:%x %lu", &from, &to, &major_number, &minor_number, &inode) == 5 && inode == file.st_ino &&
            makedev(major_number, minor_number) == file.st_dev) {
            range = (struct range){from, to};
        }
    }
    if (maps) {
        fclose(maps);
    } else {
        close(own);
    }
    return range;
}

void damage_map_add(struct store *store)
{
    struct range range = watch.told ? find_map(store) : (struct range){0};
    if (!range.to || mdb_env_set_assert(store->env, damage_assertion) != MDB_SUCCESS) {
        return;
    }
    store->map = range.from;
    pthread_mutex_lock(&watch.lock);
    for (size_t i = 0; i < RANGES_MOST; i++) {
        if (!watch.maps[i].to) {
            watch.maps[i] = range;
            break;
        }
    }
    pthread_mutex_unlock(&watch.lock);
}

void damage_map_remove(const struct store *store)
{
    pthread_mutex_lock(&watch.lock);
    for (size_t i = 0; i < RANGES_MOST; i++) {
        if (watch.maps[i].to && watch.maps[i].from == store->map) {
            watch.maps[i] = (struct range){0};
        }
    }
    pthread_mutex_unlock(&watch.lock);
}
