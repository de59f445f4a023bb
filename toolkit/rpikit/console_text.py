# SPDX-License-Identifier: MIT
"""What a guest wrote, made fit for a terminal: lines, without what would control it.

A guest is not trusted: of its escape sequences only colours get through, everything else is
spelt out.
"""

import codecs
import re

LINE_MAX = 8192
"""Characters of a line; a longer one is given in pieces."""

RESET = "\x1b[0m"

_BEGUN_MAX = 64  # characters of an escape sequence
_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
_BEGUN = re.compile(r"(\x1b(\[[0-9;:]*)?|\r+)$")
# C0 without tab, DEL, C1, and what changes the direction of writing or breaks lines unseen.
_UNFIT = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_WORD = (
    r"(?:0*|0?[1-47]|2[1-47]|3[0-79]|4[0-79]|9[0-7]|10[0-7]"
    r"|[345]8[;:]5[;:]\d{1,3}|[345]8;2;\d{1,3};\d{1,3};\d{1,3}|[345]8:2(?::\d{0,3}){3,4})"
)
_COLOURS = re.compile(f"{_WORD}(?:;{_WORD})*")
"""Colours and weights; hidden and blinking text is not among them."""


def strip(text: str) -> str:
    """Return a text without its colours: what a pattern is compared with."""
    return _SGR.sub("", text)


def printable(text: str, *, colours: bool) -> str:
    """Return a text that changes nothing on a terminal but the colour of itself."""
    parts = []
    at = 0
    coloured = False
    for found in _SGR.finditer(text):
        parts.append(_spell(text[at : found.start()]))
        at = found.end()
        if not _COLOURS.fullmatch(found[1]):
            parts.append(_spell(found[0]))
        elif colours:
            parts.append(found[0])
            coloured = True
    parts.append(_spell(text[at:]))
    return "".join(parts) + (RESET if coloured else "")


def _spell(text: str) -> str:
    return _UNFIT.sub(lambda found: _spelt(ord(found[0])), text)


def _spelt(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


class Splitter:
    """Bytes become pieces of text, each with whether its line ends with it.

    Bytes that are not UTF-8 are spelt out; a carriage return before the end of a line is dropped.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._begun = ""

    def feed(self, data: bytes) -> list[tuple[str, bool]]:
        """Return the whole lines, and the beginning of the next one if it has come."""
        *lines, rest = (self._begun + self._decoder.decode(data)).split("\n")
        pieces = [piece for line in lines for piece in _pieces(line.rstrip("\r"))]
        while len(rest) > LINE_MAX:
            pieces.append((rest[:LINE_MAX], False))
            rest = rest[LINE_MAX:]
        # An escape sequence that has only begun waits for the rest of it.
        begun = _BEGUN.search(rest)
        keep = begun.start() if begun and len(rest) - begun.start() <= _BEGUN_MAX else len(rest)
        self._begun = rest[keep:]
        if rest[:keep]:
            pieces.append((rest[:keep], False))
        return pieces

    def end(self) -> list[tuple[str, bool]]:
        """Return what was begun when no more comes."""
        left = self._begun + self._decoder.decode(b"", final=True)
        self._begun = ""
        self._decoder.reset()
        return [(left, False)] if left else []


def _pieces(line: str) -> list[tuple[str, bool]]:
    starts = range(0, max(len(line), 1), LINE_MAX)
    return [(line[at : at + LINE_MAX], at == starts[-1]) for at in starts]
