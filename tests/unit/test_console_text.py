# SPDX-License-Identifier: MIT
"""What a hostile guest writes reaches no terminal unchanged; what an honest one writes does."""

import random
import re

import pytest

from rpikit.console_text import LINE_MAX, RESET, Splitter, printable, strip

SGR = re.compile(r"\x1b\[[0-9;:]*m")
UNFIT = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("plain, ünïcode, \ttabs", "plain, ünïcode, \ttabs"),
        ("\x1b[2J\x1b[H", "\\x1b[2J\\x1b[H"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("over\rwritten", "over\\x0dwritten"),
        ("a\x08b\x7f", "a\\x08b\\x7f"),
        ("\x1b[8mhidden", "\\x1b[8mhidden"),
        ("\x1b[1;5mblink", "\\x1b[1;5mblink"),
        ("\x1b[38;5;8;8mhidden", "\\x1b[38;5;8;8mhidden"),
        ("\x1bP+q544e\x1b\\", "\\x1bP+q544e\\x1b\\"),
        ("\x1b[6n", "\\x1b[6n"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
    ],
)
def test_what_would_control_a_terminal_is_spelt_out(said: str, shown: str) -> None:
    assert printable(said, colours=True) == shown


@pytest.mark.parametrize("words", ["31", "0", "", "1;31", "38;5;208", "48;2;1;2;3;1", "97;104"])
def test_colours_get_through_to_a_terminal_and_end_with_the_line(words: str) -> None:
    said = f"\x1b[{words}mred"
    assert printable(said, colours=True) == said + RESET
    assert printable(said, colours=False) == "red"
    assert strip(said) == "red"


def test_nothing_but_colours_gets_through_whatever_is_said() -> None:
    chance = random.Random(5)
    pool = [*map(chr, range(0xA0)), *"0123456789;:[m" * 20, *"\x1b" * 30, "\u202e", "\u2028"]
    for _ in range(3000):
        said = "".join(chance.choices(pool, k=30))
        for colours in (True, False):
            left = SGR.sub("", shown := printable(said, colours=colours))
            assert not UNFIT.search(left), (said, shown)
            assert colours or "\x1b" not in shown


def split(*parts: bytes) -> list[tuple[str, bool]]:
    splitter = Splitter()
    return [piece for part in parts for piece in splitter.feed(part)] + splitter.end()


def test_lines_end_where_they_end_and_beginnings_are_given_at_once() -> None:
    assert split(b"one\r\ntwo\nthr") == [("one", True), ("two", True), ("thr", False)]
    assert split(b"login: ", b"root\n") == [("login: ", False), ("root", True)]
    assert split(b"\n\n") == [("", True), ("", True)]


def test_a_character_in_two_parts_is_one() -> None:
    assert split(b"\xc3", b"\xbc\n") == [("ü", True)]
    assert split(b"\xff\xc3\n") == [("\\xff\\xc3", True)]
    assert split(b"end\xc3") == [("end", False), ("\\xc3", False)]


def test_an_escape_sequence_in_two_parts_is_one() -> None:
    assert split(b"a\x1b[3", b"1mb\n") == [("a", False), ("\x1b[31mb", True)]
    assert split(b"a\r", b"\nb") == [("a", False), ("", True), ("b", False)]


def test_a_line_without_end_comes_in_pieces() -> None:
    pieces = split(b"x" * (3 * LINE_MAX + 5), b"\n")
    assert [len(text) for text, _ in pieces] == [LINE_MAX] * 3 + [5, 0]
    assert [ends for _, ends in pieces] == [False] * 4 + [True]
    pieces = split(b"x" * (2 * LINE_MAX) + b"\n")
    assert pieces == [("x" * LINE_MAX, False), ("x" * LINE_MAX, True)]


def test_the_parts_that_come_make_no_difference() -> None:
    chance = random.Random(7)
    said = "grün \x1b[32mja\x1b[0m\r\nrot\n".encode() * 20 + b"\xffrest"
    for _ in range(50):
        cuts = sorted(chance.sample(range(len(said)), 15))
        parts = [said[a:b] for a, b in zip([0, *cuts], [*cuts, len(said)], strict=True)]
        joined = "".join(text + "\n" * ends for text, ends in split(*parts))
        assert joined == said.decode(errors="backslashreplace").replace("\r\n", "\n")
