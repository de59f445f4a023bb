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
    bool placed_anywhere; /* see filter_allow_placed(); set before the rules are added */
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

/* The same for pread64 or pwrite64, which find a place only in what is like a file. If nothing that
 * is open is, but what was granted (placed_anywhere), all other descriptors refuse them by
 * themselves: then (number) is allowed without a look at arguments, which Linux answers from a
 * bitmap. */
void filter_allow_placed(struct filter *filter, enum sys_number number, const int *fds,
                         size_t count);

/* The parts of filter_begin() for filters that begin with something else: rules added between the
 * two are the cheapest, and only below the second is the architecture looked at. */
void filter_start(struct filter *filter);
void filter_rest(struct filter *filter);

/* One device of blocks. */
struct filter_blocks {
    int fd;
    uint32_t size; /* bytes that each transfer has */
    uint64_t last; /* the highest offset of one */
};

/* Allows pread64 and pwrite64 on (count) devices, as each says. Only one such rule has an effect. */
void filter_allow_blocks(struct filter *filter, const struct filter_blocks *blocks, size_t count);

/* Allows (number), which is no system call of any kernel: see filter_listen(). */
void filter_allow_call(struct filter *filter, uint32_t number);

/* Has every process of this one and its children that makes system call (number), which no kernel
 * has, wait for an answer. After filter_no_new_privileges(). Returns the descriptor that tells of
 * such calls, or an error; SYS_EINVAL before Linux 5.0. All other calls stay as they are. */
long filter_listen(uint32_t number);

/* struct sock_fprog: include/uapi/linux/filter.h. */
struct filter_program {
    uint16_t size;
    const struct filter_step *step;
};

/* Ends (filter), so that any other call kills the process. For filter_enter(), or prctl(PR_SET_SECCOMP)
 * after filter_no_new_privileges(). No steps if there were too many rules. */
struct filter_program filter_finish(struct filter *filter);

/* What Linux asks of a process before it takes a filter. Returns 0 or an error. */
long filter_no_new_privileges(void);

/* After that: has Linux run (program) at each system call of this process and its threads. Returns
 * 0, or the error: the filter is on from here. */
long filter_enter(struct filter_program program);

#endif
