/* SPDX-License-Identifier: MIT */
/* Buses and channels made of memory: registers behind an I2C address, an SPI bus wired to itself,
 * and what became of a PWM channel. */
#ifndef RPIKIT_BACKENDS_FAKE_BUSES_H
#define RPIKIT_BACKENDS_FAKE_BUSES_H

#include <stdbool.h>
#include <stdint.h>

#define FAKE_BUS_DEVICES 8 /* handles below this */
#define FAKE_REGISTERS   256
#define FAKE_SPI_MAX     4096

/* The first byte written chooses a register; what follows is written from there on, what is read
 * comes from there on; behind the last register is the first. */
struct fake_i2c {
    bool present;
    uint8_t registers[FAKE_REGISTERS];
    uint8_t at;
    uint32_t busy;    /* transfers that it does not answer from now on */
    uint32_t failing; /* transfers at which the bus fails from now on */
    uint32_t transfers;
};

struct fake_spi {
    bool present;
    uint8_t sent[FAKE_SPI_MAX]; /* in the last transfer */
    uint32_t sent_size;
    uint32_t failing;
};

struct fake_pwm {
    bool present, enabled;
    uint32_t period, duty; /* ns */
    uint32_t settings;     /* how often they were set */
    uint32_t failing;
};

extern struct fake_i2c fake_i2cs[FAKE_BUS_DEVICES];
extern struct fake_spi fake_spis[FAKE_BUS_DEVICES];
extern struct fake_pwm fake_pwms[FAKE_BUS_DEVICES];

/* Forgets everything: nothing is on any bus. */
void fake_buses_reset(void);

#endif
