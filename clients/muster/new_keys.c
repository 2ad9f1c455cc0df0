/* SPDX-License-Identifier: EUPL-1.2 */
#include "clients/muster/new_keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clients/muster/complain.h"
#include "proto/status.h"

#define NEW_FOLDER "new"
#define ASK_MILLISECONDS 4000 /* a look beside the command that was asked for */

int new_keys_profile(const struct profile *profile, struct profile *next)
{
    *next = *profile;
    return files_path(next->data, profile->data, NEW_FOLDER, NULL) == STATUS_OK ? EXIT_CODE_DONE : complain_file("find", profile->data);
}

bool new_keys_wait(const struct profile *profile)
{
    struct profile next;
    char path[FILES_PATH_MOST];
    return new_keys_profile(profile, &next) == EXIT_CODE_DONE && profile_key_path(&next, "signing", path) == STATUS_OK && files_exist(path);
}

/* Renames a folder of the data; the second name must be free or empty. */
static int move(const char *from, const char *to)
{
    return rename(from, to) == 0 ? EXIT_CODE_DONE : complain_file("rename", from);
}

/* A name beside the profile's data that nothing has yet: "keys.old-1". */
static int free_name(const struct profile *profile, const char *word, char path[FILES_PATH_MOST])
{
    char name[64];
    for (unsigned at = 1; at < 1000; at++) {
        snprintf(name, sizeof name, "%s-%u", word, at);
        if (files_path(path, profile->data, name, NULL) != STATUS_OK) {
            break;
        }
        if (!files_exist(path)) {
            return EXIT_CODE_DONE;
        }
    }
    return complain_file("find a name in", profile->data);
}

int new_keys_drop(struct context *context)
{
    char path[FILES_PATH_MOST];
    struct profile next;
    int code = new_keys_profile(&context->profile, &next);
    code = code ? code : free_name(&context->profile, "keys.cancelled", path);
    return code ? code : move(next.data, path);
}

/* A change of places that broke off between its two steps is carried through. */
static int put_in_force(struct context *context)
{
    char keys[FILES_PATH_MOST], made[FILES_PATH_MOST], old[FILES_PATH_MOST];
    struct profile next;
    int code = new_keys_profile(&context->profile, &next);
    if (!code && (files_path(keys, context->profile.data, "keys", NULL) != STATUS_OK || files_path(made, next.data, "keys", NULL) != STATUS_OK)) {
        code = complain_file("find", context->profile.data);
    }
    if (!code && files_exist(keys)) {
        code = free_name(&context->profile, "keys.old", old);
        code = code ? code : move(keys, old);
    }
    code = code ? code : move(made, keys);
    if (!code) {
        rmdir(next.data);
    }
    return code;
}

/* What the exchange answers to a status asked under the new keys; NULL: nothing, or a refusal. */
static const Muster__PartyRecord *ask(struct context *context, const struct profile *next, enum link_hint *hint)
{
    Muster__StatusRequest request = MUSTER__STATUS_REQUEST__INIT;
    const struct link_options options = {.total = ASK_MILLISECONDS};
    struct link_reply reply = {0};
    struct link *link = NULL;
    const Muster__PartyRecord *self = NULL;
    *hint = LINK_NO_HINT;
    if (link_open(next, &options, &link) != STATUS_OK) {
        return NULL;
    }
    if (link_ask_message(link, MUSTER__VERB__VERB_STATUS, &request.base, &context->arena, &reply) == STATUS_OK &&
        reply.answer->outcome == MUSTER__OUTCOME__OUTCOME_DONE && reply.body) {
        self = ((const Muster__StatusAnswer *)reply.body)->self;
    }
    *hint = reply.hint;
    link_close(link);
    return self;
}

int new_keys_settle(struct context *context)
{
    struct profile next;
    char path[FILES_PATH_MOST];
    uint8_t signing[KEYS_PUBLIC_SIZE];
    enum link_hint hint;
    bool locked;
    if (!new_keys_wait(&context->profile)) {
        return EXIT_CODE_DONE;
    }
    int code = new_keys_profile(&context->profile, &next);
    if (code || profile_key_path(&next, "signing", path) != STATUS_OK || keys_peek(path, KEY_SIGNING, signing, &locked) != STATUS_OK) {
        return code ? code : complain_file("read", path);
    }
    const Muster__PartyRecord *self = ask(context, &next, &hint);
    bool bound = self && self->keys && self->keys->signing_key.len == sizeof signing && memcmp(self->keys->signing_key.data, signing, sizeof signing) == 0;
    if (bound) {
        code = put_in_force(context);
        if (!code) {
            advise("Your new keys are in force; the old ones are kept beside them.");
        }
        return code;
    }
    if (!self && hint == LINK_KEY_REFUSED) {
        advise("Your new keys are not known to the exchange: they were cancelled, or never reached it. Begin anew: muster keys new");
    }
    return EXIT_CODE_DONE;
}
