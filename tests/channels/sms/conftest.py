"""What the tests of this channel share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from channels.sms import SPEC
from channels.sms.settings import SmsSettings
from gateway.ports.channel import ChannelContext
from tests.support.fakes.house import FakeHouse


@asynccontextmanager
async def running(house: FakeHouse, tmp_path: Path, **options: object) -> AsyncIterator[object]:
    """A channel that runs, from its table's keys, for the house's lifetime of one process."""
    context: ChannelContext = house.context(channel_id="sms", data_dir=tmp_path)
    channel = SPEC.build(SmsSettings(**options), context)
    task = asyncio.create_task(channel.run())
    try:
        yield channel
    finally:
        await channel.aclose(drain_s=1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
