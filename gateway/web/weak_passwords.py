"""Rules for new passwords: guessable parts do not count, the rest must be long and varied enough."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

MIN_LENGTH = 12
MAX_LENGTH = 200
LEFT = 5
"""Characters that must be left, ``DIFFERENT`` ones among them."""
DIFFERENT = 4
_RUN = 4
"""A shorter piece of a keyboard row is a coincidence."""
_SHORTEST_NAME = 3
_LEET = str.maketrans("@4083157$!", "aaobeistsi")
# Stems that the published rankings of leaked passwords share (the NCSC's "most hacked passwords" of 2019 and the
# studies of the Chinese leaks of 2011), and this product's own words; written down here by hand, no list is copied.
_STEMS = tuple(
    """
    administrator password passwort passw0rd p@ssword iloveyou princess sunshine football baseball superman batman
    starwars trustno welcome letmein whatever computer internet michael jennifer charlie ashley dragon monkey shadow
    master killer hunter ranger summer winter spring autumn secret default changeme change login access user guest
    root test demo admin qazwsx hello love abc woaini woaiwojia wodemima mima aini zhang wang nihao beijing shanghai
    shenzhen guangzhou haikou hainan china zhongguo taobao qq163 gateway hotline zhitong agent supervisor zuoxi
    kefu rexian 12345 5201314 1314520 密码 口令 管理员 我爱你 你好 热线 海口 市民 坐席 班长
    """.split()  # noqa: SIM905 - words read better than quotes
)
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "`1234567890-=",
    "qwertyuiop[]\\",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "!@#$%^&*()_+",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
)
_RUNS = tuple(row for one in _ROWS for row in (one, one[::-1]))
_GUESSED = re.compile(r"(?:19|20)\d{6}|(?:19|20)\d\d|1[3-9]\d{9}|(.)\1{2,}|(.{2,6}?)\2{2,}")
"""Dates, years, mobile numbers, one character or a few again and again."""


def weakness(password: str, username: str, name: str = "") -> str | None:
    """The problem code of what is wrong with a new password of this user, or None."""
    if len(password) < MIN_LENGTH:
        return "password_too_short"
    if len(password) > MAX_LENGTH:
        return "password_too_long"
    own = [word for word in (username, *re.split(r"\W+", name)) if len(word) >= _SHORTEST_NAME or not word.isascii()]
    if any(word.lower() in password.lower() for word in own):
        return "password_too_simple"
    left = re.sub(r"[\W_]", "", _without_guessed(password.lower()))
    if len(left) < LEFT or len(set(left)) < DIFFERENT:
        return "password_too_common" if len(set(password)) >= DIFFERENT else "password_too_simple"
    return None


def _without_guessed(text: str) -> str:
    """``text`` with a blank in place of everything that is guessed first, also where it is spelled with digits."""
    # Words and runs first: a year would be seen in the middle of one, and leave its ends.
    text = _GUESSED.sub(" ", _without(text, (*_runs(text), *_STEMS)))
    return _without(text.translate(_LEET), _STEMS)


def _without(text: str, pieces: Iterable[str]) -> str:
    """``text`` with a blank for every character of a piece, also where pieces overlap."""
    covered = bytearray(len(text))
    for piece in pieces:
        at = text.find(piece)
        while at >= 0:
            covered[at : at + len(piece)] = b"\x01" * len(piece)
            at = text.find(piece, at + 1)
    return "".join(" " if hidden else char for char, hidden in zip(text, covered, strict=True))


def _runs(text: str) -> Iterator[str]:
    """The longest pieces of keyboard rows and sequences in ``text``, forwards or backwards."""
    start = 0
    while start <= len(text) - _RUN:
        longest = max(_matches(text, start), default=0)
        if longest >= _RUN:
            yield text[start : start + longest]
        start += max(longest, 1) if longest >= _RUN else 1


def _matches(text: str, start: int) -> Iterable[int]:
    for row in _RUNS:
        length = _RUN
        while start + length <= len(text) and text[start : start + length] in row:
            yield length
            length += 1
