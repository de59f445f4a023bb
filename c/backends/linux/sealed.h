/* SPDX-License-Identifier: MIT */
/* Variables that nobody writes once the guest runs. */
#ifndef RPIKIT_BACKENDS_LINUX_SEALED_H
#define RPIKIT_BACKENDS_LINUX_SEALED_H

/* Stands behind the declarator of a variable that says what was granted, or how to reach it: in a
 * tender its page becomes read-only before the guest's first instruction (c/tender/seal.c). The
 * section is the one that linkers keep apart for this, RELRO; a program with a libc would lose the
 * right to write it before it begins, so there it is an ordinary variable. */
#ifdef RPIKIT_SEALS
#define SEALED __attribute__((section(".data.rel.ro")))
#else
#define SEALED
#endif

#endif
