# SPDX-License-Identifier: MIT
"""A flattened device tree as a value: read it, change a property or a node, write it again.

Format: Devicetree Specification v0.4, chapter 5.
"""

import struct
from dataclasses import dataclass, field
from typing import Self

_MAGIC = 0xD00DFEED
_BEGIN_NODE, _END_NODE, _PROP, _NOP, _END = 1, 2, 3, 4, 9
_HEADER = struct.Struct(">10I")
_VERSION, _COMPATIBLE_VERSION = 17, 16


@dataclass
class Node:
    """A node: its properties and children, each by name and in order."""

    properties: dict[str, bytes] = field(default_factory=dict)
    children: dict[str, "Node"] = field(default_factory=dict)

    def at(self, path: str) -> "Node":
        """Return the node at `path` ("/soc/serial@7e201000")."""
        node = self
        for name in path.split("/"):
            node = node.children[name] if name else node
        return node


@dataclass
class Tree:
    """A whole device tree: the root node and the memory reserved by the blob's header."""

    root: Node
    reserved: bytes
    boot_cpu: int

    @classmethod
    def parse(cls, blob: bytes) -> Self:
        """Read a blob; raise ValueError when it is none."""
        if len(blob) < _HEADER.size or _HEADER.unpack_from(blob)[0] != _MAGIC:
            raise ValueError("not a flattened device tree: no 0xd00dfeed at its start")
        _, _, structure, strings, reserved, _, _, boot_cpu, _, _ = _HEADER.unpack_from(blob)
        root = _Reader(blob, structure, strings).tree()
        end = reserved
        while any(blob[end : end + 16]):
            end += 16
        return cls(root, blob[reserved:end], boot_cpu)

    def dump(self) -> bytes:
        """Write the blob."""
        writer = _Writer()
        writer.node("", self.root)
        writer.word(_END)
        reserved = self.reserved + bytes(16)
        at_reserved = _HEADER.size
        at_structure = at_reserved + len(reserved)
        at_strings = at_structure + len(writer.structure)
        total = at_strings + len(writer.strings)
        header = _HEADER.pack(
            _MAGIC, total, at_structure, at_strings, at_reserved, _VERSION, _COMPATIBLE_VERSION,
            self.boot_cpu, len(writer.strings), len(writer.structure),
        )  # fmt: skip
        return header + reserved + bytes(writer.structure + writer.strings)


class _Reader:
    def __init__(self, blob: bytes, structure: int, strings: int) -> None:
        self.blob, self.at, self.strings = blob, structure, strings

    def word(self) -> int:
        value: int = struct.unpack_from(">I", self.blob, self.at)[0]
        self.at += 4
        return value

    def text(self, at: int) -> str:
        return self.blob[at : self.blob.index(0, at)].decode()

    def tree(self) -> Node:
        top = Node()
        path = [top]
        while (token := self.word()) != _END:
            if token == _BEGIN_NODE:
                name = self.text(self.at)
                self.at += (len(name.encode()) + 4) & ~3
                path.append(path[-1].children.setdefault(name, Node()))
            elif token == _END_NODE:
                path.pop()
            elif token == _PROP:
                size, name_at = self.word(), self.word()
                name = self.text(self.strings + name_at)
                path[-1].properties[name] = self.blob[self.at : self.at + size]
                self.at += (size + 3) & ~3
            elif token != _NOP:
                raise ValueError(f"not a flattened device tree: token {token} at {self.at - 4}")
        return top.children[""]


class _Writer:
    def __init__(self) -> None:
        self.structure, self.strings = bytearray(), bytearray()
        self.names: dict[str, int] = {}

    def word(self, value: int) -> None:
        self.structure += struct.pack(">I", value)

    def padded(self, data: bytes) -> None:
        self.structure += data + bytes(-len(data) % 4)

    def name(self, name: str) -> int:
        if name not in self.names:
            self.names[name] = len(self.strings)
            self.strings += name.encode() + b"\0"
        return self.names[name]

    def node(self, name: str, node: Node) -> None:
        self.word(_BEGIN_NODE)
        self.padded(name.encode() + b"\0")
        for key, value in node.properties.items():
            self.word(_PROP)
            self.word(len(value))
            self.word(self.name(key))
            self.padded(value)
        for key, child in node.children.items():
            self.node(key, child)
        self.word(_END_NODE)
