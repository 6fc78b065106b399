"""Events of a reply on its way to one requester (``handling.replies``). The words lie in the note ``reply_id``."""

from __future__ import annotations

from gateway.domain.events.base import Event, event


@event("reply.due", zh="答复待送达", en="Reply to be told")
class ReplyDue(Event):
    """This ticket's requester is to hear the reply that ``of`` (None: the ticket itself) was given."""

    reply_id: str
    of: str | None = None


@event("reply.under_way", zh="答复送达中", en="Reply under way")
class ReplyUnderWay(Event):
    """It goes ``way``; ``because``: why that one."""

    reply_id: str
    way: str
    because: str


@event("reply.together", zh="与其另一工单一并答复", en="Told with another ticket of theirs")
class ReplyTogether(Event):
    """The same person is told with another ticket of theirs."""

    reply_id: str
    together: str


@event("reply.sent", zh="答复已发给诉求人", en="Reply sent to the requester")
class ReplySent(Event):
    """The provider has taken it, or the platform was told."""

    reply_id: str
    way: str


@event("reply.delivered", zh="答复已送达诉求人", en="Reply delivered to the requester")
class ReplyDelivered(Event):
    """It has reached the person."""

    reply_id: str
    way: str


@event("reply.told", zh="已电话告知答复", en="Reply told by telephone")
class ReplyTold(Event):
    """Somebody has told them."""

    reply_id: str


@event("reply.failed", zh="答复未送达", en="Reply did not reach the requester")
class ReplyFailed(Event):
    """This way has come to nothing; the next one follows."""

    reply_id: str
    way: str
    reason: str | None = None


@event("reply.called", zh="电话联系未接通", en="Called about the reply in vain")
class ReplyCalled(Event):
    """Somebody called about it, and did not reach them."""

    reply_id: str
    result: str


@event("reply.declined", zh="诉求人不愿评价", en="Requester would not judge the reply")
class ReplyDeclined(Event):
    """They were asked what they think of it, and would not say."""

    reply_id: str


@event("reply.uncallable", zh="无号码可回访", en="No number to ask them at")
class ReplyUncallable(Event):
    """Somebody was to ask what they think of it, and no number of theirs is known."""

    reply_id: str


@event("reply.unreached", zh="联系不上诉求人", en="Requester could not be reached")
class ReplyUnreached(Event):
    """No way is left."""

    reply_id: str
    why: str


@event("reply.visit", zh="待回访", en="Requester to be asked")
class ReplyVisit(Event):
    """Nobody has judged the reply: somebody calls and asks (回访)."""

    reply_id: str
