"""A database server that is gone without a word: a machine switched off, a fail-over to another one, a cable.

Its connections stay up on our side for a quarter of an hour or more (tcp(7), ``tcp_retries2``), and whoever asks on one
of them waits as long: renewals, calls, web requests. The kernel is told to give such a connection up within ``LOST_S``,
whether something was sent or an answer is awaited. How long an answer takes is not limited.
"""

from __future__ import annotations

import os
import socket
from typing import Any

import sqlalchemy as sa

LOST_S = 10
_PROBES = 3
_OPTIONS = {
    "TCP_USER_TIMEOUT": LOST_S * 1000,
    "TCP_KEEPIDLE": LOST_S // 2,
    "TCP_KEEPINTVL": LOST_S // 2 // _PROBES,
    "TCP_KEEPCNT": _PROBES,
}


def give_up_lost_servers(engine: sa.Engine) -> None:
    """Have every connection that ``engine`` opens by asyncpg given up when its server is silent."""

    @sa.event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        # asyncpg has no option for it, and uvloop's socket takes none: its descriptor does.
        known = connection.driver_connection._transport.get_extra_info("socket")  # noqa: SLF001 - it has no name of its own
        if known.family not in {socket.AF_INET, socket.AF_INET6}:
            return
        with socket.socket(fileno=os.dup(known.fileno())) as own:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _OPTIONS.items():
                if hasattr(socket, name):  # not every system has all of them
                    own.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
