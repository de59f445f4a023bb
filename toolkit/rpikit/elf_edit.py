# SPDX-License-Identifier: MIT
"""Changes ELF files: keeps an object's hidden symbols to itself, drops a program's symbols, or all.

One way for every toolchain; knows 64-bit little-endian ELF as their linkers write it.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_PROGRAM = struct.Struct("<IIQQQQQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QQq")

_SYMTAB, _STRTAB, _RELA, _NOBITS, _GROUP = 2, 3, 4, 8, 17
_ALLOC = 2
_LOCAL, _HIDDEN = 0, 2
_LOAD = 1


@dataclass(frozen=True)
class _Section:
    name: int
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry_size: int

    def pack(self) -> bytes:
        return _SECTION.pack(*(getattr(self, field) for field in self.__dataclass_fields__))


def _sections(data: bytes | bytearray) -> list[_Section]:
    header = _HEADER.unpack_from(data)
    at, count = header[6], header[12]
    return [
        _Section(*_SECTION.unpack_from(data, at + index * _SECTION.size)) for index in range(count)
    ]


def localize_hidden(data: bytes) -> bytes:
    """Return a relocatable object whose hidden symbols are seen by nobody outside it."""
    edited = bytearray(data)
    sections = _sections(data)
    for index, section in enumerate(sections):
        if section.type == _SYMTAB:
            moved, first_global = _reorder(edited, section)
            at = _HEADER.unpack_from(data)[6] + index * _SECTION.size
            _SECTION.pack_into(edited, at, *_fields(replace(section, info=first_global)))
            _follow(edited, sections, index, moved)
    return bytes(edited)


def _fields(section: _Section) -> Iterable[int]:
    return _SECTION.unpack(section.pack())


def _reorder(edited: bytearray, table: _Section) -> tuple[list[int], int]:
    """Make hidden symbols local and put the local ones first; return where each went."""
    end = table.offset + table.size
    symbols = list(_SYMBOL.iter_unpack(bytes(edited[table.offset : end])))
    for index, (name, info, other, section, value, size) in enumerate(symbols):
        if section != 0 and other & 3 == _HIDDEN:
            symbols[index] = (name, info & 0xF, other & ~3, section, value, size)
    order = sorted(range(len(symbols)), key=lambda index: symbols[index][1] >> 4 != _LOCAL)
    moved = [0] * len(symbols)
    for place, index in enumerate(order):
        moved[index] = place
        _SYMBOL.pack_into(edited, table.offset + place * _SYMBOL.size, *symbols[index])
    return moved, sum(symbol[1] >> 4 == _LOCAL for symbol in symbols)


def _follow(edited: bytearray, sections: list[_Section], table: int, moved: list[int]) -> None:
    """Have relocations and groups name the symbols where they are now."""
    for index, section in enumerate(sections):
        if section.link != table:
            continue
        if section.type == _RELA:
            for at in range(section.offset, section.offset + section.size, _RELOCATION.size):
                place, info, addend = _RELOCATION.unpack_from(edited, at)
                info = moved[info >> 32] << 32 | info & 0xFFFFFFFF
                _RELOCATION.pack_into(edited, at, place, info, addend)
        elif section.type == _GROUP:
            at = _HEADER.unpack_from(edited)[6] + index * _SECTION.size
            _SECTION.pack_into(edited, at, *_fields(replace(section, info=moved[section.info])))


def strip(data: bytes) -> bytes:
    """Return a program without symbols and debug information: what its segments hold, no more."""
    header = list(_HEADER.unpack_from(data))
    sections = _sections(data)
    names_of_old = sections[header[13]]
    end = header[5] + header[10] * _PROGRAM.size
    for index in range(header[10]):
        program = _PROGRAM.unpack_from(data, header[5] + index * _PROGRAM.size)
        end = max(end, program[2] + program[5])
    names = bytearray(b"\0")
    kept = [replace(sections[0], name=0)]
    for section in sections[1:]:
        if section.flags & _ALLOC:
            place = names_of_old.offset + section.name
            name = data[place : data.index(b"\0", place) + 1]
            offset = min(section.offset, end) if section.type == _NOBITS else section.offset
            kept.append(replace(section, name=len(names), offset=offset, link=0, info=0))
            names += name
    own_name = len(names)
    names += b".shstrtab\0"
    kept.append(_Section(own_name, _STRTAB, 0, 0, end, len(names), 0, 0, 1, 0))
    body = data[_HEADER.size : end] + bytes(names)
    body += bytes(-(len(body) + _HEADER.size) % 8)
    header[6], header[12], header[13] = _HEADER.size + len(body), len(kept), len(kept) - 1
    return _HEADER.pack(*header) + body + b"".join(section.pack() for section in kept)


def flat(data: bytes) -> bytes:
    """Return a program as it lies in memory from its first loaded byte on, without what is zero."""
    header = _HEADER.unpack_from(data)
    at, count = header[5], header[10]
    loads = [
        (address, offset, size)
        for kind, _, offset, address, _, size, _, _ in (
            _PROGRAM.unpack_from(data, at + index * _PROGRAM.size) for index in range(count)
        )
        if kind == _LOAD and size
    ]
    first = min(address for address, _, _ in loads)
    memory = bytearray(max(address + size for address, _, size in loads) - first)
    for address, offset, size in loads:
        memory[address - first : address - first + size] = data[offset : offset + size]
    return bytes(memory)
