"""Free ports of this machine, for tests that must name one before it is used."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import socket

LOOPBACK = "127.0.0.1"
PORT_STEP = 4


def _own_share(first: int, last: int) -> tuple[int, int]:
    """This process's part of ``first`` to ``last``: of pytest-xdist's workers each has its own."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    size = (last - first) // workers
    return first + number * size, first + (number + 1) * size


SINGLE_PORTS, PORT_RANGES = _own_share(10_000, 16_000), _own_share(16_000, 30_000)
"""Below what the kernel hands out, so that nobody gets a port of ours by chance between our look and its use."""

_steps = itertools.count(random.randrange(*SINGLE_PORTS) // PORT_STEP)


def free_port() -> int:
    """A free port for UDP and TCP on the loopback, and the next three for UDP: SIPp takes audio ports in steps.

    Never the same one twice in a row, so that several can be picked before the first is used.
    """
    first, last = SINGLE_PORTS
    for step in _steps:
        port = first + step * PORT_STEP % (last - first)
        with contextlib.ExitStack() as stack:
            tcp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            try:
                tcp.bind((LOOPBACK, port))
                _hold(stack, range(port, port + PORT_STEP))
            except OSError:
                continue
            return port
    raise AssertionError("unreachable")


def free_port_range(size: int) -> tuple[int, int]:
    """First (even) and last of ``size`` free UDP ports in a row."""
    candidates = list(range(*PORT_RANGES, 64))
    random.shuffle(candidates)  # tests that run beside us look for a range as well
    for first in candidates:
        with contextlib.ExitStack() as stack:
            try:
                _hold(stack, range(first, first + size))
            except OSError:
                continue
            return first, first + size - 1
    raise AssertionError(f"no {size} free UDP ports in a row")


def _hold(stack: contextlib.ExitStack, ports: range) -> None:
    for port in ports:
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind((LOOPBACK, port))
