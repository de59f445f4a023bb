/* SPDX-License-Identifier: MIT */
/* No way to a file by its name. */
#ifndef RPIKIT_TENDER_LANDLOCK_H
#define RPIKIT_TENDER_LANDLOCK_H

/* From here on this process opens, makes, changes and removes nothing that has a path; nor, where
 * the kernel can forbid that, does it bind or connect a port, or reach a process outside. What is
 * open stays as it is. After filter_no_new_privileges(). Returns the version of Landlock, or 0
 * where the kernel has none; below 0 is an error. */
long landlock_enter(void);

#endif
