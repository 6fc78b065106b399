"""What a text is before anybody asks what it is about: its language, whether it tells anything, a number alone."""

from __future__ import annotations

import re

from gateway.domain.guess import SURE, Guess
from gateway.domain.intents import Intent, speaks_english
from gateway.domain.spoken import only_words, word_count
from gateway.ports.numbers import e164
from gateway.prefill.extract.phones import phones
from gateway.prefill.spoken_phone import callback_phone, spoken_phone

MIN_ENGLISH_WORDS = 3
OWN_WORDS = 12
"""So many characters around a telephone number are still only an announcement of it: 我的电话是…，打这个就行."""
_ANNOUNCES = re.compile(
    r"(?:我|的|是|电话|号码?|手机|座机|联系|方式|打|拨|这个|那就|就|行|可以|回电|给|请|吧|好|谢谢|补充|一下|留|phone|mobile|number"
    r"|my|is|its|it|call|me|on|at|please|thanks|the|ok)*"
)
"""What goes with a number that nobody says is theirs; 这个号码一直骚扰我 is no announcement."""
_HAN = re.compile(r"[一-鿿]")
SILENT = frozenset(
    {Intent.GREETING, Intent.THANKS, Intent.ACK, Intent.ABUSE, Intent.IGNORED, Intent.DECLINE, Intent.NO_PHONE}
    | {Intent.REPEAT, Intent.KEYS, Intent.ENGLISH, Intent.PERSON, Intent.PROGRESS, Intent.WITHDRAW}
)
"""What says nothing of a demand."""


def language_of(text: str | None, else_: str | None = None) -> str | None:
    """The language in which to answer: what a text is clearly in (zh, en), else ``else_``, else what it seems to be."""
    if text and _HAN.search(text):
        return "zh"
    if text and word_count(text) >= MIN_ENGLISH_WORDS:
        return "en"
    return else_ or ("en" if speaks_english(text) else None)


def phone_in(text: str) -> str | None:
    """The number in an answer to our question for one, as E.164."""
    found = spoken_phone(text)
    return found.value if found else e164(text)


def phone_alone(text: str) -> Guess | None:
    """The number of a message that holds nothing else but what announces it."""
    found = spoken_phone(text)
    if found is None or found.span is None:
        return None
    around = only_words(text[: found.span[0]] + text[found.span[1] :])
    theirs = callback_phone(phones(text))
    said_theirs = theirs is not None and theirs.confidence >= SURE
    return found if _ANNOUNCES.fullmatch(around) or (said_theirs and len(around) <= OWN_WORDS) else None
