"""Keeps narrow rows and searchable texts up with the record: follows its changes, and walks through old tickets.

Its cursor moves in the transaction that writes what it stands for, under the writers' lock, so that several processes
may run it and a crash repeats at most what changes nothing. Masking is done before, outside the lock: what was
altered or erased meanwhile is left to its own, later change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from gateway.domain import masking
from gateway.following.poll import PollLoop, Wake
from gateway.storage import search_state as state
from gateway.storage import search_texts
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.codec import form_of
from gateway.storage.engine import Sql
from gateway.storage.facets import facet_row, write_facets
from gateway.storage.load import lock_writers
from gateway.telemetry import log

AT_ONCE = 100
"""Tickets of one transaction: some milliseconds under the lock."""
GATHER_S = 0.2
"""Changes of so long after the first are taken in with it."""
REST = 2.0
"""Going through old tickets rests so many times as long as it worked: contacts come first."""
_log = log.get("search_index")
_tickets = t.tickets.c


@dataclass(frozen=True, slots=True)
class Slice:
    """Tickets as they were read, and where that leads to."""

    begun: dict[str, str]
    """What the state said then."""
    after: dict[str, str | None]
    """What it says once they are written."""
    rows: Sequence[Any]
    texts: dict[int, str]
    facets: list[dict[str, Any]]


_EARLIER = sa.or_(_tickets.search != "", _tickets.search_masked != "")
"""Tickets with search words of an earlier version."""


class SqlSearchIndex:
    """Writes ``ticket_facets`` and ``ticket_texts``."""

    def __init__(self, *, sql: Sql, next_commit: Wake) -> None:
        """Nothing is written yet."""
        self._sql = sql
        self._loop = PollLoop(self._step, poll_s=None, on=next_commit, gather=lambda: asyncio.sleep(GATHER_S))

    async def run(self) -> None:
        """Until cancelled."""
        await self.keep_rules()
        await self._loop.run()

    async def keep_rules(self) -> bool:
        """Have all texts made anew when they were masked by older rules than this program's; whether they were.

        A newer program's texts are left alone: both may run for a while.
        """

        def work(connection: sa.Connection) -> bool:
            lock_writers(connection)
            told = state.read(connection).get(state.RULES)
            if told is not None and int(told) >= masking.RULES:
                return False
            old = {} if told is None else {state.UNSEARCHED: state.ABOVE_ALL}
            state.put(connection, **{state.RULES: str(masking.RULES)}, **old)
            return bool(old)

        anew = await self._sql.write(work)
        if anew:
            _log.info("search_texts_made_anew", rules=masking.RULES)
        return anew

    async def rebuild(self) -> None:
        """Have everything made anew, also what seems right. On SQLite words are found as far as that has come."""

        def work(connection: sa.Connection) -> None:
            lock_writers(connection)
            search_texts.clear_pairs(connection)
            state.put(connection, **{state.UNSEARCHED: state.ABOVE_ALL, state.ANEW: "1"})

        await self._sql.write(work)

    async def left(self) -> str | None:
        """The ticket number below which there is more to be made anew; None when all is done."""
        told = await self._sql.read(state.read)
        return max((told[key] for key in state.MARKS if key in told), default=None)

    async def behind(self) -> int:
        """How many tickets have changed that are not taken in yet."""

        def work(connection: sa.Connection) -> int:
            seq = int(state.read(connection).get(state.EVENT_SEQ, 0))
            changed = sa.select(sa.func.count()).select_from(t.tickets).where(_tickets.event_seq > seq)
            return int(connection.execute(changed).scalar_one())

        return await self._sql.read(work)

    async def some(self) -> bool:
        """Take in the next few changes, or, when there are none, the next few old tickets; whether there were any."""
        return await self._followed() or await self._walked()

    async def _step(self) -> bool:
        if await self._followed():
            return True
        began = asyncio.get_running_loop().time()
        walked = await self._walked()
        if walked:
            await asyncio.sleep((asyncio.get_running_loop().time() - began) * REST)
        return walked

    async def _followed(self) -> bool:
        return await self._write(await self._sql.read(_changed))

    async def _walked(self) -> bool:
        return await self._write(await self._sql.read(_old))

    async def _write(self, found: Slice | None) -> bool:
        if found is None:
            return False
        made = await asyncio.to_thread(_made, found)
        await self._sql.write(lambda connection: _take_in(connection, made))
        return True


def _changed(connection: sa.Connection) -> Slice | None:
    told = state.read(connection)
    seq = _tickets.event_seq
    query = sa.select(t.tickets).where(seq > int(told.get(state.EVENT_SEQ, 0))).order_by(seq).limit(AT_ONCE)
    rows = connection.execute(query).mappings().all()
    return Slice(told, {state.EVENT_SEQ: str(rows[-1]["event_seq"])}, rows, {}, []) if rows else None


def _old(connection: sa.Connection) -> Slice | None:
    told = state.read(connection)
    marks = {key: told[key] for key in state.MARKS if key in told}
    if not marks:
        return None
    no = _tickets.ticket_no
    query = sa.select(t.tickets).where(no < max(marks.values())).order_by(no.desc()).limit(AT_ONCE)
    rows = connection.execute(query).mappings().all()
    lowest = rows[-1]["ticket_no"] if rows else None
    if lowest is None:
        return Slice(told, dict.fromkeys((*marks, state.ANEW)), rows, {}, [])
    return Slice(told, {key: min(mark, lowest) for key, mark in marks.items()}, rows, {}, [])


def _made(found: Slice) -> Slice:
    """With narrow rows and masked texts."""
    texts, facets = {}, []
    for row in found.rows:
        form = form_of(row["doc"])
        facets.append(facet_row(row, form))
        erased = row["erased_at"] is not None
        texts[int(row["ticket_no"])] = "" if erased else masking.searchable(msgspec.to_builtins(form))
    return Slice(found.begun, found.after, found.rows, texts, facets)


def _take_in(connection: sa.Connection, found: Slice) -> None:
    lock_writers(connection)
    told = state.read(connection)
    if any(told.get(key) != found.begun.get(key) for key in found.after):
        return  # another process, or a rebuilding, was faster
    read = {row["ticket_id"]: row["event_seq"] for row in found.rows}
    query = sa.select(_tickets.ticket_id, _tickets.event_seq).where(among(_tickets.ticket_id, read))
    same = {row.ticket_id for row in connection.execute(query) if row.event_seq == read[row.ticket_id]}
    facets = [row for row in found.facets if row["ticket_id"] in same]
    write_facets(connection, facets)
    anew = state.ANEW in told and state.EVENT_SEQ not in found.after
    search_texts.put(connection, {row["no"]: found.texts[row["no"]] for row in facets}, anew=anew)
    blank = sa.update(t.tickets).where(among(_tickets.ticket_id, same), _EARLIER)
    connection.execute(blank.values(search="", search_masked=""))
    state.put(connection, **found.after)
