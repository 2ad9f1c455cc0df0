/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/box.h"

#include <string.h>

#include <sodium.h>

#include "proto/status.h"

#define KIND_AT 4u
#define SENDER_AT 5u
#define RECIPIENT_AT (SENDER_AT + 32u)
#define ID_AT (RECIPIENT_AT + 32u)
#define CIPHER_AT (BOX_HEADER_SIZE + BOX_NONCE_SIZE)

static const char magic[4] = {'M', 'S', 'B', '1'};
static const char context[] = "muster/box/v1\n";
#define CONTEXT_SIZE (sizeof context - 1)

static int session_make(const struct key_pair *own, const uint8_t peer[32], bool exchange, struct box_session *session)
{
    *session = (struct box_session){.exchange = exchange};
    session->keys = sodium_malloc(2 * crypto_kx_SESSIONKEYBYTES);
    if (!session->keys) {
        return STATUS_NO_MEMORY;
    }
    memcpy(session->own_key, own->public_key, 32);
    memcpy(session->peer_key, peer, 32);
    uint8_t *receive = session->keys, *send = session->keys + crypto_kx_SESSIONKEYBYTES;
    int failed = exchange ? crypto_kx_server_session_keys(receive, send, own->public_key, own->secret, peer)
                          : crypto_kx_client_session_keys(receive, send, own->public_key, own->secret, peer);
    if (failed) {
        box_session_drop(session);
        return STATUS_FORGED;
    }
    return STATUS_OK;
}

int box_session_party(const struct key_pair *own, const uint8_t exchange_box_key[32], struct box_session *session)
{
    return session_make(own, exchange_box_key, false, session);
}

int box_session_exchange(const struct key_pair *own, const uint8_t party_box_key[32], struct box_session *session)
{
    return session_make(own, party_box_key, true, session);
}

void box_session_drop(struct box_session *session)
{
    sodium_free(session->keys);
    *session = (struct box_session){0};
}

/* At least one byte is added. */
static size_t padded_size(size_t length)
{
    return (length / BOX_PAD + 1) * BOX_PAD;
}

/*
 * The padding of ISO/IEC 7816-4, as sodium_pad() and sodium_unpad() write and read it, in less time: the time may depend on the length, since
 * who sees it made the bytes or proved to have had the key.
 */
static size_t pad(uint8_t *plain, size_t length)
{
    size_t padded = padded_size(length);
    plain[length] = 0x80;
    memset(plain + length + 1, 0, padded - length - 1);
    return padded;
}

/* False where no padding ends the last BOX_PAD bytes. */
static bool unpad(const uint8_t *plain, size_t padded, size_t *length)
{
    size_t at = padded;
    while (at > 0 && padded - at < BOX_PAD - 1 && plain[at - 1] == 0) {
        at--;
    }
    if (at == 0 || plain[at - 1] != 0x80) {
        return false;
    }
    *length = at - 1;
    return true;
}

size_t box_sealed_size(size_t length)
{
    return length > BOX_PLAIN_MOST ? 0 : CIPHER_AT + padded_size(length) + BOX_TAG_SIZE;
}

void box_request_id(const struct seam_random *random, uint8_t request_id[BOX_REQUEST_ID_SIZE])
{
    random->fill(random->data, request_id, BOX_REQUEST_ID_SIZE);
}

/* "muster/box/v1\n" || all before the nonce. */
static void associate(const uint8_t *box, uint8_t data[CONTEXT_SIZE + BOX_HEADER_SIZE])
{
    memcpy(data, context, CONTEXT_SIZE);
    memcpy(data + CONTEXT_SIZE, box, BOX_HEADER_SIZE);
}

int box_seal(const struct box_session *session, const uint8_t request_id[BOX_REQUEST_ID_SIZE], const void *plain, size_t length,
             const struct seam_random *random, uint8_t *box)
{
    if (!box_sealed_size(length)) {
        return STATUS_TOO_LARGE;
    }
    memcpy(box, magic, sizeof magic);
    box[KIND_AT] = session->exchange ? 'A' : 'Q';
    memcpy(box + SENDER_AT, session->own_key, 32);
    memcpy(box + RECIPIENT_AT, session->peer_key, 32);
    memcpy(box + ID_AT, request_id, BOX_REQUEST_ID_SIZE);
    uint8_t *nonce = box + BOX_HEADER_SIZE;
    random->fill(random->data, nonce, BOX_NONCE_SIZE);

    uint8_t *cipher = box + CIPHER_AT;
    if (length) {
        memcpy(cipher, plain, length);
    }
    size_t padded = pad(cipher, length);
    uint8_t data[CONTEXT_SIZE + BOX_HEADER_SIZE];
    associate(box, data);
    crypto_aead_xchacha20poly1305_ietf_encrypt(cipher, NULL, cipher, padded, data, sizeof data, NULL, nonce,
                                               session->keys + crypto_kx_SESSIONKEYBYTES);
    return STATUS_OK;
}

int box_peek(const void *box, size_t size, struct box_header *header)
{
    const uint8_t *bytes = box;
    if (size > BOX_MOST) {
        return STATUS_TOO_LARGE;
    }
    if (size < BOX_LEAST || memcmp(bytes, magic, sizeof magic) != 0 || (bytes[KIND_AT] != 'Q' && bytes[KIND_AT] != 'A') ||
        (size - CIPHER_AT - BOX_TAG_SIZE) % BOX_PAD) {
        return STATUS_INVALID;
    }
    header->answer = bytes[KIND_AT] == 'A';
    memcpy(header->sender, bytes + SENDER_AT, 32);
    memcpy(header->recipient, bytes + RECIPIENT_AT, 32);
    memcpy(header->request_id, bytes + ID_AT, BOX_REQUEST_ID_SIZE);
    return STATUS_OK;
}

int box_open(const struct box_session *session, const void *box, size_t size, uint8_t request_id[BOX_REQUEST_ID_SIZE], uint8_t *plain,
             size_t *length)
{
    struct box_header header;
    int status = box_peek(box, size, &header);
    if (status != STATUS_OK) {
        return status;
    }
    if (header.answer == session->exchange || memcmp(header.sender, session->peer_key, 32) != 0 ||
        memcmp(header.recipient, session->own_key, 32) != 0) {
        return STATUS_DENIED;
    }
    const uint8_t *bytes = box;
    uint8_t data[CONTEXT_SIZE + BOX_HEADER_SIZE];
    unsigned long long opened = 0;
    associate(bytes, data);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &opened, NULL, bytes + CIPHER_AT, size - CIPHER_AT, data, sizeof data,
                                                   bytes + BOX_HEADER_SIZE, session->keys) != 0 ||
        !unpad(plain, (size_t)opened, length)) {
        return STATUS_FORGED;
    }
    memcpy(request_id, header.request_id, BOX_REQUEST_ID_SIZE);
    return STATUS_OK;
}
