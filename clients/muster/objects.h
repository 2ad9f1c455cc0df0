/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_OBJECTS_H
#define CLIENTS_MUSTER_OBJECTS_H

#include "clients/muster/session.h"
#include "proto/csv.h"

/*
 * Items, demands, offers and funds alike: a file of them read into messages, compared with what stands at the exchange, made into
 * changes; and changes that withdraw. The four nouns differ in a small table only. One arena, one thread.
 */

struct objects_kind {
    Muster__Noun noun;
    const char *name;      /* "demand" */
    const char *plural;
    const char *format;    /* the noun of the CSV format */
};

extern const struct objects_kind objects_items, objects_demands, objects_offers, objects_funds;

struct object {
    const char *id;
    ProtobufCMessage *message;  /* Item, Demand, Offer or Fund in its stored form */
    const struct csv_rows *rows;
};

#define OBJECTS_MARKED_MOST 20u /* more cells than a security officer needs to be told of */

/* A cell that carries a marking. */
struct objects_marked {
    uint32_t row;
    const char *column; /* as the header names it; "" where the header itself is marked or has no name */
};

struct objects {
    const struct objects_kind *kind;
    const char *file;
    struct object *list;
    size_t count;
    const char *told;           /* how the file was read; NULL where it needs no telling */
    uint32_t rows;              /* data rows of the file */
    struct objects_marked *marked; /* cells that carry a marking above unclassified, as they stand in the file */
    size_t marked_count;
};

/* Tells that cells are marked, where, and what to do now; nothing of them is repeated. Returns 65. */
int objects_refuse_marked(struct context *context, const struct objects *objects);

/*
 * Reads a file. Faults are told and 65 returned where there are any; warnings alone are told on standard error. check: what is
 * known of the exchange's rates and so on; may be NULL. became: the words after the number of faults.
 */
int objects_read(struct context *context, const struct objects_kind *kind, const char *path, const struct csv_options *options,
                 const char *became, struct objects *objects, struct faults *faults);

/* The object of a record, or NULL. */
ProtobufCMessage *objects_of_record(const struct objects_kind *kind, const Muster__Record *record);

/* Whether two messages of one kind have the same content: their packed bytes. */
bool objects_equal(struct context *context, const ProtobufCMessage *left, const ProtobufCMessage *right);

/* Adds a change to a submission: PUT of message, or WITHDRAW where it is NULL. capacity: room made for so many, once. */
struct objects_changes {
    const struct objects_kind *kind;
    void **list;              /* of ItemChange and so on */
    const struct object **of; /* NULL for ids alone */
    const char **ids;
    size_t count;
    size_t capacity;
};
int objects_changes_begin(struct context *context, const struct objects_kind *kind, size_t capacity, struct objects_changes *changes);
int objects_changes_add(struct context *context, struct objects_changes *changes, const char *id, uint64_t replaces, const struct object *object);
void objects_changes_fill(const struct objects_changes *changes, Muster__Submission *submission);

/* How its faults are named. changes must outlive the naming. */
void objects_naming(struct objects_changes *changes, const char *file, const char *receipt, struct session_naming *naming);

/* A word for a changed field of two versions, such as "due 2030-12: yours 60, there now 100"; NULL where none is found. */
const char *objects_difference(struct context *context, const struct objects_kind *kind, const ProtobufCMessage *yours, const ProtobufCMessage *there);

#endif
