/* SPDX-License-Identifier: MIT */
/* What a backend under Linux adds to the program it is linked into. */
#ifndef RPIKIT_BACKENDS_LINUX_BACKEND_H
#define RPIKIT_BACKENDS_LINUX_BACKEND_H

#include "backends/linux/filter.h"

struct linux_backend {
    void (*open)(void);                   /* before the guest starts; may be NULL */
    void (*allow)(struct filter *filter); /* system calls it makes from then on; may be NULL */
    uint64_t (*file_size)(void);          /* to which it may write a file, bytes; may be NULL */
    void (*close)(void);                  /* at the end, however it comes; may be NULL */
};

/* Linking the file is enough: the program finds all backends from linux_backends on. */
#define LINUX_BACKEND(name)                                                                        \
    static const struct linux_backend *const name##_entry                                          \
        __attribute__((used, section("linux_backends"))) = &(name)

extern const struct linux_backend *const linux_backends[] __asm__("__start_linux_backends");
extern const struct linux_backend *const linux_backends_end[] __asm__("__stop_linux_backends");

#endif
