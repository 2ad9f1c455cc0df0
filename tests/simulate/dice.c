/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/simulate/dice.h"

#include <string.h>

#include <sodium.h>

static struct dice *ruling;

/* splitmix64 */
static uint64_t dice_next(struct dice *dice)
{
    uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

struct dice dice_of(uint64_t seed, uint64_t stream)
{
    struct dice mixed = {seed * UINT64_C(0xd1342543de82ef95) + stream};
    return (struct dice){dice_next(&mixed)};
}

uint64_t dice_roll(struct dice *dice, uint64_t sides)
{
    return dice_next(dice) % sides;
}

uint64_t dice_between(struct dice *dice, uint64_t least, uint64_t most)
{
    return least + dice_roll(dice, most - least + 1);
}

bool dice_is(struct dice *dice, unsigned per_mille)
{
    return dice_roll(dice, 1000) < per_mille;
}

void dice_fill(void *data, void *bytes, size_t length)
{
    uint8_t *at = bytes;
    while (length > 0) {
        uint64_t next = dice_next(data);
        size_t part = length < sizeof next ? length : sizeof next;
        memcpy(at, &next, part);
        at += part;
        length -= part;
    }
}

static const char *ruled_name(void)
{
    return "simulation";
}

static uint32_t ruled_random(void)
{
    uint32_t number;
    dice_fill(ruling, &number, sizeof number);
    return number;
}

static void ruled_fill(void *bytes, size_t length)
{
    dice_fill(ruling, bytes, length);
}

void dice_rule_libsodium(struct dice *dice)
{
    static struct randombytes_implementation ruled = {.implementation_name = ruled_name, .random = ruled_random, .buf = ruled_fill};
    ruling = dice;
    randombytes_set_implementation(&ruled);
}
