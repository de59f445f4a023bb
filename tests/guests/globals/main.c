/* SPDX-License-Identifier: MIT */
/* Looks at .data, .bss and .rodata: as compiled at first, as written afterwards. */
#include "../expect.h"

#define COUNT 1500 /* more than a page of words */

static volatile uint32_t data[COUNT] = {1, 2, 3, [COUNT - 1] = 4};
static volatile uint32_t bss[COUNT];
static const uint32_t rodata[COUNT] = {5, [COUNT - 1] = 6};

static void check_rodata(void)
{
    const uint32_t *at = rodata;

    OPAQUE(at);
    EXPECT(at[0] == 5 && at[1] == 0 && at[COUNT - 1] == 6);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    EXPECT(data[0] == 1 && data[1] == 2 && data[2] == 3 && data[COUNT - 1] == 4);
    check_rodata();
    for (uint32_t i = 0; i < COUNT; i++)
        EXPECT(bss[i] == 0);

    for (uint32_t i = 0; i < COUNT; i++) {
        data[i] = i;
        bss[i] = ~i;
    }
    for (uint32_t i = 0; i < COUNT; i++)
        EXPECT(data[i] == i && bss[i] == ~i);
    check_rodata();
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
