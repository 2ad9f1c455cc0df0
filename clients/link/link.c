/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/link/link.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "clients/link/clock.h"
#include "clients/link/connection.h"
#include "proto/box.h"
#include "proto/hint.h"
#include "proto/status.h"
#include "proto/verbs.h"
#include "proto/walk.h"

#define ATTEMPT_MILLISECONDS 2000u
#define TOTAL_MILLISECONDS 10000u
#define JITTER_MILLISECONDS 500u
#define SLICE_MILLISECONDS 250
#define REFUSALS_MOST 3u             /* of a key, in a row: a front that is busy with it, or has just started, lets it in by then */
#define REFUSAL_MILLISECONDS 250u
#define MEBIBYTE_MILLISECONDS 1000u  /* more for each MiB of a long request */
#define COMPARE_MILLISECONDS 120000u /* the planner plans before the answer comes */
#define WATCH_MILLISECONDS 65000u    /* watch waits 60 s at most on the other side */

struct link {
    struct profile profile;
    struct link_options options;
    struct key_pair box;
    struct key_pair curve;
    bool owns_keys;
    struct box_session session;
    void *context;
    struct connection *connection;
};

static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t waiting;

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
    if (!waiting) {
        _exit(EXIT_CODE_INTERRUPTED);
    }
}

void link_catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static int begin(const struct profile *profile, const struct link_options *options, struct link **link)
{
    struct link *made = calloc(1, sizeof *made);
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    made->profile = *profile;
    made->options = *options;
    if (!made->options.random) {
        made->options.random = &seam_random_system;
    }
    if (!made->options.clock) {
        made->options.clock = clock_client();
    }
    *link = made;
    return STATUS_OK;
}

/* The box session and the library's context. */
static int prepare(struct link *link)
{
    int status = box_session_party(&link->box, link->profile.exchange_box_key, &link->session);
    if (status == STATUS_OK) {
        link->context = connection_context();
        status = link->context ? STATUS_OK : STATUS_NO_MEMORY;
    }
    return status;
}

int link_open(const struct profile *profile, const struct link_options *options, struct link **link)
{
    char path[FILES_PATH_MOST];
    struct link *made = NULL;
    int status = begin(profile, options, &made);
    if (status != STATUS_OK) {
        return status;
    }
    made->owns_keys = true;
    status = profile_key_path(profile, "box", path);
    status = status ? status : keys_read(path, KEY_BOX, NULL, &made->box);
    status = status ? status : profile_key_path(profile, "curve", path);
    status = status ? status : keys_read(path, KEY_CURVE, NULL, &made->curve);
    status = status ? status : prepare(made);
    if (status != STATUS_OK) {
        link_close(made);
        return status;
    }
    *link = made;
    return STATUS_OK;
}

int link_open_invited(const struct profile *profile, const struct invitation_keys *keys, const struct link_options *options, struct link **link)
{
    struct link *made = NULL;
    int status = begin(profile, options, &made);
    if (status != STATUS_OK) {
        return status;
    }
    made->box = keys->box;
    made->curve = keys->curve;
    status = prepare(made);
    if (status != STATUS_OK) {
        link_close(made);
        return status;
    }
    *link = made;
    return STATUS_OK;
}

void link_close(struct link *link)
{
    if (!link) {
        return;
    }
    connection_end(link->connection);
    connection_context_end(link->context);
    box_session_drop(&link->session);
    if (link->owns_keys) {
        keys_drop(&link->box);
        keys_drop(&link->curve);
    }
    free(link);
}

int link_limit(struct link *link, int total)
{
    int before = link->options.total;
    link->options.total = total;
    return before;
}

const struct profile *link_profile(const struct link *link)
{
    return &link->profile;
}

const struct seam_random *link_random(const struct link *link)
{
    return link->options.random;
}

const struct seam_clock *link_clock(const struct link *link)
{
    return link->options.clock;
}

static uint64_t now(const struct link *link)
{
    return link->options.clock->monotonic(link->options.clock->data);
}

static unsigned jitter(const struct link *link)
{
    uint32_t value;
    link->options.random->fill(link->options.random->data, &value, sizeof value);
    return value % JITTER_MILLISECONDS;
}

/* One question and all its attempts. */
struct asking {
    struct link *link;
    const struct verb *verb;
    const uint8_t *plain;
    size_t plain_size;
    uint8_t *box;
    size_t box_size;
    uint8_t request_id[BOX_REQUEST_ID_SIZE]; /* the one that is outstanding */
    struct arena *arena;
    struct link_reply *reply;
    uint64_t began;
    uint64_t ends;
    unsigned attempt;   /* milliseconds of one attempt */
    unsigned refusals;  /* of the key, so far */
};

static void show_progress(const struct asking *asking)
{
    const struct link_options *options = &asking->link->options;
    if (options->progress) {
        options->progress(options->progress_data, (int)((now(asking->link) - asking->began) / 1000));
    }
}

static int slice(const struct asking *asking, uint64_t until)
{
    uint64_t time = now(asking->link);
    uint64_t left = time >= until ? 0 : until - time;
    return left > SLICE_MILLISECONDS ? SLICE_MILLISECONDS : (int)left;
}

/* Waits for the handshake. STATUS_UNREACHABLE with a hint, STATUS_CANCELLED. */
static int await_handshake(struct asking *asking, uint64_t until)
{
    for (;;) {
        switch (connection_wait(asking->link->connection, slice(asking, until))) {
        case CONNECTION_OPEN:
            return STATUS_OK;
        case CONNECTION_REFUSED:
            asking->reply->hint = LINK_KEY_REFUSED;
            return STATUS_UNREACHABLE;
        case CONNECTION_FOREIGN:
            asking->reply->hint = LINK_KEY_FOREIGN;
            return STATUS_UNREACHABLE;
        case CONNECTION_TRYING:
            break;
        }
        show_progress(asking);
        if (interrupted) {
            return STATUS_CANCELLED;
        }
        if (now(asking->link) >= until) {
            return STATUS_UNREACHABLE;
        }
    }
}

/* Reads an opened box. STATUS_FORGED where it is no answer to this verb: dropped like anything strange. */
static int read_answer(struct asking *asking, const uint8_t *plain, size_t size)
{
    ProtobufCMessage *message = NULL;
    int status = walk_unpack(&muster__answer__descriptor, plain, size, BOX_PLAIN_MOST, asking->arena, &message, NULL);
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? status : STATUS_FORGED;
    }
    Muster__Answer *answer = (Muster__Answer *)message;
    if (answer->protocol != PROTOCOL_VERSION) {
        return STATUS_FORGED;
    }
    /* No bytes at all are an empty list, or a refusal without a message. */
    ProtobufCMessage *body = NULL;
    status = walk_unpack(asking->verb->answer, answer->body.len ? answer->body.data : (const uint8_t *)"", answer->body.len, BOX_PLAIN_MOST, asking->arena, &body, NULL);
    if (status != STATUS_OK && (answer->body.len || status == STATUS_NO_MEMORY)) {
        return status == STATUS_NO_MEMORY ? status : STATUS_FORGED;
    }
    asking->reply->answer = answer;
    asking->reply->body = answer->outcome == MUSTER__OUTCOME__OUTCOME_DONE ? body : NULL;
    return STATUS_OK;
}

/* Looks at one message: STATUS_OK if it is the answer, STATUS_FORGED if it is to be dropped, STATUS_BUSY on a hint, or a failure. */
static int consider(struct asking *asking, const uint8_t *bytes, size_t size)
{
    uint8_t request_id[BOX_REQUEST_ID_SIZE];
    size_t length = 0;
    int hint = hint_read(bytes, size);
    if (hint) {
        asking->reply->hint = hint == HINT_BUSY ? LINK_BUSY : hint == HINT_UNKNOWN_KEY ? LINK_KEY_REFUSED : LINK_SILENT;
        return STATUS_BUSY;
    }
    uint8_t *plain = malloc(size);
    if (!plain) {
        return STATUS_NO_MEMORY;
    }
    int status = box_open(&asking->link->session, bytes, size, request_id, plain, &length);
    if (status != STATUS_OK || sodium_memcmp(request_id, asking->request_id, sizeof request_id) != 0) {
        status = STATUS_FORGED;
    } else {
        status = read_answer(asking, plain, length);
    }
    sodium_memzero(plain, size);
    free(plain);
    return status;
}

static int await_answer(struct asking *asking, uint64_t until)
{
    for (;;) {
        uint8_t *bytes = NULL;
        size_t size = 0;
        int status = connection_receive(asking->link->connection, slice(asking, until), &bytes, &size);
        if (status == STATUS_OK) {
            status = consider(asking, bytes, size);
            free(bytes);
            if (status != STATUS_FORGED) {
                return status == STATUS_BUSY ? STATUS_UNREACHABLE : status;
            }
        } else if (status != STATUS_UNREACHABLE) {
            return status;
        }
        show_progress(asking);
        if (interrupted) {
            return STATUS_CANCELLED;
        }
        if (now(asking->link) >= until || connection_wait(asking->link->connection, 0) != CONNECTION_OPEN) {
            return STATUS_UNREACHABLE;
        }
    }
}

/* Once over a connection, a new one where the last attempt failed. STATUS_UNREACHABLE: try again. */
static int attempt(struct asking *asking)
{
    struct link *link = asking->link;
    uint64_t until = now(link) + asking->attempt;
    until = until > asking->ends ? asking->ends : until;
    if (!link->connection) {
        const struct connection_keys keys = {
            .front_key = link->profile.front_key, .public_key = link->curve.public_key, .secret_key = link->curve.secret};
        int status = connection_new(link->context, link->profile.address, &keys, &link->connection);
        if (status != STATUS_OK) {
            return status;
        }
    }
    int status = await_handshake(asking, until);
    if (status != STATUS_OK) {
        return status;
    }
    asking->reply->hint = LINK_SILENT;
    box_request_id(link->options.random, asking->request_id);
    status = box_seal(&link->session, asking->request_id, asking->plain, asking->plain_size, link->options.random, asking->box);
    if (status != STATUS_OK) {
        return status;
    }
    status = connection_send(link->connection, asking->box, asking->box_size);
    if (status != STATUS_OK) {
        return STATUS_UNREACHABLE;
    }
    asking->reply->sent = true;
    return await_answer(asking, until);
}

static void pause_between(struct asking *asking)
{
    bool slowly = asking->reply->hint == LINK_KEY_FOREIGN || asking->reply->hint == LINK_BUSY;
    unsigned least = slowly ? ATTEMPT_MILLISECONDS / 2 : asking->reply->hint == LINK_KEY_REFUSED ? REFUSAL_MILLISECONDS : 0;
    uint64_t until = now(asking->link) + jitter(asking->link) + least;
    until = until > asking->ends ? asking->ends : until;
    while (!interrupted && now(asking->link) < until) {
        show_progress(asking);
        usleep((useconds_t)slice(asking, until) * 1000u);
    }
}

static void set_times(struct asking *asking)
{
    unsigned more = (unsigned)(asking->plain_size >> 20) * MEBIBYTE_MILLISECONDS;
    unsigned total = TOTAL_MILLISECONDS + 4 * more;
    asking->attempt = ATTEMPT_MILLISECONDS + more;
    switch (asking->verb->verb) {
    case MUSTER__VERB__VERB_WATCH:
        asking->attempt = WATCH_MILLISECONDS;
        total = WATCH_MILLISECONDS + TOTAL_MILLISECONDS;
        break;
    case MUSTER__VERB__VERB_COMPARE:
        asking->attempt = total = COMPARE_MILLISECONDS;
        break;
    default:
        break;
    }
    if (asking->link->options.total > 0) {
        total = (unsigned)asking->link->options.total;
    }
    asking->began = now(asking->link);
    asking->ends = asking->began + total;
}

static int ask_until_answered(struct asking *asking)
{
    int status;
    interrupted = 0;
    waiting = 1;
    for (;;) {
        status = attempt(asking);
        bool busy = status == STATUS_OK && asking->reply->answer->outcome == MUSTER__OUTCOME__OUTCOME_BUSY;
        if (status != STATUS_UNREACHABLE && !busy) {
            break;
        }
        if (!busy) {
            connection_end(asking->link->connection);
            asking->link->connection = NULL;
        }
        asking->refusals += asking->reply->hint == LINK_KEY_REFUSED;
        if (asking->refusals == REFUSALS_MOST || now(asking->link) + ATTEMPT_MILLISECONDS / 4 >= asking->ends) {
            break;
        }
        pause_between(asking);
        if (interrupted) {
            status = STATUS_CANCELLED;
            break;
        }
    }
    waiting = 0;
    return status;
}

int link_ask(struct link *link, Muster__Verb verb, const void *body, size_t size, struct arena *arena, struct link_reply *reply)
{
    *reply = (struct link_reply){0};
    struct asking asking = {.link = link, .verb = verb_find((int)verb), .arena = arena, .reply = reply};
    if (!asking.verb) {
        return STATUS_INVALID;
    }
    Muster__Request request = MUSTER__REQUEST__INIT;
    request.protocol = PROTOCOL_VERSION;
    request.verb = verb;
    request.body.data = (uint8_t *)(uintptr_t)body;
    request.body.len = size;
    uint8_t *plain = NULL;
    int status = walk_pack(&request.base, arena, &plain, &asking.plain_size);
    if (status != STATUS_OK) {
        return status;
    }
    asking.plain = plain;
    asking.box_size = box_sealed_size(asking.plain_size);
    if (!asking.box_size) {
        return STATUS_TOO_LARGE;
    }
    asking.box = malloc(asking.box_size);
    if (!asking.box) {
        return STATUS_NO_MEMORY;
    }
    set_times(&asking);
    status = ask_until_answered(&asking);
    free(asking.box);
    return status;
}

int link_ask_message(struct link *link, Muster__Verb verb, const ProtobufCMessage *message, struct arena *arena, struct link_reply *reply)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    int status = walk_pack(message, arena, &bytes, &size);
    return status ? status : link_ask(link, verb, bytes, size, arena, reply);
}
