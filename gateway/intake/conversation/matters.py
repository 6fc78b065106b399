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
"""From this on a category says what a message is about."""
SURE = 0.8
HINTED = 0.4
"""From this on words about another place name a matter of their own."""
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
_KINDS = (("road",), ("compound",), ("community",), ("poi",), ("district",))
"""Two places that name one of these, and not the same, are two; a compound may be on the road that was told."""
_OF_A_PLACE = re.compile(r"供水|供电|燃气|市政|环卫|城市管理|生态环境|交通|交管")
_OF_A_PERSON = re.compile(r"社会保险|养老待遇|工伤失业|劳动报酬|医疗保障|公积金|户籍证件|社会救助|税务")
"""Names of the taxonomy: matters that have a place, and matters of a person that have none."""
_MORE = re.compile(
    r"也|同样|一样|靠近|交叉|交汇|之间|方向|还有|\b(?:too|also|as well|near|between|corner)\b", re.IGNORECASE
)
"""Words that say more of the same matter."""
_TELLER = re.compile(
    r"我(?:们|家|是|自己)?(?:就|也)?(?:住|在.{1,12}(?:上班|工作|上学))|(?:我家|我们家|单位|公司)在|路过|经过|下班|上班"
    r"|\bI (?:live|work)\b",
    re.IGNORECASE,
)
"""Words that say where the teller is or goes, rather than where it happened."""
_APART = re.compile(
    r"^(?:另外|还有|此外|再(?:反映|投诉|举报|说|问)|顺便|对了)|(?:另外|还有)(?:一|别的)?(?:件|个)?(?:事|问题)"
    r"|\b(?:another|a second|a different) (?:thing|problem|matter|issue|complaint)\b|^(?:also|besides)\b",
    re.IGNORECASE,
)
"""Words that set a matter apart from what was told before."""


def about(known: Mapping[str, str], guesses: Iterable[Guess]) -> dict[str, str]:
    """What a dialogue keeps of its demand: ``matter`` (a category code), ``of``, ``where``, ``complaint``.

    ``of``: whether its matter is one of a "place" or of a "person"; ``complaint``: whether it is one. Each as first
    told.
    """
    found = {}
    for guess in guesses:
        if guess.path == "demand.category" and guess.confidence >= LIKELY and "matter" not in known:
            found["matter"] = str(guess.value["code"])
            found["of"] = _of(guess)
        elif guess.path == "place.address" and "where" not in known:
            found["where"] = str(guess.value)
        elif guess.path == "demand.type" and guess.value == "complaint" and guess.confidence >= LIKELY:
            found["complaint"] = "1"
    return found


def _of(category: Guess) -> str:
    names = "".join(str(category.value.get(level) or "") for level in ("l1", "l2"))
    return "person" if _OF_A_PERSON.search(names) else "place" if _OF_A_PLACE.search(names) else ""


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


def set_apart(text: str) -> bool:
    """Whether the words themselves say that something else follows: 另外, 还有一件事."""
    return _APART.search(text.strip()) is not None


def is_another(known: Mapping[str, str], text: str, guesses: Sequence[Guess]) -> bool:
    """Whether ``text`` tells of a matter of its own; ``known`` is what ``about`` kept. In doubt it is an addition.

    It does when its words set it apart; when it has a matter and a place that surely is another; or when one matter is
    of a place (a lamp) and the other of a person (a pension).
    """
    said = about({}, guesses)
    differs = "matter" in said and "matter" in known and not _same_branch(known["matter"], said["matter"])
    where = said.get("where")
    elsewhere = where is not None and _elsewhere(known.get("where"), where) and not _named_in(known, text)
    if set_apart(text):
        return elsewhere or differs
    if _CORRECTS.search(text) or _TELLER.search(text):
        return False
    matter = max((g.confidence for g in guesses if g.path == "demand.category"), default=0.0)
    two = elsewhere and _two_places(known.get("where"), where)
    if not differs:
        return two and matter >= HINTED and not _MORE.search(text)
    if matter < SURE:
        return two
    return elsewhere or ({known.get("of"), said["of"]} == {"place", "person"} and not _MORE.search(text))


def _named_in(known: Mapping[str, str], text: str) -> bool:
    """Whether ``text`` names the place that was told, besides another one: 从国贸路到龙昆南路."""
    return any(part.text in text for part in parse(known.get("where", "")) if part.label in _NAMED)


def _two_places(before: str | None, now: str | None) -> bool:
    was, is_ = parse(before or ""), parse(now or "")
    for labels in _KINDS:
        here = {part.text for part in was if part.label in labels}
        there = {part.text for part in is_ if part.label in labels}
        if here and there:
            return not here & there
    return False


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
