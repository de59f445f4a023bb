# SPDX-License-Identifier: MIT
"""What runs on a bench computer, from memory and without rpikit: `bench_pi` sends it there.

Only Python's own library (3.9 and newer), and the module of a driver once a line wants it. Of the
library only what begins at once: pathlib, typing and contextlib take longer than all the rest.
"""
