"""Titles by a language model: asked once a ticket, after it is committed, about what holds nothing personal."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from gateway.domain import masking
from gateway.domain.command import Applied, Refs
from gateway.domain.events import InteractionEnded, TicketRegistered, TitleWritten, TranscriptCompleted
from gateway.domain.filling import Filling
from gateway.domain.guess import Guess
from gateway.domain.ids import from_rfc3339
from gateway.domain.world import World
from gateway.errors import NotFound, StaleVersion, TitleUnavailable
from gateway.following.follower import Follower
from gateway.following.lease import Lease
from gateway.following.poll import Wake, until_stored
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import ChannelStates
from gateway.ports.store import CommandStore, Record, TicketReader
from gateway.ports.title import TitleWriter
from gateway.prefill.reader import PrefillReader
from gateway.prefill.title import PATH
from gateway.prefill.title_check import checked
from gateway.telemetry import log

CONFIDENCE = 0.6
CURSOR = "title"
SETTLING = frozenset({TicketRegistered.TYPE, InteractionEnded.TYPE, TranscriptCompleted.TYPE})
"""Events after which a ticket's content may be complete."""
FAILURES, PAUSE_S = 3, 60.0
"""After so many failures in a row nothing is asked for so long; tickets of that time keep the template's title."""
LATE = timedelta(hours=1)
"""What happened before that is left as it is: after a long stop titles come for what people are working on."""
SENT_CHARS = 2000
REMEMBERED = 1000
_PLACES = ("place.district", "place.street", "place.community")
_PRIVATE = frozenset({"person", "phone", "id_number", "plate", "uscc"})
_DIGIT = "0-9０-９〇零幺一二三四五六七八九"
_MASKED = re.compile(rf"(?:[{_DIGIT}][\s\-,.，、]?)*\*(?:[\s\-,.，、]?[{_DIGIT}*])*[Xx]?")
"""What masking left of a number, with the digits at either end."""
_ACCOUNT = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]+|(?=[A-Za-z_-]*[0-9])[A-Za-z][A-Za-z0-9_-]{5,}")
"""Addresses of mail and names of accounts."""
_HIDDEN = "***"
_log = log.get("titles")


@dataclass(slots=True, kw_only=True)
class WriteTitle:
    """A language model has written a title for what the ticket says at ``version``."""

    at: datetime
    ticket_id: str
    version: int
    title: str
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket."""
        return Refs(tickets=(self.ticket_id,))

    def decide(self, world: World) -> Applied:
        """``StaleVersion`` when the ticket has changed since."""
        ticket = world.ticket(self.ticket_id, version=self.version)
        filling = Filling(ticket)
        filling.guess((Guess(path=PATH, value=self.title, source="model", span=None, confidence=CONFIDENCE),))
        ticket.record(TitleWritten(at=self.at, chars=len(self.title)), filling.alteration)
        return world.applied(ticket)


class Titles:
    """Follows the event log. It has no part in taking a contact: whatever fails here, the template's title stays."""

    def __init__(
        self,
        *,
        make_writer: Callable[[], TitleWriter],
        store: CommandStore,
        reader: TicketReader,
        cursors: ChannelStates,
        next_commit: Wake,
        prefill: PrefillReader,
        clock: Clock,
        max_chars: int,
        lease: Lease | None,
    ) -> None:
        """``make_writer`` is asked for each run's own writer, since a run closes its connections for good at its end.

        ``prefill`` tells which places a title and its source speak of. ``lease``: of several processes one asks.

        What was registered before the first run ever keeps its title; so does what a process has died over.
        """
        self._make_writer = make_writer
        self._writer = make_writer()
        self._store = store
        self._reader = reader
        self._prefill = prefill
        self._clock = clock
        self._max_chars = max_chars
        self._lease = lease
        self._follower = Follower(
            CURSOR,
            read=lambda after: reader.events(after=after),
            begin=reader.last_event_seq,
            cursors=cursors,
            on=next_commit,
            wants=lambda event: event["type"] in SETTLING,
            handle=self._settled,
            at_most_once=True,
        )
        self._failures = 0
        self._paused_until = 0.0
        self._asked: OrderedDict[str, str] = OrderedDict()
        """ticket_id -> the content that it was asked about, of the newest tickets."""

    async def run(self) -> None:
        """Until cancelled."""
        try:
            if self._lease is None:
                await self._follower.run()
            else:
                await self._lease.run(self._follower.run)
        finally:
            await self._writer.aclose()
            self._writer = self._make_writer()

    async def _settled(self, event: Record) -> None:
        if self._clock.now() - from_rfc3339(event["at"]) < LATE:
            await self._look(event["ticket_id"])

    async def _look(self, ticket_id: str) -> None:
        """Ask for a title of this ticket, if it is to have one."""
        try:
            record = await self._reader.ticket(ticket_id)
        except NotFound:
            return
        content = record["demand"]["content"]
        if self._clock.monotonic() < self._paused_until or not open_to_a_title(record):
            return
        if self._asked.get(ticket_id) == content:
            return
        self._remember(ticket_id, content)
        source = await asyncio.to_thread(without_persons, record)
        title = await self._ask(ticket_id, source)
        if title is not None:
            await self._write(record, title)

    def _remember(self, ticket_id: str, content: str) -> None:
        self._asked[ticket_id] = content
        self._asked.move_to_end(ticket_id)
        if len(self._asked) > REMEMBERED:
            self._asked.popitem(last=False)

    async def _ask(self, ticket_id: str, source: str) -> str | None:
        try:
            answer = await self._writer.write(source)
        except TitleUnavailable as error:
            self._failures += 1
            _log.warning("title_unavailable", ticket_id=ticket_id, why=str(error), exc_info=error)
            if self._failures >= FAILURES:
                self._paused_until = self._clock.monotonic() + PAUSE_S
                _log.warning("titles_paused", seconds=PAUSE_S, failures=self._failures, exc_info=error)
            return None
        self._failures = 0
        title = checked(answer, source, max_chars=self._max_chars)
        if title is None or not self._places(title) <= self._places(source):
            _log.info("title_refused", ticket_id=ticket_id, chars=len(answer))
            return None
        return title

    def _places(self, text: str) -> set[str]:
        """Codes of the places that ``text`` names."""
        guesses = self._prefill.read(text, at=self._clock.now(), answers=True).guesses
        return {str(guess.value["code"]) for guess in guesses if guess.path in _PLACES}

    async def _write(self, record: Record, title: str) -> None:
        """Set it, unless the ticket has moved on to other words or a person's title meanwhile."""
        content = record["demand"]["content"]
        while open_to_a_title(record) and record["demand"]["content"] == content:
            command = WriteTitle(
                at=self._clock.now(), ticket_id=record["ticket_id"], version=record["version"], title=title
            )
            try:
                await until_stored(partial(self._store.execute, command))
            except StaleVersion:
                record = await self._reader.ticket(record["ticket_id"])
            else:
                _log.info("title_written", ticket_id=record["ticket_id"])
                return


def open_to_a_title(record: Mapping[str, Any]) -> bool:
    """Whether its content is complete and its title the template's or none: no person's, no source's, no model's.

    A ticket whose requester asked to be kept secret never is.
    """
    entry = record["prefill"]["fields"].get(PATH)
    free = record["demand"]["title"] is None if entry is None else entry["confirmed_by"] is None
    return (
        free
        and (entry is None or entry["source"] != "model")
        and bool(record["demand"]["content"])
        and not record["requester"]["secret"]
        and not record["prefill"]["pending"]
        and all(interaction["disposition"] for interaction in record["interactions"])
    )


def without_persons(record: Mapping[str, Any]) -> str:
    """The beginning of the content; numbers, plates, addresses of mail and the names of people are ``***`` in it."""
    content: str = record["demand"]["content"] or ""
    requester, about = record["requester"], record["demand"]["complained_about"]
    hidden = [content[slice(*one["span"])] for one in record["prefill"]["mentions"] if _private(one)]
    hidden += [requester[key] for key in ("name", "phone", "callback_phone", "uscc")] + [about["phone"]]
    # As of a person who stays unknown: of a name not even its first character is left.
    text = masking.Veil({**record, "requester": {**requester, "secret": True}}).text(content) or ""
    # Lengths are kept, so that what the mentions say stands where it stood.
    letters = list(text)
    for one in filter(_private, record["prefill"]["mentions"]):
        start, end = one["span"]
        letters[start:end] = masking.MASK * len(letters[start:end])
    text = "".join(letters)
    for value in sorted({value for value in hidden if value and len(value) > 1}, key=len, reverse=True):
        text = text.replace(value, _HIDDEN)
    return _ACCOUNT.sub(_HIDDEN, _MASKED.sub(_HIDDEN, text[:SENT_CHARS]))


def _private(mention: Mapping[str, Any]) -> bool:
    return mention["kind"] in _PRIVATE and bool(mention.get("span"))
