/* SPDX-License-Identifier: MIT */
/* A system call filter (seccomp) put together rule by rule. */
#ifndef RPIKIT_BACKENDS_LINUX_FILTER_H
#define RPIKIT_BACKENDS_LINUX_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/linux/sys.h"

#define FILTER_MAX 1024 /* instructions */

/* One instruction of classic BPF. */
struct filter_step {
    uint16_t code;
    uint8_t if_true, if_false; /* steps to skip */
    uint32_t value;
};

struct filter {
    bool full;
    uint16_t size;
    uint16_t highest_at; /* the step that ends what is above all numbers allowed */
    uint32_t highest;
    struct filter_step step[FILTER_MAX];
};

/* What argument (index) must be, all of it seen as 32 bits: descriptors, requests, identifiers. */
struct filter_argument {
    uint8_t index;
    uint32_t first, last;
};

/* Starts with system call (number) with such arguments, which is then the cheapest of all. */
void filter_begin(struct filter *filter, enum sys_number number,
                  const struct filter_argument *arguments, size_t count);

/* Allows (number) if all (count) arguments are as said. */
void filter_allow(struct filter *filter, enum sys_number number,
                  const struct filter_argument *arguments, size_t count);

/* The common case: a call on descriptor (fd), with (request) as second argument. */
void filter_allow_fd(struct filter *filter, enum sys_number number, int fd);
void filter_allow_ioctl(struct filter *filter, int first_fd, int last_fd, uint32_t request);

/* Allows (number) on each of (count) descriptors but 0, which stands for none; those that follow
 * one another are one rule. */
void filter_allow_fds(struct filter *filter, enum sys_number number, const int *fds, size_t count);

/* Kills the process at anything else. Returns 0, or the error: the filter is on from here. */
long filter_enter(struct filter *filter);

#endif
