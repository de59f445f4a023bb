/* SPDX-License-Identifier: MIT */
/* Buses of the developer's machine: what is on them is files in a folder that a bench shares. */
#ifndef RPIKIT_BACKENDS_HOST_BUSES_H
#define RPIKIT_BACKENDS_HOST_BUSES_H

/* The folder; NULL, as it begins: nobody shares one, and nothing is on any bus. */
extern const char *host_buses;

/* Opens (name) in the folder to read and write, made empty if it is not there. Returns the
 * descriptor, 0 if there is no folder, or an error. */
long host_buses_open(const char *name);

#endif
