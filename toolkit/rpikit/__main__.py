# SPDX-License-Identifier: MIT
"""Where the program begins: an interrupt is obeyed without a word even before all is loaded."""

try:
    import os
    import signal

    # While modules load, an exception would come out of them in whatever form they give it.
    # 130 is errors.EXIT_INTERRUPTED, which is not loaded yet.
    meanwhile = signal.signal(signal.SIGINT, lambda *_: os._exit(130))
except KeyboardInterrupt:
    raise SystemExit(130) from None


def main() -> None:
    """Load the command line and run it."""
    from rpikit import cli

    signal.signal(signal.SIGINT, meanwhile)
    cli.main()


if __name__ == "__main__":
    main()
