/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/plan.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/match/export_lp.h"
#include "clients/muster/complain.h"
#include "clients/muster/plan_work.h"
#include "clients/muster/suggest.h"
#include "proto/cell.h"
#include "proto/status.h"

#define THREADS_MOST 256u
#define BUDGET_MOST 86400u /* seconds: a day */

enum { KEY_JSON = 'j', KEY_EXPLAIN = 'e', KEY_VERBOSE = 'v', KEY_PROVE = 256, KEY_THREADS, KEY_BUDGET, KEY_THEN, KEY_SET,
       KEY_WITHOUT, KEY_COMPARE, KEY_EXPORT_LP, KEY_SCREEN };

static const struct argp_option options[] = {
    {"json", KEY_JSON, NULL, 0, "print the plan as JSON, nothing else", 0},
    {"explain", KEY_EXPLAIN, NULL, 0, "why each demand is not covered and each offer not used, with changes that were tried; minutes for a large lot, Ctrl-C prints what is explained by then", 0},
    {"prove", KEY_PROVE, NULL, 0, "spend a larger budget of nodes on proving that no plan is better", 0},
    {"threads", KEY_THREADS, "N", 0, "threads to plan with (as many as processors); the plan is the same", 0},
    {"budget", KEY_BUDGET, "TIME", 0, "go on improving for so long, as 10s or 2m; the plan then depends on the machine", 0},
    {"verbose", KEY_VERBOSE, NULL, 0, "a line a second on how far it is, and what each pass did", 0},
    {"then", KEY_THEN, "FOLDER", 0, "plan a second scenario, a change of the first, and time both", 0},
    {"set", KEY_SET, "KEY=VALUE", 0, "plan under this policy entry, for all lots; may be repeated", 0},
    {"without", KEY_WITHOUT, "ID", 0, "leave out a supplier, country, demand or offer; may be repeated", 0},
    {"compare", KEY_COMPARE, NULL, 0, "each --set and --without beside the plan as it stands", 0},
    {"export-lp", KEY_EXPORT_LP, "FILE", 0, "write the exact model in CPLEX LP format, for any solver", 0},
    {"screen", KEY_SCREEN, NULL, 0, "print as on a screen, also into a file or pipe", 0},
    {0},
};

/* "10s", "2m", "10" in nanoseconds. */
static int read_budget(const char *text, uint64_t *nanoseconds)
{
    char *copy = strdup(text);
    if (!copy) {
        return STATUS_NO_MEMORY;
    }
    size_t length = strlen(copy);
    uint64_t scale = 1, value;
    if (length > 0 && (copy[length - 1] == 's' || copy[length - 1] == 'm')) {
        scale = copy[length - 1] == 'm' ? 60 : 1;
        copy[length - 1] = '\0';
    }
    bool good = cell_whole(copy, 1, BUDGET_MOST / scale, &value);
    free(copy);
    if (good) {
        *nanoseconds = value * scale * UINT64_C(1000000000);
    }
    return good ? STATUS_OK : STATUS_INVALID;
}

static void read_change(struct plan_request *request, int key, char *text, struct argp_state *state)
{
    if (request->set_count + request->without_count == PLAN_CHANGES_MOST) {
        argp_error(state, "at most %d of --set and --without together", PLAN_CHANGES_MOST);
    } else if (key == KEY_WITHOUT) {
        request->without[request->without_count++] = text;
    } else if (strchr(text, '=')) {
        request->sets[request->set_count++] = text;
    } else {
        argp_error(state, "--set needs KEY=VALUE, as --set min_nations=3");
    }
}

static error_t read_option(int key, char *text, struct argp_state *state)
{
    struct plan_request *request = state->input;
    uint64_t number;
    switch (key) {
    case KEY_JSON: request->json = true; return 0;
    case KEY_EXPLAIN: request->explain = true; return 0;
    case KEY_PROVE: request->prove = true; return 0;
    case KEY_VERBOSE: request->verbose = true; return 0;
    case KEY_COMPARE: request->compare = true; return 0;
    case KEY_SCREEN: request->screen = true; return 0;
    case KEY_THEN: request->then = text; return 0;
    case KEY_EXPORT_LP: request->export_lp = text; return 0;
    case KEY_THREADS:
        if (!cell_whole(text, 1, THREADS_MOST, &number)) {
            argp_error(state, "--threads needs a number from 1 to %u", THREADS_MOST);
        }
        request->threads = (uint32_t)number;
        return 0;
    case KEY_BUDGET:
        if (read_budget(text, &request->budget)) {
            argp_error(state, "--budget needs a time up to a day, as 10s or 2m");
        }
        return 0;
    case KEY_SET:
    case KEY_WITHOUT:
        read_change(request, key, text, state);
        return 0;
    case ARGP_KEY_ARG:
        if (request->folder) {
            argp_error(state, "one folder only; a second goes with --then");
        }
        request->folder = text;
        return 0;
    case ARGP_KEY_END:
        if (!request->folder) {
            argp_error(state, "name the scenario's folder");
        }
        if (request->compare && request->then) {
            argp_error(state, "--compare and --then exclude each other");
        }
        if (request->export_lp && (request->compare || request->then)) {
            argp_error(state, "--export-lp writes the model of one scenario: without --compare and --then");
        }
        if (request->explain && request->compare) {
            argp_error(state, "--explain is of one plan: without --compare");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int print_failed(int status)
{
    if (status == STATUS_NO_MEMORY) {
        return complain_memory();
    }
    return complain_file("write", "standard output");
}

static int print_result(const struct plan_request *request, const struct plan_result *result, struct arena *arena)
{
    int status = request->json ? plan_print_json(result, stdout) : plan_print_table(request, result, arena);
    if (!status && fflush(stdout) != 0) {
        status = STATUS_IO;
    }
    if (status) {
        return print_failed(status);
    }
    if (result->explained < result->to_explain) {
        advise("Stopped: %zu of %zu demands and offers are explained. The %zu left out: demands keep the reason that planning found, without what would help; offers have none.",
               result->explained, result->to_explain, result->to_explain - result->explained);
        return EXIT_CODE_INTERRUPTED;
    }
    if (result->interrupted) {
        advise("Stopped: the best plan so far. It is valid and its bound holds; with more time it may be better.");
        return EXIT_CODE_INTERRUPTED;
    }
    return EXIT_CODE_DONE;
}

/* Writes the exact model where --export-lp names a file. */
static int export_model(const struct plan_request *request, const struct plan_result *result, struct arena *arena)
{
    if (!request->export_lp) {
        return EXIT_CODE_DONE;
    }
    FILE *out = fopen(request->export_lp, "we");
    if (!out) {
        return complain_file("write", request->export_lp);
    }
    int status = match_export_lp(result->market, arena, out);
    bool failed = ferror(out) != 0;
    failed = fclose(out) != 0 || failed;
    return status ? complain_memory() : failed ? complain_file("write", request->export_lp) : EXIT_CODE_DONE;
}

static int plan_one(const struct plan_request *request, struct arena *arena)
{
    const struct plan_variant variant = {NULL, request->folder, request->sets, request->set_count, request->without,
                                         request->without_count};
    struct plan_result result;
    int code = plan_make(request, &variant, NULL, !request->json, arena, &result);
    code = code ? code : export_model(request, &result, arena);
    return code ? code : print_result(request, &result, arena);
}

/* Plans a scenario and its change; prints the second plan and both times. */
static int plan_both(const struct plan_request *request, struct arena *arena)
{
    struct plan_variant variant = {NULL, request->folder, request->sets, request->set_count, request->without,
                                   request->without_count};
    struct plan_result first, second;
    int code = plan_make(request, &variant, NULL, false, arena, &first);
    if (code) {
        return code;
    }
    variant.folder = request->then;
    code = plan_make(request, &variant, &first, !request->json, arena, &second);
    if (code) {
        return code;
    }
    fprintf(stderr, "%s: %u lots planned in %.6f s\n%s: %u of %u lots planned in %.6f s\n", request->folder, first.planned_lots,
            (double)first.plan_nanoseconds / 1e9, request->then, second.planned_lots, second.market->lot_count,
            (double)second.plan_nanoseconds / 1e9);
    return print_result(request, &second, arena);
}

/* Plans the scenario as it stands and once with each change. */
static int plan_variants(const struct plan_request *request, struct arena *arena)
{
    struct plan_variant variants[PLAN_CHANGES_MOST + 1] = {{.name = "as it stands", .folder = request->folder}};
    struct plan_result results[PLAN_CHANGES_MOST + 1];
    size_t count = 1;
    for (size_t n = 0; n < request->set_count; n++, count++) {
        variants[count] = (struct plan_variant){request->sets[n], request->folder, &request->sets[n], 1, NULL, 0};
    }
    for (size_t n = 0; n < request->without_count; n++, count++) {
        char *name = arena_format(arena, "without %s", request->without[n]);
        variants[count] = (struct plan_variant){name ? name : "without", request->folder, NULL, 0, &request->without[n], 1};
    }
    if (count == 1) {
        return complain(EXIT_CODE_USAGE, "nothing to compare: add --set KEY=VALUE or --without ID.");
    }
    for (size_t n = 0; n < count; n++) {
        int code = plan_make(request, &variants[n], NULL, true, arena, &results[n]);
        if (code) {
            return code;
        }
    }
    int status = plan_print_compare(request, variants, results, count, arena);
    if (!status && fflush(stdout) != 0) {
        status = STATUS_IO;
    }
    return status ? print_failed(status) : EXIT_CODE_DONE;
}

/* A mistyped long option, told with the nearest known one; 0 where all are known (or the start of one). */
static int check_options(int argc, char **argv)
{
    for (int n = 1; n < argc && strcmp(argv[n], "--") != 0; n++) {
        if (strncmp(argv[n], "--", 2) != 0) {
            continue;
        }
        char *name = strndup(argv[n] + 2, strcspn(argv[n] + 2, "="));
        if (!name) {
            return complain_memory();
        }
        struct suggest suggest;
        bool known = strncmp("help", name, strlen(name)) == 0 || strncmp("usage", name, strlen(name)) == 0;
        suggest_begin(&suggest, name);
        for (const struct argp_option *option = options; option->name; option++) {
            known = known || strncmp(option->name, name, strlen(name)) == 0;
            suggest_offer(&suggest, option->name);
        }
        int code = known ? 0
                 : suggest.nearest ? complain(EXIT_CODE_USAGE, "plan has no option '--%s'. Nearest: --%s. All: muster plan --help", name, suggest.nearest)
                                   : complain(EXIT_CODE_USAGE, "plan has no option '--%s'. All: muster plan --help", name);
        free(name);
        if (code) {
            return code;
        }
    }
    return 0;
}

int muster_plan(int argc, char **argv)
{
    static const struct argp argp = {
        options, read_option, "FOLDER",
        "Plans a scenario folder, without any exchange.\v"
        "The table says what each lot covers, costs and saves, and how far at most it is from the best possible plan.\n\n"
        "  muster plan allied-2027\n"
        "  muster plan allied-2027 --explain\n"
        "  muster plan allied-2027 --set sme_min_share=30 --without S0012 --compare\n"
        "  muster plan allied-2027 --export-lp model.lp",
        NULL, NULL, NULL};
    static char name[] = "muster plan";
    struct plan_request request = {0};
    argv[0] = name;
    argp_err_exit_status = EXIT_CODE_USAGE;
    int wrong = check_options(argc, argv);
    if (wrong) {
        return wrong;
    }
    if (argp_parse(&argp, argc, argv, 0, NULL, &request) != 0) {
        return EXIT_CODE_USAGE;
    }
    if (!request.then) { /* a small plan after a large one would first sort all that this one dropped */
        plan_prepare_memory();
    }
    struct arena arena;
    arena_init(&arena, PLAN_MEMORY_MOST);
    int code = request.compare ? plan_variants(&request, &arena) : request.then ? plan_both(&request, &arena)
                                                                                  : plan_one(&request, &arena);
    arena_drop(&arena);
    return code;
}
