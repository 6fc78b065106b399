"""登记 to 分类: a person has said what kind of matter it is."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.events import TicketCorrected
from gateway.domain.form import Filled
from gateway.intake.ticket.correct import CorrectTicket
from tests.support.casework import OneTicket, on

pytestmark = pytest.mark.unit
LAMPS = {"code": "0402"}


def said(ticket: OneTicket, values: dict[str, Any] | None = None, **entries: Filled) -> TicketCorrected:
    """A person corrects ``values``, or confirms what was guessed (``entries``, by section)."""
    by_path = {f"demand.{name}": entry for name, entry in entries.items()}
    told = (*(values or {}), *by_path)
    command = CorrectTicket(
        at=on("12-01 09:10"), actor="user:li", ticket_id="t", values=values or {}, entries=by_path, told=told
    )
    command.decide(ticket.world)
    event: TicketCorrected = ticket.told("ticket.corrected")[-1]
    return event


def guess(value: Any) -> Filled:
    return Filled(value, "rules", None, 0.9, "user:li")


def test_a_confirmed_category_classifies_and_the_event_tells_it() -> None:
    ticket = OneTicket(category="0402")
    event = said(ticket, category=guess("0402"))
    assert ticket.ticket.status == "classified"
    assert event.changed == {"status": ["registered", "classified"]}
    assert said(ticket, category=guess("0402")).changed == {}


def test_so_does_a_corrected_one() -> None:
    ticket = OneTicket(category="0101")
    event = said(ticket, {"demand.category": LAMPS})
    assert event.changed["status"] == ["registered", "classified"]
    assert event.changed["demand.category"] == ["0101", "0402"]


def test_a_guess_that_nobody_confirmed_does_not_nor_a_word_about_something_else() -> None:
    ticket = OneTicket(category="0402")
    ticket.ticket.form.prefill.fields["demand.category"] = Filled("0402", "rules", None, 0.9)
    said(ticket, {"demand.title": "路灯"}, type=guess("complaint"))
    assert ticket.ticket.status == "registered"


def test_a_category_that_is_taken_away_classifies_nothing() -> None:
    ticket = OneTicket(category="0402")
    said(ticket, {"demand.category": None})
    assert ticket.ticket.status == "registered"


def test_what_units_have_stands_by_them() -> None:
    ticket = OneTicket(category="0402")
    ticket.dispatched("12-01 09:05", "M01")
    said(ticket, category=guess("0402"))
    assert ticket.ticket.status == "dispatched"


def test_what_is_answered_or_closed_stays_so() -> None:
    ticket = OneTicket(category="0402")
    ticket.answered("12-01 09:05")
    said(ticket, category=guess("0402"))
    assert ticket.ticket.status == "replied"
