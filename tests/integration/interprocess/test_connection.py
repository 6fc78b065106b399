"""What processes of one machine ask each other, over real sockets."""

from __future__ import annotations

import asyncio
import os
import stat
import struct
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import NotFound, PeerDown
from gateway.interprocess.connection import MAX_FRAME, Peer, SocketListener
from gateway.interprocess.run_dir import socket_path

pytestmark = pytest.mark.integration
PATIENCE_S = 20.0


async def echo(body: dict[str, Any]) -> dict[str, Any]:
    return body


async def missing(_: dict[str, Any]) -> dict[str, Any]:
    raise NotFound("no such call")


async def broken(_: dict[str, Any]) -> dict[str, Any]:
    raise ZeroDivisionError


async def never(_: dict[str, Any]) -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


HANDLERS = {"echo": echo, "missing": missing, "broken": broken, "never": never}


async def test_answers_come_to_their_questions_whatever_becomes_of_the_others(tmp_path: Path) -> None:
    path = socket_path(tmp_path, "voice")
    listener, peer = SocketListener(path, HANDLERS), Peer(path)
    await listener.start()
    try:
        slow = asyncio.create_task(peer.ask("never", timeout_s=PATIENCE_S))
        said = [{"n": n, "字": "工单"} for n in range(50)]
        assert await asyncio.gather(*(peer.ask("echo", one, timeout_s=PATIENCE_S) for one in said)) == said
        for verb, code in (("missing", "not_found"), ("broken", "internal"), ("unheard", "unknown_verb")):
            with pytest.raises(PeerDown, match=code):
                await peer.ask(verb, timeout_s=PATIENCE_S)
        assert await peer.ask("echo", {"after": True}, timeout_s=PATIENCE_S) == {"after": True}
    finally:
        await listener.aclose()
    with pytest.raises(PeerDown):
        await slow
    await peer.aclose()


async def test_a_process_that_is_not_there_or_says_nothing_is_down_and_found_again(tmp_path: Path) -> None:
    path = socket_path(tmp_path, "voice")
    peer = Peer(path)
    with pytest.raises(PeerDown):
        await peer.ask("echo", timeout_s=PATIENCE_S)
    first = SocketListener(path, HANDLERS)
    await first.start()
    with pytest.raises(PeerDown, match="TimeoutError"):
        await peer.ask("never", timeout_s=0.01)
    await first.aclose()
    with pytest.raises(PeerDown):
        await peer.ask("echo", timeout_s=PATIENCE_S)
    second = SocketListener(path, HANDLERS)
    await second.start()
    assert await peer.ask("echo", {"again": 1}, timeout_s=PATIENCE_S) == {"again": 1}
    await peer.aclose()
    await second.aclose()


async def test_only_this_user_reaches_the_socket_and_nonsense_costs_one_connection(tmp_path: Path) -> None:
    path = socket_path(tmp_path, "voice")
    listener = SocketListener(path, HANDLERS)
    await listener.start()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    head = struct.Struct("!I")
    for nonsense in (head.pack(MAX_FRAME + 1) + b"x", head.pack(2) + b"[]", head.pack(3) + b"{{{"):
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(nonsense)
        assert await reader.read() == b""
        writer.close()
    peer = Peer(path)
    assert await peer.ask("echo", {"pid": os.getpid()}, timeout_s=PATIENCE_S) == {"pid": os.getpid()}
    await peer.aclose()
    await listener.aclose()
