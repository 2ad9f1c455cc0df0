/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Mistakes for the front, to be preloaded (LD_PRELOAD): messages that bring it down. What begins with "crash own" does so while the front's own code
 * has the message in hand, "crash abort" as the C library does that finds the heap destroyed, "crash close" when it gives it back to libzmq, and "crash thread" on the thread of libzmq that decrypts it.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

typedef const char *(*gets_function)(const zmq_msg_t *message, const char *property);
typedef int (*close_function)(zmq_msg_t *message);
typedef int (*open_function)(unsigned char *plain, const unsigned char *box, unsigned long long length, const unsigned char *nonce, const unsigned char *key);

int crypto_box_open_afternm(unsigned char *plain, const unsigned char *box, unsigned long long length, const unsigned char *nonce, const unsigned char *key);
int crypto_box_open_easy_afternm(unsigned char *plain, const unsigned char *box, unsigned long long length, const unsigned char *nonce, const unsigned char *key);

static volatile char *volatile nowhere;
static gets_function real_gets;
static close_function real_close;
static open_function real_open, real_open_easy;

/* Before any filter of system calls. */
static void __attribute__((constructor)) find(void)
{
    *(void **)&real_gets = dlsym(RTLD_NEXT, "zmq_msg_gets");
    *(void **)&real_close = dlsym(RTLD_NEXT, "zmq_msg_close");
    *(void **)&real_open = dlsym(RTLD_NEXT, "crypto_box_open_afternm");
    *(void **)&real_open_easy = dlsym(RTLD_NEXT, "crypto_box_open_easy_afternm");
}

static int begins(const zmq_msg_t *message, const char *word)
{
    size_t length = strlen(word);
    return zmq_msg_size(message) >= length && memcmp(zmq_msg_data((zmq_msg_t *)message), word, length) == 0;
}

const char *zmq_msg_gets(const zmq_msg_t *message, const char *property)
{
    if (strcmp(property, "Identity") == 0 && begins(message, "crash own"))
        *nowhere = 1;
    if (strcmp(property, "Identity") == 0 && begins(message, "crash abort"))
        abort();
    return real_gets(message, property);
}

int zmq_msg_close(zmq_msg_t *message)
{
    if (begins(message, "crash close"))
        *nowhere = 1;
    return real_close(message);
}

static void look(const unsigned char *plain, unsigned long long length)
{
    if (memmem(plain, length, "crash thread", 12) != NULL)
        abort();
}

int crypto_box_open_afternm(unsigned char *plain, const unsigned char *box, unsigned long long length, const unsigned char *nonce, const unsigned char *key)
{
    int result = real_open(plain, box, length, nonce, key);
    if (result == 0)
        look(plain, length);
    return result;
}

int crypto_box_open_easy_afternm(unsigned char *plain, const unsigned char *box, unsigned long long length, const unsigned char *nonce, const unsigned char *key)
{
    int result = real_open_easy(plain, box, length, nonce, key);
    if (result == 0)
        look(plain, length - 16);
    return result;
}
