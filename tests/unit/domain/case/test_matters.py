"""速派即办: one truth about what is answered at once, for guesses, clocks and people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.case.matters import Matters
from gateway.domain.form import Category, Demand, Filled, Form, Urgency
from gateway.domain.words import DemandType
from gateway.edge.unit_table import read_units
from gateway.intake.ticket.correct import CorrectTicket
from gateway.prefill.taxonomy import TaxonomyNode, read_taxonomy
from gateway.prefill.urgency import urgency
from tests.support.casework import CONFIG, SHIPPED, OneTicket, on

pytestmark = pytest.mark.unit
TAXONOMY = read_taxonomy(CONFIG / "taxonomy.csv", read_units(CONFIG / "units.csv"))
SAID = (
    "停水了",
    "已经来水了",
    "不急，慢慢来",
    "家里停电",
    "导游骗人",
    "想反映一个问题",
    "请问要什么材料",
    "有人触电",
)


def form(code: str | None, kind: str | None, level: str | None, **fields: Filled) -> Form:
    found = Form(demand=Demand(type=kind, category=Category(code=code), urgency=Urgency(level=level)))
    found.prefill.fields = {f"demand.{name}": entry for name, entry in fields.items()}
    return found


@pytest.mark.parametrize(
    ("category", "kind", "level", "urgent"),
    [
        ("010101", "help", None, True),  # 停水
        ("0101019999", "help", None, True),  # a row of another system below it
        ("020102", "help", None, True),  # 停电
        ("030201", "help", None, True),  # 停气
        ("140301", "complaint", None, True),  # 旅游投诉
        ("010101", "help", "normal", False),  # 已经来水了
        ("01010102", "consultation", None, False),
        ("010101", "praise", None, False),
        ("0402", "help", None, False),
        ("0402", "praise", "urgent", True),
        ("99", "help", None, False),
        (None, None, None, False),
    ],
)
def test_what_is_entered_counts_and_else_the_row(
    category: str | None, kind: str | None, level: str | None, *, urgent: bool
) -> None:
    assert SHIPPED.is_urgent(form(category, kind, level)) is urgent


@given(st.sampled_from(sorted(TAXONOMY)), st.sampled_from(list(DemandType)), st.sampled_from(SAID))
def test_clocks_agree_with_what_prefill_calls_urgent(code: str, kind: str, said: str) -> None:
    guess = urgency(said, kind, TAXONOMY[code], 0.95)
    assert guess is not None
    level = guess.value["level"]
    entry = Filled(level, guess.source, None, guess.confidence)
    assert SHIPPED.is_urgent(form(code, kind, level, urgency=entry)) is (level == "urgent")


def test_a_guess_of_before_a_person_named_the_matter_is_outdated_until_somebody_confirms_it() -> None:
    person, guessed = Filled("010101", "agent", None, 1.0, "user:li"), Filled("normal", "rule", None, 0.6)
    assert SHIPPED.is_urgent(form("010101", "help", "normal", category=person, urgency=guessed))
    confirmed = Filled("normal", "rule", None, 0.6, "user:li")
    assert not SHIPPED.is_urgent(form("010101", "help", "normal", category=person, urgency=confirmed))


def test_clocks_follow_a_matter_that_a_person_names_and_an_urgency_that_they_confirm() -> None:
    ticket = OneTicket(category="0402", type="help")
    ticket.ticket.form.demand.urgency.level = "normal"
    guess = Filled("normal", "rule", None, 0.6)
    ticket.ticket.form.prefill.fields["demand.urgency"] = guess
    ticket.dispatched("12-01 09:05", "M01")

    def said(at: str, *told: str, **what: Any) -> None:
        since = len(ticket.ticket.journal.entries)
        command = CorrectTicket(at=on(at), actor="user:li", ticket_id="t", told=told, **what)
        ticket.world.finish(since, command.decide(ticket.world))

    said("12-01 09:10", "demand.category", values={"demand.category": {"code": "010101"}})
    assert (ticket.clock("sign").ended, ticket.clock("respond").due_at) == (True, on("12-01 09:30"))
    confirmed = Filled("normal", "rule", None, 0.6, "user:li")
    said("12-01 09:15", "demand.urgency", entries={"demand.urgency": confirmed})
    assert (ticket.clock("respond").ended, ticket.clock("sign").due_at) == (True, on("12-01 09:45"))


def test_a_reply_is_due_by_the_nearest_row_that_says_so() -> None:
    rows = {
        "01": TaxonomyNode("01", "", ("水",), (), (), "A", reply_limits={"complaint": timedelta(hours=3)}),
        "0101": TaxonomyNode("0101", "01", ("水", "管"), (), (), "A"),
    }
    rules = type(SHIPPED)(policy=SHIPPED.policy, matters=Matters(rows))
    ticket = OneTicket(category="0101", rules=rules)
    ticket.dispatched("12-01 10:00", "M01")
    assert ticket.clock("reply").due_at == on("12-01 13:00")
    assert ticket.clock("reply").warn_at is None  # 4 h before it would be too early
    ticket.corrected("12-01 10:10", type="help")
    assert ticket.clock("reply").due_at == on("12-03 10:00")
