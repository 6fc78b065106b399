"""The event of somebody being in danger, the same for every way in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from gateway.domain.change import NewEvent
from gateway.domain.guess import Guess, Reading
from gateway.prefill.danger import emergency, raised_in


def emergency_raised(guesses: Iterable[Guess], at: datetime, **where: object) -> tuple[NewEvent, ...]:
    """The event ``emergency.raised`` with the number to call, when ``guesses`` say so; ``where`` it was said, by id."""
    number = raised_in(guesses)
    return (NewEvent(type="emergency.raised", at=at, data={"number": number, **where}),) if number else ()


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
