"""The way of a contact through the house, for a person who looks for what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What SQL knows of an interaction's way beyond its record; of what left long ago only the record is left."""

    traces: Mapping[int, str]
    """event_seq -> the id under which logs tell of it."""
    outbox: Sequence[Mapping[str, Any]]
    """By ``seq`` of the interaction's messages: {seq, message_id, channel_id, state, attempts, created_at, next_at,
    sent_at, external_id, error, trace}."""
    feeds: Mapping[str, int]
    """Feed -> the event_seq up to which its deliveries were made; one that is gone from ``deliveries`` was taken."""
    deliveries: Sequence[Mapping[str, Any]]
    """What has still to be delivered: {feed, event_seq, attempts, next_at, last_error, dead_at}."""


class Ways(Protocol):
    """Finding contacts by whatever name somebody has of them. Every look-up is one by an index, at any age."""

    async def named(self, key: str) -> tuple[str, str | None] | None:
        """(ticket_id, interaction_id) of a trace id, an interaction, a message or a message's id at its provider."""
        ...

    async def way(self, ticket_id: str, interaction_id: str, *, limit: int) -> Way:
        """At most ``limit`` rows of each kind."""
        ...
