"""SIGTERM while a provider has a text and has not yet said so."""

from __future__ import annotations

import json
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.running import RunningGateway
from tests.support.servers import Asked, ThreadedServer
from tests.support.signatures import by_hmac
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration

SECRET = "the citizen cloud's own secret"


class Platform(ThreadedServer):
    """Takes every call-back, and says so once it may."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.taken: list[str] = []
        self.may_say = threading.Event()

    def _answer(self, asked: Asked) -> tuple[int, bytes]:
        self.taken.append(asked.headers["Idempotency-Key"])
        self.may_say.wait(30)
        return 200, b""


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform() as opened:
        yield opened
        opened.may_say.set()


@pytest.mark.parametrize("role", ["web+worker", "voice+web+worker"])
def test_a_text_under_way_is_booked_as_sent_before_its_channel_is_closed(
    tmp_path: Path, platform: Platform, role: str
) -> None:
    """Otherwise the next process would send it again."""
    table = f"""[[channel]]
id = "cloud"
kind = "platform"
source = "ycsmy"
secret = "{SECRET}"
callback_url = "{platform.url}/"
"""
    with RunningGateway(tmp_path, tables=table, role=role) as gateway:
        said = {"event_id": "m-1", "sender": "u-7", "text": "路灯不亮，要投诉"}
        signed = by_hmac(json.dumps(said).encode(), secret=SECRET, at=time.time())
        status, _, answer = gateway.request(
            "POST", "/hooks/cloud", said, token="", headers={"X-Gateway-Signature": signed}
        )
        assert status == 201, answer
        eventually(lambda: platform.taken, what="the call-back")
        assert gateway.process is not None
        gateway.process.send_signal(signal.SIGTERM)
        eventually(lambda: "draining" in gateway.log.read_text(encoding="utf-8"), what="draining")
        platform.may_say.set()
        assert gateway.process.wait(60) == 0
        with closing(sqlite3.connect(gateway.data / "gateway.db")) as database:
            states = database.execute("SELECT message_id, state FROM outbox").fetchall()
    assert states == [(platform.taken[0], "sent")]
    assert len(platform.taken) == 1
