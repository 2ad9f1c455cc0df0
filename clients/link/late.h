/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_LINK_LATE_H
#define CLIENTS_LINK_LATE_H

#include <zmq.h>

/*
 * ZeroMQ, brought in when a connection is first wanted instead of when the program starts. Its library brings a dozen others along (Kerberos,
 * the C++ runtime); to bind them takes longer than a small lot takes to plan, and most commands never leave the machine.
 */

#define LATE_ZMQ_FUNCTIONS(each)                                                                                       \
    each(ctx_new) each(ctx_set) each(ctx_term) each(socket) each(close) each(setsockopt) each(getsockopt)              \
    each(socket_monitor) each(connect) each(send) each(recv) each(poll) each(msg_init) each(msg_recv) each(msg_close)  \
    each(msg_more) each(msg_size) each(msg_data)

/* The functions of the library that the client calls, each by its name without the prefix. */
struct late_zmq {
#define LATE_FIELD(name) __typeof__(&zmq_##name) name;
    LATE_ZMQ_FUNCTIONS(LATE_FIELD)
#undef LATE_FIELD
};

/* The library, loaded at the first call and never unloaded; NULL where the machine has none, or one that lacks a function. Any thread. */
const struct late_zmq *late_zmq(void);

#endif
