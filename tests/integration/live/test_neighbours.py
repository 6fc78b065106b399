"""Commits of one process reach the followers of another one at once, without Valkey and without a poll."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.domain.commit import Commit
from gateway.live.neighbours import PREFIX, Neighbours
from gateway.live.run_dir import MAX_SOCKET_PATH, socket_path
from gateway.live.wakeup import Wakeup
from tests.contract.storage.changes import written
from tests.integration.live.follower import open_following
from tests.support.command import ROOT
from tests.support.waiting import until

pytestmark = pytest.mark.integration


def sockets(folder: Path) -> list[Path]:
    return list(socket_path(folder, PREFIX).parent.glob(f"{PREFIX}*.sock"))


async def test_a_commit_reaches_the_followers_of_another_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'g.db'}"
    database, tasks = await open_following(url, tmp_path)
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.live.follower",
        url,
        str(tmp_path),
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    await until(lambda: len(sockets(tmp_path)) == 2, "both to listen", within_s=60)
    here = aiter(database.reader.watch(0))
    async with asyncio.timeout(60):
        for n in range(3):
            await database.changes.apply(written(str(n)))
            # The child saw ours, and we see its answer.
            expected = range(4 * n + 1, 4 * n + 5)
            assert [int(await child.stdout.readline()) for _ in expected] == list(expected)
            assert [(await anext(here))["event_seq"] for _ in expected] == list(expected)
    child.send_signal(signal.SIGKILL)
    await child.communicate()
    await database.changes.apply(written("alone"))
    await until(lambda: len(sockets(tmp_path)) == 1, "the dead one's socket to be removed")
    await here.aclose()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await database.aclose()
    assert sockets(tmp_path) == []


async def test_one_that_does_not_listen_costs_the_others_nothing(tmp_path: Path) -> None:
    heard: list[bytes] = []
    deaf, one, two = (Neighbours(tmp_path) for _ in range(3))
    tasks = [asyncio.create_task(one.run(heard.append)), asyncio.create_task(two.run(heard.append))]
    await until(lambda: len(sockets(tmp_path)) == 2, "both to listen")
    stuck = sockets(tmp_path)[0].with_name(f"{PREFIX}0-stuck.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as never_read:
        never_read.bind(str(stuck))
        for burst in range(20):
            for n in range(200):  # more than a socket takes: some are dropped
                one.tell(last := b"%06d" % (200 * burst + n))
            await until(lambda last=last: heard[-1:] == [last], "the last that was told")
    assert heard == sorted(set(heard))
    deaf.tell(b"1")  # it has not begun, and says nothing
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_junk_is_no_event(tmp_path: Path) -> None:
    heard: list[Commit | None] = []

    def hear(commit: Commit | None) -> bool:
        heard.append(commit)
        return True

    task = asyncio.create_task(Wakeup(None, neighbours=Neighbours(tmp_path), hear=hear).run())
    await until(lambda: len(sockets(tmp_path)) == 1, "it to listen")
    (path,) = sockets(tmp_path)
    assert path.parent.stat().st_mode & 0o077 == 0
    junk = (b"", b"short", os.urandom(7), (7).to_bytes(8, "big"), b"[[1,2]]", b"[[2,1,0,[]]]", b"7", b"[" * 5000)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        for text in (*junk, b'[[3,7,1,["00"]]]'):
            other.sendto(text, str(path))
        await until(lambda: heard, "the last one")
    assert heard == [Commit(3, 7, frozenset({"00"}), todo=True)]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("length", range(1, 120))
def test_all_sockets_of_a_folder_lie_together_and_are_short_enough(length: int) -> None:
    folder = Path("/") / ("d" * length)
    paths = [socket_path(folder, name) for name in ("a", "voice", "web+worker", f"{PREFIX}4194304-abcdef")]
    assert len({path.parent for path in paths}) == 1
    assert max(len(str(path)) for path in paths) <= MAX_SOCKET_PATH
