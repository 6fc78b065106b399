"""Somebody being in danger, found in the same way whatever the way in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gateway.domain.guess import Guess, Reading
from gateway.prefill.danger import emergency, raised_in


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
