/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/front/relay.h"

#include <errno.h>
#include <string.h>

#include <zmq.h>

#include "broker/metrics.h"
#include "proto/box.h"
#include "proto/hint.h"
#include "proto/status.h"

#define MESSAGES_A_TURN 256u /* so that handshakes and answers get their turn too */

bool relay_has_room(const struct front *front)
{
    return pipe_has_credit(&front->pipe, BOX_MOST + PIPE_HEAD_MOST);
}

void relay_events(struct front *front, uint64_t now)
{
    int fd = -1;
    enum door_event_kind kind;
    while ((kind = door_next_event(&front->door, &fd)) != DOOR_NONE) {
        if (kind == DOOR_OTHER)
            continue;
        /* The descriptor's earlier owner is gone in both cases. */
        visitors_end(front->visitors, fd);
        if (kind == DOOR_ACCEPTED)
            meter_accept(front->meter, fd, now);
        else
            meter_end(front->meter, fd);
    }
}

/* Sends bytes to a connection. One that does not read is cut: what it misses, it can ask for again. */
static void relay_send(struct front *front, struct visitor *visitor, const uint8_t *bytes, size_t length)
{
    int sent = zmq_send(front->door.router, visitor->route, visitor->route_length, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    if (sent >= 0)
        sent = zmq_send(front->door.router, bytes, length, ZMQ_DONTWAIT);
    if (sent >= 0) {
        front->counts.answers++;
        return;
    }
    if (errno == EAGAIN) {
        meter_cut(visitor->fd);
        front->counts.cut++;
    } else {
        front->counts.dropped++;
    }
    visitors_leave(front->visitors, visitor);
}

static void relay_hint(struct front *front, struct visitor *visitor, enum hint hint)
{
    uint8_t bytes[HINT_SIZE];
    hint_write(hint, bytes);
    relay_send(front, visitor, bytes, sizeof bytes);
}

struct relay_message {
    uint8_t route[VISITOR_ROUTE_MOST];
    size_t route_length;
    zmq_msg_t body;
    bool whole; /* route and one body, nothing behind it */
};

/* Reads one message, all its frames. STATUS_NOT_FOUND where none waits. The body is open on STATUS_OK. */
static int relay_receive(struct front *front, struct relay_message *message)
{
    void *router = front->door.router;
    int length = zmq_recv(router, message->route, sizeof message->route, ZMQ_DONTWAIT);
    if (length < 0)
        return errno == EAGAIN || errno == EINTR ? STATUS_NOT_FOUND : STATUS_IO;
    message->route_length = (size_t)length;
    message->whole = (size_t)length <= sizeof message->route;
    zmq_msg_init(&message->body);
    if (zmq_msg_recv(&message->body, router, 0) < 0) {
        zmq_msg_close(&message->body);
        return STATUS_IO;
    }
    int more = zmq_msg_more(&message->body);
    while (more != 0) {
        zmq_msg_t rest;
        message->whole = false;
        zmq_msg_init(&rest);
        more = zmq_msg_recv(&rest, router, 0) < 0 ? 0 : zmq_msg_more(&rest);
        zmq_msg_close(&rest);
    }
    return STATUS_OK;
}

/* The connection that a message came from, or NULL: it breaks a rule and is cut. From when its sender is known the message is in hand. */
static struct visitor *relay_identify(struct front *front, struct relay_message *message, int fd, uint64_t now)
{
    /* A chosen identity is how one client gets at another's answers; ours choose none. The User-Id of the routing id's
     * own frame can be empty, that of the body's is right. */
    const char *user = zmq_msg_gets(&message->body, "User-Id");
    struct visitor *visitor = NULL;
    if (user == NULL)
        return NULL;
    hand_take(front->hand, user);
    const char *identity = zmq_msg_gets(&message->body, "Identity");
    if (!message->whole || (identity != NULL && identity[0] != '\0'))
        return NULL;
    /* What the monitor knows of this descriptor comes first, or a new connection would be taken for an old one. The routing id of one that
     * is known is its own for as long as the router lives. */
    if (!visitors_knows(front->visitors, message->route, message->route_length, fd)) {
        hand_put(front->hand);
        relay_events(front, now);
        hand_take(front->hand, user);
    }
    if (visitors_meet(front->visitors, message->route, message->route_length, user, fd, &visitor) != STATUS_OK)
        return NULL;
    if (!admission_has(front->admission, visitor->party, visitor->curve_prefix)) {
        visitors_leave(front->visitors, visitor);
        return NULL;
    }
    return visitor;
}

static int relay_pass(struct front *front, struct relay_message *message, uint64_t now)
{
    int fd = zmq_msg_get(&message->body, ZMQ_SRCFD);
    struct visitor *visitor = relay_identify(front, message, fd, now);
    if (visitor == NULL) {
        meter_cut(fd);
        front->counts.cut++;
        return STATUS_OK;
    }
    meter_deliver(front->meter, fd, zmq_msg_size(&message->body));
    if (visitors_ask(front->visitors, visitor, now) != STATUS_OK) {
        front->counts.busy++;
        hand_put(front->hand);
        relay_hint(front, visitor, HINT_BUSY);
        return STATUS_OK;
    }
    struct pipe_message head = {.handle = visitor->handle};
    uint8_t bytes[PIPE_HEAD_MOST];
    memcpy(head.party, visitor->party, sizeof head.party);
    size_t length = pipe_pack_head(&head, bytes);
    int status = pipe_send(&front->pipe, PIPE_REQUEST, bytes, length, zmq_msg_data(&message->body),
                           zmq_msg_size(&message->body));
    if (status == STATUS_OK)
        front->counts.requests++;
    return status;
}

int relay_from_clients(struct front *front, uint64_t now)
{
    for (unsigned i = 0; i < MESSAGES_A_TURN && relay_has_room(front); i++) {
        struct relay_message message;
        int status = relay_receive(front, &message);
        if (status == STATUS_NOT_FOUND) {
            front->unread = false;
            return STATUS_OK;
        }
        if (status != STATUS_OK)
            return status;
        status = relay_pass(front, &message, now);
        hand_put(front->hand);
        zmq_msg_close(&message.body);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static int relay_answer(struct front *front, const struct pipe_frame *frame)
{
    struct pipe_message message;
    if (pipe_unpack_message(frame->bytes, frame->length, &message) != STATUS_OK)
        return STATUS_INVALID;
    struct visitor *visitor = visitors_find(front->visitors, message.handle);
    if (visitor == NULL) {
        front->counts.dropped++;
        return STATUS_OK;
    }
    front->unread = true; /* sending takes in what the descriptor told of */
    if (visitor->unanswered > 0)
        visitor->unanswered--;
    if (message.length > 0)
        relay_send(front, visitor, message.bytes, message.length);
    return STATUS_OK;
}

static int relay_admit(struct front *front, const struct pipe_frame *frame)
{
    struct admission *admission = NULL;
    int status = admission_unpack(frame->bytes, frame->length, &admission);
    if (status != STATUS_OK)
        return status;
    admission_free(front->admission);
    front->admission = admission;
    unsigned cut = visitors_revoke(front->visitors, admission, meter_cut);
    front->counts.cut += cut;
    metrics_write(METRICS_DEBUG, "admission", "keys=%zu cut=%u", admission_count(admission), cut);
    return STATUS_OK;
}

int relay_from_exchange(struct front *front)
{
    int filled = pipe_fill(&front->pipe);
    struct pipe_frame frame;
    int status;
    while ((status = pipe_next(&front->pipe, &frame)) == STATUS_OK) {
        if (frame.kind == PIPE_ANSWER)
            status = relay_answer(front, &frame);
        else if (frame.kind == PIPE_ADMITTED)
            status = relay_admit(front, &frame);
        else
            status = STATUS_INVALID;
        if (status != STATUS_OK)
            return status;
    }
    return status == STATUS_NOT_FOUND ? filled : status;
}
