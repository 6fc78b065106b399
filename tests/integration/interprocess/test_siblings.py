"""The processes of one machine ask all others at once; who does not answer is told, and waited for by nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.interprocess.connection import Handler, SocketListener
from gateway.interprocess.run_dir import socket_path
from gateway.interprocess.siblings import Siblings

pytestmark = pytest.mark.integration


@asynccontextmanager
async def listening(folder: Path, **answers: Handler) -> AsyncIterator[None]:
    """Processes by name, each with its answer to "how"."""
    async with AsyncExitStack() as stack:
        for name, answer in answers.items():
            listener = SocketListener(socket_path(folder, name), {"how": answer})
            await listener.start()
            stack.push_async_callback(listener.aclose)
        yield


async def well(_: dict[str, Any]) -> dict[str, Any]:
    return {"well": True}


async def never(_: dict[str, Any]) -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


async def test_all_are_asked_at_once_and_who_does_not_answer_is_down(tmp_path: Path) -> None:
    everybody = asyncio.Barrier(3)

    async def together(_: dict[str, Any]) -> dict[str, Any]:
        """The answer comes when the others have been asked, too."""
        await everybody.wait()
        return {"well": True}

    async with listening(tmp_path, voice=together, hung=never, reader=together, other=together):
        found = Siblings(tmp_path, "web", ["voice", "asr-0"])
        assert found.names == ["asr-0", "hung", "other", "reader", "voice"]
        answers = await found.ask("how", found.names)
        assert {name for name, answer in answers.items() if answer == {"well": True}} == {"voice", "reader", "other"}
        assert {name for name, answer in answers.items() if answer is None} == {"asr-0", "hung"}
        await found.aclose()


async def test_itself_and_what_else_lies_in_the_folder_are_no_siblings(tmp_path: Path) -> None:
    for name in ("web", "valkey", "voice", "web+worker-1", "commits-77-0a1b2c", "Voice"):
        path = socket_path(tmp_path, name)
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert Siblings(tmp_path, "web", ["web"]).names == ["voice", "web+worker-1"]


async def test_a_restarted_process_answers_again(tmp_path: Path) -> None:
    found = Siblings(tmp_path, "web", ["voice"])
    for _ in range(3):
        async with listening(tmp_path, voice=well):
            assert await found.ask("how", ["voice"]) == {"voice": {"well": True}}
        assert await found.ask("how", ["voice"]) == {"voice": None}
    await found.aclose()
