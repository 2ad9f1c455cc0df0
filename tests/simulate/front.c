/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/simulate/front.h"

#include <stdlib.h>
#include <string.h>

#include "proto/status.h"
#include "tests/simulate/run.h"

#define LATE_MOST 250u      /* milliseconds of an ordinary message */
#define VERY_LATE_MOST 4000u

static void *grown(void *list, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return list;
    *capacity = *capacity == 0 ? 64 : 2 * *capacity;
    list = realloc(list, *capacity * size);
    if (list == NULL)
        abort();
    return list;
}

static struct connection *front_find(const struct front *front, uint64_t handle)
{
    for (size_t at = front->connection_count; at > 0; at--)
        if (front->connections[at - 1].handle == handle)
            return &front->connections[at - 1];
    return NULL;
}

uint64_t front_connect(struct run *run, struct client *client, const uint8_t curve_key[32])
{
    struct front *front = &run->front;
    const struct admission_key *key = front->up ? admission_find(front->admission, curve_key) : NULL;
    if (key == NULL || (key->join_only && key->expiry != 0 && run->wall >= key->expiry))
        return 0;
    front->connections = grown(front->connections, front->connection_count, &front->connection_capacity, sizeof *front->connections);
    struct connection *made = &front->connections[front->connection_count++];
    *made = (struct connection){.handle = ++front->next_handle, .client = client->index, .open = true};
    memcpy(made->party, key->party, sizeof made->party);
    return made->handle;
}

bool front_is_open(const struct run *run, uint64_t handle)
{
    const struct connection *connection = front_find(&run->front, handle);
    return connection != NULL && connection->open;
}

/* What is under way of a connection that is gone stays away. */
static void front_drop_messages(struct front *front, uint64_t handle, bool all)
{
    size_t kept = 0;
    for (size_t at = 0; at < front->message_count; at++) {
        if (all || front->messages[at].handle == handle)
            free(front->messages[at].bytes);
        else
            front->messages[kept++] = front->messages[at];
    }
    front->message_count = kept;
}

void front_close(struct run *run, uint64_t handle)
{
    struct connection *connection = front_find(&run->front, handle);
    if (connection == NULL || !connection->open)
        return;
    connection->open = false;
    front_drop_messages(&run->front, handle, false);
}

static void front_queue(struct run *run, struct connection *connection, bool up, const uint8_t *bytes, size_t length)
{
    struct front *front = &run->front;
    uint64_t late = run->chaos && dice_is(&run->dice, 30) ? VERY_LATE_MOST : run->chaos ? LATE_MOST : LATE_MOST / 8;
    uint64_t due = run->monotonic + dice_roll(&run->dice, late);
    due = due > connection->last_due[up] ? due : connection->last_due[up];
    connection->last_due[up] = due;
    front->messages = grown(front->messages, front->message_count, &front->message_capacity, sizeof *front->messages);
    struct message *message = &front->messages[front->message_count++];
    *message = (struct message){.due = due, .order = ++front->next_order, .handle = connection->handle, .up = up, .length = length};
    message->bytes = malloc(length + 1);
    if (message->bytes == NULL)
        abort();
    if (length > 0)
        memcpy(message->bytes, bytes, length);
}

void front_send(struct run *run, uint64_t handle, const uint8_t *bytes, size_t length)
{
    struct connection *connection = front_find(&run->front, handle);
    if (connection != NULL && connection->open)
        front_queue(run, connection, true, bytes, length);
}

/* The message that is due first in a direction; NULL: none is due. */
static struct message *front_next(struct run *run, bool up)
{
    struct front *front = &run->front;
    struct message *first = NULL;
    for (size_t at = 0; at < front->message_count; at++) {
        struct message *message = &front->messages[at];
        if (message->up != up || message->due > run->monotonic)
            continue;
        if (first == NULL || message->due < first->due || (message->due == first->due && message->order < first->order))
            first = message;
    }
    return first;
}

static void front_take(struct front *front, struct message *message, struct message *taken)
{
    *taken = *message;
    *message = front->messages[--front->message_count];
}

/* One frame to the exchange; false: it has no room for more. */
static bool front_hand_over(struct run *run, struct connection *connection, const char *party, const uint8_t *bytes, size_t length)
{
    uint8_t head[PIPE_HEAD_MOST];
    struct pipe_message message = {.handle = connection->handle};
    memcpy(message.party, party, sizeof message.party);
    size_t head_length = pipe_pack_head(&message, head);
    if (pipe_send(&run->front.pipe, PIPE_REQUEST, head, head_length, bytes, length) != STATUS_OK)
        return false;
    connection->asked++;
    trace_bytes(&run->trace, bytes, length);
    return true;
}

/* What a hostile front does to a request beside passing it on. */
static void front_meddle(struct run *run, struct connection *connection, const struct message *message)
{
    static const char nobody[PIPE_PARTY_MOST + 1] = "somebody-else";
    uint8_t *bent = malloc(message->length + 1);
    if (bent == NULL)
        abort();
    memcpy(bent, message->bytes, message->length);
    switch (dice_roll(&run->dice, 5)) {
    case 0: /* once more, and not at once */
        front_queue(run, connection, true, message->bytes, message->length);
        run->figures.duplicated++;
        break;
    case 1:
        front_hand_over(run, connection, connection->party, message->bytes, message->length);
        run->figures.duplicated++;
        break;
    case 2:
        if (message->length > 0)
            bent[dice_roll(&run->dice, message->length)] ^= (uint8_t)(1u << dice_roll(&run->dice, 8));
        front_hand_over(run, connection, connection->party, bent, message->length);
        run->figures.forged++;
        break;
    case 3:
        front_hand_over(run, connection, connection->party, bent, dice_roll(&run->dice, message->length + 1));
        run->figures.forged++;
        break;
    default: /* as if another party had sent it */
        front_hand_over(run, connection, nobody, bent, message->length);
        run->figures.forged++;
        break;
    }
    free(bent);
}

void front_deliver_up(struct run *run)
{
    struct front *front = &run->front;
    struct message *next;
    if (!front->up || front->pipe.fd < 0)
        return;
    while ((next = front_next(run, true)) != NULL) {
        struct connection *connection = front_find(front, next->handle);
        struct message message;
        if (!front_hand_over(run, connection, connection->party, next->bytes, next->length))
            break;
        front_take(front, next, &message);
        if (front->hostile && run->chaos && dice_is(&run->dice, 60))
            front_meddle(run, connection, &message);
        free(message.bytes);
    }
    pipe_flush(&front->pipe);
}

/* --- down ------------------------------------------------------------------------------------------------------ */

static void front_admit(struct run *run, const struct pipe_frame *frame)
{
    struct front *front = &run->front;
    admission_free(front->admission);
    front->admission = NULL;
    front->up = admission_unpack(frame->bytes, frame->length, &front->admission) == STATUS_OK;
    if (!front->up) {
        run_finding(run, "admission", "the list of keys is not of its form");
        return;
    }
    /* A key that is not listed any more loses its connection; but a hostile front may let it on. */
    for (size_t at = 0; at < front->connection_count; at++) {
        struct connection *connection = &front->connections[at];
        const struct client *client = &run->clients[connection->client];
        bool stands = (client->keys.there && admission_find(front->admission, client->keys.curve.public_key) != NULL) ||
                      (client->next.there && admission_find(front->admission, client->next.curve.public_key) != NULL) ||
                      (client->has_once && admission_find(front->admission, client->once.curve.public_key) != NULL);
        if (connection->open && !stands && !(front->hostile && run->chaos && dice_is(&run->dice, 800)))
            front_close(run, connection->handle);
    }
}

static void front_answer(struct run *run, const struct pipe_frame *frame)
{
    struct front *front = &run->front;
    struct pipe_message answer;
    if (pipe_unpack_message(frame->bytes, frame->length, &answer) != STATUS_OK) {
        run_finding(run, "answers", "an answer is not of its form");
        return;
    }
    struct connection *connection = front_find(front, answer.handle);
    if (connection == NULL || ++connection->answered > connection->asked) {
        run_finding(run, "answers", "handle %llu is answered more often than it asked", (unsigned long long)answer.handle);
        return;
    }
    trace_bytes(&run->trace, answer.bytes, answer.length);
    if (!connection->open || answer.length == 0)
        return;
    front_queue(run, connection, false, answer.bytes, answer.length);
    if (front->hostile && run->chaos && dice_is(&run->dice, 60) && front->connection_count > 1) {
        struct connection *other = &front->connections[dice_roll(&run->dice, front->connection_count)];
        if (other->open && other->client != connection->client) {
            client_receive(run, &run->clients[other->client], answer.bytes, answer.length, true);
            run->figures.misdelivered++;
        }
    }
}

/* Takes every whole frame that the exchange has sent. False: it sends no more. */
static bool front_take_frames(struct run *run)
{
    struct front *front = &run->front;
    struct pipe_frame frame;
    bool stands = pipe_fill(&front->pipe) == STATUS_OK;
    while (pipe_next(&front->pipe, &frame) == STATUS_OK) {
        if (frame.kind == PIPE_ADMITTED)
            front_admit(run, &frame);
        else if (frame.kind == PIPE_ANSWER)
            front_answer(run, &frame);
        else
            run_finding(run, "answers", "a frame of kind %u", (unsigned)frame.kind);
    }
    return stands;
}

static void front_deliver_one(struct run *run, struct message *next)
{
    struct front *front = &run->front;
    struct message message;
    front_take(front, next, &message);
    struct connection *connection = front_find(front, message.handle);
    client_receive(run, &run->clients[connection->client], message.bytes, message.length, false);
    free(message.bytes);
}

void front_deliver_down(struct run *run)
{
    struct front *front = &run->front;
    struct message *next;
    if (front->pipe.fd >= 0) {
        bool stands = front_take_frames(run);
        pipe_flush(&front->pipe);
        if (!stands && run->node.state == NODE_UP)
            node_new_front(run);
    }
    while ((next = front_next(run, false)) != NULL)
        front_deliver_one(run, next);
}

void front_last_words(struct run *run)
{
    struct front *front = &run->front;
    if (front->pipe.fd < 0)
        return;
    front_take_frames(run);
    for (size_t at = 0; at < front->message_count; at++)
        front->messages[at].due = run->monotonic;
    for (struct message *next; (next = front_next(run, false)) != NULL;)
        front_deliver_one(run, next);
}

/* --- misfortunes ----------------------------------------------------------------------------------------------- */

void front_lose(struct run *run)
{
    struct front *front = &run->front;
    for (size_t at = 0; at < front->connection_count; at++)
        front->connections[at].open = false;
    front->connection_count = 0;
    front_drop_messages(front, 0, true);
    admission_free(front->admission);
    front->admission = NULL;
    front->up = false;
    pipe_close(&front->pipe);
}

void front_misfortune(struct run *run)
{
    struct front *front = &run->front;
    if (front->connection_count == 0)
        return;
    if (dice_is(&run->dice, 100) && run->node.state == NODE_UP) {
        run->figures.front_kills++;
        run_note(run, "front killed");
        node_new_front(run);
        return;
    }
    /* Nonsense ends the pipe, and with it the front; the exchange goes on. */
    if (dice_is(&run->dice, 60) && front->pipe.fd >= 0) {
        uint8_t rubbish[64];
        dice_fill(&run->dice, rubbish, sizeof rubbish);
        pipe_send(&front->pipe, (enum pipe_kind)dice_between(&run->dice, PIPE_REQUEST, 200), rubbish, dice_roll(&run->dice, sizeof rubbish), NULL, 0);
        pipe_flush(&front->pipe);
        run->figures.forged++;
        return;
    }
    unsigned cuts = (unsigned)dice_between(&run->dice, 1, 4);
    for (unsigned at = 0; at < cuts; at++) {
        front_close(run, front->connections[dice_roll(&run->dice, front->connection_count)].handle);
        run->figures.cut_connections++;
    }
}

void front_end(struct run *run)
{
    struct front *front = &run->front;
    front_lose(run);
    free(front->connections);
    free(front->messages);
    *front = (struct front){.pipe = {.fd = -1}};
}
