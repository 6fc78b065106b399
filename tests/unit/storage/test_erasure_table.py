"""Every column of the schema says what erasing a person does to it."""

from __future__ import annotations

import pytest

from gateway.storage import account_tables, feed_tables, notice_tables
from gateway.storage.erasure_table import COLUMNS, Does, blank
from gateway.storage.tables import metadata

pytestmark = pytest.mark.unit
assert account_tables.users.metadata is feed_tables.feeds.metadata is notice_tables.notices.metadata is metadata


def test_every_column_has_a_row_and_no_row_is_of_nothing() -> None:
    assert {name: set(table.columns.keys()) for name, table in metadata.tables.items()} == {
        name: set(columns) for name, columns in COLUMNS.items()
    }


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_what_is_blanked_can_be_and_is_no_key(name: str) -> None:
    table = metadata.tables[name]
    for column, value in blank(table).items():
        assert not table.c[column].primary_key
        assert value is None or (value == "" and str(table.c[column].type) == "TEXT")
    for column, does in COLUMNS[name].items():
        if does is Does.INSIDE:
            assert str(table.c[column].type) == "JSON"
