"""The house as a channel sees it: an intake that keeps the rules of ``Intake``, and a context around it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from gateway.domain.ids import new_ulid
from gateway.errors import Conflict, GatewayError
from gateway.ports.call import CallLeg
from gateway.ports.channel import Accepted, ChannelContext, InboundContact
from gateway.ports.clock import SystemClock


class NoPhones:
    """A phone book without phones."""

    async def phone_secret(self, username: str, realm: str) -> str | None:
        return None

    async def bind(self, username: str, contact: str, expires_at: datetime | None, call_id: str, cseq: int) -> None:
        raise AssertionError("this house has no phones")

    async def bindings(self, username: str) -> list[tuple[str, datetime]]:
        return []


class FakeHouse:
    """Accepts contacts in memory. Set ``failure`` to make ``accept`` raise, ``draining`` to drain."""

    def __init__(self) -> None:
        self.accepted: list[InboundContact] = []
        self.failure: GatewayError | None = None
        self.draining = False
        self.gauges: dict[str, float] = {}
        self._seen: dict[tuple[str, str], tuple[str | None, Accepted]] = {}

    async def accept(self, contact: InboundContact) -> Accepted:
        if self.failure is not None:
            raise self.failure
        key = (contact.channel_id, contact.external_id)
        if key in self._seen:
            body, first = self._seen[key]
            if body != contact.body_sha256:
                raise Conflict("the same external_id came with another body")
            return Accepted(
                ticket_id=first.ticket_id,
                ticket_no=first.ticket_no,
                interaction_id=first.interaction_id,
                replayed=True,
            )
        self.accepted.append(contact)
        accepted = Accepted(
            ticket_id=new_ulid(),
            ticket_no=f"20261123{len(self.accepted):07d}",
            interaction_id=new_ulid(),
            replayed=False,
        )
        self._seen[key] = (contact.body_sha256, accepted)
        return accepted

    async def refuse_call(self, leg: CallLeg) -> None:
        raise AssertionError(f"an unexpected call: {leg.info.call_id}")

    def context(self, *, channel_id: str, data_dir: Path) -> ChannelContext:
        """What this house hands to a channel."""
        return ChannelContext(
            channel_id=channel_id,
            intake=self,
            calls=self.refuse_call,
            clock=SystemClock(),
            data_dir=data_dir,
            draining=lambda: self.draining,
            phones=NoPhones(),
            gauge=self.gauges.__setitem__,
        )
