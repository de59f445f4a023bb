# SPDX-License-Identifier: MIT
"""Reads a description file into a frozen model, or says what is wrong with it in one line.

Knows TOML, places in a file and how a fault is worded; knows no particular description.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from rpikit import wording
from rpikit.errors import DescriptionError

__all__ = [
    "DescriptionError",
    "FaultsError",
    "FrozenMap",
    "Misfit",
    "Model",
    "Size",
    "fault",
    "format_size",
    "load",
    "missing",
    "nothing",
    "parse_size",
    "read",
    "schema",
    "validate",
]

K = TypeVar("K")
V = TypeVar("V")
M = TypeVar("M", bound=BaseModel)

FrozenMap = Annotated[Mapping[K, V], AfterValidator(MappingProxyType), PlainSerializer(dict)]
"""A table whose keys are not known beforehand; read-only once it is loaded."""

_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_NOTHING = object()

# What tomllib says, and what the writer of the file should do instead.
_SYNTAX_REMEDIES = {
    "Cannot overwrite a value": "this key is given twice; keep one of them",
    "Cannot declare": "this table is given twice; put its keys under one heading",
    "Cannot mutate immutable": "this table was closed by its braces; put all its keys inside them",
    "Invalid value": "this is no value; text stands in double quotes, numbers and true without",
    "Invalid statement": 'this begins no line; write [table], key = "text" or # comment',
    "Illegal character": 'this character cannot stand here; close text with " on its own line',
    "Unterminated": 'the text has no end; close it with "',
    "Unclosed": "the list or table has no end; close it with its bracket",
}


def nothing() -> Mapping[Any, Any]:
    """Return an empty table, which is as frozen as a full one."""
    return MappingProxyType({})


class Model(BaseModel):
    """Part of a description: frozen, strict, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Misfit(ValueError):  # noqa: N818  no error of its own: it becomes a fault
    """Say what would be right; `place` leads from the model that checks to the value at fault."""

    def __init__(self, remedy: str, *place: str | int) -> None:
        super().__init__(remedy)
        self.remedy = remedy
        self.place = place


class FaultsError(DescriptionError):
    """What is wrong with the values of a file: says the first, and has each of them."""

    def __init__(self, each: Sequence[str]) -> None:
        more = f" (and {len(each) - 1} more)" if len(each) > 1 else ""
        super().__init__(f"{each[0]}{more}")
        self.each = tuple(each)


def missing(key: str) -> PydanticCustomError:
    """Return the fault of a key that only some values of the other keys call for."""
    return PydanticCustomError("missing", "missing", {"error": Misfit("missing", key)})


def parse_size(text: object) -> int:
    """Return the bytes of a size such as "2M"."""
    match = re.fullmatch(r"([1-9][0-9]{0,8})([KMG]?)", text) if isinstance(text, str) else None
    if match is None:
        raise Misfit('write a size as text: a whole number and K, M or G, such as "2M"')
    return int(match[1]) * _UNITS.get(match[2], 1)


def format_size(size: int) -> str:
    """Return a size as a description would have it, in the largest unit that leaves no rest."""
    for unit, factor in reversed(_UNITS.items()):
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)


Size = Annotated[
    int,
    BeforeValidator(parse_size),
    WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{0,8}[KMG]?$", "examples": ["2M"]}),
]
"""Bytes, written as "2M"; K, M and G are powers of 1024."""


def fault(
    path: Path, place: str, value: object, remedy: str, *, hint: str | None = None
) -> DescriptionError:
    """Return the error that names file, place, value and remedy."""
    said = wording.value(value)
    where = f"{place} = {said}" if said else place
    return DescriptionError(f"{wording.path(path)}: {where}: {remedy}", hint=hint)


def read(path: Path) -> dict[str, Any]:
    """Return a TOML file's values; its lists become tuples."""
    name = wording.path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DescriptionError(
            f"{name}: there is no such file; looked in {path.absolute().parent}"
        ) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DescriptionError(f"{name}: cannot be read ({reason}); give a file that can") from None
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DescriptionError(
            f"{name}: line {line}: byte {error.object[error.start]:#04x} is not UTF-8; "
            "save the file as UTF-8"
        ) from None
    try:
        return {key: _frozen(value) for key, value in tomllib.loads(text).items()}
    except (ValueError, RecursionError) as error:
        raise DescriptionError(f"{name}: {_syntax(error, text)}") from None


def validate(model: type[M], data: Mapping[str, Any], path: Path) -> M:
    """Return the model of a file's values, or name the file's faults."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        name = wording.path(path)
        raise FaultsError(
            [f"{name}: {one}" for one in wording.faults(error, schema(model), data)]
        ) from None


def load(model: type[M], path: Path) -> M:
    """Read a description file."""
    return validate(model, read(path), path)


def schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of a description file."""
    return model.model_json_schema()


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return value


def _syntax(error: Exception, text: str) -> str:
    """Return place and remedy of a file that is not TOML."""
    if isinstance(error, RecursionError):
        return "lists and tables lie too deep in one another; write it flatter"
    said = str(error)
    match = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", said, re.S)
    if match is None:
        return f"not TOML: {said[:1].lower()}{said[1:]}"
    if not match[2]:
        line = text.rstrip().count("\n") + 1
        return f"line {line}: the file ends too early; close the last list, table or text"
    line, column = int(match[2]), int(match[3])
    remedy = match[1][:1].lower() + match[1][1:]
    for start, better in _SYNTAX_REMEDIES.items():
        if match[1].startswith(start):
            remedy = better
    return f"line {line}, column {column}: {remedy}"
