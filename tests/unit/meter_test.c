/* SPDX-License-Identifier: EUPL-1.2 */
/* What the front cuts: who holds too much by itself, who is silent, and of all together the one that holds most. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "broker/front/meter.h"
#include "proto/status.h"
#include "tests/unit/patience.h"

#define PORTION 256u /* so many at most, in few segments, fit the window that TCP opens with */
#define MOST 64u
#define COUNT 3u

struct line {
    int client, server;
};

static int listener;
static struct line lines[COUNT];
static struct meter *meter;

static void line_open(struct line *line)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    line->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int at_once = 1;
    assert_int_equal(setsockopt(line->client, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once), 0);
    assert_int_equal(connect(line->client, (struct sockaddr *)&address, size), 0);
    line->server = accept(listener, NULL, NULL);
    assert_true(line->server >= 0);
}

static int setup(void **state)
{
    (void)state;
    alarm((unsigned)patience(30));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, COUNT) != 0)
        return -1;
    const struct meter_limits limits = {64 * PORTION, 96 * PORTION, COUNT, 1000};
    if (meter_new(&limits, &meter) != STATUS_OK)
        return -1;
    for (unsigned i = 0; i < COUNT; i++) {
        line_open(&lines[i]);
        meter_accept(meter, lines[i].server, 0);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT; i++) {
        close(lines[i].client);
        close(lines[i].server);
    }
    close(listener);
    meter_free(meter);
    return 0;
}

static void fill(const struct line *line, size_t portions)
{
    static const char bytes[MOST * PORTION];
    assert_in_range(portions, 1, MOST);
    assert_int_equal(send(line->client, bytes, portions * PORTION, MSG_NOSIGNAL), portions * PORTION);
}

/* A line that was cut ends for its client. */
static bool is_cut(const struct line *line)
{
    char byte;
    return recv(line->client, &byte, 1, MSG_DONTWAIT) == 0;
}

static void who_holds_too_much_is_cut(void **state)
{
    (void)state;
    fill(&lines[0], 64);
    assert_int_equal(meter_check(meter, 0), 0);
    fill(&lines[0], 1);
    assert_int_equal(meter_check(meter, 0), 1);
    assert_true(is_cut(&lines[0]));
    assert_false(is_cut(&lines[1]));
    assert_int_equal(meter_check(meter, 0), 0);
}

static void of_all_together_the_one_with_most_is_cut(void **state)
{
    (void)state;
    fill(&lines[0], 20);
    fill(&lines[1], 50);
    fill(&lines[2], 26);
    assert_int_equal(meter_check(meter, 0), 0);
    fill(&lines[2], 4);
    assert_int_equal(meter_check(meter, 0), 1);
    assert_true(is_cut(&lines[1]));
    assert_false(is_cut(&lines[0]));
    assert_false(is_cut(&lines[2]));
    /* Without it the others are within the limit. */
    assert_int_equal(meter_check(meter, 0), 0);
}

static void what_was_delivered_no_longer_counts(void **state)
{
    (void)state;
    fill(&lines[0], 60);
    meter_deliver(meter, lines[0].server, 60 * PORTION);
    fill(&lines[0], 60);
    assert_int_equal(meter_check(meter, 0), 0);
    fill(&lines[0], 6);
    assert_int_equal(meter_check(meter, 0), 1);
}

static void who_stays_silent_is_cut(void **state)
{
    (void)state;
    meter_deliver(meter, lines[1].server, 0);
    assert_int_equal(meter_check(meter, 1000), 0);
    assert_int_equal(meter_check(meter, 1001), 2);
    assert_false(is_cut(&lines[1]));
}

static void a_connection_too_many_is_cut(void **state)
{
    (void)state;
    struct line extra;
    line_open(&extra);
    meter_accept(meter, extra.server, 0);
    assert_true(is_cut(&extra));
    assert_int_equal(meter_connections(meter), COUNT);
    meter_end(meter, lines[0].server);
    assert_int_equal(meter_connections(meter), COUNT - 1);
    close(extra.client);
    close(extra.server);
}

#define METER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        METER_TEST(who_holds_too_much_is_cut),
        METER_TEST(of_all_together_the_one_with_most_is_cut),
        METER_TEST(what_was_delivered_no_longer_counts),
        METER_TEST(who_stays_silent_is_cut),
        METER_TEST(a_connection_too_many_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
