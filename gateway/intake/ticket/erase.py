"""Erasing a ticket, or everything of a person: what lies in files first, then SQL, which knows what there is.

Whoever dies in the middle is asked again: what is done is passed over, and what names the files is blanked last.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from gateway.domain.naming import naming
from gateway.errors import Conflict
from gateway.intake.ticket.left_on_disk import LeftOnDisk, in_json
from gateway.ports.attachments import SETTLED_S, Attachments
from gateway.ports.erasure import ErasureStore, Kind, Outside, Subject
from gateway.ports.recordings import Recordings
from gateway.telemetry import log

AGAIN_S = 0.5
_log = log.get("erasure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure came to; nothing but zeros when it was done before."""

    subject: Subject
    tickets: int = 0
    recordings: int = 0
    files: int = 0
    lines: int = 0
    """Of SIP traces and refused spool files."""
    rows: int = 0
    """That named the person and belong to no ticket."""


class Erasure:
    """Works beside a running gateway, in any process that sees its folders."""

    def __init__(self, *, store: ErasureStore, recordings: Recordings, files: Attachments, disk: LeftOnDisk) -> None:
        """Changes nothing yet."""
        self._store = store
        self._recordings = recordings
        self._files = files
        self._disk = disk

    async def ticket(self, name: str, *, actor: str) -> Erased:
        """Erase one ticket, by its id or number. ``NotFound``, and as ``erase``."""
        return await self.erase(await self._store.named(Kind.TICKET, name), actor=actor)

    async def erase(self, subject: Subject, *, actor: str) -> Erased:
        """Erase ``subject``; ``actor`` is whom the audit trail names.

        ``Conflict`` says what has to end before it can begin, ``StoreUnavailable`` that it has to be asked for again.
        """
        if await asyncio.to_thread(self._disk.spooled, set(await self._store.tickets(subject))):
            raise Conflict("changes of a call still wait in the spool; erase once the gateway has written them to SQL")
        done = Erased(subject=subject)
        if not await self._store.begin(subject, actor):
            return done
        _log.info("erasure_begun", kind=subject.kind.value, subject=subject.id, actor=actor)
        done = await self._person(done)
        while True:
            while (ticket := await self._store.take(subject, actor)) is not None:
                done = await self._ticket(done, ticket, actor)
            if await self._store.finish(subject, actor):
                break
        _log.info("erasure_done", kind=subject.kind.value, subject=subject.id, actor=actor, tickets=done.tickets)
        return done

    async def _person(self, done: Erased) -> Erased:
        """While their tickets still say by what they are known."""
        person = await self._store.person(done.subject)
        if person is None:
            return done
        lines = await asyncio.to_thread(self._disk.blank_calls, person.days, naming(numbers=person.numbers))
        return replace(done, lines=lines, rows=await self._store.forget_person(person))

    async def _ticket(self, done: Erased, ticket: Outside, actor: str) -> Erased:
        recordings = [await asyncio.to_thread(self._recordings.remove, one) for one in ticket.recordings]
        for location in ticket.files:
            await self._remove(location)
        calls = naming(names=map(in_json, ticket.call_ids))
        lines = await asyncio.to_thread(self._disk.blank_calls, ticket.days, calls)
        lines += await asyncio.to_thread(self._disk.blank_refused, (ticket.ticket_id,))
        while await self._store.blank(ticket.ticket_id):
            pass
        closed = await self._store.close(ticket.ticket_id, actor)
        return replace(
            done,
            tickets=done.tickets + closed,
            recordings=done.recordings + sum(recordings),
            files=done.files + len(ticket.files),
            lines=done.lines + lines,
        )

    async def _remove(self, location: str) -> None:
        """A file that somebody else is sending just now may be theirs: then it waits until that is known."""
        until = asyncio.get_running_loop().time() + 2 * SETTLED_S
        while not await asyncio.to_thread(self._files.remove, location):
            if asyncio.get_running_loop().time() > until:
                raise Conflict("the same file is being sent again and again; erase later")
            await asyncio.sleep(AGAIN_S)
