"""``gateway notices``: what units were told, what waits, and what could not be delivered."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gateway.cli.stored import operator
from gateway.domain.case.receivers import NoticeWay
from gateway.domain.ids import parse_ticket_no

if TYPE_CHECKING:
    from gateway.storage.database import Database

WRONG_USE = 2
_SHOWN = ("event_seq", "ticket_no", "unit", "way", "address", "type", "clock_kind", "urgent", "at", "due_at")
_BECAME = ("next_at", "sent_at", "dead_at", "attempts", "error")


def add_parser(verbs: Any) -> None:
    """``gateway notices list``, ``retry`` and ``drop``."""
    notices = verbs.add_parser("notices", help="notices to units: sent, waiting, undeliverable / 给承办单位的通知")
    actions = notices.add_subparsers(dest="action", required=True, metavar="ACTION")
    shown = actions.add_parser("list", help="who was told of what, the newest first / 通知清单")
    shown.add_argument("--dead", action="store_true", help="only what cannot be delivered / 仅列无法送达的")
    shown.add_argument("--ticket", metavar="NUMBER", help="only of this ticket")
    shown.add_argument("--limit", type=int, default=200, metavar="N", help="at most so many (default 200)")
    shown.add_argument("--json", action="store_true", help="as a JSON array")
    actions.add_parser("retry", help="send what could not be delivered once more / 重发无法送达的")
    actions.add_parser("drop", help="what could not be delivered is looked after / 已处理，清除无法送达的")


async def run(args: argparse.Namespace, db: Database) -> int:
    """0 when done, 2 for a wrong call."""
    if args.action == "list":
        return await _list(args, db)
    now = datetime.now(UTC)
    await db.audit.write(actor=operator(), action=f"notices.{args.action}", ticket_id=None, at=now, detail={})
    if args.action == "retry":
        print(f"{await db.unit_notices.revive(now)} notices will be sent again")
    else:
        print(f"{await db.unit_notices.drop_dead()} notices dropped")
    return 0


async def _list(args: argparse.Namespace, db: Database) -> int:
    number = None if args.ticket is None else parse_ticket_no(args.ticket)
    if args.ticket is not None and number is None:
        print(f"gateway: {args.ticket!r} is no ticket number; write it as 20261130-0000012", file=sys.stderr)
        return WRONG_USE
    found = await db.unit_notices.listed(dead=args.dead, ticket_no=number, limit=max(1, args.limit))
    rows = [{name: row[name] for name in (*_SHOWN, *_BECAME)} | {"address": _told(row)} for row in found]
    if args.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    for row in rows:
        print("\t".join([row["ticket_no"], row["unit"], row["way"], row["address"], row["type"], _became(row)]))
    if not rows:
        print("no notices", file=sys.stderr)
    elif args.dead:
        print("correct the unit's contacts, then `gateway notices drop`; or `gateway notices retry`", file=sys.stderr)
    return 0


def _told(row: Mapping[str, Any]) -> str:
    """The address; of a robot's, whose key is all that it takes to write to its group, the end alone."""
    address: str = row["address"]
    return f"…{address[-4:]}" if row["way"] == NoticeWay.WECOM else address


def _became(row: Mapping[str, Any]) -> str:
    if row["sent_at"]:
        return f"sent {row['sent_at']}"
    failed = f" after {row['attempts']} attempts: {row['error']}" if row["attempts"] else ""
    return f"dead {row['dead_at']}{failed}" if row["dead_at"] else f"waits until {row['next_at']}{failed}"
