"""Erasing a ticket, or everything of a person: what lies in files first, then SQL, which knows what there is.

Whoever dies in the middle is asked again: what is done is passed over, and what names the files is blanked last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.domain.naming import naming
from gateway.errors import Conflict, StoreUnavailable
from gateway.intake.ticket.end_case import EndCase
from gateway.intake.ticket.left_on_disk import LeftOnDisk, of_calls
from gateway.ports.attachments import SETTLED_S, Attachments
from gateway.ports.clock import Clock
from gateway.ports.erasure import ErasureKind, ErasureStore, ErasureSubject, OutsideRecord
from gateway.ports.feed import Copies
from gateway.ports.recordings import Recordings
from gateway.ports.store import CommandStore
from gateway.telemetry import log

AGAIN_S = 0.5
_log = log.get("erasure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure came to; nothing but zeros when it was done before."""

    subject: ErasureSubject
    tickets: int = 0
    recordings: int = 0
    files: int = 0
    lines: int = 0
    """Of SIP traces and refused spool files."""
    rows: int = 0
    """That named the person and belong to no ticket."""


class Erasure:
    """Works beside a running gateway, in any process that sees its folders."""

    def __init__(
        self,
        *,
        store: ErasureStore,
        commands: CommandStore,
        clock: Clock,
        recordings: Recordings,
        files: Attachments,
        disk: LeftOnDisk,
        copies: Sequence[Copies] = (),
    ) -> None:
        """Changes nothing yet. ``copies`` are what feeds keep of tickets."""
        self._store = store
        self._commands = commands
        self._clock = clock
        self._recordings = recordings
        self._files = files
        self._disk = disk
        self._copies = copies

    async def ticket(self, name: str, *, actor: str) -> Erased:
        """Erase one ticket, by its id or number. ``NotFound``, and as ``erase``."""
        return await self.erase(await self._store.named(ErasureKind.TICKET, name), actor=actor)

    async def erase(self, subject: ErasureSubject, *, actor: str) -> Erased:
        """Erase ``subject``; ``actor`` is whom the audit trail names.

        ``Conflict`` says what has to end before it can begin, ``StoreUnavailable`` that it has to be asked for again.
        """
        tickets = await self._store.tickets(subject)
        await self._check_spool(tickets)
        done = Erased(subject=subject)
        if not await self._store.begin(subject, actor):
            return done
        _log.info("erasure_begun", kind=subject.kind.value, subject=subject.id, actor=actor)
        await self._forget(tickets)
        done = await self._person(done)
        while True:
            while (ticket := await self._store.take(subject, actor)) is not None:
                tickets.append(ticket.ticket_id)
                lines = await self._lines([ticket])
                done = await self._ticket(replace(done, lines=done.lines + lines), ticket, actor)
            if await self._store.finish(subject, actor):
                break
        await self._clear_up(tickets)
        _log.info("erasure_done", kind=subject.kind.value, subject=subject.id, actor=actor, tickets=done.tickets)
        return done

    async def erase_old(self, ticket_ids: Sequence[str], *, actor: str) -> int:
        """Erase these tickets, but for those that have to wait; how many. Files of SIP are looked through once.

        What was written about their people elsewhere, refused calls above all, has a retention of its own.
        """
        taken: list[OutsideRecord] = []
        for ticket_id in ticket_ids:
            subject = ErasureSubject(ErasureKind.TICKET, ticket_id)
            try:
                await self._check_spool((ticket_id,))
                if await self._store.begin(subject, actor) and (ticket := await self._store.take(subject, actor)):
                    taken.append(ticket)
            except Conflict as error:
                _log.info("erasure_waits", ticket_id=ticket_id, exc_info=error)
        await self._lines(taken)
        await self._forget([ticket.ticket_id for ticket in taken])
        erased = 0
        for ticket in taken:
            subject = ErasureSubject(ErasureKind.TICKET, ticket.ticket_id)
            try:
                erased += (await self._ticket(Erased(subject=subject), ticket, actor)).tickets
            except (Conflict, OSError) as error:
                _log.warning("erasure_waits", ticket_id=ticket.ticket_id, exc_info=error)
            else:
                await self._store.finish(subject, actor)
        return erased

    async def _clear_up(self, ticket_ids: Sequence[str]) -> None:
        """What was on its way out meanwhile, and the database's log. The tickets are erased, come what may."""
        try:
            await self._forget(ticket_ids)
        except StoreUnavailable as error:
            _log.warning("erasure_left_in_stream", exc_info=error)
        if not await self._store.scrub():
            _log.warning("erasure_left_in_log", do="run `gateway erase --compact` later")

    async def _forget(self, ticket_ids: Sequence[str]) -> None:
        for copies in self._copies if ticket_ids else ():
            await copies.forget(ticket_ids)

    async def _check_spool(self, ticket_ids: Sequence[str]) -> None:
        if await asyncio.to_thread(self._disk.spooled, set(ticket_ids)):
            raise Conflict("changes of a call still wait in the spool; erase once the gateway has written them to SQL")

    async def _person(self, done: Erased) -> Erased:
        """While their tickets still say by what they are known."""
        person = await self._store.person(done.subject)
        if person is None:
            return done
        found = naming(numbers=person.numbers).search
        lines = await asyncio.to_thread(self._disk.blank_calls, person.days, found)
        return replace(done, lines=lines, rows=await self._store.forget_person(person))

    async def _lines(self, tickets: Sequence[OutsideRecord]) -> int:
        days = {day for ticket in tickets for day in ticket.days}
        found = of_calls(call_id for ticket in tickets for call_id in ticket.call_ids)
        lines = await asyncio.to_thread(self._disk.blank_calls, days, found)
        return lines + await asyncio.to_thread(self._disk.blank_refused, [ticket.ticket_id for ticket in tickets])

    async def _ticket(self, done: Erased, ticket: OutsideRecord, actor: str) -> Erased:
        """What runs for it, its files, then its rows."""
        await self._commands.execute(EndCase(at=self._clock.now(), actor=actor, ticket_id=ticket.ticket_id))
        recordings = [await asyncio.to_thread(self._recordings.remove, one) for one in ticket.recordings]
        for location in ticket.files:
            await self._remove(location)
        while await self._store.blank(ticket.ticket_id):
            pass
        closed = await self._store.close(ticket.ticket_id, actor)
        return replace(
            done,
            tickets=done.tickets + closed,
            recordings=done.recordings + sum(recordings),
            files=done.files + len(ticket.files),
        )

    async def _remove(self, location: str) -> None:
        """A file that somebody else is sending just now may be theirs: then it waits until that is known."""
        until = asyncio.get_running_loop().time() + 2 * SETTLED_S
        while not await asyncio.to_thread(self._files.remove, location):
            if asyncio.get_running_loop().time() > until:
                raise Conflict("the same file is being sent again and again; erase later")
            await asyncio.sleep(AGAIN_S)
