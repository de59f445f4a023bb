# SPDX-License-Identifier: MIT
"""Stack use is read as either compiler writes it, of the functions that are in the program."""

from pathlib import Path

from rpikit import paths, stack


def test_frames_of_linked_functions_come_largest_first(tmp_path: Path) -> None:
    out = tmp_path / "build"
    (out / "obj").mkdir(parents=True)
    (out / "obj" / "gcc.su").write_text(
        f"{tmp_path}/main.c:7:5:solo5_app_main\t96\tstatic\n"
        f"{paths.data_root()}/c/lib/format.c:94:6:format_to\t704\tdynamic,bounded\n"
        f"{out}/common/gen/guest_poll.c:7:9:guest_poll\t64\tstatic\n"
        f"{tmp_path}/main.c:30:5:dropped\t4096\tstatic\n"
    )
    (out / "clang.su").write_text(
        "rpikit/c/guest/log.c:25:log_write\t144\tstatic\nnonsense\nx\ty\tz\n"
    )
    frames = stack.read(out, ["solo5_app_main.constprop.0", "format_to", "guest_poll", "log_write"])
    assert [(frame.size, frame.function, frame.place) for frame in frames] == [
        (704, "format_to", "c/lib/format.c:94"),
        (144, "log_write", "c/guest/log.c:25"),
        (96, "solo5_app_main", "main.c:7"),
        (64, "guest_poll", "common/gen/guest_poll.c:7"),
    ]
    assert str(frames[0]) == "   704  format_to (dynamic,bounded)  c/lib/format.c:94"
