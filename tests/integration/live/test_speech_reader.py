"""What callers say is read by a process of its own, as it would be read here, and its death costs no call its words."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain.change import NewSegment
from gateway.errors import ReaderUnavailable
from gateway.live.connection import Peer
from gateway.live.run_dir import socket_path
from gateway.live.speech_reader import DOWN_S, RemoteReader
from gateway.ports.speech import Understood
from gateway.prefill.said import understand
from tests.support.command import GATEWAY, ROOT
from tests.support.reading import city_prefill
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration
AT = datetime(2026, 11, 23, 9, 30, 0, 125_000, tzinfo=UTC)
SAID = (
    "我姓符，在秀英区长流震这里的路灯坏了，电话幺三八零零幺三八零零零",
    "昨晚十一点多，海口某某物业有限公司收了我三百五十块钱",
    "The street lamp is broken",
)


def segments() -> tuple[NewSegment, ...]:
    return tuple(
        NewSegment(
            seq=n,
            speaker="requester",
            start_ms=n * 1000,
            end_ms=n * 1000 + 900,
            text=text,
            language="en" if text.isascii() else "zh",
            confidence=0.8,
            engine="script",
        )
        for n, text in enumerate(SAID, start=1)
    )


class Process:
    """A reader's process on a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.config = folder / "gateway.toml"
        self.config.write_text(f'data_dir = "{self.data}"\n', encoding="utf-8")
        self.socket = socket_path(self.data, "reader")
        self.running: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        command = [*GATEWAY, "run", "--role", "reader", "--config", str(self.config)]
        self.running = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=sys.stderr)
        await asyncio.to_thread(eventually, self.socket.exists, within_s=60, what="the reader's socket")

    def kill(self) -> None:
        assert self.running is not None
        self.running.send_signal(signal.SIGKILL)
        self.running.wait()
        self.socket.unlink()


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[Process]:
    process = Process(tmp_path)
    await process.start()
    yield process
    assert process.running is not None
    process.running.terminate()
    assert await asyncio.to_thread(process.running.wait, 30) == 0


async def patiently(reader: RemoteReader) -> Understood:
    """Ask until it answers: on a busy machine a first answer may take longer than a call waits."""
    while True:
        try:
            return await reader.read(segments(), AT, new=2)
        except ReaderUnavailable:
            await asyncio.sleep(DOWN_S)


async def test_another_process_reads_the_same_and_is_found_again_after_its_death(process: Process) -> None:
    here = understand(city_prefill(), segments(), AT, new=2)
    assert len(here.reading.guesses) > 5
    assert {m.kind for m in here.reading.mentions} >= {"money", "time", "phone"}
    peer = Peer(process.socket)
    reader = RemoteReader(peer)
    assert await patiently(reader) == here
    process.kill()
    with pytest.raises(ReaderUnavailable):
        await reader.read(segments(), AT, new=2)
    with pytest.raises(ReaderUnavailable, match="a moment ago"):
        await reader.read(segments(), AT, new=2)
    await process.start()
    assert await patiently(reader) == here
    await peer.aclose()
