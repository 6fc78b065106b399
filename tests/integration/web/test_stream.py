"""Server-sent events: in order, from where one stopped, ended in time."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from gateway.web.server import SHUTDOWN_S
from gateway.web.services import Limits
from tests.integration.web.house import WebHouse, web_house
from tests.support.waiting import until

pytestmark = pytest.mark.integration


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


async def test_a_stream_ends_with_the_session_that_opened_it(tmp_path: Path) -> None:
    async with web_house(tmp_path, limits=Limits(heartbeat_s=0.05)) as house:
        body = {"username": "wang", "password": "correct horse 47"}
        _, session = await house.ask("POST", "/api/v1/session", None, json=body)
        async with house.http.get(f"{house.url}/api/v1/stream") as answer:
            events = Stream(answer)
            assert answer.status == 200
            headers = {"X-CSRF-Token": session["csrf_token"]}
            status, _ = await house.ask("DELETE", "/api/v1/session", None, headers=headers)
            assert status == 204

            async def ended() -> bool:
                return "end" in await events.frame()

            await until(ended, "the end of the stream")


async def test_closing_the_house_ends_its_streams_at_once(tmp_path: Path) -> None:
    async with web_house(tmp_path) as house:
        answer = await stream(house)
        await Stream(answer).frame()
        loop = asyncio.get_running_loop()
        began = loop.time()
    assert loop.time() - began < SHUTDOWN_S, "closing waited for the client"
