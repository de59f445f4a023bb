# SPDX-License-Identifier: MIT
"""The attack surface: no rule of a filter is overlooked, and no file is called unreachable."""

import re
from pathlib import Path

import pytest

from rpikit import paths, sources, surface
from rpikit.errors import FirmwareError

C = paths.data_root() / "c"
SOURCES = sorted([*C.glob("tender/**/*.c"), *C.glob("backends/linux/*.c")])
TABLE = "{{1, R, R}, {0, 3, (int)E}}"
FILTER = "backends/linux/filter.c"


def code_of(file: Path) -> str:
    return sources.without_comments(file.read_text(encoding="utf-8"))


def rules(code: str, name: str = "c/tender/some.c") -> list[surface.Rule]:
    return list(surface.rules_of(code, name))


def inside(call: str) -> str:
    return f"static void allow(struct filter *filter)\n{{\n    {call};\n}}\n"


def test_lines_and_strings_stay_where_comments_go() -> None:
    code = 'int a; /* one\ntwo */ int b; // three\nchar *c = "/* kept */";\n'
    assert sources.without_comments(code) == 'int a; \n int b;  \nchar *c = "/* kept */";\n'


@pytest.mark.parametrize(
    ("call", "name", "checks"),
    [
        ("filter_allow_fd(filter, SYS_WRITE, 1)", "write", ("argument 0 is 1",)),
        ("filter_allow(filter, SYS_EXIT_GROUP, NULL, 0)", "exit_group", ()),
        (
            "filter_allow_placed(filter, SYS_PREAD64, fds, COUNT)",
            "pread64",
            ("argument 0 is one of fds", "or no check, if all others refuse a place"),
        ),
        (
            "filter_allow_ioctl(filter, fd,\n        fd, SET)",
            "ioctl",
            ("argument 0 is fd", "argument 1 is SET"),
        ),
        (
            f"struct filter_argument a[] = {TABLE}; filter_begin(f, SYS_IOCTL, a, no ? 2 : 0)",
            "ioctl",
            ("argument 1 is R", "argument 0 is 3 to E", "or no check, unless no"),
        ),
    ],
)
def test_a_rule_is_told_by_its_checks(call: str, name: str, checks: tuple[str, ...]) -> None:
    (rule,) = rules(inside(call))
    assert (rule.name, rule.checks) == (name, checks)


@pytest.mark.parametrize(
    "call",
    [
        "filter_allow_fd(filter, number, 1)",
        "filter_allow(filter, SYS_READ, elsewhere, 1)",
        "filter_allow_everything(filter)",
    ],
)
def test_a_rule_that_cannot_be_read_is_refused(call: str) -> None:
    with pytest.raises(FirmwareError, match=r"^c/tender/some\.c:\d+: "):
        rules(inside(call))


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.relative_to(C).as_posix())
def test_every_rule_of_the_tree_is_read(file: Path) -> None:
    if file == C / FILTER:
        return
    code = code_of(file)
    said = re.findall(r"\bfilter_(?:allow\w*|begin)\b", code)
    places = {rule.place for rule in rules(code)}
    assert len(places) == len(said)
    assert not re.search(r"\bstep\[", code), "filters are made by filter.c alone"


def test_files_said_to_run_before_the_guest_exist() -> None:
    assert [name for name in sorted(surface.BEFORE) if not (C / name).is_file()] == []


def test_nothing_said_to_run_before_the_guest_runs_at_its_end() -> None:
    """What a tender closes, and what it returns through, a guest reaches by ending."""
    for name in surface.BEFORE:
        code = code_of(C / name)
        assert not re.search(r"\.close\s*=", code), name
        assert not re.search(r"\b(?:kvm_serve|world_run|says_\w+ = |leave\(run)\b", code), name


SERVERS = ("kvm.c", "watch.c", "guest_clock.c", "net_thread.c", "spt/parent/serve.c")
"""Files of c/tender that run with the guest."""


def test_what_serves_a_guest_calls_nothing_that_has_run_before() -> None:
    public = re.compile(r"^(?!static)\w[\w *]*?\b(\w+)\([^;]*?\)\n\{", re.M)
    before = {
        function
        for name in surface.BEFORE
        if name.endswith(".c") and name != FILTER
        for function in public.findall(code_of(C / name))
    }
    assert {"load_copy", "options_read", "paging_write"} <= before
    serving = [C / "tender" / name for name in SERVERS]
    serving += [*C.glob("devices/*.c"), *C.glob("dispatch/*.c")]
    for file in serving:
        code = code_of(file)
        own = set(re.findall(r"^static .*?\b(\w+)\(", code, re.M))
        called = (set(re.findall(r"\b(\w+)\(", code)) - own) & before
        # In kvm_open(), and before serve() begins to.
        assert called <= {"devices_map", "sandbox_enter"}, file
