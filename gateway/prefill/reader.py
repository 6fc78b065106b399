"""Reads a demand's text into guesses for the fields of the form, each with its evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.domain.guess import NOTHING_READ, Guess, Mention, Reading
from gateway.edge.unit_table import read_units
from gateway.prefill.danger import emergency
from gateway.prefill.extract.money import money
from gateway.prefill.extract.numbers import numbers
from gateway.prefill.extract.times import times
from gateway.prefill.features import MAX_CHARS
from gateway.prefill.hearing import Hearing
from gateway.prefill.place import Gazetteer
from gateway.prefill.subject import Subject
from gateway.prefill.taxonomy import read_taxonomy
from gateway.prefill.title import title
from gateway.prefill.trained import TrainedModels
from gateway.prefill.who import who
from gateway.prefill.wishes import wishes
from gateway.telemetry import log, metrics

_log = log.get("prefill")
_FIELDS = {"uscc": "requester.uscc"}
READ_AGAIN = 64
"""Of the newest contents the readings are kept: a dialogue asks several things of one message."""
MOST_MENTIONS = 50
"""Of each kind, the first: nobody reads more of them, and every one is stored and moved along with each correction."""
MOST_PRIVATE = 400
"""Of each kind that is masked where it is shown: no list of names that somebody hands in is cut short."""
_PRIVATE = frozenset({"person", "phone", "id_number", "plate", "uscc"})


class PrefillReader:
    """Reads a content into fields. Cheap enough (milliseconds) to run after every segment of speech."""

    def __init__(self, gazetteer: Gazetteer, subject: Subject | None = None, zone: tzinfo = UTC) -> None:
        """Know ``gazetteer``'s places and what ``subject`` tells apart; people's clocks show ``zone``."""
        self._gazetteer = gazetteer
        self._subject = subject or Subject({}, TrainedModels({}))
        self._zone = zone
        self._remembered = lru_cache(READ_AGAIN)(self._read)
        self.hearing = Hearing((), (), ())
        """What puts right what a recogniser mis-heard; it knows no words unless ``of`` read them."""

    @classmethod
    def of(cls, config_dir: Path, timezone: str) -> PrefillReader:
        """What the tables and models below ``config_dir`` know; ``ConfigError`` names everything wrong in them."""
        gazetteer = Gazetteer.read(config_dir / "gazetteer.csv")
        units = read_units(config_dir / "units.csv")
        taxonomy = read_taxonomy(config_dir / "taxonomy.csv", units)
        subject = Subject(taxonomy, TrainedModels.read(config_dir / "models"))
        prefill = cls(gazetteer, subject, ZoneInfo(timezone))
        prefill.hearing = Hearing.of(gazetteer, units.values(), taxonomy.values())
        return prefill

    def read(self, content: str, *, at: datetime, answers: bool = False) -> Reading:
        """What ``demand.content == content``, said at ``at``, fills; spans count its characters.

        ``answers``: it only says where, or who; what the demand is about is not looked for.
        Never raises: a contact must not be lost because it could not be read. Then nothing was read.
        """
        try:
            return self._remembered(content, at=at, answers=answers)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the reading, the contact is kept
            metrics.READINGS_FAILED.inc()
            _log.error("reading_failed", exc_info=error)  # its type and place alone
            return NOTHING_READ

    def _read(self, content: str, *, at: datetime, answers: bool) -> Reading:
        local = _local(at, self._zone)
        beginning = content[:MAX_CHARS]
        parties, named = who(beginning, answers=answers)
        mentions = _first((*numbers(beginning), *money(beginning), *times(beginning, local), *named))
        said = [*parties, *wishes(content), *map(_field, mentions)]
        guesses = [guess for guess in said if guess is not None]
        places = self._gazetteer.find(beginning)
        guesses += (*places, *emergency(beginning))
        if answers:
            return Reading(_surest(guesses), mentions)
        guesses += self._subject.read(content, local.date(), [g.span for g in places if g.span is not None])
        best = _surest(guesses)
        private = [m.span for m in mentions if m.kind in _PRIVATE]
        called = title(content[:MAX_CHARS], best, private)
        return Reading((*best, called) if called else best, mentions)


def _local(at: datetime, zone: tzinfo) -> datetime:
    """What the clocks of ``zone`` show; at either end of the calendar, where they show nothing, ``at`` itself."""
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at


def _first(mentions: Iterable[Mention]) -> tuple[Mention, ...]:
    """As many of each kind as are kept."""
    seen: Counter[str] = Counter()
    kept: list[Mention] = []
    for mention in mentions:
        seen[mention.kind] += 1
        if seen[mention.kind] <= (MOST_PRIVATE if mention.kind in _PRIVATE else MOST_MENTIONS):
            kept.append(mention)
    return tuple(kept)


def _field(mention: Mention) -> Guess | None:
    """The record's own field for ``mention``, when it has one."""
    path = _FIELDS.get(mention.kind)
    if path is None:
        return None
    return Guess(path=path, value=mention.value, source="rule", span=mention.span, confidence=mention.confidence)


def _surest(guesses: Iterable[Guess]) -> tuple[Guess, ...]:
    """Of several guesses for one field the surest, of equally sure ones the first."""
    best: dict[str, Guess] = {}
    for guess in guesses:
        if guess.path not in best or guess.confidence > best[guess.path].confidence:
            best[guess.path] = guess
    return tuple(best.values())
