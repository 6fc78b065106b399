"""``gateway trace ID``: one contact for who debugs it: SIP or messages, events, outbox, feeds, timings."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from gateway.cli.call_trace import SPOKEN, CallTrace, read_messages
from gateway.cli.trace_view import as_json, as_text
from gateway.domain.ids import from_rfc3339, parse_ticket_no
from gateway.errors import NotFound
from gateway.ports.store import Record, TicketQuery, TicketReader
from gateway.ports.way import Ways

PAGE = 1000
"""Events, messages and deliveries that are shown of one contact."""
NEWEST_TICKETS = 20_000
"""How far back a Call-ID or a prefix is looked for; a whole ticket number or id is found at any age."""


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
