"""What somebody wants who says little: greets, thanks, asks how it goes, withdraws."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from gateway.domain.intent_words import TABLE, Intent
from gateway.domain.spoken import is_only, only_words

__all__ = [
    "ONLY_THERE",
    "Intent",
    "has_no_phone",
    "intent_of",
    "is_outright",
    "is_plain",
    "means",
    "speaks_english",
]

ONLY_THERE = frozenset({Intent.GREETING, Intent.THANKS, Intent.ACK})
"""What is no part of a demand: it says that somebody is there."""
_EMOTICON = re.compile(r"/:[\w\-]{1,10}|\[[^\]\s]{1,6}\]")
"""As WeChat writes its own: /:rose, [握手]."""
_WHOLE = (Intent.NO_PHONE, Intent.DECLINE, Intent.IGNORED, Intent.WITHDRAW, Intent.PERSON)
"""Intents whose patterns are of all that is said."""
_RECORD = re.compile(r"工单|进度|进展|\b(?:ticket|progress|status)\b", re.IGNORECASE)
"""Who names the record itself tells of no matter, whatever the words are like."""
_KEYS = frozenset("0123456789*#")
_CLAUSE = re.compile(
    r"[，,。.!！；;、~…\s]+|但是?|可是|不过|然而|所以|因为|(?<=电话)我|(?<=手机)我|\b(?:but|and|so)\b", re.IGNORECASE
)
_ENGLISH_CLAUSE = re.compile(r"[,.!;]+|\b(?:but|and|so)\b", re.IGNORECASE)
_PHONE_GONE = re.compile(
    r"(?:电话|手机)(?:也|已经|刚|被人?|给)*(?:丢|坏|没电|停机|欠费|没了|不见|偷|掉)|没带(?:电话|手机)"
    r"|\b(?:phone|mobile|cell)\b.{0,12}\b(?:lost|stolen|broken|dead|gone|out of)\b"
    r"|\b(?:lost|broke) my (?:phone|mobile|cell)\b",
    re.IGNORECASE,
)
PLAIN_CHARS = 30
"""A longer message tells something of its own, whatever words it holds."""
PLAIN_WORDS = 14
"""The same for English, in words."""


_PARTS: Mapping[Intent, re.Pattern[str]] = {
    intent: re.compile("|".join(filter(None, (words.zh_part, words.en_part))), re.IGNORECASE)
    for intent, words in TABLE.items()
    if words.zh_part or words.en_part
}
_ALL: Mapping[Intent, tuple[str, ...]] = {intent: (*words.zh, *words.en) for intent, words in TABLE.items()}
_BY_WORDS = {only_words(word): intent for intent, words in reversed(list(_ALL.items())) for word in words}
"""Words as they stand come before what politeness leaves of them: "没有了" agrees, "没有" declines."""


def intent_of(text: str | None) -> Intent | None:
    """What the words want; None when they say something of their own, much more, or nothing that is known."""
    if not text or not text.strip():
        return None
    return _intent_of(text) if len(text) <= PLAIN_CHARS * 4 else None


def means(text: str | None, intents: tuple[Intent, ...]) -> bool:
    """Whether ``text`` is one of ``intents``, whatever else its words may mean elsewhere ("没有" skips a question)."""
    if not text or not is_plain(text):
        return False
    return any(_is(text, intent) for intent in intents)


def is_plain(text: str) -> bool:
    """Whether it is short enough to want something, rather than to tell something."""
    bare = text.strip()
    return len(bare) <= PLAIN_CHARS or (bare.isascii() and len(bare.split()) <= PLAIN_WORDS)


def has_no_phone(text: str | None, *, asked: bool) -> bool:
    """Whether a clause of ``text`` says that there is no phone.

    ``asked``: a number was asked for, so that 手机丢了 says it too.
    """
    if not text:
        return False
    splits = _ENGLISH_CLAUSE if text.isascii() else _CLAUSE
    if any(means(clause, (Intent.NO_PHONE,)) for clause in splits.split(text[: PLAIN_CHARS * 10])):
        return True
    return asked and is_plain(text) and _PHONE_GONE.search(text) is not None


def is_outright(text: str | None) -> bool:
    """Whether an intent is all that is said, so that the words tell nothing besides."""
    bare = only_words(_EMOTICON.sub("", text or ""))
    if len(bare) <= 1 or any(is_only(text or "", words) for words in _ALL.values()) or means(text, _WHOLE):
        return True
    return means(text, (Intent.PROGRESS,)) and _RECORD.search(text or "") is not None


@lru_cache(maxsize=1024)
def _intent_of(text: str) -> Intent | None:
    text = _EMOTICON.sub("", text)
    if not only_words(text):
        return Intent.GREETING  # a question mark, dots, an emoji: somebody is there
    if text.strip() in _KEYS:
        return Intent.ACK  # the key of a menu that is over
    if not is_plain(text):
        return None
    said = _BY_WORDS.get(only_words(text)) or next((i for i, words in _ALL.items() if is_only(text, words)), None)
    return said or next((intent for intent, part in _PARTS.items() if part.search(text.strip())), None)


def _is(text: str, intent: Intent) -> bool:
    part = _PARTS.get(intent)
    return is_only(text, _ALL[intent]) or (part is not None and part.search(text.strip()) is not None)


def speaks_english(text: str | None) -> bool:
    """Whether plain words are said in English: "hello", "no phone"; "ok" and its like are said in every language."""
    if not text or not is_plain(text):
        return False
    return any(is_only(text, words.en) for intent, words in TABLE.items() if intent is not Intent.ACK)
