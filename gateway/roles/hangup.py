"""SIGHUP: a service's wish to read files anew, or a terminal that was closed."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable


def on_hangup(call: Callable[[], object]) -> None:
    """Call this at SIGHUP. At a terminal the signal keeps its meaning: whoever closes the window ends the program."""
    if sys.stdin is None or not sys.stdin.isatty():
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, call)
