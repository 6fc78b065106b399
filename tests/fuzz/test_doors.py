"""A whole gateway under damaged deliveries at every door: it answers, goes on, and real calls go well."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
import urllib.request
from pathlib import Path

import pytest

from tests.channels.sms.smsc import Smsc
from tests.crash.outside import outside
from tests.fuzz.doors import REFUSED, UNAVAILABLE, Doors, rtp, sip, smpp
from tests.peers.sipp import sipp
from tests.support.ports import free_port_range
from tests.support.running import RunningGateway
from tests.support.waiting import until

pytestmark = pytest.mark.e2e

SEED = 20_261_129
HTTP_INPUTS = 120
SIP_INPUTS = 3000
RTP_INPUTS = 6000
SMPP_INPUTS = 1000
CALLS = 10
GOOD = {"wechat", "platform", "sms", "contacts", "uploads", "open311", "open311 xml", "chat"}
SOAK_S = 3600.0
FAULT = re.compile(r"Traceback|duty_failed|question_failed|never retrieved|sink_failed|flow_failed|channel_failed")
"""What a process says when an input has broken something of ours."""
KEPT = {"gateway_calls_active": 0, "gateway_rtp_ports_in_use": 0}
MEMORY_BYTES = 150 * 1024 * 1024
"""What all processes together may grow by: allocators and caches fill once."""


def chat_token(gateway: RunningGateway) -> str:
    request = urllib.request.Request(
        f"{gateway.url}/chat/web/session", data=b"{}", headers={"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(json.loads(answer.read())["token"])


def memory(gateway: RunningGateway) -> int:
    """Resident bytes of every child."""
    return sum(
        int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) * 1024
        for pid in gateway.children().values()
    )


async def knocked(gateway: RunningGateway, doors: Doors, smsc: Smsc, folder: Path, *, seed: int) -> None:
    """One round at every door beside real calls."""
    folder.mkdir()
    (folder / "caller.alaw").write_bytes(bytes([0x55, 0xD5] * 8000))
    children = gateway.children()
    async with asyncio.TaskGroup() as group:
        calls = group.create_task(
            sipp("call_audio", gateway.sip_port, folder, calls=CALLS, rate=2, hold_ms=2000, trace=False, files=folder)
        )
        statuses = group.create_task(doors.knock(HTTP_INPUTS, seed))
        group.create_task(sip(gateway.sip_port, SIP_INPUTS, seed))
        group.create_task(smpp(smsc, SMPP_INPUTS, seed))
        group.create_task(rtp(gateway.rtp_ports, RTP_INPUTS, seed))
    calls.result().ok(CALLS)
    bad = {door: n for door, n in statuses.result().items() if door[1] >= REFUSED and door[1] != UNAVAILABLE}
    assert not bad, f"seed {seed}: {bad}"
    taken = {door for door, status in statuses.result() if 200 <= status < 300}
    assert taken >= GOOD, f"good deliveries pass: {statuses.result()}"
    assert gateway.children() == children, f"seed {seed}: a process died"

    async def settled() -> bool:
        found = await asyncio.to_thread(gateway.metrics)
        return all(
            value == KEPT[name] for sample, value in found.items() if (name := re.sub(r"\{.*", "", sample)) in KEPT
        )

    await until(settled, "no call and no port is left", within_s=90)
    faults = [line for line in gateway.log.read_text(encoding="utf-8").splitlines() if FAULT.search(line)]
    assert not faults, f"seed {seed}: {faults[:5]}"


async def opened(gateway: RunningGateway) -> Doors:
    await asyncio.to_thread(gateway.start)
    body = {"source": {"name": "app", "event_id": "first"}, "requester": {"kind": "citizen"}, "content": "路灯坏了"}
    _, _, made = await asyncio.to_thread(gateway.request, "POST", "/api/v1/contacts", body)
    token = await asyncio.to_thread(chat_token, gateway)
    return Doors(gateway, token, str(json.loads(made)["ticket_id"]))


async def test_damaged_deliveries_at_every_door_break_nothing(tmp_path: Path) -> None:
    async with outside() as providers:
        gateway = RunningGateway(tmp_path / "gateway", tables=providers.tables, rtp_ports=free_port_range(60))
        try:
            doors = await opened(gateway)
            await knocked(gateway, doors, providers.smsc, tmp_path / "first", seed=SEED)
        finally:
            await asyncio.to_thread(gateway.stop)


@pytest.mark.soak
async def test_damaged_deliveries_for_an_hour_leave_no_memory_behind(tmp_path: Path) -> None:
    async with outside() as providers:
        gateway = RunningGateway(tmp_path / "gateway", tables=providers.tables, rtp_ports=free_port_range(60))
        try:
            doors = await opened(gateway)
            await knocked(gateway, doors, providers.smsc, tmp_path / "warm", seed=SEED)
            before, until_s, turn = memory(gateway), time.monotonic() + SOAK_S, 0
            while time.monotonic() < until_s:
                turn += 1
                await knocked(gateway, doors, providers.smsc, tmp_path / f"turn-{turn}", seed=secrets.randbits(48))
            assert memory(gateway) - before < MEMORY_BYTES
        finally:
            await asyncio.to_thread(gateway.stop)
