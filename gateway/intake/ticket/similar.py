"""Open tickets about one matter: an index in this process, built from SQL and kept up to date by event_seq.

Nothing of it is stored: what is similar to a ticket is said when it is read, by the tickets that are open then. Every
process that serves the API has an index of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from gateway.domain.status import UNANSWERED
from gateway.following.follower import Follower
from gateway.following.poll import Wake
from gateway.ports.clock import Clock
from gateway.ports.similar import TicketWords, TicketWordsStore
from gateway.prefill.similar import TOP, Entry, ScoredTicket, SimilarIndex
from gateway.telemetry import log

T = TypeVar("T")
DAYS = 30
"""Older tickets are not candidates."""
PAGE = 200
SLICE = 50
"""Tickets taken in before somebody who searches may have his turn."""
MANY = 100
"""Of more similar tickets the reporters are not counted one by one."""
SPARE = 5
"""So many more are looked up, in place of those that were closed a moment ago."""
GATHER_S = 0.5
"""Changes of so long after the first are taken in with it."""
_FORGET_S = 3600.0
_REST_BUILDING, _REST_FOLLOWING = 1.0, 3.0
"""The index rests so many times as long as it worked: calls and contacts come first."""
_log = log.get("similar")


@dataclass(frozen=True, slots=True)
class SimilarTicket:
    """A ticket that may be about the same matter."""

    words: TicketWords
    score: float
    same_requester: bool
    reporters: int
    """People behind it: its own requester and those of the tickets merged into it."""


@dataclass(frozen=True, slots=True)
class SimilarView:
    """What is similar to one ticket."""

    items: tuple[SimilarTicket, ...]
    """The best few, best first."""
    reporters: int
    """Different people about this matter at this place: of the ticket, of what is similar there, and of what was
    merged into them."""
    repeats: int
    """How many of the similar tickets are of the ticket's own requester."""
    complete: bool
    """Whether the index knows every open ticket, and everything that happened before this one's last event."""


class SimilarTickets:
    """The index of this process. It works in one thread of its own, so that it never keeps the loop waiting."""

    def __init__(self, *, store: TicketWordsStore, clock: Clock, next_commit: Wake) -> None:
        """Empty until ``run`` has read the tickets of the last ``DAYS``."""
        self._store = store
        self._clock = clock
        self._index = SimilarIndex()
        self._words: dict[str, int] = {}
        """What each ticket in the index is known by: words that did not change are not taken in again."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="similar")
        self.complete = False
        self._began = self._forgot = 0.0
        self._follower = Follower(
            "similar",
            read=self._slices,
            seq=lambda tickets: tickets[-1].event_seq,
            begin=lambda: store.seq_at(self._since()),
            cursors=None,
            on=next_commit,
            handle=self._know,
            gather=lambda: asyncio.sleep(GATHER_S),
        )

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, ticket_id: str) -> bool:
        return ticket_id in self._index

    async def run(self) -> None:
        """Read every ticket of the last ``DAYS``, then follow the changes, until cancelled."""
        self._began = self._forgot = self._clock.monotonic()
        await self._follower.run()

    async def _slices(self, after: int) -> list[list[TicketWords]]:
        page = await self._store.changed(after, PAGE)
        if not page and not self.complete:
            self.complete = True
            _log.info("similar_ready", tickets=len(self), seconds=round(self._clock.monotonic() - self._began, 1))
        return [page[first : first + SLICE] for first in range(0, len(page), SLICE)]

    async def _know(self, tickets: Sequence[TicketWords]) -> None:
        began = time.monotonic()
        await self._do(self._take_in, tickets)
        if self._clock.monotonic() - self._forgot > _FORGET_S:
            self._forgot = self._clock.monotonic()
            await self._do(self._forget_old)
        await asyncio.sleep((time.monotonic() - began) * (_REST_FOLLOWING if self.complete else _REST_BUILDING))

    async def related(self, ticket_id: str) -> list[dict[str, Any]]:
        """What stands in the ticket's ``related.similar``: [{ticket_id, score}], best first."""
        found, _ = await self._like((await self._store.of([ticket_id]))[ticket_id], TOP + SPARE)
        return [{"ticket_id": one.ticket_id, "score": round(one.score, 3)} for one in found[:TOP]]

    async def view(self, ticket_id: str) -> SimilarView:
        """Everything about a ticket that is there: what is similar, who reported it, who repeats."""
        ticket = (await self._store.of([ticket_id]))[ticket_id]
        complete = self.complete and (self._follower.at or 0) >= ticket.event_seq
        found, others = await self._like(ticket, MANY)
        near = [others[one.ticket_id] for one in found]
        people = await self._store.reporters([ticket, *near])
        same = [ticket, *(other for other in near if one_matter(ticket, other))]
        items = tuple(
            SimilarTicket(
                words=(words := others[one.ticket_id]),
                score=round(one.score, 3),
                same_requester=words.requester_id == ticket.requester_id,
                reporters=len(people[words.ticket_id]),
            )
            for one in found
        )
        return SimilarView(
            items=items[:TOP],
            reporters=len(set().union(*(people[one.ticket_id] for one in same))),
            repeats=sum(one.same_requester for one in items),
            complete=complete,
        )

    async def _like(self, ticket: TicketWords, top: int) -> tuple[list[ScoredTicket], dict[str, TicketWords]]:
        """The open tickets most similar to ``ticket``; none for one that is closed or says nothing."""
        if ticket.status not in UNANSWERED or ticket.empty:
            return [], {}
        entry, since = _entry(ticket), self._since().timestamp()
        found = await self._do(lambda: self._index.search(entry, since=since, top=top))
        others = await self._store.of([one.ticket_id for one in found])
        # The index may lag: what was closed a moment ago is left out.
        return [one for one in found if one.ticket_id in others and others[one.ticket_id].status in UNANSWERED], others

    async def _do(self, work: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    def _since(self) -> datetime:
        return self._clock.now() - timedelta(days=DAYS)

    def _take_in(self, tickets: Sequence[TicketWords]) -> None:
        since = self._since()
        for ticket in tickets:
            if ticket.status not in UNANSWERED or ticket.empty or ticket.created_at < since:
                self._index.remove(ticket.ticket_id)
                self._words.pop(ticket.ticket_id, None)
                continue
            entry = _entry(ticket)
            known_by = hash(entry)
            if self._words.get(ticket.ticket_id) != known_by:
                self._words[ticket.ticket_id] = known_by
                self._index.add(entry)
        self._index.settle()

    def _forget_old(self) -> None:
        for ticket_id in self._index.older_than(self._since().timestamp()):
            self._index.remove(ticket_id)
            self._words.pop(ticket_id, None)


def one_matter(ticket: TicketWords, other: TicketWords) -> bool:
    """Whether two similar tickets are about the same thing at the same place, as far as both say where it is.

    Words alone are no place: half a city reports the same power cut in the same words. Who does not say where it is,
    is counted with nobody.
    """
    if any(_differ(getattr(ticket, key), getattr(other, key)) for key in ("topic", "subtopic")):
        return False
    levels = [(getattr(ticket, key), getattr(other, key)) for key in ("district", "street", "community")]
    if any(_differ(mine, theirs) for mine, theirs in levels):
        return False
    mine, theirs = _plain(ticket.address), _plain(other.address)
    if mine and theirs:
        return mine in theirs or theirs in mine
    return any(mine and theirs for mine, theirs in levels[1:])


def _differ(mine: str | None, theirs: str | None) -> bool:
    return bool(mine and theirs and mine != theirs)


def _plain(address: str | None) -> str:
    return "".join(c for c in address or "" if c.isalnum()).casefold()


def _entry(ticket: TicketWords) -> Entry:
    return Entry(
        ticket_id=ticket.ticket_id,
        text=ticket.content or ticket.title or "",
        at=ticket.created_at.timestamp(),
        district=ticket.district,
        street=ticket.street,
        topic=ticket.topic,
        subtopic=ticket.subtopic,
    )
