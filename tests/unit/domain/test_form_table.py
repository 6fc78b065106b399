"""The typed form and the table of fields are one: the same fields in the same order with the same defaults."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from gateway.domain import form as forms
from gateway.domain.fields import TABLE, Kind

pytestmark = pytest.mark.unit
SECTIONS = [row.path for row in TABLE.within() if row.kind is Kind.OBJECT]
COUNTED = {"related.merged_ids", "related.merged_count"}
"""Of rows: no ticket lists what went into it."""
ITEMS = {
    "handling.units": forms.UnitTask,
    "handling.routing_trace": forms.Routing,
    "handling.clocks": forms.TicketClock,
    "prefill.fields": forms.Filled,
    "prefill.mentions": forms.Mentioned,
    "related.similar": forms.Similar,
    "attachments": forms.AttachmentShown,
} | {row.path: forms.Candidate for row in TABLE.within("prefill.candidates")}


def held(path: str, section: Any) -> None:
    """Every field of ``section`` has its row, and begins with what its row says."""
    stored = [row for row in TABLE.within(path) if row.path not in COUNTED]
    assert [one.name for one in dataclasses.fields(section)] == [row.name for row in stored]
    for row in stored:
        value = getattr(section, row.name)
        if row.kind is Kind.OBJECT and not row.null:
            held(row.path, value)
        else:
            assert value == TABLE.default(row.path), row.path


@pytest.mark.parametrize("path", SECTIONS)
def test_a_section_of_the_form_has_the_rows_of_the_table(path: str) -> None:
    held(path, getattr(forms.Form(), path))


@pytest.mark.parametrize("path", ITEMS)
def test_an_item_of_a_list_has_the_rows_of_the_table(path: str) -> None:
    assert [one.name for one in dataclasses.fields(ITEMS[path])] == list(TABLE.names(path))
