"""The telephone under the contract of all channels: a message is a call, acknowledged is its 200 OK.

What the house stores of a call stands in for what it stores of a message: the handler stores, then answers, as
``gateway.calls`` does. The rest of RFC 3261 is held by the tests beside this file.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from channels.sip import SPEC
from gateway.errors import CallEnded, Conflict, RejectedInput, StoreUnavailable
from gateway.ports.message import InboundMessage, Sent
from tests.contract.channels.harness import BaseHarness, Said
from tests.support.sip import Msg, Peer, Phone, offer

_SPOKEN = "people speak: "


class Harness(BaseHarness):
    """A caller with one socket a call; the same number is the same Call-ID, From tag and branch."""

    spec = SPEC
    not_applicable: ClassVar[Mapping[str, str]] = {
        "forgery": "a trunk is known by its address (test_refusals.py), a phone by digest (test_registrar.py)",
        "drop": "UDP keeps no connection; a lost TCP connection is in test_transport.py",
        "broken_text": f"{_SPOKEN}no text arrives by SIP; torture messages are in test_torture.py",
        "text": f"{_SPOKEN}no text arrives by SIP",
        "long_text": f"{_SPOKEN}no text arrives by SIP",
        "send": f"{_SPOKEN}nothing is written to a caller",
        "receipt": f"{_SPOKEN}nothing is written to a caller",
        "throttle": f"{_SPOKEN}nothing is written to a caller",
        "permanent": f"{_SPOKEN}nothing is written to a caller",
    }

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path)
        self._texts: dict[str, str] = {}
        self._up: dict[int, tuple[Peer, Phone, str]] = {}
        """Calls that stand: with the text of their INVITE, to say it again."""

    @property
    def table(self) -> Mapping[str, Any]:
        return {"host": "127.0.0.1", "port": 0, "rtp_ports": (0, 0)}

    @property
    def secrets(self) -> tuple[str, ...]:
        return ()

    async def start(self) -> None:
        build = self.house.context

        def context(**named: Any) -> Any:
            return dataclasses.replace(build(**named), calls=self._call)

        self.house.context = context  # type: ignore[method-assign]  # a house that takes calls
        try:
            await super().start()
        finally:
            self.house.context = build  # type: ignore[method-assign]  # as above

    def person(self, sender: int) -> str:
        return f"139000000{sender:02d}"

    async def stop(self) -> None:
        """Everybody hangs up first."""
        for peer, phone, _ in self._up.values():
            await phone.bye()
            await peer.close()
        self._up.clear()
        await super().stop()

    async def deliver(self, said: Said) -> bool:
        """One call: 200 is the acknowledgement, a refusal is none. While it stands, again is a retransmission."""
        if said.number in self._up:
            return await self._again(*self._up[said.number])
        call_id = hashlib.sha256(f"{said.number}".encode()).hexdigest()[:16]
        self._texts[call_id] = said.text
        channel: Any = self.channel
        peer = await Peer.udp(channel.port)
        phone = Phone(peer, user=self.person(said.sender))
        phone.call_id, phone.tag = call_id, "caller"
        phone.from_ = f"<sip:{self.person(said.sender)}@127.0.0.1>;tag=caller"
        invite = phone.invite(offer(), branch=f"z9hG4bK{call_id}")
        try:
            answer = await self._final(peer)
        except BaseException:
            await peer.close()
            raise
        if answer.status < 300:
            phone.ack(answer)
            self._up[said.number] = peer, phone, invite
            return True
        phone.ack_refusal(answer)
        await peer.close()
        return False

    @staticmethod
    async def _final(peer: Peer) -> Msg:
        while True:
            answer = await peer.next(10)
            if answer.cseq_method == "INVITE" and answer.status >= 200:
                return answer

    @staticmethod
    async def _again(peer: Peer, phone: Phone, invite: str) -> bool:
        """The same INVITE; the call stands when a re-INVITE in it is still answered."""
        peer.send(invite)
        phone.invite(offer())
        while (answer := await Harness._final(peer)).get("cseq") != f"{phone.invite_cseq} INVITE":
            if answer.status >= 300:
                return False
        phone.ack(answer)
        return answer.status < 300

    async def forge(self, said: Said) -> bool:
        raise NotImplementedError

    def sent(self) -> list[tuple[str, str]]:
        return []

    async def receipt(self, sent: Sent, *, delivered: bool) -> None:
        raise NotImplementedError

    def throttle(self, retry_after_s: float) -> None:
        raise NotImplementedError

    def refuse(self) -> None:
        raise NotImplementedError

    async def _call(self, leg: Any) -> None:
        """What the house does with a call, as far as the contract sees it: store, answer, stay to the end."""
        leg.trying()
        info = leg.info
        message = InboundMessage(
            channel="sip",
            channel_id=info.channel_id,
            external_id=info.external_id,
            sender=info.from_user,
            received_at=datetime.now(UTC),
            text=self._texts[info.call_id],
        )
        try:
            await self.house.conversations.receive(message)
        except StoreUnavailable:
            await leg.reject(503, "not stored", retry_after_s=1)
            return
        except (RejectedInput, Conflict):
            await leg.reject(403, "never stored")
            return
        try:
            await leg.answer()
        except CallEnded:
            return
        await leg.ended


HARNESSES = {"": Harness}
