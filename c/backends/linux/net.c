/* SPDX-License-Identifier: MIT */
/* Network interfaces under Linux: a tap for each handle, opened before the guest starts. */
#include "backends/net.h"

#include "backends/linux/backend.h"
#include "backends/linux/net.h"
#include "backends/linux/poll.h"
#include "backends/linux/sealed.h"
#include "lib/string.h"

enum { DEVICES = 64 };

/* include/uapi/linux/if.h, if_tun.h, sockios.h, asm-generic/fcntl.h */
#define NAME_MAX     15 /* characters */
#define IFF_UP       0x1
#define IFF_TAP      0x2
#define IFF_NO_PI    0x1000
#define IFF_VNET_HDR 0x4000
#define TUNSETIFF    0x400454cau
#define TUNGETIFF    0x800454d2u
#define SIOCGIFFLAGS 0x8913u
#define SIOCGIFMTU   0x8921u
enum { AF_UNIX = 1, SOCK_DGRAM = 2, F_GETFL = 3, F_SETFL = 4 };

#define MTU_MIN     68 /* RFC 791: what every module must be able to forward */
#define MTU_MAX     65535 /* the manifest has 16 bits for it */
#define MTU_DEFAULT 1500

struct interface {
    char name[NAME_MAX + 1];
    union {
        int16_t flags;
        int32_t mtu;
        uint8_t bytes[24];
    } u;
};

_Static_assert(sizeof(struct interface) == 40, "struct ifreq of 64-bit Linux");

static int fds[DEVICES] SEALED; /* 0: not open */

/* Asks for (request) of the interface. */
static long ask(struct interface *interface, unsigned int request)
{
    const long asked = sys_call3(SYS_SOCKET, AF_UNIX, SOCK_DGRAM | SYS_O_CLOEXEC, 0);

    if (asked < 0)
        return asked;
    const long result = sys_ioctl((int)asked, request, interface);
    sys_close((int)asked);
    return result;
}

static struct net_trouble use(uint32_t handle, int fd, struct interface *interface, uint32_t *mtu)
{
    const long result = ask(interface, SIOCGIFMTU);

    /* A tap of another network namespace cannot be asked by name. */
    if (result == SYS_ENODEV)
        interface->u.mtu = MTU_DEFAULT;
    else if (result < 0)
        return (struct net_trouble){NULL, result};
    if (interface->u.mtu < MTU_MIN || interface->u.mtu > MTU_MAX)
        return (struct net_trouble){"its MTU is none of Ethernet", 0};
    *mtu = (uint32_t)interface->u.mtu;
    fds[handle] = fd;
    return (struct net_trouble){NULL, poll_add(fd, handle)};
}

struct net_trouble net_open(uint32_t handle, const char *name, uint32_t *mtu)
{
    struct interface interface = {.name = ""};
    const size_t size = strlen(name);

    if (size == 0 || size > NAME_MAX)
        return (struct net_trouble){NULL, SYS_ENODEV};
    memcpy(interface.name, name, size);
    /* Else the kernel would make one, or take one that leads nowhere. */
    const long known = ask(&interface, SIOCGIFFLAGS);
    if (known < 0)
        return (struct net_trouble){NULL, known};
    if (!(interface.u.flags & IFF_UP))
        return (struct net_trouble){NULL, SYS_ENETDOWN};
    const long tun = sys_open("/dev/net/tun", SYS_O_RDWR | SYS_O_NONBLOCK);
    if (tun == SYS_ENOENT || tun == SYS_ENODEV)
        return (struct net_trouble){"no /dev/net/tun: load the kernel's module tun", 0};
    if (tun < 0)
        return (struct net_trouble){NULL, tun};
    interface.u.flags = IFF_TAP | IFF_NO_PI;
    const long taken = sys_ioctl((int)tun, TUNSETIFF, &interface);
    if (taken == SYS_EINVAL)
        return (struct net_trouble){"not a tap", 0};
    if (taken < 0)
        return (struct net_trouble){NULL, taken};
    return use(handle, (int)tun, &interface, mtu);
}

struct net_trouble net_take(uint32_t handle, int fd, uint32_t *mtu)
{
    struct interface interface = {.name = ""};
    const long flags = sys_call3(SYS_FCNTL, fd, F_GETFL, 0);

    if (flags < 0)
        return (struct net_trouble){NULL, flags};
    if (sys_ioctl(fd, TUNGETIFF, &interface) < 0 || !(interface.u.flags & IFF_TAP))
        return (struct net_trouble){"not open on a tap", 0};
    if (!(interface.u.flags & IFF_NO_PI) || interface.u.flags & IFF_VNET_HDR)
        return (struct net_trouble){"its frames carry more than Ethernet: open it with IFF_NO_PI "
                                    "and without IFF_VNET_HDR",
                                    0};
    const long set = sys_call3(SYS_FCNTL, fd, F_SETFL, flags | SYS_O_NONBLOCK);
    if (set < 0)
        return (struct net_trouble){NULL, set};
    return use(handle, fd, &interface, mtu);
}

int net_fd(uint32_t handle)
{
    return fds[handle];
}

solo5_result_t backend_net_write(uint32_t handle, const void *frame, uint64_t size)
{
    const long done = sys_write(fds[handle], frame, size);

    if (done >= 0 && (uint64_t)done == size)
        return SOLO5_R_OK;
    if (done == SYS_EAGAIN || done == SYS_ENOBUFS)
        return SOLO5_R_AGAIN;
    return done == SYS_EINVAL ? SOLO5_R_EINVAL : SOLO5_R_EUNSPEC;
}

solo5_result_t backend_net_read(uint32_t handle, void *to, uint64_t *size)
{
    const long done = sys_read(fds[handle], to, *size);

    if (done == 0 || done == SYS_EAGAIN || done == SYS_EINTR)
        return SOLO5_R_AGAIN;
    if (done < 0)
        return SOLO5_R_EUNSPEC;
    *size = (uint64_t)done;
    return SOLO5_R_OK;
}

static void allow(struct filter *filter)
{
    filter_allow_fds(filter, SYS_READ, fds, DEVICES);
    filter_allow_fds(filter, SYS_WRITE, fds, DEVICES);
}

static const struct linux_backend net = {.allow = allow};
LINUX_BACKEND(net);
