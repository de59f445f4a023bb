# SPDX-License-Identifier: MIT
"""A process and all that it started, which end together: they are a process group of their own."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

_END_SECONDS = 2.0


@contextmanager
def running(words: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Start a program with options of Popen; end it and its group if what follows fails.

    An interrupt meanwhile is raised when there is a process to end, not while it begins to be.
    """
    asked = threading.Event()
    ours = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, lambda *_: asked.set()) if ours else None
    try:
        process = subprocess.Popen(words, process_group=0, **options)
    finally:
        if ours:
            signal.signal(signal.SIGINT, before)
    try:
        if asked.is_set():
            raise KeyboardInterrupt
        with process:
            yield process
    except BaseException:
        end(process)
        raise


def end(process: subprocess.Popen[Any]) -> None:
    """End a process and its group: ask, wait a moment, then insist; none of them is left.

    The process was started with a group of its own (`process_group=0`, `start_new_session`).
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        deadline = time.monotonic() + _END_SECONDS
        while _lives(process) and time.monotonic() < deadline:
            time.sleep(0.01)
    process.wait()


def _lives(process: subprocess.Popen[Any]) -> bool:
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True
