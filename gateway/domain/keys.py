"""By what a delivery, a person and a thread are known again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

CONVERSATION = "conversation:"
"""Begins the external id of an interaction that is a written conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalKey:
    """The unique key of a delivery: a redelivery with the same key changes nothing.

    ``body_sha256`` tells a replay from another body under the same key (``Conflict``); None compares nothing.
    """

    channel_id: str
    external_id: str
    body_sha256: str | None = None

    @property
    def pair(self) -> tuple[str, str]:
        """(channel_id, external_id)."""
        return self.channel_id, self.external_id

    @classmethod
    def of_conversation(cls, channel_id: str, name: str) -> Self:
        """The key of a conversation that its channel calls ``name``: by its person, mostly."""
        return cls(channel_id=channel_id, external_id=f"{CONVERSATION}{name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One way to recognise a requester again, e.g. kind ``phone`` with an E.164 value, or ``openid``."""

    kind: str
    value: str
