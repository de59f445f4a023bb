# SPDX-License-Identifier: MIT
"""Sphinx extension: what is printed from the sources of rpikit, so that no fact stands twice.

```{printed} boards          a part below, printed here
```
```{printed} header rpi3b    the header of a board as a picture; each line below names a pin
17 the switch
```
```{printed} bench-watch     what a terminal shows of a bench, as a picture
```
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from printed import (
    bench,
    boards,
    commands,
    configuration,
    exit_codes,
    interfaces,
    metal,
    results,
    system_calls,
)

PARTS: Mapping[str, Callable[[], str]] = {
    "boards": boards.markdown,
    "commands": commands.markdown,
    "configuration": configuration.markdown,
    "exit-codes": exit_codes.markdown,
    "interfaces": interfaces.markdown,
    "metal": metal.markdown,
    "results": results.markdown,
    "installed-system-calls": system_calls.installed,
    "system-calls": system_calls.rules,
}


class Printed(SphinxDirective):
    """Put Markdown, or a picture, that is made from the sources where it stands."""

    has_content = True
    required_arguments = 1
    optional_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """Return what stands in place of the directive."""
        name = self.arguments[0]
        if name == "header":
            marks = (line.split(maxsplit=1) for line in self.content)
            drawn = boards.picture(self.arguments[1], {int(line): text for line, text in marks})
            return [nodes.raw("", drawn, format="html")]
        if name == "bench-watch":
            return [nodes.raw("", bench.watch(), format="html")]
        if name not in PARTS:
            raise self.error(f"printed: there is no part {name!r}; there are {', '.join(PARTS)}")
        # Where there are headings, one comes first: MyST puts what precedes them behind them.
        return list(self.parse_text_to_nodes(PARTS[name](), allow_section_headings=True))


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of the directive; as sources are many, every page is read anew each time."""
    app.add_directive("printed", Printed)
    app.connect("env-get-outdated", lambda app, env, *changed: list(env.found_docs))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
