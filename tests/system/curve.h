/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TESTS_SYSTEM_CURVE_H
#define TESTS_SYSTEM_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/system/party.h"

/*
 * A client of the wire below libzmq: ZMTP 3.1 and CURVE (ZeroMQ RFCs 23 and 26) over a plain socket, so that a test can send
 * what the library never would: messages without an end, chosen identities, rubbish behind a right handshake. One thread.
 */

struct curve {
    int fd;
    uint8_t precomputed[32]; /* of the connection's short-term keys */
    uint64_t nonce;
};

/* A plain connection to the exchange's port. -1: refused. */
int curve_dial(const struct harness *harness);

/* Handshakes with party's CURVE key; identity (may be NULL) of identity_length bytes. STATUS_DENIED: the server closed before READY. */
int curve_open(struct party *party, const void *identity, size_t identity_length, struct curve *curve);

void curve_close(struct curve *curve);

/* Sends one frame of a message; more: it is not the last. STATUS_UNREACHABLE: the connection was cut. */
int curve_send(struct curve *curve, const void *bytes, size_t length, bool more);

/* Sends bytes as they are. STATUS_UNREACHABLE. */
int curve_send_raw(int fd, const void *bytes, size_t length);

/* Waits until the other side closes. False: it still stands after so long. What comes meanwhile is thrown away. */
bool curve_is_cut(int fd, int milliseconds);

/* Whether anything can be read within so long. */
bool curve_hears(int fd, int milliseconds);

#endif
