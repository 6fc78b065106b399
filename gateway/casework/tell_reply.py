"""The command by which one requester is told the reply of their ticket, by one way; the next way is one more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.callback import NewCallback
from gateway.domain.case.replies import Replies
from gateway.domain.case.reply_plan import Plan
from gateway.domain.command import Applied, Refs
from gateway.domain.events import SYSTEM
from gateway.domain.form import GivenReply
from gateway.domain.messages import NewMessage, ThreadStep
from gateway.domain.owed_calls import OwedCalls
from gateway.domain.reply_state import ReplyState, ReplyWay
from gateway.domain.ticket import Ticket
from gateway.domain.world import World
from gateway.errors import StaleVersion

MOST_TICKETS = 40
"""One command tells a person about so many of their tickets at most."""


@dataclass(slots=True, kw_only=True)
class TellReply:
    """``tickets`` are of one person: they are told by the first one's way, unless they were told with any of them.

    Idempotent by (``reply_id``, person, number of ways tried before): whoever decides second changes nothing.
    """

    at: datetime
    head: str
    """The ticket that was answered."""
    reply_id: str
    text: str
    """The words of the reply, for tickets that went into ``head``."""
    tickets: tuple[str, ...]
    tried: int = 0
    """Ways that came to nothing before this one."""
    plan: Plan | None
    """None: no way is left."""
    interaction_id: str | None = None
    """Of the first ticket: where the message or call belongs."""
    message: NewMessage | None = None
    thread: ThreadStep | None = None
    callback: NewCallback | None = None
    trace: str | None = None

    def refs(self) -> Refs:
        """The tickets, and what the way needs."""
        return Refs(
            tickets=(self.head, *self.tickets),
            interactions=(self.interaction_id,) if self.interaction_id else (),
            thread=self.thread.key if self.thread is not None else None,
            writes_messages=self.message is not None,
            calls=self.callback is not None,
            owes=self.callback is not None,
        )

    def decide(self, world: World) -> Applied:
        """``skipped`` when everybody was told, another reply has followed, or nobody is there any more.

        ``StaleVersion`` when the first ticket has left the family, or was erased, and others are there: plan again.
        """
        head = world.ticket(self.head, erased=True)
        newest = next((one for one in reversed(head.form.handling.replies) if one.of is None), None)
        tickets = [world.ticket(ticket_id, erased=True) for ticket_id in self.tickets]
        there = [one for one in tickets if self._is_of(one)]
        if newest is None or newest.reply_id != self.reply_id or not there:
            return world.applied(head, skipped=True)
        if there[0] is not tickets[0]:
            raise StaleVersion("the ticket with the way has gone; plan the reply again")
        first = there[0] if self.tried else next(filter(self._is_told, there), there[0])
        replies = Replies(first, self.at, SYSTEM)
        reply = replies.of(self.reply_id)
        news = self._is_next(reply)
        if news:
            self._tell(world, first, replies, reply or replies.due(self.reply_id, self.head, self.text))
        for ticket in there:
            if ticket is not first:
                news |= self._with(first, ticket)
        return world.applied(first, skipped=not news)

    def _is_of(self, ticket: Ticket) -> bool:
        """Whether it still is the ticket that was answered, or went into it, and its person is known."""
        own = ticket.ticket_id == self.head or ticket.form.related.merged_into is not None
        return own and ticket.erased_at is None

    def _is_told(self, ticket: Ticket) -> bool:
        """Whether its requester is being told, or was: nobody is told twice for having asked twice."""
        reply = next((one for one in ticket.form.handling.replies if one.reply_id == self.reply_id), None)
        return reply is not None and reply.state != ReplyState.DUE

    def _is_next(self, reply: GivenReply | None) -> bool:
        """Whether the first ticket's requester waits for this very step."""
        if self.tried == 0:
            return reply is None or reply.state == ReplyState.DUE
        return reply is not None and reply.state == ReplyState.FAILED and len(reply.tried) == self.tried

    def _with(self, first: Ticket, ticket: Ticket) -> bool:
        """Another ticket of the person, which is told with the first one; whether that is news."""
        replies = Replies(ticket, self.at, SYSTEM)
        reply = replies.of(self.reply_id)
        if reply is not None and reply.state != ReplyState.DUE:
            return False
        replies.together(reply or replies.due(self.reply_id, self.head, self.text), first.ticket_id)
        return True

    def _tell(self, world: World, ticket: Ticket, replies: Replies, reply: GivenReply) -> None:
        if self.plan is None:
            replies.unreached(reply, "no_way_left")
            return
        interaction = world.interaction(self.interaction_id, ticket) if self.interaction_id else None
        calls = OwedCalls(world, ticket, self.at)
        message_id = channel_id = None
        if self.message is not None and interaction is not None:
            world.write((self.message,), ticket, interaction, self.thread)
            message_id = self.message.message_id
            channel_id = self.message.queue.channel_id if self.message.queue is not None else None
        if self.callback is not None:
            calls.settle(interaction, callback=self.callback)
        callback_id = ticket.form.callback_id if self.callback is not None else None
        replies.under_way(reply, self.plan, channel_id=channel_id, message_id=message_id, callback_id=callback_id)
        if self.plan.way is ReplyWay.SOURCE:
            found = replies.of(self.reply_id)
            assert found is not None
            replies.sent(found)
