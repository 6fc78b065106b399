"""Danger to life now, by the words for it, and the number to call: 110 police, 119 fire, 120 ambulance, 122 traffic.

Whoever is told in vain to call 119 has lost a moment; whoever is not told may lose more. So a danger is believed
unless the words themselves say that it is feared, over, denied or a figure of speech.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from gateway.domain.guess import Guess, Reading
from gateway.domain.words import EMERGENCY_NUMBER, DangerKind
from gateway.prefill.danger_words import ABOUT, DENIED, FEARED, NOW, OVER, PAST, PRESSING, STORY, WHO, WORDS
from gateway.prefill.denial import denied_spans, touches

PATH: Final = "demand.emergency"
READ_CHARS: Final = 3000
URGENCY: Final = "demand.urgency"
CONFIDENCE: Final = 0.95
CONFIDENCE_URGENT: Final = 0.99
"""Above what the words or the category alone make urgent."""
SENTENCE_CHARS: Final = 60
MOST_MATCHES: Final = 30
"""Of one kind in one text: what comes after so many that are not there now is not looked at."""
TOLD_CHARS: Final = 90
"""A longer text may tell a story: then a danger in it is there now only when its sentence says so."""


@dataclass(frozen=True, slots=True)
class Danger:
    """A danger that a text names."""

    kind: DangerKind
    span: tuple[int, int]

    @property
    def number(self) -> str:
        """The number to call."""
        return EMERGENCY_NUMBER[self.kind]


_PATTERNS: Final = tuple(
    (
        kind,
        re.compile(
            re.sub(r"…(\d+)", r"[^，。,.!！?？]{0,\1}", words).replace("〈who〉", WHO),
            re.IGNORECASE,
        ),
    )
    for kind, words in WORDS.items()
)
_NEAR: Final = 12
_WISH = re.compile(r"不想活|想|要|准备|打算|正|站|爬|活不下去|wants? to|going to|about to", re.IGNORECASE)
"""Of somebody who has not done it yet, whenever they began to think of it."""
_ENDS = re.compile(r"[。.!！?？；;\n]")


def danger_in(text: str) -> Danger | None:
    """The first danger to life in ``text`` that is there now; None when it names none.

    Of several kinds that begin at one place the one listed first counts. Reads the first ``READ_CHARS`` characters;
    takes time in proportion to them.
    """
    read = text[:READ_CHARS]
    found = [danger for kind, pattern in _PATTERNS if (danger := _first(read, kind, pattern)) is not None]
    return min(found, key=lambda one: one.span[0], default=None)


def emergency(text: str, *, spans: bool = True) -> tuple[Guess, ...]:
    """``demand.emergency`` and its urgency as ``text`` says them; without ``spans`` where it is not the content."""
    danger = danger_in(text)
    if danger is None:
        return ()
    span = danger.span if spans else None
    urgency = {"level": "urgent", "reason": f"说到「{text[slice(*danger.span)]}」"}
    return (
        Guess(path=PATH, value=danger.number, source="rule", span=span, confidence=CONFIDENCE),
        Guess(path=URGENCY, value=urgency, source="rule", span=span, confidence=CONFIDENCE_URGENT),
    )


def raised_in(guesses: Iterable[Guess]) -> str | None:
    """The number to call that ``guesses`` hold for ``demand.emergency``."""
    return next((str(guess.value) for guess in guesses if guess.path == PATH), None)


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


def _first(text: str, kind: DangerKind, pattern: re.Pattern[str]) -> Danger | None:
    denied: tuple[tuple[int, int], ...] | None = None
    for match in islice(pattern.finditer(text), MOST_MATCHES):
        denied = denied_spans(text) if denied is None else denied
        if not touches(match.span(), denied) and _is_now(text, kind, *match.span()):
            return Danger(kind, match.span())
    return None


def _is_now(text: str, kind: DangerKind, start: int, end: int) -> bool:
    """Whether what the words at ``start:end`` name is feared, past, denied or only spoken about."""
    before, after = text[max(0, start - 40) : start], text[end : end + 60]
    if ABOUT.match(after) or DENIED.search(before):
        return False
    if len(text) > TOLD_CHARS and STORY.search(text) and not PRESSING.search(_sentence(text, start, end)):
        return False
    if kind is DangerKind.SELF_HARM:  # despair has a past and a fear in it, and is no less there now
        return not PAST.search(before) or _still(text, start, end)
    if FEARED.search(before) and not (kind is DangerKind.POLICE and "我" in text[start:end]):
        return False
    over = OVER.search(after)
    if over is not None and not NOW.search(after[over.end() :]):
        return False
    return not PAST.search(before) or NOW.search(text[start - 1 if start else 0 :]) is not None


def _still(text: str, start: int, end: int) -> bool:
    """Whether who spoke of killing themselves before has not done it yet, or is who speaks."""
    before = text[max(0, start - _NEAR) : start]
    mine = "我" in before + text[start:end] or "I " in before
    return mine or NOW.search(before) is not None or _WISH.search(text[start:end]) is not None


def _sentence(text: str, start: int, end: int) -> str:
    """The sentence around ``start:end``, as far as it is near."""
    before = _ENDS.split(text[max(0, start - SENTENCE_CHARS) : start])[-1]
    return before + text[start:end] + _ENDS.split(text[end : end + SENTENCE_CHARS], maxsplit=1)[0]
