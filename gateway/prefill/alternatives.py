"""Places between which a text does not decide (海秀还是新坡), and what it takes back (府城，不对，是灵山)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from gateway.prefill.names import NameHit

_PERHAPS = "(?:可能|也许|或许|大概|好像|说不定|maybe|perhaps|possibly)"
_OR = re.compile(
    r"[^，。！？；,.!?;\n]{0,6}?[，,？?]?\s?"
    r"(?:还是|或是|或者?|要么|要不|抑或|又(?:好像|可能)|也(?:可能|许|好像)|\bor\b)[^，。！？；,.!?;\n]{0,10}?",
    re.IGNORECASE,
)
"""All that stands between two of them."""
_NOT_ONE = re.compile(r"不[是在][^，。,.不]{0,3}$")
_THEN = re.compile(r"[^，。！？；,.!?;\n]{0,4}?[，,]?那?就[是在]{1,2}")
"""不是美兰区就是琼山区 denies neither."""
_AND, _BORDER = re.compile(r"[和与跟、]"), re.compile(r"的?(?:交界|接壤|之间|中间)")
_THERE = "(?:[那这][边里])?(?:[吗吧]|的)?"
_LISTED = re.compile(rf"{_THERE}[？?，,、]\s?[是在]?")
_UNSURE = re.compile(
    r"[记说分搞弄]不[清准]|拿不准|不记得|记不得|忘[了记]|不确定|不太?清楚|not sure|(?:n['’]t|not) remember|forgot",
    re.IGNORECASE,
)
_ASKS = re.compile(rf"{_THERE}[？?]")
_BOTH_PERHAPS = re.compile(rf"{_THERE}[，,、]?\s?{_PERHAPS}[是在]{{0,2}}", re.IGNORECASE)
_PERHAPS_BEFORE = re.compile(rf"{_PERHAPS}[^，。！？；,.!?;\n]{{0,8}}$", re.IGNORECASE)
_INTERJECTION = "[哦噢啊呃嗯哎唉]{0,2}"
_INSTEAD = re.compile(
    rf"{_THERE}[，。、！？,.!?\s]*{_INTERJECTION}[，,\s]?"
    r"(?:(?:不对)+|我?[说讲念记搞弄打写]?错了?|口误|更正(?:一下)?)[，。、！,.!\s啊]*(?:应该|其实|而)?是?在?"
    rf"|{_THERE}[，。、！？,.!?\s]+{_INTERJECTION}不(?:不|是的?)?[，。、！,.!\s]+(?:应该|其实|而)?是?在?"
    r"|[,.!?\s]+(?:(?:oh|no|wait|sorry|actually|i mean(?:t)?|it(?:'s| is)|rather|in|at|on|the)[,.!\s]+){0,6}"
    r"(?<=[\s,.])(?:no|wait|sorry|i mean(?:t)?)[,.!\s]+(?:(?:it(?:'s| is)|rather|in|at|on|the)[,.!\s]+){0,3}",
    re.IGNORECASE,
)
"""All that stands between a place and the one that is said to be right."""
_CLAUSE_END = re.compile(r"[，。！？；,.!?;\n]")
_WINDOW = 8
_NEAR = 12
"""Characters around two places that tell whether their order is a list of guesses."""
_PAUSE = 4
"""Characters that one address may have between its parts: 琼山区，府城镇."""


def settled(text: str, hits: Sequence[NameHit]) -> tuple[list[NameHit], int]:
    """``hits`` without what a later one is said to put right, and where what holds begins (0: nothing was).

    A district in which the later place may lie is not taken back. A bare name counts only in a choice or a correction.
    """
    joints = ["apart", *(_joint(text, one, other) for one, other in pairwise(hits)), "apart"]
    kept: list[NameHit] = []
    run = since = 0
    for n, hit in enumerate(hits):
        if hit.grade == "bare" and not {joints[n], joints[n + 1]} & {"or", "instead"}:
            continue
        if joints[n] == "instead":
            kept[run:] = [earlier for earlier in kept[run:] if _may_hold(earlier, hit)]
            since = hit.start
        elif joints[n] == "apart" and n and hit.start - hits[n - 1].end > _PAUSE:
            run = len(kept)
        kept.append(hit)
    return kept, since


def alternatives(text: str, hits: Sequence[NameHit]) -> tuple[list[list[NameHit]], list[NameHit]]:
    """The sides of the first choice that ``text`` leaves open among ``hits`` (in order), and the hits outside of it.

    No sides where it leaves none open. What is named with one side in the same clause belongs to it.
    """
    joints = [_joint(text, one, other) for one, other in pairwise(hits)]
    if "or" not in joints:
        return [], list(hits)
    middle = first = joints.index("or")
    while first > 0 and joints[first - 1] == "with":
        first -= 1
    sides, last = [list(hits[first : middle + 1])], middle + 1
    for joint, hit in zip(joints[middle:], hits[middle + 1 :], strict=True):
        if joint not in {"or", "with"}:
            break
        if joint == "or":
            sides.append([])
        sides[-1].append(hit)
        last += 1
    return sides, [*hits[:first], *hits[last:]]


def _joint(text: str, one: NameHit, other: NameHit) -> str:
    """How two places that follow each other belong together: ``or``, ``instead``, ``with`` (one address), ``apart``."""
    if _INSTEAD.fullmatch(text, one.end, other.start):
        return "instead"
    before = text[max(0, one.start - _WINDOW) : one.start]
    open_choice = (
        _OR.fullmatch(text, one.end, other.start)
        or (_NOT_ONE.search(before) and _THEN.fullmatch(text, one.end, other.start))
        or (_AND.fullmatch(text, one.end, other.start) and _BORDER.match(text, other.end))
        or (not _nested(one, other) and _guesses_in_a_row(text, one, other))
    )
    if open_choice:
        return "or"
    return "apart" if _CLAUSE_END.search(text, one.end, other.start) else "with"


def _guesses_in_a_row(text: str, one: NameHit, other: NameHit) -> bool:
    """龙华区？秀英区？, 可能是美兰，可能是琼山, or one after the other beside 记不清了."""
    if _BOTH_PERHAPS.fullmatch(text, one.end, other.start):
        return _PERHAPS_BEFORE.search(text[max(0, one.start - _NEAR) : one.start]) is not None
    if not _LISTED.fullmatch(text, one.end, other.start):
        return False
    if _ASKS.match(text, one.end) and _ASKS.match(text, other.end):
        return True
    around = text[max(0, one.start - _NEAR) : one.start], text[other.end : other.end + _NEAR]
    return any(map(_UNSURE.search, around))


def _nested(one: NameHit, other: NameHit) -> bool:
    """Whether one of the two may lie in the other, or nobody knows where it lies: 龙华区，国贸路."""
    if not one.divisions or not other.divisions:
        return bool(one.divisions or other.divisions)
    pairs = [(a.code, b.code) for a in one.divisions for b in other.divisions]
    return any(a.startswith(b) or b.startswith(a) for a, b in pairs)


def _may_hold(earlier: NameHit, later: NameHit) -> bool:
    """Whether ``earlier`` is a district, and ``later`` a smaller place that may lie in it."""
    if earlier.grade == "alias" or not all(d.level == "district" for d in earlier.divisions):
        return False
    if not later.divisions:
        return True
    codes = [d.code for d in earlier.divisions]
    return all(d.level != "district" for d in later.divisions) and any(
        d.code.startswith(code) for d in later.divisions for code in codes
    )
