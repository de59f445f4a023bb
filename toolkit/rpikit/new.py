# SPDX-License-Identifier: MIT
"""The verb new: make a project that builds, flashes and passes its tests at once.

A project is a folder of its own, anywhere; its files come from templates/project. In a file's name
NAME stands for the project's, and "dot-" for a dot.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from rpikit import app, describe, generate, interface, paths, results, wiring, wording
from rpikit.describe import FrozenMap, Model
from rpikit.errors import DescriptionError

DEFAULT = "blink"
_COMMON = "common"
_SUFFIX = ".j2"


class Template(Model):
    """What one kind of project does, in a sentence."""

    does: str


class _Templates(Model):
    templates: FrozenMap[str, Template]


@dataclass(frozen=True)
class Project:
    """A project as its templates see it."""

    name: str
    does: str
    has_interface: bool

    @property
    def identifier(self) -> str:
        """Its name in C and Python."""
        return self.name.replace("-", "_")


@dataclass(frozen=True)
class Made:
    """What was made, and where."""

    folder: Path
    template: str
    files: tuple[str, ...]

    def __str__(self) -> str:
        listed = "\n".join(f"  {name}" for name in self.files)
        here = wording.path(self.folder)
        return f"{here}: a project\n{listed}\nnext: cd {here} && rpikit test ."

    def values(self) -> results.Project:
        """Return it as one flat object for programs."""
        return {
            "project": self.folder.name,
            "folder": str(self.folder),
            "template": self.template,
            "files": list(self.files),
        }


def templates() -> Mapping[str, Template]:
    """Return the kinds of project there are, by name."""
    file = _folder() / "templates.toml"
    found = describe.validate(_Templates, {"templates": describe.read(file)}, file)
    return found.templates


def new(name: str, *, template: str = DEFAULT, parent: Path | None = None) -> Made:
    """Make the project `name` in a folder of that name; nothing is there unless all of it is."""
    known = templates()
    if template not in known:
        raise DescriptionError(
            f"--template {template!r}: there is no such template; write {', '.join(known)}"
        )
    own = (_folder() / template / "interfaces").is_dir()
    _check_name(name, names_an_interface=own)
    texts = _texts(Project(name, known[template].does, own), template)
    folder = (parent or Path()).absolute() / name
    _refuse_existing(folder)
    try:
        _place(texts, folder)
    except FileExistsError:
        _refuse_existing(folder)
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DescriptionError(
            f"{wording.path(folder)}: cannot be made ({reason})",
            hint=f"go to a folder you may write in; this is {folder.parent}",
        ) from None
    return Made(folder, template, tuple(texts))


def _folder() -> Path:
    return paths.data_root() / "templates" / "project"


def _check_name(name: str, *, names_an_interface: bool) -> None:
    """Refuse what cannot be the name of firmware, or of its interface."""
    rest = {"version": "0.1.0", "sources": ("main.c",), "memory": "2M"}
    try:
        app.Firmware.model_validate({"name": name, **rest})
    except ValidationError as error:
        remedy = str(error.errors()[0]["ctx"]["error"])
        raise DescriptionError(f"NAME = {name!r}: {remedy}", hint=_better(name)) from None
    if not names_an_interface:
        return
    identifier = name.replace("-", "_")
    handlers = {file.stem for file in interface.handlers().glob("*.c")}
    if identifier in {*interface.names(), *handlers}:
        raise DescriptionError(
            f"NAME = {name!r}: the interface gets this name, and rpikit has one of this name; "
            "write another",
            hint=f"rpikit new my-{name} --template own-interface",
        )
    if len(identifier) > interface.NAME_MAX:
        raise DescriptionError(
            f"NAME = {name!r}: the interface gets this name; write at most "
            f"{interface.NAME_MAX} characters"
        )


def _better(name: str) -> str | None:
    """Return the command with a name like this one that would be right."""
    last = name.rstrip("/").rpartition("/")[2].lower()
    letters = "".join(one if one.isascii() and one.isalnum() else "-" for one in last)
    better = letters.strip("-").lstrip("0123456789-")[:63].rstrip("-")
    return f"rpikit new {better}" if better else None


def _texts(project: Project, template: str) -> dict[str, str]:
    """Return the project's files by their path in it."""
    texts = {}
    for part in (_COMMON, template):
        for file in (_folder() / part).rglob(f"*{_SUFFIX}"):
            place = file.relative_to(_folder() / part).as_posix().removesuffix(_SUFFIX)
            place = place.replace("NAME", project.identifier).replace("dot-", ".")
            source = file.relative_to(paths.data_root() / "templates").as_posix()
            texts[place] = generate.render(source, project=project)
    return dict(sorted(texts.items()))


def _refuse_existing(folder: Path) -> None:
    if folder.exists() or folder.is_symlink():
        raise DescriptionError(
            f"{wording.path(folder)}: exists already, and was left as it is",
            hint="choose another name, or move it away",
        )


def _place(texts: dict[str, str], folder: Path) -> None:
    """Write the files aside, see that they can be read, and only then give them their name."""
    with tempfile.TemporaryDirectory(prefix=".rpikit-new-", dir=folder.parent) as aside:
        made = Path(aside) / folder.name
        for place, text in texts.items():
            (made / place).parent.mkdir(parents=True, exist_ok=True)
            (made / place).write_text(text, encoding="utf-8", newline="\n")
        _see(made)
        folder.mkdir()  # fails if somebody was faster; then the rename replaces what is empty
        made.rename(folder)


def _see(folder: Path) -> None:
    """Read the descriptions as every other command will."""
    described = app.load(folder)
    interface.load_all(described.interfaces, folder / "interfaces")
    wiring.load(folder / wiring.FILE).check(described)
