/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/bench/attacked.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/status.h"
#include "tests/bench/traffic.h"
#include "tests/system/attack.h"

#define SETTINGS                                                                                                               \
    "[front]\nconnections_per_key = 8\nconnections = 1000\nrequests_per_second = 1000\nsilence_seconds = 2\n[planner]\nquiet_milliseconds = 600000\n"
#define TURN 20 /* milliseconds */
#define PACE 0.4

/* In a process of its own: lets the attackers run in turn, half of the time none. */
static void attacked_conduct(struct party *member)
{
    pid_t pids[ATTACK_COUNT];
    uint8_t box[600] = "MSB1";
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    for (enum attack attack = 0; attack < ATTACK_COUNT; attack++) {
        pids[attack] = attack_start(attack, member, box, sizeof box);
        kill(pids[attack], SIGSTOP);
    }
    for (unsigned turn = 0;; turn++) {
        pid_t pid = pids[turn % ATTACK_COUNT];
        kill(pid, SIGCONT);
        harness_pause(TURN);
        kill(pid, SIGSTOP);
        harness_pause(TURN);
    }
}

static int attacked_slice(struct traffic *traffic, struct load *load, unsigned milliseconds, double *rate)
{
    struct load_result result;
    int status = traffic_make(traffic, ATTACKED_CLIENTS, (size_t)(milliseconds * PACE) + 8, 1);
    if (status == STATUS_OK)
        status = load_run(load, milliseconds, traffic_next, traffic, &result);
    *rate = status == STATUS_OK && result.seconds > 0 ? (double)result.acknowledged / result.seconds : 0;
    return status;
}

static int attacked_under(struct traffic *traffic, struct load *load, unsigned milliseconds, double *rate)
{
    pid_t conductor = fork();
    if (conductor < 0)
        return STATUS_NO_MEMORY;
    if (conductor == 0)
        attacked_conduct(&traffic->agencies[TRAFFIC_PARTIES - 1]);
    harness_pause(200);
    int status = attacked_slice(traffic, load, milliseconds, rate);
    kill(conductor, SIGKILL);
    waitpid(conductor, NULL, 0);
    return status;
}

int attacked_measure(unsigned milliseconds, struct figures_attacked *attacked)
{
    static struct traffic traffic;
    struct load load = {.epoll = -1};
    double before = 0;
    double after = 0;
    int status = traffic_open(&traffic, NULL, SETTINGS);
    if (status != STATUS_OK)
        return status;
    status = load_open(&load, traffic.harness.address, traffic.harness.exchange.front_key, traffic.curves, TRAFFIC_PARTIES, ATTACKED_CLIENTS);
    if (status == STATUS_OK)
        status = attacked_slice(&traffic, &load, 200, &before);
    if (status == STATUS_OK)
        status = attacked_slice(&traffic, &load, milliseconds, &before);
    if (status == STATUS_OK)
        status = attacked_under(&traffic, &load, milliseconds, &attacked->under);
    if (status == STATUS_OK)
        status = attacked_slice(&traffic, &load, milliseconds, &after);
    attacked->alone = (before + after) / 2;
    load_close(&load);
    traffic_close(&traffic);
    return status;
}
