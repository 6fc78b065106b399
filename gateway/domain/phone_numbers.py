"""Telephone numbers as networks and people write them, to E.164: the one rule for every channel."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

import phonenumbers

CHINA = "CN"
_LONGEST = 1024
"""Characters of what can be a number with its URI around it."""
_SEPARATORS = re.compile(r"[\s().\-\u2010-\u2015\u2212]")
"""Visual separators (RFC 3966 §5.1.1), and the dashes that people type for them."""
_EXTENSION = re.compile(r"(?:ext(?:ension)?|x|转接?(?:分机)?号?|分机号?):?(\d{1,7})$", re.IGNORECASE | re.ASCII)
"""As people write it, behind a number without its separators."""
_DASHED = re.compile(r"((?:\d{3,4}-)?\d{7,8}|1\d{10}|\d{3}-\d{4}-\d{4}|[48]00\d{7})[-\u2013\u2014](\d{1,5})", re.ASCII)
"""Digits with the extension behind a dash; only of what is no number as a whole."""
_EXT_PARAMETER = re.compile(r"\d{1,7}", re.ASCII)
_DIGITS = re.compile(r"\+?\d{3,20}")
_GLOBAL = re.compile(r"\+\d{1,15}", re.ASCII)
SUBSCRIBER_DIGITS = 8
"""So many last digits tell a telephone from others, however its country is written."""
_LOCAL_DIGITS = (7, 8)
"""How long a number without its area code is."""
_CHINA = phonenumbers.PhoneMetadata.metadata_for_region(CHINA)
assert _CHINA is not None
assert _CHINA.mobile is not None
_MOBILE = re.compile(rf"(?:\+?86)?({_CHINA.mobile.national_number_pattern})", re.ASCII)
"""Mobile numbers of the mainland as they mostly come; the library's own pattern, without its 20 µs around it."""


@dataclass(frozen=True, slots=True)
class DialPlan:
    """What a number leaves out where it is dialled: on one trunk, or in one city."""

    country: str = CHINA
    """ISO 3166-1, two letters: whose national numbers need no country code."""
    area_code: str = ""
    """With or without its leading zero; empty: a number without an area code is none."""


NATIONAL = DialPlan()
CITY = DialPlan(area_code="0898")
"""Of people who write down their number in this city; pre-fill reads texts with the same area code."""


def e164(raw: str | None, plan: DialPlan = NATIONAL) -> str | None:
    """``raw`` (a number, a SIP or tel URI) as E.164 with a plus; None when withheld or no dialable public number.

    Read are percent-encoding, visual separators, parameters in the user part (``;npdi``, ``;ext=``), tel's
    ``phone-context`` (RFC 3966 §5.1.5), the country code with ``+``, ``00``, ``0`` or nothing before it, a trunk zero
    after it, and numbers without country or area code as ``plan`` completes them.
    """
    if raw is None or len(raw) > _LONGEST:
        return None
    if mobile := _MOBILE.fullmatch(raw) if plan.country == CHINA else None:
        return f"+86{mobile[1]}"
    number, context, _ = _dialled(raw)
    if _DIGITS.fullmatch(number) is None:
        return None
    for text in _readings(number, context, plan):
        try:
            found = phonenumbers.parse(text, plan.country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(found):
            return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    return None


def to_dial(raw: str, plan: DialPlan = NATIONAL) -> str | None:
    """``raw`` as E.164 with its extension, when it has one, as ``;ext=`` (RFC 3966 §5.3): 089866668888转12, 138…-12."""
    number, extension = e164(raw, plan), ""
    if number is not None:
        extension = _dialled(raw)[2]
    elif dashed := _DASHED.fullmatch(raw.strip()):
        number, extension = e164(dashed[1], plan), dashed[2]
    return f"{number};ext={extension}" if number and extension else number


def same_subscriber(one: str | None, other: str | None) -> bool:
    """Whether two numbers, however written, end alike; True where one of them is not known."""
    ends = [re.sub(r"\D", "", number or "")[-SUBSCRIBER_DIGITS:] for number in (one, other)]
    return not all(ends) or ends[0] == ends[1]


def is_mobile(number: str) -> bool:
    """Whether an E.164 number is a mainland mobile, which can be texted."""
    return number.startswith("+86") and e164(number.removeprefix("+86")) == number and number[3] == "1"


def is_country(code: str) -> bool:
    """Whether numbers of a country are known by this code (``CN``)."""
    return code in phonenumbers.SUPPORTED_REGIONS


def _dialled(raw: str) -> tuple[str, str, str]:
    """The number alone, its phone-context when that is global, and its extension; each of the latter may be empty."""
    text = raw.strip()
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() in {"sip", "sips"}:
        user, at, _ = rest.rpartition("@")
        text = user.partition(":")[0] if at else ""
    elif colon and scheme.lower() == "tel":
        text = rest
    number, *parameters = unicodedata.normalize("NFKC", unquote(text)).split(";")
    given = {
        name.strip().lower(): _SEPARATORS.sub("", value) for name, _, value in (p.partition("=") for p in parameters)
    }
    number = _SEPARATORS.sub("", number)
    extension = given.get("ext", "")
    if written := _EXTENSION.search(number):
        number, extension = number[: written.start()], written[1]
    context = given.get("phone-context", "")
    return (
        number,
        context if _GLOBAL.fullmatch(context) else "",
        extension if _EXT_PARAMETER.fullmatch(extension) else "",
    )


def _readings(number: str, context: str, plan: DialPlan) -> Iterator[str]:
    """What ``number`` may mean, likeliest first."""
    digits = number.removeprefix("+")
    code = str(phonenumbers.country_code_for_region(plan.country))
    if number != digits:
        yield number
        if not digits.startswith("0"):  # no country code begins with a zero: the plus is a mistake
            return
    elif context:
        yield f"{context}{digits}"
    if len(digits) in _LOCAL_DIGITS and not digits.startswith("0"):
        if plan.area_code:
            yield f"+{code}{plan.area_code.removeprefix('0')}{digits}"
        if plan.country == CHINA:  # 83195036 would pass for short code 95036 of area 831
            return
    yield digits
    if digits.startswith((code, f"0{code}")):
        yield f"+{digits.removeprefix('0')}"
