/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/front/door.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>
#include <zmq.h>

#include "broker/front/zap.h"
#include "proto/seam.h"
#include "proto/status.h"

#define MONITOR_ENDPOINT "inproc://front.monitor"
#define PROOF_MONITOR_ENDPOINT "inproc://front.proof"
#define HANDSHAKE_MILLISECONDS 3000 /* who has not proved a key by then is cut */
#define PROOF_MILLISECONDS 3000
#define PROOF_STEP 20               /* milliseconds between two looks */
#define ENDPOINT_MOST 256u
/* ZMQ_ZAP_ENFORCE_DOMAIN, which zmq.h shows only to builds of its draft interface; the library takes it in any build, and
 * setting it is checked. */
#define ENFORCE_DOMAIN 93
#define BACKLOG 512                 /* connections that the kernel may hold for us */

static bool door_set_number(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool door_set_options(void *router, const struct config *config, const uint8_t curve_secret[32])
{
    int64_t longest = (int64_t)config->message_kilobytes * 1024;
    int waiting = (int)config->waiting_messages;
    return zmq_setsockopt(router, ZMQ_MAXMSGSIZE, &longest, sizeof longest) == 0 &&
           door_set_number(router, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MILLISECONDS) &&
           door_set_number(router, ZMQ_LINGER, 0) && door_set_number(router, ZMQ_SNDHWM, waiting) &&
           door_set_number(router, ZMQ_RCVHWM, waiting) && door_set_number(router, ZMQ_ROUTER_MANDATORY, 1) &&
           door_set_number(router, ZMQ_BACKLOG, BACKLOG) && door_set_number(router, ZMQ_TCP_KEEPALIVE, 1) &&
           door_set_number(router, ZMQ_TCP_KEEPALIVE_IDLE, 60) && door_set_number(router, ZMQ_TCP_KEEPALIVE_INTVL, 20) &&
           door_set_number(router, ZMQ_IPV6, config->address[6] == '[' ? 1 : 0) &&
           door_set_number(router, ZMQ_CURVE_SERVER, 1) &&
           zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, curve_secret, 32) == 0 &&
           zmq_setsockopt(router, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) == 0 &&
           door_set_number(router, ENFORCE_DOMAIN, 1);
}

/* Opens the receiving end of a socket's monitor. */
static void *door_watch(void *context, void *socket, const char *endpoint, int events)
{
    if (zmq_socket_monitor(socket, endpoint, events) != 0)
        return NULL;
    void *monitor = zmq_socket(context, ZMQ_PAIR);
    if (monitor == NULL || !door_set_number(monitor, ZMQ_LINGER, 0) || !door_set_number(monitor, ZMQ_RCVHWM, 0) ||
        zmq_connect(monitor, endpoint) != 0) {
        if (monitor != NULL)
            zmq_close(monitor);
        return NULL;
    }
    return monitor;
}

int door_descriptor(void *socket, int *fd)
{
    size_t size = sizeof *fd;
    return zmq_getsockopt(socket, ZMQ_FD, fd, &size) == 0 ? STATUS_OK : STATUS_IO;
}

int door_make(void *context, const struct config *config, const uint8_t curve_secret[32], struct door *door)
{
    *door = (struct door){0};
    door->router = zmq_socket(context, ZMQ_ROUTER);
    if (door->router == NULL)
        return STATUS_NO_MEMORY;
    if (!door_set_options(door->router, config, curve_secret)) {
        door_close(door);
        return STATUS_IO;
    }
    door->monitor = door_watch(context, door->router, MONITOR_ENDPOINT,
                               ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED);
    if (door->monitor == NULL || door_descriptor(door->router, &door->router_fd) != STATUS_OK ||
        door_descriptor(door->monitor, &door->monitor_fd) != STATUS_OK) {
        door_close(door);
        return STATUS_IO;
    }
    return STATUS_OK;
}

int door_bind(struct door *door, const struct config *config)
{
    return zmq_bind(door->router, config->address) == 0 ? STATUS_OK : STATUS_IO;
}

void door_close(struct door *door)
{
    if (door->monitor != NULL)
        zmq_close(door->monitor);
    if (door->router != NULL)
        zmq_close(door->router);
    *door = (struct door){0};
}

/* Reads one event of a monitor: its number and value; false where none waits. */
static bool door_read_event(void *monitor, uint16_t *event, uint32_t *value)
{
    uint8_t frame[6];
    int length = zmq_recv(monitor, frame, sizeof frame, ZMQ_DONTWAIT);
    if (length < 0)
        return false;
    if (length == (int)sizeof frame) {
        memcpy(event, frame, sizeof *event);
        memcpy(value, frame + sizeof *event, sizeof *value);
    }
    int more = 0;
    size_t size = sizeof more;
    while (zmq_getsockopt(monitor, ZMQ_RCVMORE, &more, &size) == 0 && more != 0)
        if (zmq_recv(monitor, NULL, 0, 0) < 0)
            break;
    return length == (int)sizeof frame;
}

enum door_event_kind door_next_event(struct door *door, int *fd)
{
    uint16_t event = 0;
    uint32_t value = 0;
    if (!door_read_event(door->monitor, &event, &value))
        return DOOR_NONE;
    *fd = (int)value;
    if (event == ZMQ_EVENT_ACCEPTED)
        return DOOR_ACCEPTED;
    return event == ZMQ_EVENT_DISCONNECTED || event == ZMQ_EVENT_CLOSED ? DOOR_ENDED : DOOR_OTHER;
}

/* Where this machine reaches the door: one on every address is reached on the loopback one. */
static bool door_endpoint(struct door *door, char endpoint[ENDPOINT_MOST])
{
    size_t size = ENDPOINT_MOST;
    if (zmq_getsockopt(door->router, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0)
        return false;
    char *any = strstr(endpoint, "//0.0.0.0:");
    if (any != NULL) {
        char port[32];
        snprintf(port, sizeof port, "%s", any + strlen("//0.0.0.0:"));
        snprintf(endpoint, ENDPOINT_MOST, "tcp://127.0.0.1:%s", port);
    }
    return true;
}

/* A client with a key that nobody knows, not connected yet. */
static void *door_stranger(void *context, const char *endpoint, const uint8_t curve_public[32])
{
    uint8_t secret[32];
    uint8_t public_key[32];
    seam_random_system.fill(seam_random_system.data, secret, sizeof secret);
    crypto_scalarmult_base(public_key, secret);
    void *stranger = zmq_socket(context, ZMQ_DEALER);
    bool made = stranger != NULL && door_set_number(stranger, ZMQ_LINGER, 0) && door_set_number(stranger, ZMQ_RECONNECT_IVL, -1) &&
                door_set_number(stranger, ZMQ_IPV6, endpoint[6] == '[' ? 1 : 0) &&
                zmq_setsockopt(stranger, ZMQ_CURVE_SERVERKEY, curve_public, 32) == 0 &&
                zmq_setsockopt(stranger, ZMQ_CURVE_PUBLICKEY, public_key, 32) == 0 &&
                zmq_setsockopt(stranger, ZMQ_CURVE_SECRETKEY, secret, 32) == 0;
    sodium_memzero(secret, sizeof secret);
    if (made)
        return stranger;
    if (stranger != NULL)
        zmq_close(stranger);
    return NULL;
}

int door_prove(void *context, struct door *door, const uint8_t curve_public[32], void (*serve)(void *data), void *data)
{
    int status = STATUS_DENIED;
    void *monitor = NULL;
    void *stranger = NULL;
    char endpoint[ENDPOINT_MOST] = "";
    if (!door_endpoint(door, endpoint) || (stranger = door_stranger(context, endpoint, curve_public)) == NULL)
        goto done;
    monitor = door_watch(context, stranger, PROOF_MONITOR_ENDPOINT,
                         ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    if (monitor == NULL || zmq_connect(stranger, endpoint) != 0)
        goto done;
    for (int waited = 0; waited < PROOF_MILLISECONDS; waited += PROOF_STEP) {
        uint16_t event = 0;
        uint32_t value = 0;
        serve(data);
        if (door_read_event(monitor, &event, &value)) {
            status = event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH ? STATUS_OK : STATUS_DENIED;
            break;
        }
        zmq_pollitem_t item = {.socket = monitor, .events = ZMQ_POLLIN};
        zmq_poll(&item, 1, PROOF_STEP);
    }
done:
    if (monitor != NULL)
        zmq_close(monitor);
    if (stranger != NULL)
        zmq_close(stranger);
    return status;
}
