# SPDX-License-Identifier: MIT
"""Guests under our tender, on KVM of the virtual Pi: each does what its README line says."""

import struct
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from rpikit.transport.ssh import Ssh

ROOT = Path(__file__).parents[2]
FOLDER = "/tmp/guests"
NAMES = ["hello", *(path.parent.name for path in (ROOT / "tests/guests").glob("*/rpikit.toml"))]


@dataclass(frozen=True)
class Ended:
    """How a run of the tender ended and what it said."""

    status: int
    out: str
    err: str


class Tender:
    """The generic tender on the board, with all guests beside it."""

    def __init__(self, ssh: Ssh) -> None:
        self._ssh = ssh

    def run(self, guest: str, *words: str, options: str = "", memory: int = 2) -> Ended:
        """Run a guest to its end."""
        command = f"./rpikit-tender --mem={memory} {options} -- {guest}.hvt {' '.join(words)}"
        done = self._ssh.run(f"cd {FOLDER} && {command}", timeout=120)
        return Ended(done.status, done.out, done.err)


@pytest.fixture(scope="module")
def tender(built: Path, virtual_ssh: Ssh, tmp_path_factory: pytest.TempPathFactory) -> Tender:
    archive = tmp_path_factory.mktemp("guests") / "guests.tgz"
    with tarfile.open(archive, mode="w:gz") as tar:
        tar.add(built / "generic" / "rpikit-tender", "rpikit-tender")
        for name in NAMES:
            tar.add(built / "apps" / name / f"{name}.hvt", f"{name}.hvt")
    virtual_ssh.put(archive, "/tmp/guests.tgz")
    unpack = f"mkdir -p {FOLDER} && tar xzf /tmp/guests.tgz -C {FOLDER} && rm /tmp/guests.tgz"
    assert virtual_ssh.run(unpack).status == 0
    return Tender(virtual_ssh)


def assert_success(ended: Ended) -> None:
    assert (ended.status, ended.err) == (0, "")
    assert "SUCCESS\n" in ended.out


def assert_abort(ended: Ended) -> None:
    assert ended.status == 255
    assert "Solo5: ABORT: " in ended.out


@pytest.mark.parametrize("guest", ["hello", "output", "globals", "fpu", "tls", "time"])
def test_guest_succeeds(tender: Tender, guest: str) -> None:
    assert_success(tender.run(guest))


def test_hello_echoes_its_command_line(tender: Tender) -> None:
    ended = tender.run("hello", "Hello_Solo5", "twice")
    assert_success(ended)
    assert "Hello_Solo5 twice" in ended.out


def test_quiet_says_nothing_of_its_own(tender: Tender) -> None:
    ended = tender.run("quiet", "--solo5:quiet", "word")
    assert_success(ended)
    assert "Solo5:" not in ended.out


@pytest.mark.parametrize("guest", ["exception", "zeropage", "notls", "badstack", "ssp"])
def test_a_broken_guest_reports_and_aborts(tender: Tender, guest: str) -> None:
    assert_abort(tender.run(guest))


def test_an_abort_is_reported_even_when_quiet(tender: Tender) -> None:
    assert_abort(tender.run("ssp", "--solo5:quiet"))


@pytest.mark.parametrize("guest", ["wnox", "rnox"])
def test_data_and_constants_cannot_be_executed(tender: Tender, guest: str) -> None:
    ended = tender.run(guest)
    assert_abort(ended)
    assert "FAILURE" not in ended.out


@pytest.mark.parametrize("guest", ["xnow", "rnow"])
def test_text_and_constants_cannot_be_written(tender: Tender, guest: str) -> None:
    ended = tender.run(guest)
    assert ended.status == 1
    assert "host/guest translation fault: pc=0x" in ended.err
    assert "FAILURE" not in ended.out


def execute_only(image: bytes) -> bytes:
    """Return an ELF file whose executable segments cannot be read, as upstream links its guests."""
    patched = bytearray(image)
    at, size, count = (
        struct.unpack_from("<Q", image, 32)[0],
        *struct.unpack_from("<HH", image, 54),
    )
    for header in range(at, at + size * count, size):
        kind, flags = struct.unpack_from("<II", image, header)
        if kind == 1 and flags & 1:
            struct.pack_into("<I", patched, header + 4, 1)
    return bytes(patched)


@pytest.mark.parametrize("guest", ["xnor", "hello", "fpu", "time"])
def test_execute_only_text_is_executed_and_not_read(
    tender: Tender, built: Path, virtual_ssh: Ssh, tmp_path: Path, guest: str
) -> None:
    file = tmp_path / "guest"
    file.write_bytes(execute_only((built / "apps" / guest / f"{guest}.hvt").read_bytes()))
    virtual_ssh.put(file, f"{FOLDER}/only-{guest}.hvt")
    ended = tender.run(f"only-{guest}")
    if guest != "xnor":
        assert_success(ended)
        return
    assert ended.status == 1
    assert "host/guest translation fault: pc=0x" in ended.err
    assert "read of execute-only memory" in ended.err
    assert "FAILURE" not in ended.out


@pytest.mark.parametrize(
    ("words", "status"), [(("0",), 0), (("7",), 7), (("263",), 7), (("abort",), 255)]
)
def test_the_guests_status_is_the_tenders(
    tender: Tender, words: tuple[str, ...], status: int
) -> None:
    assert tender.run("exit", *words).status == status


def test_too_little_memory_aborts(tender: Tender) -> None:
    ended = tender.run("memory", memory=2)
    assert_abort(ended)
    assert "Not enough memory" in ended.out
    assert_success(tender.run("memory", memory=4))


def test_calls_on_pins_not_granted_are_refused_and_counted(tender: Tender) -> None:
    ended = tender.run("denied", options="--pin:button=17")
    assert ended.status == 0
    assert "SUCCESS" in ended.out
    assert "calls refused: line not granted" in ended.err


BAD_CALLS = {
    "unknown": "Invalid guest hypercall: num=31",
    "own-unknown": "Invalid guest hypercall: num=",
    "zero": "Invalid guest hypercall: num=0",
    "beyond": "Invalid guest access",
    "top": "Invalid guest access",
    "misaligned": "Invalid guest access",
    "readonly": "Invalid guest access",
    "pointer": "Invalid guest access",
    "length": "Invalid guest access",
    "wrap": "Invalid guest access",
    "load": "Invalid guest mmio access",
    "wide": "Invalid guest mmio access",
    "byte": "Invalid guest mmio access",
    "between": "Invalid guest mmio access",
}


@pytest.mark.parametrize(("word", "message"), list(BAD_CALLS.items()))
def test_a_bad_call_ends_the_guest_with_one_line(tender: Tender, word: str, message: str) -> None:
    ended = tender.run("badcalls", word)
    assert ended.status == 1
    assert message in ended.err
    assert len(ended.err.splitlines()) == 1


def test_the_monotonic_clock_is_right_after_a_gap(tender: Tender) -> None:
    assert_success(tender.run("clock_gap", "3"))


@pytest.mark.parametrize("memory", [2, 3, 16, 512])
def test_memory_may_be_anything_from_two_mebibytes(tender: Tender, memory: int) -> None:
    ended = tender.run("hello", memory=memory)
    assert ended.status == 0
    assert ("2 MiB" in ended.err) == (memory == 3)


OPTIONS = {
    "--help": (1, "usage"),
    "--version": (0, "ABI version 2"),
    "--mem=0": (1, "--mem"),
    "--mem=4x": (1, "--mem"),
    "--mem=": (1, "--mem"),
    "--pin:nobody=17": (1, "nobody"),
    "--pin:button=17 --pin:button=18": (1, "button"),
    "--pin:button=99": (1, "99"),
    "--pin:button=17,out": (1, "out"),
    "--pin:button": (1, "button"),
    "--gpio=magic": (1, "magic"),
    "--gpio-chip=none --pin:button=17": (1, "none"),
    "--nonsense": (1, "nonsense"),
}


@pytest.mark.parametrize(("options", "expected"), list(OPTIONS.items()))
def test_an_option_is_served_or_refused_in_words(
    tender: Tender, options: str, expected: tuple[int, str]
) -> None:
    ended = tender.run("denied", options=options)
    assert ended.status == expected[0]
    assert expected[1] in ended.err.lower() + ended.err


def test_two_names_for_one_line_are_refused(tender: Tender) -> None:
    done = tender.run("two_lines", options="--pin:button=17 --pin:lamp=17")
    assert done.status == 1
    assert "17" in done.err


@pytest.mark.parametrize("file", ["missing", "rpikit-tender", "truncated", "empty", "."])
def test_a_file_that_is_no_guest_is_refused_in_one_line(
    tender: Tender, virtual_ssh: Ssh, file: str
) -> None:
    virtual_ssh.run(
        f"cd {FOLDER} && cp rpikit-tender rpikit-tender.hvt && head -c 5000 hello.hvt > "
        "truncated.hvt && : > empty.hvt && mkdir -p ..hvt"
    )
    ended = tender.run(file)
    assert ended.status == 1
    assert len(ended.err.splitlines()) == 1
    assert file in ended.err


def test_a_guest_does_not_run_without_a_tender(tender: Tender, virtual_ssh: Ssh) -> None:
    assert virtual_ssh.run(f"chmod +x {FOLDER}/hello.hvt; {FOLDER}/hello.hvt").status == 127
