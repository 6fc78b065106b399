"""A field that was not typed by a person: where it came from and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FILL_AT = 0.5
"""From this confidence a guess is filled in; below it is only offered."""
SURE = 0.9
"""From this confidence the house itself acts on a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A value for a record path, with the span of ``demand.content`` that it rests on (None = no text)."""

    path: str
    value: Any
    source: str
    span: tuple[int, int] | None
    confidence: float
    candidates: tuple[tuple[str, float], ...] = ()
    """(code, confidence) of all worth offering, likeliest first; for category, unit and divisions of the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """Something of a known form in ``demand.content`` that is no field of the record: a sum, an instant, a plate."""

    kind: str
    """money (yuan), time (RFC 3339), phone, id_number, uscc, plate, person, organisation"""
    value: str
    span: tuple[int, int]
    confidence: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a content says: one guess a field, and what else of a known form occurs in it."""

    guesses: tuple[Guess, ...]
    mentions: tuple[Mention, ...] = ()


NOTHING_READ = Reading(())
