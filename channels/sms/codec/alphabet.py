"""Which alphabet a coding octet names, and the text of octets in it."""

from __future__ import annotations

import codecs

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


def decode(data: bytes, alphabet: str) -> str | None:
    """The text, never with a NUL or a lone surrogate (U+FFFD stands for what is broken); None when it is no text."""
    if alphabet == GSM7:
        text: str | None = gsm7.decode(data)
    elif alphabet == UCS2:
        text = _ucs2(data)
    elif alphabet == BINARY:
        text = _guess(data)
    elif alphabet == ASCII and _CONTROLS.intersection(data.rstrip(b"\0")):
        text = gsm7.decode(data)  # some call the GSM alphabet ASCII; its @, $ and escape are controls there
    else:
        text = data.decode(_CODECS.get(alphabet, alphabet), errors="replace")
    return None if text is None else text.rstrip("\0").replace("\0", "�")


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
