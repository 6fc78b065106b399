"""``gateway trace ID``: one contact for who debugs it: SIP or messages, events, outbox, feeds, timings."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.cli.trace_view import SPOKEN, as_json, as_text
from gateway.domain.ids import from_rfc3339, parse_ticket_no
from gateway.errors import NotFound
from gateway.ports.store import Record, TicketQuery, TicketReader
from gateway.ports.way import Way, Ways
from gateway.telemetry import trace as ids

PAGE = 1000
"""Events, messages and deliveries that are shown of one contact."""
NEWEST_TICKETS = 20_000
"""How far back a Call-ID or a prefix is looked for; a whole ticket number or id is found at any age."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SipMessage:
    """One SIP message as ``channels/sip`` traced it."""

    at: datetime
    received: bool
    peer: str
    call_id: str
    first_line: str
    cseq: str
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTrace:
    """Everything known of one contact; ``record`` and ``interaction`` are None when SQL has none."""

    call_id: str
    messages: list[SipMessage]
    record: Record | None = None
    interaction: Record | None = None
    events: list[Record] = field(default_factory=list)
    way: Way | None = None


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("trace", help="show one call or message: ladder, events, outbox, feeds, timings")
    parser.add_argument(
        "call",
        metavar="ID",
        help="ticket number, interaction id, Call-ID (a prefix of these will do), trace id, a message's id here or at "
        "its provider",
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--raw", action="store_true", help="print every SIP message in full")
    parser.add_argument("--unmasked", action="store_true", help="show telephone numbers")


async def run(args: argparse.Namespace, data_dir: Path, reader: TicketReader | None, ways: Ways | None = None) -> int:
    """Print the contact; 1 when there is no trace and no record of it. Without ``reader`` only its SIP is known."""
    call = await collect(args.call, data_dir / "traces", reader, ways)
    if call is None:
        print(
            f"gateway trace: nothing is known of {args.call!r}; `GET /api/v1/tickets` lists contacts", file=sys.stderr
        )
        return 1
    print(as_json(call, unmasked=args.unmasked) if args.json else as_text(call, unmasked=args.unmasked, raw=args.raw))
    return 0


async def collect(key: str, traces: Path, reader: TicketReader | None, ways: Ways | None = None) -> CallTrace | None:
    """What is known of the contact that ``key`` names, or None."""
    found = None
    if reader is not None and ways is not None and parse_ticket_no(key) is None:
        found = await _named(reader, ways, key)
    if found is None and reader is not None:
        found = await find_call(reader, key)
    if reader is None or found is None:
        messages = await asyncio.to_thread(read_messages, traces, key)
        return CallTrace(call_id=messages[0].call_id, messages=messages) if messages else None
    record, interaction = found
    events = [
        event
        for event in await reader.events(ticket_id=record["ticket_id"], limit=PAGE)
        if event["interaction_id"] in {None, interaction["interaction_id"]}
    ]
    external_id = interaction["external_id"] or ""
    day = from_rfc3339(interaction["started_at"])
    spoken = interaction.get("channel", SPOKEN) == SPOKEN
    told = spoken and external_id  # of a ticket that was erased nothing names its call any more
    messages = await asyncio.to_thread(read_messages, traces, external_id, day) if told else []
    call_id = messages[0].call_id if messages else external_id
    way = await ways.way(record["ticket_id"], interaction["interaction_id"], limit=PAGE) if ways is not None else None
    return CallTrace(call_id=call_id, messages=messages, record=record, interaction=interaction, events=events, way=way)


async def _named(reader: TicketReader, ways: Ways, key: str) -> tuple[Record, Record] | None:
    """What a whole id names, at any age."""
    named = await ways.named(key)
    if named is None:
        return None
    ticket_id, interaction_id = named
    record = await reader.ticket(ticket_id)
    own = [i for i in record["interactions"] if interaction_id in {None, i["interaction_id"]}]
    return (record, own[-1]) if own else None


async def find_call(reader: TicketReader, key: str) -> tuple[Record, Record] | None:
    """The record and interaction that a ticket number, an id, a Call-ID or the beginning of one names."""
    try:
        record = await reader.ticket(parse_ticket_no(key) or key)
    except NotFound:
        pass
    else:
        return (record, record["interactions"][-1]) if record["interactions"] else None
    async for ticket in _newest(reader):
        for interaction in ticket["interactions"]:
            names = (
                ticket["ticket_no"],
                ticket["ticket_id"],
                interaction["interaction_id"],
                interaction["external_id"],
            )
            if any(name and name.startswith(key) for name in names):
                whole = await reader.ticket(ticket["ticket_id"])
                same = (i for i in whole["interactions"] if i["interaction_id"] == interaction["interaction_id"])
                return whole, next(same)
    return None


async def _newest(reader: TicketReader) -> AsyncIterator[Record]:
    cursor = None
    for _ in range(NEWEST_TICKETS // PAGE):
        page = await reader.tickets(TicketQuery(limit=PAGE, cursor=cursor, newest_first=True))
        for item in page.items:
            yield item
        cursor = page.next_cursor
        if cursor is None:
            return


def read_messages(traces: Path, key: str, day: datetime | None = None) -> list[SipMessage]:
    """The SIP messages of the newest call whose Call-ID begins with ``key``, or begins ``key`` (an external id).

    A trace id names a call too: of one that was refused nothing else is left.
    """
    folders = sorted((f for f in traces.glob("[0-9]*") if f.is_dir()), reverse=True)
    if day is not None:
        around = {
            (datetime.fromtimestamp(day.timestamp() + shift, UTC)).strftime("%Y%m%d") for shift in (-86400, 0, 86400)
        }
        folders = [folder for folder in folders if folder.name in around]
    found: list[SipMessage] = []
    for folder in folders:
        for path in sorted(folder.glob("*.jsonl")):
            with path.open(encoding="utf-8", errors="replace") as lines:
                found += [m for m in map(_parse, lines) if m and _is_of(m, key)]
        if found and day is None:
            break
    found.sort(key=lambda m: m.at)
    return [m for m in found if m.call_id == found[-1].call_id]


def _is_of(message: SipMessage, key: str) -> bool:
    if message.call_id.startswith(key) or key.startswith(message.call_id):
        return True
    if not ids.is_id(key):
        return False
    tag = _TAG.search(_header(message.raw, "from", "f") or "")
    return ids.of(f"{message.call_id};{tag[1] if tag else ''}") == key


_TAG = re.compile(r";\s*tag=([^;\s]+)", re.IGNORECASE)


def _parse(line: str) -> SipMessage | None:
    """A trace line, or None for one that a crash cut short or that names no call."""
    try:
        entry: dict[str, Any] = json.loads(line)
        raw = str(entry["raw"])
        call_id = entry.get("call_id") or _header(raw, "call-id", "i")
        stamp = entry["ts"]
        at = from_rfc3339(stamp) if isinstance(stamp, str) else datetime.fromtimestamp(float(stamp), UTC)
        if not call_id:
            return None
        return SipMessage(
            at=at,
            received=entry["dir"] == "in",
            peer=str(entry["peer"]),
            call_id=str(call_id),
            first_line=str(entry["first_line"]),
            cseq=str(entry.get("cseq") or ""),
            raw=raw,
        )
    except (ValueError, KeyError, TypeError):
        return None


def _header(raw: str, *names: str) -> str | None:
    for line in raw.splitlines()[1:]:
        name, colon, value = line.partition(":")
        if colon and name.strip().lower() in names:
            return value.strip()
        if not line:
            break
    return None
