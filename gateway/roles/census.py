"""The supervisor's answers about itself and its children, at ``run/supervisor.sock``."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from gateway import __version__
from gateway.interprocess.connection import Body, SocketListener
from gateway.interprocess.run_dir import socket_path
from gateway.roles.child import Child

SUPERVISOR, CHILDREN = "supervisor", "children"
"""Its name among the sockets, and the question."""


@asynccontextmanager
async def telling(data_dir: Path, children: Sequence[Child]) -> AsyncIterator[None]:
    """Answer while inside, also before the children are started."""

    async def answer(_: Body) -> Body:
        return {"version": __version__, "pid": os.getpid(), "children": [_told(child) for child in children]}

    listener = SocketListener(socket_path(data_dir, SUPERVISOR), {CHILDREN: answer})
    await listener.start()
    try:
        yield
    finally:
        await listener.aclose()


def _told(child: Child) -> Body:
    process = child.process
    up = process is not None and process.returncode is None
    return {
        "name": child.spec.name,
        "pid": process.pid if process is not None and up else None,
        "restarts": child.restarts,
        "essential": child.spec.essential,
    }
