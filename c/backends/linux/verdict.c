/* SPDX-License-Identifier: MIT */
/* What a filter of system calls says to a call of which only the number is known. */
#include "backends/linux/verdict.h"

#include "backends/linux/bpf.h"

/* What has been loaded on the way to a step; several if several ways lead there. */
enum { BY_NUMBER = 1, BY_ARCH = 2, BY_ARGUMENT = 4, WAYS = 3 };

static bool holds(const struct filter_step *step, uint32_t value)
{
    return step->code == IF_EQUAL     ? value == step->value
           : step->code == IF_GREATER ? value > step->value
                                      : value >= step->value;
}

/* Steps lead onward only, so that one pass sees every way. */
enum verdict filter_verdict(struct filter_program program, uint32_t number)
{
    uint8_t ways[FILTER_MAX + 1] = {BY_NUMBER};
    bool allows = false, refuses = false;

    for (uint32_t at = 0; at < program.size; at++) {
        const struct filter_step *step = program.step + at;
        uint8_t *next = &ways[at + 1];
        for (uint32_t by = 1; by < 1u << WAYS; by <<= 1) {
            if (!(ways[at] & by))
                continue;
            if (step->code == RETURN) {
                allows |= step->value == ALLOW;
                refuses |= step->value != ALLOW;
            } else if (step->code == LOAD) {
                *next |= step->value == NUMBER_AT ? BY_NUMBER
                         : step->value == ARCH_AT ? BY_ARCH
                                                  : BY_ARGUMENT;
            } else if (step->code == SKIP) {
                next[step->value] |= (uint8_t)by;
            } else {
                const bool is_known = by != BY_ARGUMENT;
                const bool yes = holds(step, by == BY_NUMBER ? number : ARCH_AARCH64);
                if (!is_known || yes)
                    next[step->if_true] |= (uint8_t)by;
                if (!is_known || !yes)
                    next[step->if_false] |= (uint8_t)by;
            }
        }
    }
    return !allows ? VERDICT_NEVER : refuses ? VERDICT_CHECKED : VERDICT_ALWAYS;
}
