"""The rows of ``notices``: made by who follows the log, taken as letters by who sends them."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from gateway.domain.case.receivers import NoticeWay
from gateway.domain.form import Form
from gateway.domain.ids import rfc3339
from gateway.domain.seen_leases import SeenLeases
from gateway.errors import StoreUnavailable
from gateway.ports.clock import Clock
from gateway.ports.notices import Letter, NewNotice, Pace
from gateway.storage.among import among
from gateway.storage.engine import upsert
from gateway.storage.notice_lines import forms_of, lines_of
from gateway.storage.notice_tables import notices
from gateway.storage.takeable import FURTHEST_S, later
from gateway.storage.texts import check_texts
from gateway.storage.watched import WatchedSql

MAX_ERROR = 300
MOST_UNHELD = 100
AT_ONCE = 100
"""Rows written in one transaction: some milliseconds."""
HOLIDAYS = timedelta(days=14)
"""No unit is closed for so long; what is urgent waits for nobody's hours, only for the next attempt."""
_N = notices.c
_GROUP = (_N.unit, _N.way, _N.address, _N.urgent)
RowLease = tuple[str, str]
"""(leased_by, leased_at), another one for each ``take``: it is compared, never read as a time."""
LEASES = sa.select(_N.leased_by, _N.leased_at).where(_N.leased_by.is_not(None)).distinct()


class SqlNoticeStore:
    """Implements ``ports.notices.NoticeStore``."""

    def __init__(self, *, sql: WatchedSql, clock: Clock) -> None:
        """``clock`` says what is due."""
        self._sql = sql
        self._clock = clock
        self._seen: SeenLeases[RowLease] = SeenLeases()
        self._takes = itertools.count()
        self._unheld: deque[RowLease] = deque(maxlen=MOST_UNHELD)
        """Written by a ``take`` that the store failed, so that nobody carries what they hold."""

    async def forms(self, ticket_ids: Collection[str]) -> Mapping[str, Form]:
        """See ``NoticeStore.forms``."""
        return await self._sql.read(lambda c: forms_of(c, ticket_ids))

    async def add(self, new: Sequence[NewNotice]) -> None:
        """See ``NoticeStore.add``."""
        check_texts(one.address for one in new)
        rows = [_row(one) for one in new]
        for first in range(0, len(rows), AT_ONCE):
            await self._sql.write(partial(_add, rows=rows[first : first + AT_ONCE]))

    async def take(
        self, owner: str, ways: Collection[NoticeWay], pace: Pace, *, limit: int, lease_s: float
    ) -> list[Letter]:
        """See ``NoticeStore.take``. Of what is leased together the first notice alone carries the lease."""
        if limit <= 0 or not ways:
            return []
        at = self._clock.now()
        lease = (owner, f"{rfc3339(at)}/{next(self._takes)}")
        try:
            return await self._take(lease, at, ways, pace, limit=limit, run_out=await self._run_out(lease_s))
        except StoreUnavailable:
            self._unheld.append(lease)
            raise

    async def _take(
        self,
        lease: RowLease,
        at: datetime,
        ways: Collection[NoticeWay],
        pace: Pace,
        *,
        limit: int,
        run_out: Collection[RowLease],
    ) -> list[Letter]:
        come = _come(at)
        due = sa.and_(come, sa.not_(_busy(run_out)), sa.not_(_heard(at, pace)))
        query = sa.select(*_GROUP).where(due, among(_N.way, ways)).group_by(*_GROUP)
        query = query.order_by(_N.urgent.desc(), sa.func.min(_N.next_at)).limit(limit)
        letters = []
        for group in await self._sql.read(lambda c: c.execute(query).all()):
            mine = sa.and_(*(column == value for column, value in zip(_GROUP, group, strict=True)))
            free = sa.or_(_N.leased_by.is_(None), *_gone(_N, run_out))
            if await self._sql.write(partial(_lease, due=sa.and_(mine, due), free=free, lease=lease)):
                lines = await self._sql.read(partial(lines_of, due=sa.and_(mine, come)))
                way = NoticeWay(group.way)
                letter = Letter(
                    unit=group.unit, way=way, address=group.address, urgent=bool(group.urgent), lines=tuple(lines)
                )
                letters.append(letter)
        return letters

    async def sent(self, letter: Letter, at: datetime) -> None:
        """See ``NoticeStore.sent``."""
        await self._book(letter, next_at=None, sent_at=rfc3339(at), error=None)

    async def hold(self, letter: Letter, until: datetime) -> None:
        """See ``NoticeStore.hold``."""
        await self._book(letter, next_at=rfc3339(until), due_at=rfc3339(until))

    async def again(self, letter: Letter, next_at: datetime, error: str) -> None:
        """See ``NoticeStore.again``."""
        await self._book(letter, next_at=rfc3339(next_at), attempts=_N.attempts + 1, error=error[:MAX_ERROR])

    async def dead(self, letter: Letter, at: datetime, error: str) -> None:
        """See ``NoticeStore.dead``."""
        await self._book(letter, next_at=None, dead_at=rfc3339(at), attempts=_N.attempts + 1, error=error[:MAX_ERROR])

    async def listed(
        self, *, dead: bool = False, ticket_no: str | None = None, limit: int = 200
    ) -> Sequence[Mapping[str, Any]]:
        """See ``NoticeStore.listed``."""
        query = sa.select(notices).order_by(_N.event_seq.desc(), _N.unit, _N.address).limit(limit)
        if dead:
            query = query.where(_N.dead_at.is_not(None))
        if ticket_no is not None:
            check_texts((ticket_no,))
            query = query.where(_N.ticket_no == ticket_no)
        rows = await self._sql.read(lambda c: c.execute(query).mappings().all())
        return [dict(row) for row in rows]

    async def revive(self, now: datetime) -> int:
        """See ``NoticeStore.revive``."""
        due = {"next_at": rfc3339(now), "dead_at": None, "attempts": 0}
        update = sa.update(notices).where(_N.dead_at.is_not(None)).values(due)
        return await self._sql.write(lambda c: c.execute(update).rowcount)

    async def drop_dead(self) -> int:
        """See ``NoticeStore.drop_dead``."""
        delete = sa.delete(notices).where(_N.dead_at.is_not(None))
        return await self._sql.write(lambda c: c.execute(delete).rowcount)

    async def forget(self, before: datetime) -> int:
        """See ``NoticeStore.forget``. Looks at the oldest alone: what was told earlier has left earlier."""
        old, forgotten, after = rfc3339(before), 0, 0
        page = sa.select(_N.event_seq, sa.func.min(_N.at).label("at"), sa.func.min(_N.sent_at).label("sent_at"))
        page = page.group_by(_N.event_seq).order_by(_N.event_seq).limit(AT_ONCE)
        while events := await self._sql.read(partial(_all, statement=page.where(_N.event_seq > after))):
            left = [row.event_seq for row in events if row.sent_at is not None and row.sent_at < old]
            if left:
                gone = sa.delete(notices).where(among(_N.event_seq, left), _N.sent_at < old)
                forgotten += await self._sql.write(partial(_run, statement=gone))
            if events[-1].at >= old:
                break
            after = events[-1].event_seq
        return forgotten

    async def _book(self, letter: Letter, **values: Any) -> None:
        """What became of the notices of a letter; that of the first, which carries the lease, comes last."""
        whose = (_N.unit == letter.unit, _N.way == letter.way.value, _N.address == letter.address)
        seqs = [line.event_seq for line in reversed(letter.lines)]
        update = sa.update(notices).values(leased_by=None, leased_at=None, **values)
        for first in range(0, len(seqs), AT_ONCE):
            some = update.where(among(_N.event_seq, seqs[first : first + AT_ONCE]), *whose)
            await self._sql.write(partial(_run, statement=some))

    async def _run_out(self, lease_s: float) -> list[RowLease]:
        """Leases that count no more."""
        leases = await self._sql.read(lambda c: [(row.leased_by, row.leased_at) for row in c.execute(LEASES)])
        old = self._sql.run_out(self._seen, {lease: lease for lease in leases}, lease_s)
        dropped = (one for one in leases if one in self._unheld or self._sql.is_gone(one[0]))
        return list(dict.fromkeys([*old, *dropped]))


def _come(at: datetime) -> sa.ColumnElement[bool]:
    """Whether a notice's time has come. Put off further than any is, it was by a clock that was wrong."""
    furthest = sa.case((_N.urgent, later(at, FURTHEST_S)), else_=rfc3339(at + HOLIDAYS))
    return sa.or_(_N.next_at <= rfc3339(at), _N.next_at > furthest)


def _heard(at: datetime, pace: Pace) -> sa.ColumnElement[bool]:
    """Whether the unit has heard of such things there just now. What was sent at a time to come tells nothing."""
    before = notices.alias("before")
    same = [before.c[column.name] == column for column in _GROUP]
    since = sa.case(
        (_N.urgent, rfc3339(at - timedelta(seconds=pace.urgent_s))),
        else_=rfc3339(at - timedelta(seconds=pace.ordinary_s)),
    )
    return sa.exists().where(*same, before.c.sent_at > since, before.c.sent_at <= rfc3339(at))


def _busy(run_out: Collection[RowLease]) -> sa.ColumnElement[bool]:
    """Whether somebody is just sending to the unit there."""
    held = notices.alias("held")
    same = [held.c[column.name] == column for column in _GROUP]
    gone = sa.or_(sa.false(), *_gone(held.c, run_out))
    return sa.exists().where(*same, held.c.leased_by.is_not(None), sa.not_(gone))


def _gone(columns: Any, run_out: Iterable[RowLease]) -> list[sa.ColumnElement[bool]]:
    return [sa.and_(columns.leased_by == by, columns.leased_at == at) for by, at in run_out]


def _add(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    connection.execute(upsert(connection, notices).on_conflict_do_nothing(), rows)


def _lease(
    connection: sa.Connection, due: sa.ColumnElement[bool], free: sa.ColumnElement[bool], lease: RowLease
) -> bool:
    """False: somebody was first, or is at the same time."""
    first = connection.execute(sa.select(_N.event_seq, *_GROUP).where(due).order_by(_N.event_seq).limit(1)).first()
    if first is None:
        return False
    own = (_N.event_seq == first.event_seq, *(column == getattr(first, column.name) for column in _GROUP))
    leased = sa.update(notices).where(*own, free).values(leased_by=lease[0], leased_at=lease[1])
    return _run(connection, leased) == 1


def _all(connection: sa.Connection, statement: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
    return connection.execute(statement).all()


def _run(connection: sa.Connection, statement: sa.Update | sa.Delete) -> int:
    return connection.execute(statement).rowcount


def _row(one: NewNotice) -> dict[str, Any]:
    names = ("event_seq", "unit", "address", "ticket_id", "ticket_no", "type", "clock_kind", "task_id", "urgent")
    row: dict[str, Any] = {name: getattr(one, name) for name in names}
    due = rfc3339(one.due_at)
    return row | {"way": one.way.value, "at": rfc3339(one.at), "due_at": due, "next_at": due, "attempts": 0}
