"""pyVoIP, a phone that we did not write, registers with digest and calls through us in mu-law, all it offers."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.ports.call import EndReason
from tests.peers.house import share_of, sip_house
from tests.peers.phones import Phones
from tests.support.ports import LOOPBACK, free_port, free_port_range

pytestmark = [pytest.mark.integration, pytest.mark.alone]  # real phones play in real time

SCRIPT = Path(__file__).parent / "pyvoip_phone.py"
TONE_HZ = 700


async def phone(port: int, password: str) -> tuple[int, dict[str, dict[str, Any]], str]:
    """Run the phone once: its exit code, what it said by event, and its errors."""
    low, high = free_port_range(32)
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            str(SCRIPT),
            LOOPBACK,
            str(port),
            "desk7",
            password,
            str(free_port()),
            str(low),
            str(high),
            "2",
        ),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 90)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    said = [json.loads(line) for line in out.decode().splitlines() if line.startswith("{")]
    assert process.returncode is not None
    return process.returncode, {entry["event"]: entry for entry in said}, err.decode()


async def test_it_registers_calls_hears_and_is_heard(tmp_path):
    phones = Phones({"desk7": "geheim 7"})
    async with sip_house(tmp_path, phones=phones) as rig:
        code, said, errors = await phone(rig.port, "geheim 7")
        assert code == 0, (said, errors)
        assert phones.history[0][0] == "desk7"
        assert said["answered"]["state"] == "ANSWERED"
        assert said["talked"]["loud_frames"] >= 25, said
        (call,) = rig.calls
        await rig.quiet()
        assert call.end is EndReason.CALLER_HUNG_UP
        middle = bytes(call.caller[8000:12000])
        assert share_of(middle, TONE_HZ) > 0.8
        assert call.leg.info.from_user == "desk7"


async def test_it_takes_its_registration_back(tmp_path):
    phones = Phones({"desk7": "geheim 7"})
    async with sip_house(tmp_path, phones=phones) as rig:
        code, said, errors = await phone(rig.port, "geheim 7")
        assert code == 0, (said, errors)
        await rig.quiet()
    assert phones.bound.get("desk7") in ({}, None)
    assert [stays for _, _, stays in phones.history][-1] is False


async def test_a_wrong_password_is_refused(tmp_path):
    phones = Phones({"desk7": "geheim 7"})
    async with sip_house(tmp_path, phones=phones) as rig:
        code, said, _ = await phone(rig.port, "guess")
        assert code != 0
        assert "registered" not in said
        assert phones.history == []
        assert rig.calls == []
