/* SPDX-License-Identifier: MIT */
/* Descriptors that the tender was started with, besides the standard three. */
#ifndef RPIKIT_TENDER_INHERIT_H
#define RPIKIT_TENDER_INHERIT_H

#define INHERIT_FIRST 3

/* Keeps (fd), which the operator named. */
void inherit_keep(int fd);

/* Closes all others. */
void inherit_close(void);

#endif
