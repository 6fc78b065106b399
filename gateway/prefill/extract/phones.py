"""Telephone numbers as people say and write them: 幺三八…, 三个零, double zero, 0898 6812 3456 转 801, 400."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from gateway.domain.guess import Mention

_DIGITS = dict(zip("零〇洞幺一二两三四五六七八九0123456789", "000112234567890123456789", strict=True))
_DIGITS |= {chr(0xFF10 + n): str(n) for n in range(10)}
_WORDS = {
    w: str(n) for n, w in enumerate(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"))
} | {"oh": "0", "o": "0"}
_CHAR = f"[{''.join(_DIGITS)}]"
_WORD = rf"(?:(?:double|triple)\s+)?\b(?:{'|'.join(_WORDS)})\b"
_REPEATED = rf"[两二三四2-4]个{_CHAR}"
_TOKEN = rf"(?:{_REPEATED}|{_CHAR}|{_WORD})"
_GAP = r"[\s,，、.。\-—–·()（）嗯呃]{0,3}"
_RUN = re.compile(rf"(?<![A-Za-z0-9])\+?{_TOKEN}(?:{_GAP}{_TOKEN}){{4,40}}", re.IGNORECASE)
_EACH = re.compile(_TOKEN, re.IGNORECASE)
_EXTENSION = re.compile(
    rf"\s{{0,2}}(?:转|分机号?|ext(?:ension)?\.?)\s{{0,2}}(?P<digits>{_TOKEN}(?:\s?{_TOKEN}){{0,5}})", re.IGNORECASE
)
_ONE = r"(?:86)?1[3-9]\d{9}|(?:86)?0\d{2,3}[2-9]\d{6,7}|[48]00\d{7}|[2-9]\d{7}"
_NUMBERS = re.compile(rf"({_ONE})({_ONE})?({_ONE})?")
_MOBILE, _AREA, _SERVICE = (
    re.compile(r"(?:86)?(1[3-9]\d{9})"),
    re.compile(r"(?:86)?0(\d{9,11})"),
    re.compile(r"[48]00\d{7}"),
)
_MINE = re.compile(
    r"我的|我手机|我电话|联系我|打我|打给我|回我|回电|本人|我是|我这边|\bmy\b|call me|reach me", re.IGNORECASE
)
_THEIRS = re.compile(
    r"他们?的|她们?的|对方|店里|店家|商家|店的|老板的?(?:电话|手机|号)|司机的?(?:电话|手机|号)|公司的?(?:电话|号码)|客服|物业的?(?:电话|号码)|中介的?(?:电话|手机|号)|"
    r"房东的?(?:电话|手机|号)|酒店的?电话|饭店的?电话|骚扰|诈骗|来电显示|陌生|打来|打进来|给我打电话|包工头的?(?:电话|手机|号)|投诉的?(?:电话|号码)|接到|\b(?:his|her|their|its)\b",
    re.IGNORECASE,
)
_CALL = re.compile(r"电话|手机|号码|联系|打给|打我|回电|座机|拨|phone|mobile|number|call me|cell", re.IGNORECASE)
_OTHER_NUMBER = re.compile(
    r"单号|编号|账号|帐号|卡号|户号|订单|身份证|证号|工号|学号|尾号|运单|代码|QQ|微信号?是?$", re.IGNORECASE
)
_WRONG = re.compile(r".{0,2}(?:是错的|错了|不对|打不通|停机|不用了|作废)")
_CORRECTS = re.compile(r"(?:不对|说错|应该是|更正|改成|换成|不是).{0,12}$")
_CALLS_ME = re.compile(r".{0,3}?(?:给我打|打给我|打来|打过来|打电话|骚扰)")
_BEFORE = 20


class Whose(Enum):
    """Whose number it is by the words around it."""

    MINE = "mine"
    THEIRS = "theirs"
    UNSAID = "unsaid"


@dataclass(frozen=True, slots=True)
class Phone:
    """One number in a text. ``value``: E.164, an extension as ``;ext=`` (RFC 3966); service numbers (400) likewise."""

    value: str
    span: tuple[int, int]
    kind: str
    """mobile, landline (with area code), local, service"""
    whose: Whose
    announced: bool
    """Words like 电话 or "my number" go before it."""
    corrects: bool
    """It is said to stand for what was said before."""

    def as_mention(self) -> Mention:
        """A ``phone`` of ``prefill.mentions``; a bare 8-digit number may be anything."""
        sure = 0.85 if self.kind != "local" else 0.7 if self.announced else 0.4
        return Mention(kind="phone", value=self.value, span=self.span, confidence=sure)


def phones(text: str, area_code: str = "0898") -> list[Phone]:
    """Every telephone number of ``text``, in its order; an 8-digit local number takes ``area_code``.

    Account, order and identity numbers are none; neither is a number that is said to be wrong.
    """
    found: list[Phone] = []
    for run in _RUN.finditer(text):
        before = text[max(0, run.start() - _BEFORE) : run.start()]
        if _OTHER_NUMBER.search(before) and not _CALL.search(before):
            continue
        digits, places = _digits(text, run.start(), run.end())
        for first, last in _split(digits):
            start, end = places[first][0], places[last - 1][1]
            if _WRONG.match(text, end, end + 8):
                continue
            found.append(_phone(text, digits[first:last], (start, end), area_code))
    return found


def _digits(text: str, start: int, end: int) -> tuple[str, list[tuple[int, int]]]:
    """The digits said in ``text[start:end]`` and where each was said."""
    digits: list[str] = []
    places: list[tuple[int, int]] = []
    for token in _EACH.finditer(text, start, end):
        said = token.group().lower()
        if said in _DIGITS:
            new = _DIGITS[said]
        elif said[-1] in _DIGITS:
            new = _DIGITS[said[-1]] * int(_DIGITS[said[0]])
        else:
            times, _, word = said.rpartition(" ")
            new = _WORDS[word.strip()] * {"": 1, "double": 2, "triple": 3}[times.strip()]
        digits += new
        places += [token.span()] * len(new)
    return "".join(digits), places


def _split(digits: str) -> list[tuple[int, int]]:
    """Where in ``digits`` the numbers are: one, several in a row, or one whose beginning was said twice."""
    if match := _NUMBERS.fullmatch(digits):
        return [match.span(g) for g in (1, 2, 3) if match[g]]
    for repeated in range(1, 8):
        rest = digits[repeated:]
        if rest.startswith(digits[:repeated]) and re.fullmatch(_ONE, rest):
            return [(repeated, len(digits))]
    return []


def _phone(text: str, digits: str, span: tuple[int, int], area_code: str) -> Phone:
    if mobile := _MOBILE.fullmatch(digits):
        kind, national = "mobile", mobile[1]
    elif _SERVICE.fullmatch(digits):
        kind, national = "service", digits
    elif area := _AREA.fullmatch(digits):
        kind, national = "landline", area[1]
    else:
        kind, national = "local", f"{area_code.lstrip('0')}{digits}"
    suffix = ""
    if kind != "mobile" and (extension := _EXTENSION.match(text, span[1])):
        suffix = f";ext={_digits(text, *extension.span('digits'))[0]}"
        span = span[0], extension.end()
    before = text[max(0, span[0] - _BEFORE) : span[0]]
    return Phone(
        value=f"+86{national}{suffix}",
        span=span,
        kind=kind,
        whose=Whose.THEIRS if _CALLS_ME.match(text, span[1], span[1] + _BEFORE) else _whose(before),
        announced=_CALL.search(before) is not None,
        corrects=_CORRECTS.search(before) is not None,
    )


def _whose(before: str) -> Whose:
    """By what was said last."""
    mine = max((m.end() for m in _MINE.finditer(before)), default=-1)
    theirs = max((m.end() for m in _THEIRS.finditer(before)), default=-1)
    if mine == theirs:
        return Whose.UNSAID
    return Whose.MINE if mine > theirs else Whose.THEIRS
