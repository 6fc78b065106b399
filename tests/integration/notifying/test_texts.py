"""Notices by text message, over SMPP to the simulated operator."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from channels.sms import SPEC
from gateway.errors import TransientDeliveryError
from gateway.notifying.texts import TextSender
from gateway.ports.message import TextChannel
from gateway.ports.notices import NoticeMessage
from tests.channels.sms.smsc import running_smsc
from tests.support.fakes.house import FakeHouse
from tests.support.waiting import until

pytestmark = pytest.mark.integration
NOTICE = NoticeMessage(
    message_id="1-1-a",
    address="+8613800000001",
    subject="12345 签收超时",
    text="12345 20261130-0000012 签收超时 供水故障 海甸街道 时限 11-30 09:30\nhttps://12345.example/unit/",
    at=datetime(2026, 11, 30, tzinfo=UTC),
)


async def test_it_leaves_by_the_channel_that_runs_here_and_waits_where_none_does(tmp_path: Path) -> None:
    here: list[TextChannel] = []
    sender = TextSender("sms", lambda: here[0] if here else None)
    assert not sender.ready
    with pytest.raises(TransientDeliveryError):
        await sender.send(NOTICE)
    async with running_smsc() as smsc:
        house = FakeHouse()
        table = {
            "provider": "smpp",
            "host": "127.0.0.1",
            "port": smsc.port,
            "system_id": "gateway",
            "password": smsc.password,
            "number": "12345",
        }
        channel = SPEC.build(SPEC.settings(**table), house.context(channel_id="sms", data_dir=tmp_path))
        running = asyncio.create_task(channel.run())
        try:
            await until(lambda: house.health.up, "the link")
            here.append(channel)  # type: ignore[arg-type]  # its SPEC says that it converses
            assert sender.ready
            await sender.send(NOTICE)
        finally:
            await channel.aclose(drain_s=0.1)
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
    assert {one.destination for one in smsc.submitted} == {"8613800000001"}
    text = "".join(
        (one.data[6:] if len(smsc.submitted) > 1 else one.data).decode("utf-16-be") for one in smsc.submitted
    )
    assert text == NOTICE.text
