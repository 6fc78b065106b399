"""A running user agent on a free port of loopback, and telephones around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from channels.sip.settings import SipSettings
from channels.sip.trace import TraceWriter
from channels.sip.user_agent import UserAgent
from gateway.errors import CallEnded
from gateway.ports.clock import SystemClock
from tests.support.fakes.house import NoPhones
from tests.support.sip import Handler, Peer
from tests.support.waiting import until


class Gateway:
    """The agent under test with a house around it that a test can steer."""

    def __init__(self, data_dir: Path, phones: Any, **settings: Any) -> None:
        values = {"host": "127.0.0.1", "port": 0, "rtp_ports": (0, 0), "t1_ms": 20, **settings}
        # model_construct: tests run session timers of seconds, which the checked settings refuse.
        self.settings = SipSettings.model_construct(**{**SipSettings().model_dump(), **values})
        self.legs: list[Any] = []
        self.gauges: dict[str, float] = {}
        self.refused: list[tuple[str, str, bool]] = []
        """Numbers that found no room, why, and whether their network is known."""
        self.draining = False
        self.handler: Handler = self.answer
        self.faults: list[str] = []
        self.data_dir = data_dir
        self.agent = UserAgent(
            settings=self.settings,
            channel_id="hotline",
            calls=self._handle,
            clock=SystemClock(),
            phones=phones,
            trace=TraceWriter(data_dir / "traces", "hotline", SystemClock()),
            draining=lambda: self.draining,
            gauge=self.gauges.__setitem__,
            refused=lambda info, reason, proved: self.refused.append((info.from_user, reason, proved)),
        )

    async def _handle(self, leg: Any) -> None:
        self.legs.append(leg)
        await self.handler(leg)

    async def answer(self, leg: Any) -> None:
        """Ring, answer, stay until the end."""
        leg.trying()
        try:
            await leg.answer()
        except CallEnded:
            return
        await leg.ended

    async def ring(self, leg: Any) -> None:
        """Ring until the caller gives up."""
        leg.trying()
        await leg.ended

    async def at_rest(self, **allowed: int) -> None:
        """Everything is back where it was at the start."""
        await until(lambda: all(n <= allowed.get(k, 0) for k, n in self.agent.sizes().items()))
        assert self.gauges["gateway_calls_active"] == 0
        assert self.gauges["gateway_rtp_ports_in_use"] == 0


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Gateway]]]:
    made: list[Gateway] = []

    async def factory(phones: Any = None, **settings: Any) -> Gateway:
        gateway = Gateway(tmp_path, phones or NoPhones(), **settings)
        await gateway.agent.start()
        made.append(gateway)
        return gateway

    yield factory
    for gateway in made:
        await gateway.agent.aclose(drain_s=0)
    leftover = [t for t in asyncio.all_tasks() if t is not asyncio.current_task() and "UserAgent" in repr(t)]
    assert not leftover


@pytest.fixture
async def dial() -> AsyncIterator[Callable[..., Awaitable[Peer]]]:
    peers: list[Peer] = []

    async def factory(gateway: Gateway, kind: str = "udp", host: str = "127.0.0.1") -> Peer:
        peer = await (Peer.udp(gateway.agent.port, host) if kind == "udp" else Peer.tcp(gateway.agent.port))
        peers.append(peer)
        return peer

    yield factory
    for peer in peers:
        await peer.close()
