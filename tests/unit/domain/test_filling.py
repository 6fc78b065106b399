"""How guesses become fields of a ticket."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.domain.filling import Filling
from gateway.domain.form import Form
from gateway.domain.guess import Guess
from gateway.domain.journal import Journal
from gateway.domain.ticket import Ticket

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 29, 8, tzinfo=UTC)


def guess(path: str, value: object, confidence: float = 0.9) -> Guess:
    return Guess(path=path, value=value, source="model", span=None, confidence=confidence)


def ticket() -> Ticket:
    return Ticket(journal=Journal(0), ticket_id="t", channel="sip", channel_id="hotline", created_at=NOW, form=Form())


def test_a_guess_that_its_field_cannot_hold_costs_no_contact() -> None:
    """A model that a city trained on labels of its own is not refused, and neither is what people say."""
    one = ticket()
    filling = Filling(one)
    filling.guess((guess("demand.type", "咨询"), guess("demand.title", "路灯不亮")))
    filling.alteration.finish()
    assert (one.form.demand.type, one.form.demand.title) == (None, "路灯不亮")
    assert set(one.form.prefill.fields) == {"demand.title"}
