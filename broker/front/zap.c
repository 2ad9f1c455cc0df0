/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/front/zap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>
#include <zmq.h>

#include "proto/status.h"

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
#define ZAP_FRAMES 7u        /* version, id, domain, address, identity, mechanism, key */
#define ZAP_FRAME_MOST 256u  /* bytes: none of a right request is longer */

/* How many handshakes a key may still make. */
struct zap_budget {
    uint8_t curve_key[32];
    double left;
    uint64_t at; /* monotonic, when left was counted */
    UT_hash_handle hh;
};

struct zap {
    void *socket;
    uint32_t burst;
    uint32_t per_second;
    struct hand *hand;
    struct zap_budget *budgets;
    struct zap_counts counts;
};

struct zap_request {
    size_t frames;
    uint8_t bytes[ZAP_FRAMES][ZAP_FRAME_MOST];
    size_t lengths[ZAP_FRAMES];
};

int zap_open(void *context, uint32_t burst, uint32_t per_second, struct hand *hand, struct zap **zap)
{
    struct zap *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    made->burst = burst;
    made->per_second = per_second;
    made->hand = hand;
    made->socket = zmq_socket(context, ZMQ_REP);
    int linger = 0;
    if (made->socket == NULL || zmq_setsockopt(made->socket, ZMQ_LINGER, &linger, sizeof linger) != 0 ||
        zmq_bind(made->socket, ZAP_ENDPOINT) != 0) {
        zap_close(made);
        return STATUS_IO;
    }
    *zap = made;
    return STATUS_OK;
}

void zap_close(struct zap *zap)
{
    if (zap == NULL)
        return;
    struct zap_budget *budget;
    struct zap_budget *next;
    HASH_ITER(hh, zap->budgets, budget, next)
    {
        HASH_DEL(zap->budgets, budget);
        free(budget);
    }
    if (zap->socket != NULL)
        zmq_close(zap->socket);
    free(zap);
}

void *zap_socket(struct zap *zap)
{
    return zap->socket;
}

struct zap_counts zap_counted(const struct zap *zap)
{
    return zap->counts;
}

void zap_user_make(const struct admission_key *key, char user[ZAP_USER_MOST])
{
    int length = snprintf(user, ZAP_USER_MOST, "%s/", key->party);
    for (unsigned i = 0; i < 8 && length > 0; i++)
        snprintf(user + length + 2 * i, ZAP_USER_MOST - (size_t)length - 2 * i, "%02x", key->curve_key[i]);
}

/* Reads one request, all its frames. False where none waits. */
static bool zap_receive(struct zap *zap, struct zap_request *request)
{
    *request = (struct zap_request){0};
    int more = 1;
    while (more != 0) {
        uint8_t frame[ZAP_FRAME_MOST];
        int length = zmq_recv(zap->socket, frame, sizeof frame, request->frames == 0 ? ZMQ_DONTWAIT : 0);
        if (length < 0)
            return false;
        if (request->frames < ZAP_FRAMES) {
            /* Longer than any right frame: kept as too long, so that it equals nothing. */
            request->lengths[request->frames] = (size_t)length;
            memcpy(request->bytes[request->frames], frame,
                   (size_t)length < sizeof frame ? (size_t)length : sizeof frame);
        }
        request->frames++;
        size_t size = sizeof more;
        if (zmq_getsockopt(zap->socket, ZMQ_RCVMORE, &more, &size) != 0)
            return false;
    }
    return true;
}

static bool zap_frame_is(const struct zap_request *request, size_t frame, const char *text)
{
    size_t length = strlen(text);
    return request->lengths[frame] == length && memcmp(request->bytes[frame], text, length) == 0;
}

/* Takes one handshake off a key's budget. */
static bool zap_spend(struct zap *zap, const uint8_t curve_key[32], uint64_t now)
{
    struct zap_budget *budget = NULL;
    HASH_FIND(hh, zap->budgets, curve_key, 32, budget);
    if (budget == NULL) {
        budget = calloc(1, sizeof *budget);
        if (budget == NULL)
            return false;
        memcpy(budget->curve_key, curve_key, 32);
        budget->left = zap->burst;
        budget->at = now;
        HASH_ADD(hh, zap->budgets, curve_key, 32, budget);
    }
    budget->left += (double)(now - budget->at) * zap->per_second / 1000.0;
    if (budget->left > zap->burst)
        budget->left = zap->burst;
    budget->at = now;
    if (budget->left < 1.0)
        return false;
    budget->left -= 1.0;
    return true;
}

static const struct admission_key *zap_judge(struct zap *zap, const struct zap_request *request,
                                             const struct admission *admission, uint64_t wall, uint64_t monotonic)
{
    if (request->frames != ZAP_FRAMES || !zap_frame_is(request, 0, "1.0") || !zap_frame_is(request, 2, ZAP_DOMAIN) ||
        !zap_frame_is(request, 5, "CURVE") || request->lengths[6] != 32)
        return NULL;
    const struct admission_key *key = admission_find(admission, request->bytes[6]);
    if (key == NULL || (key->expiry != 0 && key->expiry <= wall) || !zap_spend(zap, key->curve_key, monotonic))
        return NULL;
    char user[ZAP_USER_MOST];
    zap_user_make(key, user);
    if (hand_refuses(zap->hand, user, monotonic))
        return NULL;
    hand_hear(zap->hand, user);
    return key;
}

static void zap_answer(struct zap *zap, const struct zap_request *request, const struct admission_key *key)
{
    char user[ZAP_USER_MOST] = "";
    if (key != NULL)
        zap_user_make(key, user);
    size_t id_length = request->frames > 1 && request->lengths[1] <= ZAP_FRAME_MOST ? request->lengths[1] : 0;
    zmq_send(zap->socket, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(zap->socket, request->bytes[1], id_length, ZMQ_SNDMORE);
    zmq_send(zap->socket, key != NULL ? "200" : "400", 3, ZMQ_SNDMORE);
    zmq_send(zap->socket, key != NULL ? "OK" : "no", 2, ZMQ_SNDMORE);
    zmq_send(zap->socket, user, strlen(user), ZMQ_SNDMORE);
    zmq_send(zap->socket, "", 0, 0);
}

void zap_serve(struct zap *zap, const struct admission *admission, uint64_t wall, uint64_t monotonic)
{
    struct zap_request request;
    while (zap_receive(zap, &request)) {
        const struct admission_key *key = zap_judge(zap, &request, admission, wall, monotonic);
        if (key != NULL)
            zap->counts.admitted++;
        else
            zap->counts.refused++;
        zap_answer(zap, &request, key);
    }
}
