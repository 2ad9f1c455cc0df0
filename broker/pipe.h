/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_PIPE_H
#define BROKER_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What the processes of the daemon say to each other: frames over a stream socketpair (datagram pairs refuse large
 * messages by default). A frame is a length of 4 bytes, little-endian, that counts what follows; a kind of one byte; a
 * payload.
 *
 * Credits run both ways, so that neither side can fill the other's memory and two full sides never wait for each other:
 * a side may have at most PIPE_WINDOW bytes of frames under way that the other has not yet released. A frame longer
 * than the window may be sent when nothing else is under way. The peer is not trusted: a frame over the limit, a kind
 * of 0, credit for more than was sent and more bytes than it had credit for end the pipe.
 *
 * No call blocks; the caller polls. One thread a pipe.
 */

#define PIPE_WINDOW (40u * 1024u * 1024u)      /* bytes under way: two of the longest messages and a batch of usual ones */
#define PIPE_FRAME_MOST (256u * 1024u * 1024u) /* bytes: a market of 100,000 demands packs into less */

enum pipe_kind {
    PIPE_CREDIT = 1,    /* u32: bytes released; made and eaten by this module */
    PIPE_REQUEST = 2,   /* front -> exchange: see pipe_message */
    PIPE_ANSWER = 3,    /* exchange -> front: see pipe_message, party empty */
    PIPE_ADMITTED = 4,  /* exchange -> front: the whole list of keys, see proto/admission.h */
    PIPE_PLAN = 5,      /* exchange -> planner: PlanRequest; planner -> exchange: PlanAnswer */
    PIPE_READY = 6      /* front -> exchange: it listens, and an unlisted key was refused; no payload */
};

struct pipe_frame {
    uint8_t kind;
    const uint8_t *bytes; /* inside the pipe, until its next call */
    size_t length;
};

/*
 * What a pipe runs over: a seam. Each is called with the pipe's descriptor and does what recv(), send() (never raising SIGPIPE) and close() do
 * with a socket that doesn't block, errno included; a simulation has lines of its own, and numbers them as it likes.
 */
struct pipe_line {
    ssize_t (*receive)(void *data, int fd, void *bytes, size_t length);
    ssize_t (*send)(void *data, int fd, const void *bytes, size_t length);
    void (*close)(void *data, int fd);
    void *data;
};

struct pipe_buffer {
    uint8_t *bytes;
    size_t start;    /* first byte that is still wanted */
    size_t end;      /* behind the last */
    size_t capacity;
};

struct pipe {
    int fd;
    const struct pipe_line *line;
    size_t frame_most;     /* longest frame accepted, kind included */
    struct pipe_buffer in;
    struct pipe_buffer out;
    size_t taken;          /* bytes of the frame that pipe_next gave, until it is released */
    size_t under_way;      /* bytes sent that the peer has not released */
    size_t to_release;     /* bytes released that the peer was not yet told */
    bool ended;            /* the peer closed, or broke a rule */
};

/* Takes fd over (made non-blocking); frame_most: the longest frame to accept. STATUS_OK or STATUS_IO. */
int pipe_open(struct pipe *pipe, int fd, size_t frame_most);

/* The same over a line of the caller's, which must outlive the pipe; fd: 0 or more. */
void pipe_open_line(struct pipe *pipe, const struct pipe_line *line, int fd, size_t frame_most);

/* Closes and frees. Takes a pipe that was never opened where all its bytes are 0 and fd is -1. */
void pipe_close(struct pipe *pipe);

/* Whether a frame of this payload would be taken now. */
bool pipe_has_credit(const struct pipe *pipe, size_t length);

/*
 * Queues a frame whose payload is head and then body (each may be empty). Copies.
 * STATUS_OK; STATUS_BUSY: no credit, try again after pipe_fill; STATUS_TOO_LARGE; STATUS_NO_MEMORY.
 */
int pipe_send(struct pipe *pipe, enum pipe_kind kind, const void *head, size_t head_length, const void *body,
              size_t body_length);

/* Whether bytes wait to be written: poll for POLLOUT then. */
bool pipe_wants_write(const struct pipe *pipe);

/* Writes what the socket takes. STATUS_OK, or STATUS_UNREACHABLE: the pipe has ended. */
int pipe_flush(struct pipe *pipe);

/* Reads what is there, up to a window; the end shows when nothing is left before it. STATUS_OK (also where nothing is), STATUS_UNREACHABLE: the pipe has ended (frames
 * read before can still be taken), STATUS_NO_MEMORY. */
int pipe_fill(struct pipe *pipe);

/*
 * The next whole frame that was read. STATUS_OK; STATUS_NOT_FOUND: none yet; STATUS_UNREACHABLE: the peer broke a rule,
 * or closed and nothing is left. The frame before is released first.
 */
int pipe_next(struct pipe *pipe, struct pipe_frame *frame);

/* Releases the frame that pipe_next gave: its bytes are gone, its credit goes back with the next flush. */
void pipe_release(struct pipe *pipe);

struct config;

/*
 * What the pipe of a front is served by (broker/front): the process with the network and nothing else, bytes in, bytes out.
 * It lets in the CURVE keys that the exchange lists, carries boxes that it can neither read nor forge, and keeps each
 * client from using more than its share. What breaks it takes down nobody else, and the parent starts it again.
 *
 * Runs until the exchange's end of the pipe is closed, or SIGTERM. record_fd: memory that the parent made (proto/suspect.h), taken over. enclose: called with its port once its key is read, before any thread starts; confine: when
 * everything is open and all threads run. Returns the process's exit code: EXIT_CODE_DONE, EXIT_CODE_INTERNAL (could not start, or strangers were
 * let in), EXIT_CODE_UNREACHABLE (the address can't be had).
 */
int front_run(const struct config *config, int pipe_fd, int record_fd, int (*enclose)(uint16_t port), int (*confine)(void));

/* The head of PIPE_REQUEST and PIPE_ANSWER: a connection's handle, and the party whose CURVE key it holds. */
#define PIPE_PARTY_MOST 32u
#define PIPE_HEAD_MOST (8u + 1u + PIPE_PARTY_MOST)

struct pipe_message {
    uint64_t handle;                  /* the front's name of a connection; never used twice */
    char party[PIPE_PARTY_MOST + 1u]; /* as the front claims; the exchange believes the box */
    const uint8_t *bytes;
    size_t length;
};

/* Writes the head of message into head; returns its length. */
size_t pipe_pack_head(const struct pipe_message *message, uint8_t head[PIPE_HEAD_MOST]);

/* Reads a payload; bytes point into it. STATUS_OK or STATUS_INVALID. */
int pipe_unpack_message(const uint8_t *payload, size_t length, struct pipe_message *message);

#endif
