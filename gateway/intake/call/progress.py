"""Progress by number and verification on a call: both are spoken, and how it stands is an outcome of the flow."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.domain.callback import TELEPHONE
from gateway.domain.status import Status
from gateway.intake.conversation.follow_up import numbers_in, verification_in
from gateway.intake.ticket.progress import ProgressByNumber
from gateway.ivr.actions import FAILED, MISSING, OK
from gateway.ports.conversation_store import TicketBrief

_OUTCOME: Mapping[str, str] = {
    Status.REGISTERED: OK,
    Status.CLASSIFIED: OK,
    Status.DISPATCHED: OK,
    Status.SIGNED: "handling",
    Status.HANDLING: "handling",
    Status.REPLIED: "replied",
    Status.EVALUATED: "finished",
    Status.ARCHIVED: "finished",
}


class CallProgress:
    """What one caller asks for."""

    def __init__(self, progress: ProgressByNumber, caller: str) -> None:
        """``caller``: the telephone by which wrong answers are counted, or the call itself where it is not known."""
        self._progress = progress
        self._caller = caller
        self._number: str | None = None
        self._told: TicketBrief | None = None

    def take(self, text: str | None) -> str:
        """The number in what was just said: ``ok``, or ``missing``."""
        self._number = next(iter(numbers_in(text)), None)
        return OK if self._number is not None else MISSING

    async def tell(self, text: str | None) -> str:
        """How it stands with that ticket, when ``text`` is its verification; ``StoreUnavailable``."""
        told = await self._progress.ask(self._number or "", verification_in(text) or "", self._caller)
        self._told = told.ticket
        if told.ticket is None:
            return "locked" if told.locked else "refused"
        return _OUTCOME.get(told.ticket.status, "elsewhere")

    async def rate(self, satisfied: int) -> str:
        """Judge the reply to the ticket that was told of: ``ok`` or ``failed``."""
        if self._told is None:
            return FAILED
        return OK if await self._progress.rate(self._told, satisfied, TELEPHONE) else FAILED
