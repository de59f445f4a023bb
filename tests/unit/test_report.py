# SPDX-License-Identifier: MIT
"""Reports: the result to stdout, everything else to stderr, in the form that fits the reader."""

import io
import json

import pytest

from rpikit import report


class Tty(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


def a_flash(reporter: report.Reporter) -> None:
    reporter.step("send")
    for done in (0, 1024, 3072):
        reporter.progress(done, 3072)
    reporter.note("a remark")
    reporter.result({"slot": "a"}, "done: slot a")


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Take away what the environment says of terminals."""
    for name in ("CI", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_pipe_gets_lines(calm: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), io.StringIO()
    a_flash(report.choose(out=out, err=err))
    assert err.getvalue() == "send\n  3.0 KiB\n  a remark\n"
    assert out.getvalue() == "done: slot a\n"


def test_a_terminal_gets_a_bar_that_leaves_when_it_is_full(calm: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), Tty()
    reporter = report.choose(out=out, err=err)
    assert type(reporter) is report.Terminal
    a_flash(reporter)
    assert "3.0 KiB" in err.getvalue()
    assert "\x1b[" in err.getvalue()
    assert out.getvalue() == "done: slot a\n"


def test_a_transfer_that_breaks_off_gives_the_cursor_back(calm: pytest.MonkeyPatch) -> None:
    err = Tty()
    reporter = report.choose(out=io.StringIO(), err=err)
    reporter.progress(1, 3072)
    reporter.note("broken off")
    assert err.getvalue().endswith("  broken off\n")
    assert err.getvalue().rindex("\x1b[?25h") > err.getvalue().rindex("\x1b[?25l")


@pytest.mark.parametrize(("name", "value"), [("CI", "1"), ("NO_COLOR", "1"), ("TERM", "dumb")])
def test_the_environment_can_ask_for_lines(calm: pytest.MonkeyPatch, name: str, value: str) -> None:
    calm.setenv(name, value)
    assert type(report.choose(out=Tty(), err=Tty())) is report.Plain


def test_a_program_gets_one_object_per_line() -> None:
    out, err = io.StringIO(), io.StringIO()
    a_flash(report.choose(json_lines=True, out=out, err=err))
    events = [json.loads(line)["event"] for line in err.getvalue().splitlines()]
    assert events == ["step", "progress", "progress", "progress", "note"]
    assert json.loads(out.getvalue()) == {"slot": "a"}
