"""Digits as people write and say them: 138, 幺三八, 壹叁捌, 一百三十八, 双零, 拐 for 7, 勾 for 9, "double oh"."""

from __future__ import annotations

from typing import Final

DIGITS: Final = dict(
    zip(
        "零〇洞幺腰妖一壹二两俩贰三叁四肆五伍六陆七拐柒八捌九勾钩玖0123456789",
        "000111112222334455667778899990123456789",
        strict=True,
    )
)
DIGITS.update({chr(0xFF10 + n): str(n) for n in range(10)})
"""Every character that says one digit; 腰 and 妖 are how recognisers write 幺."""
_WORDS = {
    word: str(n)
    for n, word in enumerate(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"))
} | {"oh": "0", "o": "0"}
_TIMES = dict(zip("双两二三四五2345", (2, 2, 2, 3, 4, 5, 2, 3, 4, 5), strict=True))
_TIMES_EN = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
_COUNTS_EN = {"two": 2, "three": 3, "four": 4, "five": 5}
_PLURALS = {f"{word}{'es' if word == 'six' else 's'}": digit for word, digit in _WORDS.items()} | {"zeroes": "0"}
CHAR: Final = f"[{''.join(DIGITS)}]"
TOKEN: Final = (
    rf"(?:(?:双|[两二三四五2-5]个){CHAR}|[一幺]百[三四五六七八九]十[一二两三四五六七八九]?|{CHAR}"
    rf"|(?ai:(?<![a-z])(?:{'|'.join(_COUNTS_EN)})\s{{1,3}}(?:{'|'.join(_PLURALS)})(?![a-z]))"
    rf"|(?ai:(?<![a-z])(?:(?:{'|'.join(_TIMES_EN)})\s{{1,3}})?(?:{'|'.join(_WORDS)})(?![a-z])"
    rf"|(?<![a-z])(?:{'|'.join(_TIMES_EN)})\s{{1,3}}[0-9]))"
)
"""One digit, one that is said to come several times, or the three that begin a mobile number as a hundred. In ASCII
alone: without it ſix and fıve would be words, too."""
GAP: Final = r"(?:[\s,，、.。\-—–·()（）/嗯呃啊]|然后|后面是?|接着|杠|那个|(?ai:then)){0,4}"
"""What may stand between the digits of one number that is said in several breaths."""


def said(token: str) -> str:
    """The digits that one ``TOKEN`` says: "00" for 双零, "138" for 一百三十八."""
    if (digit := DIGITS.get(token)) is not None:
        return digit
    if "百" in token:
        return "1" + DIGITS[token[2]] + DIGITS.get(token[4:], "0")
    if (digit := DIGITS.get(token[-1])) is not None and token[0] in _TIMES:
        return digit * _TIMES[token[0]]
    *times, last = token.lower().split()
    if times and last in _PLURALS:
        return _PLURALS[last] * _COUNTS_EN[times[0]]
    return (_WORDS.get(last) or last) * (_TIMES_EN[times[0]] if times else 1)
