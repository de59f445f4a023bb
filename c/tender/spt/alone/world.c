/* SPDX-License-Identifier: MIT */
/* A guest with nothing but Solo5's devices: this process becomes it, and nobody stays. */
#include "tender/spt/world.h"

#include "abi/spt.h"
#include "backends/linux/sys.h"
#include "tender/report.h"

/* include/uapi/asm-generic/mman*.h */
enum { PROT_READ = 1, PROT_WRITE = 2, MADV_NOHUGEPAGE = 15 };
enum { MAP_PRIVATE = 0x2, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20, MAP_NORESERVE = 0x4000 };

const bool world_has_parent = false;

void world_map(struct guest_memory *memory, uint64_t size)
{
    /* This program lies above any guest, so there is nothing here to map over. */
    const long at = sys_call6(SYS_MMAP, SPT_MEMORY_AT, (long)(size - SPT_MEMORY_AT),
                              PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);

    if (at == SYS_EPERM || at == SYS_EACCES)
        fail("Error allocating guest memory: %s: vm.mmap_min_addr has to be 65536 or less",
             sys_error_text(at));
    if (at < 0)
        fail("Error allocating guest memory: %s; give less with --mem", sys_error_text(at));
    /* A huge page would make 2 MiB resident for the first byte a guest touches. */
    sys_call3(SYS_MADVISE, at, (long)(size - SPT_MEMORY_AT), MADV_NOHUGEPAGE);
    memory->base = 0;
    memory->size = size;
}

int world_run(const struct guest *guest, struct host *host)
{
    (void)host;
    report_no_signals(false); /* the handler goes with the rest of the tender */
    guest_become(guest);
}
