"""Changes that tests make."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from gateway.domain.ids import new_ulid
from gateway.domain.keys import ExternalKey, Identity
from gateway.domain.messages import NewMessage
from gateway.storage.database import Database
from tests.support.change import Change, NewEvent, NewInteraction, NewRequester, NewTicket
from tests.support.clocks import NOON, SetClock


async def pass_by(db: Database, clock: SetClock, seconds: int) -> None:
    """Time in which the store answers without a break."""
    await db.reader.ping()
    for _ in range(seconds):
        clock.forward(1)
        await db.reader.ping()


def written(key: str, *, at: datetime = NOON, content: str = "路灯坏了", **more: Any) -> Change:
    """A written contact as intake makes it, with ``key`` as the provider's id."""
    conversation = more.pop("conversation", None)
    join = ExternalKey(channel_id="web", external_id=f"conversation:{conversation}") if conversation else None
    phone = more.pop("phone", None)
    closed = {} if join else {"ended_at": at, "disposition": "completed"}
    return Change(
        dedupe=ExternalKey(channel_id="web", external_id=key, body_sha256=more.pop("body", None)),
        join=join,
        new_ticket=NewTicket(
            ticket_id=new_ulid(),
            created_at=at,
            line="citizen",
            channel="platform",
            channel_id="web",
            empty=not content,
            requester=NewRequester(
                identities=(Identity(kind="phone", value=phone),) if phone else (),
                fields={"phone": phone, **more.pop("requester", {})},
            ),
            fields={("demand", "content"): content, **more.pop("fields", {})},
        ),
        new_interaction=NewInteraction(
            interaction_id=new_ulid(),
            channel="platform",
            channel_id="web",
            direction="inbound",
            started_at=at,
            external_id=join.external_id if join else key,
            fields=closed,
        ),
        messages=(NewMessage(message_id=new_ulid(), direction="inbound", sent_at=at, text=content, external_id=key),),
        events=(
            NewEvent(type="ticket.registered", at=at, data={"channel": "platform"}),
            NewEvent(type="message.received", at=at),
        ),
        **more,
    )


def call(
    key: str,
    *,
    at: datetime = NOON,
    node: str = "n1",
    owner: str | None = None,
    lease_s: float = 30,
    phone: str | None = None,
) -> Change:
    """A telephone call as it is offered."""
    return Change(
        dedupe=ExternalKey(channel_id="hotline", external_id=key),
        new_ticket=NewTicket(
            ticket_id=new_ulid(),
            created_at=at,
            line="citizen",
            channel="sip",
            channel_id="hotline",
            entry_number="12345",
            empty=True,
            requester=NewRequester(
                identities=(Identity(kind="phone", value=phone),) if phone else (), fields={"phone": phone}
            ),
            fields={("prefill", "pending"): True},
        ),
        new_interaction=NewInteraction(
            interaction_id=new_ulid(),
            channel="sip",
            channel_id="hotline",
            direction="inbound",
            started_at=at,
            external_id=key,
            from_raw="sip:13800138000@x",
            to_raw="sip:12345@x",
            node=node,
            owner=owner,
            lease_until=at + timedelta(seconds=lease_s),
            fields={"flow": {"name": "hotline", "version": "1"}},
        ),
        events=(NewEvent(type="ticket.registered", at=at), NewEvent(type="interaction.started", at=at)),
    )


def event(kind: str = "ticket.corrected", *, at: datetime = NOON, actor: str = "user:zhang") -> NewEvent:
    """An event of a person."""
    return NewEvent(type=kind, at=at, actor=actor)
