"""One machine's processes as `gateway run` starts them: what one port tells of all, and what the end of one costs."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
import signal
import struct
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway import __version__
from scripts.case_system import CaseSystem
from tests.support.command import GATEWAY, ROOT
from tests.support.ports import free_port
from tests.support.running import RunningGateway
from tests.support.sip import Msg, Peer, Phone, offer
from tests.support.waiting import eventually, until

pytestmark = pytest.mark.integration
LOUD = bytes((0x25, 0xA5, 0x2A, 0xAA)) * 40
PACKET_S = 0.02
TABLES = """
[[channel]]
id = "web"
kind = "webchat"
[[feed]]
id = "cases"
kind = "webhook"
url = "http://127.0.0.1:{closed}/"
secret = "a secret of this test"
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    folder = tmp_path_factory.mktemp("processes")
    with RunningGateway(folder, tables=TABLES.format(closed=free_port())) as running:
        yield running


class Call(asyncio.DatagramProtocol):
    """A call that is up: speaks all the time, and keeps the numbers of the packets that it hears."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.phone: Phone

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if data[1] & 0x7F == 8:  # audio, no telephone event
            self.heard.append(struct.unpack_from("!H", data, 2)[0])

    async def hears(self, more: int) -> None:
        """Until so many further packets have come."""
        wanted = len(self.heard) + more
        await until(lambda: len(self.heard) >= wanted, f"{more} packets of audio")


@asynccontextmanager
async def call(gateway: RunningGateway, user: str, says: bytes = LOUD) -> AsyncIterator[Call]:
    """A call from ``user`` that was answered and says this (A-law) over and over; nothing is hung up at the end."""
    loop = asyncio.get_running_loop()
    peer = await Peer.udp(gateway.sip_port)
    rtp, up = await loop.create_datagram_endpoint(Call, local_addr=("127.0.0.1", 0))
    up.phone = Phone(peer, user=user)
    up.phone.invite(offer(port=rtp.get_extra_info("sockname")[1]))
    ok: Msg = await peer.expect(200, "INVITE")
    up.phone.ack(ok)
    media = re.search(rb"^m=audio (\d+)", ok.body, re.MULTILINE)
    assert media

    async def speak() -> None:
        frames = [says[at : at + 160] for at in range(0, len(says), 160)]
        for number, frame in enumerate(itertools.cycle(frames), start=1):
            head = struct.pack("!BBHII", 0x80, 8, number & 0xFFFF, number * 160, 0x12345)
            rtp.sendto(head + frame, ("127.0.0.1", int(media[1])))
            await asyncio.sleep(PACKET_S)

    speaking = asyncio.create_task(speak())
    try:
        yield up
    finally:
        speaking.cancel()
        rtp.close()
        await peer.close()


def whole(numbers: list[int]) -> bool:
    """Whether no packet of a stream is missing or out of order."""
    return all((b - a) & 0xFFFF == 1 for a, b in itertools.pairwise(numbers))


def processes(text: dict[str, float], metric: str) -> set[str]:
    """Which processes have samples of a metric."""
    return {found[1] for name in text if (found := re.match(rf'{metric}{{.*process="([^"]+)"', name))}


def test_one_port_tells_the_measures_of_all_and_of_each_only_its_own(gateway: RunningGateway) -> None:
    both = {"voice", "web+worker"}
    found = eventually(lambda: (m := gateway.metrics()) and processes(m, "gateway_feed_pending") and m)
    assert all("process=" in name for name in found)
    assert {name: found[f'gateway_process_up{{process="{name}"}}'] for name in both} == dict.fromkeys(both, 1.0)
    for metric in ("gateway_tasks", "process_open_fds", "gateway_accept_seconds_count"):
        assert processes(found, metric) == {*both, "reader"}
    for metric in ("gateway_calls_active", "gateway_rtp_ports_in_use", "gateway_recording_free_fraction"):
        assert processes(found, metric) == {"voice"}
    for metric in ("gateway_feed_pending", "gateway_feed_dead", "gateway_http_requests_total"):
        assert processes(found, metric) == {"web+worker"}
    assert processes(found, "gateway_asr_backlog_seconds") == set(), "there is no recogniser"


def test_voice_is_served_before_the_others(gateway: RunningGateway) -> None:
    nice = {
        name: int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[16])
        for name, pid in gateway.children().items()
    }
    assert nice["web+worker"] == nice["voice"] + 5


async def test_the_end_of_web_and_worker_is_no_matter_to_a_call(gateway: RunningGateway) -> None:
    async with call(gateway, "13900000001") as up:
        await up.hears(25)
        gateway.kill("web+worker")
        await up.hears(50)
        await asyncio.to_thread(gateway.wait_ready)
        await up.hears(25)
        assert whole(up.heard)
        await up.phone.bye()

    def ended() -> dict[str, Any] | None:
        own = (t for t in gateway.tickets() if t["interactions"][0]["external_id"].startswith(up.phone.call_id))
        return next((ticket for ticket in own if ticket["interactions"][0]["ended_at"]), None)

    ticket = await asyncio.to_thread(eventually, ended, what="the call's ticket")
    (own,) = ticket["interactions"]
    assert own["answered_at"]
    assert own["disposition"] not in {"interrupted", "abandoned_before_answer"}
    assert own["recording"]["duration_s"] >= 100 * PACKET_S
    events = (await asyncio.to_thread(gateway.get, f"/api/v1/tickets/{ticket['ticket_id']}/events"))["items"]
    ended = [event for event in events if event["type"] == "interaction.ended"]
    assert [event["data"].get("recovered") for event in ended] == [None]


async def test_the_end_of_voice_is_no_matter_to_who_writes_or_watches(gateway: RunningGateway) -> None:
    api = {"Authorization": f"Bearer {await asyncio.to_thread(lambda: gateway.token)}"}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
        async with http.post(f"{gateway.url}/chat/web/session", json={}) as answer:
            person = {"Authorization": f"Bearer {(await answer.json())['token']}"}

        async def write(number: int) -> None:
            body = {"t": "text", "id": f"message-{number:06d}", "text": f"路灯不亮，第{number}次说"}
            async with http.post(f"{gateway.url}/chat/web/messages", json=body, headers=person) as answer:
                assert answer.status == 200, await answer.text()

        newest = max((t["event_seq"] for t in await asyncio.to_thread(lambda: list(gateway.tickets()))), default=0)
        stream = f"{gateway.url}/api/v1/stream?after={newest}"
        chat = f"{gateway.url}/chat/web/events?after=0"
        async with http.get(stream, headers=api) as watched, http.get(chat, headers=person) as read:
            await write(1)
            gateway.kill("voice")
            down = await asyncio.to_thread(gateway.request, "GET", "/readyz", token="")
            for number in range(2, 6):
                await write(number)
            report = {c["channel_id"]: c for c in (await asyncio.to_thread(gateway.get, "/api/v1/channels"))["items"]}
            measured = await asyncio.to_thread(gateway.metrics)
            await asyncio.to_thread(gateway.wait_ready)
            await write(6)
            seen = [await _next(watched, "event_seq") for _ in range(6)]
            said = await _answers(read, 2)
    assert (down[0], json.loads(down[2])["parts"]) == (
        503,
        {
            "sql": True,
            "flows": True,
            "accepting": True,
            "channel:web": True,
            "process:voice": False,
            "channel:hotline": False,
        },
    )
    assert (report["hotline"]["running"], report["hotline"]["process"]) == (False, None)
    assert (report["web"]["ready"], report["web"]["process"]) == (True, "web+worker")
    assert measured['gateway_process_up{process="voice"}'] == 0
    assert "process:voice" in json.loads(down[2])["degraded"]
    assert seen == list(range(newest + 1, newest + 7)), "one connection, no event missing"
    assert len(said) >= 2, "the second one was asked for while voice was down"


async def _next(stream: aiohttp.ClientResponse, key: str) -> Any:
    """``key`` of the next thing that a stream of events says."""
    while line := await stream.content.readline():
        if line.startswith(b"data: ") and key in (frame := json.loads(line.removeprefix(b"data: "))):
            return frame[key]
    raise AssertionError("the stream ended")


async def _answers(stream: aiohttp.ClientResponse, count: int) -> set[str]:
    """Ids of so many of our messages on a chat's stream."""
    said: set[str] = set()
    while len(said) < count:
        line = await stream.content.readline()
        assert line, "the stream ended"
        frame = json.loads(line.removeprefix(b"data: ")) if line.startswith(b"data: ") else {}
        if frame.get("t") == "message" and frame["from"] == "us":
            said.add(frame["id"])
    return said


def test_status_tells_of_all_processes_what_is_degraded_first(gateway: RunningGateway) -> None:
    gateway.kill("voice")
    gateway.wait_ready()
    voice = gateway.children()["voice"]
    os.kill(voice, signal.SIGSTOP)
    try:
        stopped = json.loads(gateway.cli("status", "--json"))
        text = gateway.cli("status")
    finally:
        os.kill(voice, signal.SIGCONT)
    assert "process_down:voice" in stopped["degraded"]
    assert text.startswith("degraded / 异常: process_down:voice (一个进程没有应答 · A process does not answer)\n")
    assert re.search(r"voice +\d+ .*DOES NOT ANSWER", text)
    told = json.loads(gateway.cli("status", "--json"))
    pids = {name.partition("+")[0]: pid for name, pid in gateway.children().items()}
    assert {one["name"].partition("+")[0]: one["pid"] for one in told["processes"][1:]} == pids
    assert gateway.process is not None
    assert told["processes"][0]["pid"] == gateway.process.pid
    by_name = {one["name"]: one for one in told["processes"]}
    assert by_name["voice"]["restarts"] >= 1
    assert all(one["up"] and one["memory_bytes"] > 1_000_000 and one["since"] for one in told["processes"])
    assert (told["version"], told["calls"]) == (__version__, 0)
    assert told["tickets_today"] == len(list(gateway.tickets()))
    assert {one["channel_id"] for one in told["channels"]} == {"hotline", "web"}
    assert {"gateway_feed_dead", "gateway_feed_pending", "gateway_outbox_pending"} <= {
        one["name"] for one in told["measures"]
    }


def test_the_doctor_finds_a_running_gateway_in_order_and_leaves_it_so(gateway: RunningGateway) -> None:
    gateway.wait_ready()
    before = {path for path in gateway.data.rglob("*") if "recordings" not in path.parts}
    lines = json.loads(gateway.cli("doctor", "--json", "processes", "port", "rights", "sql", "redis", "limits"))
    assert [line for line in lines if line["status"] == "fail"] == []
    said = {line["name"]: line["found"] for line in lines}
    children = gateway.children()
    assert f"held by our own voice (process {children['voice']})" in said["port.sip"]
    assert f"process {children['web+worker']}" in said["port.http"]
    assert "Valkey" in said["redis.reachable"]
    assert said["redis.writable"]
    assert "limit of the running voice" in said["limits.files"]
    assert {path for path in gateway.data.rglob("*") if "recordings" not in path.parts} == before


def test_a_hang_up_signal_reaches_every_process_that_has_flows(gateway: RunningGateway) -> None:
    assert gateway.process is not None
    before = gateway.log.read_text(encoding="utf-8").count("flows_reloaded")
    gateway.process.send_signal(signal.SIGHUP)
    eventually(lambda: gateway.log.read_text(encoding="utf-8").count("flows_reloaded") == before + 2)


def told(gateway: RunningGateway, event: str, key: str) -> bool:
    return any(event in line and key in line for line in gateway.log.read_text(encoding="utf-8").splitlines())


async def test_what_can_change_while_a_call_goes_on_does_and_the_rest_is_told(
    gateway: RunningGateway, tmp_path: Path
) -> None:
    was = gateway.config.read_text(encoding="utf-8")
    receiver = CaseSystem(secret="another secret, as long", log=tmp_path / "cases.jsonl")
    new = re.sub(r'url = "http://127.0.0.1:\d+/"', f'url = "{await receiver.start()}"', was)
    new = new.replace('secret = "a secret of this test"', 'secret = "another secret, as long"\ninclude_empty = true')
    new = new.replace('kind = "sip"', 'kind = "sip"\nmax_calls = 77\nhours = ["mon-sun 00:00-24:00"]')
    new += '[[channel]]\nid = "second"\nkind = "webchat"\n[recording]\nretention_days = 7\n'
    new += '[[channel]]\nid = "lost"\nkind = "sms"\nprovider = "smpp"\nhost = "127.0.0.1"\nport = 9\n'
    new += 'system_id = "hotline"\npassword = "password"\nnumber = "12345"\n'
    session = f"{gateway.url}/chat/second/session"
    lost = 'gateway_channel_connected{channel_id="lost"'

    def hang_up() -> None:
        assert gateway.process is not None
        gateway.process.send_signal(signal.SIGHUP)

    try:
        async with call(gateway, "+8613800138000") as live, aiohttp.ClientSession() as http:

            async def greets(*, is_there: bool = True) -> bool:
                async with http.post(session, json={}) as answer:
                    return answer.status == (HTTPStatus.CREATED if is_there else HTTPStatus.NOT_FOUND)

            def measured(sample: str) -> bool:
                return any(name.startswith(sample) for name in gateway.metrics())

            await live.hears(10)
            assert await greets(is_there=False)
            gateway.config.write_text(new, encoding="utf-8")
            hang_up()
            await until(greets, "the new channel")
            await until(lambda: receiver.summary()["events"] > 0, "the feed at its new place, with its new secret")
            for key in ("channel[hotline].hours", "channel[second]", "feed[cases].url", "feed[cases].secret"):
                await until(lambda key=key: told(gateway, "config_taken", key), f"config_taken {key}")
            await until(lambda: measured(lost), "a channel that is not connected")
            for key in ("channel[hotline].max_calls", "recording.retention_days"):
                await until(lambda key=key: told(gateway, "config_needs_restart", key), f"config_needs_restart {key}")
            assert not told(gateway, "config_taken", "max_calls")

            gateway.config.write_text(new + '[[feed]]\nid = "x"\nkind = "pigeon"\n', encoding="utf-8")
            hang_up()
            await until(lambda: told(gateway, "config_refused", "pigeon"), "config_refused")
            assert await greets()

            gateway.config.write_text(was, encoding="utf-8")
            hang_up()
            await until(lambda: greets(is_there=False), "the end of the channel")
            await until(lambda: not measured(lost), "a channel that is no more alarms no more")
            await live.hears(50)
    finally:
        gateway.config.write_text(was, encoding="utf-8")
        await receiver.stop()
    assert receiver.summary()["bad_signatures"] == 0


@pytest.mark.parametrize("role", ["all", "voice"])
def test_a_second_start_on_the_same_folder_touches_nothing(gateway: RunningGateway, role: str) -> None:
    assert gateway.process is not None
    running = gateway.children()
    sockets = {path.name: path.stat().st_ino for path in (gateway.data / "run").glob("*.sock")}
    second = [*GATEWAY, "run", "--role", role, "--config", str(gateway.config)]
    done = subprocess.run(second, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"data_dir {gateway.data} is in use by pid {gateway.process.pid} ({role})" in done.stderr
    assert gateway.children() == running
    assert {path.name: path.stat().st_ino for path in (gateway.data / "run").glob("*.sock")} == sockets
    assert gateway.get("/readyz", token="")
    assert gateway.cli("users", "list") is not None


async def test_calls_are_drained_while_the_desk_still_answers(tmp_path: Path) -> None:
    gateway = RunningGateway(tmp_path)
    await asyncio.to_thread(gateway.start)
    try:
        assert gateway.token
        async with call(gateway, "13900000002") as up:
            await up.hears(10)
            assert gateway.process is not None
            gateway.process.send_signal(signal.SIGTERM)

            def draining() -> dict[str, Any] | None:
                status, _, body = gateway.request("GET", "/readyz", token="")
                parts: dict[str, Any] = json.loads(body)["parts"]
                return parts if (status, parts["accepting"]) == (503, False) else None

            parts = await asyncio.to_thread(eventually, draining)
            assert parts["process:voice"] is True
            shown = await asyncio.to_thread(lambda: list(gateway.tickets()))
            assert [t["interactions"][0]["disposition"] for t in shown] == [None]
            await up.hears(25)
            assert whole(up.heard)
            await up.phone.bye()
        assert await asyncio.to_thread(gateway.process.wait, 60) == 0
    finally:
        await asyncio.to_thread(gateway.stop)


def test_roles_apart_on_one_machine_find_each_other_and_answer_monitoring_themselves(tmp_path: Path) -> None:
    voice = RunningGateway(tmp_path, role="voice")
    _add(voice.config, f"[health]\nport = {voice.http_port}\n")
    web = RunningGateway(tmp_path / "web", role="web+worker")
    web.config.write_text(web.config.read_text(encoding="utf-8").replace(str(web.data), str(voice.data)), "utf-8")
    with web:
        assert set(web.get("/readyz", token="")["parts"]) == {"sql", "flows", "accepting"}
        with voice:
            assert voice.get("/healthz", token="") == {"status": "ok"}
            assert voice.get("/readyz", token="")["parts"] == dict.fromkeys(
                ("sql", "flows", "accepting", "channel:hotline"), True
            )
            measured = voice.metrics()
            assert all('process="voice"' in name for name in measured)
            assert measured['gateway_calls_active{channel_id="hotline",process="voice"}'] == 0
            assert voice.request("GET", "/api/v1/tickets", token="")[0] == 404
            parts = web.get("/readyz", token="")["parts"]
            assert parts == dict.fromkeys(("sql", "flows", "accepting", "process:voice", "channel:hotline"), True)
            assert processes(web.metrics(), "gateway_calls_active") == {"voice"}
        assert "process:voice" not in web.get("/readyz", token="")["parts"], "it left in order"


def test_everything_in_one_process(tmp_path: Path) -> None:
    with RunningGateway(tmp_path, role="worker+web+voice") as gateway:
        assert set(gateway.get("/readyz", token="")["parts"]) == {"sql", "flows", "accepting", "channel:hotline"}
        assert processes(gateway.metrics(), "gateway_tasks") == {"voice+web+worker"}
        assert gateway.process is not None
        os.kill(gateway.process.pid, signal.SIGTERM)
        assert gateway.process.wait(60) == 0


def _add(config: Path, tables: str) -> None:
    config.write_text(config.read_text(encoding="utf-8") + tables, encoding="utf-8")
