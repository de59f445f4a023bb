/* SPDX-License-Identifier: MIT */
/* Answers ARP and ping for one address: as much of a network as a test needs. */
#ifndef RPIKIT_TESTS_PING_H
#define RPIKIT_TESTS_PING_H

#include "expect.h"
#include "lib/string.h"

#define FRAME_MAX 9216 /* bytes */

struct port {
    solo5_handle_t handle;
    struct solo5_net_info info;
    uint8_t ip[4];
    uint32_t pings; /* answered */
};

/* Offsets in a frame: RFC 826 (ARP), 791 (IPv4), 792 (ICMP), over Ethernet. */
enum {
    ETH_TO = 0,
    ETH_FROM = 6,
    ETH_TYPE = 12,
    ARP_OP = 20,
    ARP_FROM = 22,
    ARP_FROM_IP = 28,
    ARP_TO = 32,
    ARP_TO_IP = 38,
    ARP_END = 42,
    IP_START = 14,
    IP_PROTOCOL = 23,
    IP_FROM = 26,
    IP_TO = 30,
    IP_END = 34,
    ICMP_END = 8,
};

static inline uint32_t two_bytes(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static inline bool arp_answer(const struct port *port, uint8_t *frame, size_t size)
{
    if (size < ARP_END || two_bytes(frame + ARP_OP) != 1 ||
        memcmp(frame + ARP_TO_IP, port->ip, 4) != 0)
        return false;
    frame[ARP_OP + 1] = 2;
    memcpy(frame + ARP_TO, frame + ARP_FROM, 10);
    memcpy(frame + ARP_FROM, port->info.mac_address, 6);
    memcpy(frame + ARP_FROM_IP, port->ip, 4);
    return true;
}

static inline bool ping_answer(struct port *port, uint8_t *frame, size_t size)
{
    if (size < IP_END || frame[IP_PROTOCOL] != 1 || memcmp(frame + IP_TO, port->ip, 4) != 0)
        return false;
    uint8_t *icmp = frame + IP_START + (frame[IP_START] & 15) * 4;
    if (icmp + ICMP_END > frame + size || icmp[0] != 8)
        return false;
    memcpy(frame + IP_TO, frame + IP_FROM, 4);
    memcpy(frame + IP_FROM, port->ip, 4);
    icmp[0] = 0; /* a reply; the sum of 16-bit words, complemented, becomes 0x800 more */
    uint32_t sum = two_bytes(icmp + 2) + 0x800;
    sum = (sum & 0xffff) + (sum >> 16);
    icmp[2] = (uint8_t)(sum >> 8);
    icmp[3] = (uint8_t)sum;
    port->pings++;
    return true;
}

/* Turns (frame) into the answer to it, if it calls for one. */
static inline bool answer(struct port *port, uint8_t *frame, size_t size)
{
    if (size < ARP_END)
        return false;
    const uint32_t type = two_bytes(frame + ETH_TYPE);
    if (!(type == 0x806 && arp_answer(port, frame, size)) &&
        !(type == 0x800 && ping_answer(port, frame, size)))
        return false;
    memcpy(frame + ETH_TO, frame + ETH_FROM, 6);
    memcpy(frame + ETH_FROM, port->info.mac_address, 6);
    return true;
}

/* Acquires (name) as 10.(net).0.2, and says so once frames can come. */
static inline void port_open(struct port *port, const char *name, uint8_t net)
{
    const uint8_t *mac = port->info.mac_address;

    EXPECT(solo5_net_acquire(name, &port->handle, &port->info) == SOLO5_R_OK);
    port->ip[0] = 10;
    port->ip[1] = net;
    port->ip[3] = 2;
    say("%s: MTU is %lu, MAC is %02x:%02x:%02x:%02x:%02x:%02x\n", name, port->info.mtu, mac[0],
        mac[1], mac[2], mac[3], mac[4], mac[5]);
}

/* Answers whatever has come. */
static inline void port_serve(struct port *port)
{
    static uint8_t frame[FRAME_MAX];
    size_t size;

    for (;;) {
        const solo5_result_t result = solo5_net_read(port->handle, frame, sizeof(frame), &size);
        if (result == SOLO5_R_AGAIN)
            return;
        EXPECT(result == SOLO5_R_OK && size <= port->info.mtu + SOLO5_NET_HLEN);
        if (answer(port, frame, size))
            EXPECT(solo5_net_write(port->handle, frame, size) == SOLO5_R_OK);
    }
}

/* Serves (count) ports until each has answered as many pings as (words) says; SUCCESS, unless a
 * minute passes. */
static inline int ports_run(struct port *ports, uint32_t count, const char *words)
{
    const solo5_time_t deadline = solo5_clock_monotonic() + UINT64_C(60000000000);
    uint32_t wanted = 0, done = 0;
    solo5_handle_set_t all = 0, ready;

    while (*words >= '0' && *words <= '9')
        wanted = wanted * 10 + (uint32_t)(*words++ - '0');
    for (uint32_t i = 0; i < count; i++)
        all |= UINT64_C(1) << ports[i].handle;
    say("ready for %u pings\n", wanted);
    while (done < count) {
        solo5_yield(deadline, &ready);
        EXPECT((ready & ~all) == 0);
        if (ready == 0)
            break;
        done = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (ready >> ports[i].handle & 1)
                port_serve(&ports[i]);
            done += ports[i].pings >= wanted;
        }
    }
    if (done < count)
        return expect_not_reached("silence");
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}

#endif
