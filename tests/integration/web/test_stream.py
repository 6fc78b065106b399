"""Server-sent events: in order, from where one stopped, ended in time."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from gateway.web.api import stream as stream_api
from gateway.web.api.stream import RECHECK_S
from gateway.web.auth import REMEMBER_S, sha256
from gateway.web.server import SHUTDOWN_S
from gateway.web.services import Limits
from tests.support.clocks import SetClock
from tests.support.waiting import until
from tests.support.web_house import PASSWORD, PASSWORD_HASH, WebHouse, web_house

pytestmark = pytest.mark.integration
STREAMS = 12


class Stream:
    """Reads frames of an event stream."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def frame(self) -> dict[str, str]:
        found: dict[str, str] = {}
        while True:
            line = (await asyncio.wait_for(self.answer.content.readline(), 20)).decode()
            if not line:
                return {"end": ""}
            if line == "\n":
                return found
            key, _, value = line.rstrip("\n").partition(": ")
            found[key or "comment"] = value

    async def event(self) -> dict:
        while True:
            frame = await self.frame()
            assert "end" not in frame, "the stream ended"
            if "data" in frame:
                event = json.loads(frame["data"])
                assert int(frame["id"]) == event["event_seq"]
                return event


def stream(house: WebHouse, query: str = "", **headers: str) -> object:
    return house.http.get(f"{house.url}/api/v1/stream{query}", headers={**house.bearer("reader"), **headers})


async def test_events_come_as_they_commit_and_go_on_where_a_client_stopped(house: WebHouse) -> None:
    await house.contact("之前的", event_id="0")
    async with stream(house) as answer:
        assert answer.content_type == "text/event-stream"
        events = Stream(answer)
        assert await events.frame() == {"retry": "2000"}
        made = await house.contact("新的", event_id="1")
        first = await events.event()
        assert (first["type"], first["ticket_id"]) == ("ticket.registered", made["ticket_id"])
        assert "新的" not in str(first)
    async with stream(house, "?after=0") as answer:
        events = Stream(answer)
        assert [(await events.event())["event_seq"] for _ in range(4)] == [1, 2, 3, 4]
    async with stream(house, "?after=0", **{"Last-Event-ID": "3"}) as answer:
        assert (await Stream(answer).event())["event_seq"] == 4


async def test_a_start_that_is_none_is_refused(house: WebHouse) -> None:
    for query, headers in (
        ("?after=-1", {}),
        ("?after=x", {}),
        ("", {"Last-Event-ID": "x"}),
        ("", {"Last-Event-ID": "9" * 30}),
    ):
        async with stream(house, query, **headers) as answer:
            assert answer.status == 400


async def test_a_silent_stream_says_that_it_lives_and_a_client_has_only_so_many(tmp_path: Path) -> None:
    async with web_house(tmp_path, limits=Limits(heartbeat_s=0.05, streams_per_client=2, streams=3)) as house:
        async with stream(house) as one, stream(house) as two:
            events = Stream(one)
            await events.frame()
            assert await events.frame() == {"comment": "alive"}
            async with stream(house) as three:
                assert three.status == 429
            assert two.status == 200

        async def free() -> bool:
            async with stream(house) as again:
                return again.status == 200

        await until(free, "a free stream")


LOG_IN = {"username": "wang", "password": PASSWORD}


async def opened(house: WebHouse, **request: object) -> Stream:
    answer = await house.http.get(f"{house.url}/api/v1/stream", **request)
    assert answer.status == 200
    return Stream(answer)


async def ends(events: Stream) -> None:
    """Wait for the end of the stream, whatever comes before it."""
    async with asyncio.timeout(30):
        while "end" not in await events.frame():
            pass


async def test_a_stream_ends_with_the_session_that_opened_it(house: WebHouse) -> None:
    _, session = await house.ask("POST", "/api/v1/session", None, json=LOG_IN)
    events = await opened(house)
    headers = {"X-CSRF-Token": session["csrf_token"]}
    assert (await house.ask("DELETE", "/api/v1/session", None, headers=headers))[0] == 204
    await ends(events)


async def test_a_stream_ends_when_its_user_is_disabled_or_gets_another_role(house: WebHouse) -> None:
    users = house.database.users
    for change in (
        lambda: users.enable("wang", enabled=False),
        lambda: users.add(username="wang", name="Wang", role="supervisor", password_hash=PASSWORD_HASH),
    ):
        assert (await house.ask("POST", "/api/v1/session", None, json=LOG_IN))[0] == 200
        events = await opened(house)
        await change()
        await ends(events)
        await users.enable("wang", enabled=True)


async def test_a_stream_ends_when_its_token_is_revoked_though_events_keep_coming(house: WebHouse) -> None:
    events = await opened(house, headers=house.bearer("reader"))
    assert await house.database.tokens.remove("reader")

    async def busy() -> None:
        for n in range(100_000):
            await house.contact("又一件", event_id=f"busy-{n}")

    coming = asyncio.create_task(busy())
    try:
        await ends(events)
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


async def test_a_stream_ends_when_its_token_or_session_runs_out_and_keeps_no_session_alive(tmp_path: Path) -> None:
    clock = SetClock()
    async with web_house(tmp_path, clock=clock, session_idle_s=600) as house:
        await house.database.tokens.add(
            name="short",
            scopes=["tickets:read"],
            token_sha256=sha256("token-of-short"),
            expires_at=clock.now() + timedelta(seconds=300),
        )
        by_token = await opened(house, headers=house.bearer("short"))
        assert (await house.ask("POST", "/api/v1/session", None, json=LOG_IN))[0] == 200
        cookie = next(one.value for one in house.http.cookie_jar if one.key == "gateway")
        headers = {"Cookie": f"gateway={cookie}"}
        by_session = await opened(house, headers=headers)
        clock.forward(301)
        await ends(by_token)
        again = await opened(house, headers=headers)
        clock.forward(300)
        await ends(by_session)
        await ends(again)


def test_a_stream_looks_often_enough_to_end_within_five_seconds() -> None:
    assert RECHECK_S + REMEMBER_S <= 4.5


async def test_a_revoked_client_that_takes_no_bytes_is_ended_too(
    house: WebHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stuck(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(stream_api, "_write", stuck)
    events = await opened(house, headers=house.bearer("reader"))
    await house.database.tokens.remove("reader")
    await ends(events)


async def test_closing_the_house_ends_its_streams_at_once(tmp_path: Path) -> None:
    async with web_house(tmp_path) as house:
        answer = await stream(house)
        await Stream(answer).frame()
        loop = asyncio.get_running_loop()
        began = loop.time()
    assert loop.time() - began < SHUTDOWN_S, "closing waited for the client"


async def test_many_streams_are_looked_after_by_one_statement(house: WebHouse) -> None:
    """Each of another session: whether they may go on is asked for all of them at once."""
    looks: list[int] = []

    def note(_connection: object, _cursor: object, statement: str, given: Any, *_: object) -> None:
        if "FROM sessions" in statement:
            looks.append(len(json.loads(given[0])))

    now = house.clock.now()
    async with AsyncExitStack() as stack:
        for n in range(STREAMS):
            cookie = f"cookie-{n}"
            await house.database.sessions.add(sha256(cookie), "wang", now + timedelta(hours=1), now)
            headers = {"Cookie": f"gateway={cookie}"}
            asked = house.http.get(f"{house.url}/api/v1/stream", headers=headers)
            assert await Stream(await stack.enter_async_context(asked)).frame() == {"retry": "2000"}
        sa.event.listen(sa.Engine, "before_cursor_execute", note)
        stack.callback(sa.event.remove, sa.Engine, "before_cursor_execute", note)
        await until(lambda: STREAMS in looks, "one look for all")
