"""Events of a ticket: registration, what its requester does about it, what people and the system do to it."""

from __future__ import annotations

from gateway.domain.events.base import Event, event


@event("ticket.registered")
class TicketRegistered(Event):
    """A contact has become a ticket."""

    channel: str
    line: str
    empty: bool
    """Nothing has been said yet."""


@event("ticket.demand_taken")
class DemandTaken(Event):
    """The flow has taken a demand down and told its number."""


@event("ticket.corrected")
class TicketCorrected(Event):
    """A person set or confirmed fields, by record path."""

    fields: list[str]


@event("ticket.erased")
class TicketErased(Event):
    """What it held of a person has been erased; codes and instants stay."""


@event("ticket.secrecy_lifted")
class SecrecyLifted(Event):
    """A requester who was secret is no more."""

    reason: str


@event("ticket.merged")
class TicketMerged(Event):
    """并单. Of the ticket that goes into another one ``into``; of the one that stays ``merged``."""

    into: str | None = None
    merged: str | None = None


@event("ticket.unmerged")
class TicketUnmerged(Event):
    """Two tickets again. Of the one that had gone ``from``; of the one that had stayed ``merged``."""

    from_: str | None = None
    merged: str | None = None


@event("ticket.progress_asked")
class ProgressAsked(Event):
    """Somebody asked how it stands; ``of`` another ticket than the one they were writing about."""

    of: str | None = None


@event("ticket.urged")
class TicketUrged(Event):
    """催办."""

    of: str | None = None


@event("ticket.withdraw_asked")
class WithdrawAsked(Event):
    """Somebody wants to withdraw it and has not confirmed that."""

    of: str | None = None


@event("ticket.withdrawn")
class TicketWithdrawn(Event):
    """诉求人撤回. ``reason``: why, by code; None where its requester said so themselves in a conversation."""

    of: str | None = None
    reason: str | None = None


@event("ticket.added_to")
class TicketAddedTo(Event):
    """Somebody added to it."""

    of: str | None = None


@event("ticket.rated")
class TicketRated(Event):
    """评价: 1 to 5."""

    satisfied: int


@event("ticket.title_written")
class TitleWritten(Event):
    """A language model wrote the title, of so many characters."""

    chars: int


@event("source.told")
class SourceTold(Event):
    """The platform that handed it over was told where it stands."""

    status: str
    replied: bool


@event("emergency.raised")
class EmergencyRaised(Event):
    """Somebody is in danger; ``number`` answers it. ``message_id``: where it was written."""

    number: str
    message_id: str | None = None
