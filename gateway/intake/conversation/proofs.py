"""A message that gives the verification of a ticket, with its number now or just before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from gateway.domain.intents import Intent
from gateway.intake.conversation.follow_up import FollowUp, numbers_in, verification_in
from gateway.intake.conversation.ticket_talk import VERIFIES
from gateway.intake.ticket.progress import ProgressByNumber
from gateway.ivr.engine import DialogueState
from gateway.ports.message import InboundMessage


class TicketProofs:
    """Tells of tickets by number and verification, to whatever account."""

    def __init__(self, progress: ProgressByNumber) -> None:
        """``progress`` looks them up, and counts wrong ones."""
        self._progress = progress

    async def of(
        self, message: InboundMessage, state: Callable[[], Awaitable[DialogueState | None]]
    ) -> FollowUp | None:
        """What its sender is told; None: it gives none. ``state``: of their open conversation, if there is one."""
        digits = verification_in(message.text) if message.kind == "text" and message.event is None else None
        if digits is None:
            return None
        number = next(iter(numbers_in(message.text)), None)
        if number is None and (there := await state()) is not None:
            number = there.vars.get(VERIFIES)
        if not number:
            return None
        told = await self._progress.ask(number, digits, f"{message.channel_id}:{message.sender}")
        return FollowUp(
            intent=Intent.PROGRESS,
            ticket=told.ticket,
            numbered=True,
            number=number,
            proved=told.ticket is not None,
            refused=told.ticket is None,
            locked=told.locked,
        )
