/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BROKER_FRONT_HAND_H
#define BROKER_FRONT_HAND_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The front's side of proto/suspect.h: it notes whose message it has in hand while its own code handles it, never while libzmq works on a socket, where
 * another connection's bytes may be what breaks; and, should it crash, on which thread. It also knows which keys are refused for having
 * brought fronts down. Where there is no memory to note in (NULL everywhere) nothing is noted and nobody refused. One thread.
 */

struct hand;

/* Takes over the memory that the parent made (closes fd), and handles the signals of a crash from now on. To be called before other threads start.
 * Lives as long as the process. STATUS_IO. */
int hand_open(int fd, struct hand **hand);

/* A key's message is in hand, until it is put down. user: its User-Id. */
void hand_take(struct hand *hand, const char *user);
void hand_put(struct hand *hand);

/* A key was heard: at a handshake. */
void hand_hear(struct hand *hand, const char *user);

/* Whether a key is refused at now (monotonic milliseconds). */
bool hand_refuses(const struct hand *hand, const char *user, uint64_t now);

#endif
