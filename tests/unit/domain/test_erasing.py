"""What is left of a document once it is erased: a closed table, over the same fields as the masks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import erasing, masking
from gateway.domain.change import Change, DeliveryUpdate, Merge, NewMessage, NewSegment
from gateway.domain.erasing import CALLBACK, INTERACTION, TICKET, brings_anything, erased
from gateway.domain.guess import Guess

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
    shown = {path for path, _ in rows(masking.FIELDS) if path[0] not in COLUMNS}
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
    ("change", "brings"),
    [
        (Change(ticket_id="T", ticket_fields={("status",): "archived", ("demand", "category"): {"code": "1"}}), False),
        (Change(ticket_id="T", ticket_fields={("prefill", "pending"): False}), False),
        (Change(ticket_id="T", ticket_fields={("prefill", "fields", "demand.type"): {"value": "help"}}), False),
        (Change(ticket_id="T", merge=Merge(other="U")), False),
        (Change(ticket_id="T", deliveries=(DeliveryUpdate(message_id="M", state="sent", at=NOW),)), False),
        (Change(ticket_id="T", ticket_fields={("demand", "title"): "t"}), True),
        (Change(ticket_id="T", ticket_fields={("prefill", "fields", "requester.name"): {"value": "n"}}), True),
        (Change(ticket_id="T", content="more"), True),
        (
            Change(
                ticket_id="T",
                guesses=(Guess(path="demand.title", value="t", source="model", span=None, confidence=0.9),),
            ),
            True,
        ),
        (
            Change(
                ticket_id="T",
                segments=(NewSegment(seq=1, speaker="requester", start_ms=0, end_ms=1, text="words"),),
            ),
            True,
        ),
        (Change(ticket_id="T", messages=(NewMessage(message_id="M", direction="inbound", sent_at=NOW),)), True),
        (Change(ticket_id="T", interaction_fields={"recording": {"location": "x"}}), True),
    ],
)
def test_an_erased_ticket_takes_in_codes_and_nothing_that_was_said(change: Change, *, brings: bool) -> None:
    assert brings_anything(change) is brings
