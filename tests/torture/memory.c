/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/torture/memory.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/seam.h"
#include "proto/status.h"
#include "tests/torture/figures.h"
#include "tests/torture/memory_cases.h"
#include "tests/unit/patience.h"

#define SHIM "../torture/memory_shim.so" /* from the folder of the test's program */
#define RUN_SECONDS 60u                  /* one run may take so long */
#define LINE_MOST 256u

/* Sanitizers have allocators of their own, which no shim stands before. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static void *shim_function(const char *name)
{
    return dlsym(RTLD_DEFAULT, name);
}

/* A line for the parent: whatever happens next, it knows where. */
static void tell(const char *format, const char *name, const char *how, unsigned long at, const char *what)
{
    char line[LINE_MOST];
    int length = snprintf(line, sizeof line, format, name, how, at, what);
    ssize_t written = write(STDOUT_FILENO, line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
    (void)written;
}

/* Every step-th allocation of one case, until a run has none left. False after a finding. */
static bool run_case(const struct memory_case *one, unsigned step, bool always)
{
    memory_arm_function *arm = (memory_arm_function *)(uintptr_t)shim_function("memory_arm");
    memory_disarm_function *disarm = (memory_disarm_function *)(uintptr_t)shim_function("memory_disarm");
    const char *how = always ? "for ever" : "once";
    bool fired = true;
    for (unsigned long at = 1; fired; at += step) {
        const char *wrong = one->begin != NULL ? one->begin() : NULL;
        tell("case %s, %s, allocation %lu%s\n", one->name, how, at, "");
        alarm((unsigned)patience(RUN_SECONDS));
        arm(at, always);
        int status = wrong == NULL ? one->run() : STATUS_OK;
        fired = disarm();
        alarm(0);
        if (wrong == NULL && status != STATUS_OK && (!fired || status != STATUS_NO_MEMORY))
            wrong = status_name(status);
        if (wrong == NULL)
            wrong = one->judge(status);
        if (one->end != NULL)
            one->end();
        if (wrong != NULL) {
            tell("wrong in %s, %s, allocation %lu: %s\n", one->name, how, at, wrong);
            return false;
        }
    }
    return true;
}

static bool run_cases(const struct memory_case *cases, size_t count, unsigned step)
{
    bool good = true;
    for (size_t i = 0; i < count; i++)
        good = run_case(&cases[i], step, false) && run_case(&cases[i], step, true) && good;
    return good;
}

int memory_main(unsigned step)
{
    if (seam_start() != STATUS_OK || shim_function("memory_arm") == NULL)
        return EXIT_CODE_INTERNAL;
    bool good = run_cases(memory_parsers, memory_parser_count, step);
    good = run_cases(memory_stores, memory_store_count, step) && good;
    return good ? EXIT_CODE_DONE : EXIT_CODE_INPUT;
}

static void become(unsigned step, int out)
{
    char self[TORTURE_PATH_MOST], shim[TORTURE_PATH_MOST + sizeof SHIM], number[16];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0 || dup2(out, STDOUT_FILENO) < 0)
        _exit(EXIT_CODE_INTERNAL);
    self[length] = '\0';
    snprintf(number, sizeof number, "%u", step > 0 ? step : 1);
    snprintf(shim, sizeof shim, "%.*s/" SHIM, (int)(strrchr(self, '/') - self), self);
    setenv("LD_PRELOAD", shim, 1);
    execl(self, self, "--memory", number, (char *)NULL);
    _exit(EXIT_CODE_INTERNAL);
}

/* Counts the runs in which an allocation failed; notes findings. The last line of all stays in last. */
static void listen(struct torture *torture, FILE *in, char last[LINE_MOST])
{
    char line[LINE_MOST], before[LINE_MOST] = "";
    while (fgets(line, sizeof line, in) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "wrong ", 6) == 0) {
            torture_finding(torture, "memory: %s", line);
            continue;
        }
        snprintf(last, LINE_MOST, "%s", line);
        /* The last run of each case has nothing left that could fail. */
        torture->memory_faults += before[0] != '\0' && strncmp(before, line, strcspn(line, ",")) == 0 && strstr(line, "allocation 1") != line;
        snprintf(before, sizeof before, "%s", line);
    }
}

bool torture_memory(struct torture *torture, unsigned step)
{
    int ends[2], how = 0;
    char last[LINE_MOST] = "before the first run";
    uint64_t lost = torture->lost;
    if (SANITIZED) {
        torture_say(torture, "memory: left out, a sanitizer has its own allocator");
        return true;
    }
    if (pipe(ends) != 0)
        return torture_finding(torture, "memory: no pipe");
    pid_t child = fork();
    if (child == 0)
        become(step, ends[1]);
    close(ends[1]);
    FILE *in = fdopen(ends[0], "r");
    if (in != NULL) {
        listen(torture, in, last);
        fclose(in);
    }
    while (child > 0 && waitpid(child, &how, 0) < 0) {
    }
    if (child < 0 || WIFSIGNALED(how) || (WIFEXITED(how) && WEXITSTATUS(how) == EXIT_CODE_INTERNAL))
        return torture_finding(torture, "memory: the process ended with signal %d in: %s", WIFSIGNALED(how) ? WTERMSIG(how) : 0, last);
    torture_say(torture, "memory: %" PRIu64 " allocations failed", torture->memory_faults);
    return torture->lost == lost;
}
