/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/exchange_heads.h"

#include <string.h>

/* Bits of a signature are as good as random. */
static size_t heads_place(const uint8_t signature[64])
{
    return ((size_t)signature[0] | (size_t)signature[1] << 8) % HEADS_KEPT;
}

bool heads_has(const struct heads *heads, const struct tlog_head *head, const uint8_t signature[64])
{
    size_t place = heads_place(signature);
    const struct tlog_head *kept = &heads->kept[place].head;
    return kept->size != 0 && kept->size == head->size && memcmp(kept->root, head->root, sizeof head->root) == 0 &&
           memcmp(heads->kept[place].signature, signature, 64) == 0;
}

void heads_add(struct heads *heads, const struct tlog_head *head, const uint8_t signature[64])
{
    size_t place = heads_place(signature);
    heads->kept[place].head = *head;
    memcpy(heads->kept[place].signature, signature, 64);
}
