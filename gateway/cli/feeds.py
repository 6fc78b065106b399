"""``gateway feeds``: what could not be delivered, and sending it again."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from gateway.errors import NotFound

if TYPE_CHECKING:
    from gateway.storage.database import Database


def add_parser(verbs: Any) -> None:
    """``gateway feeds dead`` and ``gateway feeds replay``."""
    feeds = verbs.add_parser("feeds", help="dead letters of the downstream feeds / 下游对接死信")
    actions = feeds.add_subparsers(dest="action", required=True, metavar="ACTION")
    dead = actions.add_parser("dead", help="list deliveries that were given up / 列出投递失败的事件")
    dead.add_argument("--feed", metavar="ID", help="only this feed")
    dead.add_argument("--limit", type=int, default=200, metavar="N", help="at most so many (default 200)")
    dead.add_argument("--json", action="store_true", help="as a JSON array")
    replay = actions.add_parser("replay", help="send a dead letter again / 重新投递")
    replay.add_argument("feed", metavar="FEED", help="the feed's id")
    replay.add_argument("event_seq", type=int, metavar="SEQ", help="the event's number, as `feeds dead` shows it")


async def run(args: argparse.Namespace, db: Database) -> int:
    """0 when done, 1 when there is no such dead letter."""
    if args.action == "replay":
        return await _replay(args.feed, args.event_seq, db)
    letters = await db.deliveries.dead_letters(args.feed, args.limit)
    if args.json:
        print(json.dumps(letters, ensure_ascii=False, indent=2))
        return 0
    for letter in letters:
        print(
            f"{letter['feed']}\t{letter['event_seq']}\t{letter['ticket_no']}\t{letter['type']}\t"
            f"{letter['attempts']} attempts\t{letter['dead_at']}\t{letter['last_error']}"
        )
    if letters:
        print("send one again with: gateway feeds replay FEED SEQ", file=sys.stderr)
    else:
        print("no dead letters", file=sys.stderr)
    return 0


async def _replay(feed: str, event_seq: int, db: Database) -> int:
    try:
        await db.deliveries.replay(feed, event_seq)
    except NotFound:
        print(
            f"gateway: feed {feed!r} has no dead letter {event_seq}; `gateway feeds dead` lists them", file=sys.stderr
        )
        return 1
    print(f"{feed} {event_seq} will be sent again")
    return 0
