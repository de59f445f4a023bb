/* SPDX-License-Identifier: MIT */
/* The public API of Solo5 for applications. */
#ifndef RPIKIT_SOLO5_H
#define RPIKIT_SOLO5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* What a call reports; nothing else is ever returned. */
typedef enum {
    SOLO5_R_OK = 0,      /* done */
    SOLO5_R_AGAIN = 1,   /* not now: yield and try again */
    SOLO5_R_EINVAL = 2,  /* an argument is wrong, or not granted */
    SOLO5_R_EUNSPEC = 3, /* the host failed */
} solo5_result_t;

typedef uint64_t solo5_time_t;       /* nanoseconds */
typedef uint64_t solo5_handle_t;     /* index into the manifest */
typedef uint64_t solo5_handle_set_t; /* bit n is handle n */
typedef uint64_t solo5_off_t;        /* bytes */

#define SOLO5_EXIT_SUCCESS 0
#define SOLO5_EXIT_FAILURE 1
#define SOLO5_EXIT_ABORT 255

#define SOLO5_NET_ALEN 6  /* bytes of an Ethernet address */
#define SOLO5_NET_HLEN 14 /* bytes of an Ethernet frame's header */

struct solo5_start_info {
    const char *cmdline;  /* without the words that start with --solo5: */
    uintptr_t heap_start; /* first byte free for the application */
    size_t heap_size;     /* bytes; the stack grows down into the same space from its end */
};

/* Supplied by the application. Returning is the same as solo5_exit() with that value. */
int solo5_app_main(const struct solo5_start_info *info);

/* Ends the guest with (status), of which the host sees the low 8 bits; 255 is for aborts. */
void solo5_exit(int status) __attribute__((noreturn));

/* Ends the guest with SOLO5_EXIT_ABORT. */
void solo5_abort(void) __attribute__((noreturn));

/* Nanoseconds since some moment before the guest's start; never goes back. */
solo5_time_t solo5_clock_monotonic(void);

/* Nanoseconds since 1970-01-01 UTC; may jump. */
solo5_time_t solo5_clock_wall(void);

/* Sleeps until the monotonic clock reaches (deadline), or a device that was attached can be read:
 * its bit in *(ready) says which. What was not read makes the next call return at once. (ready) may
 * be NULL; it is 0 when the deadline passed. A deadline in the past looks once. */
void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready);

/* Writes (size) bytes of (buf) to the console, best effort. */
void solo5_console_write(const char *buf, size_t size);

struct solo5_net_info {
    uint8_t mac_address[SOLO5_NET_ALEN];
    size_t mtu; /* bytes, without the frame's header */
};

/* Acquires the network device that the manifest calls (name). SOLO5_R_EINVAL, with *(handle) and
 * *(info) as they were: there is none, or it was acquired before. */
solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle,
                                 struct solo5_net_info *info);

/* Sends one frame, from its destination address on: at most info.mtu + SOLO5_NET_HLEN bytes.
 * SOLO5_R_AGAIN: not now; yield, and send it again. */
solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size);

/* Receives one frame into (buf), which should have room for info.mtu + SOLO5_NET_HLEN bytes.
 * SOLO5_R_AGAIN: none is there; solo5_yield() waits for one. */
solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size);

struct solo5_block_info {
    solo5_off_t capacity;   /* bytes */
    solo5_off_t block_size; /* bytes of every transfer */
};

/* Acquires the block device that the manifest calls (name). SOLO5_R_EINVAL, with *(handle) and
 * *(info) as they were: there is none, or it was acquired before. */
solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle,
                                   struct solo5_block_info *info);

/* Moves the one block at (offset), a multiple of info.block_size, which is also (size).
 * SOLO5_R_EINVAL: not one whole block of the device. SOLO5_R_EUNSPEC: the storage failed. */
solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf,
                                 size_t size);
solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf,
                                size_t size);

/* Bytes and placement of a thread-local storage block; see ELF TLS variant I on aarch64. */
size_t solo5_tls_size(void);
uintptr_t solo5_tls_tp_offset(uintptr_t tls);
/* Copies the template to (tls) and sets the pointer in its head; .tbss is the caller's to clear.
 * SOLO5_R_EINVAL if (tls) is 0. */
solo5_result_t solo5_tls_init(uintptr_t tls);
solo5_result_t solo5_set_tls_base(uintptr_t base);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
