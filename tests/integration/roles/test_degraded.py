"""A gateway that people get through to, and that is not well: what rings in /readyz, measures and log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

from gateway.intake.channel.rhythm import Rhythm
from gateway.intake.channel.watch import KEY
from gateway.storage.database import open_database
from tests.support.ports import free_port
from tests.support.running import RunningGateway
from tests.support.servers import Asked, ThreadedServer, in_thread, served
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration
TABLES = """
[[channel]]
id = "bot"
kind = "telegram"
mode = "polling"
token = "1234567:an-old-token-of-this-test-that-was-revoked"
base_url = "{outside}"
[[feed]]
id = "cases"
kind = "webhook"
url = "{outside}/cases"
secret = "a secret of this test"
"""


def refusing(asked: Asked) -> tuple[int, bytes]:
    """Everything outside that refuses us: a case system that takes no event, a provider that took the token back."""
    return 422 if asked.path == "/cases" else 401, b'{"ok":false,"error_code":401,"description":"Unauthorized"}'


@pytest.fixture
def outside() -> Iterator[str]:
    with ThreadedServer(refusing) as server:
        yield server.url


def recogniser(port: int) -> AbstractContextManager[str]:
    """One that takes connections and answers pings, in a thread of its own."""

    async def connected(request: web.Request) -> web.WebSocketResponse:
        await (answer := web.WebSocketResponse()).prepare(request)
        async for _ in answer:
            pass
        return answer

    app = web.Application()
    app.router.add_get("/", connected)
    return in_thread(served(app, port=port))


async def _once_busy(data: Path, channel_id: str) -> None:
    """Have a channel that was heard every ten seconds until three hours ago."""
    rhythm, at = Rhythm(), datetime.now(UTC) - timedelta(hours=3)
    for number in range(100):
        rhythm.heard(at + timedelta(seconds=10 * number))
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = await open_database("", data_dir=data, zone=ZoneInfo("Asia/Shanghai"))
    await database.channel_states.put(channel_id, KEY, rhythm.written())
    await database.aclose()


def test_what_is_away_is_named_while_people_get_through(tmp_path: Path, outside: str) -> None:
    port = free_port()
    gateway = RunningGateway(tmp_path, asr_url=f"ws://127.0.0.1:{port}", tables=TABLES.format(outside=outside))
    asyncio.run(_once_busy(gateway.data, "hotline"))
    with gateway:
        contact = {"source": {"name": "test", "event_id": "1"}, "content": "路灯不亮"}
        status, _, body = gateway.request("POST", "/api/v1/contacts", contact, headers={"Idempotency-Key": "1"})
        assert status == 201, body

        def ready(true: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
            def asked() -> dict[str, Any] | None:
                status, _, body = gateway.request("GET", "/readyz", token="")
                found: dict[str, Any] = json.loads(body)
                assert status == 200, found
                return found if true(found) else None

            found: dict[str, Any] = eventually(asked, what="the alarms")
            return found

        wanted = {"channel:bot", "channel:hotline", "feed:cases", "recogniser"}
        found = ready(lambda found: wanted <= set(found["degraded"]))
        names = {(one["name"], one["of"]) for one in found["alarms"]}
        assert names >= {
            ("channel_silent", "hotline"),
            ("channel_token_failed", "bot"),
            ("feed_dead", "cases"),
            ("recogniser_unusable", None),
        }
        measured = gateway.metrics()
        assert measured['gateway_asr_usable{process="voice"}'] == 0
        assert measured['gateway_feed_dead{feed="cases",process="web+worker"}'] >= 1
        assert measured['gateway_channel_silent{channel_id="hotline",process="voice"}'] == 1
        assert measured['gateway_channel_token_ok{channel_id="bot",process="web+worker"}'] == 0
        assert measured['gateway_transcripts_pending{process="web+worker"}'] == 0
        assert [name for name in measured if name.startswith("gateway_recording_free") and "voice" not in name] == []
        for name in ("channel_silent", "channel_token_failed", "feed_dead", "recogniser_unusable"):
            eventually(lambda name=name: name in gateway.log.read_text(encoding="utf-8"), what=name)

        with recogniser(port):
            found = ready(lambda found: "recogniser" not in found["degraded"])
            assert wanted - {"recogniser"} <= set(found["degraded"])
            eventually(lambda: "alarm_over" in gateway.log.read_text(encoding="utf-8"))
