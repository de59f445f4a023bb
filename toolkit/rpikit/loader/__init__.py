# SPDX-License-Identifier: MIT
"""The loader at the other end of a serial line: it takes an image into memory, and starts it.

It knows a port and the loader's protocol; nothing of applications, of builds, or of benches.
"""
