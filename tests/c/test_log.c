/* SPDX-License-Identifier: MIT */
/* guest/log: the --solo5: words of a command line, and what each level lets through. */
#include "guest/log.h"

#include "abi/solo5.h"
#include "backends/fake/fake.h"
#include "check.h"
#include "tender/loop/run.h"

static void check_take(const char *cmdline, const char *rest, enum log_level want)
{
    enum log_level level = LOG_INFO;

    CHECK_TEXT(log_take_options(cmdline, &level), rest);
    CHECK_EQUAL(level, want);
}

static void leading_words_are_taken(void)
{
    check_take("", "", LOG_INFO);
    check_take("a b", "a b", LOG_INFO);
    check_take("--solo5:quiet", "", LOG_ERROR);
    check_take("--solo5:quiet a b ", "a b ", LOG_ERROR);
    check_take("  --solo5:warn   a", "a", LOG_WARN);
    check_take("--solo5:error", "", LOG_ERROR);
}

static void the_last_word_wins(void)
{
    check_take("--solo5:quiet --solo5:debug x", "x", LOG_DEBUG);
    check_take("--solo5:debug --solo5:info", "", LOG_INFO);
}

static void other_words_end_the_search(void)
{
    check_take("a --solo5:quiet", "a --solo5:quiet", LOG_INFO);
    check_take("--solo5:quietly", "--solo5:quietly", LOG_INFO);
    check_take("--solo5:warn --solo5:loud", "--solo5:loud", LOG_WARN);
    check_take("--solo5: x", "--solo5: x", LOG_INFO);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    log_write(LOG_DEBUG, "debug\n");
    log_write(LOG_INFO, "info\n");
    log_write(LOG_WARN, "warn\n");
    log_write(LOG_ERROR, "error %d\n", 1);
    return 0;
}

static const char *said(const char *cmdline)
{
    struct host host = {.gpio = NULL};

    fake_reset();
    CHECK_EQUAL(loop_run(&host, loop_start, cmdline, 0x100000), 0);
    return fake_console.text;
}

static void a_level_lets_the_more_urgent_through(void)
{
    CHECK_TEXT(said("--solo5:quiet"), "error 1\n");
    CHECK_TEXT(said("--solo5:warn"), "warn\nerror 1\n");
    CHECK(strstr(said(""), "\ninfo\nwarn\nerror 1\n") != NULL);
    CHECK(strstr(said(""), "debug") == NULL);
    CHECK(strstr(said("--solo5:debug"), "debug\ninfo\n") != NULL);
}

int main(void)
{
    leading_words_are_taken();
    the_last_word_wins();
    other_words_end_the_search();
    a_level_lets_the_more_urgent_through();
    return 0;
}
