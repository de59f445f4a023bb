/* SPDX-License-Identifier: MIT */
/* Ends of a loop tender that its guest or its operator did not ask for. */
#define _GNU_SOURCE /* sigaltstack, strsignal */

#include "tender/loop/life.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "abi/solo5.h"
#include "backends/console.h"
#include "tender/report.h"

#define STACK_SIZE 0x10000 /* bytes */

static void on_fault(int number, siginfo_t *info, void *context)
{
    char text[160];
    const int size = snprintf(text, sizeof(text),
                              "Solo5: trap: %s at address %p\n"
                              "Solo5: ABORT: unexpected exception\n",
                              strsignal(number), info->si_addr);

    (void)context;
    backend_console_write(text, (size_t)size);
    report("rpikit run --board host --sanitize shows where");
    leave(SOLO5_EXIT_ABORT);
}

static void guard_faults(void)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    static char stack[STACK_SIZE]; /* the guest's own may be what is full */
    const stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction before,
        action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        if (sigaction(faults[i], NULL, &before) != 0 || before.sa_handler != SIG_DFL)
            continue; /* a sanitizer's */
        sigaltstack(&other, NULL);
        sigaction(faults[i], &action, NULL);
    }
}

static void *await_owner(void *file)
{
    const int fd = open(file, O_RDONLY | O_CLOEXEC);

    if (fd >= 0)
        while (flock(fd, LOCK_SH) != 0)
            continue; /* interrupted */
    leave(EXIT_FAILURE);
}

static void guard_life(char *file)
{
    pthread_t thread;
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the guest's thread's */
    if (pthread_create(&thread, NULL, await_owner, file) != 0)
        fail("no thread to watch over %s", file);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void life_guard(void)
{
    char *const owner = getenv("RPIKIT_OWNER");

    guard_faults();
    if (owner && *owner != '\0')
        guard_life(owner);
}
