/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_MATCH_FLOW_H
#define BROKER_MATCH_FLOW_H

#include "broker/match/terms.h"

/*
 * The best awards for a given set of open choices and lumps, kept optimal while the set changes.
 *
 * With the choices fixed a lot is a flow: line -> (offer, month) -> next month ... -> out, where the arc out of month m may carry
 * what the choice can make by m, and the last arc at least its minimum order. A lump that is in stands before its lines with its
 * own minimum. All data are whole, so an optimal flow is whole, and so are its prices.
 *
 * The state always satisfies complementary slackness between the flow and the prices:
 *   price[l]      what one more unit of line l would add; 0 where units of it are unserved (its lump's bonus where that is in)
 *   rent(m, s)    what one more unit that slot s could make by month m would add; falls with m, changes only behind tight months
 *   bonus[d]      <= 0: what the last unit that a lump's minimum forces in costs
 * Changes leave units without a place (push them) or places without a unit (fill them); both follow shortest paths on reduced costs
 * that never are negative (successive shortest paths with potentials: Edmonds, Karp 1972, J. ACM 19(2), doi 10.1145/321694.321699).
 *
 * Months between two tight ones of a slot form a block: within it units change places freely, and a unit that comes in later can
 * push out one that is due in an earlier block, never the other way round. So paths run over blocks, not months.
 *
 * An offer that is short of its minimum order is allowed on the way: each unit short costs more than anything else. A flow is a plan only
 * once none is short.
 *
 * Open offers sit in slots. All of the state lies in one piece of memory, so that a snapshot is one copy.
 */

#define MATCH_SHORTAGE (INT64_C(1) << 58) /* price of a unit that an offer is short: above any path's cost, far from overflow */
#define MATCH_GAIN_NEVER (-((__int128)1 << 120))

struct match_entry {
    uint32_t line;
    uint32_t slot;
    int64_t quantity;
    uint32_t next_in_slot, previous_in_slot;
    uint32_t next_in_line, previous_in_line;
};

/* What a search reads of an entry as it goes along a slot: close together, so that a slot's chain stays in the nearest cache. */
struct match_hop {
    uint32_t line;
    uint32_t next; /* next_in_slot */
};

struct match_label {
    uint32_t from;  /* node before it */
    uint32_t at;    /* its place in the heap */
    uint32_t entry; /* of a line: the entry that is displaced; MATCH_NONE if reached through its lump */
};

/* A slot that could make more. */
struct match_spare {
    uint32_t slot;
    uint32_t from; /* first month from which it can */
    int64_t out;   /* what the arc out of its last block costs */
};

struct match_heap_item {
    int64_t distance;
    uint32_t node;
};

struct match_flow {
    const struct match_model *model;
    const struct match_terms *terms;
    uint32_t slot_most; /* room for open choices */
    uint32_t month_bits; /* a slot's nodes are 2^month_bits apart */
    uint32_t first_lump; /* node of the first lump */
    uint32_t mask_words; /* of a bit a slot */

    /* The state, in one piece. */
    unsigned char *memory;
    size_t memory_size;
    uint32_t *slot_limit;   /* one: slots from here on are free */
    uint32_t *entry_limit;  /* one: entries from here on were never used */
    uint32_t *entry_free;   /* one: first of the chain of free entries */
    uint32_t *slot_choice;  /* by slot, or MATCH_NONE */
    uint64_t *slot_version; /* by slot: of the terms that its costs are of */
    uint32_t *slot_of;      /* by offer, or MATCH_NONE */
    uint32_t *slot_head;    /* by slot: first entry */
    uint32_t *line_head;    /* by line */
    int64_t *used;          /* slot * months + month: units due by then */
    uint32_t *first;        /* slot * months + month: first month of the block that it lies in */
    uint32_t *tail;         /* by slot: first month from which none is tight, or the number of months */
    uint32_t *block;        /* month * slot_most + slot: node of the block */
    int64_t *rent;          /* month * slot_most + slot */
    int64_t *cost;          /* class * slot_most + slot: scaled, or MATCH_BARRED */
    int64_t *paid;          /* class * slot_most + slot: cents, against the ceiling */
    uint64_t *serves;       /* line * mask_words + word: bits of the slots whose choice the line's class and ceiling allow */
    int64_t *price;         /* by line */
    int64_t *unserved;      /* by line, while active */
    uint8_t *active;        /* by line */
    uint8_t *lump_in;       /* by lump */
    uint32_t *lump_supplier;/* by lump that is in and single: its offer */
    int64_t *lump_total;    /* by lump: units it has */
    int64_t *bonus;         /* by lump */
    struct match_entry *entries;
    struct match_hop *hops; /* by entry */
    uint32_t entry_most;

    /* Scratch of the searches. */
    uint32_t *month_first;  /* month_count + 1: where a month's lines start in month_lines */
    uint32_t *month_lines;
    uint32_t *by_value;     /* lines by falling value */
    int64_t *distance;      /* by node, see reach.h */
    struct match_label *labels;
    uint32_t *place_of;     /* by line: its place in month_lines */
    uint64_t *unseen;       /* a bit a place in month_lines: lines that a fill may still bring nearer */
    uint64_t *far;          /* month * mask_words + word: bits of the slots whose block there a push may still bring nearer */
    struct match_spare *spare;
    uint32_t spare_count;
    struct match_heap_item *heap;
    uint32_t heap_count;
    uint32_t *settled;
    uint32_t settled_count;
    uint32_t worked;        /* settled nodes that were worked on */
    int64_t level;          /* distance of the node at hand */
    int64_t best;           /* distance of the best end found */
    uint32_t best_node;
    int best_end;
    int64_t *waits;         /* slot * months + month: places that wait for a unit while the flow is retuned, see retune.h */
    int64_t *waits_in;      /* by slot: their sum */
    int64_t *loose;         /* by line: units that look for a place */
    uint32_t *loose_lumps;
    struct match_entry *pending; /* entries that a change took off */
    int64_t *before;        /* by line of pending: its price when it was taken off */
    __int128 gained;        /* worth gained by the last push of a lump */
    bool hoping;            /* closing gives up where hope has gone */
    __int128 hope;          /* the most that the flow can still end above what it has to beat */
    uint64_t searches;      /* counter */
};

/* slot_most: most offers open at a time. The flow starts empty: nothing open, no lump in, every other line active. */
int match_flow_init(const struct match_model *model, const struct match_terms *terms, uint32_t slot_most, struct arena *arena,
                    struct match_flow *flow);

/* Back to the empty flow, under the terms as they are now. */
void match_flow_clear(struct match_flow *flow);

/* Bars a slot to all classes: it holds no choice any more. */
void match_flow_bar(struct match_flow *flow, uint32_t slot);

/* Copies the state of one flow into another made with the same model and slot_most. */
void match_flow_copy(struct match_flow *to, const struct match_flow *from);

/*
 * Opens a choice whose offer is closed, and fills it as far as that gains, and to its minimum order as far as there are units. False
 * where no slot is free: the state is then spoilt and must be restored from a copy, here and in all calls that return false.
 */
bool match_flow_open(struct match_flow *flow, uint32_t choice);

/* Opens many choices, one an offer, in an empty flow and serves all lines; much faster than one by one. */
bool match_flow_open_all(struct match_flow *flow, const uint32_t *choices, uint32_t count);

/*
 * Closes an offer and finds the next best place for its units. Where flow->hoping, flow->hope is what the flow could end at above what it
 * has to beat, as if these units found places at their prices; it falls as they find worse ones, and false is returned once none is left.
 */
bool match_flow_close(struct match_flow *flow, uint32_t offer);

/* What closing an offer adds to the worth of the flow if its units find places at their prices: its fixed cost less its rents. Scaled. */
__int128 match_flow_close_gain(const struct match_flow *flow, uint32_t offer);

/*
 * Puts a lump in; supplier: its offer, which is open, if it wants a single one. flow->gained is then what it added. False, too, as soon as it
 * can't add more than floor.
 */
bool match_flow_lump_in(struct match_flow *flow, uint32_t lump, uint32_t supplier, __int128 floor);

/* Takes a lump out. */
bool match_flow_lump_out(struct match_flow *flow, uint32_t lump);

/*
 * The most that putting a lump in at the rents as they are could add, scaled, and the supplier at which (MATCH_NONE if it needs no
 * single one); rents only rise on the way, so it adds no more than this. Negative where its minimum would cost more than it brings;
 * MATCH_GAIN_NEVER where it has no place. only: MATCH_NONE, or the one offer to ask; but: an
 * offer not to ask, or MATCH_NONE. prices: NULL, or gets the lines' first prices there.
 */
__int128 match_flow_lump_gain(const struct match_flow *flow, uint32_t lump, uint32_t only, uint32_t but, uint32_t *supplier,
                              int64_t *prices);

/* Units that an offer has; 0 if closed. */
int64_t match_flow_total(const struct match_flow *flow, uint32_t offer);

/* The first open offer that is short of its minimum order, or MATCH_NONE. */
uint32_t match_flow_short(const struct match_flow *flow);

/* Worth of the flow under its terms, scaled, fixed costs taken off; MATCH_GAIN_NEVER where an offer is short. */
__int128 match_flow_worth(const struct match_flow *flow);

/* Its objective in cents, without multipliers. */
int64_t match_flow_objective(const struct match_flow *flow);

/* Whether the state satisfies what is said above: for tests. */
bool match_flow_holds(const struct match_flow *flow);

#endif
