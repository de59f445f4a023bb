# SPDX-License-Identifier: MIT
"""The SCons tools of rpikit: each module is a tool with generate() and exists()."""
