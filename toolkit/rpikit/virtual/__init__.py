# SPDX-License-Identifier: MIT
"""The virtual Pi 3: a raspi3b made of QEMU with Debian's kernel, a real SSH server and pins."""
