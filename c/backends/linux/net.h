/* SPDX-License-Identifier: MIT */
/* Network interfaces under Linux: a tap for each handle. */
#ifndef RPIKIT_BACKENDS_LINUX_NET_H
#define RPIKIT_BACKENDS_LINUX_NET_H

#include <stdint.h>

/* What went wrong: a text of its own, or an error of Linux; neither if all is well. */
struct net_trouble {
    const char *text;
    long error;
};

/* Takes the tap (name), which exists and is up, as (handle), below 64, and sets *(mtu). */
struct net_trouble net_open(uint32_t handle, const char *name, uint32_t *mtu);

/* The same with the tap that (fd), inherited, is open on; (fd) becomes non-blocking. */
struct net_trouble net_take(uint32_t handle, int fd, uint32_t *mtu);

/* The descriptor of a tap that was opened or taken. */
int net_fd(uint32_t handle);

#endif
