"""Telephone numbers as people say and write them: 幺三八…, 三个零, double zero, 0898 6812 3456 转 801, 400."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from gateway.domain.guess import Mention
from gateway.domain.said_digits import CHAR, GAP, TOKEN, said
from gateway.prefill.extract.phone_owner import Whose, no_use, said_to_be_mine, whose

_RUN = re.compile(rf"(?<![A-Za-z0-9])\+?{TOKEN}(?:{GAP}{TOKEN}){{4,40}}", re.IGNORECASE)
_EACH = re.compile(TOKEN, re.IGNORECASE)
_EXTENSION = re.compile(
    rf"[\s)）]{{0,2}}(?:转接?\s{{0,2}}(?:分机)?|分机|ext(?:ension)?\.?|[-—–](?=[0-9]{{1,5}}(?![-—–0-9])))"
    rf"号?(?:是|[:：])?\s{{0,2}}(?P<digits>{TOKEN}(?:\s?{TOKEN}){{0,5}})(?![下个位次趟])",
    re.IGNORECASE,
)
_DASHED = re.compile(
    r"(?:(?:0[0-9]{2,3}[-—–\s]?)?[2-9][0-9]{7}|1[3-9][0-9]([-—–\s]?)[0-9]{4}\1[0-9]{4}|[48]00[0-9]{7})"
    r"(?=[-—–][0-9]{1,5}(?![-—–0-9]))"
)
"""A number with its extension behind a dash: 0898-66668888-801; of a mobile, as delivery services print it."""
_ONE = r"(?:(?:00)?86)?1[3-9]\d{9}|(?:(?:00)?86)?0\d{2,3}[2-9]\d{6,7}|[48]00\d{7}|[2-9]\d{7}"
_NUMBERS = re.compile(rf"({_ONE})({_ONE})?({_ONE})?")
_MOBILE, _AREA, _SERVICE = (
    re.compile(r"(?:(?:00)?86)?(1[3-9]\d{9})"),
    re.compile(r"(?:(?:00)?86)?0(\d{9,11})"),
    re.compile(r"[48]00\d{7}"),
)
_CALL = re.compile(
    r"电话|手机|号码|联系|打给|打我|回电|座机|拨|请打|phone|mobile|number|call me|reach|contact|cell", re.IGNORECASE
)
_OTHER_NUMBER = re.compile(
    r"单号|编号|账号|帐号|卡号|户号|订单|身份证|证号|工号|学号|尾号|运单|代码|QQ|微信号?是?$", re.IGNORECASE
)
_CORRECTS = re.compile(r"(?:不对|说错|应该是|更正|改成|换成|不是).{0,12}$")
_BESIDE = re.compile(
    r"[\s，,、。；;]{0,2}(?:不对|说错了?|或者?|和|及|跟|也可以|也行|要打|请打|改|现在|换|or|and|but|it)?"
    r"[\s，,]{0,2}(?:是|打|成|用|就|is){0,2}\s?"
)
"""All that stands between two numbers of the same person."""
_LAST_DIGITS = re.compile(
    rf"[\s,，。、]{{0,3}}[啊哦呃嗯]?[\s,，]?(?:不对|不是|(?:说|讲|念|报)?错了)[\s,，。、啊]{{0,3}}(?:应该)?是?"
    rf"(?:最后|后面|尾号|末尾)?(?:[两二三四2-4]位)?(?:应该)?是?\s?(?P<digits>{TOKEN}(?:[\s,，、]?{TOKEN}){{0,5}})(?!{GAP}{TOKEN})",
    re.IGNORECASE,
)
"""A correction that says only the last digits again: 幺三八…零零幺，不对，是零零两."""
_FEWEST_LAST, _MOST_LAST = 2, 7
_AREA_SAID = re.compile(
    rf"(?:区号|area code)[是为：:\s]{{0,3}}(?P<area>[0零〇洞](?:\s?{CHAR}){{2,3}})(?!{CHAR})[^0-9]{{0,8}}$",
    re.IGNORECASE,
)
_BEFORE = 20


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

    Account, order and identity numbers are none; neither is a number that is said to be of no use. One that stands for
    the number before it, or beside it, is whose that was.
    """
    found: list[Phone] = []
    since, before = 0, Whose.UNSAID
    for run in _RUN.finditer(text):
        words = text[max(0, run.start() - _BEFORE) : run.start()]
        if _OTHER_NUMBER.search(words) and not _CALL.search(words):
            continue
        dashed = _DASHED.match(text, run.start(), run.end())
        digits, places = _digits(text, run.start(), dashed.end() if dashed else run.end())
        for first, last in _split(digits):
            start, end = places[first][0], places[last - 1][1]
            phone = _put_right(text, _phone(text, digits[first:last], (start, end), area_code, since))
            end = phone.span[1]
            stands_in = since > 0 and (phone.corrects or _BESIDE.fullmatch(text, since, start) is not None)
            if stands_in and phone.whose is Whose.UNSAID:
                phone = replace(phone, whose=before)
            since, before = end, phone.whose
            if not no_use(text, start, end):
                found.append(phone)
    return found


def _digits(text: str, start: int, end: int) -> tuple[str, list[tuple[int, int]]]:
    """The digits said in ``text[start:end]`` and where each was said."""
    digits: list[str] = []
    places: list[tuple[int, int]] = []
    for token in _EACH.finditer(text, start, end):
        new = said(token.group())
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


def _put_right(text: str, phone: Phone) -> Phone:
    """``phone`` with its last digits as they are said again directly behind it."""
    again = _LAST_DIGITS.match(text, phone.span[1])
    if again is None or phone.kind == "service" or ";" in phone.value:
        return phone
    digits, _ = _digits(text, *again.span("digits"))
    if not _FEWEST_LAST <= len(digits) <= _MOST_LAST:
        return phone
    return replace(phone, value=phone.value[: -len(digits)] + digits, span=(phone.span[0], again.end()), corrects=True)


def _phone(text: str, digits: str, span: tuple[int, int], area_code: str, since: int) -> Phone:
    if mobile := _MOBILE.fullmatch(digits):
        kind, national = "mobile", mobile[1]
    elif _SERVICE.fullmatch(digits):
        kind, national = "service", digits
    elif area := _AREA.fullmatch(digits):
        kind, national = "landline", area[1]
    else:
        if area_said := _AREA_SAID.search(text, max(0, span[0] - _BEFORE), span[0]):
            area_code = _digits(text, *area_said.span("area"))[0]
        kind, national = "local", f"{area_code.lstrip('0')}{digits}"
    suffix = ""
    if extension := _EXTENSION.match(text, span[1]):
        suffix = f";ext={_digits(text, *extension.span('digits'))[0]}"
        span = span[0], extension.end()
    before = text[max(0, span[0] - _BEFORE) : span[0]]
    return Phone(
        value=f"+86{national}{suffix}",
        span=span,
        kind=kind,
        whose=whose(text, *span, since),
        announced=_CALL.search(before) is not None or said_to_be_mine(text, *span),
        corrects=_CORRECTS.search(before) is not None,
    )
