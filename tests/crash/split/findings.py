"""In the morning: what was promised to callers, chats and senders of files, and what the logs say."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any

from tests.crash.audit import Log
from tests.crash.contacts import a_file
from tests.crash.split.house import RoleMachine, SplitHouse
from tests.crash.split.sockets import FILE, Chats, Follower

PROGRAM_FAULTS = [
    f"error={error.__name__} "
    for error in (AssertionError, AttributeError, IndexError, KeyError, NameError, TypeError, ValueError)
]
"""What no kill, outage or jump excuses; as the log spells them."""


def program_faults(house: SplitHouse) -> list[str]:
    """Log lines of errors that are the program's own."""
    return [line for fault in PROGRAM_FAULTS for line in house.logged(fault)]


def closed_by_others(
    house: SplitHouse,
    tickets: list[dict[str, Any]],
    log: Log,
    spans: dict[str, tuple[float, float]],
    follower: Follower,
) -> dict[str, Any]:
    """Live calls that another than their owner closed: whose owner was not killed between their beginning and that
    close, or says so.
    """
    ends = [event for event in log.events if event["type"] == "interaction.ended"]
    recovered = {event["interaction_id"] for event in ends if event["data"].get("recovered")}
    wrong = []
    for own in (i for t in tickets for i in t["interactions"] if i["external_id"] in spans):
        began, ended = spans[own["external_id"]]
        closed = follower.ended[own["interaction_id"]]
        killed = any(began < at < closed for at in house.machines[own["node"]].kept.kills)
        if own["interaction_id"] in recovered and not killed:
            wrong.append(f"{own['interaction_id']} of {own['node']}, {ended - began:.1f} s: {own['disposition']}")
    wrong += house.logged("live_interaction_closed_by_recovery")
    return {"live calls closed by others": wrong}


def closes_s(
    tickets: list[dict[str, Any]], log: Log, spans: dict[str, tuple[float, float]], follower: Follower
) -> list[float]:
    """How long after each BYE its owner's close was seen in the stream, the slowest at last."""
    by_call = {i["interaction_id"]: i["external_id"] for t in tickets for i in t["interactions"]}
    ends = [e for e in log.events if e["type"] == "interaction.ended" and not e["data"].get("recovered")]
    ids = [e["interaction_id"] for e in ends if by_call.get(e["interaction_id"]) in spans]
    return sorted(round(follower.ended[one] - spans[by_call[one]][1], 1) for one in ids)


def chat_findings(chats: Chats, records: list[dict[str, Any]]) -> dict[str, Any]:
    """What the people at the chat were promised, and saw."""
    texts = [
        m["text"] for r in records for i in r["interactions"] for m in i["messages"] if m["direction"] == "inbound"
    ]
    written = [marker for marker in chats.acknowledged if not marker.startswith(FILE)]
    times = {marker: sum(f"〔{marker}〕" in str(text) for text in texts) for marker in written}
    return {
        "chat messages acknowledged and not there once": {m: n for m, n in times.items() if n != 1},
        "gaps on a chat's line": chats.broken,
        "people at the chat whom nobody answered": [
            person for person in set(chats.acknowledged.values()) if not chats.answers[person]
        ],
    }


def file_findings(names: list[str], records: list[dict[str, Any]], webs: list[RoleMachine]) -> dict[str, Any]:
    """What was sent as a file, and is not in the record once, or is not given by each web process as it was sent."""
    kept: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        for attachment in record["attachments"]:
            kept[str(attachment["name"]).removesuffix(".pdf")].append(attachment)
    wrong = []
    for name, machine in itertools.product(names, webs):
        if len(kept[name]) != 1:
            wrong.append(f"{name}: kept {len(kept[name])} times")
            continue
        path = kept[name][0]["url"]
        status, _, body = machine.request("GET", path, token=webs[0].token)
        if status != 200 or body != a_file(name):
            wrong.append(f"{name} by {machine.name}: HTTP {status}, {len(body)} bytes")
    return {"files acknowledged and not given as they were sent": wrong}
