"""The SIP channel as the house builds it, with a scripted person at our end of every call."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from channels.sip import SPEC
from gateway.edge.system_clock import SystemClock
from gateway.errors import CallEnded
from gateway.media import g711
from gateway.ports.call import CallLeg, EndReason
from gateway.ports.channel import ChannelContext
from tests.support.fakes.house import FakeHouse
from tests.support.ports import LOOPBACK, free_port_range
from tests.support.sounds import RATE, sine
from tests.support.waiting import until

OUR_TONE_HZ = 1000


def tone(hertz: float, seconds: float) -> bytes:
    """A sine of half amplitude as A-law."""
    return g711.pcm16_to_alaw(sine(hertz, seconds))


def share_of(alaw: bytes, hertz: float) -> float:
    """How much of the audio's energy is a sine of ``hertz``, 0..1 (Goertzel over the whole)."""
    samples = [s for (s,) in struct.iter_unpack("<h", g711.alaw_to_pcm16(alaw))]
    energy = sum(s * s for s in samples)
    if not energy:
        return 0.0
    real = sum(s * math.cos(2 * math.pi * hertz * n / RATE) for n, s in enumerate(samples))
    imaginary = sum(s * math.sin(2 * math.pi * hertz * n / RATE) for n, s in enumerate(samples))
    return 2 * (real * real + imaginary * imaginary) / (energy * len(samples))


@dataclass
class Heard:
    """One call as our end lived it."""

    leg: CallLeg
    caller: bytearray = field(default_factory=bytearray)
    ours: bytearray = field(default_factory=bytearray)
    keys: list[str] = field(default_factory=list)
    end: EndReason | None = None


Script = Callable[[Heard], Awaitable[None]]


async def answer_and_play(call: Heard) -> None:
    """Answer, play a tone until the caller goes."""
    await call.leg.answer()
    while True:
        await call.leg.play(tone(OUR_TONE_HZ, 1.0)).wait()


@dataclass
class Rig:
    """A running SIP channel."""

    port: int
    traces: Path
    house: FakeHouse
    calls: list[Heard] = field(default_factory=list)
    script: Script = answer_and_play
    faults: list[BaseException] = field(default_factory=list)

    async def handle(self, leg: CallLeg) -> None:
        """The CallHandler: record both tracks and follow the script."""
        call = Heard(leg)
        self.calls.append(call)
        leg.ring()

        def sink(caller: bytes, ours: bytes) -> None:
            call.caller.extend(caller)
            call.ours.extend(ours)

        leg.set_sink(sink)
        keys = asyncio.create_task(self._keys(call))
        try:
            await self.script(call)
        except CallEnded:
            pass
        except Exception as fault:
            self.faults.append(fault)
            raise
        finally:
            keys.cancel()
            await asyncio.gather(keys, return_exceptions=True)
            call.end = await leg.ended

    async def _keys(self, call: Heard) -> None:
        with contextlib.suppress(CallEnded):
            while True:
                call.keys.append(await call.leg.dtmf())

    async def quiet(self) -> None:
        """Wait until every call is over and the gauges are back at nothing."""
        await until(lambda: all(call.end is not None for call in self.calls), "every call has ended")
        await until(
            lambda: not any(self.house.gauges.values()), f"gauges back at their start values: {self.house.gauges}"
        )
        assert self.faults == []

    def trace(self) -> list[dict[str, Any]]:
        """Every SIP message that passed, in order."""
        lines = [line for path in sorted(self.traces.rglob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
        return sorted((json.loads(line) for line in lines), key=lambda entry: entry["ts"])


@contextlib.asynccontextmanager
async def sip_house(data_dir: Path, *, phones: Any = None, **options: Any) -> AsyncIterator[Rig]:
    """A SIP channel on free loopback ports for the length of the block; ``options`` are keys of its table."""
    house = FakeHouse()
    rig = Rig(port=0, traces=data_dir / "traces", house=house)
    plain = house.context(channel_id="hotline", data_dir=data_dir)
    context = ChannelContext(
        channel_id=plain.channel_id,
        intake=plain.intake,
        calls=rig.handle,
        clock=SystemClock(),
        data_dir=data_dir,
        draining=plain.draining,
        phones=phones or plain.phones,
        gauge=plain.gauge,
    )
    settings = SPEC.settings(**{"host": LOOPBACK, "port": 0, "rtp_ports": free_port_range(200), **options})
    channel = SPEC.build(settings, context)
    serving = asyncio.create_task(channel.run())
    try:

        async def ready() -> bool:
            if serving.done():
                await serving
            return await channel.ready()

        await until(ready, "the SIP channel is up")
        rig.port = channel.port  # type: ignore[attr-defined] # the port is not part of the Channel protocol
        yield rig
    finally:
        await channel.aclose(drain_s=0)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
