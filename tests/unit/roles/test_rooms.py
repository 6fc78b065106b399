"""A process loads and builds what it runs, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).resolve().parents[3]
BUILD = """
import asyncio, json, sys
from contextlib import AsyncExitStack
from pathlib import Path
from gateway.roles.process import open_house
from gateway.settings import Settings
from gateway.settings.sections import ChannelTable

async def build():
    tables = (ChannelTable(id="hotline", kind="sip"), ChannelTable(id="web", kind="webchat"))
    async with AsyncExitStack() as stack:
        settings = Settings(data_dir=Path(sys.argv[1]), channel=tables)
        house = await open_house(settings, sys.argv[2].split("+"), stack, migrate=True)
        rooms = [name for name in ("voice", "written", "worker", "web") if getattr(house, name) is not None]
        channels = [channel.channel_id for channel in house.channels]
        print(json.dumps({"rooms": rooms, "channels": channels, "modules": sorted(sys.modules)}))

asyncio.run(build())
"""
WEB = {"gateway.web.app", "gateway.web.api.tickets", "gateway.intake.ticket.similar"}
WORKER = {"gateway.feeds.worker", "gateway.intake.call.recover", "gateway.intake.conversation.idle"}
READING = {"gateway.prefill.reader", "gateway.prefill.said", "sklearn"}
VOICE = {"gateway.intake.call.answer", "gateway.intake.call.spool", "gateway.calls.dialogue"}


@pytest.mark.parametrize(
    ("role", "rooms", "channels", "others"),
    [
        ("voice", ["voice"], ["hotline"], WEB | WORKER | READING),
        ("web+worker", ["written", "worker", "web"], ["web"], VOICE),
        ("worker", ["written", "worker"], [], VOICE | WEB),
        ("voice+web+worker", ["voice", "written", "worker", "web"], ["hotline", "web"], set()),
    ],
)
def test_of_the_other_roles_nothing_is_there(
    tmp_path: Path, role: str, rooms: list[str], channels: list[str], others: set[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(tmp_path), role], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["rooms"], found["channels"]) == (rooms, channels)
    assert others & set(found["modules"]) == set()
    assert (WEB | WORKER | VOICE) - others & set(found["modules"])
