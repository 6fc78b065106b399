"""Records made from the table of fields, for tests that hold for every record."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from gateway.domain.fields import TABLE, FieldRow, FieldTable, Kind

SAID = st.sampled_from(
    (
        "张三丰",
        "13912345678",
        "路灯坏了",
        "我叫李小四，电话幺三八零零幺三八零零零",
        "",
        "A1",
        "<sip:+8613912345678@h.cn>",
    )
)
"""Texts with names and numbers, and without."""
_VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.ID: SAID,
    Kind.TEXT: SAID,
    Kind.PROSE: SAID,
    Kind.PHONE: st.sampled_from(("+8613912345678", "+862088880000;ext=12")),
    Kind.WHOLE: st.integers(1, 5),
    Kind.NUMBER: st.floats(0, 1),
    Kind.FLAG: st.booleans(),
    Kind.TIME: st.just("2026-11-29T04:00:00.000Z"),
    Kind.ANY: SAID | st.none() | st.booleans(),
}


def values(row: FieldRow) -> st.SearchStrategy[Any]:
    """What may stand at a field that holds no others."""
    if row.kind is Kind.WORD:
        one: st.SearchStrategy[Any] = st.sampled_from([word.value for word in row.words or ()])
    elif row.path == "ticket_no":
        one = st.just("202611290000001")
    else:
        one = _VALUES[row.kind]
    if row.many:
        one = st.lists(one, min_size=2 if row.items == 2 else 0, max_size=2)
    return one | st.none() if row.null else one


def records(table: FieldTable = TABLE, path: str = "") -> st.SearchStrategy[dict[str, Any]]:
    """Whole records of ``table``, or what stands at ``path`` of them."""
    return st.fixed_dictionaries({row.name: _of(table, row) for row in table.within(path)})


def _of(table: FieldTable, row: FieldRow) -> st.SearchStrategy[Any]:
    match row.kind:
        case Kind.OBJECT:
            inner: st.SearchStrategy[Any] = records(table, row.path)
        case Kind.LIST:
            inner = st.lists(records(table, row.path), max_size=1)
        case Kind.MAP:
            paths = st.sampled_from([one.path for one in table if one.kind is not Kind.MAP])
            inner = st.dictionaries(paths, records(table, row.path), max_size=2)
        case _:
            return values(row)
    return inner | st.none() if row.null else inner
