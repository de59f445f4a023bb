# SPDX-License-Identifier: MIT
"""SCons tool: from interface descriptions to C, manual pages and Python twins."""

from pathlib import Path
from typing import Any

from rpikit import generate as printer
from rpikit import interface as interfaces
from rpikit.app import App
from rpikit.interface import Interface


def exists(env: Any) -> bool:
    return bool(env)


def generate(env: Any) -> None:
    env["GENERATED"] = {}
    env.AddMethod(generated, "Generated")
    env.AddMethod(app_files, "AppFiles")
    env.AddMethod(table, "Table")


def interfaces_of(env: Any, app: App) -> tuple[Interface, ...]:
    """Return the interfaces of an application, or all there are for a generic tender."""
    names = app.interfaces
    if env["SETTINGS"].generic:
        names = tuple(sorted({*names, *interfaces.names()}))
    return interfaces.load_all(names, app.folder / "interfaces")


def _print(env: Any, target: list[str], source: list[str], texts: dict[str, str]) -> Any:
    """Write texts, whose content decides whether what depends on them is built again."""

    def action(target: list[Any], source: list[Any], env: Any) -> None:
        for node in target:
            text = texts[Path(str(node)).name]
            Path(str(node)).write_text(text, encoding="utf-8", newline="\n")

    nodes = env.Command(target, source, env.Action(action, "$GENCOMSTR"))
    env.Depends(nodes, [env.Value("".join(texts[Path(name).name])) for name in target])
    return nodes


def generated(env: Any, i: Interface, app: App) -> dict[str, Any]:
    """Return the nodes of an interface's files by name; printed once, however many want them."""
    file = interfaces.find(i.name, app.folder / "interfaces")
    folder = env["SETTINGS"].common / "gen"
    if i.name not in env["GENERATED"]:
        texts = printer.interface(i)
        nodes = _print(env, [str(folder / name) for name in texts], [str(file)], texts)
        env["GENERATED"][i.name] = dict(zip(texts, nodes, strict=True))
    made: dict[str, Any] = env["GENERATED"][i.name]
    return made


def app_files(env: Any, app: App) -> dict[str, Any]:
    """Return the nodes of what is printed from an application's description."""
    texts = printer.app(app)
    folder = env["SETTINGS"].folder(app) / "gen"
    source = str(app.folder / "rpikit.toml")
    nodes = _print(env, [str(folder / name) for name in texts], [source], texts)
    return dict(zip(texts, nodes, strict=True))


def table(env: Any, found: tuple[Interface, ...], folder: Path) -> Any:
    """Return the node of a host's table of calls."""
    texts = printer.table(found)
    (name,) = texts
    return _print(env, [str(folder / name)], [], texts)
