"""Numbers that have a form of their own: 统一社会信用代码, identity cards, number plates."""

from __future__ import annotations

import re

from gateway.domain.guess import Mention

_USCC_CHARS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC = re.compile(
    rf"(?<![0-9A-Za-z])[1-9A-HJ-NP-RTUWXY]{{2}}\d{{6}}[{_USCC_CHARS}]{{10}}(?![0-9A-Za-z])",
    re.IGNORECASE | re.ASCII,
)
_USCC_BASE = 31
_USCC_LENGTH = 18
_ID = re.compile(
    r"(?<!\d)[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![0-9A-Za-z])",
    re.ASCII,
)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK = "10X98765432"
_PROVINCES = "京津沪渝冀晋辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云陕甘青蒙宁新藏"
_SPOKEN_PLATE = re.compile(
    rf"(?P<province>[{_PROVINCES}穷])\s?(?P<rest>[A-HJ-NP-Za-hj-np-z]\s?[·•.点]?(?:\s?[A-HJ-NP-Za-hj-np-z0-9零〇幺一二两三四五六七八九]){{5,6}})"
)
_SPOKEN_DIGITS = str.maketrans("零〇幺一二两三四五六七八九", "0011223456789", "·•.点 \t\n")
_PLATE = re.compile(
    rf"[{_PROVINCES}][A-HJ-NP-Z][·\s]?(?:[DF][A-HJ-NP-Z0-9]\d{{4}}|\d{{5}}[DF]|[A-HJ-NP-Z0-9]{{5}})(?![A-Z0-9])"
)


def uscc_is_valid(code: str) -> bool:
    """Whether ``code`` has the check character of GB 32100-2015 (weights are powers of 3 modulo 31)."""
    values = [_USCC_CHARS.find(c) for c in code.upper()]
    if len(values) != _USCC_LENGTH or min(values) < 0:
        return False
    total = sum(value * pow(3, i, _USCC_BASE) for i, value in enumerate(values[:-1]))
    return values[-1] == -total % _USCC_BASE


def id_is_valid(number: str) -> bool:
    """Whether an 18-digit identity number has the check character of GB 11643-1999."""
    total = sum(int(c) * w for c, w in zip(number, _ID_WEIGHTS, strict=False))
    return _ID_CHECK[total % len(_ID_CHECK)] == number[-1].upper()


def numbers(text: str) -> list[Mention]:
    """Codes, identity numbers and plates; one with a wrong check character is less sure than ``FILL_AT``.

    An identity number is never repeated: its value says only that one stands at the span, so that it can be masked.
    """
    found = [
        _mention("uscc", m.group().upper(), m, 0.95 if uscc_is_valid(m.group()) else 0.3)
        for m in _USCC.finditer(text)
        if not _ID.match(text, m.start()) or (uscc_is_valid(m.group()) and not id_is_valid(m.group()))
    ]
    found += [_mention("id_number", "*", m, 0.95 if id_is_valid(m.group()) else 0.6) for m in _ID.finditer(text)]
    found += [plate for m in _SPOKEN_PLATE.finditer(text) if (plate := _plate(m)) is not None]
    return found


def _plate(match: re.Match[str]) -> Mention | None:
    """The plate that was written or spoken; 穷A is how a recogniser writes 琼A."""
    rest = match["rest"].translate(_SPOKEN_DIGITS).upper()
    if _PLATE.fullmatch(f"琼{rest}") is None:
        return None
    written = match["rest"].isascii() or "·" in match["rest"]
    heard = match["province"] == "穷"
    value = f"{'琼' if heard else match['province']}{rest}"
    return _mention("plate", value, match, 0.7 if heard else 0.9 if written else 0.85)


def _mention(kind: str, value: str, match: re.Match[str], confidence: float) -> Mention:
    return Mention(kind=kind, value=value, span=match.span(), confidence=confidence)
