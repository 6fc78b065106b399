"""Telephones that call all the time: a raw socket each, retransmitting as RFC 3261 17.1.1.2 wants."""

from __future__ import annotations

import asyncio
import random
import struct
import time
from dataclasses import dataclass, field
from typing import Any

from tests.support.sip import Msg, Peer, Phone, offer

T1_S = 0.5
T2_S = 4.0
GIVE_UP_S = 16.0
PACKET_S = 0.02
FEWEST_PACKETS = 15
"""So much everybody says: a call without any sound leaves no recording."""
LOUD = bytes(random.Random(7).choices((0x25, 0xA5, 0x2A, 0xAA), k=160))
"""20 ms of A-law noise that any detector takes for a voice."""


@dataclass
class Callers:
    """Counts calls, and which of them were answered."""

    sip_port: int
    dialled: int = 0
    answered: set[str] = field(default_factory=set)
    """Calls that got their 200, by external_id (Call-ID;From-tag)."""
    refused: dict[str, int] = field(default_factory=dict)
    """Status by external_id."""
    unheard: int = 0
    """Calls that nobody answered in time: the gateway was down."""
    talk_s: tuple[float, float] = (0.3, 4.0)
    """How long a caller speaks."""
    spans: dict[str, tuple[float, float]] = field(default_factory=dict)
    """From the 200 to the BYE (monotonic) of an answered call, by external_id."""
    cut: set[str] = field(default_factory=set)
    """Calls that the gateway ended."""

    async def run(self, phones: int, stop: asyncio.Event, chance: random.Random) -> None:
        """Call until ``stop``; those who speak then hang up. A proxy's Record-Route is followed."""
        await asyncio.gather(*(self._phone(number, stop, chance) for number in range(phones)))

    async def _phone(self, number: int, stop: asyncio.Event, chance: random.Random) -> None:
        while not stop.is_set():
            await asyncio.sleep(chance.uniform(0.1, 0.6))
            peer = await Peer.udp(self.sip_port)
            try:
                await self._call(peer, RoutedPhone(peer, user=f"139{number:08d}"), chance.uniform(*self.talk_s), stop)
            finally:
                await peer.close()

    async def _call(self, peer: Peer, phone: Phone, talk_s: float, stop: asyncio.Event) -> None:
        self.dialled += 1
        external_id = f"{phone.call_id};{phone.tag}"
        rtp, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
        )
        try:
            text = phone.invite(offer(port=rtp.get_extra_info("sockname")[1]))
            final = await _final(peer, text, "INVITE")
            if final is None:
                self.unheard += 1
            elif final.status == 200:
                began = time.monotonic()
                self.answered.add(external_id)
                phone.ack(final)
                if await _talk(peer, phone, rtp, final, talk_s, stop):
                    self.cut.add(external_id)
                self.spans[external_id] = (began, time.monotonic())
                if external_id not in self.cut:
                    await _final(peer, _sent(phone, "BYE"), "BYE")
            else:
                phone.ack_refusal(final)
                self.refused[external_id] = final.status
        finally:
            rtp.close()


class RoutedPhone(Phone):
    """A phone that sends the requests of a dialog by the way that its 200 has come (RFC 3261 12.1.2)."""

    routes: tuple[str, ...] = ()

    def request(self, method: str, body: str = "", *headers: str, **more: Any) -> str:
        """See ``Phone.request``."""
        return super().request(method, body, *(f"Route: {route}" for route in self.routes), *headers, **more)

    def ack(self, response: Msg, body: str = "", *headers: str) -> None:
        """See ``Phone.ack``."""
        self.routes = tuple(reversed(response.all("record-route")))
        super().ack(response, body, *headers)


def _sent(phone: Phone, method: str) -> str:
    text = phone.request(method)
    phone.peer.send(text)
    return text


async def _final(peer: Peer, request: str, method: str) -> Msg | None:
    """The final response to ``request``, sent again with growing pauses; None when none comes."""
    loop = asyncio.get_running_loop()
    end, interval = loop.time() + GIVE_UP_S, T1_S
    again = loop.time() + interval
    while loop.time() < end:
        try:
            message = await peer.next(max(again - loop.time(), 0.001))
        except TimeoutError:
            peer.send(request)
            interval = min(interval * 2, T2_S)
            again = loop.time() + interval
            continue
        if message.status >= 200 and message.cseq_method == method:
            return message
    return None


async def _talk(
    peer: Peer, phone: Phone, rtp: asyncio.DatagramTransport, ok: Msg, talk_s: float, stop: asyncio.Event
) -> bool:
    """Speak; answer what the gateway says meanwhile. Ends early when it hangs up: True."""
    media = next(line for line in ok.body.decode().splitlines() if line.startswith("m=audio"))
    to = ("127.0.0.1", int(media.split()[1]))
    loop = asyncio.get_running_loop()
    end = loop.time() + talk_s
    number = 0
    while loop.time() < end and not (stop.is_set() and number >= FEWEST_PACKETS):
        number += 1
        rtp.sendto(struct.pack("!BBHII", 0x80, 8, number & 0xFFFF, number * 160, 0x12345) + LOUD, to)
        try:
            message = await peer.next(PACKET_S)
        except TimeoutError:
            continue
        if message.status == 200 and message.cseq_method == "INVITE":
            phone.ack(message)
        elif message.method:
            phone.answer(message)
            if message.method == "BYE":
                return True
    return False
