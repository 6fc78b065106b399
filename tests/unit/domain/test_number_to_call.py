"""Where somebody is called back: a spoken number is dialled only when it is surely theirs."""

from __future__ import annotations

import pytest

from gateway.domain.guess import Guess, number_to_call

pytestmark = pytest.mark.unit
OWN, SPOKEN = "+8613800138000", "+8613912345678"


@pytest.mark.parametrize(
    ("confidence", "own", "called"),
    [(None, OWN, OWN), (0.95, OWN, SPOKEN), (0.7, OWN, OWN), (0.7, None, SPOKEN), (None, None, None)],
)
def test_a_spoken_number_has_to_be_theirs(confidence: float | None, own: str | None, called: str | None) -> None:
    guesses = [Guess(path="demand.type", value="help", source="rule", span=None, confidence=0.9)]
    if confidence is not None:
        path = "requester.callback_phone"
        guesses.append(Guess(path=path, value=SPOKEN, source="rule", span=None, confidence=confidence))
    assert number_to_call(guesses, own) == called
