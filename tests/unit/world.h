/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_UNIT_WORLD_H
#define TESTS_UNIT_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/desk/bundle.h"
#include "broker/desk/desk.h"
#include "broker/gate.h"
#include "broker/views.h"
#include "proto/keys.h"
#include "proto/note.h"
#include "store/log.h"
#include "tests/unit/scratch.h"

/*
 * A whole exchange in one process for tests: a real store in a folder of its own, a log with real entries, the gate, the desk,
 * the real planner called as a function, and a clock that stands still until a test moves it. No socket, no process, no signature.
 *
 * What a test builds lies in the world's arena until its end. Functions that can't go on end the test program.
 */

#define WORLD_START UINT64_C(1801440000000) /* 2027-02-01 00:00 UTC */

struct world {
    struct scratch scratch;
    char path[320];
    struct store *store;
    struct store_options options;
    struct arena arena;
    struct desk_planning *planning;
    struct desk_exchange facts;
    struct key_pair log_key, signing_key, box_key;
    struct note_key key;
    char vkey[NOTE_VKEY_SIZE];
    struct seeded seeded;
    uint64_t now;
    uint64_t next_id;
    uint64_t jobs;       /* questions put to the planner */
    bool planner_dead;   /* the planner answers nothing */
    bool clock_doubted;
    uint64_t deadlines_from;
    uint64_t due_from;       /* log time before which desk_next_due() must find nothing: as an exchange, which then does not look */
    struct faults faults; /* of the last submission */
    uint64_t position;    /* of the last entry */
};

/* An exchange with a confirmed coordinator "eda", base currency EUR, at WORLD_START. */
void world_start(struct world *world);
void world_end(struct world *world);

/* The same as a cmocka test's setup and teardown: *state is the world. */
int world_setup(void **state);
int world_teardown(void **state);

/* Checks and, where it may be, writes and applies a submission of party; what is due comes first. Its status. */
int world_submit(struct world *world, const char *party, Muster__Submission *submission);

/* The same, checked only. */
int world_check(struct world *world, const char *party, Muster__Submission *submission);

/* Writes what is due at the world's time. Number of entries. */
size_t world_tick(struct world *world);

/* Plans until nothing is left, with what is due between. Number of entries written. */
size_t world_plan(struct world *world);

/* Whether the last submission's faults hold this text anywhere. */
bool world_fault_says(const struct world *world, const char *text);

/* Number of warnings of the last submission. */
size_t world_warnings(const struct world *world);

/* Rebuilds the tables from the log; true where they are the same. */
bool world_rebuilds_equal(struct world *world);

/* An answer to a request of party; never NULL. body NULL: an empty message. */
Muster__Answer *world_ask(struct world *world, const char *party, Muster__Verb verb, const ProtobufCMessage *body);

/* The same, its body unpacked; NULL where the outcome is not done. */
ProtobufCMessage *world_read(struct world *world, const char *party, Muster__Verb verb, const ProtobufCMessage *body);

Muster__Submission *world_submission(struct world *world);

/* A read transaction for looking; ends with store_abort. */
struct store_txn *world_look(struct world *world);

#endif
