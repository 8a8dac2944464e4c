"""Ports of loopback that nobody has: not now, and not by chance a moment later."""

import random
import socket

# The system gives connections that go out ports from 32,768 on (Linux's ip_local_port_range); a
# newsroom whose tests began while such a connection had port 49,742 could not be served.
PORTS = range(10_000, 32_000)


def free_port(beside: int = 1) -> int:
    """The first of so many ports beside each other that nobody listens on."""
    while True:
        first = random.SystemRandom().choice(PORTS)
        if all(_is_free(port) for port in range(first, first + beside)):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
