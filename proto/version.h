/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef PROTO_VERSION_H
#define PROTO_VERSION_H

/* The version of muster, musterd and the matching core, as people and `started` entries read it. */
#define MUSTER_VERSION "0.1.0"

#endif
