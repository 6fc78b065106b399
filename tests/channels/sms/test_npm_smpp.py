"""Against npm's ``smpp`` as the SMSC: somebody else's reading of the protocol."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import StoreUnavailable, TransientDeliveryError
from tests.channels.sms.conftest import running
from tests.support.fakes.house import FakeHouse
from tests.support.waiting import until

pytestmark = pytest.mark.integration
PACKAGE = "smpp@0.5.1"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed (Debian: apt-get install nodejs npm)")
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text("{}")
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=180)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"npm cannot install {PACKAGE}: {type(error).__name__}")
    return folder


class NodeSmsc:
    """The process, what it told, and what it is told."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self.asked = 0

    async def listen(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.events.append(json.loads(line))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [one for one in self.events if one["event"] == event]

    def tell(self, **asked: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asked).encode() + b"\n")

    async def deliver(self, **asked: Any) -> int:
        self.asked += 1
        mine = self.asked
        self.tell(op="deliver", id=mine, **asked)
        await until(lambda: any(one["id"] == mine for one in self.of("answered")))
        return int(next(one["status"] for one in self.of("answered") if one["id"] == mine))


@pytest.fixture
async def node(packages: Path) -> AsyncIterator[NodeSmsc]:
    script = Path(__file__).with_name("smsc.cjs")
    process = await asyncio.create_subprocess_exec(
        "node", str(script), str(packages), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    smsc = NodeSmsc(process)
    listening = asyncio.create_task(smsc.listen())
    try:
        await until(lambda: smsc.of("listening"))
        yield smsc
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        await listening


def table(node: NodeSmsc) -> dict[str, object]:
    return {
        "provider": "smpp",
        "host": "127.0.0.1",
        "port": node.of("listening")[0]["port"],
        "system_id": "gateway",
        "password": "Geh3im!",
        "number": "12345",
        "enquire_link_s": 0.2,
        "reconnect_min_s": 0.05,
        "reconnect_max_s": 0.1,
    }


async def test_what_node_delivers_arrives(node: NodeSmsc, tmp_path: Path) -> None:
    house = FakeHouse()
    async with running(house, tmp_path, **table(node)):
        await until(lambda: node.of("bound"))
        assert await node.deliver(**{"from": "8613800138000"}, text="路灯坏了😀") == 0
        assert await node.deliver(**{"from": "8613800138000"}, text="price 5€ [now] @home") == 0
        assert await node.deliver(**{"from": "8613800138000"}, payload="海秀路" * 200) == 0
        words = "龙华区海秀路".encode("utf-16-be")
        for number, half in ((2, words[6:]), (1, words[:6])):
            udh = f"050003070{2}0{number}"
            assert await node.deliver(**{"from": "8613800138001"}, hex=half.hex(), udh=udh, coding=8, esm=0x40) == 0
        assert await node.deliver(**{"from": "8613800138000"}, hex="路灯".encode("gbk").hex(), coding=15) == 0
        house.failure = StoreUnavailable("down")
        assert await node.deliver(**{"from": "8613800138000"}, text="还没修") == 0x64
        house.failure = None
        node.tell(op="drop")
        await until(lambda: len(node.of("bound")) == 2)
        assert await node.deliver(**{"from": "8613800138000"}, text="还没修") == 0
        await until(lambda: node.of("enquired"))
    await until(lambda: node.of("unbound"))
    assert [message.text for message in house.received] == [
        "路灯坏了😀",
        "price 5€ [now] @home",
        "海秀路" * 200,
        "龙华区海秀路",
        "路灯",
        "还没修",
    ]


async def test_what_we_submit_node_reads(node: NodeSmsc, tmp_path: Path) -> None:
    house = FakeHouse()
    async with running(house, tmp_path, **table(node)) as channel:
        await until(lambda: house.health.up)
        node.tell(op="throttle", times=1)
        await until(lambda: node.of("throttling"))
        message = await house.say("sms", "+8613800138000", "ticket {1} 5€")
        with pytest.raises(TransientDeliveryError):
            await channel.send(message)
        assert (await channel.send(message)).external_id == "N1"
        text = "您的工单已受理" * 20 + "😀"
        long = await channel.send(await house.say("sms", "+8613800138000", text))
        await until(lambda: len(node.of("submitted")) == 4)
        first, *parts = node.of("submitted")
        assert (first["text"], first["to"], first["from"], first["coding"]) == (
            "ticket {1} 5€",
            "8613800138000",
            "12345",
            0,
        )
        assert "".join(part["text"] for part in parts) == text
        assert [part["udh"][0][-4:] for part in parts] == ["0301", "0302", "0303"]
        for name in ("N2", "N3", "N4"):
            receipt = (
                f"id:{name} sub:001 dlvrd:001 submit date:2611230117 done date:2611230118 stat:DELIVRD err:000 text:"
            )
            assert await node.deliver(**{"from": "8613800138000"}, text=receipt, esm=4) == 0
        assert [(one.external_id, one.state) for one in house.receipts] == [(long.external_id, "delivered")]
