/* SPDX-License-Identifier: EUPL-1.2 */
/* Every message: what the walker lets through must unpack, within the memory that it foretold, and pack to as many bytes as came in. */
#include "proto/bundle.pb-c.h"
#include "proto/log.pb-c.h"
#include "proto/party.pb-c.h"
#include "proto/pipe.pb-c.h"
#include "proto/request.pb-c.h"
#include "proto/status.h"
#include "proto/walk.h"
#include "proto/walk_memory.h"
#include "proto/signal.pb-c.h"
#include "proto/state.pb-c.h"
#include "tests/fuzz/target.h"

#define MESSAGE_MOST 512u /* bytes: what more of them would show, fewer fields show as well */

static void run_message(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena();
    ProtobufCMessage *message = NULL;
    uint8_t *packed = NULL;
    size_t need = 0, packed_size = 0;
    if (walk_check(target->message, data, size, FUZZ_INPUT_MOST, &need, NULL) != STATUS_OK) {
        fuzz_require(walk_unpack(target->message, data, size, FUZZ_INPUT_MOST, arena, &message, NULL) != STATUS_OK);
        return;
    }
    fuzz_require(need <= size * WALK_GROWTH_MOST + WALK_GROWTH_BASE);
    fuzz_require(walk_unpack(target->message, data, size, FUZZ_INPUT_MOST, arena, &message, NULL) == STATUS_OK);
    fuzz_require(arena->used <= need);
    fuzz_require(walk_pack(message, arena, &packed, &packed_size) == STATUS_OK);
    fuzz_require(packed_size == size);
}

static const struct fuzz_target targets[] = {
#define MESSAGE(message) {"message-" #message, run_message, MESSAGE_MOST, fuzz_message_seed, &muster__##message##__descriptor, 0},
#include "tests/fuzz/messages.def"
#undef MESSAGE
};

const struct fuzz_group fuzz_group_messages = {"messages", targets, sizeof targets / sizeof targets[0]};
