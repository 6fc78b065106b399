"""SIPp calls the SIP channel straight and through a record-routing Kamailio, over UDP and TCP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.ports.call import EndReason
from tests.peers.house import Heard, Rig, sip_house, tone
from tests.peers.kamailio import MARK, kamailio
from tests.peers.processes import program, running
from tests.peers.sipp import Message, Outcome, sipp
from tests.support.ports import LOOPBACK, free_port
from tests.support.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.alone]  # real phones play in real time

WAYS = {
    # name: (through Kamailio, caller's transport, transport from Kamailio to us)
    "straight-udp": (False, "udp", "udp"),
    "straight-tcp": (False, "tcp", "tcp"),
    "proxy-udp": (True, "udp", "udp"),
    "proxy-tcp": (True, "tcp", "tcp"),
    "proxy-tcp-to-udp": (True, "tcp", "udp"),  # two Record-Route values: one for each side of the proxy
    "proxy-udp-to-tcp": (True, "udp", "tcp"),
}


@dataclass
class Way:
    """A rig and how calls reach it."""

    rig: Rig
    port: int
    transport: str
    proxied: bool
    folder: Path

    async def call(self, scenario: str, **options: object) -> Outcome:
        """Run a scenario and check the route set on everything that passed."""
        outcome = await sipp(scenario, self.port, self.folder, transport=self.transport, **options)  # type: ignore[arg-type] # passed on
        if self.proxied:
            self.check_routes(outcome)
        return outcome

    def check_routes(self, outcome: Outcome) -> None:
        """Our 200 copies Record-Route, our own requests come by the proxy, and the caller's reach us by it."""
        for answer in outcome.received("SIP/2.0 200", "1 INVITE"):
            assert answer.all("Record-Route"), f"200 without Record-Route:\n{answer.text}"
        for request in (m for m in outcome.messages if m.received and not m.first_line.startswith("SIP/2.0")):
            assert request.all(MARK), f"{request.first_line} did not follow the route set:\n{request.text}"
        for entry in self.rig.trace():
            if entry["dir"] == "in" and entry["first_line"].split()[0] in {"ACK", "BYE", "UPDATE"}:
                assert f"127.0.0.1:{self.port}" in entry["raw"].split("\n")[1], entry["raw"]


@contextlib.asynccontextmanager
async def on(name: str, folder: Path, **options: object) -> AsyncIterator[Way]:
    """The rig, straight or behind Kamailio."""
    program("sipp", "sip-tester")
    proxied, outside, inside = WAYS[name]
    async with sip_house(folder / "house", **options) as rig, contextlib.AsyncExitStack() as stack:
        port = rig.port
        if proxied:
            suffix = ";transport=tcp" if inside == "tcp" else ""
            proxy = await stack.enter_async_context(kamailio(folder / "kamailio", [f"{LOOPBACK}:{rig.port}{suffix}"]))
            port = proxy.port
        yield Way(rig=rig, port=port, transport=outside, proxied=proxied, folder=folder)
        await rig.quiet()


def answers_of(outcome: Outcome, cseq: str) -> list[Message]:
    """Final answers to one request."""
    return [m for m in outcome.received("SIP/2.0 ", cseq) if not m.first_line.startswith("SIP/2.0 1")]


@pytest.mark.parametrize("way", WAYS)
async def test_a_call_that_the_caller_ends(way, tmp_path):
    async with on(way, tmp_path) as here:
        outcome = await here.call("call")
        outcome.ok()
        assert len(outcome.received("SIP/2.0 180")) >= 1
        (answer,) = outcome.received("SIP/2.0 200", "INVITE")
        assert "m=audio" in answer.body
        assert " 8 " in f"{answer.body.split('m=audio', 1)[1].splitlines()[0]} "
    assert [call.end for call in here.rig.calls] == [EndReason.CALLER_HUNG_UP]


@pytest.mark.parametrize("way", WAYS)
async def test_a_call_that_we_end(way, tmp_path):
    async def goodbye(call: Heard) -> None:
        await call.leg.answer()
        await call.leg.play(tone(1000, 0.3)).wait()
        await call.leg.hangup()

    async with on(way, tmp_path) as here:
        here.rig.script = goodbye
        outcome = await here.call("called_party_hangs_up")
        outcome.ok()
        assert len(outcome.received("BYE ")) == 1
    assert [call.end for call in here.rig.calls] == [EndReason.WE_HUNG_UP]


@pytest.mark.parametrize("way", WAYS)
async def test_a_cancel_gives_487_and_never_a_200(way, tmp_path):
    async def commit_slowly(call: Heard) -> None:
        await asyncio.wait({call.leg.ended}, timeout=10)
        await call.leg.answer()

    async with on(way, tmp_path) as here:
        here.rig.script = commit_slowly
        outcome = await here.call("cancel")
        outcome.ok()
        assert [m.first_line.split()[1] for m in answers_of(outcome, "1 INVITE")] == ["487"]
        sent = [e for e in here.rig.trace() if e["dir"] == "out" and e["cseq"].endswith("INVITE")]
        assert not [e for e in sent if e["first_line"].startswith("SIP/2.0 200")]
    assert [call.end for call in here.rig.calls] == [EndReason.CANCELLED]


@pytest.mark.parametrize("way", WAYS)
async def test_hold_and_resume_by_reinvite(way, tmp_path):
    async with on(way, tmp_path) as here:
        outcome = await here.call("hold")
        outcome.ok()
        assert [len(outcome.received("SIP/2.0 200", f"{n} INVITE")) for n in (2, 3, 4)] == [1, 1, 1]
    (call,) = here.rig.calls
    assert call.end is EndReason.CALLER_HUNG_UP


@pytest.mark.parametrize("way", ["straight-udp", "proxy-udp"])
async def test_hold_and_resume_by_update(way, tmp_path):
    async with on(way, tmp_path) as here:
        (await here.call("hold_by_update")).ok()


@pytest.mark.parametrize("way", ["straight-udp", "proxy-udp"])
async def test_on_hold_our_sending_stops_and_goes_on_afterwards(way, tmp_path):
    held = []

    async def watch(call: Heard) -> None:
        await call.leg.answer()
        playing = asyncio.create_task(forever(call))
        try:
            await until(lambda: call.leg.on_hold or call.leg.ended.done(), "held")
            held.append(call.leg.on_hold)
            await until(lambda: not call.leg.on_hold or call.leg.ended.done(), "resumed")
            held.append(call.leg.on_hold)
            await call.leg.ended
        finally:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)

    async def forever(call: Heard) -> None:
        while True:
            await call.leg.play(tone(1000, 1.0)).wait()

    async with on(way, tmp_path) as here:
        here.rig.script = watch
        (await here.call("hold")).ok()
    assert held == [True, False]


@pytest.mark.parametrize("way", WAYS)
async def test_a_delayed_offer(way, tmp_path):
    async with on(way, tmp_path) as here:
        (await here.call("delayed_offer")).ok()
    assert [call.end for call in here.rig.calls] == [EndReason.CALLER_HUNG_UP]


@pytest.mark.parametrize("way", ["straight-udp", "straight-tcp", "proxy-udp"])
async def test_an_answer_that_is_never_acknowledged_is_repeated_and_then_ended(way, tmp_path):
    async with on(way, tmp_path, t1_ms=30) as here:
        outcome = await here.call("no_ack")
        outcome.ok()
        assert len(outcome.received("SIP/2.0 200", "INVITE")) >= 3
    assert [call.end for call in here.rig.calls] == [EndReason.SIGNALLING_LOST]


@pytest.mark.parametrize("way", ["straight-udp", "straight-tcp", "proxy-udp"])
async def test_an_unknown_extension_is_refused_by_name(way, tmp_path):
    async with on(way, tmp_path) as here:
        (await here.call("unknown_extension")).ok()
    assert here.rig.calls == []


@pytest.mark.parametrize("way", ["straight-udp", "straight-tcp", "proxy-udp"])
async def test_options(way, tmp_path):
    async with on(way, tmp_path) as here:
        (await here.call("options")).ok()


@pytest.mark.parametrize("way", ["straight-udp", "straight-tcp", "proxy-udp"])
async def test_many_calls_at_once_leave_nothing_behind(way, tmp_path):
    async with on(way, tmp_path) as here:
        (await here.call("call", calls=60, rate=60, hold_ms=500, trace=False)).ok(60)
    assert len(here.rig.calls) == 60
    assert {call.end for call in here.rig.calls} == {EndReason.CALLER_HUNG_UP}


async def test_when_one_gateway_drains_the_next_one_takes_the_calls(tmp_path):
    program("sipp", "sip-tester")
    async with sip_house(tmp_path / "a") as first, sip_house(tmp_path / "b") as second:
        gateways = [f"{LOOPBACK}:{first.port}", f"{LOOPBACK}:{second.port}"]
        async with kamailio(tmp_path / "kamailio", gateways) as proxy:
            (await sipp("call", proxy.port, tmp_path, calls=4, rate=20)).ok(4)
            assert [len(first.calls), len(second.calls)] == [2, 2]
            first.house.draining = True
            (await sipp("call", proxy.port, tmp_path, calls=4, rate=20)).ok(4)
            assert [len(first.calls), len(second.calls)] == [2, 6]
        await first.quiet()
        await second.quiet()


async def test_the_proxy_tells_a_gateway_that_drops_record_route_from_ours(tmp_path):
    """SIPp's own answering side copies no Record-Route; a rig that is blind to that would prove nothing above."""
    binary = program("sipp", "sip-tester")

    port = free_port()
    argv = [binary, "-sn", "uas", "-i", LOOPBACK, "-p", str(port), "-mp", str(free_port()), "-nostdin"]
    async with running(argv, tmp_path / "uas.log"), kamailio(tmp_path / "kamailio", [f"{LOOPBACK}:{port}"]) as proxy:
        outcome = await sipp("call", proxy.port, tmp_path)
    assert outcome.failed == 1
    assert outcome.received("SIP/2.0 481 No Route Followed")
