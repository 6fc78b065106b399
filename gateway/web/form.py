"""The fields of the record as a page needs them: names, words, how the form asks for each; from ``fields.TABLE``."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from gateway.domain.fields import TABLE, FieldRow, FieldTable, Kind, Mask


class Input(StrEnum):
    """What a form asks with."""

    CHOICE = "choice"
    """One word of ``words``."""
    SET = "set"
    """Any of ``words``."""
    FLAG = "flag"
    CODED = "coded"
    """One code of the table that ``catalogue`` names."""
    LEVEL = "level"
    """One word of ``words``, which stands for an object."""
    TEXT = "text"
    LONG = "long"
    SECRET = "secret"  # noqa: S105 - an input, not a password
    """One line that is not edited while it is masked."""


def described(table: FieldTable = TABLE) -> list[dict[str, Any]]:
    """Each field: path, kind, names in both languages, the words of its vocabulary, its place in the form or None."""
    return [
        {
            "path": row.path,
            "kind": row.kind.value,
            "many": row.many,
            "zh": row.zh,
            "en": row.en,
            "words": _words(table, row),
            "form": None if row.form is None else _asked(row, row.form),
        }
        for row in table
    ]


def _words(table: FieldTable, row: FieldRow) -> list[dict[str, str]]:
    named = table.get(f"{row.path}.{row.code}") if row.code else row
    words = named.words if named is not None else None
    return [{"code": word.value, "zh": word.zh, "en": word.en} for word in words or ()]


def _asked(row: FieldRow, place: int) -> dict[str, Any]:
    return {
        "place": place,
        "input": _input(row).value,
        "most": row.most,
        "required": not row.null and row.kind is Kind.WORD,
        "tel": row.mask is Mask.NUMBER,
        "offered": row.offered,
        "catalogue": row.catalogue,
    }


def _input(row: FieldRow) -> Input:
    if row.many:
        return Input.SET
    if row.catalogue is not None:
        return Input.CODED
    if row.mask in {Mask.NAME, Mask.NUMBER}:
        return Input.SECRET
    plain = {Kind.OBJECT: Input.LEVEL, Kind.WORD: Input.CHOICE, Kind.FLAG: Input.FLAG, Kind.PROSE: Input.LONG}
    return plain.get(row.kind, Input.TEXT)
