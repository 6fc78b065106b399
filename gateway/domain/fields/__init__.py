"""The fields of the record, each described by one row of ``TABLE``; everything that knows fields is made from it.

Its defaults and paths, its JSON schema, what a source may send and a person correct, what is masked, the form of the
desk and docs/record.md: ARCHITECTURE.md names who makes which. To add a field, add its row.
"""

from __future__ import annotations

from gateway.domain.fields.matter import MATTER
from gateway.domain.fields.meeting import INTERACTIONS
from gateway.domain.fields.row import GROUPS, By, FieldRow, FieldTable, Kind, Mask
from gateway.domain.fields.ticket import AROUND, HEAD

TABLE = FieldTable((*HEAD, *INTERACTIONS, *MATTER, *AROUND))
"""The record, in the order in which it is answered."""

__all__ = ("GROUPS", "TABLE", "By", "FieldRow", "FieldTable", "Kind", "Mask")
