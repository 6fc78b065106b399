"""The number under which the requester wants to be called, and the other party's."""

from __future__ import annotations

from gateway.domain.guess import Guess
from gateway.prefill.extract.phones import Phone, Whose, phones


def spoken_phone(text: str, area_code: str = "0898") -> Guess | None:
    """``requester.callback_phone`` as E.164 (China); None when there is none.

    The first number that is not said to be somebody else's, unless a later one corrects it; an 8-digit local number
    takes ``area_code``. 打我这个号码 without a number is none: nothing is invented.
    """
    return callback_phone(phones(text, area_code))


def callback_phone(found: list[Phone]) -> Guess | None:
    """:func:`spoken_phone` of what :func:`phones` found."""
    own = [p for p in found if p.whose is Whose.MINE or (p.whose is Whose.UNSAID and p.kind != "service")]
    if not own:
        return None
    best = next((p for p in reversed(own) if p.corrects), None) or next(
        (p for p in own if p.whose is Whose.MINE), own[0]
    )
    if best.kind == "mobile":
        confidence = 0.95 if best.announced and len(found) == 1 else 0.85 if best.announced else 0.8
    else:
        confidence = 0.8 if best.announced else 0.6 if best.kind == "landline" else 0.4
    return _guess("requester.callback_phone", best, confidence)


def other_phone(found: list[Phone]) -> Guess | None:
    """``demand.complained_about.phone``: the first number that is said to be the other party's."""
    theirs = next((p for p in found if p.whose is Whose.THEIRS), None)
    return _guess("demand.complained_about.phone", theirs, 0.7) if theirs else None


def _guess(path: str, phone: Phone, confidence: float) -> Guess:
    return Guess(path=path, value=phone.value, source="rule", span=phone.span, confidence=confidence)
