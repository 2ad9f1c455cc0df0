/* SPDX-License-Identifier: EUPL-1.2 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients/muster/commands.h"
#include "clients/muster/complain.h"
#include "clients/muster/introduce.h"
#include "proto/status.h"

/*
 * A new exchange and its first coordinator: the coordinator's keys are made here, in its own profile; musterd makes the exchange from
 * their public halves and hands back its own.
 */

#define DEFAULT_ADDRESS "tcp://127.0.0.1:7447"
#define DEFAULT_PARTY "coordinator"

/* musterd, beside this program, in the sbin beside its bin, or in the PATH. */
static const char *find_musterd(struct context *context)
{
    char own[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    if (length > 0) {
        own[length] = '\0';
        char *slash = strrchr(own, '/');
        static const char *const places[] = {"musterd", "../sbin/musterd"};
        for (size_t i = 0; slash && i < sizeof places / sizeof places[0]; i++) {
            const char *beside = arena_format(&context->arena, "%.*s/%s", (int)(slash - own), own, places[i]);
            if (beside && access(beside, X_OK) == 0) {
                return beside;
            }
        }
    }
    return "musterd";
}

/* Runs musterd --init and waits. What it reports is told here in a person's words; only its complaints are shown. Exit code. */
static int run_musterd(char *const *arguments)
{
    pid_t child = fork();
    if (child < 0) {
        return complain(EXIT_CODE_INTERNAL, "musterd can't be started: %s. Nothing was made.", strerror(errno));
    }
    if (child == 0) {
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(nowhere >= 0 ? nowhere : STDERR_FILENO, STDOUT_FILENO);
        execvp(arguments[0], arguments);
        _exit(127);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        return complain(EXIT_CODE_INTERNAL, "musterd is not beside muster, and not in your PATH. Nothing was made.\nInstall it: the exchange runs on this machine.");
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_CODE_INTERNAL;
}

static const char *or_default(const char *value, const char *fallback)
{
    return value ? value : fallback;
}

/* "tcp://muster.example:7447" gives "muster.example/log". */
static const char *origin_of(struct context *context, const char *address)
{
    const char *host = strstr(address, "://");
    host = host ? host + 3 : address;
    const char *colon = strrchr(host, ':');
    size_t length = colon ? (size_t)(colon - host) : strlen(host);
    return arena_format(&context->arena, "%.*s/log", (int)length, host);
}

static int found(struct context *context, const char *directory, const struct identity_keys *keys, struct profile *profile, const char *party)
{
    char introduction[FILES_PATH_MOST];
    int code = introduce_write(context, profile, keys, party, introduction);
    if (code) {
        return code;
    }
    const char *address = or_default(context->value[OPTION_ADDRESS], DEFAULT_ADDRESS);
    const char *origin = context->value[OPTION_ORIGIN] ? context->value[OPTION_ORIGIN] : origin_of(context, address);
    const char *clock = context->value[OPTION_TEST_CLOCK];
    const char *const arguments[] = {find_musterd(context), "--init", directory, "--coordinator", introduction, "--address", address, "--origin", origin,
                                     clock ? "--test-clock" : NULL, clock, NULL};
    return run_musterd((char *const *)(uintptr_t)arguments);
}

static int make(struct context *context, const char *directory, struct profile *profile, const char *party)
{
    struct identity_keys keys;
    char public_file[FILES_PATH_MOST];
    bool fresh;
    int code = identity_make(context, profile, false, &keys, &fresh);
    if (code) {
        return code;
    }
    code = found(context, directory, &keys, profile, party);
    identity_drop(&keys);
    /* Keys of an exchange that did not come about would meet the next attempt, and ask it for a passphrase that nobody remembers. */
    if (code && fresh) {
        introduce_undo(profile);
    }
    if (!code && files_path(public_file, directory, "exchange.pub", NULL) != STATUS_OK) {
        code = complain_file("read", directory);
    }
    /* Both halves were made on this machine. */
    return code ? code : introduce_take(context, public_file, party, true, profile);
}

int init_run(struct context *context, int count, char **words)
{
    struct profile profile;
    (void)count;
    const char *party = or_default(context->value[OPTION_PARTY], DEFAULT_PARTY);
    const char *name = or_default(context->value[OPTION_AS], party);
    int status = profile_name(name, &profile);
    if (status == STATUS_EXISTS) {
        return complain(EXIT_CODE_INPUT, "%s is a party of another exchange here. Nothing was made.\nKeep both: muster init --as NAME", name);
    }
    if (status != STATUS_OK) {
        return complain(EXIT_CODE_USAGE, "'%s' is no form of a profile's name, or there is no home folder. Nothing was made.", name);
    }
    int code = introduce_check(context, party);
    code = code ? code : make(context, words[0], &profile, party);
    if (code) {
        return code;
    }
    if (!output_value(&context->output, json_pack("{s:s, s:s, s:s, s:s, s:s}", "origin", profile.log_key.name, "address", profile.address, "vkey", profile.vkey, "party", party,
                                                  "profile", profile.name))) {
        output_wrap(&context->output, "Made %s in %s. You are its coordinator, as %s.", profile.log_key.name, words[0], profile.name);
        output_wrap(&context->output, "Its log's key, which you may publish: %s", profile.vkey);
        output_wrap(&context->output, "Its recovery key lies in %s/recovery.key: move it to a medium that you keep offline. It alone opens backups, and without it they are lost.", words[0]);
        output_wrap(&context->output, "Next: musterd -c %s/musterd.conf; then muster party invite PARTY --role ROLE --country CODE", words[0]);
    }
    return EXIT_CODE_DONE;
}
