# SPDX-License-Identifier: MIT
"""The program: lines of JSON come in and go out until nobody is there to ask for more.

First comes what is wished for, then requests, each answered by its `id`. It ends when its input
ends, when whoever started it is gone, or at SIGTERM, and gives the place back each time.
"""

import fcntl
import json
import os
import select
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from .coordinator import Coordinator, RefusedError
from .resources import Outputs, serial, ssh

_LOOK_SECONDS = 0.2
_PAUSE_SECONDS = 0.001


class Told:
    """The line to the other end; nothing but ours gets onto it."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)  # labgrid prints

    def tell(self, **values: Any) -> None:
        try:
            self._out.write(json.dumps(values) + "\n")
            self._out.flush()
        except OSError:  # nobody listens any more; the end of the input says so, too
            pass


class Note:
    """A lock that says which process of this machine has a place, and whether one left it so."""

    def __init__(self, path: str) -> None:
        self._file = Path(path).open("a+", encoding="utf-8")  # noqa: SIM115

    def lock(self) -> str:
        """Take the lock; return who has it, or ""."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return self.text or "another process of this machine"
        return ""

    @property
    def text(self) -> str:
        self._file.seek(0)
        return self._file.read().strip()

    def write(self, text: str) -> None:
        self._file.truncate(0)
        self._file.write(text)
        self._file.flush()


class Keeper:
    """One place, from its acquisition to its release."""

    def __init__(self, wish: dict[str, Any], told: Told) -> None:
        self._wish = wish
        self._told = told
        self._coordinator = Coordinator(wish["coordinator"])
        self._note = Note(wish["lock"]) if wish.get("lock") else None
        self._mine = False  # whether it is ours to release
        self._watched: dict[str, bool] = {}
        self._is_told = False
        self.name: str = wish["place"]

    def show(self) -> None:
        """Tell what the coordinator says of the place, and take nothing."""
        place = self._coordinator.place(self.name)
        holder = place.acquired or ""
        self._told.tell(event="shown", place=place.name, tags=dict(place.tags), holder=holder)

    def take(self) -> None:
        """Acquire the place, as soon as it is free if it may be waited for."""
        patience = float(self._wish.get("wait", 0.0))
        until = time.monotonic() + patience
        said = ""
        while True:
            holder = self._try()
            if not holder:
                return
            if time.monotonic() >= until:
                waited = f" after {patience:g} s" if patience else ""
                raise RefusedError(
                    "busy",
                    f"{holder}{waited}",
                    f"--wait SECONDS waits until it is free; labgrid-client -x "
                    f"{self._coordinator.address} -p {self.name} show tells more",
                )
            if holder != said:
                self._told.tell(event="waits", holder=holder)
                said = holder
            self._sleep()

    def _sleep(self) -> None:
        if select.select([0], [], [], _LOOK_SECONDS)[0] or _is_orphan():
            sys.exit(0)  # nothing is asked before the place is there: it is the end
        if self._coordinator.is_lost:
            raise self._lost()

    def _try(self) -> str:
        """Acquire it, if it is free or ours already; return who has it otherwise."""
        coordinator = self._coordinator
        place = coordinator.place(self.name)
        self.name = place.name
        if self._wish.get("borrows") and not self._reason():
            return ""
        other = self._note.lock() if self._note else ""
        if other:
            return f"{other} has it"
        if place.acquired is None:
            why = coordinator.acquire(place)
            if not why:
                self._mine = True
                self._mark(f"process {os.getppid()} of this machine")
            return why
        if place.acquired == coordinator.us:
            self._mine = bool(self._note and self._note.text)  # a process that is gone left it
            return ""
        if coordinator.us in place.allowed:
            return ""
        host, _, user = place.acquired.partition("/")
        minutes = max(0, round((time.time() - place.changed) / 60))
        return f"{user} on {host} has it since {minutes} min"

    def _mark(self, text: str) -> None:
        if self._note:
            self._note.write(text)

    def describe(self) -> Outputs:
        """Tell what the place has."""
        from labgrid import Target
        from labgrid.resource.remote import RemotePlace, RemotePlaceManager

        manager: Any = RemotePlaceManager.get()
        manager.session = self._coordinator.session
        manager.loop = self._coordinator.session.loop
        target = Target(self.name)
        place = RemotePlace(target, name=self.name)
        outputs = Outputs(target)
        self._told.tell(
            event="ready",
            place=self.name,
            tags=dict(place.tags),
            is_ours=self._mine,
            ssh=ssh(target),
            serial=serial(target),
            outputs=outputs.names,
        )
        return outputs

    def serve(self, outputs: Outputs) -> None:
        """Answer requests until nobody is there to make more."""
        waiting = b""
        while True:
            pause = _PAUSE_SECONDS if self._watched else _LOOK_SECONDS
            if select.select([0], [], [], pause)[0]:
                data = os.read(0, 65536)
                if not data:
                    return
                *lines, waiting = (waiting + data).split(b"\n")
                for line in lines:
                    self._answer(outputs, json.loads(line))
            elif _is_orphan():
                return
            self._look(outputs)

    def _answer(self, outputs: Outputs, request: dict[str, Any]) -> None:
        answer: dict[str, Any] = {"id": request["id"]}
        name = request["name"]
        try:
            if self._reason():
                raise self._lost()
            if request["do"] == "set":
                answer |= outputs.set(name, request["high"])
            elif request["do"] == "unwatch":
                self._watched.pop(name, None)
            else:
                answer |= outputs.get(name)
                if request["do"] == "watch":
                    self._watched.setdefault(name, answer["high"])
        except RefusedError as refusal:
            answer |= refusal.told
        except Exception as error:
            answer |= _failed(error)
        self._told.tell(**answer)

    def _look(self, outputs: Outputs) -> None:
        """Ask for the level of what is watched, and tell what has changed."""
        if self._reason() and not self._is_told:
            self._is_told = True
            self._told.tell(**self._lost().told)
        for name, before in list(self._watched.items()):
            try:
                found = outputs.get(name)
            except Exception as error:
                del self._watched[name]
                self._told.tell(watch=name, **_failed(error))
                continue
            if found["high"] != before:
                self._watched[name] = found["high"]
                self._told.tell(watch=name, **found)

    def _reason(self) -> str:
        """Return why the place is ours no longer, or ""."""
        if self._coordinator.is_lost:
            return "its coordinator is gone"
        place = self._coordinator.session.places.get(self.name)
        us = self._coordinator.us
        if place is None:
            return "somebody deleted it"
        if place.acquired == us or (place.acquired and us in place.allowed):
            return ""
        return f"{place.acquired} has it now" if place.acquired else "somebody released it"

    def _lost(self) -> RefusedError:
        return RefusedError("lost", f"was lost while in use: {self._reason()}")

    def give_back(self) -> None:
        """Release the place if it was taken here, and say how to do it if that fails."""
        if not self._mine:
            return
        try:
            self._coordinator.release(self.name)
        except Exception as error:
            where = self._coordinator.address
            why = getattr(error, "details", str)() or type(error).__name__
            self._told.tell(
                event="unreleased",
                message=f"could not be given back: the coordinator at {where} says: {why}",
                hint=f"free it: labgrid-client -x {where} -p {self.name} release",
            )
            return
        self._mark("")
        self._told.tell(event="released")


def _failed(error: Exception) -> dict[str, Any]:
    text = f"{error}" or type(error).__name__
    return {"event": "error", "kind": "output", "message": text, "hint": ""}


_PARENT = os.getppid()


def _is_orphan() -> bool:
    return os.getppid() != _PARENT


def _leave(number: int, frame: Any) -> None:
    sys.exit(0)


def main() -> None:
    """Read what is wished for, keep the place, and give it back."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    told = Told()
    wish = json.loads(_first_line())
    try:
        import grpc  # noqa: F401
        import labgrid.remote.generated.labgrid_coordinator_pb2  # noqa: F401
    except ImportError as error:
        hint = f"{sys.executable} -m pip install 'labgrid>=25'"
        told.tell(
            **RefusedError("tool", f"{sys.executable} has no usable labgrid: {error}", hint).told
        )
        return
    try:
        keeper = Keeper(wish, told)
        if wish.get("show"):
            keeper.show()
            return
        try:
            keeper.take()
            keeper.serve(keeper.describe())
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            keeper.give_back()
    except RefusedError as refusal:
        told.tell(**refusal.told)
    except Exception as error:
        kind = type(error).__name__
        told.tell(**RefusedError("fault", f"labgrid: {kind}: {error}").told)
        raise


def _first_line() -> str:
    """Return the first line of the input, byte by byte: what follows is read elsewhere."""
    found = b""
    while (byte := os.read(0, 1)) not in (b"", b"\n"):
        found += byte
    return found.decode()


def _run() -> int:
    try:
        main()
    except SystemExit:
        return 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def run() -> None:
    """Do it all, and end this process."""
    status = _run()
    sys.stderr.flush()
    os._exit(status)  # the threads of gRPC have nothing more to say


if __name__ == "__main__":
    run()
