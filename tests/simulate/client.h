/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SIMULATE_CLIENT_H
#define TESTS_SIMULATE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/box.h"
#include "proto/invitation.h"
#include "proto/keys.h"
#include "proto/request.pb-c.h"
#include "proto/tlog.h"

/*
 * A party: its keys, its connection, the one request that it has outstanding, which it sends again under a fresh id until it is answered, and
 * what it believes. What it does next is its role's (tests/simulate/deed.h).
 */

struct run;

#define CLIENT_ATTEMPTS 6u
#define CLIENT_OBJECTS 2u
#define CLIENT_BUNDLES 4u

enum client_stage {
    CLIENT_UNKNOWN,   /* nobody invited it */
    CLIENT_INVITED,   /* it holds an invitation */
    CLIENT_JOINED,    /* its keys are known */
    CLIENT_CONFIRMED,
    CLIENT_OUT        /* its keys were voided, or it is suspended: nobody expects anything of it */
};

struct client_keys {
    struct key_pair signing, box, curve;
    struct box_session session;
    bool there;
};

struct client_object {
    char id[32];
    char item[32];
    uint64_t version;
    bool stands;
    bool unknown;      /* its last change was not answered, and forgotten */
};

struct client_bundle {
    uint64_t number, version;
    Muster__BundleState state;
    char item[32];
    uint8_t terms_sha256[32];
    bool has_terms;
    bool answered;
    bool read;         /* whole */
};

enum deed_kind {
    DEED_NONE,
    DEED_JOIN,
    DEED_SETUP,        /* one of the first coordinator's, in order */
    DEED_INVITE,
    DEED_CONFIRM,
    DEED_CHECK,        /* an object is checked, and not put */
    DEED_OBJECT,       /* a demand or an offer is put or withdrawn */
    DEED_OWN,          /* the list of own objects */
    DEED_BUNDLES,      /* the list of bundles */
    DEED_BUNDLE,       /* one of them whole */
    DEED_ANSWER,       /* to a bundle, or taken back */
    DEED_STEER,        /* a coordinator's change of a bundle */
    DEED_READ,         /* whatever else can be read */
    DEED_STATUS,
    DEED_HEAD,
    DEED_WATCH,
    DEED_KEYS,         /* new ones announced */
    DEED_PARTY,        /* a coordinator's change of a party */
    DEED_CLOCK,
    DEED_REDACT,
    DEED_LAST,         /* the last question of all, when all is calm */
    DEED_FOUL          /* what nobody may */
};

struct deed {
    enum deed_kind kind;
    Muster__Verb verb;
    uint8_t *body;
    size_t length;
    size_t operation;      /* of a submission; SIZE_MAX: none */
    struct tlog_head shown;  /* the head that the submission carries */
    bool own_keys_once;    /* under the keys of its invitation */
    bool waiting_keys;     /* under its new keys */
    size_t about;          /* another client, an object, a bundle */
    uint64_t number;
    unsigned done_before;  /* answers to it so far */
    unsigned suspensions;  /* of the party that it is about, when it began */
};

struct client {
    size_t index;
    char id[33];
    char country[3];
    Muster__Role role;
    bool foul;             /* does what it may not */
    unsigned suspensions;  /* that a coordinator set out to write */
    bool voided;           /* its keys were ended: it can come back under a new invitation alone */
    bool bends;            /* changes a bit of what it has signed */
    enum client_stage stage;
    struct client_keys keys, next; /* in force; announced */
    bool next_accepted;
    struct invitation_keys once;
    struct box_session once_session;
    bool has_once;
    uint64_t connection;   /* handle; 0: none */
    bool connection_once, connection_next; /* under which keys it was made */
    struct deed deed;
    struct {
        uint8_t id[BOX_REQUEST_ID_SIZE];
        uint64_t sent;     /* step; 0: none */
    } attempts[CLIENT_ATTEMPTS];
    unsigned attempt;
    uint64_t wake;         /* monotonic: when it looks up next */
    uint64_t patience;     /* milliseconds until it tries again */
    struct tlog_head head;
    uint8_t head_signature[64];
    struct client_object objects[CLIENT_OBJECTS];
    struct client_bundle bundles[CLIENT_BUNDLES];
    size_t bundle_count;
    uint64_t cursor;       /* of its watch */
    size_t asked_for;      /* 1 + the coordinator that is about to confirm it; 0: none */
    uint64_t clock_doubted; /* position of the entry to be confirmed; 0: none */
    uint64_t setup;        /* the first coordinator's steps done */
    bool last_done;
    uint64_t begun;        /* step at which its request began */
};

/* Makes its keys. */
void client_make(struct run *run, struct client *client);
void client_end(struct client *client);

/* Makes keys that are to be announced; they are its own from now on; or they never will. */
void client_new_keys(struct run *run, struct client *client);
void client_take_keys(struct run *run, struct client *client);
void client_drop_new_keys(struct client *client);

/* It is handed an invitation. */
void client_invited(struct run *run, struct client *client, const uint8_t seed[INVITATION_SEED_SIZE]);

/* It is shown a head, with a proof that it extends shown (size 0: none). */
void client_take_head(struct run *run, struct client *client, const struct tlog_head *shown, const struct tlog_head *head,
                      const uint8_t signature[64], const ProtobufCBinaryData *proof);

/* What it does at its time: sends again, or begins the next deed. */
void client_step(struct run *run, struct client *client);

/* Begins a deed; the body is the deed's to free. */
void client_begin(struct run *run, struct client *client, const struct deed *deed);

/* Bytes came over its connection. foreign: they are meant for somebody else. */
void client_receive(struct run *run, struct client *client, const uint8_t *bytes, size_t length, bool foreign);

/* Forgets what it was about, as after a crash. */
void client_forget(struct run *run, struct client *client);

/* Whether it is to be answered: its keys are the exchange's, as far as anybody knows. */
bool client_is_live(const struct client *client);

/* The sum of all that is outstanding. */
bool client_is_idle(const struct client *client);

#endif
