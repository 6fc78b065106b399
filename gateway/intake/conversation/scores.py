"""A judgement in a chat: the figure that a reply asks for, or the words for it, and nothing else."""

from __future__ import annotations

import re
import unicodedata

from gateway.domain.reply_state import BUTTON
from gateway.ports.message import InboundMessage

_FIGURE = re.compile(r"([1-5])\s*(?:分|星|stars?|points?)?[.。!！]?", re.IGNORECASE)
_WORDS = {
    5: ("很满意", "非常满意", "十分满意", "特别满意", "very satisfied"),
    4: ("满意", "比较满意", "satisfied"),
    3: ("基本满意", "一般", "还行", "fairly satisfied"),
    2: ("不满意", "不太满意", "dissatisfied", "not satisfied"),
    1: ("很不满意", "非常不满意", "十分不满意", "very dissatisfied"),
}
_SCORE = {word: score for score, words in _WORDS.items() for word in words}
_AROUND = re.compile(r"^(?:我|评价|打分|[:：\s])+|[。.!！~～\s]+$")


def score_in(message: InboundMessage) -> int | None:
    """1 to 5, when the message says nothing besides."""
    if message.kind != "text" or message.event is not None:
        return None
    if message.choice is not None:
        key = message.choice.removeprefix(BUTTON)
        return int(key) if key != message.choice and _FIGURE.fullmatch(key) is not None else None
    said = _AROUND.sub("", unicodedata.normalize("NFKC", message.text or "").strip()).lower()
    found = _FIGURE.fullmatch(said)
    return int(found[1]) if found is not None else _SCORE.get(said)
