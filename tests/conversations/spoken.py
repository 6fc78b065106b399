"""Playing dialogues by telephone: the real answering, flow, prompts, voice detector and record over SQLite.

The caller's leg and the recogniser's words are scripted, and time is virtual: the loop's clock jumps to whatever is due
next, except while a thread works for a call, when it goes on as it does on the wall.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.calls.recorder import LocalRecordings
from gateway.domain.command import Applied
from gateway.edge.system_clock import SystemClock
from gateway.intake.call.answer import CallAnswering, CallSettings
from gateway.intake.call.live import LiveInteractions
from gateway.intake.call.schedule import Schedule
from gateway.intake.channel.health import HealthBoard
from gateway.ivr.engine import FlowEngine
from gateway.ivr.loader import load_flows
from gateway.ports.call import CallInfo
from gateway.ports.store import CommandStore, TicketQuery
from gateway.prefill.reader import PrefillReader
from gateway.storage.database import Database, open_database
from tests.conversations.judge import Exchange, Played
from tests.conversations.phone import Phone
from tests.conversations.script import Play, Turn
from tests.support.change import Change
from tests.support.databases import ready_sqlite
from tests.support.fakes.reading import ReaderHere
from tests.support.fakes.recogniser import ScriptedRecogniser
from tests.support.reading import city_prefill
from tests.support.virtual_time import run_virtual, standing_still

ROOT = Path(__file__).resolve().parents[2]
SHANGHAI = "Asia/Shanghai"
CHAR_MS = 200
"""How long a caller takes over a character."""
UTTERANCE_MS = (1200, 8000)
RECOGNISED_S = 0.5
"""How long the recogniser takes after the last word."""


class _Store:
    """The database's changes; while they are written time does not jump."""

    def __init__(self, changes: CommandStore) -> None:
        self._changes = changes

    async def execute(self, change: Change) -> Applied:
        with standing_still():
            return await self._changes.execute(change)


@dataclass
class Hotline:
    """What all calls share."""

    database: Database
    recordings: LocalRecordings
    engine: FlowEngine = field(default_factory=lambda: FlowEngine(load_flows(ROOT / "ivr_flows")))
    prefill: PrefillReader = field(default_factory=city_prefill)

    def answering(self, recognition: ScriptedRecogniser) -> CallAnswering:
        """Wired as in ``bootstrap/voice.py``, the recogniser's words and where transcripts are read excepted."""
        clock = SystemClock()
        store = _Store(self.database.changes)
        return CallAnswering(
            store=store,
            spool=store,
            recordings=self.recordings,
            recogniser=recognition,
            engine=self.engine,
            reader=ReaderHere(self.prefill),
            clock=clock,
            live=LiveInteractions(leases=self.database.leases, clock=clock, node="bench", owner="bench", lease_s=3600),
            settings=CallSettings(ring_s=0, callback_due=timedelta(minutes=30)),
            schedule=Schedule(clock=clock, zone=ZoneInfo(SHANGHAI), after_hours={}),
            health=HealthBoard(clock=clock),
            refused=lambda info, reason, proved: None,  # noqa: ARG005 - nobody is refused here
        )

    async def call(self, play: Play, number: int) -> Played:
        """One dialogue."""
        anonymous = play.dialogue.caller == "anonymous"
        user = "anonymous" if anonymous else f"1390002{number:04d}"
        phone = Phone(
            CallInfo(
                call_id=play.name,
                channel_id="hotline",
                external_id=f"{play.name};tag",
                from_raw=f"sip:{user}@{'anonymous.invalid' if anonymous else '198.51.100.7'}",
                to_raw="sip:12345@198.51.100.1",
                from_user=user,
                to_user="12345",
            )
        )
        recognition = ScriptedRecogniser()
        answering = self.answering(recognition)
        media = asyncio.create_task(phone.run())
        served = asyncio.create_task(answering(phone))
        began = await _converse(phone, recognition, play)
        phone.leave()
        await served
        await answering.drain_tails(60)
        await media
        return await self._played(play, None if anonymous else f"+86{user}", began)

    async def _played(self, play: Play, sender: str | None, began: Sequence[tuple[Turn, int]]) -> Played:
        reader = self.database.reader
        with standing_still():
            page = await reader.tickets(TicketQuery(limit=1000))
            mine = [item for item in page.items if item["interactions"][0]["external_id"] == f"{play.name};tag"]
            tickets = []
            for item in sorted(mine, key=lambda item: item["ticket_no"]):
                events = await reader.events(ticket_id=item["ticket_id"])
                ticket = await reader.ticket(item["ticket_id"])
                tickets.append({**ticket, "event_types": [event["type"] for event in events]})
        said = sorted(
            (segment["start_ms"], segment["text"])
            for segment in tickets[0]["interactions"][0]["transcript"]
            if segment["speaker"] == "bot"
        )
        ends = [ms for _, ms in began[1:]] + [2**31]
        exchanges = [
            Exchange(turn, [text for ms, text in said if start <= ms < end])
            for (turn, start), end in zip(began, ends, strict=False)
        ]
        first = began[0][1] if began else 2**31
        return Played(play, sender, exchanges, tickets, opening=[text for ms, text in said if ms < first])


async def _converse(phone: Phone, recognition: ScriptedRecogniser, play: Play) -> list[tuple[Turn, int]]:
    """The caller's side; each turn with the moment from which on what is said answers it."""
    began: list[tuple[Turn, int]] = []
    if not play.dialogue.turns:
        await asyncio.sleep(1)
        return began
    await phone.listen()
    for turn in play.dialogue.turns:
        began.append((turn, phone.heard_ms))
        if turn.say is not None:
            await _say(phone, recognition, turn.say, play.dialogue.language)
        elif turn.key is not None:
            phone.press(turn.key)
        else:
            await asyncio.sleep(turn.silence or 0)
        await phone.listen()
    await phone.stay()
    return began


async def _say(phone: Phone, recognition: ScriptedRecogniser, words: str, language: str) -> None:
    shortest, longest = UTTERANCE_MS
    start_ms = phone.heard_ms
    await phone.speak(max(shortest, min(longest, CHAR_MS * len(words))))
    end_ms = phone.heard_ms

    await asyncio.sleep(RECOGNISED_S)
    recognition.understand(words, end_ms, language, start_ms=start_ms)


async def play_all(wanted: Iterable[Play], folder: Path) -> dict[str, Played]:
    """Every call at the same time; by name."""
    with standing_still():
        ready_sqlite(folder / "gateway.db")
        database = await open_database("", data_dir=folder, zone=ZoneInfo(SHANGHAI), synchronous="OFF")
    try:
        hotline = Hotline(database, LocalRecordings(folder / "recordings", min_free_percent=0))
        done = await asyncio.gather(*(hotline.call(play, number) for number, play in enumerate(wanted, 1)))
    finally:
        with standing_still():
            await database.aclose()
    return {played.play.name: played for played in done}


def in_virtual_time(wanted: Iterable[Play], folder: Path) -> dict[str, Played]:
    """``play_all`` on a loop of its own."""
    return run_virtual(play_all(wanted, folder))
