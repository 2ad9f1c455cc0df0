/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/system/attack.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/seam.h"
#include "proto/status.h"
#include "tests/system/curve.h"

#define HALF_OPEN 100
#define ENDLESS_FRAME 65536u
#define FILLED 4000u /* messages before the reset */

static const char *const names[ATTACK_COUNT] = {"wrong keys", "half open", "flood", "replay", "endless", "oversized", "fill and reset", "rubbish"};

const char *attack_name(enum attack attack)
{
    return names[attack];
}

static void attack_wrong_keys(struct party *member)
{
    struct party stranger = {.harness = member->harness};
    struct curve curve;
    if (keys_generate(KEY_CURVE, &seam_random_system, &stranger.curve) != STATUS_OK)
        _exit(1);
    curve_open(&stranger, NULL, 0, &curve);
    curve_close(&curve);
    keys_drop(&stranger.curve);
}

static void attack_half_open(struct party *member)
{
    int fds[HALF_OPEN];
    for (unsigned i = 0; i < HALF_OPEN; i++)
        fds[i] = curve_dial(member->harness);
    for (unsigned turn = 0; turn < 20; turn++) {
        for (unsigned i = 0; i < HALF_OPEN; i += 2)
            send(fds[i], "\xff", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        harness_pause(50);
    }
    for (unsigned i = 0; i < HALF_OPEN; i++)
        close(fds[i]);
}

/* Sends one message again and again over one connection, reading nothing. */
static void attack_repeat(struct party *member, const uint8_t *bytes, size_t length, unsigned times, bool reset)
{
    struct curve curve;
    int status = curve_open(member, NULL, 0, &curve);
    for (unsigned i = 0; i < times && status == STATUS_OK; i++)
        status = curve_send(&curve, bytes, length, false);
    if (reset) {
        struct linger now = {.l_onoff = 1, .l_linger = 0};
        setsockopt(curve.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    curve_close(&curve);
}

static void attack_flood(struct party *member, unsigned times, bool reset)
{
    uint8_t bytes[512];
    seam_random_system.fill(seam_random_system.data, bytes, sizeof bytes);
    attack_repeat(member, bytes, sizeof bytes, times, reset);
}

static void attack_endless(struct party *member)
{
    static uint8_t frame[ENDLESS_FRAME];
    struct curve curve;
    int status = curve_open(member, NULL, 0, &curve);
    while (status == STATUS_OK)
        status = curve_send(&curve, frame, sizeof frame, true);
    curve_close(&curve);
}

static void attack_oversized(struct party *member)
{
    static const uint8_t head[9] = {2, 0, 0, 1, 0, 0, 0, 0, 0};
    static uint8_t block[65536];
    struct curve curve;
    int status = curve_open(member, NULL, 0, &curve);
    if (status == STATUS_OK)
        status = curve_send_raw(curve.fd, head, sizeof head);
    while (status == STATUS_OK)
        status = curve_send_raw(curve.fd, block, sizeof block);
    curve_close(&curve);
}

static void attack_rubbish(struct party *member)
{
    uint8_t bytes[512];
    struct curve curve;
    seam_random_system.fill(seam_random_system.data, bytes, sizeof bytes);
    if (curve_open(member, NULL, 0, &curve) == STATUS_OK)
        curve_send_raw(curve.fd, bytes, 1 + bytes[0]);
    curve_close(&curve);
}

static void attack_once(enum attack attack, struct party *member, const uint8_t *replay, size_t replay_length)
{
    switch (attack) {
    case ATTACK_WRONG_KEYS: attack_wrong_keys(member); break;
    case ATTACK_HALF_OPEN: attack_half_open(member); break;
    case ATTACK_FLOOD: attack_flood(member, 100000, false); break;
    case ATTACK_REPLAY: attack_repeat(member, replay, replay_length, 1000, false); break;
    case ATTACK_ENDLESS: attack_endless(member); break;
    case ATTACK_OVERSIZED: attack_oversized(member); break;
    case ATTACK_FILL_RESET: attack_flood(member, FILLED, true); break;
    default: attack_rubbish(member); break;
    }
}

pid_t attack_start(enum attack attack, struct party *member, const uint8_t *replay, size_t replay_length)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    for (;;)
        attack_once(attack, member, replay, replay_length);
}

void attack_stop(pid_t pid)
{
    if (pid > 0 && kill(pid, SIGKILL) == 0)
        waitpid(pid, NULL, 0);
}
