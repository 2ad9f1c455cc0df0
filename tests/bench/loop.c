/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/bench/loop.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lmdb.h>
#include <sodium.h>
#include <zmq.h>

#include "proto/seam.h"
#include "proto/status.h"

#define BATCH 256u
#define ROUTE_MOST 16u
#define MAP ((size_t)64 << 30)
#define SIGNED_AT (crypto_sign_BYTES + crypto_sign_PUBLICKEYBYTES)
#define LONGEST ((int64_t)16 << 20)

struct loop_message {
    uint8_t route[ROUTE_MOST];
    size_t route_length;
    zmq_msg_t body;
};

struct loop_server {
    void *router;
    MDB_env *env;
    MDB_dbi rows;
    uint64_t count; /* rows written */
    bool verify;
};

static bool loop_verify(const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    return length > SIGNED_AT &&
           crypto_sign_verify_detached(at, at + SIGNED_AT, length - SIGNED_AT, at + crypto_sign_BYTES) == 0;
}

static size_t loop_receive(struct loop_server *server, struct loop_message *messages)
{
    size_t count = 0;
    while (count < BATCH) {
        struct loop_message *message = &messages[count];
        int length = zmq_recv(server->router, message->route, sizeof message->route, ZMQ_DONTWAIT);
        if (length < 0)
            break;
        message->route_length = (size_t)length;
        zmq_msg_init(&message->body);
        zmq_msg_recv(&message->body, server->router, 0);
        if (!server->verify || loop_verify(zmq_msg_data(&message->body), zmq_msg_size(&message->body)))
            count++;
        else
            zmq_msg_close(&message->body);
    }
    return count;
}

static bool loop_commit(struct loop_server *server, struct loop_message *messages, size_t count)
{
    MDB_txn *txn = NULL;
    if (mdb_txn_begin(server->env, NULL, 0, &txn) != 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        uint8_t number[8];
        for (unsigned k = 0; k < 8; k++)
            number[k] = (uint8_t)(server->count >> (8 * (7 - k)));
        server->count++;
        MDB_val key = {sizeof number, number};
        MDB_val value = {zmq_msg_size(&messages[i].body), zmq_msg_data(&messages[i].body)};
        if (mdb_put(txn, server->rows, &key, &value, MDB_APPEND) != 0) {
            mdb_txn_abort(txn);
            return false;
        }
    }
    return mdb_txn_commit(txn) == 0;
}

static bool loop_open_rows(struct loop_server *server, const char *folder)
{
    MDB_txn *txn = NULL;
    return mkdir(folder, 0700) == 0 && mdb_env_create(&server->env) == 0 && mdb_env_set_mapsize(server->env, MAP) == 0 &&
           mdb_env_open(server->env, folder, 0, 0600) == 0 && mdb_txn_begin(server->env, NULL, 0, &txn) == 0 &&
           mdb_dbi_open(txn, NULL, 0, &server->rows) == 0 && mdb_txn_commit(txn) == 0;
}

static bool loop_open_router(struct loop_server *server, const struct key_pair *key, char address[64])
{
    int one = 1;
    size_t size = 64;
    int64_t longest = LONGEST;
    void *context = zmq_ctx_new();
    server->router = context == NULL ? NULL : zmq_socket(context, ZMQ_ROUTER);
    return server->router != NULL && zmq_setsockopt(server->router, ZMQ_CURVE_SERVER, &one, sizeof one) == 0 &&
           zmq_setsockopt(server->router, ZMQ_CURVE_SECRETKEY, key->secret, 32) == 0 &&
           zmq_setsockopt(server->router, ZMQ_MAXMSGSIZE, &longest, sizeof longest) == 0 &&
           zmq_bind(server->router, "tcp://127.0.0.1:*") == 0 &&
           zmq_getsockopt(server->router, ZMQ_LAST_ENDPOINT, address, &size) == 0;
}

static void loop_serve(struct loop_server *server)
{
    struct loop_message messages[BATCH];
    for (;;) {
        zmq_pollitem_t item = {.socket = server->router, .events = ZMQ_POLLIN};
        if (zmq_poll(&item, 1, -1) < 0)
            _exit(1);
        size_t count = loop_receive(server, messages);
        if (count > 0 && !loop_commit(server, messages, count))
            _exit(1);
        for (size_t i = 0; i < count; i++) {
            zmq_send(server->router, messages[i].route, messages[i].route_length, ZMQ_SNDMORE);
            zmq_msg_send(&messages[i].body, server->router, 0);
        }
    }
}

int loop_start(struct loop *loop, const char *folder, bool verify)
{
    int ends[2];
    *loop = (struct loop){0};
    if (keys_generate(KEY_CURVE, &seam_random_system, &loop->key) != STATUS_OK || pipe(ends) != 0)
        return STATUS_NO_MEMORY;
    loop->pid = fork();
    if (loop->pid == 0) {
        struct loop_server server = {.verify = verify};
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (!loop_open_rows(&server, folder) || !loop_open_router(&server, &loop->key, loop->address) ||
            write(ends[1], loop->address, sizeof loop->address) != (ssize_t)sizeof loop->address)
            _exit(1);
        loop_serve(&server);
    }
    close(ends[1]);
    ssize_t got = loop->pid > 0 ? read(ends[0], loop->address, sizeof loop->address) : -1;
    close(ends[0]);
    return got == (ssize_t)sizeof loop->address ? STATUS_OK : STATUS_IO;
}

void loop_stop(struct loop *loop)
{
    if (loop->pid > 0 && kill(loop->pid, SIGKILL) == 0)
        waitpid(loop->pid, NULL, 0);
    keys_drop(&loop->key);
    loop->pid = 0;
}

int loop_parcel(size_t length, const struct key_pair *signing, struct parcel *parcel)
{
    parcel->length = length > SIGNED_AT ? length : SIGNED_AT + 1;
    parcel->bytes = malloc(parcel->length);
    if (parcel->bytes == NULL)
        return STATUS_NO_MEMORY;
    seam_random_system.fill(seam_random_system.data, parcel->bytes, parcel->length);
    memcpy(parcel->bytes + crypto_sign_BYTES, signing->public_key, crypto_sign_PUBLICKEYBYTES);
    keys_sign(signing, parcel->bytes + SIGNED_AT, parcel->length - SIGNED_AT, parcel->bytes);
    return STATUS_OK;
}
