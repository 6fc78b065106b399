"""Progress by number and verification on a call: both said or keyed; how it stands is an outcome of the flow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from gateway.domain.callback import TELEPHONE
from gateway.domain.reply_state import REACHED, ReplyState, ReplyWay
from gateway.domain.status import Status
from gateway.intake.conversation.follow_up import numbers_in, verification_in
from gateway.intake.ticket.progress import ProgressByNumber, Told
from gateway.ivr.actions import DAY, DUE_BY, FAILED, IN_CHARGE, MISSING, MONTH, OK, UNIT
from gateway.ports.conversation_store import TicketBrief

_UNANSWERED: Mapping[str, str] = {
    Status.REGISTERED: OK,
    Status.CLASSIFIED: OK,
    Status.DISPATCHED: OK,
    Status.SIGNED: "handling",
    Status.HANDLING: "handling",
}
_FINISHED = frozenset({Status.EVALUATED, Status.ARCHIVED})


class CallProgress:
    """What one caller asks for."""

    def __init__(self, progress: ProgressByNumber, caller: str, zone: tzinfo) -> None:
        """``caller``: the telephone by which wrong answers are counted, or the call itself where it is not known.

        ``zone``: the city's, in which days are told.
        """
        self._progress = progress
        self._caller = caller
        self._zone = zone
        self._number: str | None = None
        self._told: TicketBrief | None = None
        self.handled = ""
        """Prompts that say who acts on the ticket that was told of, and until when, while somebody does."""

    def take(self, text: str | None) -> str:
        """The number in what was just said or keyed: ``ok``, or ``missing``."""
        self._number = next(iter(numbers_in(text)), None)
        return OK if self._number is not None else MISSING

    async def tell(self, text: str | None) -> str:
        """How it stands with that ticket, when ``text`` is its verification; ``StoreUnavailable``."""
        told = await self._progress.ask(self._number or "", verification_in(text) or "", self._caller)
        self._told, self.handled = told.ticket, ""
        if told.ticket is None:
            return "locked" if told.locked else "refused"
        outcome = _UNANSWERED.get(told.ticket.status)
        if outcome is None:
            return _answered(told, told.ticket.status)
        self.handled = self._handled(told.ticket)
        return outcome

    async def rate(self, satisfied: int) -> str:
        """Judge the reply to the ticket that was told of: ``ok`` or ``failed``."""
        if self._told is None:
            return FAILED
        return OK if await self._progress.rate(self._told, satisfied, TELEPHONE) else FAILED

    def _handled(self, ticket: TicketBrief) -> str:
        phrases = []
        if ticket.unit is not None:
            phrases.append(f"{IN_CHARGE} {UNIT}{ticket.unit}")
        if ticket.due_at is not None:
            day = ticket.due_at.astimezone(self._zone)
            phrases.append(f"{DUE_BY} {MONTH}{day.month} {DAY}{day.day}")
        return ";".join(phrases)


def _answered(told: Told, status: str) -> str:
    """What is said of a ticket on which nobody acts any more: whether its requester has the answer comes first."""
    reply = told.reply
    if status == Status.WITHDRAWN or (reply is None and status != Status.REPLIED):
        return "finished" if status in _FINISHED else "elsewhere"
    if reply is None or reply.state == ReplyState.UNREACHED:
        return "untold"
    if reply.state not in REACHED:
        return "untold" if reply.way == ReplyWay.CALL and reply.state == ReplyState.UNDER_WAY else "on_its_way"
    if status == Status.REPLIED:
        return "replied" if told.may_judge else "judged"
    return "finished" if status in _FINISHED else "elsewhere"
