/* SPDX-License-Identifier: MIT */
/* Does something that a guest must not; what, and where, is drawn by the moment at which it began.
 * Whoever runs it puts random instructions where `chaos` is: tests/faults/metal_guests.py. With any
 * word it keeps its vectors: without them the core goes from exception to exception and executes
 * nothing, for which a QEMU that counts instructions waits for ever. */
#include "../expect.h"
#include "abi/call.h"

#define CHAOS_WORDS 65536
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* clang-format off */
__asm__(".pushsection .text.chaos, \"ax\"\n"
        ".balign 4\n"
        ".hidden chaos\n"
        ".global chaos\n"
        "chaos: .fill 65536, 4, 0xc4a05eed\n"
        ".popsection\n");
/* clang-format on */
extern const uint32_t chaos[CHAOS_WORDS];

/* poll.wait is not among them: whoever waits in a call does no harm, and would do it for years. */
static const uint32_t calls[] = {
    0,        1,        2,        4,        5,        6,          7,          8,
    9,        0x200010, 0x200011, 0x200012, 0x200013, 0x200014,   0x200015,   0x200020,
    0x200021, 0x200022, 0x200023, 0x200030, 0x200031, 0x200032,   0x200033,   0x200034,
    0x200035, 0x200036, 0x200037, 0x200038, 0x200039, 0x07ffffff, 0x00200100, 0x00001000,
};

/* Registers of the chip, of its cores, the underlay, the memory of others, and the ends of its own.
 */
static const uint64_t places[] = {
    0,          0xe0,       0x80000,     0xfffff,    0x1000000,          0x1fffff0,
    0x2000000,  0x2200000,  0x1ffff8,    0x1fffff,   0x200000,           0x3f00b20c,
    0x3f10001c, 0x3f200000, 0x3f20001c,  0x3f201000, 0x40000040,         0x4000008c,
    0x100000,   0x10000,    0x140000000, 0x1000,     0xffffffffffffff00, 0x7000000000,
};

static uint64_t state, end_of_memory;

static uint64_t draw(void) /* xorshift64, G. Marsaglia */
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t draw_below(uint64_t limit)
{
    return (draw() >> 16) % limit;
}

static uint64_t draw_value(void)
{
    switch (draw_below(6)) {
    case 0:
        return draw();
    case 1:
        return places[draw_below(COUNT(places))] + 4 * draw_below(16);
    case 2:
        return HVT_CALL_ADDRESS(calls[draw_below(COUNT(calls))]);
    case 3:
        return draw_below(end_of_memory + 4096);
    case 4:
        return draw_below(end_of_memory) & ~UINT64_C(7);
    default:
        return draw_below(256);
    }
}

/* Random instructions, with random registers. */
static void chaos_runs(void)
{
    uint64_t values[30];
    const uint32_t *const at = &chaos[draw_below(CHAOS_WORDS - 64)];

    for (uint32_t i = 0; i < COUNT(values); i++)
        values[i] = draw_value();
    __asm__ volatile("mov x30, %0\n\tmov x29, %1\n\t"
                     "ldp x0, x1, [x29]\n\tldp x2, x3, [x29, #16]\n\t"
                     "ldp x4, x5, [x29, #32]\n\tldp x6, x7, [x29, #48]\n\t"
                     "ldp x8, x9, [x29, #64]\n\tldp x10, x11, [x29, #80]\n\t"
                     "ldp x12, x13, [x29, #96]\n\tldp x14, x15, [x29, #112]\n\t"
                     "ldp x16, x17, [x29, #128]\n\tldp x18, x19, [x29, #144]\n\t"
                     "ldp x20, x21, [x29, #160]\n\tldp x22, x23, [x29, #176]\n\t"
                     "ldp x24, x25, [x29, #192]\n\tldp x26, x27, [x29, #208]\n\t"
                     "ldp x28, x29, [x29, #224]\n\tbr x30"
                     :
                     : "r"(at), "r"(values)
                     : "memory");
    __builtin_unreachable();
}

/* Calls, with argument blocks that may be anywhere. */
static void calls_at_random(void)
{
    for (uint32_t i = 0; i < 64; i++) {
        const uint64_t address = HVT_CALL_ADDRESS(calls[draw_below(COUNT(calls))]);
        const uint32_t block = (uint32_t)draw_value();
        __asm__ volatile("str %w0, [%1]" ::"r"(block), "r"(address) : "memory");
    }
}

/* Blocks that are its own, with anything in them. */
static void calls_with_random_arguments(void)
{
    static uint64_t block[16];

    for (uint32_t i = 0; i < 64; i++) {
        for (uint32_t k = 0; k < COUNT(block); k++)
            block[k] = draw_value();
        const uint64_t address = HVT_CALL_ADDRESS(calls[draw_below(COUNT(calls))]);
        __asm__ volatile("str %w0, [%1]" ::"r"((uint32_t)(uintptr_t)block), "r"(address)
                         : "memory");
    }
}

static void spins_with_interrupts_off(void)
{
    __asm__ volatile("msr daifset, #15\n0: b 0b");
}

static void waits_for_good(void)
{
    __asm__ volatile("msr daifset, #15\n0: wfi\n\tb 0b");
}

/* Without its own translation only the underlay's stands between it and the chip. */
static void translation_off(void)
{
    uint64_t control;

    __asm__ volatile("mrs %0, sctlr_el1" : "=r"(control));
    __asm__ volatile("msr sctlr_el1, %0\n\tisb" ::"r"(control & ~UINT64_C(5)) : "memory");
}

static void stores_beyond(void)
{
    translation_off();
    for (uint32_t i = 0; i < 64; i++) {
        const uint64_t address = draw_value() & ~UINT64_C(3);
        __asm__ volatile("str %w0, [%1]" ::"r"((uint32_t)draw()), "r"(address) : "memory");
    }
}

static void jumps_beyond(void)
{
    const uint64_t address = draw_value() & ~UINT64_C(3);

    translation_off();
    __asm__ volatile("br %0" ::"r"(address));
    __builtin_unreachable();
}

static void own_tables(void)
{
    const uint64_t tables = draw_value() & ~UINT64_C(0xfff), control = draw();

    __asm__ volatile("msr tcr_el1, %1\n\tmsr ttbr0_el1, %0\n\tmsr ttbr1_el1, %0\n\tisb\n\t"
                     "tlbi vmalle1\n\tdsb sy\n\tisb"
                     :
                     : "r"(tables), "r"(control)
                     : "memory");
}

static void no_vectors(void)
{
    __asm__ volatile("msr vbar_el1, %0\n\tisb\n\tudf #0" ::"r"(draw_value()) : "memory");
}

static void smashes_its_stack(void)
{
    volatile uint64_t *at = (volatile uint64_t *)__builtin_frame_address(0);

    for (; (uint64_t)(uintptr_t)at < end_of_memory; at++)
        *at = draw_value();
}

static void floods_the_console(void)
{
    for (uint32_t i = 0; i < 32; i++)
        solo5_console_write((const char *)chaos + draw_below(4096), draw_below(512));
}

static void (*const deeds[])(void) = {
    chaos_runs,
    chaos_runs,
    chaos_runs,
    chaos_runs,
    chaos_runs,
    chaos_runs,
    chaos_runs,
    chaos_runs,
    calls_at_random,
    calls_with_random_arguments,
    stores_beyond,
    jumps_beyond,
    spins_with_interrupts_off,
    waits_for_good,
    smashes_its_stack,
    floods_the_console,
    own_tables, /* from here on it may be left without vectors; WITHOUT_VECTORS */
    no_vectors,
};

#define WITHOUT_VECTORS 2

int solo5_app_main(const struct solo5_start_info *info)
{
    state = solo5_clock_wall() * UINT64_C(0x9e3779b97f4a7c15) | 1;
    end_of_memory = info->heap_start + info->heap_size;
    for (uint32_t i = 0; i < 8; i++)
        draw();
    deeds[draw_below(COUNT(deeds) - (info->cmdline[0] != '\0' ? WITHOUT_VECTORS : 0))]();
    return (int)draw_below(3);
}
