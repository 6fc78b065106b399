"""``gateway feeds``: what waits, is held or could not be delivered, and sending it again."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from gateway.cli.stored import operator
from gateway.errors import NotFound
from gateway.ports.feed import CAUSES, Replay

if TYPE_CHECKING:
    from gateway.storage.database import Database

WRONG_USE = 2


def add_parser(verbs: Any) -> None:
    """``gateway feeds list``, ``dead``, ``replay`` and ``release``."""
    feeds = verbs.add_parser(
        "feeds", help="downstream feeds: held, dead letters, replay / 下游对接：暂停、死信、重新投递"
    )
    actions = feeds.add_subparsers(dest="action", required=True, metavar="ACTION")
    shown = actions.add_parser("list", help="what waits, is dead or held / 各对接的积压、死信与暂停")
    shown.add_argument("--json", action="store_true", help="as a JSON array")
    dead = actions.add_parser("dead", help="list deliveries that were given up / 列出投递失败的事件")
    dead.add_argument("--feed", metavar="ID", help="only this feed")
    dead.add_argument("--limit", type=int, default=200, metavar="N", help="at most so many (default 200)")
    dead.add_argument("--json", action="store_true", help="as a JSON array")
    replay = actions.add_parser(
        "replay",
        help="send events again / 重新投递",
        usage="gateway feeds replay FEED (SEQ… | --dead | --all | --since SEQ [--until SEQ] | --from TIME [--to TIME])",
    )
    replay.add_argument("feed", metavar="FEED", nargs="?", help="the feed's id, also as --feed FEED")
    replay.add_argument("events", type=int, nargs="*", metavar="SEQ", help="single events, as `feeds dead` shows them")
    replay.add_argument("--feed", dest="named", metavar="FEED", help=argparse.SUPPRESS)
    replay.add_argument("--dead", action="store_true", help="dead letters only: all, or those within the range")
    replay.add_argument("--all", action="store_true", help="every event, from the first on")
    replay.add_argument("--since", type=int, metavar="SEQ", help="from this event on")
    replay.add_argument("--until", type=int, metavar="SEQ", help="up to this event")
    replay.add_argument("--from", dest="begin", metavar="TIME", help="what happened then or later: 2026-11-29T08:00")
    replay.add_argument("--to", dest="end", metavar="TIME", help="what happened before then; the city's clocks")
    release = actions.add_parser("release", help="send a held feed's events at once / 恢复投递")
    release.add_argument("feed", metavar="FEED", help="the feed's id")


async def run(args: argparse.Namespace, db: Database, zone: tzinfo) -> int:
    """0 when done, 1 when there is no such thing, 2 for a wrong call. Times without an offset are ``zone``'s."""
    match args.action:
        case "list":
            return await _list(db, as_json=args.json)
        case "dead":
            return await _dead(args, db)
        case "release":
            return await _release(args.feed, db)
        case _:
            return await _replay(args, db, zone)


async def _list(db: Database, *, as_json: bool) -> int:
    counts, held = await db.deliveries.counts(), {one.feed: one for one in await db.deliveries.held()}
    if as_json:
        items = [
            {
                "feed": feed,
                **counted,
                "held": {"since": one.since, "cause": one.cause, "why": one.why} if (one := held.get(feed)) else None,
            }
            for feed, counted in sorted(counts.items())
        ]
        print(json.dumps(items, ensure_ascii=False, indent=2))
        return 0
    for feed, counted in sorted(counts.items()):
        print(f"{feed}\t{counted['pending']} waiting\t{counted['dead']} dead\t{'held' if feed in held else 'ok'}")
        if (one := held.get(feed)) is not None:
            print(f"  held since {one.since}, {one.probes} probes failed: {one.why}\n  {CAUSES[one.cause]}")
    return 0


async def _dead(args: argparse.Namespace, db: Database) -> int:
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
        print("send them again with: gateway feeds replay FEED --dead, or FEED SEQ…", file=sys.stderr)
    else:
        print("no dead letters", file=sys.stderr)
    return 0


async def _release(feed: str, db: Database) -> int:
    await _write_down(db, "feed.released", {"feed": feed})
    if not await db.deliveries.release(feed):
        print(f"gateway: feed {feed!r} is not held; `gateway feeds list` shows them", file=sys.stderr)
        return 1
    print(f"{feed} sends again")
    return 0


async def _replay(args: argparse.Namespace, db: Database, zone: tzinfo) -> int:
    feed, events = args.feed, list(args.events)
    if args.named:
        events, feed = ([int(feed)] if (feed or "").isdecimal() else []) + events, args.named
    try:
        begin, end = _time(args.begin, zone), _time(args.end, zone)
    except ValueError as error:
        print(f"gateway: {error}: write a time as 2026-11-29T08:00", file=sys.stderr)
        return WRONG_USE
    a_range = any(value is not None for value in (args.since, args.until, begin, end))
    if feed is None or sum((bool(events), args.all, args.dead or a_range)) != 1:
        print("gateway: say which feed, and what: SEQ…, --dead, --all, --since, --until, --from, --to", file=sys.stderr)
        return WRONG_USE
    asked = {"events": events} if events else {"since": args.since, "until": args.until, "dead": args.dead}
    await _write_down(db, "feed.replayed", {"feed": feed, **asked, "begin": args.begin, "end": args.end})
    try:
        if events:
            return await _replay_single(feed, events, db)
        what = Replay(first=args.since or 1, last=args.until, begin=begin, end=end, dead_only=args.dead)
        risen = await db.deliveries.replay_many(feed, what)
    except NotFound as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 1
    print(f"{feed} {risen} events will be sent again")
    return 0


async def _replay_single(feed: str, events: list[int], db: Database) -> int:
    """0 when each of them was dead or delivered, and will be sent again."""
    missing = 0
    for seq in events:
        if await db.deliveries.replay_many(feed, Replay(first=seq, last=seq)):
            print(f"{feed} {seq} will be sent again")
        else:
            missing += 1
            print(
                f"gateway: feed {feed!r} has no dead letter {seq}, nor has it delivered such an event; "
                "`gateway feeds dead` lists them",
                file=sys.stderr,
            )
    return 1 if missing else 0


def _time(text: str | None, zone: tzinfo) -> datetime | None:
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


async def _write_down(db: Database, action: str, detail: dict[str, Any]) -> None:
    said = {key: value for key, value in detail.items() if value not in (None, False)}
    await db.audit.write(actor=operator(), action=action, ticket_id=None, at=datetime.now(UTC), detail=said)
