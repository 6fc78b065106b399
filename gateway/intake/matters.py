"""Is what somebody adds within a conversation another matter, with a ticket of its own?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from gateway.domain.guess import Guess
from gateway.prefill.address import parse

SURE = 0.8
"""From this on a category says what a message is about."""
BRANCH = 4
"""Digits of a category code that two tellings of one matter share: 路灯不亮 and 路灯常亮 do."""
_NAMED = frozenset({"road", "compound", "community", "poi"})
_AREA = frozenset({"district", "street"})
_APART = re.compile(
    r"^(?:另外|还有|此外|再(?:反映|投诉|举报|说|问)|顺便|对了)|(?:另外|还有)(?:一|别的)?(?:件|个)?(?:事|问题)"
    r"|\b(?:another|a second|a different) (?:thing|problem|matter|issue|complaint)\b|^(?:also|besides)\b",
    re.IGNORECASE,
)
"""Words that set a matter apart from what was told before."""


def about(known: Mapping[str, str], guesses: Iterable[Guess]) -> dict[str, str]:
    """What a dialogue keeps of its demand: ``matter`` (a category code) and ``where``; each as first told."""
    found = {}
    for guess in guesses:
        if guess.path == "demand.category" and guess.confidence >= SURE and "matter" not in known:
            found["matter"] = str(guess.value["code"])
        elif guess.path == "place.address" and "where" not in known:
            found["where"] = str(guess.value)
    return found


def tells(guesses: Iterable[Guess]) -> bool:
    """Whether plain words tell something of their own: 路灯还没修 names its matter, 还没修 does not."""
    return any(guess.path in {"demand.category", "place.address"} for guess in guesses)


def differs(known: Mapping[str, str], guesses: Iterable[Guess]) -> bool:
    """Whether what was told is surely of another kind than what ``about`` kept in ``known``."""
    before, now = known.get("matter"), about({}, guesses).get("matter")
    return before is not None and now is not None and before[:BRANCH] != now[:BRANCH]


def is_another(known: Mapping[str, str], text: str, guesses: Sequence[Guess]) -> bool:
    """Whether ``text`` has a matter and a place of its own, or a matter that its words set apart.

    ``known`` is what ``about`` kept. In doubt it is an addition: nothing is lost by that.
    """
    if not differs(known, guesses):
        return False
    where = about({}, guesses).get("where")
    return _APART.search(text.strip()) is not None or (where is not None and _elsewhere(known.get("where"), where))


def _elsewhere(before: str | None, now: str) -> bool:
    """Whether ``now`` is another place; one that was never told is not known to be the same."""
    if before is None:
        return True
    if now in before or before in now:
        return False
    was, is_ = parse(before), parse(now)
    for labels in (_NAMED, _AREA):
        here = {part.text for part in was if part.label in labels}
        there = {part.text for part in is_ if part.label in labels}
        if here and there:
            return not here & there
    return False
