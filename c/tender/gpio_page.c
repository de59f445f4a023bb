/* SPDX-License-Identifier: MIT */
/* Gives a guest the page with the GPIO registers, if its operator trusts it with every line: no
 * grant holds there. Never without the option that says so. */
#include "abi/call.h"
#include "backends/linux/gpio_mmio.h"
#include "backends/linux/sys.h"
#include "devices/gpio.h"
#include "lib/paging.h"
#include "lib/string.h"
#include "tender/devices.h"
#include "tender/kvm_abi.h"
#include "tender/report.h"

#define OPTION "--trust-guest-with-all-pins"
#define SLOT   8 /* of the machine's memory; the guest's own is slot 0 */
#define PAGE   0x1000

static bool is_trusted;
static struct host *trusting;

static bool option(const char *word)
{
    if (strcmp(word, OPTION) != 0)
        return false;
    is_trusted = true;
    return true;
}

static void attach(struct mft *manifest, struct host *host)
{
    (void)manifest;
    trusting = host;
}

static void map(int vm, void *memory)
{
    const struct kvm_memory_region region = {
        .slot = SLOT,
        .guest_address = HVT_GPIO_PAGE,
        .size = PAGE,
        .host_address = (uintptr_t)gpio_mmio_registers,
    };

    if (!is_trusted)
        return;
    if (!gpio_mmio_registers)
        fail(OPTION " needs --gpio=mmio, and a line that is granted");
    const long result = sys_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region);
    if (result < 0)
        fail("KVM: giving the GPIO registers: %s", sys_error_text(result));
    paging_add_device(memory, HVT_GPIO_PAGE);
    trusting->gpio->page = HVT_GPIO_PAGE;
    report("warning: this guest can move every pin of the board, those of the system too");
}

static const struct device page = {
    .usage = "  " OPTION "\n"
             "                 gives it the GPIO registers, past every grant; with --gpio=mmio\n",
    .option = option,
    .attach = attach,
    .map = map,
};
TENDER_DEVICE(page);
