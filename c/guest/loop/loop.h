/* SPDX-License-Identifier: MIT */
/* What the parts of the loop platform share. */
#ifndef RPIKIT_GUEST_LOOP_H
#define RPIKIT_GUEST_LOOP_H

#include "abi/loop.h"

/* Set before the application runs. */
extern const struct loop_boot *loop_boot;

#endif
