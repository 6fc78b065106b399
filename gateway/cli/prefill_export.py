"""``gateway prefill export``: what people confirmed or corrected becomes rows to train on, without personal values."""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from gateway.domain import masking
from gateway.errors import ConfigError
from gateway.ports.store import Record, TicketQuery, TicketReader
from gateway.prefill.trained import PATHS

HEADER = ("text", "label", "ticket_no")
"""Of the CSV: the first two are what ``gateway prefill train`` reads unless told otherwise."""
PAGE = 500


async def run(args: argparse.Namespace, reader: TicketReader) -> int:
    """Write the rows of ``args.target`` to ``args.out``; 1, and no file, when there are none."""
    if args.out.is_dir() or not args.out.parent.is_dir():
        raise ConfigError([f"{args.out}: cannot be written: it must be a file in a folder that exists"])
    # A ticket that changes during the walk comes again at its end: the last state counts.
    rows = {ticket_no: (text, label, ticket_no) async for text, label, ticket_no in confirmed(reader, args.target)}
    if not rows:
        print(f"gateway: nobody has confirmed or corrected {args.target} of any ticket yet", file=sys.stderr)
        return 1
    write(args.out, rows.values())
    print(f"{args.out}\t{len(rows)} rows, {len({label for _, label, _ in rows.values()})} labels")
    return 0


async def confirmed(reader: TicketReader, target: str) -> AsyncIterator[tuple[str, str, str]]:
    """Masked text, label and number of every ticket whose ``target`` a person set."""
    cursor: str | None = None
    while True:
        page = await reader.tickets(TicketQuery(limit=PAGE, cursor=cursor))
        for record in page.items:
            row = training_row(record, target)
            if row is not None:
                yield row
        cursor = page.next_cursor
        if cursor is None:
            return


def training_row(record: Record, target: str) -> tuple[str, str, str] | None:
    """Masked text, label and number of ``record``; None when no person set ``target``, or there is no text."""
    entry = record["prefill"]["fields"].get(PATHS[target]) or {}
    label = entry.get("value")
    text = (masking.record(record)["demand"].get("content") or "").strip()
    if entry.get("confirmed_by") is None or not isinstance(label, str) or not label or not text:
        return None
    return text, label, str(record["ticket_no"])


def write(path: Path, rows: Iterable[tuple[str, str, str]]) -> None:
    """A UTF-8 CSV, there as a whole or not at all, and readable by its owner only."""
    fresh = path.with_name(path.name + ".new")
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline=""
    ) as f:
        writer = csv.writer(f)
        writer.writerow(HEADER)
        writer.writerows(rows)
    fresh.replace(path)
