/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef CLIENTS_MUSTER_IDENTITY_H
#define CLIENTS_MUSTER_IDENTITY_H

#include "clients/link/profile.h"
#include "clients/muster/command.h"
#include "proto/fingerprint.h"
#include "proto/keys.h"
#include "proto/party.pb-c.h"

/* A party's own keys: made at init and join, kept in its profile, compared by fingerprint. */

struct identity_keys {
    struct key_pair signing;
    struct key_pair box;
    struct key_pair curve;
};

/*
 * Makes three fresh keys and writes them into the profile's folder `keys`, the signing key under a passphrase that is asked for
 * (--passphrase-fd, --strength; --no-passphrase or an empty answer where optional). Keys that are there already are read instead, so a join
 * that broke off goes on with the same ones: *fresh says which. Returns an exit code; failures are told.
 */
int identity_make(struct context *context, const struct profile *profile, bool optional, struct identity_keys *keys, bool *fresh);

void identity_drop(struct identity_keys *keys);

/* The fingerprint of a party's public keys at this profile's exchange. STATUS_INVALID: a key is not 32 bytes. */
int identity_fingerprint(const struct profile *profile, const char *party, const Muster__PartyKeys *keys, char text[FINGERPRINT_TEXT_SIZE]);

/* The same of the profile's own keys; an exit code, failures are told. */
int identity_own_fingerprint(struct context *context, char text[FINGERPRINT_TEXT_SIZE]);

#endif
