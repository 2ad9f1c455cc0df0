/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/system/curve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sodium.h>

#include "proto/status.h"

#define GREETING 64u
#define WELCOME 168u
#define COOKIE 96u
#define FRAME_COMMAND 4u
#define FRAME_LONG 2u
#define METADATA_MOST 512u
#define WAIT 3000 /* milliseconds for the server's part of a handshake */

int curve_dial(const struct harness *harness)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    address.sin_port = htons((uint16_t)atoi(strrchr(harness->address, ':') + 1));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int curve_send_raw(int fd, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    while (length > 0) {
        struct pollfd item = {.fd = fd, .events = POLLOUT | POLLRDHUP};
        if (poll(&item, 1, 5000) <= 0)
            return STATUS_BUSY;
        if ((item.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
            return STATUS_UNREACHABLE;
        ssize_t sent = send(fd, at, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (sent < 0)
            return STATUS_UNREACHABLE;
        at += sent;
        length -= (size_t)sent;
    }
    return STATUS_OK;
}

bool curve_hears(int fd, int milliseconds)
{
    struct pollfd item = {.fd = fd, .events = POLLIN};
    return poll(&item, 1, milliseconds) > 0;
}

static int curve_read(int fd, void *bytes, size_t length)
{
    uint8_t *at = bytes;
    while (length > 0) {
        ssize_t got = curve_hears(fd, WAIT) ? recv(fd, at, length, 0) : -1;
        if (got <= 0)
            return STATUS_DENIED;
        at += got;
        length -= (size_t)got;
    }
    return STATUS_OK;
}

bool curve_is_cut(int fd, int milliseconds)
{
    char rubbish[4096];
    for (int waited = 0; waited <= milliseconds; waited += 10) {
        while (curve_hears(fd, 10)) {
            ssize_t got = recv(fd, rubbish, sizeof rubbish, 0);
            if (got == 0 || (got < 0 && errno != EINTR))
                return true;
        }
    }
    return false;
}

static void curve_nonce(uint8_t nonce[24], const char *prefix, const uint8_t *tail, size_t tail_length)
{
    memcpy(nonce, prefix, 24 - tail_length);
    memcpy(nonce + 24 - tail_length, tail, tail_length);
}

static void curve_count(struct curve *curve, uint8_t bytes[8])
{
    uint64_t value = ++curve->nonce;
    for (unsigned i = 0; i < 8; i++)
        bytes[7 - i] = (uint8_t)(value >> (8 * i));
}

/* One ZMTP frame. */
static int curve_frame(int fd, uint8_t flags, const uint8_t *bytes, size_t length)
{
    uint8_t head[9];
    size_t size = 2;
    head[0] = flags;
    head[1] = (uint8_t)length;
    if (length > 255) {
        head[0] |= FRAME_LONG;
        for (unsigned i = 0; i < 8; i++)
            head[8 - i] = (uint8_t)((uint64_t)length >> (8 * i));
        size = 9;
    }
    int status = curve_send_raw(fd, head, size);
    return status == STATUS_OK ? curve_send_raw(fd, bytes, length) : status;
}

static int curve_greet(int fd)
{
    uint8_t greeting[GREETING] = {0xff};
    uint8_t theirs[GREETING];
    greeting[9] = 0x7f;
    greeting[10] = 3;
    greeting[11] = 1;
    memcpy(greeting + 12, "CURVE", 5);
    int status = curve_send_raw(fd, greeting, sizeof greeting);
    return status == STATUS_OK ? curve_read(fd, theirs, sizeof theirs) : status;
}

static int curve_hello(struct curve *curve, const uint8_t server[32], const uint8_t public_key[32], const uint8_t secret[32])
{
    static const uint8_t zeros[64];
    uint8_t hello[200] = "\5HELLO\1";
    uint8_t nonce[24];
    memcpy(hello + 80, public_key, 32);
    curve_count(curve, hello + 112);
    curve_nonce(nonce, "CurveZMQHELLO---", hello + 112, 8);
    if (crypto_box_easy(hello + 120, zeros, sizeof zeros, nonce, server, secret) != 0)
        return STATUS_FORGED;
    return curve_frame(curve->fd, FRAME_COMMAND, hello, sizeof hello);
}

/* Reads WELCOME: the server's short-term key and its cookie. */
static int curve_welcome(struct curve *curve, const uint8_t server[32], const uint8_t secret[32], uint8_t plain[128])
{
    uint8_t frame[2 + WELCOME];
    uint8_t nonce[24];
    int status = curve_read(curve->fd, frame, sizeof frame);
    if (status != STATUS_OK)
        return status;
    if (frame[0] != FRAME_COMMAND || frame[1] != WELCOME || memcmp(frame + 2, "\7WELCOME", 8) != 0)
        return STATUS_DENIED;
    curve_nonce(nonce, "WELCOME-", frame + 10, 16);
    return crypto_box_open_easy(plain, frame + 26, 144, nonce, server, secret) == 0 ? STATUS_OK : STATUS_FORGED;
}

static size_t curve_metadata(uint8_t *bytes, const void *identity, size_t identity_length)
{
    static const uint8_t type[] = "\13Socket-Type\0\0\0\6DEALER";
    size_t length = sizeof type - 1;
    memcpy(bytes, type, length);
    memcpy(bytes + length, "\10Identity\0\0\0", 12);
    length += 12;
    bytes[length++] = (uint8_t)identity_length;
    if (identity_length > 0)
        memcpy(bytes + length, identity, identity_length);
    return length + identity_length;
}

struct curve_short {
    uint8_t public_key[32];
    uint8_t secret[32];
};

static int curve_initiate(struct party *party, struct curve *curve, const struct curve_short *own, const uint8_t welcome[128],
                          const void *identity, size_t identity_length)
{
    const uint8_t *server = party->harness->exchange.front_key;
    uint8_t nonce[24];
    uint8_t vouched[64];
    uint8_t plain[32 + 16 + 80 + METADATA_MOST];
    uint8_t command[9 + COOKIE + 8 + sizeof plain + crypto_box_MACBYTES] = "\10INITIATE";
    memcpy(vouched, own->public_key, 32);
    memcpy(vouched + 32, server, 32);
    memcpy(plain, party->curve.public_key, 32);
    seam_random_system.fill(seam_random_system.data, plain + 32, 16);
    curve_nonce(nonce, "VOUCH---", plain + 32, 16);
    if (crypto_box_easy(plain + 48, vouched, sizeof vouched, nonce, welcome, party->curve.secret) != 0)
        return STATUS_FORGED;
    size_t length = 128 + curve_metadata(plain + 128, identity, identity_length);
    memcpy(command + 9, welcome + 32, COOKIE);
    curve_count(curve, command + 9 + COOKIE);
    curve_nonce(nonce, "CurveZMQINITIATE", command + 9 + COOKIE, 8);
    if (crypto_box_easy(command + 9 + COOKIE + 8, plain, length, nonce, welcome, own->secret) != 0 ||
        crypto_box_beforenm(curve->precomputed, welcome, own->secret) != 0)
        return STATUS_FORGED;
    return curve_frame(curve->fd, FRAME_COMMAND, command, 9 + COOKIE + 8 + length + crypto_box_MACBYTES);
}

/* READY in its frame; ERROR, or the end, is a refusal. */
static int curve_ready(struct curve *curve)
{
    uint8_t head[2];
    uint8_t body[255];
    int status = curve_read(curve->fd, head, sizeof head);
    if (status == STATUS_OK)
        status = (head[0] & FRAME_LONG) != 0 ? STATUS_DENIED : curve_read(curve->fd, body, head[1]);
    return status == STATUS_OK && (head[1] < 6 || memcmp(body, "\5READY", 6) != 0) ? STATUS_DENIED : status;
}

int curve_open(struct party *party, const void *identity, size_t identity_length, struct curve *curve)
{
    const uint8_t *server = party->harness->exchange.front_key;
    struct curve_short own;
    uint8_t welcome[128];
    *curve = (struct curve){.fd = curve_dial(party->harness)};
    crypto_box_keypair(own.public_key, own.secret);
    int status = curve->fd < 0 ? STATUS_UNREACHABLE : curve_greet(curve->fd);
    if (status == STATUS_OK)
        status = curve_hello(curve, server, own.public_key, own.secret);
    if (status == STATUS_OK)
        status = curve_welcome(curve, server, own.secret, welcome);
    if (status == STATUS_OK)
        status = curve_initiate(party, curve, &own, welcome, identity, identity_length);
    return status == STATUS_OK ? curve_ready(curve) : status;
}

void curve_close(struct curve *curve)
{
    if (curve->fd >= 0)
        close(curve->fd);
    curve->fd = -1;
}

int curve_send(struct curve *curve, const void *bytes, size_t length, bool more)
{
    uint8_t nonce[24];
    uint8_t *plain = malloc(1 + length);
    uint8_t *message = malloc(16 + 1 + length + crypto_box_MACBYTES);
    int status = STATUS_NO_MEMORY;
    if (plain != NULL && message != NULL) {
        plain[0] = more ? 1 : 0;
        if (length > 0)
            memcpy(plain + 1, bytes, length);
        memcpy(message, "\7MESSAGE", 8);
        curve_count(curve, message + 8);
        curve_nonce(nonce, "CurveZMQMESSAGEC", message + 8, 8);
        crypto_box_easy_afternm(message + 16, plain, 1 + length, nonce, curve->precomputed);
        status = curve_frame(curve->fd, 0, message, 16 + 1 + length + crypto_box_MACBYTES);
    }
    free(plain);
    free(message);
    return status;
}
