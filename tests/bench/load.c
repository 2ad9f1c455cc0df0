/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/bench/load.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <zmq.h>

#include "proto/status.h"

#define SILENCE 10000    /* milliseconds without any answer */
#define HINT_LONGEST 64u /* bytes: a box is longer */
#define EVENTS 64

struct load_client {
    void *socket;
    bool waiting;
    uint64_t sent; /* nanoseconds */
    uint8_t *answer;
    size_t answer_length;
};

struct load_times {
    uint32_t *list; /* tenths of a microsecond */
    size_t count;
    size_t room;
};

static uint64_t load_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int load_connect(struct load *load, struct load_client *client, const char *address, const uint8_t server_key[32],
                        const struct key_pair *pair)
{
    int zero = 0;
    int fd = -1;
    size_t size = sizeof fd;
    client->socket = zmq_socket(load->context, ZMQ_DEALER);
    if (client->socket == NULL || zmq_setsockopt(client->socket, ZMQ_LINGER, &zero, sizeof zero) != 0 ||
        zmq_setsockopt(client->socket, ZMQ_CURVE_SERVERKEY, server_key, 32) != 0 ||
        zmq_setsockopt(client->socket, ZMQ_CURVE_PUBLICKEY, pair->public_key, 32) != 0 ||
        zmq_setsockopt(client->socket, ZMQ_CURVE_SECRETKEY, pair->secret, 32) != 0 ||
        zmq_connect(client->socket, address) != 0 || zmq_getsockopt(client->socket, ZMQ_FD, &fd, &size) != 0)
        return STATUS_IO;
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = client};
    return epoll_ctl(load->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? STATUS_OK : STATUS_IO;
}

int load_open(struct load *load, const char *address, const uint8_t server_key[32], const struct key_pair *const *pairs,
              size_t pair_count, size_t count)
{
    *load = (struct load){.context = zmq_ctx_new(), .epoll = epoll_create1(EPOLL_CLOEXEC), .count = count};
    load->clients = calloc(count, sizeof *load->clients);
    if (load->context == NULL || load->clients == NULL || load->epoll < 0)
        return STATUS_NO_MEMORY;
    int status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = load_connect(load, &load->clients[i], address, server_key, pairs[i % pair_count]);
    return status;
}

void load_close(struct load *load)
{
    for (size_t i = 0; load->clients != NULL && i < load->count; i++) {
        if (load->clients[i].socket != NULL)
            zmq_close(load->clients[i].socket);
        free(load->clients[i].answer);
    }
    free(load->clients);
    if (load->context != NULL)
        zmq_ctx_term(load->context);
    if (load->epoll >= 0)
        close(load->epoll);
    *load = (struct load){.epoll = -1};
}

static void load_note(struct load_times *times, uint64_t nanoseconds)
{
    if (times->count == times->room) {
        size_t room = times->room == 0 ? 4096 : times->room * 2;
        uint32_t *list = realloc(times->list, room * sizeof *list);
        if (list == NULL)
            return;
        times->list = list;
        times->room = room;
    }
    uint64_t tenths = nanoseconds / 100;
    times->list[times->count++] = tenths > UINT32_MAX ? UINT32_MAX : (uint32_t)tenths;
}

static void load_keep(struct load_client *client, zmq_msg_t *message)
{
    size_t length = zmq_msg_size(message);
    uint8_t *bytes = realloc(client->answer, length + 1);
    if (bytes == NULL)
        return;
    memcpy(bytes, zmq_msg_data(message), length);
    client->answer = bytes;
    client->answer_length = length;
}

static bool load_send(struct load_client *client, const struct parcel *parcel)
{
    if (parcel == NULL || zmq_send(client->socket, parcel->bytes, parcel->length, ZMQ_DONTWAIT) < 0)
        return false;
    client->sent = load_now();
    client->waiting = true;
    return true;
}

struct load_turn {
    const struct parcel *(*next)(void *data, size_t client);
    void *data;
    uint64_t end;
    bool over; /* nothing more is sent */
    size_t under_way;
    struct load_times times;
    struct load_result *result;
};

/* Takes what a client was answered, and sends its next. */
static void load_serve(struct load *load, struct load_turn *turn, struct load_client *client)
{
    zmq_msg_t message;
    zmq_msg_init(&message);
    while (zmq_msg_recv(&message, client->socket, ZMQ_DONTWAIT) >= 0) {
        uint64_t now = load_now();
        if (!client->waiting)
            continue;
        client->waiting = false;
        turn->under_way--;
        load_keep(client, &message);
        if (now >= turn->end)
            turn->over = true;
        if (!turn->over || now < turn->end) {
            load_note(&turn->times, now - client->sent);
            if (zmq_msg_size(&message) <= HINT_LONGEST)
                turn->result->hints++;
            else
                turn->result->acknowledged++;
        }
        if (!turn->over && load_send(client, turn->next(turn->data, (size_t)(client - load->clients))))
            turn->under_way++;
        else if (!turn->over) {
            turn->over = true;
            turn->end = now;
        }
    }
    zmq_msg_close(&message);
}

static int load_compare(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static void load_sum(struct load_times *times, struct load_result *result)
{
    qsort(times->list, times->count, sizeof *times->list, load_compare);
    if (times->count > 0) {
        result->p50 = times->list[times->count / 2] / 10000.0;
        result->p99 = times->list[(times->count * 99) / 100] / 10000.0;
    }
    free(times->list);
}

int load_run(struct load *load, unsigned milliseconds, const struct parcel *(*next)(void *data, size_t client), void *data,
             struct load_result *result)
{
    struct epoll_event events[EVENTS];
    uint64_t begun = load_now();
    struct load_turn turn = {.next = next, .data = data, .end = begun + (uint64_t)milliseconds * 1000000u, .result = result};
    int status = STATUS_OK;
    *result = (struct load_result){0};
    for (size_t i = 0; i < load->count && !turn.over; i++)
        if (load_send(&load->clients[i], next(data, i)))
            turn.under_way++;
        else
            turn.over = true;
    /* libzmq tells of a message only who has found a socket empty before. */
    for (size_t i = 0; i < load->count; i++)
        load_serve(load, &turn, &load->clients[i]);
    while (turn.under_way > 0 && status == STATUS_OK) {
        int count = epoll_wait(load->epoll, events, EVENTS, SILENCE);
        if (count <= 0)
            status = STATUS_UNREACHABLE;
        for (int i = 0; i < count; i++)
            load_serve(load, &turn, events[i].data.ptr);
    }
    result->seconds = (double)(turn.end - begun) / 1e9;
    load_sum(&turn.times, result);
    return status;
}

const uint8_t *load_answer(const struct load *load, size_t client, size_t *length)
{
    *length = load->clients[client].answer_length;
    return load->clients[client].answer;
}

uint64_t load_processor_time(int pid)
{
    char path[128];
    uint64_t sum = 0;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *folder = opendir(path);
    for (struct dirent *entry = folder == NULL ? NULL : readdir(folder); entry != NULL; entry = readdir(folder)) {
        unsigned long long used = 0;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", pid, entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
        if (file == NULL)
            continue;
        if (fscanf(file, "%llu", &used) == 1)
            sum += used;
        fclose(file);
    }
    if (folder != NULL)
        closedir(folder);
    return sum;
}
