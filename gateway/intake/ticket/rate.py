"""The command of a requester who judges a reply themselves: by the address in its message, or by telephone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.case.case import Case
from gateway.domain.case.closing import Closing
from gateway.domain.command import Applied, Refs
from gateway.domain.world import World

REQUESTER = "requester"
"""Who acts: whoever has the address, or the number and its verification. Events name nobody more exactly."""


@dataclass(slots=True, kw_only=True)
class RateReply:
    """评价 1 to 5, by ``channel``. What agents enter for somebody is ``WorkOnCase``."""

    at: datetime
    ticket_id: str
    satisfied: int
    channel: str
    comment: str | None = None
    reply_id: str | None = None
    """Of the reply that is judged; None: the one that was given last."""
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket."""
        return Refs(tickets=(self.ticket_id,))

    def decide(self, world: World) -> Applied:
        """``skipped`` when they said so just before; ``NotJudged``; ``NotFound``, ``AlreadyErased``."""
        ticket = world.ticket(self.ticket_id)
        closing = Closing(Case(ticket, self.at, REQUESTER, world.case_rules), ticket, self.at, REQUESTER)
        said = (self.satisfied, self.channel, self.comment, self.reply_id)
        if closing.is_judged_so(*said):
            return world.applied(ticket, skipped=True)
        closing.judge(*said)
        return world.applied(ticket)
