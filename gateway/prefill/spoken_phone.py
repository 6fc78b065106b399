"""The number under which the requester wants to be called, and the other party's."""

from __future__ import annotations

from gateway.domain.guess import Guess
from gateway.prefill.extract.phone_owner import Whose
from gateway.prefill.extract.phones import Phone, phones

_SURE, _ONE_OF_SEVERAL, _UNANNOUNCED = 0.95, 0.85, 0.8
"""Of a mobile number that is said to be the requester's: the only one, one of several, and without 电话 or the like."""
_UNSAID, _UNSAID_UNANNOUNCED = 0.7, 0.6
"""Of one that nobody says whose it is."""
_LANDLINE, _BARE_LANDLINE, _BARE_LOCAL = 0.8, 0.6, 0.4


def spoken_phone(text: str, area_code: str = "0898") -> Guess | None:
    """``requester.callback_phone`` as E.164 (China), in the answer to our question for it; None when there is none.

    The first number that is not said to be somebody else's, unless a later one corrects it; an 8-digit local number
    takes ``area_code``. 打我这个号码 without a number is none: nothing is invented.
    """
    return callback_phone(phones(text, area_code), answers=True)


def callback_phone(found: list[Phone], *, answers: bool = False) -> Guess | None:
    """:func:`spoken_phone` of what :func:`phones` found.

    Unless it ``answers``, only a number that is said to be the requester's own is sure.
    """
    own = [p for p in found if p.whose is Whose.MINE or (p.whose is Whose.UNSAID and _may_be_own(p, answers=answers))]
    if not own:
        return None
    best = next((p for p in reversed(own) if p.corrects), None) or next(
        (p for p in own if p.whose is Whose.MINE), own[0]
    )
    mine = answers or best.whose is Whose.MINE
    if best.kind == "mobile":
        confidence = (_SURE if len(found) == 1 else _ONE_OF_SEVERAL) if best.announced or answers else _UNANNOUNCED
    else:
        confidence = _LANDLINE if best.announced else _BARE_LANDLINE if best.kind != "local" else _BARE_LOCAL
    if not mine:
        confidence = min(confidence, _UNSAID if best.announced else _UNSAID_UNANNOUNCED)
    return _guess("requester.callback_phone", best, confidence)


def _may_be_own(phone: Phone, *, answers: bool) -> bool:
    """Whether it may be the requester's: of service numbers (400) only an answer that names the extension is."""
    return phone.kind != "service" or (answers and ";ext=" in phone.value)


def other_phone(found: list[Phone]) -> Guess | None:
    """``demand.complained_about.phone``: the first number that is said to be the other party's."""
    theirs = next((p for p in found if p.whose is Whose.THEIRS), None)
    return _guess("demand.complained_about.phone", theirs, 0.7) if theirs else None


def _guess(path: str, phone: Phone, confidence: float) -> Guess:
    return Guess(path=path, value=phone.value, source="rule", span=phone.span, confidence=confidence)
