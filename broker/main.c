/* SPDX-License-Identifier: EUPL-1.2 */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "broker/config.h"
#include "broker/confine.h"
#include "broker/exchange_process.h"
#include "broker/init.h"
#include "broker/init_backup.h"
#include "broker/metrics.h"
#include "broker/pipe.h"
#include "broker/planner.h"
#include "broker/supervise.h"
#include "proto/seam.h"
#include "proto/status.h"
#include "proto/version.h"
#include "store/damage.h"

#define MEMORY_KEPT (32 << 20) /* bytes at the end of the heap that stay */
#define MEMORY_STEP (1 << 20)  /* bytes asked for at once; more in one piece is mapped and unmapped by itself */
#define DEFAULT_CONFIG "/etc/muster/musterd.conf"
#define PROGRAM "/proc/self/exe"

enum task { TASK_RUN, TASK_CHECK, TASK_REBUILD, TASK_VERIFY, TASK_BACKUP, TASK_INIT, TASK_RESTORE, TASK_NEW_RECOVERY, TASK_CHECK_BACKUP, TASK_ADMIT, TASK_NEW_KEYS, TASK_ROLE };

struct arguments {
    enum task task;
    const char *config;
    const char *role;
    const char *backup; /* to or from */
    struct init_options init;
};

static const char help_text[] =
    "musterd: the daemon of a Muster exchange\n"
    "\n"
    "  musterd -c FILE              run in the foreground; SIGTERM stops it\n"
    "  musterd -c FILE --check      look at configuration, keys and store; change nothing\n"
    "  musterd -c FILE --verify     hash the whole log again (daemon stopped or running)\n"
    "  musterd -c FILE --rebuild    make the tables again from the log (daemon stopped)\n"
    "  musterd -c FILE --backup TO  write the log, sealed to the recovery key, into the new file TO (daemon stopped or running)\n"
    "  musterd -c FILE --new-recovery-key KEY\n"
    "                               make a recovery key where the exchange has none; keep KEY offline\n"
    "  musterd --check-backup FILE --recovery KEY\n"
    "                               read all of a backup and say whether it is whole\n"
    "  musterd -c FILE --admit-coordinator KEYS\n"
    "                               let a coordinator in whose public keys KEYS holds; all see it (daemon stopped)\n"
    "  musterd -c FILE --new-keys   replace signing, box and front key (daemon stopped)\n"
    "  musterd --init DIR --coordinator FILE --origin NAME --address tcp://HOST:PORT\n"
    "                               make a new exchange; FILE holds the first coordinator's public keys\n"
    "  musterd --restore FILE DIR --recovery KEY --address tcp://HOST:PORT\n"
    "                               bring a backup back as a new exchange with new keys and another origin\n"
    "  musterd --version, --help\n"
    "\n"
    "  --recovery KEY               where --init puts the recovery key (default recovery.key in DIR), and what opens a backup\n"
    "  -c, --config FILE            default " DEFAULT_CONFIG "\n"
    "  --test-clock file:PATH       with --init and --restore: a clock that a test sets; never for real use\n"
    "\n"
    "Exit codes: 0 stopped, 64 usage, 65 wrong input, 70 internal, 74 storage or log can't be trusted, 75 try again, 77 not allowed.\n"
    "See musterd(8) and musterd.conf(5).\n";

enum option_code { OPTION_CHECK = 256, OPTION_REBUILD, OPTION_VERIFY, OPTION_BACKUP, OPTION_INIT, OPTION_RESTORE, OPTION_ADMIT, OPTION_NEW_KEYS, OPTION_COORDINATOR,
                   OPTION_RECOVERY, OPTION_NEW_RECOVERY, OPTION_CHECK_BACKUP,
                   OPTION_ORIGIN, OPTION_ADDRESS, OPTION_TEST_CLOCK, OPTION_ROLE, OPTION_VERSION, OPTION_HELP };

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"rebuild", no_argument, NULL, OPTION_REBUILD},
    {"verify", no_argument, NULL, OPTION_VERIFY},
    {"backup", required_argument, NULL, OPTION_BACKUP},
    {"recovery", required_argument, NULL, OPTION_RECOVERY},
    {"new-recovery-key", required_argument, NULL, OPTION_NEW_RECOVERY},
    {"check-backup", required_argument, NULL, OPTION_CHECK_BACKUP},
    {"init", required_argument, NULL, OPTION_INIT},
    {"restore", required_argument, NULL, OPTION_RESTORE},
    {"admit-coordinator", required_argument, NULL, OPTION_ADMIT},
    {"new-keys", no_argument, NULL, OPTION_NEW_KEYS},
    {"coordinator", required_argument, NULL, OPTION_COORDINATOR},
    {"origin", required_argument, NULL, OPTION_ORIGIN},
    {"address", required_argument, NULL, OPTION_ADDRESS},
    {"test-clock", required_argument, NULL, OPTION_TEST_CLOCK},
    {"role", required_argument, NULL, OPTION_ROLE},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static int main_usage(const char *problem)
{
    fprintf(stderr, "musterd: %s\nTry: musterd --help\n", problem);
    return EXIT_CODE_USAGE;
}

/* Letters at the beginning that two names share, less one for each that differs in length: enough to tell long options apart. */
static int main_likeness(const char *left, const char *right)
{
    size_t same = 0;
    while (left[same] != '\0' && left[same] == right[same])
        same++;
    size_t one = strlen(left), other = strlen(right);
    return (int)same * 2 - (int)(one > other ? one - other : other - one);
}

/* An option that is not known, or lacks its value, with the nearest one there is. */
static void main_unknown(const char *word)
{
    char problem[256];
    const char *name = word + strspn(word, "-"), *nearest = NULL;
    int best = 0;
    for (const struct option *each = options; each->name != NULL; each++) {
        int likeness = main_likeness(name, each->name);
        if (strcmp(name, each->name) == 0) {
            snprintf(problem, sizeof problem, "--%s lacks its value", each->name);
            main_usage(problem);
            return;
        }
        if (each->val != OPTION_ROLE && likeness > best) {
            best = likeness;
            nearest = each->name;
        }
    }
    if (nearest != NULL)
        snprintf(problem, sizeof problem, "no option '%.100s'. Nearest: --%s", word, nearest);
    else
        snprintf(problem, sizeof problem, "no option '%.100s'", word);
    main_usage(problem);
}

/* Sets the one task; false where there is one already. */
static bool main_choose(struct arguments *arguments, enum task task)
{
    bool first = arguments->task == TASK_RUN;
    arguments->task = task;
    return first;
}

/* Takes one option; false where it ends with *code. */
static bool main_option(struct arguments *arguments, int option, int *code)
{
    bool fits = true;
    *code = EXIT_CODE_USAGE;
    switch (option) {
    case 'c': arguments->config = optarg; break;
    case OPTION_CHECK: fits = main_choose(arguments, TASK_CHECK); break;
    case OPTION_REBUILD: fits = main_choose(arguments, TASK_REBUILD); break;
    case OPTION_VERIFY: fits = main_choose(arguments, TASK_VERIFY); break;
    case OPTION_BACKUP: fits = main_choose(arguments, TASK_BACKUP); arguments->backup = optarg; break;
    case OPTION_RECOVERY: arguments->init.recovery = optarg; break;
    case OPTION_NEW_RECOVERY: fits = main_choose(arguments, TASK_NEW_RECOVERY); arguments->backup = optarg; break;
    case OPTION_CHECK_BACKUP: fits = main_choose(arguments, TASK_CHECK_BACKUP); arguments->backup = optarg; break;
    case OPTION_INIT: fits = main_choose(arguments, TASK_INIT); arguments->init.directory = optarg; break;
    case OPTION_RESTORE: fits = main_choose(arguments, TASK_RESTORE); arguments->backup = optarg; break;
    case OPTION_ADMIT: fits = main_choose(arguments, TASK_ADMIT); arguments->init.coordinator = optarg; break;
    case OPTION_NEW_KEYS: fits = main_choose(arguments, TASK_NEW_KEYS); break;
    case OPTION_COORDINATOR: arguments->init.coordinator = optarg; break;
    case OPTION_ORIGIN: arguments->init.origin = optarg; break;
    case OPTION_ADDRESS: arguments->init.address = optarg; break;
    case OPTION_TEST_CLOCK: arguments->init.test_clock = optarg; break;
    case OPTION_ROLE: fits = main_choose(arguments, TASK_ROLE); arguments->role = optarg; break;
    case OPTION_VERSION:
        printf("musterd %s\n", MUSTER_VERSION);
        *code = EXIT_CODE_DONE;
        return false;
    case OPTION_HELP:
        fputs(help_text, stdout);
        *code = EXIT_CODE_DONE;
        return false;
    default:
        return false; /* told by main_unknown */
    }
    if (!fits)
        main_usage("one task at a time");
    return fits;
}

static bool main_arguments(int count, char **values, struct arguments *arguments, int *code)
{
    *arguments = (struct arguments){.config = DEFAULT_CONFIG};
    int option;
    opterr = 0;
    while ((option = getopt_long(count, values, "c:", options, NULL)) != -1)
        if (!main_option(arguments, option, code)) {
            if (option == '?')
                main_unknown(values[optind - 1]);
            return false;
        }
    if (arguments->task == TASK_RESTORE && optind + 1 == count)
        arguments->init.directory = values[optind++];
    *code = EXIT_CODE_USAGE;
    bool init = arguments->task == TASK_INIT;
    bool lacks = (init && (arguments->init.coordinator == NULL || arguments->init.origin == NULL)) ||
                 ((init || arguments->task == TASK_RESTORE) &&
                  (arguments->init.address == NULL || arguments->init.directory == NULL));
    bool opens = arguments->task == TASK_RESTORE || arguments->task == TASK_CHECK_BACKUP;
    if (optind != count)
        main_usage("an argument is one too many");
    else if (opens && arguments->init.recovery == NULL)
        main_usage("a backup is opened by the recovery key: --recovery KEY");
    else if (lacks)
        main_usage("--init needs DIR, --coordinator, --origin and --address; --restore needs FILE, DIR, --recovery and --address");
    else
        return true;
    return false;
}

/* Descriptors for the connections that the configuration allows, where the system lets us. */
static void main_raise_descriptors(const struct config *config)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 3 * (rlim_t)config->connections)
        metrics_write(METRICS_WARNING, "few-descriptors", "limit=%llu connections=%u", (unsigned long long)limit.rlim_cur,
                      config->connections);
}

static enum metrics_level main_level(const struct config *config)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    for (unsigned i = 0; i < 4; i++)
        if (strcmp(config->level, names[i]) == 0)
            return i;
    return METRICS_INFO;
}

/*
 * A batch takes and gives back megabytes: handed to the kernel each time, they cost more in page faults than all else that is done with
 * them. What is kept is bounded by what one batch took.
 */
static void main_keep_memory(void)
{
    mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT);
    mallopt(M_TOP_PAD, MEMORY_STEP);
    mallopt(M_MMAP_THRESHOLD, MEMORY_STEP);
}

static int main_enclose_front(uint16_t port)
{
    const struct confine_allowed allowed = {.port = port};
    return confine_enclose(&allowed);
}

static int main_role(const struct arguments *arguments)
{
    struct config config;
    char problem[CONFIG_TEXT_MOST + 512];
    char quoted[METRICS_LINE_MOST];
    bool front = strcmp(arguments->role, "front") == 0;
    if (confine_start(front ? SUPERVISE_RECORD_FD : SUPERVISE_FD) != STATUS_OK)
        return EXIT_CODE_INTERNAL;
    metrics_open(arguments->role, METRICS_INFO);
    if (config_read(arguments->config, &config, problem, sizeof problem) != STATUS_OK) {
        metrics_write(METRICS_ERROR, "configuration", "problem=%s", metrics_quote(quoted, sizeof quoted, problem));
        return EXIT_CODE_INPUT;
    }
    metrics_open(arguments->role, main_level(&config));
    if (seam_start() != STATUS_OK)
        return EXIT_CODE_INTERNAL;
    main_keep_memory();
    if (front) {
        main_raise_descriptors(&config);
        return front_run(&config, SUPERVISE_FD, SUPERVISE_RECORD_FD, main_enclose_front, confine_front);
    }
    if (strcmp(arguments->role, "exchange") == 0)
        return exchange_process_run(&config, SUPERVISE_FD);
    if (strcmp(arguments->role, "planner") != 0)
        return EXIT_CODE_USAGE;
    confine_memory(config.planner_memory_megabytes);
    return planner_run(&config, SUPERVISE_FD);
}

/* A task at the shell was led astray by the store's file. */
static void main_damaged(uint64_t at)
{
    char text[160];
    int length = at == STORE_DAMAGE_ANYWHERE
                     ? snprintf(text, sizeof text, "musterd: the store's file is damaged: a page of it points nowhere\n")
                     : snprintf(text, sizeof text, "musterd: the store's file is damaged: a page of it points to byte %llu\n", (unsigned long long)at);
    ssize_t written = write(STDERR_FILENO, text, (size_t)length);
    (void)written;
    _exit(EXIT_CODE_IO);
}

static int main_task(const struct arguments *arguments)
{
    struct config config;
    char problem[CONFIG_TEXT_MOST + 512];
    store_watch_damage(main_damaged);
    if (seam_start() != STATUS_OK)
        return EXIT_CODE_INTERNAL;
    if (arguments->task == TASK_INIT)
        return init_create(&arguments->init);
    if (arguments->task == TASK_RESTORE)
        return init_restore(arguments->backup, &arguments->init);
    if (arguments->task == TASK_CHECK_BACKUP)
        return init_check_backup(arguments->backup, arguments->init.recovery);
    if (config_read(arguments->config, &config, problem, sizeof problem) != STATUS_OK) {
        fprintf(stderr, "musterd: %s\n", problem);
        return EXIT_CODE_INPUT;
    }
    switch (arguments->task) {
    case TASK_CHECK:
        return init_check(&config);
    case TASK_REBUILD:
        return init_rebuild(&config);
    case TASK_VERIFY:
        return init_verify(&config);
    case TASK_ADMIT:
        return init_admit_coordinator(&config, arguments->init.coordinator);
    case TASK_NEW_KEYS:
        return init_new_keys(&config);
    case TASK_NEW_RECOVERY:
        return backup_make_key(config.directory, arguments->backup);
    default:
        return init_backup(&config, arguments->backup);
    }
}

int main(int count, char **values)
{
    struct arguments arguments;
    int code = EXIT_CODE_DONE;
    signal(SIGPIPE, SIG_IGN);
    if (!main_arguments(count, values, &arguments, &code))
        return code;
    if (arguments.task == TASK_ROLE)
        return main_role(&arguments);
    /* The parent has no parser: each child reads the configuration itself. */
    if (arguments.task == TASK_RUN && access(arguments.config, R_OK) != 0) {
        fprintf(stderr, "musterd: %s can't be read: %s\nMake an exchange with: musterd --init, or name its file: musterd -c FILE\n", arguments.config, strerror(errno));
        return EXIT_CODE_INPUT;
    }
    if (arguments.task == TASK_RUN)
        return supervise_run(PROGRAM, arguments.config);
    return main_task(&arguments);
}
