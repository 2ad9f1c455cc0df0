/* SPDX-License-Identifier: EUPL-1.2 */
#include "broker/front/hand.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/suspect.h"
#include "proto/status.h"

#define STACK_SIZE 65536u /* of the handler: a stack that ran over is one way to crash */

struct hand {
    struct suspect_record *record;
    pid_t thread;
    uint32_t refused_count;
    struct suspect_refusal refused[SUSPECT_KEYS_MOST];
};

static struct hand the_hand;
static uint8_t stack[STACK_SIZE] __attribute__((aligned(16)));

/* The first crash is what counts. The signal then does what it does without a handler. */
static void hand_crashed(int number, siginfo_t *about, void *context)
{
    (void)context;
    uint32_t none = SUSPECT_NO_CRASH;
    uint32_t where = gettid() == the_hand.thread ? SUSPECT_OWN : SUSPECT_ELSEWHERE;
    bool sent = about->si_code <= 0;
    if (number == SIGABRT && where == SUSPECT_OWN)
        where = SUSPECT_ABORTED;
    if (sent && about->si_pid != getpid())
        where = SUSPECT_OUTSIDE;
    atomic_compare_exchange_strong(&the_hand.record->crash, &none, where);
    if (sent)
        raise(number);
}

static int hand_watch(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS};
    const stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = hand_crashed, .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND};
    if (sigaltstack(&own, NULL) != 0)
        return STATUS_IO;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (sigaction(signals[i], &action, NULL) != 0)
            return STATUS_IO;
    return STATUS_OK;
}

int hand_open(int fd, struct hand **hand)
{
    void *memory = mmap(NULL, sizeof(struct suspect_record), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory == MAP_FAILED)
        return STATUS_IO;
    the_hand.record = memory;
    the_hand.thread = gettid();
    uint32_t count = the_hand.record->refused_count;
    the_hand.refused_count = count < SUSPECT_KEYS_MOST ? count : SUSPECT_KEYS_MOST;
    memcpy(the_hand.refused, the_hand.record->refused, sizeof the_hand.refused);
    *hand = &the_hand;
    return hand_watch();
}

static void hand_copy(char to[SUSPECT_USER_MOST], const char *user)
{
    size_t length = strnlen(user, SUSPECT_USER_MOST - 1);
    memcpy(to, user, length);
    to[length] = '\0';
}

void hand_hear(struct hand *hand, const char *user)
{
    if (hand == NULL)
        return;
    struct suspect_record *record = hand->record;
    uint32_t newest = (record->next - 1) % SUSPECT_RECENT;
    if (strncmp(record->recent[newest], user, SUSPECT_USER_MOST) == 0)
        return;
    hand_copy(record->recent[record->next % SUSPECT_RECENT], user);
    record->next++;
}

void hand_take(struct hand *hand, const char *user)
{
    if (hand == NULL)
        return;
    hand_hear(hand, user);
    hand_copy(hand->record->user, user);
    atomic_store_explicit(&hand->record->in_hand, 1, memory_order_release);
}

void hand_put(struct hand *hand)
{
    if (hand != NULL)
        atomic_store_explicit(&hand->record->in_hand, 0, memory_order_release);
}

bool hand_refuses(const struct hand *hand, const char *user, uint64_t now)
{
    for (uint32_t i = 0; hand != NULL && i < hand->refused_count; i++)
        if (now < hand->refused[i].until && strncmp(hand->refused[i].user, user, SUSPECT_USER_MOST) == 0)
            return true;
    return false;
}
