/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_PLAN_WORK_H
#define CLIENTS_MUSTER_PLAN_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/match/match.h"
#include "broker/match/plan.h"
#include "clients/muster/output.h"
#include "proto/arena.h"
#include "proto/fault.h"
#include "proto/market.pb-c.h"

/*
 * Shared by the parts of `muster plan` alone: what was asked, one planned scenario, and the ways to print it.
 */

#define PLAN_CHANGES_MOST 13 /* --set and --without together: a comparison shows that many columns */
#define PLAN_MEMORY_MOST ((size_t)16 << 30)

/* What the command line asked for. */
struct plan_request {
    const char *folder;
    const char *then;       /* a second folder, planned after the first */
    const char *export_lp;  /* file for the exact model */
    bool json;
    bool explain;
    bool prove;
    bool verbose;
    bool compare;
    bool screen;            /* print as on a screen, also into a pipe */
    uint32_t threads;       /* 0: as many as the machine has */
    uint64_t budget;        /* nanoseconds; 0: none, the plan is then reproducible */
    const char *sets[PLAN_CHANGES_MOST];    /* KEY=VALUE */
    size_t set_count;
    const char *without[PLAN_CHANGES_MOST]; /* a supplier, country, demand or offer */
    size_t without_count;
};

/* One scenario with its plan; everything lies in arena. */
struct plan_result {
    const char *folder;
    Muster__Market *message;
    struct match_market *market;
    struct match_plan *plan;
    uint64_t read_nanoseconds;
    uint64_t plan_nanoseconds;
    uint32_t planned_lots; /* lots that were planned; the others kept the plan of the scenario before */
    bool interrupted; /* stopped by the user: valid, its bound honest, not reproducible */
    size_t explained; /* demands and offers that are explained, of those to explain */
    size_t to_explain;
};

/* A scenario and what to change in it before it is planned. */
struct plan_variant {
    const char *name; /* of the column of a comparison */
    const char *folder;
    const char *const *sets;
    size_t set_count;
    const char *const *without;
    size_t without_count;
};

/*
 * Readies the process's memory for planning, which takes and drops much of it, lot after lot: what was dropped is kept for the next lot, and
 * comes in the system's large pages, where it has them to give (madvise(2)). Once, before any thread starts.
 */
void plan_prepare_memory(void);

/*
 * Reads, changes, plans, verifies, and where asked explains and settles. What is wrong is printed. Returns an exit code. settle: with each
 * nation's stand-alone cost. before: a planned scenario that this one is a change of, or NULL. The result lies in arena.
 */
int plan_make(const struct plan_request *request, const struct plan_variant *variant, const struct plan_result *before,
              bool settle, struct arena *arena, struct plan_result *result);

/* Prints the faults of a scenario: to stderr as a table, with --json to stdout as an object {"faults": [...]}. */
void plan_print_faults(const struct plan_request *request, const struct faults *faults, struct arena *arena);

/* The plan as the model's JSON on out. STATUS_NO_MEMORY, STATUS_IO. */
int plan_print_json(const struct plan_result *result, FILE *out);

/* The table of lots, the proof in words and, where asked, the explanations. STATUS_NO_MEMORY. */
int plan_print_table(const struct plan_request *request, const struct plan_result *result, struct arena *arena);

/* Variants side by side, the first being the scenario as it stands. STATUS_NO_MEMORY. */
int plan_print_compare(const struct plan_request *request, const struct plan_variant *variants,
                       const struct plan_result *results, size_t count, struct arena *arena);

/* Nations, explanations of uncovered demands and unused offers, lot by lot; after the table, where --explain asks. */
int plan_print_explanations(const struct output *output, const struct plan_result *result, struct arena *arena);

/* What a lot's plan comes to; sums over lots are those of their members. */
struct plan_figures {
    int64_t wanted;  /* open units before the plan */
    int64_t awarded;
    int64_t pays;    /* cents, with freight and one-off costs */
    int64_t saving;  /* against buying alone */
    int64_t value;   /* unit prices only, like the next three */
    int64_t sme_value;
    __int128 european_value; /* times 100 */
    uint32_t nations;
    uint32_t suppliers;
    uint32_t smes;
};

/* Adds a lot's figures to figures. scratch: supplier_count flags of the market, cleared here. */
void plan_figures_add(const struct plan_result *result, uint32_t lot, bool *scratch, struct plan_figures *figures);

/* The base currency of a scenario. */
const char *plan_currency(const struct plan_result *result);

/* Nanoseconds of a steady clock. */
uint64_t plan_clock(void);

#endif
