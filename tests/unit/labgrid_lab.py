# SPDX-License-Identifier: MIT
"""A labgrid coordinator and an exporter on this machine, for tests, and outputs served by HTTP.

labgrid is in an environment of its own, as a user would have it: made once from
requirements-labgrid.lock, below the user's cache.
"""

import contextlib
import hashlib
import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from rpikit import paths

LOCK = Path(__file__).parents[2] / "requirements-labgrid.lock"
_SECONDS = 120.0


def environment() -> Path:
    """Return the folder of the environment that has labgrid, made when it is not there."""
    digest = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = paths.cache_dir() / "labgrid" / digest
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "made").exists():
            venv.create(folder, with_pip=True, clear=True)
            pip(folder, "install", "--require-hashes", "-r", str(LOCK))
            (folder / "made").touch()
    return folder


def pip(environment: Path, *words: str) -> None:
    """Run the pip of an environment."""
    command = [environment / "bin/python", "-m", "pip", "-q", "--disable-pip-version-check"]
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


class Lab:
    """A coordinator with one place, `desk`, and an exporter of what is there."""

    def __init__(self, folder: Path) -> None:
        self.environment = environment()
        self._folder = folder
        self._port = free_port()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def address(self) -> str:
        """Where the coordinator listens."""
        return f"127.0.0.1:{self._port}"

    def start(self, resources: Mapping[str, Any], **tags: str) -> None:
        """Start both, with a place of all that is exported, and one that has nothing."""
        (self._folder / "exports.yaml").write_text(json.dumps({"bench": resources}))
        match = {"exporter": "rack", "group": "bench", "cls": "*"}
        places = {"desk": {"matches": [match], "tags": tags}, "bare": {"matches": []}}
        (self._folder / "places.yaml").write_text(json.dumps(places))
        self.start_coordinator()
        self._run("exporter", "-c", self.address, "-n", "rack", "exports.yaml")
        until(lambda: self.client("resources").count("rack/bench/") == len(resources))

    def start_coordinator(self) -> None:
        """Start the coordinator, anew if it was there before."""
        self._run("coordinator", "-l", self.address)
        until(lambda: "listening on" in self.log("coordinator"))

    def log(self, name: str) -> str:
        """Return what a program has said since it was started."""
        return (self._folder / f"{name}.log").read_text()

    def _run(self, name: str, *words: str) -> None:
        with (self._folder / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [self.environment / "bin" / f"labgrid-{name}", *words],
                cwd=self._folder,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def client(self, *words: str, user: str = "") -> str:
        """Ask as labgrid's own client does; return what it said."""
        command = [self.environment / "bin/labgrid-client", "-x", self.address, *words]
        more = {"LG_USERNAME": user, "LG_HOSTNAME": "elsewhere"} if user else {}
        done = subprocess.run(
            command, env=os.environ | more, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def holder(self) -> str:
        """Who has the place, as host/user, by what the coordinator says; "" if nobody."""
        said = r"^desk: place (?:acquired by (\S+)|released)$"
        found = re.findall(said, self.log("coordinator"), re.M)
        return found[-1] if found else ""

    def is_free(self) -> bool:
        """Whether nobody has the place."""
        return self.holder == ""

    def stop(self, name: str) -> None:
        """End a program at once."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def close(self) -> None:
        """End what runs."""
        for name in list(self._processes):
            self.stop(name)


@contextlib.contextmanager
def lab(folder: Path) -> Iterator[Lab]:
    """Give a lab whose programs end with the block."""
    made = Lab(folder)
    try:
        yield made
    finally:
        made.close()


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + _SECONDS
    while not holds():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


class Relays:
    """Digital outputs by HTTP, as a relay board has them: PUT 1 or 0, GET gives it back."""

    def __init__(self, put: Callable[[str, bool], None], get: Callable[[str], bool]) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(lambda name: put(name, body == b"1"))

            def do_GET(self) -> None:
                self._answer(get)

            def _answer(self, does: Callable[[str], bool | None]) -> None:
                try:
                    level, status = does(self.path[1:]), 200
                except Exception:
                    level, status = None, 503
                body = b"" if level is None else b"1" if level else b"0"
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *values: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def resource(self, name: str) -> dict[str, str]:
        """Return what an exporter says of one of them."""
        return {
            "cls": "HttpDigitalOutput",
            "url": f"http://127.0.0.1:{self._server.server_port}/{name}",
            "body_asserted": "1",
            "body_deasserted": "0",
        }

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
