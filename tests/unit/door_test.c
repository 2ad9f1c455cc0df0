/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include "broker/front/door.h"
#include "broker/front/zap.h"
#include "proto/keys.h"
#include "proto/status.h"
#include "tests/unit/patience.h"

/*
 * The proof with which every front begins: a key that is in no list is refused. It holds with the handler that we have, and fails where
 * there is none, where it is mute, and where it lets everybody in; a front that can't prove it does not serve.
 */

struct entrance {
    void *context;
    struct config config;
    struct key_pair pair;
    struct door door;
    struct zap *zap;
    void *careless; /* a handler that lets everybody in */
};

static int setup(void **state)
{
    static struct entrance entrance;
    alarm((unsigned)patience(60));
    entrance = (struct entrance){.context = zmq_ctx_new()};
    config_default(&entrance.config);
    snprintf(entrance.config.address, sizeof entrance.config.address, "tcp://127.0.0.1:*");
    *state = &entrance;
    return entrance.context != NULL && keys_generate(KEY_CURVE, &seam_random_system, &entrance.pair) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct entrance *entrance = *state;
    door_close(&entrance->door);
    zap_close(entrance->zap);
    if (entrance->careless != NULL)
        zmq_close(entrance->careless);
    zmq_ctx_term(entrance->context);
    keys_drop(&entrance->pair);
    return 0;
}

static void open_door(struct entrance *entrance)
{
    assert_int_equal(door_make(entrance->context, &entrance->config, entrance->pair.secret, &entrance->door), STATUS_OK);
    assert_int_equal(door_bind(&entrance->door, &entrance->config), STATUS_OK);
}

static int prove(struct entrance *entrance, void (*serve)(void *data))
{
    return door_prove(entrance->context, &entrance->door, entrance->pair.public_key, serve, entrance);
}

static void serve_nobody(void *data)
{
    (void)data;
}

static void serve_zap(void *data)
{
    struct entrance *entrance = data;
    zap_serve(entrance->zap, NULL, 1, 1);
}

static void serve_everybody(void *data)
{
    struct entrance *entrance = data;
    char id[256] = "";
    int id_length = 0, more = 1;
    size_t size = sizeof more;
    for (int frame = 0; more != 0; frame++) {
        char bytes[256];
        int length = zmq_recv(entrance->careless, bytes, sizeof bytes, frame == 0 ? ZMQ_DONTWAIT : 0);
        if (length < 0)
            return;
        if (frame == 1) {
            memcpy(id, bytes, (size_t)length);
            id_length = length;
        }
        zmq_getsockopt(entrance->careless, ZMQ_RCVMORE, &more, &size);
    }
    zmq_send(entrance->careless, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(entrance->careless, id, (size_t)id_length, ZMQ_SNDMORE);
    zmq_send(entrance->careless, "200", 3, ZMQ_SNDMORE);
    zmq_send(entrance->careless, "OK", 2, ZMQ_SNDMORE);
    zmq_send(entrance->careless, "anybody", 7, ZMQ_SNDMORE);
    zmq_send(entrance->careless, "", 0, 0);
}

static void a_stranger_is_refused(void **state)
{
    struct entrance *entrance = *state;
    assert_int_equal(zap_open(entrance->context, 10, 10, NULL, &entrance->zap), STATUS_OK);
    open_door(entrance);
    assert_int_equal(prove(entrance, serve_zap), STATUS_OK);
    assert_int_equal(zap_counted(entrance->zap).admitted, 0);
    assert_int_equal(zap_counted(entrance->zap).refused, 1);
}

static void without_a_handler_nothing_is_proved(void **state)
{
    struct entrance *entrance = *state;
    open_door(entrance);
    assert_int_equal(prove(entrance, serve_nobody), STATUS_DENIED);
}

static void a_mute_handler_proves_nothing(void **state)
{
    struct entrance *entrance = *state;
    assert_int_equal(zap_open(entrance->context, 10, 10, NULL, &entrance->zap), STATUS_OK);
    open_door(entrance);
    assert_int_equal(prove(entrance, serve_nobody), STATUS_DENIED);
}

static void who_lets_strangers_in_does_not_serve(void **state)
{
    struct entrance *entrance = *state;
    entrance->careless = zmq_socket(entrance->context, ZMQ_REP);
    assert_non_null(entrance->careless);
    assert_int_equal(zmq_bind(entrance->careless, "inproc://zeromq.zap.01"), 0);
    open_door(entrance);
    assert_int_equal(prove(entrance, serve_everybody), STATUS_DENIED);
}

int main(void)
{
#define DOOR_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        DOOR_TEST(a_stranger_is_refused),
        DOOR_TEST(without_a_handler_nothing_is_proved),
        DOOR_TEST(a_mute_handler_proves_nothing),
        DOOR_TEST(who_lets_strangers_in_does_not_serve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
