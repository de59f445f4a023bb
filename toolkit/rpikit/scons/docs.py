# SPDX-License-Identifier: MIT
"""SCons tool: the documentation, by Sphinx; a warning is an error."""

import subprocess
import sys
from typing import Any


def exists(env: Any) -> bool:
    return bool(env)


def generate(env: Any) -> None:
    env.AddMethod(documentation, "Documentation")


def documentation(env: Any) -> Any:
    """Return what builds docs/ into the folder docs of the build; Sphinx knows what is old."""
    settings = env["SETTINGS"]
    source, out = settings.root / "docs", settings.out / "docs"
    words = ["-W", "--keep-going", "-q", "-b", "html", "-d", str(settings.out / "doctrees")]
    command = [sys.executable, "-m", "sphinx", *words, str(source), str(out)]

    def action(target: list[Any], source: list[Any], env: Any) -> int:
        return subprocess.run(command, check=False).returncode

    node = env.Command(str(out / "index.html"), [], env.Action(action, f"build {out}"))
    return env.AlwaysBuild(node)
