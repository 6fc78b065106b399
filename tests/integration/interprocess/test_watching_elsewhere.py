"""Who watches in one process sees what another one writes, by whatever carries the word of it, and without any word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.bootstrap.house import House, open_house
from gateway.interprocess.neighbours import PREFIX
from gateway.interprocess.run_dir import socket_path
from gateway.ports.message import InboundMessage
from gateway.prefill.reader import PrefillReader
from gateway.settings import load
from gateway.storage.commit_net import LAST
from gateway.web.api.hub import EventHub
from tests.support.valkey import RunningValkey
from tests.support.waiting import until

pytestmark = pytest.mark.integration
SOCKETS = 50
LOOKS = 5
PEOPLE = [f"web-{n:026d}" for n in range(SOCKETS)]


def said(key: str, sender: str = PEOPLE[0]) -> InboundMessage:
    return InboundMessage(
        channel="webchat",
        channel_id="web",
        external_id=key,
        sender=sender,
        received_at=datetime.now(UTC),
        text="路灯不亮",
        pulls=True,
    )


@pytest.fixture(autouse=True, scope="module")
def _one_prefill() -> Iterator[None]:
    """It takes seconds to read, never changes, and is the same for every house here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PrefillReader, "of", cache(PrefillReader.of))
        yield


@asynccontextmanager
async def houses(folders: list[Path], url: str, *, redis: str = "") -> AsyncIterator[list[House]]:
    """A web process in each of ``folders`` on one database. Nothing runs in them yet."""
    async with AsyncExitStack() as stack:
        found = []
        for folder in folders:
            folder.mkdir(exist_ok=True)
            config = folder / "gateway.toml"
            config.write_text(
                f'data_dir = "{folder}"\n[database]\nurl = "{url}"\n[redis]\nurl = "{redis}"\n'
                '[[channel]]\nid = "web"\nkind = "webchat"\nflow = "chat"\n'
            )
            found.append(await open_house(load(config), ["web"], stack, migrate=not found))
        yield found


@asynccontextmanager
async def telling(*found: House) -> AsyncIterator[None]:
    """Their processes tell each other of commits. None looks at the log by itself: only the word can bring news."""
    duties = [duty for h in found for duty in (h.base.wakeup.run, h.base.announce, h.written.follow)]
    for house in found:
        await house.base.database.net.look()
    tasks = [asyncio.create_task(duty()) for duty in duties]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def sees(here: House, there: House) -> None:
    """A chat and an event stream of ``here`` get what is written ``there``."""
    await here.written.conversations.receive(said("0"))
    last = await here.base.database.reader.last_event_seq()
    stream = EventHub(here.base.database.reader).follow(last)
    streamed = asyncio.create_task(anext(stream))
    async with here.written.conversations.watch("web", PEOPLE[0]) as news:
        seen = await here.written.conversations.history("web", PEOPLE[0], after=0)
        newer = await here.written.conversations.history("web", PEOPLE[0], after=seen[-1].seq)
        assert newer == []
        await there.written.conversations.receive(said("1"))
        async with asyncio.timeout(60):
            while not newer:  # the look of the process may tell of what it wrote itself
                await anext(news)
                newer = await here.written.conversations.history("web", PEOPLE[0], after=seen[-1].seq)
            assert (await streamed)["event_seq"] == last + 1
        assert [m.text for m in newer if m.direction == "inbound"] == ["路灯不亮"]
    await stream.aclose()


async def test_within_a_machine_by_datagrams(tmp_path: Path) -> None:
    async with houses([tmp_path, tmp_path], "") as found, telling(*found):
        run = socket_path(tmp_path, PREFIX).parent
        await until(lambda: len(list(run.glob(f"{PREFIX}*"))) == len(found), "both to listen")
        await sees(*found)


async def test_between_machines_by_valkey(tmp_path: Path) -> None:
    """On SQLite, which has no notices: nothing else can carry it."""
    folders, url = [tmp_path / "a", tmp_path / "b"], f"sqlite:///{tmp_path / 'record.db'}"
    async with (
        RunningValkey(tmp_path) as valkey,
        houses(folders, url, redis=valkey.server.url) as found,
        telling(*found),
    ):
        await until(lambda: all(h.base.database.committed.doubtful for h in found), "both to listen")
        await sees(*found)


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
@pytest.mark.parametrize("valkey", ["none", "away"])
async def test_between_machines_by_notices_of_the_database(tmp_path: Path, url: str, valkey: str) -> None:
    redis = "" if valkey == "none" else f"unix://{tmp_path}/nobody.sock"
    async with houses([tmp_path / "a", tmp_path / "b"], url, redis=redis) as found, telling(*found):
        await until(lambda: all(h.base.database.committed.doubtful for h in found), "both to listen")
        await sees(*found)


async def test_the_slow_look_finds_what_nobody_told_of(tmp_path: Path, url: str) -> None:
    async with houses([tmp_path / "a", tmp_path / "b"], url) as (here, there):
        duties = (here.base.database.net.run, here.written.follow)
        tasks = [asyncio.create_task(duty()) for duty in duties]
        await sees(here, there)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_idle_chats_and_streams_ask_the_database_nothing(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that the process asks, however many listen, is the slow look's one statement."""
    asked: list[str] = []
    look = str(LAST).partition("WHERE")[0]

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement != "BEGIN":
            asked.append(statement)

    async with AsyncExitStack() as stack:
        here, there = await stack.enter_async_context(houses([tmp_path / "a", tmp_path / "b"], url))
        await here.written.conversations.receive(said("0"))
        hub, woken = EventHub(here.base.database.reader), asyncio.Event()

        async def chat(sender: str) -> None:
            async with here.written.conversations.watch("web", sender) as news:
                async for _ in news:
                    await here.written.conversations.history("web", sender, after=0)
                    if sender == PEOPLE[0]:
                        woken.set()

        async def stream() -> None:
            async for _ in hub.follow(0):
                pass

        monkeypatch.setattr(here.base.database.net, "_poll_s", 0.02)
        duties = (here.base.wakeup.run, here.base.announce, here.base.database.net.run, here.written.follow)
        jobs = [duty() for duty in (*duties, here.web.similar.run)]
        jobs += [chat(sender) for sender in PEOPLE] + [stream() for _ in range(SOCKETS)]
        tasks = [asyncio.create_task(job) for job in jobs]
        await woken.wait()

        async def quiet() -> bool:
            asked.clear()
            await until(lambda: len(asked) >= LOOKS, "some looks")
            return all(statement.startswith(look) for statement in asked)

        sa.event.listen(sa.Engine, "before_cursor_execute", note)
        stack.callback(sa.event.remove, sa.Engine, "before_cursor_execute", note)
        await until(quiet, "the start to be over")
        asked.clear()
        await until(lambda: len(asked) >= LOOKS, "more looks")
        assert all(statement.startswith(look) for statement in asked), set(asked)

        # One person's news costs one person's reading.
        woken.clear()
        await there.written.conversations.receive(said("1"))
        asked.clear()
        await woken.wait()
        await until(quiet, "it to be over")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
