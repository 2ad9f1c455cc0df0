/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What the daemon's processes read from each other and from their operator, under libFuzzer: the first byte chooses the
 * reader, the rest is its input. A broken process must not break the next one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker/config.h"
#include "broker/metrics.h"
#include "broker/pipe.h"
#include "proto/admission.h"
#include "proto/introduction.h"
#include "proto/status.h"

#define FRAME_MOST ((size_t)1 << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Frames from a socket: none longer than allowed, none beyond what was sent, and credit only for what was sent. */
static void fuzz_pipe(const uint8_t *data, size_t size)
{
    int fds[2];
    struct pipe pipe = {.fd = -1};
    struct pipe_frame frame;
    size_t seen = 0;
    if (size > FRAME_MOST || socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
        return;
    if (pipe_open(&pipe, fds[0], FRAME_MOST) != STATUS_OK || write(fds[1], data, size) != (ssize_t)size)
        abort();
    close(fds[1]);
    pipe_send(&pipe, PIPE_READY, "what may be released", 20, NULL, 0);
    pipe_fill(&pipe);
    while (pipe_next(&pipe, &frame) == STATUS_OK) {
        struct pipe_message message;
        seen += frame.length + 5;
        if (frame.length >= FRAME_MOST || seen > size || frame.kind == PIPE_CREDIT || pipe.under_way > 25)
            abort();
        if (pipe_unpack_message(frame.bytes, frame.length, &message) == STATUS_OK &&
            (message.length > frame.length || strlen(message.party) > PIPE_PARTY_MOST))
            abort();
    }
    pipe_close(&pipe);
}

static void fuzz_admission(const uint8_t *data, size_t size)
{
    struct admission *admission = NULL;
    uint8_t key[32] = {0};
    if (size >= 36)
        memcpy(key, data + 4, sizeof key);
    if (admission_unpack(data, size, &admission) != STATUS_OK)
        return;
    const struct admission_key *found = admission_find(admission, key);
    /* The first key of the bytes is in the list. */
    if (admission_count(admission) > 0 && (found == NULL || !admission_has(admission, found->party, key)))
        abort();
    admission_free(admission);
}

static void fuzz_text(const uint8_t *data, size_t size)
{
    struct config config;
    struct introduction_coordinator coordinator;
    struct introduction_exchange exchange;
    char problem[256];
    char quoted[64];
    char *text = malloc(size + 1);
    if (text == NULL)
        return;
    memcpy(text, data, size);
    text[size] = '\0';
    if (config_parse(text, "/srv", &config, problem, sizeof problem) == STATUS_OK && config.connections == 0)
        abort();
    metrics_quote(quoted, sizeof quoted, text);
    if (strlen(quoted) >= sizeof quoted || strchr(quoted, '\n') != NULL)
        abort();
    introduction_read_coordinator(text, size, &coordinator);
    introduction_read_exchange(text, size, &exchange);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    switch (data[0] % 3) {
    case 0:
        fuzz_pipe(data + 1, size - 1);
        break;
    case 1:
        fuzz_admission(data + 1, size - 1);
        break;
    default:
        fuzz_text(data + 1, size - 1);
        break;
    }
    return 0;
}
