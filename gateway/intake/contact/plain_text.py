"""What a text is before anybody asks what it is about: its language, whether it tells anything, a number alone."""

from __future__ import annotations

import re

from gateway.domain.guess import SURE, Guess
from gateway.domain.intents import Intent, speaks_english
from gateway.domain.phone_numbers import e164
from gateway.domain.spoken import is_only, only_words, word_count
from gateway.prefill.extract.phones import phones
from gateway.prefill.spoken_phone import callback_phone, spoken_phone

MIN_ENGLISH_WORDS = 3
OWN_WORDS = 12
"""So many characters around a number that somebody says is theirs are still only an announcement of it."""
_ANNOUNCES = re.compile(
    r"(?:我们?|本人|自己|的|电话|手机|座机|号码?|联系|方式|是|打|拨|回|找|请|可以|能|都|这个|这|给|用|留|微信|同号|谢谢|麻烦|您|你们?|好|嗯|哦"
    r"|补充|一下|老婆|老公|爱人|家人|儿子|女儿|妈妈?|爸爸?|就|行|了|吧|啊|呢|有事|随时|接|听|另外|还有|换成?|改成?"
    r"|my|phone|mobile|cell|telephone|number|is|call|ring|me|at|on|please|tel|its?|thanks?|the|you|can|reach|wechat|same"
    r"|back|this|or|and|use|here|s)*+",
    re.IGNORECASE,
)
"""All that a message holds besides a number which only announces it: 我的电话是…，打这个就行."""
_NO_DEMAND = re.compile(r"[\d\W]+")
_HOUSE = re.compile(
    r"(?:就?在|是|我家)?第?[0-9０-９A-Za-z零一二三四五六七八九十百]{1,5}(?:号楼?|栋|幢|座|单元|室|楼|层|房|期)"
    r"(?:[0-9A-Za-z一二三四五六七八九十]{1,5}(?:号楼?|栋|单元|室|楼|层|房)?|[东西南北中]?[门侧边]口?){0,3}[。.!！]?"
)
_AT_HOME = (
    "my house",
    "at my house",
    "my home",
    "at home",
    "my street",
    "here",
    "我家",
    "我家里",
    "家里",
    "在家",
    "在我家",
    "这里",
    "我这里",
)
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


def no_demand(text: str) -> bool:
    """Whether a text from which a demand is awaited holds none: digits that are no phone number, "my house"."""
    bare = text.strip()
    return (_NO_DEMAND.fullmatch(bare) is not None and phone_alone(bare) is None) or is_only(bare, _AT_HOME)


def house_alone(text: str) -> bool:
    """Whether it is a house or a storey alone: no address by itself, but an answer to the question for the place."""
    return _HOUSE.fullmatch(text.strip()) is not None


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
