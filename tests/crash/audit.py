"""After the kills: what was promised, what is stored, what arrived."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gateway.storage.database import open_database
from scripts.case_system import CaseSystem
from tests.crash.contacts import EVENT, Contacts
from tests.support.running import RunningGateway
from tests.support.waiting import eventually

QUIET_S = 180.0


def quiesce(gateway: RunningGateway, *, recogniser: bool) -> None:
    """Until every interaction is closed, every transcript is complete and every delivery is done."""

    def settled() -> bool:
        return all(
            all(i["disposition"] for i in t["interactions"]) and not (recogniser and t["prefill"]["pending"])
            for t in gateway.tickets()
            if t["channel"] == "sip"
        )

    def delivered() -> bool:
        answer = gateway.get("/api/v1/feeds")
        return answer is not None and all(feed["pending"] == 0 for feed in answer["items"])

    eventually(settled, within_s=QUIET_S, what="calls to be closed and transcribed")
    eventually(delivered, within_s=QUIET_S, what="deliveries to be done")


def unreadable_recordings(gateway: RunningGateway, tickets: list[dict[str, Any]]) -> list[str]:
    """Answered calls without a readable two-track recording: its file is there before the 200 goes out."""
    wrong = []
    for ticket in tickets:
        for own in ticket["interactions"]:
            if own["channel"] != "sip" or not own["answered_at"]:
                continue
            path = f"/api/v1/tickets/{ticket['ticket_id']}/recordings/{own['interaction_id']}"
            status, _, body = gateway.request("GET", path)
            if status != 200 or not is_two_track_alaw(body):
                wrong.append(f"{own['interaction_id']}: HTTP {status}, {own['disposition']}")
    return wrong


def wrong_hashes(gateway: RunningGateway, tickets: list[dict[str, Any]]) -> list[str]:
    """Recordings that are not what the record says of them."""
    wrong = []
    for ticket in tickets:
        for own in ticket["interactions"]:
            if own["recording"] is None:
                continue
            path = f"/api/v1/tickets/{ticket['ticket_id']}/recordings/{own['interaction_id']}"
            status, _, body = gateway.request("GET", path)
            if status != 200 or hashlib.sha256(body).hexdigest() != own["recording"]["sha256"]:
                wrong.append(f"{own['interaction_id']}: HTTP {status}")
    return wrong


def said_twice(gateway: RunningGateway, tickets: list[dict[str, Any]]) -> list[str]:
    """Calls with two segments for the same stretch of what their caller said."""
    wrong = []
    for ticket in tickets:
        record = gateway.get(f"/api/v1/tickets/{ticket['ticket_id']}")
        for own in record["interactions"]:
            heard = sorted((s["start_ms"], s["end_ms"]) for s in own["transcript"] if s["speaker"] == "requester")
            if any(one[1] > other[0] for one, other in itertools.pairwise(heard)):
                wrong.append(f"{own['interaction_id']}: {heard}")
    return wrong


def unnoted_answers(tickets: list[dict[str, Any]], answered: set[str]) -> list[str]:
    """Calls whose caller was answered and whose ticket does not say so.

    The 200 goes out before its commit; a process killed between the two leaves the recording's file to tell of it.
    """
    return sorted(answered - {i["external_id"] for t in tickets for i in t["interactions"] if i["answered_at"]})


def is_two_track_alaw(body: bytes) -> bool:
    """A WAV whose header fits what follows it (the wave module reads PCM only, so format 6 is looked at by hand)."""
    if body[:4] != b"RIFF" or body[8:12] != b"WAVE":
        return False
    position = 12
    chunks: dict[bytes, bytes] = {}
    while position + 8 <= len(body):
        size = int.from_bytes(body[position + 4 : position + 8], "little")
        chunks[body[position : position + 4]] = body[position + 8 : position + 8 + size]
        position += 8 + size + size % 2
    form = chunks.get(b"fmt ", b"")
    ok = int.from_bytes(form[:2], "little") == 6 and int.from_bytes(form[2:4], "little") == 2
    return ok and int.from_bytes(form[4:8], "little") == 8000 and len(chunks.get(b"data", b"")) % 2 == 0


@dataclass(frozen=True)
class Log:
    """The event log, read when nothing runs any more."""

    events: list[dict[str, Any]]

    @classmethod
    async def read(cls, data_dir: Path, url: str = "") -> Log:
        database = await open_database(url, data_dir=data_dir, zone=ZoneInfo("Asia/Shanghai"))
        try:
            events: list[dict[str, Any]] = []
            while page := await database.reader.events(after=events[-1]["event_seq"] if events else 0):
                events += page
        finally:
            await database.aclose()
        return cls(events)


def findings(
    tickets: list[dict[str, Any]], contacts: Contacts, answered: set[str], log: Log, receiver: CaseSystem
) -> dict[str, Any]:
    """Every figure that has to be zero (or empty)."""
    reported = [t for t in tickets if str(t["source"]["event_id"]).startswith(EVENT)]
    by_event = [t["source"]["event_id"] for t in reported]
    by_call = [i["external_id"] for t in tickets for i in t["interactions"] if i["channel"] == "sip"]
    stored = dict(zip(by_event, (t["ticket_id"] for t in reported), strict=True))
    sent_out = {e["event_id"]: e for e in log.events if not e["type"].startswith("feed_")}
    return {
        "contacts acknowledged and not stored": sorted(contacts.acknowledged.keys() - set(by_event)),
        "contacts acknowledged as another ticket": [
            key for key, ticket_id in contacts.acknowledged.items() if stored.get(key) != ticket_id
        ],
        "contacts acknowledged twice differently": contacts.contradicted,
        "contacts never acknowledged": sorted(contacts.sent - contacts.acknowledged.keys()),
        "contacts stored twice": len(by_event) - len(set(by_event)),
        "answered calls without a ticket": sorted(answered - set(by_call)),
        "calls stored twice": len(by_call) - len(set(by_call)),
        "serials missing": missing_serials([t["ticket_no"] for t in tickets]),
        "event numbers missing": sorted(set(range(1, len(log.events) + 1)) - {e["event_seq"] for e in log.events}),
        "events the receiver missed": sorted(sent_out.keys() - receiver.ledger.receipts.keys()),
        "events nobody wrote": sorted(receiver.ledger.receipts.keys() - sent_out.keys()),
        "events out of order": receiver.ledger.out_of_order,
        "bad signatures": receiver.bad_signatures,
    }


def missing_serials(numbers: list[str]) -> list[str]:
    """Gaps and repetitions in each day's serials."""
    wrong = []
    for day in {number[:8] for number in numbers}:
        serials = sorted(int(number[8:]) for number in numbers if number.startswith(day))
        if serials != list(range(1, len(serials) + 1)):
            wrong.append(f"{day}: {len(serials)} tickets, last {serials[-1]}")
    return wrong
