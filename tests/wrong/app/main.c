/* SPDX-License-Identifier: MIT */
/* A source that is there, for descriptions that are wrong elsewhere. */
int main(void) { return 0; }
