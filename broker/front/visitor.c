/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/front/visitor.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "proto/status.h"

/* What all connections of one key share. */
struct visitor_key {
    char user[ZAP_USER_MOST];
    uint32_t connections;
    double left;     /* requests it may still make */
    uint64_t at;     /* monotonic, when left was counted */
    UT_hash_handle hh;
};

struct visitor_record {
    struct visitor visitor; /* first: what is handed out leads back to its record */
    struct visitor_key *key;
    UT_hash_handle by_route;
    UT_hash_handle by_handle;
};

struct visitors {
    struct visitor_limits limits;
    uint64_t last_handle;
    struct visitor_record *routes;
    struct visitor_record *handles;
    struct visitor_key *keys;
};

int visitors_new(const struct visitor_limits *limits, struct visitors **visitors)
{
    struct visitors *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    made->limits = *limits;
    *visitors = made;
    return STATUS_OK;
}

static void visitors_drop(struct visitors *visitors, struct visitor_record *record)
{
    HASH_DELETE(by_route, visitors->routes, record);
    HASH_DELETE(by_handle, visitors->handles, record);
    /* The key's record stays: who connects anew must not get a fresh budget by it. */
    record->key->connections--;
    free(record);
}

void visitors_free(struct visitors *visitors)
{
    if (visitors == NULL)
        return;
    struct visitor_record *record;
    struct visitor_record *next;
    HASH_ITER(by_handle, visitors->handles, record, next) visitors_drop(visitors, record);
    struct visitor_key *key;
    struct visitor_key *following;
    HASH_ITER(hh, visitors->keys, key, following)
    {
        HASH_DEL(visitors->keys, key);
        free(key);
    }
    free(visitors);
}

static struct visitor_key *visitors_key(struct visitors *visitors, const char *user)
{
    struct visitor_key *key = NULL;
    HASH_FIND_STR(visitors->keys, user, key);
    if (key != NULL)
        return key;
    key = calloc(1, sizeof *key);
    if (key == NULL)
        return NULL;
    memcpy(key->user, user, strlen(user) + 1);
    key->left = visitors->limits.requests_per_second;
    HASH_ADD_STR(visitors->keys, user, key);
    return key;
}

static int visitor_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Splits "party/16 hex digits". */
static bool visitor_read_user(const char *user, struct visitor *visitor)
{
    size_t length = strnlen(user, ZAP_USER_MOST);
    const char *slash = memchr(user, '/', length);
    if (slash == NULL || slash == user || length >= ZAP_USER_MOST || length - (size_t)(slash - user) != 17)
        return false;
    memcpy(visitor->user, user, length + 1);
    memcpy(visitor->party, user, (size_t)(slash - user));
    for (unsigned i = 0; i < sizeof visitor->curve_prefix; i++) {
        int high = visitor_digit(slash[1 + 2 * i]);
        int low = visitor_digit(slash[2 + 2 * i]);
        if (high < 0 || low < 0)
            return false;
        visitor->curve_prefix[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static int visitors_add(struct visitors *visitors, const uint8_t *route, size_t route_length, const char *user, int fd,
                        struct visitor_record **added)
{
    struct visitor_record *record = calloc(1, sizeof *record);
    if (record == NULL)
        return STATUS_NO_MEMORY;
    if (!visitor_read_user(user, &record->visitor)) {
        free(record);
        return STATUS_DENIED;
    }
    record->key = visitors_key(visitors, user);
    if (record->key == NULL || record->key->connections >= visitors->limits.connections_per_key) {
        int status = record->key == NULL ? STATUS_NO_MEMORY : STATUS_DENIED;
        free(record);
        return status;
    }
    record->key->connections++;
    record->visitor.handle = ++visitors->last_handle;
    record->visitor.fd = fd;
    record->visitor.route_length = (uint8_t)route_length;
    memcpy(record->visitor.route, route, route_length);
    HASH_ADD(by_route, visitors->routes, visitor.route, record->visitor.route_length, record);
    HASH_ADD(by_handle, visitors->handles, visitor.handle, sizeof record->visitor.handle, record);
    *added = record;
    return STATUS_OK;
}

int visitors_meet(struct visitors *visitors, const uint8_t *route, size_t route_length, const char *user, int fd,
                  struct visitor **visitor)
{
    if (route_length == 0 || route_length > VISITOR_ROUTE_MOST)
        return STATUS_DENIED;
    struct visitor_record *record = NULL;
    HASH_FIND(by_route, visitors->routes, route, route_length, record);
    if (record == NULL) {
        int status = visitors_add(visitors, route, route_length, user, fd, &record);
        if (status != STATUS_OK)
            return status;
    } else if (strcmp(record->visitor.user, user) != 0) {
        return STATUS_DENIED;
    }
    *visitor = &record->visitor;
    return STATUS_OK;
}

bool visitors_knows(struct visitors *visitors, const uint8_t *route, size_t route_length, int fd)
{
    struct visitor_record *record = NULL;
    if (route_length > 0 && route_length <= VISITOR_ROUTE_MOST)
        HASH_FIND(by_route, visitors->routes, route, route_length, record);
    return record != NULL && record->visitor.fd == fd;
}

int visitors_ask(struct visitors *visitors, struct visitor *visitor, uint64_t now)
{
    struct visitor_key *key = ((struct visitor_record *)visitor)->key;
    if (visitor->unanswered >= visitors->limits.unanswered)
        return STATUS_BUSY;
    double rate = visitors->limits.requests_per_second;
    if (key->at != 0)
        key->left += (double)(now - key->at) * rate / 1000.0;
    if (key->left > rate)
        key->left = rate;
    key->at = now;
    if (key->left < 1.0)
        return STATUS_BUSY;
    key->left -= 1.0;
    visitor->unanswered++;
    return STATUS_OK;
}

struct visitor *visitors_find(struct visitors *visitors, uint64_t handle)
{
    struct visitor_record *record = NULL;
    HASH_FIND(by_handle, visitors->handles, &handle, sizeof handle, record);
    return record == NULL ? NULL : &record->visitor;
}

void visitors_leave(struct visitors *visitors, struct visitor *visitor)
{
    struct visitor_record *record = NULL;
    HASH_FIND(by_handle, visitors->handles, &visitor->handle, sizeof visitor->handle, record);
    if (record != NULL)
        visitors_drop(visitors, record);
}

void visitors_end(struct visitors *visitors, int fd)
{
    struct visitor_record *record;
    struct visitor_record *next;
    HASH_ITER(by_handle, visitors->handles, record, next)
    if (record->visitor.fd == fd)
        visitors_drop(visitors, record);
}

unsigned visitors_revoke(struct visitors *visitors, const struct admission *admission, void (*cut)(int fd))
{
    unsigned count = 0;
    struct visitor_record *record;
    struct visitor_record *next;
    HASH_ITER(by_handle, visitors->handles, record, next)
    {
        if (admission_has(admission, record->visitor.party, record->visitor.curve_prefix))
            continue;
        cut(record->visitor.fd);
        visitors_drop(visitors, record);
        count++;
    }
    return count;
}

size_t visitors_count(const struct visitors *visitors)
{
    return HASH_CNT(by_handle, visitors->handles);
}
