# SPDX-License-Identifier: MIT
"""Keeps a place of a labgrid coordinator for one program, and gives it back when that one is gone.

It runs on its own, with the Python of whatever environment has labgrid; it uses that and the
standard library, nothing of rpikit. `labgrid_place` is the other end.
"""
