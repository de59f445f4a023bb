/* SPDX-License-Identifier: MIT */
/* Leaves less than 512 KiB of 2 MiB for heap and stack; with 4 MiB, writes to all of its heap. */
#include "../expect.h"

#define LARGE      0x90000 /* bytes */
#define STACK_SIZE 0x10000 /* bytes left alone at the end of the heap */

static volatile char large[LARGE];

int solo5_app_main(const struct solo5_start_info *info)
{
    volatile char *const heap = (volatile char *)info->heap_start;

    EXPECT(large[LARGE - 1] == 0);
    EXPECT(info->heap_start % 4096 == 0 && info->heap_start >= (uintptr_t)large + LARGE);
    EXPECT(info->heap_start + info->heap_size == 4 << 20);
    for (size_t at = 0; at < info->heap_size - STACK_SIZE; at += 4096)
        heap[at] = 'x';
    EXPECT(large[0] == 0 && large[LARGE - 1] == 0);
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
