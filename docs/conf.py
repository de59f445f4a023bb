# SPDX-License-Identifier: MIT
"""Sphinx: how the documentation is built; every warning is an error (`scons docs`)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from rpikit import __version__

project = "rpikit"
copyright = "the rpikit authors"
release = __version__

extensions = ["myst_parser", "printed"]
exclude_patterns = ["README.md"]
nitpicky = True
smartquotes = False  # a quote in these pages is one of a program's
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"rpikit {release}"
html_static_path = ["_static"]
html_css_files = ["pictures.css"]
html_copy_source = False
html_show_sphinx = False
templates_path: list[str] = []
