/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SYSTEM_ATTACK_H
#define TESTS_SYSTEM_ATTACK_H

#include "tests/system/party.h"

/*
 * Hostile clients, each a process of its own that goes on until it is killed. What they have: a key that nobody knows, or that of
 * one member. What they do stands at each.
 */
enum attack {
    ATTACK_WRONG_KEYS,   /* handshakes with fresh keys, one after another */
    ATTACK_HALF_OPEN,    /* connections that say nothing, or a byte now and then */
    ATTACK_FLOOD,        /* requests without a pause */
    ATTACK_REPLAY,       /* one boxed submission, sent again and again */
    ATTACK_ENDLESS,      /* messages whose frames never end */
    ATTACK_OVERSIZED,    /* frames that announce a terabyte */
    ATTACK_FILL_RESET,   /* fills its pipe, reads nothing, resets the connection */
    ATTACK_RUBBISH,      /* random bytes behind a right handshake */
    ATTACK_COUNT
};

const char *attack_name(enum attack attack);

/* Starts one as member. replay: the box that ATTACK_REPLAY sends. -1: none could be started. */
pid_t attack_start(enum attack attack, struct party *member, const uint8_t *replay, size_t replay_length);

void attack_stop(pid_t pid);

#endif
