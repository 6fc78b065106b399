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
_EXTENSION = re.compile(r"[\s)）]*(?:;ext=|ext(?:ension)?\.?|x|转|分机号?)[:：\s]*\d{1,7}$", re.IGNORECASE)
_DIGITS = re.compile(r"\+?\d{3,20}")
_GLOBAL = re.compile(r"\+\d{1,15}", re.ASCII)
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
    number, context = _dialled(raw)
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
    """``raw`` as E.164 with its extension, when it has one, as ``;ext=`` (RFC 3966 §5.3): 089866668888转12."""
    number = e164(raw, plan)
    extension = re.search(r"\d+$", found[0]) if (found := _EXTENSION.search(raw.strip())) else None
    return f"{number};ext={extension[0]}" if number and extension else number


def is_country(code: str) -> bool:
    """Whether numbers of a country are known by this code (``CN``)."""
    return code in phonenumbers.SUPPORTED_REGIONS


def _dialled(raw: str) -> tuple[str, str]:
    """The number alone, and its phone-context when that is global, else an empty one."""
    text = raw.strip()
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() in {"sip", "sips"}:
        user, at, _ = rest.rpartition("@")
        text = user.partition(":")[0] if at else ""
    elif colon and scheme.lower() == "tel":
        text = rest
    number, *parameters = unicodedata.normalize("NFKC", unquote(text)).split(";")
    context = ""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "phone-context":
            context = _SEPARATORS.sub("", value)
    number = _EXTENSION.sub("", _SEPARATORS.sub("", number))
    return number, context if _GLOBAL.fullmatch(context) else ""


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
