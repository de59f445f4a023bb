/* SPDX-License-Identifier: MIT */
/* What the first instructions and the rest agree on. Read by the assembler as well. */
#ifndef RPIKIT_UNDERLAY_CORES_H
#define RPIKIT_UNDERLAY_CORES_H

#define CORES      4
#define CORE_STACK 0x1000 /* bytes, of each core */
#define KEPT       12     /* registers that C keeps over a call: x19 to x30 */

/* Why a guest was left, and what the underlay itself must not meet: rows of the vectors. */
#define EXIT_TRAP   0 /* ESR_EL2 says what for */
#define EXIT_IRQ    1
#define EXIT_FIQ    2
#define EXIT_SERROR 3

#endif
