/* SPDX-License-Identifier: MIT */
/* A core and its guests, which take turns: each has a stack of its own here, so that one can wait
 * in the middle of a call while the others run. */
#ifndef RPIKIT_UNDERLAY_CORE_H
#define RPIKIT_UNDERLAY_CORE_H

#include <stdint.h>

#include "underlay/guest.h"

/* Gives (guest) to its core, which does not run yet. */
void core_add(struct guest *guest);

/* Has this core be fit for guests, and be called. */
void core_prepare(void);

/* Runs this core's guests, and sleeps when there are none to run. */
__attribute__((noreturn)) void core_run(void);

/* The guest in whose turn this is, or NULL. */
struct guest *core_guest(void);

/* In a guest's turn: lets the others have theirs, at least until the counter is at (wake). */
void core_wait(uint64_t wake);

/* Has the guests that wait for edges of (lines), bit n for line n, look for them. */
void core_wake(uint64_t lines);

/* The first core that runs guests; it does besides what is done once. */
uint32_t core_first(void);

/* Ends the sleep of a core. */
void core_call(uint32_t core);
/* This core was called, or not. Does not return if something is wrong with the underlay. */
void core_answer(void);

/* Has all cores stop, this one at once and without another word. */
__attribute__((noreturn)) void core_park(void);

/* Says that the loader can be called, and does no more than to wait for that, on the first core. */
__attribute__((noreturn)) void core_await_loader(void);

/* The lowest byte of the stack of guest (number); its first page is missing. */
void *core_stack(uint64_t number);

#endif
