"""Operators that the gateway connects to: it has to be pointed at this machine, ``host`` and ``port`` of its table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp

from gateway.cli.simulators import ismg, smsc
from gateway.cli.simulators.base import Destination, SimulatedPost, settled

CONNECTED_WITHIN_S = 90.0
"""Longer than the gateway's usual pause between attempts to connect."""
TAKEN_WITHIN_S = 20.0


def phone(person: int) -> str:
    """A number of a range that no operator has given out to people (190 0000 xxxx)."""
    return f"1900000{person % 10_000:04d}"


class Operator:
    """What both protocols share. Nobody else can deliver over the gateway's own connection."""

    forges = False
    default_port: int

    def __init__(self, target: Destination) -> None:
        self.target = target

    async def enter(self, http: aiohttp.ClientSession, person: int) -> None:
        """Nothing to do."""

    def forged(self, delivery: SimulatedPost) -> SimulatedPost:
        """There are none."""
        return delivery

    @property
    def _address(self) -> tuple[str, int]:
        options = self.target.options
        return str(options.get("host", "127.0.0.1")), int(options.get("port", self.default_port))

    async def _connected(self, is_there: asyncio.Event) -> None:
        """Wait for the gateway; ``ValueError`` when it does not come."""
        try:
            async with asyncio.timeout(CONNECTED_WITHIN_S):
                await is_there.wait()
        except TimeoutError:
            host, port = self._address
            raise ValueError(
                f"the gateway did not connect to {host}:{port} within {CONNECTED_WITHIN_S:.0f} s: does it run "
                "with this channel, and with this host and port?"
            ) from None


class Smpp(Operator):
    """An SMSC; needs ``password``."""

    default_port = 2775

    def __init__(self, target: Destination) -> None:
        super().__init__(target)
        self._smsc = smsc.Smsc(password=target.option("password"), receipts=True)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen until the gateway has answered."""
        async with self._smsc.listening(*self._address):
            await self._connected(self._smsc.bound)
            yield
            await settled(lambda: len(self._smsc.submitted))

    def delivery(self, number: int, person: int, text: str) -> SimulatedPost:  # noqa: ARG002 - SMPP numbers no messages
        """A deliver_sm."""
        body, coding = (text.encode(), smsc.ASCII) if text.isascii() else (text.encode("utf-16-be"), smsc.UCS2)
        to = str(self.target.options.get("number", "12345"))
        return SimulatedPost(url="", body=smsc.deliver(f"86{phone(person)}", body, coding, to=to))

    async def send(self, http: aiohttp.ClientSession, delivery: SimulatedPost) -> tuple[str, bool]:  # noqa: ARG002 - as above
        """Its answer's command_status."""
        status = await self._smsc.send(delivery.body, wait_s=TAKEN_WITHIN_S)
        return f"status {status}", status == 0

    def heard(self) -> Mapping[str, int]:
        """Short messages to people, a long text's parts one by one."""
        return {"submitted": len(self._smsc.submitted)}


class Cmpp(Operator):
    """An ISMG; needs ``sp_id`` and ``secret``."""

    default_port = 7890

    def __init__(self, target: Destination) -> None:
        super().__init__(target)
        version = str(target.options.get("version", "2.0"))
        self._ismg = ismg.Ismg(
            sp=target.option("sp_id"), secret=target.option("secret"), version=version, t_s=TAKEN_WITHIN_S, reports=True
        )
        self._messages: dict[bytes, ismg.QueuedMessage] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen until the gateway has answered."""
        async with self._ismg.listening(*self._address):
            await self._connected(self._ismg.connected)
            yield
            await settled(lambda: len(self._ismg.taken))

    def delivery(self, number: int, person: int, text: str) -> SimulatedPost:
        """A CMPP_DELIVER, by its number."""
        name = str(number).encode()
        if name not in self._messages:
            body, fmt = (text.encode(), ismg.ASCII) if text.isascii() else (text.encode("utf-16-be"), ismg.UCS2)
            to = str(self.target.options.get("number", "12345"))
            self._messages[name] = self._ismg.compose(phone(person), body, fmt, 0, to)
        return SimulatedPost(url="", body=name)

    async def send(self, http: aiohttp.ClientSession, delivery: SimulatedPost) -> tuple[str, bool]:  # noqa: ARG002 - none is called
        """``result 0``, or silence: any other result is repeated."""
        message = self._ismg.deliver(self._messages[delivery.body])
        async with asyncio.timeout(TAKEN_WITHIN_S):
            await message.taken.wait()
        return "result 0", True

    def heard(self) -> Mapping[str, int]:
        """Short messages to people, a long text's parts one by one."""
        return {"submitted": len(self._ismg.taken)}
