# SPDX-License-Identifier: MIT
"""What a place has: the ways to its board, and its digital outputs with the drivers that fit."""

import os
import time
from typing import Any

from .coordinator import RefusedError


class Outputs:
    """The digital outputs of a place, each with the labgrid driver that fits it."""

    def __init__(self, target: Any) -> None:
        import labgrid.driver  # noqa: F401  (registers them)
        from labgrid.factory import target_factory
        from labgrid.protocol import DigitalOutputProtocol

        self._target = target
        self._drivers: dict[str, Any] = {}
        self._kinds: dict[str, tuple[Any, str]] = {}
        for driver in target_factory.drivers.values():
            if not issubclass(driver, DigitalOutputProtocol) or len(driver.bindings) != 1:
                continue
            ((key, wanted),) = driver.bindings.items()
            names = wanted if isinstance(wanted, (set, frozenset, list, tuple)) else {wanted}
            for resource in target.resources:
                if type(resource).__name__ in names:
                    self._kinds[resource.name] = (driver, key)

    @property
    def names(self) -> list[str]:
        return sorted(self._kinds)

    def driver(self, name: str) -> Any:
        if name not in self._drivers:
            kind, key = self._kinds[name]
            self._target.set_binding_map({key: name})
            driver = kind(self._target, name=f"rpikit-{name}")
            self._target.activate(driver)
            self._drivers[name] = driver
        return self._drivers[name]

    def set(self, name: str, high: bool) -> dict[str, Any]:
        """Bring an output to a level; the stamp is that of asking, the earliest it can be."""
        driver = self.driver(name)
        asked = time.monotonic_ns()
        driver.set(high)
        return {"at_ns": asked}

    def get(self, name: str) -> dict[str, Any]:
        """Return an output's level; the stamp is that of the answer, the latest it can be."""
        high = bool(self.driver(name).get())
        return {"high": high, "at_ns": time.monotonic_ns()}


def _only(target: Any, kind: str, preferred: str) -> Any:
    """Return the one resource of a kind; of several, the one of the name that is preferred."""
    found = [one for one in target.resources if type(one).__name__ == kind]
    if len(found) > 1:
        named = [one for one in found if one.name == preferred]
        if len(named) != 1:
            names = ", ".join(sorted(one.name for one in found))
            raise RefusedError(
                "ambiguous",
                f"has {len(found)} resources of the kind {kind}: {names}",
                f"name one of them {preferred!r}: labgrid-client add-named-match",
            )
        return named[0]
    return found[0] if found else None


def _reached(resource: Any, host: str, port: int) -> tuple[str, int]:
    """Return where a resource is for us, through the exporter's proxy where it asks for one."""
    extra = getattr(resource, "extra", None) or {}
    proxy = extra.get("proxy") if extra.get("proxy_required") else os.environ.get("LG_PROXY")
    if not proxy:
        return host, port
    from labgrid.util.ssh import sshmanager

    return "127.0.0.1", int(sshmanager.request_forward(proxy, host, port))


def ssh(target: Any) -> dict[str, Any] | None:
    service = _only(target, "NetworkService", "ssh")
    if service is None:
        return None
    host, port = _reached(service, service.address, service.port)
    return {
        "host": host,
        "port": port,
        "user": service.username,
        "password": service.password or None,
    }


def serial(target: Any) -> dict[str, Any] | None:
    port = _only(target, "NetworkSerialPort", "console")
    if port is None or port.port is None:
        return None
    host, number = _reached(port, port.host, port.port)
    scheme = "rfc2217" if port.protocol == "rfc2217" else "socket"
    shown = f"[{host}]" if ":" in host else host
    return {"url": f"{scheme}://{shown}:{number}", "baud": port.speed}
