/* SPDX-License-Identifier: MIT */
/* Whose process the tender is while it serves a guest. */
#ifndef RPIKIT_TENDER_USER_H
#define RPIKIT_TENDER_USER_H

/* If root started the tender: leaves all groups, and is nobody from here on, or whom --user= names.
 * What is open stays usable. Ends the tender if that fails. */
void user_drop(void);

#endif
