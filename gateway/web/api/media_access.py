"""Access to recordings and attachments: a scope of its own; of secret tickets only for who has just revealed them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gateway.domain.ids import from_rfc3339
from gateway.web.auth import READ
from gateway.web.problems import Problem
from gateway.web.routing import Context

REVEALED_FOR = timedelta(minutes=10)
"""So long after a person revealed a secret ticket, its recordings and attachments are given to them."""
_LOOKED_AT = 100
"""Newest looks of a person at a ticket among which the reveal is; looks in a row are written down once."""


async def check_media(context: Context, record: dict[str, Any]) -> None:
    """403 unless this client may have the recordings and attachments of ``record``.

    A voice tells who somebody is, and no mask helps: of a requester who asked for secrecy (保密) it is given to people
    who revealed the ticket, which is in the audit trail, and so never to a program that cannot.
    """
    principal = context.principal
    if not principal.may(READ):
        raise Problem(403, "scope_missing", f"This needs the scope {READ}.")
    if not record["requester"]["secret"]:
        return
    await context.house.seen.flush()
    since = context.services.clock.now() - REVEALED_FOR
    looks = await context.services.audit.read(actor=principal.actor, ticket_id=record["ticket_id"], limit=_LOOKED_AT)
    if not any(look["action"] == "reveal" and from_rfc3339(look["at"]) >= since for look in looks):
        raise Problem(
            403, "reveal_first", "The requester asked for secrecy: reveal the ticket first; it is written down."
        )
