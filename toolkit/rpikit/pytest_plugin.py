# SPDX-License-Identifier: MIT
"""The pytest plugin: a face of the bench."""
