# SPDX-License-Identifier: MIT
"""The commands: each loads what it is about, calls a verb, and prints what that says.

Imports of the verbs stand inside the commands, so that help is there at once.
"""
