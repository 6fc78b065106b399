"""SIGHUP: reloads files in a service, and ends a program whose terminal was closed."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable


def on_hangup(call: Callable[[], object]) -> None:
    """Call ``call`` at SIGHUP; at a terminal the signal keeps its meaning and ends the program."""
    if sys.stdin is None or not sys.stdin.isatty():
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, call)
