# SPDX-License-Identifier: MIT
"""Where the program begins: an interrupt is obeyed without a word even before all is loaded."""

import sys
from typing import NoReturn

from rpikit.errors import EXIT_INTERRUPTED


def main() -> NoReturn:
    """Load the command line and run it."""
    try:
        from rpikit import cli
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    cli.main()


if __name__ == "__main__":
    main()
