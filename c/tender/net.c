/* SPDX-License-Identifier: MIT */
/* Attaches network interfaces: --net:NAME=IFACE, or =@FD for one that was inherited. */
#include "backends/linux/net.h"
#include "backends/linux/sys.h"
#include "backends/linux/vdso.h"
#include "lib/string.h"
#include "tender/devices.h"
#include "tender/inherit.h"
#include "tender/options.h"
#include "tender/report.h"

#define OPTIONS_MAX (MFT_MAX_ENTRIES - 1)
#define OPTION      "--net:"
#define OPTION_MAC  "--net-mac:"

enum { AT_RANDOM = 25 };
enum { MULTICAST = 1, LOCAL = 2 }; /* in the first byte of an address: IEEE 802, 8.2.2 */

static const char *interfaces[OPTIONS_MAX], *macs[OPTIONS_MAX]; /* NAME=... of each option */
static uint32_t interface_count, mac_count;

/* The number in @FD, or -1 if (text) is none. */
static int inherited(const char *text)
{
    uint32_t fd;

    if (*text++ != '@' || !options_number(&text, '\0', &fd) || fd < INHERIT_FIRST)
        return -1;
    return (int)fd;
}

static bool option(const char *word)
{
    if (devices_take(word, OPTION_MAC, macs, &mac_count, OPTIONS_MAX))
        return true;
    if (!devices_take(word, OPTION, interfaces, &interface_count, OPTIONS_MAX))
        return false;
    /* Before the rest of what was inherited is closed. */
    for (const char *at = word; *at != '\0'; at++) {
        if (*at == '=') {
            if (inherited(at + 1) >= 0)
                inherit_keep(inherited(at + 1));
            break;
        }
    }
    return true;
}

/* Reads xx:xx:xx:xx:xx:xx; false if it is anything else, or no address of one interface. */
static bool read_mac(const char *text, uint8_t *mac)
{
    for (uint32_t i = 0; i < 6; i++) {
        const uint32_t high = options_digit(text[0]);
        const uint32_t low = high < 16 ? options_digit(text[1]) : 16;
        if (low > 15 || text[2] != (i < 5 ? ':' : '\0'))
            return false;
        mac[i] = (uint8_t)(high << 4 | low);
        text += 3;
    }
    return (mac[0] & MULTICAST) == 0;
}

/* From the random bytes that the kernel gives each program. */
static void make_mac(uint32_t handle, uint8_t *mac)
{
    const uint64_t *seed = (const uint64_t *)auxiliary_value(AT_RANDOM);
    uint64_t mixed = (seed ? seed[0] : 0) + handle * UINT64_C(0x9e3779b97f4a7c15);

    /* splitmix64, so that neighbours are not alike */
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    mixed ^= mixed >> 31;
    memcpy(mac, &mixed, 6);
    mac[0] = (uint8_t)((mac[0] & ~MULTICAST) | LOCAL);
}

static void set_mac(struct mft *manifest, const char *text)
{
    const char *value = text;
    struct mft_entry *entry = devices_named(manifest, MFT_NET_BASIC, &value);

    if (!entry)
        fail(OPTION_MAC "%s: the manifest declares no network device of that name", text);
    if (!read_mac(value, entry->u.net.mac))
        fail(OPTION_MAC "%s: an address such as 52:54:00:12:34:56 is expected, not a group's",
             text);
}

static void open(struct mft *manifest, const char *text)
{
    const char *interface = text;
    struct mft_entry *entry =
        devices_granted(manifest, MFT_NET_BASIC, "network device", OPTION, &interface);
    uint32_t mtu = 0;

    const uint32_t handle = (uint32_t)(entry - manifest->e);
    const int fd = inherited(interface);
    if (*interface == '@' && fd < 0)
        fail(OPTION "%s: the number of a descriptor from %d on is expected behind the '@'", text,
             INHERIT_FIRST);
    const struct net_trouble trouble =
        fd < 0 ? net_open(handle, interface, &mtu) : net_take(handle, fd, &mtu);
    if (trouble.text || trouble.error)
        fail("Could not attach interface: %s: %s", interface,
             trouble.text ? trouble.text : sys_error_text(trouble.error));
    entry->u.net.mtu = (uint16_t)mtu;
    entry->host = (uint32_t)net_fd(handle);
    entry->attached = 1;
}

static void attach(struct mft *manifest, struct host *host)
{
    (void)host;
    for (uint32_t i = 1; i < manifest->entries; i++) {
        if (manifest->e[i].type == MFT_NET_BASIC)
            make_mac(i, manifest->e[i].u.net.mac);
    }
    for (uint32_t i = 0; i < mac_count; i++)
        set_mac(manifest, macs[i]);
    for (uint32_t i = 0; i < interface_count; i++)
        open(manifest, interfaces[i]);
}

static const struct device net = {
    .usage = "  --net:NAME=IFACE\n"
             "                 attaches a tap, which exists and is up, as network device NAME\n"
             "  --net:NAME=@FD\n"
             "                 the same with a tap that descriptor FD is open on\n"
             "  --net-mac:NAME=XX:XX:XX:XX:XX:XX\n"
             "                 its address (random, and locally administered)\n",
    .option = option,
    .attach = attach,
};
TENDER_DEVICE(net);
