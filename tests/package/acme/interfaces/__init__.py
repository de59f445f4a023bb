# SPDX-License-Identifier: MIT
"""Interfaces of this package: each .toml file here is one, and the .c file beside it serves it."""
