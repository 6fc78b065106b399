"""What somebody wants who says little: greets, thanks, asks how it goes, withdraws."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from gateway.domain.intent_words import TABLE, Intent
from gateway.domain.spoken import bare, only_words, unpadded

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
_ALL: Mapping[Intent, frozenset[str]] = {intent: bare((*words.zh, *words.en)) for intent, words in TABLE.items()}
_ENGLISH = frozenset[str]().union(*(bare(words.en) for intent, words in TABLE.items() if intent is not Intent.ACK))
"""But for "ok" and its like, which are said in every language."""
_BY_WORDS = {word: intent for intent, words in reversed(list(_ALL.items())) for word in words}
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
    said = unpadded(text)
    return any(not _ALL[intent].isdisjoint(said) or _holds(intent, text) for intent in intents)


def is_plain(text: str) -> bool:
    """Whether it is short enough to want something, rather than to tell something."""
    said = text.strip()
    return len(said) <= PLAIN_CHARS or (said.isascii() and len(said.split()) <= PLAIN_WORDS)


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
    if len(only_words(_EMOTICON.sub("", text or ""))) <= 1:
        return True
    if not _BY_WORDS.keys().isdisjoint(unpadded(text or "")) or means(text, _WHOLE):
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
    if (known := _BY_WORDS.get(only_words(text))) is not None:
        return known
    said = unpadded(text)
    polite = next((intent for intent, words in _ALL.items() if not words.isdisjoint(said)), None)
    return polite or next((intent for intent in _PARTS if _holds(intent, text)), None)


def _holds(intent: Intent, text: str) -> bool:
    """Whether something that ``text`` says wants it."""
    part = _PARTS.get(intent)
    return part is not None and part.search(text.strip()) is not None


def speaks_english(text: str | None) -> bool:
    """Whether plain words are said in English: "hello", "no phone"."""
    return bool(text) and is_plain(text or "") and not _ENGLISH.isdisjoint(unpadded(text or ""))
