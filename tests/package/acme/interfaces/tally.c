/* SPDX-License-Identifier: MIT */
/* What the board does when a guest adds to the tally. */
#include "host_tally.h"

static uint32_t counted; /* one tender serves one guest */

solo5_result_t tally_add(struct host *host, uint32_t amount, uint32_t *total)
{
    (void)host;
    counted += amount;
    *total = counted;
    return SOLO5_R_OK;
}
