"""Commands of what people do about a ticket beside its case: one door for the API and the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from gateway.domain.form import Filled
from gateway.domain.guess import FILL_AT
from gateway.domain.ids import parse_ticket_no
from gateway.errors import Conflict, NotFound, RejectedInput
from gateway.intake.ticket.correct import CorrectTicket, LiftSecrecy
from gateway.intake.ticket.merge import MergeTicket
from gateway.ports.store import Record, TicketReader

REVEALED = ("name", "phone", "callback_phone")
"""Of the requester, what ``reveal`` shows unmasked. Who looks is written down first."""
MOST_OFFERED = 20
"""So many other tickets are offered as maybe the same requester's."""
TAKEN = ("name", "gender", "org_name", "uscc", "language", "accessibility")
"""What may be taken over of them; the number to call at as well, where the ticket has none."""


class NotPrefilled(RejectedInput):
    """Confirmed is what was filled in; what was only offered, or never guessed, is corrected instead."""

    code = "not_prefilled"


class NotMerged(Conflict):
    """The ticket is one of its own."""

    code = "not_merged"


class NothingToTake(Conflict):
    """The other ticket says nothing of the requester that this one does not say."""

    code = "nothing_to_take"


class NotSecret(Conflict):
    """Nobody asked for secrecy."""

    code = "not_secret"


def confirming(record: Record, paths: Iterable[str], *, at: datetime, actor: str) -> CorrectTicket:
    """These pre-filled fields are right as they are. ``NotPrefilled``."""
    guesses, entries = record["prefill"]["fields"], {}
    for path in paths:
        guess = guesses.get(path)
        if guess is None or guess["confidence"] < FILL_AT:
            raise NotPrefilled("Only fields that were filled in can be confirmed; correct others by PATCH.")
        entries[path] = Filled(**{**guess, "confirmed_by": actor})
    return CorrectTicket(
        at=at,
        actor=actor,
        ticket_id=record["ticket_id"],
        version=record["version"],
        entries=entries,
        told=tuple(sorted(entries)),
    )


async def merging(
    reader: TicketReader, record: Record, into: str, *, at: datetime, actor: str, version: int
) -> MergeTicket:
    """并单 into the ticket ``into`` (ticket_id or ticket_no), which stays. ``NotFound``."""
    try:
        head = await reader.ticket(parse_ticket_no(into) or into.upper())
    except NotFound:
        raise NotFound("There is no such ticket to merge into.") from None
    return MergeTicket(at=at, actor=actor, ticket_id=record["ticket_id"], head=head["ticket_id"], version=version)


def unmerging(record: Record, *, at: datetime, actor: str, version: int) -> MergeTicket:
    """A merged ticket becomes one of its own again. ``NotMerged``."""
    head = record["related"]["merged_into"]
    if head is None:
        raise NotMerged("This ticket is not merged into another one.")
    return MergeTicket(at=at, actor=actor, ticket_id=record["ticket_id"], head=head, version=version, undo=True)


async def taking_over(
    reader: TicketReader, record: Record, other: str, *, at: datetime, actor: str, version: int
) -> CorrectTicket:
    """同一人: what ticket ``other`` says of the requester fills what this one does not say.

    ``NotFound`` for a ticket that is none of those offered; ``NothingToTake``.
    """
    offered = await reader.same_requester(record["ticket_id"], limit=MOST_OFFERED)
    found = next((one for one in offered if one["ticket_id"] == other.upper()), None)
    if found is None:
        raise NotFound("This ticket is none that is offered as maybe the same requester's.")
    fields = _taken(record["requester"], found["requester"])
    if not fields:
        raise NothingToTake("That ticket says nothing of the requester that this one does not say.")
    return CorrectTicket(
        at=at,
        actor=actor,
        ticket_id=record["ticket_id"],
        version=version,
        values={f"requester.{key}": value for key, value in fields.items()},
        told=tuple(sorted(f"requester.{key}" for key in fields)),
    )


def _taken(own: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    fields = {key: other[key] for key in TAKEN if other[key] and not own[key]}
    number = other["callback_phone"] or other["phone"]
    if number and not own["callback_phone"] and not own["phone"]:
        fields["callback_phone"] = number
    return fields


def lifting(record: Record, reason: str, *, at: datetime, actor: str) -> LiftSecrecy:
    """A requester who was secret is no more; who lifts it is written down first. ``NotSecret``."""
    if not record["requester"]["secret"]:
        raise NotSecret("This requester is not secret.")
    return LiftSecrecy(at=at, actor=actor, ticket_id=record["ticket_id"], reason=reason)


def lift_noted(reason: str) -> str:
    """How the audit trail names it."""
    return f"lift_secrecy:{reason}"
