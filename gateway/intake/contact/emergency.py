"""Somebody being in danger, told in the same way whatever the way in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from gateway.domain.events import EmergencyRaised
from gateway.domain.guess import Guess, Reading
from gateway.domain.ticket import Ticket
from gateway.prefill.danger import emergency, raised_in


def raise_emergency(ticket: Ticket, number: str | None, at: datetime, message_id: str | None = None) -> None:
    """Tell that ``number`` is to be called, if any; ``message_id``: where the danger was written."""
    if number is not None:
        ticket.record(EmergencyRaised(at=at, number=number, message_id=message_id))


def danger_said(sentences: Iterable[str]) -> tuple[Guess, ...]:
    """The guesses of the first of ``sentences`` that names danger: joined with others it may pass for a story."""
    return next((found for text in sentences if (found := emergency(text, spans=False))), ())


def with_danger(reading: Reading, danger: tuple[Guess, ...]) -> Reading:
    """``reading`` with what ``danger_said`` found: one sentence is enough, whatever is said before or after it."""
    if not danger or raised_in(reading.guesses) is not None:
        return reading
    paths = {guess.path for guess in danger}
    kept = tuple(guess for guess in reading.guesses if guess.path not in paths)
    return replace(reading, guesses=(*kept, *danger))
