"""After the kills: each message of each citizen is in the record once, in one conversation, and was answered."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.crash.citizens import Citizen, Citizens, address_of
from tests.crash.outside import Outside
from tests.support.running import RunningGateway
from tests.support.waiting import eventually

_MARKER = re.compile(r"〔(m\d+m)〕")
_LEFT = frozenset({"sent", "delivered", "read"})
QUIET_S = 180.0
READ_S = 20.0


@dataclass(frozen=True)
class Conversation:
    """One written interaction as the record tells it."""

    channel_id: str
    interaction_id: str
    messages: list[dict[str, Any]]

    @property
    def markers(self) -> list[str]:
        """What was written, in the record's order."""
        texts = [m["text"] for m in self.messages if m["direction"] == "inbound"]
        return [marker for text in texts for marker in _MARKER.findall(text)]

    @property
    def answers(self) -> list[dict[str, Any]]:
        """What we said."""
        return [m for m in self.messages if m["direction"] == "outbound"]


def conversations(gateway: RunningGateway, channels: tuple[str, ...]) -> list[Conversation]:
    """Every written interaction, once every answer has left."""
    done: dict[str, list[Conversation]] = {}

    def left() -> bool:
        for item in list(gateway.tickets()):
            if item["channel_id"] in channels and item["ticket_id"] not in done:
                record = gateway.get(f"/api/v1/tickets/{item['ticket_id']}")
                found = [
                    Conversation(i["channel_id"], i["interaction_id"], i["messages"])
                    for i in record["interactions"]
                    if i["external_id"].startswith("conversation:")
                ]
                if all(answer["delivery"] in {*_LEFT, "failed"} for one in found for answer in one.answers):
                    done[item["ticket_id"]] = found
                else:
                    return False
        return True

    eventually(left, within_s=QUIET_S, what="answers to have left")
    return [one for found in done.values() for one in found]


async def unread(citizens: Citizens, answered: dict[int, int]) -> list[str]:
    """People of the web chat who, coming back with their token, do not see all answers (``answered`` by person)."""
    missed = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, sock_read=READ_S)) as http:
        for number, expected in answered.items():
            url, headers = citizens.web_line(number)
            seen: set[str] = set()
            try:
                async with http.get(url, headers=headers) as stream:
                    while len(seen) < expected:
                        line = await stream.content.readline()
                        frame = json.loads(line.removeprefix(b"data: ")) if line.startswith(b"data: ") else {}
                        if frame.get("t") == "message" and frame["from"] == "us":
                            seen.add(frame["id"])
                        if not line:
                            break
            except (TimeoutError, aiohttp.ClientError, asyncio.IncompleteReadError):
                pass
            if len(seen) < expected:
                missed.append(f"person {number}: {len(seen)} of {expected}")
    return missed


def findings(citizens: Citizens, outside: Outside, found: list[Conversation]) -> dict[str, Any]:
    """Every figure that has to be empty."""
    times = Counter(marker for one in found for marker in one.markers)
    where: dict[str, Conversation] = {marker: one for one in found for marker in one.markers}
    written = {marker: person for person in citizens.people for marker in person.said}
    by_person: dict[int, list[Conversation]] = defaultdict(list)
    for marker, person in written.items():
        if marker in where and where[marker] not in by_person[person.number]:
            by_person[person.number].append(where[marker])
    talked = [person for person in citizens.people if person.said]
    return {
        "messages acknowledged and not stored": sorted(written.keys() - times.keys()),
        "messages stored twice": sorted(marker for marker, count in times.items() if count > 1),
        "messages stored that nobody wrote": sorted(times.keys() - written.keys()),
        "messages never acknowledged": [p.under_way for p in citizens.people if p.under_way],
        "people with several conversations": [p.number for p in talked if len(by_person[p.number]) != 1],
        "conversations of several people": [
            one.interaction_id for one in found if len({written[m].number for m in one.markers if m in written}) > 1
        ],
        "conversations out of order": [
            p.number for p in talked if [m for one in by_person[p.number] for m in one.markers] != p.said
        ],
        "conversations without an answer": [one.interaction_id for one in found if not one.answers],
        "answers that failed": [one.interaction_id for one in found for a in one.answers if a["delivery"] == "failed"],
        "answers that never left": _never_left(talked, outside, by_person),
    }


def _never_left(talked: list[Citizen], outside: Outside, by_person: dict[int, list[Conversation]]) -> list[str]:
    """Answers that the record calls sent and that their provider was never given."""
    by_recipient = outside.to_recipients()
    missing = []
    for person in talked:
        answers = sum(len(one.answers) for one in by_person[person.number])
        if person.channel_id != "web" and by_recipient[person.channel_id, address_of(person)] < answers:
            missing.append(f"{person.channel_id} {person.number}")
    return missing


def answers_by_web_person(citizens: Citizens, found: list[Conversation]) -> dict[int, int]:
    """How many answers each person of the web chat has to see."""
    where = {marker: one for one in found for marker in one.markers}
    return {
        person.number: len(where[person.said[0]].answers)
        for person in citizens.people
        if person.channel_id == "web" and person.said and person.said[0] in where
    }
