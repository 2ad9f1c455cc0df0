/* SPDX-License-Identifier: EUPL-1.2 */
#include "proto/suspect.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/status.h"

#define CRASHES_MOST 2u /* of a key within the window; then it is refused */

bool suspect_user_is_right(const char user[SUSPECT_USER_MOST])
{
    size_t length = strnlen(user, SUSPECT_USER_MOST);
    if (length == SUSPECT_USER_MOST || length < 18)
        return false;
    size_t party = length - 17;
    if (strspn(user, "abcdefghijklmnopqrstuvwxyz0123456789-") != party || user[party] != '/')
        return false;
    return strspn(user + party + 1, "0123456789abcdef") == 16;
}

/* The place of a key: its own, else a free one, else that of the key which has been quiet longest. */
static struct suspect *suspects_place(struct suspects *suspects, const char *user)
{
    struct suspect *place = NULL;
    for (size_t i = 0; i < SUSPECT_KEYS_MOST; i++) {
        struct suspect *each = &suspects->list[i];
        if (strcmp(each->user, user) == 0)
            return each;
        if (place == NULL || (place->user[0] != '\0' && (each->user[0] == '\0' || each->last < place->last)))
            place = each;
    }
    *place = (struct suspect){0};
    memcpy(place->user, user, strlen(user) + 1);
    return place;
}

const struct suspect *suspects_judge(struct suspects *suspects, const struct suspect_record *record, uint64_t now)
{
    if (record->crash != SUSPECT_OWN || record->in_hand != 1 || !suspect_user_is_right(record->user))
        return NULL;
    struct suspect *suspect = suspects_place(suspects, record->user);
    /* A quiet day counts from the end of a refusal: during it the key could do nothing. */
    if (now > suspect->until + SUSPECT_LONGEST)
        suspect->refusals = 0;
    suspect->times = suspect->times != 0 && now - suspect->last <= SUSPECT_WINDOW ? suspect->times + 1 : 1;
    suspect->last = now;
    /* Who was refused before is given no second try. */
    if (suspect->times >= CRASHES_MOST || suspect->refusals > 0) {
        uint64_t time = SUSPECT_FIRST << (suspect->refusals < 5 ? suspect->refusals : 5);
        suspect->until = now + (time < SUSPECT_LONGEST ? time : SUSPECT_LONGEST);
        suspect->refusals++;
    }
    return suspect;
}

void suspects_recent(const struct suspect_record *record, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t back = 1; back <= SUSPECT_RECENT; back++) {
        const char *user = record->recent[(record->next - back) % SUSPECT_RECENT];
        bool before = false;
        for (uint32_t other = 1; other < back && !before; other++)
            before = strncmp(user, record->recent[(record->next - other) % SUSPECT_RECENT], SUSPECT_USER_MOST) == 0;
        if (before || !suspect_user_is_right(user) || used + SUSPECT_USER_MOST + 1 > size)
            continue;
        used += (size_t)snprintf(text + used, size - used, "%s%s", used == 0 ? "" : ",", user);
    }
    if (used == 0)
        snprintf(text, size, "none");
}

void suspects_fill(const struct suspects *suspects, uint64_t now, struct suspect_record *record)
{
    memset(record, 0, sizeof *record);
    for (size_t i = 0; i < SUSPECT_KEYS_MOST; i++) {
        const struct suspect *each = &suspects->list[i];
        if (each->until <= now)
            continue;
        struct suspect_refusal *refusal = &record->refused[record->refused_count++];
        memcpy(refusal->user, each->user, sizeof refusal->user);
        refusal->until = each->until;
    }
}

void suspects_show(const struct suspects *suspects, uint64_t now, struct suspect_shown *shown)
{
    memset(shown, 0, sizeof *shown);
    for (size_t i = 0; i < SUSPECT_KEYS_MOST && shown->count < SUSPECT_SHOWN_MOST; i++) {
        const struct suspect *each = &suspects->list[i];
        if (each->until <= now)
            continue;
        memcpy(shown->list[shown->count].party, each->user, strcspn(each->user, "/"));
        shown->list[shown->count++].until = each->until - now;
    }
}

int suspect_share(const void *bytes, size_t size, int *fd)
{
    int made = memfd_create("musterd", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (made < 0)
        return STATUS_IO;
    if (pwrite(made, bytes, size, 0) != (ssize_t)size || fcntl(made, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        close(made);
        return STATUS_IO;
    }
    *fd = made;
    return STATUS_OK;
}

int suspect_read(int fd, void *bytes, size_t size)
{
    return pread(fd, bytes, size, 0) == (ssize_t)size ? STATUS_OK : STATUS_IO;
}
