/* SPDX-License-Identifier: MIT */
/* The underlay's own translation tables: memory is cached, so that locks work and cores see the
 * same; text cannot be written and nothing else is executed; nothing is where a null pointer or a
 * stack that is too small leads. */
#ifndef RPIKIT_UNDERLAY_MMU_H
#define RPIKIT_UNDERLAY_MMU_H

/* Writes the tables; on core 0 while no core uses them. */
void mmu_prepare(void);
/* Has this core go through them, with its caches on. */
void mmu_start(void);

#endif
