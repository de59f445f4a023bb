# SPDX-License-Identifier: MIT
"""Boards of this package: each .toml file here is one."""
