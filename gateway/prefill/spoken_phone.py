"""Telephone numbers as people say them: 幺三八…, 一三八 零零…, 138-0013-8000, 0898 6812 3456."""

from __future__ import annotations

import re

from gateway.domain.guess import Guess

_DIGITS = dict(zip("零〇幺一二两三四五六七八九0123456789", "00112234567890123456789", strict=True))
_RUN = re.compile(rf"[{''.join(_DIGITS)}](?:[\s,，、.。\-—]*[{''.join(_DIGITS)}]){{6,}}")
_NUMBER = re.compile(r"^(?:86)?(1[3-9]\d{9})$|^(0\d{2,3}[2-9]\d{6,7})$|^([2-9]\d{7})$")
_CALL_ME = re.compile(r"电话|手机|号码|联系|打给我|回电|phone|number|call me", re.IGNORECASE)


def spoken_phone(text: str, area_code: str = "0898") -> Guess | None:
    """The last telephone number spoken, as E.164 (China); None when there is none.

    An 8-digit local number takes ``area_code``. Last, because people correct themselves.
    """
    best: Guess | None = None
    for match in _RUN.finditer(text):
        digits = "".join(_DIGITS[c] for c in match.group() if c in _DIGITS)
        number = _NUMBER.match(digits)
        if number is None:
            continue
        mobile, landline, local = number.groups()
        national = mobile or (landline or f"{area_code}{local}").lstrip("0")
        said_so = _CALL_ME.search(text[max(0, match.start() - 20) : match.start()]) is not None
        best = Guess(
            path="requester.callback_phone",
            value=f"+86{national}",
            source="rule",
            span=(match.start(), match.end()),
            confidence=0.95 if mobile and said_so else 0.8 if mobile or said_so else 0.6,
        )
    return best
