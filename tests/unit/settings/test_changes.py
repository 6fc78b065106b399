"""What differs between two configurations, and how far a running process can go from one to the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ConfigError
from gateway.roles.reload import OF_A_CALL, possible
from gateway.settings import Settings, load, load_again
from gateway.settings.changes import changed_keys, changed_rows, said
from gateway.settings.sections import AsrSection, ChannelTable, HttpSection

pytestmark = pytest.mark.unit
ROWS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["sip", "webchat", "sms"])},
    optional={
        "port": st.integers(1, 3),
        "flow": st.sampled_from("ab"),
        "hours": st.sampled_from([("mon-fri 08:30-17:30",), ("sat 09:00-12:00",)]),
    },
)
TABLES = st.dictionaries(st.sampled_from(["one", "two", "three"]), ROWS).map(
    lambda rows: tuple(ChannelTable(id=id_, **row) for id_, row in rows.items())
)


def by_id(rows: tuple[ChannelTable, ...]) -> dict[str, dict[str, Any]]:
    return {row.id: said(row) for row in rows}


def test_sections_are_told_by_key_and_tables_apart() -> None:
    old = Settings(http=HttpSection(port=1), asr=AsrSection(token="a"), channel=(ChannelTable(id="a", kind="sip"),))
    new = Settings(http=HttpSection(port=2), asr=AsrSection(token="b"), timezone="UTC", channel=())
    assert changed_keys(old, new) == ["timezone", "http.port", "asr.token"]
    assert changed_keys(old, old) == []


@given(TABLES, TABLES)
def test_what_was_taken_and_what_waits_are_the_whole_change(
    old: tuple[ChannelTable, ...], new: tuple[ChannelTable, ...]
) -> None:
    had, wanted, now = by_id(old), by_id(new), by_id(possible(old, new))
    of_calls = {row.id for row in (*old, *new) if row.kind == "sip"}
    for id_ in had.keys() | wanted.keys():
        if id_ not in of_calls:
            assert now.get(id_) == wanted.get(id_)
            continue
        assert (id_ in now) == (id_ in had), "a channel of calls neither comes nor goes while calls go on"
        for key in {"kind", "port"} & now.get(id_, {}).keys():
            assert now[id_][key] == had[id_][key]
        for key in OF_A_CALL if id_ in now and id_ in wanted else ():
            assert now[id_].get(key) == wanted[id_].get(key)
    told = changed_rows(possible(old, new), new)
    assert {*told.added, *told.removed, *told.changed} <= of_calls


@given(TABLES)
def test_nothing_is_told_where_nothing_differs(rows: tuple[ChannelTable, ...]) -> None:
    assert changed_rows(rows, possible(rows, rows)).keys("channel", {"one", "two", "three"}) == []


@pytest.mark.parametrize("text", ["", "\n", "# all of it was cut off\n"])
def test_a_file_that_a_full_disk_has_emptied_takes_nothing_away(tmp_path: Path, text: str) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="is empty"):
        load_again(config)
    config.write_text('timezone = "UTC"\n', encoding="utf-8")
    assert load_again(config).timezone == "UTC"
    assert load_again(None) == load(None)
