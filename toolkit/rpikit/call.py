# SPDX-License-Identifier: MIT
"""Calls from a guest to its host: their fields and argument blocks, in C and in Python.

Knows one call at a time; interface.py has what they make together.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from rpikit.describe import Misfit, Model

NUMBER_MAX = 0x7FFFFFF
"""Highest call number: the last 8-byte step of the 1 GiB window of calls (abi/call.h)."""

NAME_MAX = 32
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=NAME_MAX)]
TAKEN = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if "
    "inline int long register restrict return short signed sizeof static struct switch typedef "
    "union unsigned void volatile while args at block host".split()
)
"""Words of C, and names that generated code keeps for itself."""


def _field_name(name: str) -> str:
    if name in TAKEN:
        raise Misfit("this is a word of C or of the generated code; choose another name")
    return name


FieldName = Annotated[Name, AfterValidator(_field_name)]
TypeName = Literal[
    "u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "handle", "time", "result", "buffer"
]


@dataclass(frozen=True)
class FieldType:
    """What a type of field is in C, in Python's struct, and in memory."""

    c: str
    code: str
    size: int
    signed: bool = False


FIELD_TYPES: dict[str, FieldType] = {
    "u8": FieldType("uint8_t", "B", 1),
    "u16": FieldType("uint16_t", "H", 2),
    "u32": FieldType("uint32_t", "I", 4),
    "u64": FieldType("uint64_t", "Q", 8),
    "i8": FieldType("int8_t", "b", 1, signed=True),
    "i16": FieldType("int16_t", "h", 2, signed=True),
    "i32": FieldType("int32_t", "i", 4, signed=True),
    "i64": FieldType("int64_t", "q", 8, signed=True),
    "handle": FieldType("solo5_handle_t", "Q", 8),
    "time": FieldType("solo5_time_t", "Q", 8),
    "result": FieldType("solo5_result_t", "i", 4, signed=True),
    "buffer": FieldType("uint64_t", "Q", 8),
}


class CallField(Model):
    """One member of a call's argument block."""

    name: FieldName = Field(description="What it is called in C and Python.")
    type: TypeName = Field(description="What it holds.")
    direction: Literal["in", "out", "inout"] = Field(
        description="`in`: the guest gives it. `out`: the host answers."
    )
    doc: str = Field(min_length=1, description="What it means.")
    unit: str | None = Field(default=None, description="The unit it counts in.")
    offset: int | None = Field(
        default=None, ge=0, description="Where a C compiler puts it, to be checked; in bytes."
    )
    min: int | None = Field(default=None, description="The least that is let through.")
    max: int | None = Field(
        default=None, description="The most that is let through; of a buffer, in bytes."
    )
    of: Literal["char", "u8"] | None = Field(default=None, description="What a buffer holds.")
    length: Name | None = Field(
        default=None, description="The field with a buffer's size, in bytes."
    )
    size: int | None = Field(default=None, gt=0, description="A buffer's size, when it is fixed.")
    optional: bool = Field(default=False, description="Whether a buffer may be absent.")
    text: bool = Field(
        default=False, description="Whether it ends with a NUL in C, so that the stub counts it."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.is_buffer:
            self._check_buffer()
            return self
        for key in ("of", "length", "size", "optional", "text"):
            if getattr(self, key):
                raise Misfit('this key belongs to fields of type "buffer"', key)
        if self.type == "result" and self.direction != "out":
            raise Misfit('a result is given back: write direction = "out"', "direction")
        for key in ("min", "max"):
            if getattr(self, key) is not None and self.direction == "out":
                raise Misfit("limits are checked on what the guest gives, not on an output", key)
        return self

    def _check_buffer(self) -> None:
        if self.of is None:
            raise Misfit('a buffer says what it holds: of = "char" or of = "u8"')
        if (self.length is None) == (self.size is None):
            raise Misfit("a buffer has either length, the name of a field, or size, in bytes")
        if self.min is not None:
            raise Misfit("a buffer has no min; its length may have one", "min")
        if self.text and (self.of, self.direction, self.size) != ("char", "in", None):
            raise Misfit('a text is given: of = "char", direction = "in" and a length', "text")

    @property
    def is_buffer(self) -> bool:
        return self.type == "buffer"

    @property
    def is_given(self) -> bool:
        """Whether the guest gives it."""
        return self.direction in ("in", "inout")

    @property
    def is_returned(self) -> bool:
        """Whether the host writes it back; a buffer's address never is."""
        return not self.is_buffer and self.direction in ("out", "inout")

    @property
    def c_type(self) -> str:
        """Its type in the guest's and the handler's C."""
        return FIELD_TYPES[self.type].c

    @property
    def block_type(self) -> str:
        """Its type in the argument block, whose layout must not hang on an enum's size."""
        return "int32_t" if self.type == "result" else self.c_type

    @property
    def bytes(self) -> int:
        return FIELD_TYPES[self.type].size

    @property
    def code(self) -> str:
        """Its letter in Python's struct."""
        return FIELD_TYPES[self.type].code

    @property
    def pointer(self) -> str:
        """The type of a buffer's pointer: what an `in` buffer points to is constant."""
        held = "char" if self.of == "char" else "uint8_t"
        return f"const {held} *" if self.direction == "in" else f"{held} *"

    @property
    def parameter(self) -> str:
        """Its parameter in the guest's stub and in the handler."""
        if self.is_buffer:
            return f"{self.pointer}{self.name}"
        return f"{self.c_type} {'*' if self.is_returned else ''}{self.name}"

    @property
    def note(self) -> str:
        """Unit, limits and documentation in one line."""
        parts = [self.doc.strip()]
        if self.unit:
            parts.append(f"In {self.unit}.")
        if self.min is not None and self.max is not None:
            parts.append(f"{self.min} to {self.max}.")
        elif self.max is not None:
            parts.append(f"At most {self.max}.")
        elif self.min is not None:
            parts.append(f"At least {self.min}.")
        return " ".join(parts)


@dataclass(frozen=True)
class Placed:
    """A field at its offset, and the padding in front of it."""

    field: CallField
    offset: int
    padding: int


class Call(Model):
    """One call: a number, an argument block, a meaning."""

    name: Name = Field(description="A verb.")
    number: int = Field(
        ge=1, le=NUMBER_MAX, description="Its number, for ever: inside the interface's range."
    )
    doc: str = Field(min_length=1, description="What it does.")
    fields: tuple[CallField, ...] = Field(
        min_length=1, max_length=16, description="Its argument block, in this order."
    )
    size: int | None = Field(
        default=None, description="The bytes of its argument block, to be checked."
    )
    guest: Annotated[str, Field(pattern=r"^(solo5|guest)_[a-z0-9_]+$")] | None = Field(
        default=None, description="Its name in C; `solo5_INTERFACE_CALL`, unless written."
    )
    visibility: Literal["public", "internal"] = Field(
        default="public", description="Whether applications may call it, or the bindings only."
    )
    returns: Name | None = Field(
        default=None, description="The field that is the C function's value."
    )
    since: str | None = Field(default=None, description="The release that brought it.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        by_name = {field.name: field for field in self.fields}
        for index, field in enumerate(self.fields):
            if by_name[field.name] is not field:
                raise Misfit("two fields have this name; rename one", "fields", index, "name")
            self._check_length(field, by_name.get(field.length or ""), index)
        returned = by_name.get(self.returns or "")
        if self.returns is not None and (returned is None or returned.direction != "out"):
            raise Misfit('write the name of a field with direction = "out"', "returns")
        if self.limited and self.result is None:
            raise Misfit("a call with min or max needs a field of type result, to answer EINVAL")
        self._check_layout()
        return self

    def _check_length(self, field: CallField, length: CallField | None, index: int) -> None:
        if field.length is None:
            return
        if length is None or length.type != "u64" or not length.is_given:
            raise Misfit("write the name of a u64 that the guest gives", "fields", index, "length")

    def _check_layout(self) -> None:
        for index, placed in enumerate(self.layout):
            if placed.field.offset not in (None, placed.offset):
                raise Misfit(
                    f"a C compiler puts this field at {placed.offset}", "fields", index, "offset"
                )
        if self.size not in (None, self.block_size):
            raise Misfit(f"the fields make {self.block_size} bytes", "size")

    @cached_property
    def layout(self) -> tuple[Placed, ...]:
        """The fields where C's rules put them."""
        placed: list[Placed] = []
        at = 0
        for field in self.fields:
            offset = -(-at // field.bytes) * field.bytes
            placed.append(Placed(field, offset, offset - at))
            at = offset + field.bytes
        return tuple(placed)

    @property
    def alignment(self) -> int:
        return max(field.bytes for field in self.fields)

    @property
    def block_size(self) -> int:
        last = self.layout[-1]
        return -(-(last.offset + last.field.bytes) // self.alignment) * self.alignment

    @property
    def tail(self) -> int:
        """Bytes of padding behind the last field."""
        last = self.layout[-1]
        return self.block_size - last.offset - last.field.bytes

    @property
    def struct_format(self) -> str:
        """The block in the language of Python's struct."""
        codes = "".join("x" * p.padding + p.field.code for p in self.layout)
        return "<" + codes + "x" * self.tail

    @property
    def buffers(self) -> tuple[CallField, ...]:
        return tuple(field for field in self.fields if field.is_buffer)

    @property
    def returned(self) -> tuple[CallField, ...]:
        """The fields the host writes back."""
        return tuple(field for field in self.fields if field.is_returned)

    @property
    def is_given(self) -> bool:
        """Whether the guest gives anything at all."""
        return any(field.is_given or field.is_buffer for field in self.fields)

    @property
    def limited(self) -> tuple[CallField, ...]:
        """The fields with a limit on what the guest gives."""
        return tuple(f for f in self.fields if f.min is not None or f.max is not None)

    @property
    def result(self) -> CallField | None:
        return next((field for field in self.fields if field.type == "result"), None)

    @property
    def return_field(self) -> CallField | None:
        return next((field for field in self.fields if field.name == self.returns), None)

    @property
    def return_type(self) -> str:
        field = self.return_field
        return field.c_type if field else "void"

    @property
    def parameters(self) -> tuple[CallField, ...]:
        """The fields that are parameters of the stub and of the handler."""
        return tuple(field for field in self.fields if field is not self.return_field)

    @property
    def texts(self) -> dict[str, CallField]:
        """The texts, by the name of the field with their length, which the stub counts."""
        return {field.length: field for field in self.fields if field.text and field.length}

    @property
    def stub_parameters(self) -> tuple[CallField, ...]:
        """The parameters without lengths that the stub counts."""
        return tuple(field for field in self.parameters if field.name not in self.texts)

    @property
    def outputs(self) -> tuple[CallField, ...]:
        """The returned fields that are parameters: pointers in C."""
        return tuple(field for field in self.parameters if field.is_returned)

    @property
    def struct_name(self) -> str:
        """The block's name in Python."""
        return "".join(word.capitalize() for word in self.name.split("_"))
