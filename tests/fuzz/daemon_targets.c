/* SPDX-License-Identifier: EUPL-1.2 */
/* What the daemon's processes read from each other and from their operator: a broken process must not break the next one. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker/config.h"
#include "broker/metrics.h"
#include "broker/pipe.h"
#include "proto/status.h"
#include "tests/fuzz/target.h"

#define FRAME_MOST ((size_t)4096)
#define RELEASABLE 25u /* bytes of a frame of 20 bytes under way */

static void run_pipe_message(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct pipe_message message;
    uint8_t head[PIPE_HEAD_MOST];
    (void)target;
    if (pipe_unpack_message(data, size, &message) != STATUS_OK)
        return;
    size_t length = pipe_pack_head(&message, head);
    fuzz_require(length + message.length == size && memcmp(head, data, length) == 0 && message.bytes == data + length);
}

/* Frames from a socket: none longer than allowed, none beyond what was sent, and credit only for what was sent. */
static void run_frames(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    int fds[2];
    struct pipe pipe = {.fd = -1};
    struct pipe_frame frame;
    size_t seen = 0;
    fuzz_require(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    fuzz_require(pipe_open(&pipe, fds[0], FRAME_MOST) == STATUS_OK && write(fds[1], data, size) == (ssize_t)size);
    close(fds[1]);
    pipe_send(&pipe, PIPE_READY, "what may be released", 20, NULL, 0);
    pipe_fill(&pipe);
    while (pipe_next(&pipe, &frame) == STATUS_OK) {
        seen += frame.length + 5;
        fuzz_require(frame.length < FRAME_MOST && seen <= size && frame.kind != PIPE_CREDIT && frame.kind != 0 && pipe.under_way <= RELEASABLE);
        run_pipe_message(target, frame.bytes, frame.length);
    }
    pipe_close(&pipe);
}

static void run_config(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    static struct config config;
    char problem[256] = "";
    char *text = fuzz_text(data, size);
    (void)target;
    if (config_parse(text, "/srv", &config, problem, sizeof problem) == STATUS_OK)
        fuzz_require(config.connections > 0);
    else
        fuzz_require(problem[0] != '\0' && strlen(problem) < sizeof problem);
    free(text);
}

/* A value in a line of the log: whatever it holds, it ends no line and no quotes. */
static void run_quote(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), quoted[64];
    (void)target;
    metrics_quote(quoted, sizeof quoted, text);
    size_t length = strlen(quoted);
    fuzz_require(length < sizeof quoted && strpbrk(quoted, "\n\r\x1b") == NULL);
    if (quoted[0] != '"')
        fuzz_require(strpbrk(quoted, " \"") == NULL);
    free(text);
}

static const struct fuzz_target targets[] = {
    {"frames", run_frames, 1024, NULL, NULL, 0},
    {"pipe-message", run_pipe_message, 128, NULL, NULL, 0},
    {"config", run_config, 512, NULL, NULL, 0},
    {"quote", run_quote, 128, NULL, NULL, 0},
};

const struct fuzz_group fuzz_group_daemon = {"daemon", targets, sizeof targets / sizeof targets[0]};
