"""``gateway trace``: messages, outbox, receipts and feeds of a contact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from gateway.cli.call_trace import CallTrace
from gateway.domain.ids import from_rfc3339
from gateway.ports.way import Way
from gateway.telemetry import trace as ids

SHOWN = 30
"""Characters of a message in the ladder."""
MOST_IDS = 12
Row = tuple[datetime, list[str]]


def rows(call: CallTrace, width: int) -> Iterator[Row]:
    """The ladder's rows of the written messages and of their way out."""
    messages = (call.interaction or {}).get("messages") or []
    queued = {entry["seq"]: entry for entry in call.way.outbox} if call.way else {}
    for message in messages:
        inbound = message["direction"] == "inbound"
        entry = queued.get(message["seq"])
        at = from_rfc3339(entry["created_at"] if entry else message["sent_at"])
        words = f"{message['kind']} {(message['text'] or '')[:SHOWN]!r}"
        arrow = f"---- {words} --->" if inbound else f"<--- {words} ----"
        yield at, [f"{arrow:<{width}}  {message['delivery'] or ''}".rstrip()]
        if entry is not None:
            yield from _attempts(entry, width)


def _attempts(entry: Mapping[str, Any], width: int) -> Iterator[Row]:
    """What the provider said to a queued message: SQL keeps the newest answer, the log each one."""
    gap = f"{'':{width}}  = outbox {entry['channel_id']} {entry['message_id']}:"
    tried = f"after {entry['attempts']} failed attempts" if entry["attempts"] else ""
    tried += f": {entry['error']}" if entry["error"] else ""
    if entry["state"] == "queued":
        yield from_rfc3339(entry["next_at"]), [f"{gap} queued, next attempt {tried}".rstrip()]
    elif entry["sent_at"]:
        yield from_rfc3339(entry["sent_at"]), [f"{gap} sent as {entry['external_id']} {tried}".rstrip()]
    else:
        yield from_rfc3339(entry["created_at"]), [f"{gap} {entry['state']} {tried}".rstrip()]


def fed(event_seq: int | None, way: Way | None) -> str:
    """Where each feed has got to with an event, e.g. ``[cases: done]``; empty without feeds.

    Done is delivered, or left out by the feed's settings: neither leaves a row.
    """
    if way is None or event_seq is None:
        return ""
    waiting = {d["feed"]: d for d in way.deliveries if d["event_seq"] == event_seq}
    told = [f"{feed}: {_state(event_seq, cursor, waiting.get(feed))}" for feed, cursor in sorted(way.feeds.items())]
    return f"[{', '.join(told)}]" if told else ""


def _state(event_seq: int, cursor: int, delivery: Mapping[str, Any] | None) -> str:
    if delivery is None:
        return "done" if event_seq <= cursor else "not looked at yet"
    said = f" ({delivery['last_error']})" if delivery["last_error"] else ""
    if delivery["dead_at"]:
        return f"dead letter since {delivery['dead_at']} after {delivery['attempts']} attempts{said}"
    return f"waits, {delivery['attempts']} attempts, next {delivery['next_at']}{said}"


def came_in(call: CallTrace) -> list[Row]:
    """When each hook or request came in: its id says so, where it is ours."""
    first: dict[str, str] = {}
    for event in call.events:
        if call.way is not None and (own := call.way.traces.get(event.get("event_seq", 0))) is not None:
            first.setdefault(own, event["at"])
    found = ((ids.made_at(own), own, from_rfc3339(at)) for own, at in first.items())
    return [
        (made, [f"---- came in, trace {own}"])
        for made, own, at in found
        if made is not None and abs((at - made).total_seconds()) < ids.NEAR_S
    ]


def traces(call: CallTrace) -> list[str]:
    """The ids to look for in the logs, in order."""
    known = dict.fromkeys(call.way.traces.values()) if call.way else {}
    more = ["…"] if len(known) > MOST_IDS else []
    return [f"{'Trace' if n == 0 else '':<12}{own}" for n, own in enumerate([*list(known)[:MOST_IDS], *more])]
