/* SPDX-License-Identifier: MIT */
/* What the sanitizers ask the program they are linked into; nobody asks without them. */

const char *__ubsan_default_options(void);
const char *__asan_default_options(void);

const char *__ubsan_default_options(void)
{
    return "print_stacktrace=1";
}

/* The guest's heap is no malloc's, and what the tender holds it holds to the end. */
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
