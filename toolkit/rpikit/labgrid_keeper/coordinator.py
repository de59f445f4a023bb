# SPDX-License-Identifier: MIT
"""A session with a labgrid coordinator: find a place, acquire it, release it."""

import asyncio
import threading
from typing import Any

CONNECT_SECONDS = 10.0
CALL_SECONDS = 15.0


class RefusedError(Exception):
    """What the other end is told; `kind` says whose fault it is."""

    def __init__(self, kind: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.told = {"event": "error", "kind": kind, "message": message, "hint": hint}


class Coordinator:
    """A session with the coordinator, whose messages a thread takes in."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        try:
            self.session = self.call(self._open(), CONNECT_SECONDS)
        except Exception as error:
            raise RefusedError(
                "absent",
                f"no labgrid coordinator answers at {address}",
                f"is it running, and is that its address? labgrid-client -x {address} places",
            ) from error
        self.us = f"{self.session.gethostname()}/{self.session.getuser()}"

    def call(self, coroutine: Any, seconds: float = CALL_SECONDS) -> Any:
        """Run a coroutine to its end; TimeoutError if that takes too long."""

        async def limited() -> Any:
            return await asyncio.wait_for(coroutine, seconds)

        return asyncio.run_coroutine_threadsafe(limited(), self._loop).result()

    async def _open(self) -> Any:
        from labgrid.remote.client import ClientSession
        from labgrid.util.proxy import proxymanager

        where = proxymanager.get_grpc_address(self.address, default_port=20408)
        session = ClientSession(where, asyncio.get_running_loop())
        await session.start()
        return session

    @property
    def is_lost(self) -> bool:
        return bool(self.session.stopping.is_set())

    def place(self, name: str) -> Any:
        """Return the place of this name or alias."""
        places = self.session.places
        aliased = [one for one in places.values() if name in one.aliases]
        if name in places or len(aliased) == 1:
            return places.get(name) or aliased[0]
        raise RefusedError(
            "unknown",
            f"the coordinator at {self.address} has no such place; "
            f"it has {', '.join(sorted(places)) or 'none'}",
            f"labgrid-client -x {self.address} places",
        )

    def acquire(self, place: Any) -> str:
        """Try to acquire a place that nobody has; return why not, or ""."""
        import grpc
        from labgrid.remote.client import UserError
        from labgrid.remote.generated import labgrid_coordinator_pb2 as messages

        try:
            self.session.check_matches(place)
        except UserError as error:
            raise RefusedError(
                "absent",
                " ".join(map(str, error.args)),
                "is the exporter of that resource running?",
            ) from error
        try:
            request = messages.AcquirePlaceRequest(placename=place.name)
            self.call(self.session.stub.AcquirePlace(request))
        except grpc.aio.AioRpcError as error:
            return error.details() or str(error.code())
        self.call(self.session.sync_with_coordinator())
        return ""

    def release(self, place: str) -> None:
        """Release a place, if it is ours."""
        from labgrid.remote.generated import labgrid_coordinator_pb2 as messages

        request = messages.ReleasePlaceRequest(placename=place, fromuser=self.us)
        self.call(self.session.stub.ReleasePlace(request))
