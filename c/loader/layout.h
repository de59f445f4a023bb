/* SPDX-License-Identifier: MIT */
/* Where the loader and what comes over the line are in memory: at the end of what guests may have,
 * who seldom fill it, so that an image is still there after it ran. Nothing of it is kept for the
 * loader while an image runs. The first is also in loader.lds. Read by the assembler as well. */
#ifndef RPIKIT_LOADER_LAYOUT_H
#define RPIKIT_LOADER_LAYOUT_H

#define LAYOUT_LOADER  0x3af80000 /* the firmware puts it elsewhere, and it goes there */
#define LAYOUT_STAGING 0x3a000000 /* LOADER_LIMIT bytes */

#define STACK          0x4000 /* bytes, and as many again for last words */

#endif
