"""Which alphabet a coding octet names, and the text of octets in it."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from channels.sms.codec import gsm7

GSM7, ASCII, LATIN1, GBK, UCS2, UTF8, BINARY = "gsm7", "ascii", "latin1", "gbk", "ucs2", "utf8", "binary"

_SMPP = {
    1: ASCII,
    2: BINARY,
    3: LATIN1,
    4: BINARY,
    5: "shift_jis",
    6: "iso8859_5",
    7: "iso8859_8",
    8: UCS2,
    10: "iso2022_jp",
    13: "euc_jp",
    14: "euc_kr",
    15: GBK,
}
_CMPP = {0: ASCII, 3: BINARY, 4: BINARY, 8: UCS2, 15: GBK}
_CONTROLS = frozenset(range(0x20)) - frozenset(b"\t\r\n")
_DOUBTED: Final = frozenset({GSM7, ASCII, LATIN1, UCS2, GBK, UTF8})
_SOME, _MOSTLY = 4, 0.8
"""Of so many Chinese characters, so large a share are common ones."""
_BELIEVED, _LIKELY = 0.9, 0.8
_THREE_OCTETS: Final = "\u0800"
_VALID: Final = 0.05
"""For octets that follow UTF-8's rules to the end."""
_ONE_WIDE: Final = 2
_WORDS: Final = frozenset(b" ,.!?0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_WORDY: Final = 0.8
"""From this share of letters, digits, blanks and stops on, octets are the words that they look like."""
_ASCII_END, _GREEK_END, _EMOJI = 0x80, 0x400, 0x1F000
_HAN: Final = ("\u4e00", "\u9fff")
_FULLWIDTH: Final = ("\uff00", "\uff65")
_SIGNS: Final = frozenset("，。！？、；：“”‘’（）《》【】…—·～￥°℃×÷①②③④⑤⑥⑦⑧⑨⑩→←↑↓★☆※€£¥§\u200d\ufe0f☀☎✅❤❌⭐⚠")
_SECOND_LEVEL: Final = 0xD8
"""First octet in GB 2312 from which on its characters are the rarer ones."""
_RARE, _NAMES, _FOREIGN = 0.9, 0.5, 0.6
_CODECS = {ASCII: "ascii", LATIN1: "latin-1", GBK: "gb18030", UTF8: "utf-8"}


def of_smpp(data_coding: int, default: str = GSM7) -> str:
    """SMPP 3.4, 5.2.19; 15 is what Chinese operators use for GBK; from 0x10 on the scheme of 3GPP TS 23.038, 4."""
    if data_coding == 0:
        return default
    return _SMPP.get(data_coding, BINARY) if data_coding <= 0x0F else _of_gsm(data_coding)  # noqa: PLR2004 - table's end


def of_cmpp(msg_fmt: int) -> str:
    """CMPP's Msg_Fmt; values outside its table are what the handset sent, by 3GPP TS 23.038."""
    known = _CMPP.get(msg_fmt)
    return known or (_of_gsm(msg_fmt) if msg_fmt > 0x0F else BINARY)  # noqa: PLR2004 - the table's end


def _of_gsm(scheme: int) -> str:
    """3GPP TS 23.038, 4: bits 3 and 2 choose the alphabet; reserved values are taken as 8-bit data."""
    group = scheme >> 4
    if group <= 0x7 and not scheme & 0x20:  # noqa: PLR2004 - 00xx and 01xx, not compressed
        return {0: GSM7, 1: BINARY, 2: UCS2}.get(scheme >> 2 & 3, BINARY)
    if group in {0xC, 0xD}:
        return GSM7
    if group == 0xE:  # noqa: PLR2004 - message waiting, UCS-2
        return UCS2
    if group == 0xF:  # noqa: PLR2004 - data coding and message class
        return BINARY if scheme & 4 else GSM7
    return BINARY


@dataclass(frozen=True, slots=True)
class Read:
    """What octets say. ``text`` is None when they are no text; ``doubtful``: the label was not believed, or in vain."""

    text: str | None
    doubtful: bool = False


def read(data: bytes, label: str) -> Read:
    """The text of ``data``, labelled as being in the alphabet ``label``.

    Labels are often wrong: a gateway that passes UCS-2, UTF-8 or GBK on as "default alphabet" is believed as far as its
    octets read as text. Never with a NUL or a lone surrogate: U+FFFD stands for what is broken.
    """
    if label == BINARY:
        return Read(_clean(guessed) if (guessed := _guess(data)) else None)
    labelled = _as_labelled(data, label)
    if label not in _DOUBTED or not data:
        return _in_vain(labelled)
    if label != UCS2 and _is_ucs2(data):
        return Read(_clean(data.decode("utf-16-be")), doubtful=True)
    sense = _sense(labelled)
    if sense >= _BELIEVED and "\ufffd" not in labelled:
        return Read(_clean(labelled))
    best, text = max(_otherwise(data, label), default=(0.0, ""), key=lambda one: one[0])
    return Read(_clean(text), doubtful=True) if best >= _LIKELY and best > sense else _in_vain(labelled)


def _in_vain(text: str) -> Read:
    clean = _clean(text)
    return Read(clean, "\ufffd" in clean)


def decode(data: bytes, label: str) -> str | None:
    """The text of ``read``."""
    return read(data, label).text


def _as_labelled(data: bytes, label: str) -> str:
    if label == GSM7:
        return gsm7.decode(data)
    if label == UCS2:
        return _ucs2(data)
    if label == ASCII and _CONTROLS.intersection(data.rstrip(b"\0")):
        return gsm7.decode(data)  # some call the GSM alphabet ASCII; its @, $ and escape are controls there
    return data.decode(_CODECS.get(label, label), errors="replace")


def _clean(text: str) -> str:
    return text.rstrip("\0").replace("\0", "\ufffd")


def _is_ucs2(data: bytes) -> bool:
    """Whether seven-bit octets are UCS-2: ASCII with a zero before each ("@a@b" as GSM), or common Chinese ("O`Y}")."""
    if len(data) % 2 or not data.isascii():
        return False
    if not any(data[0::2]) and all(data[1::2]):
        return len(data) > _ONE_WIDE or data[1:].isdigit()  # "1" and "0" are choices
    wide = data.decode("utf-16-be")
    if sum(octet in _WORDS for octet in data) >= len(data) * _WORDY:
        return False
    usual = sum(_usual(one) >= _RARE for one in wide if _HAN[0] <= one <= _HAN[1])
    return usual == len(wide) or (len(wide) >= _SOME and usual >= len(wide) * _MOSTLY and _all_han(wide))


def _all_han(text: str) -> bool:
    return all(_HAN[0] <= one <= _HAN[1] for one in text)


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _otherwise(data: bytes, label: str) -> Iterator[tuple[float, str]]:
    """What ``data`` says in the alphabets that it may be in instead, each with its sense, surest first."""
    for name in (UTF8, UCS2, GBK, ASCII):
        if name == label or (name == UCS2 and len(data) % 2):
            continue
        text = _strict(data, "utf-16-be" if name == UCS2 else _CODECS[name])
        if text is not None:
            text = text.removeprefix("\ufeff")
            chosen = name == UTF8 and any(one >= _THREE_OCTETS for one in text)  # by chance, hardly anything is
            yield 1.0 if chosen else _sense(text) + (_VALID if name == UTF8 else 0.0), text


def _sense(text: str) -> float:
    """How much of ``text`` people write here: 0 to 1. Counts ASCII, common Chinese characters, signs and emoji."""
    return sum(map(_usual, text)) / len(text) if text else 0.0


@lru_cache(maxsize=8192)
def _usual(character: str) -> float:
    code = ord(character)
    if code < _ASCII_END:
        return float(character.isprintable() or character in "\r\n\t")
    if _HAN[0] <= character <= _HAN[1]:
        try:
            return 1.0 if character.encode("gb2312")[0] < _SECOND_LEVEL else _RARE
        except UnicodeEncodeError:
            return _NAMES
    if character in _SIGNS or _FULLWIDTH[0] <= character <= _FULLWIDTH[1] or code >= _EMOJI:
        return 1.0
    return _FOREIGN if character.isalpha() and code < _GREEK_END else 0.0


def _ucs2(data: bytes) -> str:
    """UTF-16, big-endian unless a mark says otherwise. Some gateways send ASCII and call it UCS-2: odd lengths tell."""
    if len(data) % 2 and data.isascii() and _printable(data.decode("ascii")):
        return data.decode("ascii")
    if data.startswith(codecs.BOM_UTF16_LE):
        return data[2:].decode("utf-16-le", errors="replace")
    return data.removeprefix(codecs.BOM_UTF16_BE).decode("utf-16-be", errors="replace")


def _guess(data: bytes) -> str | None:
    """8-bit data is text when all of it reads as text: some gateways mark plain UTF-8 or GBK so."""
    for codec in ("utf-8", "gbk"):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if _printable(text):
            return text
    return None


def _printable(text: str) -> bool:
    return bool(text) and all(character.isprintable() or character in "\r\n\t" for character in text)
