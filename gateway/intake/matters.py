"""Is what somebody adds within a conversation another matter, with a ticket of its own?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gateway.domain.guess import Guess
from gateway.prefill.address import holds_place, parse, says_where

PLACE_SURE = 0.6
"""From this on an address in what was said is not asked for again."""
LIKELY = 0.5
SURE = 0.8
"""From this on a category says what a message is about."""
BRANCH = 4
"""Digits of a category code that two tellings of one matter share: 路灯不亮 and 路灯常亮 do."""
_NAMED = frozenset({"road", "compound", "community", "poi"})
TOURISM = 0.85
_AREAS = frozenset({"place.district", "place.street"})
CORRECTED = 0.95
"""Of a place that was put right: surer than the first answer."""
_CORRECTS = re.compile(
    r"(?:说|写|打|讲|搞|弄)错|更正|纠正|不对[，,。 ]|应该是|\b(?:sorry|correction|i meant?|wrong)\b", re.IGNORECASE
)
_AREA = frozenset({"district", "street"})
_APART = re.compile(
    r"^(?:另外|还有|此外|再(?:反映|投诉|举报|说|问)|顺便|对了)|(?:另外|还有)(?:一|别的)?(?:件|个)?(?:事|问题)"
    r"|\b(?:another|a second|a different) (?:thing|problem|matter|issue|complaint)\b|^(?:also|besides)\b",
    re.IGNORECASE,
)
"""Words that set a matter apart from what was told before."""


def about(known: Mapping[str, str], guesses: Iterable[Guess]) -> dict[str, str]:
    """What a dialogue keeps of its demand: ``matter`` (a category code), ``where``, and whether it is a ``complaint``.

    Each as first told.
    """
    found = {}
    for guess in guesses:
        if guess.path == "demand.category" and guess.confidence >= SURE and "matter" not in known:
            found["matter"] = str(guess.value["code"])
        elif guess.path == "place.address" and "where" not in known:
            found["where"] = str(guess.value)
        elif guess.path == "demand.type" and guess.value == "complaint" and guess.confidence >= LIKELY:
            found["complaint"] = "1"
    return found


def knows_where(text: str, guesses: Sequence[Guess]) -> bool:
    """Whether ``text`` with its ``guesses`` says where somebody could go, so that it is not asked.

    That is a road, a compound or a village; or a town with anything that has the form of a place besides its name.
    """
    if any(map(is_place, guesses)):
        return True
    areas = [g for g in guesses if g.path in _AREAS and g.confidence >= PLACE_SURE]
    if not any(g.path == "place.street" for g in areas):
        return False
    for guess in areas:
        text = text.replace(str(guess.value["name"]), "")
    return holds_place(text)


def as_tourism(known: Mapping[str, str], guesses: Iterable[Guess]) -> Guess | None:
    """A complaint whose requester turns out to be a visitor is one about tourism, which the plan calls urgent."""
    if "complaint" not in known:
        return None
    visitor = next((g for g in guesses if g.path == "requester.kind" and g.value == "visitor"), None)
    if visitor is None:
        return None
    value = {"level": "urgent", "reason": "旅游投诉：诉求人是游客"}
    return Guess(path="demand.urgency", value=value, source="rule", span=visitor.span, confidence=TOURISM)


def is_place(guess: Guess) -> bool:
    """Whether somebody could go there: a road, a compound, a village."""
    if guess.confidence < PLACE_SURE:
        return False
    return guess.path == "place.community" or (guess.path == "place.address" and says_where(guess.value))


def tells(guesses: Iterable[Guess]) -> bool:
    """Whether plain words tell something of their own: 路灯还没修 names its matter, 还没修 does not."""
    return any(
        guess.path == "place.address" or (guess.path == "demand.category" and guess.confidence >= LIKELY)
        for guess in guesses
    )


def differs(known: Mapping[str, str], guesses: Iterable[Guess]) -> bool:
    """Whether what was told is surely of another kind than what ``about`` kept in ``known``."""
    before, now = known.get("matter"), about({}, guesses).get("matter")
    return before is not None and now is not None and not _same_branch(before, now)


def set_apart(text: str) -> bool:
    """Whether the words themselves say that something else follows: 另外, 还有一件事."""
    return _APART.search(text.strip()) is not None


def is_another(known: Mapping[str, str], text: str, guesses: Sequence[Guess]) -> bool:
    """Whether ``text`` has a matter and a place of its own, or a matter that its words set apart.

    ``known`` is what ``about`` kept. In doubt it is an addition: nothing is lost by that.
    """
    where = about({}, guesses).get("where")
    elsewhere = where is not None and _elsewhere(known.get("where"), where)
    apart = set_apart(text)
    return apart and elsewhere if not differs(known, guesses) else apart or elsewhere


def fits(known: Mapping[str, str], guesses: Iterable[Guess], *, all_known: bool) -> bool:
    """Whether plain words (什么时候来水) may be about the matter that ``about`` kept, as far as they say which.

    ``all_known``: what ``known`` does not hold is not of that matter either; else it was only never told.
    """
    said = about({}, guesses)
    for name, same in (("matter", _same_branch), ("where", _same_place)):
        before, now = known.get(name), said.get(name)
        if now is not None and (all_known if before is None else not same(before, now)):
            return False
    return True


def _same_branch(before: str, now: str) -> bool:
    return before[:BRANCH] == now[:BRANCH]


def _same_place(before: str, now: str) -> bool:
    return not _elsewhere(before, now)


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


def corrected(known: Mapping[str, str], text: str, guesses: Sequence[Guess]) -> list[Guess]:
    """``guesses`` of an addition; its place counts as an answer where it corrects, or says more than, what was known.

    ``known`` is what ``about`` kept: 美兰区, and then 怡心花园; 秀英区丽晶路, and then 说错了，是龙华区丽晶路.
    """
    address = next((g for g in guesses if g.path == "place.address"), None)
    before = known.get("where")
    if address is None or before is None:
        return list(guesses)
    if not (_CORRECTS.search(text) or (says_where(address.value) and not says_where(before))):
        return list(guesses)
    return [replace(g, source="flow", confidence=CORRECTED) if g.path.startswith("place.") else g for g in guesses]
