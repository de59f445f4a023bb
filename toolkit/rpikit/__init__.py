# SPDX-License-Identifier: MIT
"""Unikernel firmware for Raspberry Pi boards."""

__version__ = "0.1.0"
