/* SPDX-License-Identifier: MIT */
/* A system call filter (seccomp) put together rule by rule. */
#include "backends/linux/filter.h"

#include "backends/linux/bpf.h"

enum { PR_SET_NO_NEW_PRIVS = 38 };
enum {
    SECCOMP_SET_MODE_FILTER = 1,
    SECCOMP_FILTER_FLAG_TSYNC = 1,
    SECCOMP_FILTER_FLAG_NEW_LISTENER = 8,
};

static void add(struct filter *filter, uint16_t code, uint8_t if_true, uint8_t if_false,
                uint32_t value)
{
    if (filter->size == FILTER_MAX) {
        filter->full = true;
        return;
    }
    filter->step[filter->size++] = (struct filter_step){code, if_true, if_false, value};
}

static uint8_t steps(const struct filter_argument *argument)
{
    return argument->first == argument->last ? 2 : 3;
}

void filter_allow(struct filter *filter, enum sys_number number,
                  const struct filter_argument *arguments, size_t count)
{
    uint8_t left = 1; /* steps from here to behind the rule's RETURN, without the current one */

    if ((uint32_t)number > filter->highest)
        filter->highest = (uint32_t)number;
    for (size_t i = 0; i < count; i++)
        left += steps(&arguments[i]);
    /* A rule begins with the number loaded, and leaves it so: one that looked at arguments loads
     * it again. */
    add(filter, IF_EQUAL, 0, count > 0 ? left + 1 : left, number);
    for (size_t i = 0; i < count; i++) {
        const struct filter_argument *argument = &arguments[i];
        left -= steps(argument);
        add(filter, LOAD, 0, 0, ARGUMENTS_AT + 8 * (uint32_t)argument->index);
        if (argument->first == argument->last) {
            add(filter, IF_EQUAL, 0, left, argument->first);
            continue;
        }
        add(filter, IF_NOT_LESS, 0, left + 1, argument->first);
        add(filter, IF_GREATER, left, 0, argument->last);
    }
    add(filter, RETURN, 0, 0, ALLOW);
    if (count > 0)
        add(filter, LOAD, 0, 0, NUMBER_AT);
}

void filter_start(struct filter *filter)
{
    filter->size = 0;
    filter->full = false;
    filter->highest = 0;
    add(filter, LOAD, 0, 0, NUMBER_AT);
}

void filter_rest(struct filter *filter)
{
    /* Linux tries the filter with every number there is when it is installed: most end here. */
    filter->highest_at = filter->size;
    add(filter, IF_GREATER, 0, 1, 0);
    add(filter, RETURN, 0, 0, KILL_PROCESS);
    /* Later than in most filters, which is safe: a process does not change its architecture
     * without exec, which nothing here allows. */
    add(filter, LOAD, 0, 0, ARCH_AT);
    add(filter, IF_EQUAL, 1, 0, ARCH_AARCH64);
    add(filter, RETURN, 0, 0, KILL_PROCESS);
    add(filter, LOAD, 0, 0, NUMBER_AT);
}

void filter_begin(struct filter *filter, enum sys_number number,
                  const struct filter_argument *arguments, size_t count)
{
    filter_start(filter);
    filter_allow(filter, number, arguments, count);
    filter_rest(filter);
}

void filter_allow_fd(struct filter *filter, enum sys_number number, int fd)
{
    const struct filter_argument is_fd = {0, (uint32_t)fd, (uint32_t)fd};

    filter_allow(filter, number, &is_fd, 1);
}

void filter_allow_fds(struct filter *filter, enum sys_number number, const int *fds, size_t count)
{
    struct filter_argument run = {0, 0, 0};

    for (size_t i = 0; i < count; i++) {
        const uint32_t fd = (uint32_t)fds[i];
        if (fd == 0)
            continue;
        if (run.first != 0 && fd == run.last + 1) {
            run.last = fd;
            continue;
        }
        if (run.first != 0)
            filter_allow(filter, number, &run, 1);
        run.first = run.last = fd;
    }
    if (run.first != 0)
        filter_allow(filter, number, &run, 1);
}

void filter_allow_placed(struct filter *filter, enum sys_number number, const int *fds,
                         size_t count)
{
    if (!filter->placed_anywhere) {
        filter_allow_fds(filter, number, fds, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (fds[i] != 0) {
            filter_allow(filter, number, NULL, 0);
            return;
        }
    }
}

void filter_allow_ioctl(struct filter *filter, int first_fd, int last_fd, uint32_t request)
{
    const struct filter_argument arguments[] = {
        {1, request, request},
        {0, (uint32_t)first_fd, (uint32_t)last_fd},
    };

    filter_allow(filter, SYS_IOCTL, arguments, 2);
}

/* The low or high half of argument (index). */
static uint32_t half(uint32_t index, bool high)
{
    return ARGUMENTS_AT + 8 * index + (high ? 4 : 0);
}

/* Whether the transfer is one of (blocks); else the number is no longer loaded. */
static void add_blocks(struct filter *filter, const struct filter_blocks *blocks)
{
    const uint32_t high = (uint32_t)(blocks->last >> 32), low = (uint32_t)blocks->last;

    add(filter, LOAD, 0, 0, half(0, false));
    add(filter, IF_EQUAL, 0, 10, (uint32_t)blocks->fd);
    add(filter, LOAD, 0, 0, half(2, false));
    add(filter, IF_EQUAL, 0, 8, blocks->size);
    add(filter, LOAD, 0, 0, half(2, true));
    add(filter, IF_EQUAL, 0, 6, 0);
    add(filter, LOAD, 0, 0, half(3, true));
    add(filter, IF_GREATER, 4, 0, high);
    add(filter, IF_EQUAL, 0, 2, high);
    add(filter, LOAD, 0, 0, half(3, false));
    add(filter, IF_GREATER, 1, 0, low);
    add(filter, RETURN, 0, 0, ALLOW);
}

void filter_allow_blocks(struct filter *filter, const struct filter_blocks *blocks, size_t count)
{
    if (count == 0)
        return;
    if (SYS_PWRITE64 > filter->highest)
        filter->highest = SYS_PWRITE64;
    add(filter, IF_EQUAL, 2, 0, SYS_PREAD64);
    add(filter, IF_EQUAL, 1, 0, SYS_PWRITE64);
    const uint16_t skip = filter->size;
    add(filter, SKIP, 0, 0, 0);
    for (size_t i = 0; i < count; i++)
        add_blocks(filter, &blocks[i]);
    add(filter, RETURN, 0, 0, KILL_PROCESS);
    if (!filter->full)
        filter->step[skip].value = filter->size - skip - 1u;
}

void filter_allow_call(struct filter *filter, uint32_t number)
{
    add(filter, IF_EQUAL, 0, 1, number);
    add(filter, RETURN, 0, 0, ALLOW);
}

struct filter_program filter_finish(struct filter *filter)
{
    add(filter, RETURN, 0, 0, KILL_PROCESS);
    if (filter->full)
        return (struct filter_program){0, NULL};
    filter->step[filter->highest_at].value = filter->highest;
    return (struct filter_program){filter->size, filter->step};
}

long filter_no_new_privileges(void)
{
    return sys_call6(SYS_PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0);
}

long filter_listen(uint32_t number)
{
    const struct filter_step steps[] = {
        {LOAD, 0, 0, NUMBER_AT},
        {IF_EQUAL, 0, 1, number},
        {RETURN, 0, 0, ASK},
        {RETURN, 0, 0, ALLOW},
    };
    const struct filter_program program = {sizeof(steps) / sizeof(steps[0]), steps};

    return sys_call3(SYS_SECCOMP, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                     (long)(uintptr_t)&program);
}

long filter_enter(struct filter_program program)
{
    if (program.size == 0)
        return SYS_ENOMEM;
    /* A thread that cannot follow is named by a number above 0. */
    const long left = sys_call3(SYS_SECCOMP, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,
                                (long)(uintptr_t)&program);
    return left > 0 ? SYS_EBUSY : left;
}
