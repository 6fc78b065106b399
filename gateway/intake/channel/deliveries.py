"""The command that books what became of a message of ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.callback import NewCallback
from gateway.domain.case.replies import Replies
from gateway.domain.command import Applied, Refs
from gateway.domain.events import SYSTEM, Event, MessageDelivered, MessageFailed, MessageRead, MessageSent
from gateway.domain.messages import DeliveryUpdate, NewMessage, ThreadStep, is_news
from gateway.domain.owed_calls import OwedCalls
from gateway.domain.world import World

_EVENTS: dict[str, type[MessageSent | MessageDelivered | MessageRead]] = {
    "sent": MessageSent,
    "delivered": MessageDelivered,
    "read": MessageRead,
}


@dataclass(slots=True, kw_only=True)
class BookDelivery:
    """A message was sent, delivered, read, or is lost; what is said ``instead`` goes another way (by SMS).

    The reply of a case goes its next way by its plan: neither ``instead`` nor a ``callback`` comes of it here.
    """

    at: datetime
    ticket_id: str
    interaction_id: str
    update: DeliveryUpdate
    error: str | None = None
    """What the provider calls the reason."""
    reason: str | None = None
    """Why it is lost."""
    instead: NewMessage | None = None
    thread: ThreadStep | None = None
    """Whose thread ``instead`` is written to."""
    callback: NewCallback | None = None
    """Else the person is owed a call."""
    trace: str | None = None

    def refs(self) -> Refs:
        """The message, its interaction and ticket."""
        return Refs(
            tickets=(self.ticket_id,),
            interactions=(self.interaction_id,),
            messages=(self.update.message_id,),
            thread=self.thread.key if self.thread is not None else None,
            writes_messages=self.instead is not None,
            calls=self.callback is not None,
            owes=self.callback is not None,
        )

    def decide(self, world: World) -> Applied:
        """``skipped`` when it has come as far already: a state never goes back."""
        ticket = world.ticket(self.ticket_id, erased=self.instead is None and self.callback is None)
        interaction = world.interaction(self.interaction_id, ticket)
        update = self.update
        if not is_news(world.deliveries.get(update.message_id), update.state):
            return world.applied(ticket, interaction, skipped=True)
        replies = Replies(ticket, self.at, SYSTEM)
        planned = replies.holds(update.message_id)
        calls = OwedCalls(world, ticket, self.at) if self.callback is not None and not planned else None
        seqs: tuple[int, ...] = ()
        if self.instead is not None and not planned:
            seqs = world.write((self.instead,), ticket, interaction, self.thread)
        world.deliver(update, interaction)
        ticket.record(self._event(planned=planned))
        replies.delivery(update.message_id, update.state, self.reason)
        if calls is not None:
            calls.settle(interaction, callback=self.callback)
        return world.applied(ticket, interaction, seqs=seqs)

    def _event(self, *, planned: bool) -> Event:
        message_id = self.update.message_id
        if (kind := _EVENTS.get(self.update.state)) is not None:
            return kind(at=self.at, message_id=message_id, error=self.error)
        other = "sms" if self.instead is not None else "callback" if self.callback is not None else None
        other = None if planned else other
        return MessageFailed(at=self.at, message_id=message_id, error=self.error, reason=self.reason, instead=other)
