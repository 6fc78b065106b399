"""The requester and the accused party: names, organisations and telephone numbers."""

from __future__ import annotations

from gateway.domain.guess import Guess, Mention
from gateway.prefill.extract.organisations import organisations
from gateway.prefill.extract.parties import complained_about, own_organisation
from gateway.prefill.extract.people import people, requester_name
from gateway.prefill.extract.phones import phones
from gateway.prefill.spoken_phone import callback_phone, other_phone


def who(text: str, *, answers: bool = False) -> tuple[list[Guess], list[Mention]]:
    """Guesses for the requester's and the accused party's fields, and everybody named in ``text``.

    ``answers``: it answers our question, so a number in it is where to call.
    """
    requester, numbers, named = requester_name(text), phones(text), organisations(text)
    persons = people(text, requester)
    own = own_organisation(text, named)
    accused = complained_about(text, named, own, persons)
    guesses = [requester, own, accused, callback_phone(numbers, answers=answers), other_phone(numbers)]
    return [g for g in guesses if g is not None], [*persons, *named, *(n.as_mention() for n in numbers)]
