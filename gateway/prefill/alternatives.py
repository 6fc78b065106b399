"""Places between which a text does not decide: 海秀的新村还是新坡的新村, either in Longhua or in Meilan."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from gateway.prefill.names import Hit

_OR = re.compile(
    r"[^，。！？；,.!?;\n]{0,6}?[，,]?\s?(?:还是|或是|或者?|要么|要不|抑或|又(?:好像|可能)|也(?:可能|许|好像)|\bor\b)"
    r"[^，。！？；,.!?;\n]{0,10}?",
    re.IGNORECASE,
)
"""All that stands between two of them."""
_NOT_ONE, _THEN = re.compile(r"不是[^，。,.不]{0,3}$"), re.compile(r"[^，。！？；,.!?;\n]{0,4}?[，,]?那?就是在?")
"""不是美兰区就是琼山区 denies neither."""
_AND, _BORDER = re.compile(r"[和与跟、]"), re.compile(r"的?(?:交界|接壤|之间|中间)")
_CLAUSE_END = re.compile(r"[，。！？；,.!?;\n]")
_WINDOW = 8


def alternatives(text: str, hits: Sequence[Hit]) -> tuple[list[list[Hit]], list[Hit]]:
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
        if joint == "apart":
            break
        if joint == "or":
            sides.append([])
        sides[-1].append(hit)
        last += 1
    return sides, [*hits[:first], *hits[last:]]


def _joint(text: str, one: Hit, other: Hit) -> str:
    """How two places that follow each other belong together: ``or``, ``with`` (one address), ``apart``."""
    open_choice = (
        _OR.fullmatch(text, one.end, other.start)
        or (
            _NOT_ONE.search(text[max(0, one.start - _WINDOW) : one.start])
            and _THEN.fullmatch(text, one.end, other.start)
        )
        or (_AND.fullmatch(text, one.end, other.start) and _BORDER.match(text, other.end))
    )
    if open_choice:
        return "or"
    return "apart" if _CLAUSE_END.search(text, one.end, other.start) else "with"
