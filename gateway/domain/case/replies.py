"""A reply on its way to the requester of one ticket: what becomes of it. A method checks, then records an event."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from gateway.domain.callback import ABOUT_A_REPLY
from gateway.domain.callback_work import SPOKEN_WITH, AttemptResult, DoneResult, Verb, Work
from gateway.domain.case.reply_plan import Plan
from gateway.domain.events import (
    Event,
    ReplyCalled,
    ReplyDeclined,
    ReplyDelivered,
    ReplyDue,
    ReplyFailed,
    ReplySent,
    ReplyTogether,
    ReplyTold,
    ReplyUncallable,
    ReplyUnderWay,
    ReplyUnreached,
    ReplyVisit,
)
from gateway.domain.form import GivenReply, Handling, Judgement
from gateway.domain.form_items import changed
from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.domain.reply_state import REACHED, ReplyState, ReplyWay
from gateway.domain.ticket import Alteration, Ticket

ASKED_FOR = timedelta(days=30)
"""So long after a reply a bare figure is a judgement of it."""
SECOND_THOUGHTS = timedelta(minutes=10)
"""So long after a judgement another figure is one more."""
MOST_TIMES = 5
"""So often one reply is judged: minds change a few times, programs for ever."""
_IN_VAIN = frozenset(AttemptResult) - {AttemptResult.CALL_LATER} | {DoneResult.NOT_REACHED}
"""Results of calls in which nobody was reached; who asks to be called later was."""
TRIES = 3
"""联系不上: so many calls in vain, each in another hour of the day."""


def newest(handling: Handling) -> GivenReply | None:
    """The reply that stands now."""
    return handling.replies[-1] if handling.replies else None


@dataclass(frozen=True, slots=True)
class ToJudge:
    """A reply that its requester may judge by a bare figure: given at ``replied_at``, judged first at ``judged_at``."""

    replied_at: datetime
    judged_at: datetime | None

    def by(self, now: datetime) -> bool:
        """Whether they may now: of late, and not judged yet, or a moment ago."""
        judged = self.judged_at is not None and now - self.judged_at > SECOND_THOUGHTS
        return now - self.replied_at <= ASKED_FOR and not judged


def to_judge(reply: GivenReply | None, evaluations: Iterable[Judgement]) -> ToJudge | None:
    """``reply``, when its requester has it, or has it before them: a message that leaves is read before it is booked.

    Nobody is asked what they think of what they have not heard.
    """
    if reply is None or reply.replied_at is None:
        return None
    if reply.state not in REACHED and (reply.state != ReplyState.UNDER_WAY or reply.message_id is None):
        return None
    judged = judged_at(reply.reply_id, evaluations)
    return ToJudge(from_rfc3339(reply.replied_at), judged[0] if judged else None)


def judged_at(reply_id: str | None, evaluations: Iterable[Judgement]) -> list[datetime]:
    """When the reply was judged, the first time first; None: judgements of none."""
    return [from_rfc3339(one.at) for one in evaluations if one.reply_id == reply_id and one.at is not None]


def is_settled(judged: Sequence[datetime], now: datetime) -> bool:
    """Whether a reply was judged so often, or so long ago, that its requester does not think again."""
    return len(judged) >= MOST_TIMES or any(now - at > SECOND_THOUGHTS for at in judged)


def is_unreachable(called_at: Collection[str], uncallable_at: str | None, zone: tzinfo) -> bool:
    """Whether so many calls about a reply were in vain, each in another hour of the city's day, or none can be made.

    ``called_at``, ``uncallable_at``: of the reply, RFC 3339.
    """
    return uncallable_at is not None or len({from_rfc3339(at).astimezone(zone).hour for at in called_at}) >= TRIES


class Replies:
    """What happens to the replies of ``ticket`` at one instant."""

    __slots__ = ("_actor", "_at", "_ticket")

    def __init__(self, ticket: Ticket, at: datetime, actor: str) -> None:
        """Nothing happens yet."""
        self._ticket, self._at, self._actor = ticket, at, actor

    def of(self, reply_id: str) -> GivenReply | None:
        """The reply called ``reply_id``, if it is this requester's to hear."""
        return next((one for one in self._ticket.form.handling.replies if one.reply_id == reply_id), None)

    def due(self, reply_id: str, of: str | None = None, text: str | None = None) -> GivenReply:
        """The requester is to hear it. ``text``: its words, of a ticket that was answered with another one (``of``)."""
        now = rfc3339(self._at)
        new = GivenReply(reply_id, of=of, state=ReplyState.DUE.value, replied_at=now)
        told = None
        if of is not None:
            told = Alteration(self._ticket)
            told.set("outcome.replied_at", now)
            told.set("outcome.public_reply", text)
        event = ReplyDue(at=self._at, actor=self._actor, reply_id=reply_id, of=of)
        return self._become(None, new, event, told)

    def under_way(
        self, reply: GivenReply, plan: Plan, *, channel_id: str | None, message_id: str | None, callback_id: str | None
    ) -> None:
        """It goes as planned."""
        after = replace(
            reply,
            state=ReplyState.UNDER_WAY.value,
            way=plan.way.value,
            because=plan.because.value,
            channel_id=channel_id,
            message_id=message_id,
            callback_id=callback_id,
        )
        event = ReplyUnderWay(
            **self._about(reply),
            way=plan.way.value,
            because=plan.because.value,
        )
        self._become(reply, after, event)

    def together(self, reply: GivenReply, with_ticket: str) -> None:
        """Its requester is told with another ticket of theirs."""
        after = replace(reply, state=ReplyState.SENT.value, way=ReplyWay.TOGETHER.value, together=with_ticket)
        self._become(reply, after, ReplyTogether(**self._about(reply), together=with_ticket))

    def holds(self, message_id: str) -> bool:
        """Whether a message is the way of a reply."""
        return self._in(message_id) is not None

    def delivery(self, message_id: str, state: str, reason: str | None) -> None:
        """What became of a message, if it is the way of a reply."""
        reply = self._in(message_id)
        if reply is None:
            return
        if state == "failed":
            self.failed(reply, reason)
        elif state == "sent":
            self.sent(reply)
        elif reply.state != ReplyState.DELIVERED:
            event = ReplyDelivered(**self._about(reply), way=reply.way or "")
            self._become(reply, self._reached(reply, ReplyState.DELIVERED), event)

    def _in(self, message_id: str) -> GivenReply | None:
        return next((one for one in self._ticket.form.handling.replies if one.message_id == message_id), None)

    def sent(self, reply: GivenReply) -> None:
        """It has left."""
        self._become(reply, self._reached(reply, ReplyState.SENT), ReplySent(**self._about(reply), way=reply.way or ""))

    def failed(self, reply: GivenReply, reason: str | None) -> None:
        """Its way has come to nothing."""
        way = reply.way or ""
        after = replace(reply, state=ReplyState.FAILED.value, tried=[*reply.tried, way], reached_at=None)
        self._become(reply, after, ReplyFailed(**self._about(reply), way=way, reason=reason))

    def unreached(self, reply: GivenReply, why: str) -> None:
        """No way is left."""
        after = replace(reply, state=ReplyState.UNREACHED.value)
        self._become(reply, after, ReplyUnreached(**self._about(reply), why=why))

    def visit(self, reply: GivenReply, callback_id: str | None) -> None:
        """Somebody is to ask what they think of it."""
        self._become(reply, replace(reply, visit_id=callback_id), ReplyVisit(**self._about(reply)))

    def uncallable(self, reply: GivenReply) -> None:
        """They were to be asked what they think of it, and nobody can call them."""
        after = replace(reply, uncallable_at=rfc3339(self._at))
        self._become(reply, after, ReplyUncallable(**self._about(reply)))

    def called(self, work: Work, reasons: Collection[str]) -> None:
        """Somebody has worked on a call that is owed for this ticket, among others for ``reasons``."""
        reply = newest(self._ticket.form.handling)
        if reply is None or ABOUT_A_REPLY.isdisjoint(reasons):
            return
        if work.result in _IN_VAIN:
            reply = self._in_vain(reply, work.result or "")
        elif work.result == DoneResult.DECLINED and reply.declined_at is None:
            after = replace(reply, declined_at=rfc3339(self._at))
            reply = self._become(reply, after, ReplyDeclined(**self._about(reply)))
        if work.verb in {Verb.ATTEMPT, Verb.CLAIM} or reply.state in REACHED:
            return
        if work.result in SPOKEN_WITH:
            self._become(reply, self._reached(reply, ReplyState.TOLD), ReplyTold(**self._about(reply)))
        else:
            self.unreached(reply, work.result or work.verb)

    def _in_vain(self, reply: GivenReply, result: str) -> GivenReply:
        after = replace(reply, called_at=[*reply.called_at, rfc3339(self._at)])
        return self._become(reply, after, ReplyCalled(**self._about(reply), result=result))

    def _reached(self, reply: GivenReply, state: ReplyState) -> GivenReply:
        return replace(reply, state=state.value, reached_at=reply.reached_at or rfc3339(self._at))

    def _about(self, reply: GivenReply) -> dict[str, Any]:
        return {"at": self._at, "actor": self._actor, "reply_id": reply.reply_id}

    def _become(
        self, before: GivenReply | None, after: GivenReply, event: Event, told: Alteration | None = None
    ) -> GivenReply:
        event.changed |= changed(before, after)
        self._ticket.record(event, told)
        return self._ticket.form.handling.replies[-1] if before is None else after
