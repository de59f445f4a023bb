/* SPDX-License-Identifier: MIT */
/* A unikernel for the loop platform: loaded as the shared object that it is, its notes read. */
#define _GNU_SOURCE /* dl_iterate_phdr */

#include "tender/loop/load.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "lib/elf.h"
#include "tender/report.h"

static struct elf_notes notes;

struct search {
    const char *path; /* as the dynamic linker knows it */
    const char *wrong;
};

static int read_notes(struct dl_phdr_info *info, size_t size, void *data)
{
    struct search *search = data;

    (void)size;
    if (strcmp(info->dlpi_name, search->path) != 0)
        return 0;
    for (int i = 0; i < info->dlpi_phnum && !search->wrong; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_NOTE)
            search->wrong = elf_read_note(&notes, (const void *)(info->dlpi_addr + part->p_vaddr),
                                          part->p_memsz, part->p_memsz);
    }
    return 1;
}

struct loop_image loop_load(const char *path)
{
    static char place[4096];
    struct search search = {.path = place};

    /* A name without a folder would be looked for among the libraries of this machine. */
    if (snprintf(place, sizeof(place), "%s%s", strchr(path, '/') ? "" : "./", path) >=
        (int)sizeof(place))
        fail("%s: a path of more than %zu characters", path, sizeof(place) - 1);
    void *const object = dlopen(place, RTLD_NOW | RTLD_LOCAL);
    if (!object)
        fail("%s: Could not load: %s", path, dlerror());
    dl_iterate_phdr(read_notes, &search);
    if (!search.wrong)
        search.wrong = elf_check_manifest(&notes);
    if (search.wrong)
        fail("%s: %s", path, search.wrong);
    void *const entry = dlsym(object, LOOP_START);
    if (!entry)
        fail("%s: made for another platform than loop", path);
    return (struct loop_image){(loop_entry *)entry, &notes.u.manifest};
}
