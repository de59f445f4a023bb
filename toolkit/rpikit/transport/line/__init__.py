# SPDX-License-Identifier: MIT
"""A serial line with a shell at its other end: reliable bytes over one that drops and flips them.

It knows a port, a shell and a small program that is sent there; nothing of boards or firmware.
"""
