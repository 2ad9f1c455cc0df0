/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A front that has been taken over: this program in its place, on the exchange's own pipe, with all keys that a front has. It relays
 * what parties send as long as it likes, and tries the rest: to read, to forge, to claim, to alter, to swap, to replay, to keep
 * the revoked in. It can delay and drop; it learns nothing of what is sealed, and changes nothing.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/exchange_process.h"
#include "broker/pipe.h"
#include "broker/supervise.h"
#include "proto/envelope.h"
#include "proto/hint.h"
#include "proto/status.h"
#include "proto/walk.h"
#include "tests/system/market.h"
#include "tests/unit/patience.h"

#define ANSWER_MILLISECONDS 8000
#define CANARY "QZCANARYTEXT"
#define CANARY_CEILING 98765432100 /* hundredths; its varint and digits stand in no other figure here */
#define BYTES_MOST ((size_t)1 << 20)

static struct harness harness;
static struct market market;
static struct pipe front = {.fd = -1};
static int control = -1;
static pid_t exchange;
static uint64_t handles;
static struct arena arena;
static uint8_t *seen; /* every byte that the exchange has said to the front */
static size_t seen_size;

struct bytes {
    uint8_t *data;
    size_t size;
};

/* --- in the front's place ------------------------------------------------------------------------------------- */

static void hand_over(int fd)
{
    char what = CONTROL_FRONT;
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } room = {{0}};
    struct iovec part = {.iov_base = &what, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room.bytes, .msg_controllen = sizeof room.bytes};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &fd, sizeof(int));
    assert_int_equal(sendmsg(control, &message, 0), 1);
}

/* A new pipe to the exchange, as the parent hands one over for each front that it starts. */
static void connect_front(void)
{
    int pair[2];
    pipe_close(&front);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    hand_over(pair[1]);
    close(pair[1]);
    assert_int_equal(pipe_open(&front, pair[0], PIPE_FRAME_MOST), STATUS_OK);
}

static int start_exchange(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    exchange = fork();
    if (exchange == 0) {
        int log = open(harness.log, O_WRONLY | O_APPEND | O_CLOEXEC);
        if (log < 0 || dup2(log, STDERR_FILENO) < 0 || (pair[1] == SUPERVISE_FD ? fcntl(pair[1], F_SETFD, 0) : dup2(pair[1], SUPERVISE_FD)) < 0)
            _exit(99);
        execl(harness.program, "musterd", "--role=exchange", "-c", harness.config, (char *)NULL);
        _exit(99);
    }
    close(pair[1]);
    control = pair[0];
    return exchange > 0 ? 0 : -1;
}

static void remember(const uint8_t *bytes, size_t length)
{
    assert_true(seen_size + length <= BYTES_MOST);
    memcpy(seen + seen_size, bytes, length);
    seen_size += length;
}

static void tell(const char *claimed, const uint8_t *bytes, size_t length, uint64_t *handle)
{
    struct pipe_message message = {.handle = ++handles};
    uint8_t head[PIPE_HEAD_MOST];
    *handle = message.handle;
    snprintf(message.party, sizeof message.party, "%s", claimed);
    size_t size = pipe_pack_head(&message, head);
    assert_int_equal(pipe_send(&front, PIPE_REQUEST, head, size, bytes, length), STATUS_OK);
    assert_int_equal(pipe_flush(&front), STATUS_OK);
}

/* What the exchange answers to one handle; size 0: that none will come, or that none came in time. */
static struct bytes hear(uint64_t handle, int milliseconds)
{
    struct bytes none = {0};
    for (int waited = 0; waited < milliseconds; waited += 20) {
        struct pipe_frame frame;
        struct pollfd item = {.fd = front.fd, .events = POLLIN};
        poll(&item, 1, 20);
        if (pipe_fill(&front) != STATUS_OK)
            return none;
        while (pipe_next(&front, &frame) == STATUS_OK) {
            struct pipe_message message;
            remember(frame.bytes, frame.length);
            if (frame.kind != PIPE_ANSWER || pipe_unpack_message(frame.bytes, frame.length, &message) != STATUS_OK || message.handle != handle)
                continue;
            struct bytes answer = {malloc(message.length + 1), message.length};
            memcpy(answer.data, message.bytes, message.length);
            pipe_release(&front);
            pipe_flush(&front);
            return answer;
        }
        pipe_flush(&front);
    }
    return none;
}

/* --- what parties send, and what they make of answers ----------------------------------------------------------- */

static struct bytes box_of(struct party *party, Muster__Verb verb, const void *body, size_t length)
{
    Muster__Request request = MUSTER__REQUEST__INIT;
    uint8_t *plain;
    size_t size;
    request.protocol = 1;
    request.verb = verb;
    request.body = (ProtobufCBinaryData){length, (uint8_t *)(uintptr_t)body};
    assert_int_equal(walk_pack(&request.base, &arena, &plain, &size), STATUS_OK);
    struct bytes box = {malloc(box_sealed_size(size)), box_sealed_size(size)};
    box_request_id(&seam_random_system, party->request_id);
    assert_int_equal(box_seal(&party->session, party->request_id, plain, size, &seam_random_system, box.data), STATUS_OK);
    return box;
}

static struct bytes message_box(struct party *party, Muster__Verb verb, const ProtobufCMessage *message)
{
    uint8_t *body;
    size_t size;
    assert_int_equal(walk_pack(message, &arena, &body, &size), STATUS_OK);
    return box_of(party, verb, body, size);
}

/* What a party makes of bytes that came: the answer to its outstanding request, or NULL. */
static Muster__Answer *open_as(struct party *party, struct bytes box)
{
    uint8_t request_id[BOX_REQUEST_ID_SIZE];
    ProtobufCMessage *message = NULL;
    size_t size = 0;
    uint8_t *plain = arena_alloc(&arena, box.size + 1);
    if (box.size == 0 || box_open(&party->session, box.data, box.size, request_id, plain, &size) != STATUS_OK ||
        memcmp(request_id, party->request_id, sizeof request_id) != 0 ||
        walk_unpack(&muster__answer__descriptor, plain, size, BOX_PLAIN_MOST, &arena, &message, NULL) != STATUS_OK)
        return NULL;
    return (Muster__Answer *)message;
}

/* Relays honestly. */
static struct bytes relay(struct party *party, struct bytes box)
{
    uint64_t handle;
    tell(party->id, box.data, box.size, &handle);
    struct bytes answer = hear(handle, ANSWER_MILLISECONDS);
    free(box.data);
    return answer;
}

static Muster__Answer *ask(struct party *party, Muster__Verb verb, const ProtobufCMessage *message)
{
    struct bytes bytes = relay(party, message_box(party, verb, message));
    Muster__Answer *answer = open_as(party, bytes);
    free(bytes.data);
    assert_non_null(answer);
    return answer;
}

/* Entries in the log, as the coordinator reads the newest checkpoint. */
static unsigned long log_size(void)
{
    Muster__HeadRequest request = MUSTER__HEAD_REQUEST__INIT;
    ProtobufCMessage *body = NULL;
    Muster__Answer *answer = ask(&market.hq, MUSTER__VERB__VERB_HEAD, &request.base);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    assert_int_equal(walk_unpack(&muster__head_answer__descriptor, answer->body.data, answer->body.len, BOX_PLAIN_MOST, &arena, &body, NULL), STATUS_OK);
    const Muster__HeadAnswer *head = (const Muster__HeadAnswer *)body;
    const char *line = memchr(head->checkpoint.data, '\n', head->checkpoint.len);
    assert_non_null(line);
    return strtoul(line + 1, NULL, 10);
}

/* A demand with canaries, as its agency's envelope. */
static void demand_envelope(struct party *agency, const char *id, uint8_t **envelope, size_t *size)
{
    static Muster__Submission submission;
    static Muster__DemandChange change, *changes[1];
    static Muster__Demand demand;
    static Muster__Line line, *lines[1];
    static char *conditions[] = {"colour=" CANARY};
    uint8_t submission_id[16];
    muster__submission__init(&submission);
    muster__demand_change__init(&change);
    muster__demand__init(&demand);
    muster__line__init(&line);
    line.month = 202806;
    line.quantity = 17;
    lines[0] = &line;
    demand.id = change.id = (char *)(uintptr_t)id;
    demand.country = strcmp(agency->id, "nl-agency") == 0 ? "NL" : "DE";
    demand.item = "shell-155";
    demand.lines = lines;
    demand.n_lines = 1;
    demand.min_quantity = 1;
    demand.max_unit_price = CANARY_CEILING;
    demand.currency = "EUR";
    demand.priority = 3;
    demand.place = demand.country;
    demand.requires = conditions;
    demand.n_requires = 1;
    demand.fund = "";
    demand.release = MUSTER__RELEASE__RELEASE_POOLED;
    change.kind = MUSTER__CHANGE_KIND__CHANGE_PUT;
    change.demand = &demand;
    changes[0] = &change;
    submission.demands = changes;
    submission.n_demands = 1;
    party_fill(agency, &submission, submission_id);
    assert_int_equal(party_sign(agency, &submission, &arena, envelope, size), STATUS_OK);
}

static int setup(void **state)
{
    (void)state;
    alarm((unsigned)patience(150));
    arena_init(&arena, (size_t)1 << 30);
    seen = malloc(BYTES_MOST);
    if (seen == NULL || harness_begin(&harness, NULL) != STATUS_OK || market_open(&harness, &market) != STATUS_OK || harness_stop(&harness, NULL) != STATUS_OK ||
        start_exchange() != 0)
        return -1;
    connect_front();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    int status = 0;
    pipe_close(&front);
    close(control); /* the exchange ends with its parent's line */
    if (exchange > 0)
        waitpid(exchange, &status, 0);
    market_close(&market);
    harness_close(&harness);
    arena_drop(&arena);
    free(seen);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static bool was_seen(const void *bytes, size_t length)
{
    return memmem(seen, seen_size, bytes, length) != NULL;
}

static void it_reads_nothing_of_what_it_carries(void **state)
{
    (void)state;
    uint8_t *envelope;
    size_t size;
    demand_envelope(&market.nl, "HF-1", &envelope, &size);
    assert_non_null(memmem(envelope, size, CANARY, strlen(CANARY)));
    struct bytes box = box_of(&market.nl, MUSTER__VERB__VERB_SUBMIT, envelope, size);
    assert_null(memmem(box.data, box.size, CANARY, strlen(CANARY)));
    struct bytes bytes = relay(&market.nl, box);
    const Muster__Answer *answer = open_as(&market.nl, bytes);
    assert_non_null(answer);
    if (answer->outcome != MUSTER__OUTCOME__OUTCOME_DONE)
        fail_msg("%s: %s %s", answer->text, answer->n_faults ? answer->faults[0]->field : "", answer->n_faults ? answer->faults[0]->expected : "");
    free(bytes.data);
    Muster__ListRequest request = MUSTER__LIST_REQUEST__INIT;
    request.noun = MUSTER__NOUN__NOUN_DEMAND;
    request.item = request.id = request.after = "";
    request.limit = 100;
    answer = ask(&market.nl, MUSTER__VERB__VERB_LIST, &request.base);
    assert_non_null(memmem(answer->body.data, answer->body.len, CANARY, strlen(CANARY)));
    assert_false(was_seen(CANARY, strlen(CANARY)));
    assert_false(was_seen("HF-1", 4));
    assert_false(was_seen("shell-155", 9));
    /* What it does see: the CURVE keys that it lets in, and whose they are. */
    assert_true(was_seen("nl-agency", 9));
}

static void it_acts_for_nobody(void **state)
{
    (void)state;
    unsigned long entries = log_size();
    struct party *const all[] = {&market.hq, &market.nl, &market.de, &market.supplier};
    Muster__StatusRequest request = MUSTER__STATUS_REQUEST__INIT;
    uint64_t handle;
    for (size_t of = 0; of < 4; of++) {
        for (size_t as = 0; as < 4; as++) {
            if (of == as)
                continue;
            /* A box of one under the name of another. */
            struct bytes box = message_box(all[of], MUSTER__VERB__VERB_STATUS, &request.base);
            tell(all[as]->id, box.data, box.size, &handle);
            struct bytes bytes = hear(handle, ANSWER_MILLISECONDS);
            assert_int_equal(hint_read(bytes.data, bytes.size), HINT_UNKNOWN_KEY);
            free(box.data);
            free(bytes.data);
        }
    }
    /* Boxes of its own making: under a fresh key, under its CURVE key, and with a party's public key in the header. */
    struct key_pair made[2];
    char path[2 * HARNESS_PATH_MOST];
    snprintf(path, sizeof path, "%s/keys/front.key", harness.directory);
    assert_int_equal(keys_generate(KEY_BOX, &seam_random_system, &made[0]), STATUS_OK);
    assert_int_equal(keys_read(path, KEY_CURVE, NULL, &made[1]), STATUS_OK);
    for (size_t at = 0; at < 4; at++) {
        struct party forger = {0};
        assert_int_equal(box_session_party(&made[at % 2], harness.exchange.box_key, &forger.session), STATUS_OK);
        struct bytes box = message_box(&forger, MUSTER__VERB__VERB_STATUS, &request.base);
        if (at >= 2)
            memcpy(box.data + 5, market.hq.box.public_key, 32);
        tell("coordinator", box.data, box.size, &handle);
        struct bytes bytes = hear(handle, ANSWER_MILLISECONDS);
        assert_int_not_equal(hint_read(bytes.data, bytes.size), 0);
        free(bytes.data);
        tell(market.hq.id, box.data, box.size, &handle);
        bytes = hear(handle, ANSWER_MILLISECONDS);
        assert_int_not_equal(hint_read(bytes.data, bytes.size), 0);
        free(bytes.data);
        free(box.data);
        box_session_drop(&forger.session);
    }
    keys_drop(&made[0]);
    keys_drop(&made[1]);
    assert_int_equal(log_size(), entries);
}

static void what_it_alters_is_nothing(void **state)
{
    (void)state;
    uint8_t *envelope;
    size_t size;
    unsigned long entries = log_size();
    uint64_t handle;
    demand_envelope(&market.de, "HF-2", &envelope, &size);
    struct bytes box = box_of(&market.de, MUSTER__VERB__VERB_SUBMIT, envelope, size);
    for (size_t at = 0; at < box.size; at += at < BOX_HEADER_SIZE + BOX_NONCE_SIZE ? 3 : 97) {
        box.data[at] ^= 0x40;
        tell(market.de.id, box.data, box.size, &handle);
        struct bytes bytes = hear(handle, ANSWER_MILLISECONDS);
        assert_int_not_equal(hint_read(bytes.data, bytes.size), 0);
        free(bytes.data);
        box.data[at] ^= 0x40;
    }
    for (size_t cut = 1; cut < box.size; cut += 211) {
        tell(market.de.id, box.data, box.size - cut, &handle);
        struct bytes bytes = hear(handle, ANSWER_MILLISECONDS);
        assert_int_not_equal(hint_read(bytes.data, bytes.size), 0);
        free(bytes.data);
    }
    assert_int_equal(log_size(), entries);
    /* Whole, it counts: it was these bytes that were altered. */
    struct bytes bytes = relay(&market.de, box);
    assert_non_null(open_as(&market.de, bytes));
    free(bytes.data);
    assert_int_equal(log_size(), entries + 1);
}

static void a_replay_changes_nothing_and_is_read_by_nobody(void **state)
{
    (void)state;
    uint8_t *envelope;
    size_t size;
    unsigned long entries = log_size();
    uint64_t handle;
    demand_envelope(&market.nl, "HF-3", &envelope, &size);
    struct bytes box = box_of(&market.nl, MUSTER__VERB__VERB_SUBMIT, envelope, size), first = {0}, bytes;
    for (unsigned at = 0; at < 5; at++) {
        tell(market.nl.id, box.data, box.size, &handle);
        bytes = hear(handle, ANSWER_MILLISECONDS);
        const Muster__Answer *answer = open_as(&market.nl, bytes);
        assert_non_null(answer);
        assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
        if (at == 0)
            first = bytes;
        else
            free(bytes.data);
    }
    assert_int_equal(log_size(), entries + 1);
    /* An old answer to a new question, another's answer, an answer sent back as a question, a question as an answer. */
    Muster__StatusRequest request = MUSTER__STATUS_REQUEST__INIT;
    struct bytes status = message_box(&market.nl, MUSTER__VERB__VERB_STATUS, &request.base);
    assert_null(open_as(&market.nl, first));
    assert_null(open_as(&market.de, first));
    assert_null(open_as(&market.nl, status));
    struct bytes other = relay(&market.de, message_box(&market.de, MUSTER__VERB__VERB_STATUS, &request.base));
    assert_null(open_as(&market.nl, other));
    tell(market.nl.id, first.data, first.size, &handle);
    bytes = hear(handle, ANSWER_MILLISECONDS);
    assert_int_not_equal(hint_read(bytes.data, bytes.size), 0);
    free(bytes.data);
    free(first.data);
    free(other.data);
    free(status.data);
    free(box.data);
}

static void what_it_drops_can_be_sent_again(void **state)
{
    (void)state;
    uint8_t *envelope;
    size_t size;
    unsigned long entries = log_size();
    demand_envelope(&market.nl, "HF-4", &envelope, &size);
    struct bytes dropped = box_of(&market.nl, MUSTER__VERB__VERB_SUBMIT, envelope, size);
    free(dropped.data);
    assert_int_equal(log_size(), entries);
    /* The answer is dropped: the same bytes get the same receipt in another box. */
    struct bytes lost = relay(&market.nl, box_of(&market.nl, MUSTER__VERB__VERB_SUBMIT, envelope, size));
    free(lost.data);
    struct bytes bytes = relay(&market.nl, box_of(&market.nl, MUSTER__VERB__VERB_SUBMIT, envelope, size));
    const Muster__Answer *answer = open_as(&market.nl, bytes);
    assert_non_null(answer);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    free(bytes.data);
    assert_int_equal(log_size(), entries + 1);
}

static void who_is_suspended_gets_nothing_through_it(void **state)
{
    (void)state;
    Muster__Submission submission = MUSTER__SUBMISSION__INIT;
    Muster__PartyChange change = MUSTER__PARTY_CHANGE__INIT, *changes[1] = {&change};
    Muster__ListRequest request = MUSTER__LIST_REQUEST__INIT;
    uint8_t id[16], *envelope;
    size_t size;
    change.kind = MUSTER__PARTY_CHANGE_KIND__PARTY_SUSPEND;
    change.party = "de-agency";
    change.replaces = 3; /* invited, joined, confirmed */
    change.reason = "for a test";
    submission.parties = changes;
    submission.n_parties = 1;
    party_fill(&market.hq, &submission, id);
    assert_int_equal(party_sign(&market.hq, &submission, &arena, &envelope, &size), STATUS_OK);
    struct bytes bytes = relay(&market.hq, box_of(&market.hq, MUSTER__VERB__VERB_SUBMIT, envelope, size));
    const Muster__Answer *answer = open_as(&market.hq, bytes);
    assert_non_null(answer);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_DONE);
    free(bytes.data);
    request.noun = MUSTER__NOUN__NOUN_DEMAND;
    request.item = request.id = request.after = "";
    request.limit = 100;
    answer = ask(&market.de, MUSTER__VERB__VERB_LIST, &request.base);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED);
    assert_int_equal(answer->body.len, 0);
    unsigned long entries = log_size();
    demand_envelope(&market.de, "HF-5", &envelope, &size);
    bytes = relay(&market.de, box_of(&market.de, MUSTER__VERB__VERB_SUBMIT, envelope, size));
    answer = open_as(&market.de, bytes);
    assert_non_null(answer);
    assert_int_equal(answer->outcome, MUSTER__OUTCOME__OUTCOME_NOT_ALLOWED);
    free(bytes.data);
    assert_int_equal(log_size(), entries);
}

/* Frames that no front sends end its pipe, and nothing else: the next front is served. */
static void nonsense_ends_its_pipe_alone(void **state)
{
    (void)state;
    unsigned long entries = log_size();
    static const enum pipe_kind kinds[] = {PIPE_ANSWER, PIPE_ADMITTED, PIPE_PLAN, (enum pipe_kind)77};
    uint8_t noise[512];
    for (size_t at = 0; at < sizeof kinds / sizeof kinds[0]; at++) {
        seam_random_system.fill(seam_random_system.data, noise, sizeof noise);
        assert_int_equal(pipe_send(&front, kinds[at], noise, sizeof noise, NULL, 0), STATUS_OK);
        pipe_flush(&front);
        connect_front();
        assert_int_equal(log_size(), entries);
    }
    for (unsigned at = 0; at < 200; at++) {
        uint64_t handle;
        seam_random_system.fill(seam_random_system.data, noise, sizeof noise);
        tell(market.nl.id, noise, 1 + noise[0] % sizeof noise, &handle);
        struct bytes bytes = hear(handle, ANSWER_MILLISECONDS);
        assert_int_not_equal(hint_read(bytes.data, bytes.size), 0);
        free(bytes.data);
    }
    assert_int_equal(log_size(), entries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reads_nothing_of_what_it_carries),
        cmocka_unit_test(it_acts_for_nobody),
        cmocka_unit_test(what_it_alters_is_nothing),
        cmocka_unit_test(a_replay_changes_nothing_and_is_read_by_nobody),
        cmocka_unit_test(what_it_drops_can_be_sent_again),
        cmocka_unit_test(who_is_suspended_gets_nothing_through_it),
        cmocka_unit_test(nonsense_ends_its_pipe_alone),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
