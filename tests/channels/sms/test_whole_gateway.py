"""A whole gateway with SMPP and CMPP: texts become tickets, answers leave, and a killed process loses no part."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.channels.sms.ismg import running_ismg
from tests.channels.sms.smsc import deliver, running_smsc
from tests.support.running import RunningGateway
from tests.support.waiting import eventually, until

pytestmark = pytest.mark.e2e


def tables(smpp_port: int, cmpp_port: int) -> str:
    return f"""
[[channel]]
id = "sms"
kind = "sms"
provider = "smpp"
host = "127.0.0.1"
port = {smpp_port}
system_id = "gateway"
password = "secret"
number = "12345"
reconnect_min_s = 0.1
reconnect_max_s = 0.5
part_timeout_s = 6
[[channel]]
id = "sms-cmpp"
kind = "sms"
provider = "cmpp"
host = "127.0.0.1"
port = {cmpp_port}
sp_id = "900001"
secret = "888888"
number = "10690001"
reconnect_min_s = 0.1
reconnect_max_s = 0.5
"""


def inbound(gateway: RunningGateway, count: int) -> list[dict[str, Any]]:
    def read() -> list[dict[str, Any]]:
        records = [gateway.get(f"/api/v1/tickets/{item['ticket_id']}") for item in gateway.tickets()]
        return records if len(records) >= count else []

    return list(eventually(read, what=f"{count} tickets"))


async def test_texts_become_tickets_and_a_killed_process_loses_no_part(tmp_path: Path) -> None:
    text = "龙华区国贸路10号路灯坏了，" * 8
    data = text.encode("utf-16-be")
    parts = [bytes((5, 0, 3, 9, 2, n + 1)) + data[n * 134 : (n + 1) * 134] for n in range(2)]
    async with running_smsc() as smsc, running_ismg(t_s=1) as ismg:
        gateway = RunningGateway(tmp_path, tables=tables(smsc.port, ismg.port))
        await asyncio.to_thread(gateway.start)
        try:
            await asyncio.wait_for(smsc.bound.wait(), 30)
            assert await smsc.send(deliver("8613800138000", parts[1], esm=0x40)) == 0
            assert await smsc.send(deliver("8613800138009", parts[0], esm=0x40)) == 0  # its end never comes
            gateway.kill("web+worker")
            await until(lambda: not smsc.bound.is_set())
            await asyncio.wait_for(smsc.bound.wait(), 60)
            assert await smsc.send(deliver("8613800138000", parts[0], esm=0x40)) == 0
            ismg.message("13800138001", "海秀路有人占道经营".encode("utf-16-be"))
            records = await asyncio.to_thread(inbound, gateway, 3)
            said = {
                record["requester"]["phone"]: [
                    message["text"]
                    for message in record["interactions"][0]["messages"]
                    if message["direction"] == "inbound"
                ]
                for record in records
            }
            assert said["+8613800138000"] == [text]
            assert said["+8613800138001"] == ["海秀路有人占道经营"]
            assert said["+8613800138009"] == [text[:67] + "[…]〔部分缺失〕"]
            await until(lambda: smsc.submitted and ismg.taken, within_s=30)
            assert smsc.submitted[0].destination == "8613800138000"
            assert ismg.taken[0].number == "13800138001"
        finally:
            await asyncio.to_thread(gateway.stop)
