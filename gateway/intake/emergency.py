"""The event of somebody being in danger, the same for every way in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from gateway.domain.change import NewEvent
from gateway.domain.guess import Guess
from gateway.prefill.danger import raised_in

RAISED = "emergency.raised"


def emergency_raised(guesses: Iterable[Guess], at: datetime, **where: object) -> tuple[NewEvent, ...]:
    """The event ``emergency.raised`` with the number to call, when ``guesses`` say so; ``where`` it was said, by id."""
    number = raised_in(guesses)
    return (NewEvent(type=RAISED, at=at, data={"number": number, **where}),) if number else ()
