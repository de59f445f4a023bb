# SPDX-License-Identifier: MIT
"""Interfaces: the contract between a guest and its host, as data.

Knows what calls make together and what that means in C and Python; prints nothing.
"""

import itertools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from rpikit import describe, paths, plugins, wording
from rpikit.call import NAME_MAX as NAME_MAX
from rpikit.call import NUMBER_MAX, Call, Name
from rpikit.describe import Misfit, Model
from rpikit.errors import DescriptionError

CORE = ("clock", "console", "halt", "poll")
"""Interfaces that every guest has."""

SOLO5 = (*CORE, "block", "net")
"""Interfaces of Solo5's own: the bindings have all of them, used or not."""

ON_METAL = (*CORE, "block", "gpio", "led", "switch")
"""What the underlay serves: those with a body in c/backends/bcm2837."""


class Constant(Model):
    """A number that calls give or take, with a name in C."""

    name: Name = Field(description="`NAME` becomes `SOLO5_INTERFACE_NAME` in C.")
    value: int = Field(ge=0, le=0xFFFFFFFF, description="The number.")
    doc: str = Field(min_length=1, description="What it means.")


class Header(Model):
    """What an interface says of itself."""

    name: Name = Field(description="The name of its file.")
    title: str = Field(min_length=1, description="Its name for readers.")
    version: int = Field(ge=1, description="Counts what was appended.")
    since: str = Field(pattern=r"^\d+\.\d+\.\d+$", description="The release that brought it.")
    numbers: tuple[int, int] = Field(
        description="The first and last number of its calls; your own begin at 0x300000."
    )
    doc: str = Field(min_length=1, description="What it is for.")
    device_type: int | None = Field(
        default=None,
        ge=0x40000001,
        le=0xFFFFFFFF,
        description="The type of its devices in a manifest; applications acquire them by name.",
    )
    uses: tuple[Name, ...] = Field(
        default=(),
        description="Devices below its handlers, such as `gpio`: a file on each floor of the host.",
    )


class Interface(Model):
    """Everything an interface file states."""

    interface: Header = Field(description="What holds for all its calls.")
    constant: tuple[Constant, ...] = Field(
        default=(), description="Numbers with names, which its calls give or take."
    )
    call: tuple[Call, ...] = Field(min_length=1, description="Its calls.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        first, last = self.interface.numbers
        if not 1 <= first <= last <= NUMBER_MAX:
            raise Misfit(
                f"write the first and the last number, from 1 to {NUMBER_MAX:#x}",
                "interface",
                "numbers",
            )
        for index, call in enumerate(self.call):
            if self.interface.device_type is not None and call.name == "acquire":
                remedy = "device_type makes such a call; rename this one"
                raise Misfit(remedy, "call", index, "name")
        names = [constant.name for constant in self.constant]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise Misfit("two constants have this name; rename one", "constant", index, "name")
        for index, call in enumerate(self.call):
            for other in self.call[:index]:
                if call.name == other.name:
                    raise Misfit("two calls have this name; rename one", "call", index, "name")
                if call.number == other.number:
                    raise Misfit(
                        f"{other.name} has this number already; append the next free one",
                        "call",
                        index,
                        "number",
                    )
            if not first <= call.number <= last:
                raise Misfit(
                    f"write a number of the interface's range, {first:#x} to {last:#x}",
                    "call",
                    index,
                    "number",
                )
        return self

    @property
    def name(self) -> str:
        return self.interface.name

    @property
    def public_calls(self) -> tuple[Call, ...]:
        return tuple(call for call in self.call if call.visibility == "public")

    @property
    def counts(self) -> bool:
        """Whether a stub counts the characters of a text."""
        return any(call.texts for call in self.call)

    @property
    def internal_calls(self) -> tuple[Call, ...]:
        return tuple(call for call in self.call if call.visibility == "internal")

    def macro(self, constant: Constant) -> str:
        """Return a constant's name in C."""
        return f"SOLO5_{self.name}_{constant.name}".upper()

    def enumerator(self, call: Call) -> str:
        """Return the call's number's name in C."""
        return f"CALL_{self.name}_{call.name}".upper()

    def block(self, call: Call) -> str:
        """Return the tag of the call's argument block in C."""
        return f"{self.name}_{call.name}_args"

    def handler(self, call: Call) -> str:
        """Return the name of the function that serves the call on the host."""
        return f"{self.name}_{call.name}"

    @property
    def acquire(self) -> str:
        """Return the name of the guest's function that acquires its devices."""
        return f"solo5_{self.name}_acquire"

    def stub(self, call: Call) -> str:
        """Return the name of the function that makes the call in the guest."""
        return call.guest or f"solo5_{self.name}_{call.name}"


def load(path: Path) -> Interface:
    """Read an interface file."""
    interface = describe.load(Interface, path)
    if interface.name != path.stem:
        raise describe.fault(
            path, "interface.name", interface.name, f"write the file's name, {path.stem!r}"
        )
    return interface


def folder() -> Path:
    """Return the folder of the interfaces that come with rpikit."""
    return paths.data_root() / "c" / "interfaces"


def names() -> tuple[str, ...]:
    """Return the names of the interfaces that come with rpikit."""
    return tuple(sorted(path.stem for path in folder().glob("*.toml")))


def find(name: str, own: Path | None = None) -> Path:
    """Return the file of an interface: the application's `own` folder first, then rpikit's.

    Last come those of other packages.
    """
    if re.fullmatch(r"[a-z][a-z0-9_]*", name):
        for place in (own, folder(), *plugins.folders(plugins.INTERFACES)):
            if place is not None and (place / f"{name}.toml").is_file():
                return place / f"{name}.toml"
    known = sorted({*names(), *(path.stem for path in own.glob("*.toml"))} if own else names())
    raise DescriptionError(
        f"interfaces: there is no interface {name!r}; there are {', '.join(known)}",
        hint=f"describe it in {own / (name + '.toml')}" if own else None,
    )


def handlers() -> Path:
    """Return the folder of the handlers that come with rpikit."""
    return paths.data_root() / "c" / "devices"


def handler_file(name: str, own: Path) -> Path | None:
    """Return the C file that serves an interface: the application's, rpikit's, or a package's."""
    places = (own, handlers(), *plugins.folders(plugins.INTERFACES))
    files = (place / f"{name}.c" for place in places)
    return next((file for file in files if file.is_file()), None)


def check_handlers(found: tuple[Interface, ...], own: Path) -> None:
    """Refuse an interface that nobody serves."""
    for i in found:
        if handler_file(i.name, own) is None:
            calls = ", ".join(f"{i.handler(call)}()" for call in i.call)
            raise DescriptionError(
                f"{wording.path(own / i.name)}.c: there is no such file; write it, with {calls}",
                hint=f'begin with #include "host_{i.name}.h", which says what they look like',
            )


def load_all(wanted: tuple[str, ...], own: Path | None = None) -> tuple[Interface, ...]:
    """Read the named interfaces, in the order of their numbers, and see that none overlap."""
    return apart([load(find(name, own)) for name in wanted])


def apart(found: Iterable[Interface]) -> tuple[Interface, ...]:
    """Return interfaces in the order of their numbers; refuse some that overlap."""
    interfaces = sorted(found, key=lambda one: one.interface.numbers)
    for one, other in itertools.pairwise(interfaces):
        if one.interface.numbers[1] >= other.interface.numbers[0]:
            raise DescriptionError(
                f"interfaces: {one.name} and {other.name} share the number "
                f"{other.interface.numbers[0]:#x}",
                hint=f"give {other.name} numbers from {one.interface.numbers[1] + 1:#x} on",
            )
    return tuple(interfaces)
