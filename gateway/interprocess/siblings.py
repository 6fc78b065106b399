"""Questions to the other processes of this machine, all at once; a missing answer delays no other one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from pathlib import Path

from gateway.errors import PeerDown
from gateway.interprocess.connection import Body, Peer
from gateway.interprocess.run_dir import socket_path

PATIENCE_S = 0.5
"""Seconds that an answer may take; a process that needs longer counts as down."""
_PROCESS = re.compile(r"(?!valkey$|supervisor$|commits-)[a-z]+(\+[a-z]+)*(-\d+)?")
"""What processes are called. Valkey's socket, the supervisor's and those told of commits lie in the same folder."""


class Siblings:
    """The processes that share a ``data_dir`` with this one.

    Known are those that a supervisor says it runs, up or not, and every other one whose socket lies there.
    """

    def __init__(self, data_dir: Path, own: str, expected: Iterable[str] = ()) -> None:
        """``own`` is this process's name and never asked; ``expected`` count as down until they answer."""
        self._data_dir = data_dir
        self._own = own
        self._expected = frozenset(expected)
        self._peers: dict[str, Peer] = {}

    @property
    def names(self) -> list[str]:
        """All of them, in a fixed order."""
        folder = socket_path(self._data_dir, self._own).parent
        found = {path.stem for path in folder.glob("*.sock") if _PROCESS.fullmatch(path.stem)}
        return sorted((found | self._expected) - {self._own})

    async def ask(self, verb: str, names: Iterable[str]) -> dict[str, Body | None]:
        """The answer of each of ``names``; None: there was none within ``PATIENCE_S``."""
        asked = list(names)
        return dict(zip(asked, await asyncio.gather(*(self._ask(name, verb) for name in asked)), strict=True))

    async def aclose(self) -> None:
        """Close the connections."""
        peers = tuple(self._peers.values())
        self._peers.clear()
        await asyncio.gather(*(peer.aclose() for peer in peers))

    async def _ask(self, name: str, verb: str) -> Body | None:
        peer = self._peers.get(name)
        if peer is None:
            peer = self._peers[name] = Peer(socket_path(self._data_dir, name))
        try:
            return await peer.ask(verb, timeout_s=PATIENCE_S)
        except PeerDown:
            return None
