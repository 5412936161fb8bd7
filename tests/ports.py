"""Ports for servers of the tests: found free, and apart for processes side by side."""

import os
import socket

LOWEST, HIGHEST = 20_000, 30_000
APART = 8


def free_ports(count: int) -> int:
    """This will return the first of `count` loopback ports in a row that nobody uses right now."""
    first = LOWEST + os.getpid() * APART % (HIGHEST - LOWEST)
    while not all(_is_free(first + offset) for offset in range(count)):
        first += count
    return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
