"""Who saw or did what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody saw or did something; ``detail`` says of log-ins and accounts whose (``subject``) and from where."""

    actor: str
    action: str
    ticket_id: str | None
    at: datetime
    detail: Mapping[str, Any] | None = None


class AuditTrail(Protocol):
    """What is written there is never altered."""

    async def write(
        self,
        *,
        actor: str,
        action: str,
        ticket_id: str | None,
        at: datetime,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Who saw or did what (no personal values)."""
        ...

    async def write_all(self, looks: Sequence[Look]) -> None:
        """Many of these in one transaction."""
        ...

    async def read(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        ticket_id: str | None = None,
        before: str | None = None,
        limit: int = 200,
    ) -> list[dict[str, Any]]:
        """{audit_id, actor, action, ticket_id, at, detail}, newest first.

        ``before`` goes on after the last audit_id seen.
        """
        ...
