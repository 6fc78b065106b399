"""What is left of a document once it is erased, by the table of fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import erasing, masking
from gateway.domain.erasing import CALLBACK, INTERACTION, TICKET, erased, stays
from gateway.domain.form import Form
from gateway.domain.journal import Journal
from gateway.domain.ticket import Ticket
from gateway.domain.world import World
from gateway.errors import AlreadyErased, StaleVersion

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 29, tzinfo=UTC)
INTERNAL = {"callback_id", "status_before_merge"}
"""Keys of a ticket's document that its record does not show."""
COLUMNS = {
    *("ticket_id", "ticket_no", "schema_version", "status", "created_at", "updated_at", "version", "event_seq"),
    *("empty", "erased_at", "line", "channel", "channel_id", "interactions"),
}
"""Fields of the record that lie in no document: ``gateway.storage.erasure_table`` has them."""


def rows(table: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    inner = table if isinstance(table, Mapping) else getattr(table, "fields", None)
    if not isinstance(inner, Mapping):
        yield at, table
        return
    for key, value in inner.items():
        yield from rows(value, (*at, key))


def test_every_field_of_the_record_has_a_row_and_nothing_else_has() -> None:
    told = {path for path, _ in rows(TICKET)}
    shown = {path for path, _ in rows(masking.FIELDS) if path[0] not in COLUMNS}
    # A row may be of a whole list.
    shown = {next((path[:n] for n in range(1, len(path)) if path[:n] in told), path) for path in shown}
    assert {path for path, _ in rows(TICKET) if path[0] not in INTERNAL} == shown


def test_what_a_person_said_and_is_called_goes_and_codes_stay() -> None:
    doc = {
        "requester": {"requester_id": "R", "name": "张三", "phone": "+8613800138000", "secret": True, "odd": "x"},
        "demand": {"type": "complaint", "content": "吵", "urgency": {"level": "urgent", "reason": "起火"}},
        "place": {"address": "一号", "district": {"code": "460105", "name": "秀英区"}, "lat": 20.0},
        "prefill": {
            "fields": {
                "demand.type": {"value": "complaint", "span": [0, 2], "confirmed_by": None},
                "requester.name": {"value": "张三", "span": [3, 5]},
            },
            "mentions": [{"kind": "phone", "value": "13800138000"}],
        },
        "handling": {"units": [{"unit": "U", "returns": [{"at": "t", "reason": "他说的"}]}]},
        "attachments": [{"attachment_id": "A", "name": "我家.jpg", "url": "/api/v1/attachments/A"}],
        "callback_id": "C",
        "not_in_the_table": "张三",
    }
    assert erased(doc, TICKET) == {
        "requester": {"requester_id": "R", "secret": True},
        "demand": {"type": "complaint", "urgency": {"level": "urgent"}},
        "place": {"district": {"code": "460105", "name": "秀英区"}},
        "prefill": {"fields": {"demand.type": {"value": "complaint", "span": None, "confirmed_by": None}}},
        "handling": {"units": [{"unit": "U", "returns": [{"at": "t", "reason": None}]}]},
        "attachments": [{"attachment_id": "A", "name": None, "url": None}],
        "callback_id": "C",
    }


def test_keys_recordings_and_notes_go() -> None:
    call = {"flow": {"name": "hotline", "version": "1"}, "dtmf": ["1"], "recording": {"location": "x"}}
    assert erased(call, INTERACTION) == {"flow": {"name": "hotline", "version": "1"}}
    task = {"reasons": [{"reason": "a", "ticket_id": "T", "interaction_id": "I"}], "closed": {"why": "w", "note": "n"}}
    assert erased(task, CALLBACK) == {"reasons": task["reasons"], "closed": {"why": "w"}}


SECRET = "张三 13800138000"
VALUES = st.recursive(
    st.just(SECRET) | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
PERSONAL = [path for path, fate in rows(TICKET) if fate is erasing.ERASED]


def test_these_fields_are_of_a_person() -> None:
    """Whoever alters how a field is masked alters whether it is erased: said here a second time."""
    assert {".".join(path) for path in PERSONAL} == {
        *(f"attachments.{name}" for name in ("error", "name", "sha256", "url")),
        *(f"demand.{name}" for name in ("content", "title", "urgency.reason")),
        *("demand.complained_about.name", "demand.complained_about.phone"),
        *("handling.routing_trace.reason", "handling.units.returns.reason", "outcome.public_reply"),
        *("outcome.evaluation.comment", "outcome.evaluations.comment", "prefill.mentions", "prefill.pending"),
        *(f"place.{name}" for name in ("address", "crs", "lat", "lon")),
        *(f"requester.{name}" for name in ("accessibility", "callback_phone", "gender", "labels", "name", "org_name")),
        *("requester.phone", "requester.uscc", "source.event_id"),
    }


@given(st.sampled_from(PERSONAL), VALUES)
def test_whatever_lies_at_a_personal_path_goes(path: tuple[str, ...], value: Any) -> None:
    doc: Any = value
    table: Any = TICKET
    lists = []
    for key in path:
        lists.append(isinstance(table, erasing.Each))
        table = (table.fields if isinstance(table, erasing.Each) else table)[key]
    for key, listed in zip(reversed(path), reversed(lists), strict=True):
        doc = [{key: doc}] if listed else {key: doc}
    left = erased(doc, TICKET)
    assert SECRET not in repr(left)
    assert erased(left, TICKET) == left, "erasing twice is erasing once"


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("status", True),
        ("line", True),
        ("demand.category", True),
        ("demand.type", True),
        ("handling.lead_unit", True),
        ("demand.title", False),
        ("demand.urgency", False),
        ("requester.name", False),
        ("place.address", False),
        ("no.such", False),
    ],
)
def test_what_may_be_set_of_an_erased_ticket(path: str, *, left: bool) -> None:
    assert stays(path) is left


def holding(erased_at: datetime | None) -> World:
    world = World(journal=Journal(0), zone=UTC, new_id=lambda: "id")
    about: dict[str, Any] = {"ticket_id": "T", "channel": "web", "channel_id": "web", "created_at": NOW}
    world.tickets["T"] = Ticket(journal=world.journal, form=Form(), erased_at=erased_at, **about)
    return world


def test_an_erased_ticket_is_there_for_codes_alone() -> None:
    assert holding(None).ticket("T").erased_at is None
    world = holding(NOW)
    with pytest.raises(AlreadyErased, match="register a new one"):
        world.ticket("T")
    with pytest.raises(StaleVersion):
        world.ticket("T", version=7)
    assert world.ticket("T", erased=True).erased_at == NOW
