"""Events of a ticket: registration, what its requester does about it, what people and the system do to it."""

from __future__ import annotations

from gateway.domain.events.base import Audience, Event, event


@event("ticket.registered", zh="工单登记", en="Ticket registered")
class TicketRegistered(Event):
    """A contact has become a ticket."""

    channel: str
    line: str
    empty: bool
    """Nothing has been said yet."""


@event("ticket.demand_taken", zh="诉求已受理", en="Demand taken down")
class DemandTaken(Event):
    """The flow has taken a demand down and told its number."""


@event("ticket.corrected", zh="人工更正", en="Corrected by a person")
class TicketCorrected(Event):
    """A person set or confirmed fields, by record path."""

    fields: list[str]


@event("ticket.updated", zh="工单更新", en="Updated")
class TicketUpdated(Event):
    """An earlier release altered fields without an event of their own; none is written any more."""

    fields: list[str]


@event("ticket.erased", zh="个人信息已删除", en="Personal data erased")
class TicketErased(Event):
    """What it held of a person has been erased; codes and instants stay."""


@event("ticket.secrecy_lifted", zh="解除保密", en="Secrecy lifted")
class SecrecyLifted(Event):
    """A requester who was secret is no more."""

    reason: str


@event("ticket.merged", zh="并单", en="Merged")
class TicketMerged(Event):
    """It went ``into`` another ticket; or, told of the one that stays, ``merged`` went into it."""

    into: str | None = None
    merged: str | None = None


@event("ticket.unmerged", zh="撤销并单", en="Merge undone")
class TicketUnmerged(Event):
    """It is a ticket of its own again, out of ``from``; or, told of the one that stayed, ``merged`` left it."""

    from_: str | None = None
    merged: str | None = None


@event("ticket.progress_asked", zh="询问进度", en="Progress asked for")
class ProgressAsked(Event):
    """Somebody asked how it stands; ``of`` another ticket than the one they were writing about."""

    of: str | None = None


@event("ticket.urged", zh="催办", en="Urged", tells=Audience.AT_WORK)
class TicketUrged(Event):
    """Somebody asked that it be handled sooner; ``of`` another ticket than the one they were writing about."""

    of: str | None = None


@event("ticket.withdraw_asked", zh="要求撤销", en="Withdrawal asked for")
class WithdrawAsked(Event):
    """Somebody wants to withdraw it and has not confirmed that."""

    of: str | None = None


@event("ticket.withdrawn", zh="已撤销", en="Withdrawn")
class TicketWithdrawn(Event):
    """Its requester takes it back. ``reason``: why, by code; left out where they said so in a conversation."""

    of: str | None = None
    reason: str | None = None


@event("ticket.added_to", zh="补充诉求", en="Added to", tells=Audience.AT_WORK)
class TicketAddedTo(Event):
    """Somebody added to it."""

    of: str | None = None


@event("ticket.rated", zh="已评价", en="Rated")
class TicketRated(Event):
    """Its requester rated how it was handled, from 1 to 5: the reply ``reply_id``, the first one or a later one."""

    satisfied: int
    channel: str | None = None
    reply_id: str | None = None
    score: str | None = None


@event("ticket.title_written", zh="标题已改写", en="Title written by the model")
class TitleWritten(Event):
    """A language model wrote the title, of so many characters."""

    chars: int


@event("source.told", zh="已回告来源平台", en="Source platform told")
class SourceTold(Event):
    """The platform that handed it over was told where it stands."""

    status: str
    replied: bool


@event("emergency.raised", zh="有人身危险，已告知报警电话", en="Danger to life: told which number to call")
class EmergencyRaised(Event):
    """Somebody is in danger; ``number`` answers it. ``message_id``: where it was written."""

    number: str
    message_id: str | None = None
