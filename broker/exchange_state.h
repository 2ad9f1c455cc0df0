/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_EXCHANGE_STATE_H
#define BROKER_EXCHANGE_STATE_H

#include "broker/desk/desk.h"
#include "broker/desk/sums.h"
#include "broker/exchange.h"
#include "broker/exchange_heads.h"
#include "broker/exchange_time.h"
#include "broker/pool.h"
#include "proto/box.h"
#include "proto/keys.h"
#include "proto/note.h"
#include "proto/request.pb-c.h"
#include "store/log.h"

/*
 * What the files exchange_*.c share. One writer thread owns all of it; helper threads see a request each, and the keys,
 * which do not change.
 */

#define EXCHANGE_ADDRESS_MOST 1024u

struct exchange_session;
struct reader;
struct exchange_request;

/* Nodes of the log's tree, which never change once committed; of fixed size. */
#define PROVE_NODES 4096u
struct prove_nodes {
    struct {
        uint64_t name; /* of level and index, from 1; 0: empty */
        uint8_t hash[TLOG_HASH_SIZE];
    } kept[PROVE_NODES];
};

/* A job that was sent to the planner, or waits to be. */
struct exchange_job {
    struct desk_job *job;             /* in arena */
    struct exchange_request *asker;   /* of a compare; NULL: lots */
    uint64_t ticket;
    struct arena arena;
    const uint8_t *packed;            /* PlanRequest, in arena */
    size_t packed_length;
    unsigned lost;                    /* planners that died over it */
    bool again;                       /* it is to be asked once more */
};

struct exchange {
    struct store *store;
    struct pool *pool;
    struct reader *reader;            /* NULL: who reads is answered within the batch */
    const struct seam_random *random;
    struct key_pair log_key;
    struct key_pair signing_key;
    struct key_pair box_key;
    struct note_key note_key;         /* origin and log key, as the vkey says */
    char vkey[NOTE_VKEY_SIZE];
    char address[EXCHANGE_ADDRESS_MOST];
    struct cpv_list *cpv;             /* NULL: no official list lies in the folder */
    struct desk_exchange facts;       /* points into the above */
    uint64_t signed_from;             /* of a restored store: entries whose heads an older key signed */
    struct exchange_time time;
    uint64_t deadlines_from;
    uint64_t due_from;                /* log time before which nothing is due unless an entry stirs; 0: not known */
    bool closed;                      /* restored: serves coordinators alone until its list of parties is confirmed */
    struct exchange_backups *backups;
    bool redacted;                    /* an entry was: its bytes leave the file at the next start */
    uint64_t started;                 /* position of this process's started entry */
    uint64_t verified;                /* entries whose hashes were looked at when it was opened */
    struct exchange_session *sessions;
    size_t session_count;
    struct desk_planning *planning;
    struct desk_sums *sums;           /* what lots add up to; NULL where a store is only founded */
    struct exchange_job job;          /* under way where job.job is not NULL */
    struct log_signed newest;         /* the head of the batch at hand */
    int newest_status;                /* what its check said */
    struct heads heads;               /* that need no second look */
    struct prove_nodes nodes;
    uint64_t last_ticket;
    unsigned news;
    uint64_t day;                     /* of log time, when lots were looked at last: a new one may change a plan */
    bool admission_changed;
    struct suspect_shown refused;     /* by the front, until log time */
    uint64_t admission_expires;       /* log time at which an invitation in the front's list ends; 0: none */
    struct exchange_request *parked;  /* watches, and compares before and in the planner; newest first */
    size_t parked_count;
    struct exchange_counts counts;
};

/* Reads the exchange's three keys from its folder. The errors of keys_read(). */
int exchange_read_keys(struct exchange *exchange, const char *directory);

/* Opens the store; create: makes it. Old tables are made again. */
int exchange_open_store(struct exchange *exchange, const struct exchange_options *options, bool create);

/* Whether it is worth looking for what is due. */
bool exchange_may_be_due(const struct exchange *exchange, uint64_t log_time);

/* Context for desk and views at log time; party NULL: the exchange itself. */
struct desk_context exchange_context(const struct exchange *exchange, uint64_t log_time, uint64_t position);

#endif
