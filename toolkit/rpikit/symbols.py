# SPDX-License-Identifier: MIT
"""From an address in a program to functions and source lines, by its DWARF, else its symbols.

Knows one file and no consoles. What the compiler inlined is shown as the calls it stands for.
"""

import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from elftools.common.exceptions import ELFError
from elftools.elf.sections import SymbolTableSection

from rpikit import elf, results

if TYPE_CHECKING:
    from elftools.dwarf.compileunit import CompileUnit
    from elftools.dwarf.die import DIE
    from elftools.dwarf.dwarfinfo import DWARFInfo
    from elftools.elf.elffile import ELFFile

_CALLS = {"DW_TAG_subprogram", "DW_TAG_inlined_subroutine"}
_NAMES = ("DW_AT_name", "DW_AT_linkage_name")
_LINKS = ("DW_AT_abstract_origin", "DW_AT_specification")
_EXECUTED = 4  # SHF_EXECINSTR
_NEAR = ("app/", "rpikit/", "build/")
"""What a build writes instead of the folders of an application, of rpikit and its own (scons)."""


@dataclass(frozen=True)
class Place:
    """A place in a program's source; `inlined` if the compiler put it into the next place."""

    function: str
    file: str | None
    line: int | None
    inlined: bool = False

    def __str__(self) -> str:
        where = "" if self.file is None else f" at {self.file}"
        where += f":{self.line}" if where and self.line else ""
        return f"{self.function}{where}{' (inlined)' if self.inlined else ''}"

    def values(self) -> results.Place:
        """Return it as one object for programs."""
        return {
            "function": self.function,
            "file": self.file,
            "line": self.line,
            "inlined": self.inlined,
        }


@dataclass(frozen=True)
class _Call:
    """Code of one function, or of one call that was inlined; `depth` grows inwards."""

    begin: int
    end: int
    depth: int
    function: str
    call_file: str | None  # where an inlined function was called
    call_line: int | None


@dataclass(frozen=True)
class _Row:
    """Code from here on belongs to this line, up to the next row."""

    address: int
    file: str
    line: int
    ends: bool  # nothing is known from here on


class Symbols:
    """The symbols of one program; `build_id` tells which build it is."""

    def __init__(
        self,
        path: Path,
        build_id: str | None,
        calls: list[_Call],
        rows: list[_Row],
        functions: list[tuple[int, int, str]],
    ) -> None:
        self.path = path
        self.build_id = build_id
        self._calls = calls
        self._rows = sorted(rows, key=lambda row: (row.address, not row.ends))
        self._functions = sorted(functions)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a program; FirmwareError if it is none. Without DWARF, its symbols have to do."""
        with elf.opened(path, "program with symbols") as file:
            build_id = elf.build_id_of(file)
            functions = list(_functions(file))
            code = _code(file)
            try:
                calls, rows = _debug_info(file)
            except Exception as error:  # pyelftools raises whatever it comes upon in noise
                raise ELFError(f"its debug information cannot be read: {error}") from error
        # What the linker threw away is still described, at addresses where nothing is.
        calls = [one for one in calls if any(low <= one.begin < high for low, high in code)]
        rows = [one for one in rows if any(low <= one.address <= high for low, high in code)]
        return cls(path, build_id, calls, rows, functions)

    def places(self, address: int) -> tuple[Place, ...]:
        """Return where an address is, the innermost call first; () if nothing is known of it."""
        around = [one for one in self._calls if one.begin <= address < one.end]
        around.sort(key=lambda one: -one.depth)
        file, line = self._line(address)
        places = []
        for at, call in enumerate(around):
            inlined = at < len(around) - 1
            places.append(Place(call.function, file, line, inlined))
            file, line = call.call_file, call.call_line
        if places:
            return tuple(places)
        name = self._function(address)
        return () if name is None else (Place(name, file, line),)

    def files(self) -> set[str]:
        """Return the files of which lines became instructions of the program."""
        return {row.file for row in self._rows if not row.ends}

    def has(self, function: str) -> bool:
        """Whether a function is in the program, be it inlined."""
        return any(one.function == function for one in self._calls)

    def caller(self, address: int) -> tuple[Place, ...]:
        """Return where the call is that returns to an address."""
        return self.places(address - 1)

    def _line(self, address: int) -> tuple[str | None, int | None]:
        at = bisect.bisect_right(self._rows, address, key=lambda row: row.address) - 1
        if at < 0 or self._rows[at].ends:
            return None, None
        return self._rows[at].file, self._rows[at].line

    def _function(self, address: int) -> str | None:
        at = bisect.bisect_right(self._functions, address, key=lambda one: one[0]) - 1
        if at < 0:
            return None
        begin, size, name = self._functions[at]
        offset = address - begin
        if size and offset >= size:
            return None
        return f"{name}+{offset:#x}" if offset else name


def _code(file: "ELFFile") -> list[tuple[int, int]]:
    """Return where sections with code begin and end."""
    return [
        (one["sh_addr"], one["sh_addr"] + one["sh_size"])
        for one in file.iter_sections()
        if one["sh_flags"] & _EXECUTED
    ]


def _functions(file: "ELFFile") -> Iterator[tuple[int, int, str]]:
    """Give begin, size and name of what the symbol table has in executable sections."""
    table = file.get_section_by_name(".symtab")
    if not isinstance(table, SymbolTableSection):
        return
    runs = [bool(section["sh_flags"] & _EXECUTED) for section in file.iter_sections()]
    for symbol in table.iter_symbols():
        index, kind = symbol["st_shndx"], symbol["st_info"]["type"]
        # Labels of assembly have no type; names that begin with $ mark code and data.
        if not isinstance(index, int) or index >= len(runs) or not runs[index]:
            continue
        if kind not in ("STT_FUNC", "STT_NOTYPE"):
            continue
        if symbol.name and not symbol.name.startswith("$"):
            yield symbol["st_value"], symbol["st_size"], symbol.name


def _debug_info(file: "ELFFile") -> tuple[list[_Call], list[_Row]]:
    if not file.has_dwarf_info(strict=True):
        return [], []
    info = file.get_dwarf_info()
    calls: list[_Call] = []
    rows: list[_Row] = []
    for unit in info.iter_CUs():
        files = _Files(info, unit)
        rows += files.rows()
        base = _number(unit.get_top_DIE(), "DW_AT_low_pc") or 0
        _collect(info, unit.get_top_DIE(), base, files, 0, calls)
    return calls, rows


def _collect(
    info: "DWARFInfo", die: "DIE", base: int, files: "_Files", depth: int, calls: list[_Call]
) -> None:
    """Add every call below an entry; lexical blocks and namespaces are looked through."""
    for child in die.iter_children():
        inner = depth
        if child.tag in _CALLS:
            inner = depth + 1
            name = _name(child)
            for begin, end in _ranges(info, child, base) if name else ():
                calls.append(
                    _Call(
                        begin,
                        end,
                        inner,
                        name,
                        files.name(_number(child, "DW_AT_call_file")),
                        _number(child, "DW_AT_call_line"),
                    )
                )
        if child.has_children:
            _collect(info, child, base, files, inner, calls)


def _ranges(info: "DWARFInfo", die: "DIE", base: int) -> Iterator[tuple[int, int]]:
    """Give the addresses of an entry, from begin to before end."""
    low, high = _number(die, "DW_AT_low_pc"), die.attributes.get("DW_AT_high_pc")
    if low is not None and high is not None:
        yield low, high.value if high.form == "DW_FORM_addr" else low + high.value
    elif "DW_AT_ranges" in die.attributes:
        lists: Any = info.range_lists()
        if lists is None:
            return
        offset = _number(die, "DW_AT_ranges")
        for entry in lists.get_range_list_at_offset(offset, cu=die.cu):
            if hasattr(entry, "base_address"):
                base = entry.base_address
            elif getattr(entry, "is_absolute", False):
                yield entry.begin_offset, entry.end_offset
            else:
                yield base + entry.begin_offset, base + entry.end_offset


class _Files:
    """The files that one unit's line program names."""

    def __init__(self, info: "DWARFInfo", unit: "CompileUnit") -> None:
        self._program: Any = info.line_program_for_CU(unit)
        self._unit = unit

    def name(self, index: int | None) -> str | None:
        """Return a file's name, with its folder, as the user knows it."""
        if index is None or self._program is None:
            return None
        header = self._program.header
        at = index if header.version >= 5 else index - 1
        if not 0 <= at < len(header.file_entry):
            return None
        entry = header.file_entry[at]
        name = _text(entry.name)
        folders = header.include_directory
        of = entry.dir_index if header.version >= 5 else entry.dir_index - 1
        folder = _text(_path(folders[of])) if 0 <= of < len(folders) else ""
        is_whole = name.startswith(("/", *_NEAR)) or not folder
        whole = name if is_whole else f"{folder}/{name}"
        return next((whole.removeprefix(one) for one in _NEAR if whole.startswith(one)), whole)

    def rows(self) -> Iterator[_Row]:
        """Give the rows of the line table."""
        if self._program is None:
            return
        for entry in self._program.get_entries():
            state = entry.state
            if state is not None and (state.line or state.end_sequence):
                name = self.name(state.file) or "?"
                yield _Row(state.address, name, state.line, state.end_sequence)


def _name(die: "DIE") -> str:
    """Return the name of a function, which may stand where it was declared or first described."""
    for _ in range(8):
        for attribute in _NAMES:
            if attribute in die.attributes:
                return _text(die.attributes[attribute].value)
        link = next((one for one in _LINKS if one in die.attributes), None)
        if link is None:
            break
        die = die.get_DIE_from_attribute(link)
    return ""


def _number(die: "DIE", attribute: str) -> int | None:
    value = die.attributes.get(attribute)
    return value.value if value is not None and isinstance(value.value, int) else None


def _path(entry: Any) -> Any:
    return entry if isinstance(entry, bytes) else getattr(entry, "name", entry)


def _text(name: Any) -> str:
    return name.decode(errors="backslashreplace") if isinstance(name, bytes) else str(name)
