/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/introduction.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "proto/envelope.h"
#include "proto/lines.h"
#include "proto/status.h"

#define KEY_BASE64 sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_ORIGINAL)
#define COORDINATOR_TITLE "muster-coordinator v1"
#define EXCHANGE_TITLE "muster-exchange v1"

/* One line that a terminal shows as it is: no control character. */
static bool introduction_is_line(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++)
        if (*at < ' ' || *at == 0x7f)
            return false;
    return true;
}

static const char *introduction_base64(const uint8_t key[32], char text[KEY_BASE64])
{
    return sodium_bin2base64(text, KEY_BASE64, key, 32, sodium_base64_VARIANT_ORIGINAL);
}

int introduction_write_coordinator(const struct introduction_coordinator *coordinator, char text[INTRODUCTION_SIZE])
{
    char signing[KEY_BASE64], box[KEY_BASE64], curve[KEY_BASE64];
    if (!envelope_party_valid(coordinator->party, strlen(coordinator->party)) || strlen(coordinator->country) != 2 ||
        coordinator->name[0] == '\0' || !introduction_is_line(coordinator->name) || !introduction_is_line(coordinator->contact))
        return STATUS_INVALID;
    snprintf(text, INTRODUCTION_SIZE, COORDINATOR_TITLE "\nparty %s\ncountry %s\nname %s\ncontact %s\nsigning %s\nbox %s\ncurve %s\n",
             coordinator->party, coordinator->country, coordinator->name, coordinator->contact,
             introduction_base64(coordinator->signing_key, signing), introduction_base64(coordinator->box_key, box),
             introduction_base64(coordinator->curve_key, curve));
    return STATUS_OK;
}

int introduction_write_exchange(const struct introduction_exchange *exchange, char text[INTRODUCTION_SIZE])
{
    char signing[KEY_BASE64], box[KEY_BASE64], front[KEY_BASE64], vkey[NOTE_VKEY_SIZE];
    if (exchange->address[0] == '\0' || !introduction_is_line(exchange->address))
        return STATUS_INVALID;
    note_vkey_write(&exchange->log_key, vkey);
    snprintf(text, INTRODUCTION_SIZE, EXCHANGE_TITLE "\naddress %s\nvkey %s\nsigning %s\nbox %s\nfront %s\n", exchange->address, vkey,
             introduction_base64(exchange->signing_key, signing), introduction_base64(exchange->box_key, box),
             introduction_base64(exchange->front_key, front));
    return STATUS_OK;
}

/* "key value", copied; false where the next line has another key, or the value does not fit or is no text. */
static bool introduction_take(struct lines *lines, const char *key, char *value, size_t size)
{
    struct line line;
    if (!lines_next(lines, &line) || !line_skip(&line, key) || line.length >= size ||
        memchr(line.text, '\0', line.length) != NULL)
        return false;
    memcpy(value, line.text, line.length);
    value[line.length] = '\0';
    return introduction_is_line(value);
}

static bool introduction_take_key(struct lines *lines, const char *key, uint8_t bytes[32])
{
    struct line line;
    return lines_next(lines, &line) && line_skip(&line, key) && line_base64_exact(line, bytes, 32);
}

static bool introduction_take_title(struct lines *lines, const char *title)
{
    struct line line;
    return lines_next(lines, &line) && line_is(line, title);
}

int introduction_read_coordinator(const char *text, size_t length, struct introduction_coordinator *coordinator)
{
    struct lines lines = {text, length};
    *coordinator = (struct introduction_coordinator){0};
    bool read = introduction_take_title(&lines, COORDINATOR_TITLE) &&
                introduction_take(&lines, "party ", coordinator->party, sizeof coordinator->party) &&
                introduction_take(&lines, "country ", coordinator->country, sizeof coordinator->country) &&
                introduction_take(&lines, "name ", coordinator->name, sizeof coordinator->name) &&
                introduction_take(&lines, "contact ", coordinator->contact, sizeof coordinator->contact) &&
                introduction_take_key(&lines, "signing ", coordinator->signing_key) &&
                introduction_take_key(&lines, "box ", coordinator->box_key) &&
                introduction_take_key(&lines, "curve ", coordinator->curve_key) && lines.left == 0;
    bool valid = read && envelope_party_valid(coordinator->party, strlen(coordinator->party)) &&
                 strcmp(coordinator->party, ENVELOPE_EXCHANGE_PARTY) != 0 && strlen(coordinator->country) == 2 &&
                 coordinator->name[0] != '\0';
    return valid ? STATUS_OK : STATUS_INVALID;
}

int introduction_read_exchange(const char *text, size_t length, struct introduction_exchange *exchange)
{
    struct lines lines = {text, length};
    char vkey[NOTE_VKEY_SIZE];
    *exchange = (struct introduction_exchange){0};
    bool read = introduction_take_title(&lines, EXCHANGE_TITLE) &&
                introduction_take(&lines, "address ", exchange->address, sizeof exchange->address) &&
                introduction_take(&lines, "vkey ", vkey, sizeof vkey) &&
                introduction_take_key(&lines, "signing ", exchange->signing_key) &&
                introduction_take_key(&lines, "box ", exchange->box_key) &&
                introduction_take_key(&lines, "front ", exchange->front_key) && lines.left == 0;
    return read && exchange->address[0] != '\0' ? note_vkey_parse(vkey, &exchange->log_key) : STATUS_INVALID;
}
