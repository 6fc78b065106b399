"""What decides about cases, held in memory: policy, calendars, directory, dispatch table.

They are read again when anybody, in whichever process, has brought another version into force.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import TypeVar

from gateway.casework.catalogue_versions import (
    CALENDAR,
    DIRECTORY,
    DISPATCH,
    KINDS,
    POLICY,
    InForce,
    Readable,
    directory_of,
    dispatch_table_of,
    newest_readable,
    policy_of,
    public_days_of,
    readable,
)
from gateway.domain.case.calendar import PublicDays, WorkCalendar
from gateway.domain.case.directory import Directory
from gateway.domain.case.dispatch_table import DispatchTable
from gateway.domain.case.matters import Matters
from gateway.domain.case.policy import PLAN, CasePolicy
from gateway.domain.case.rules_in_force import BY_PLAN, NO_MATTERS, CaseRules
from gateway.domain.hours import parse_span
from gateway.following.poll import until_stored
from gateway.ports.catalogues import CatalogueStore, CatalogueVersion
from gateway.telemetry import log, metrics

T = TypeVar("T")
POLL_S = 2.0
"""A version that another process imports counts here at most so long afterwards."""
_log = log.get("case_tables")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tables:
    """The newest version of each that can be read; None: there is none."""

    policies: Mapping[int, CasePolicy]
    """Every version that can be read, since clocks still go by them; the newest of them is in force."""
    calendar: Readable[PublicDays] | None = None
    directory: Readable[Directory] | None = None
    dispatch: Readable[DispatchTable] | None = None


class TablesInForce:
    """The newest version of each table that can be read. What it holds is replaced as a whole, never altered."""

    def __init__(
        self,
        *,
        store: CatalogueStore,
        zone: tzinfo,
        tell: Callable[[CaseRules], None],
        matters: Matters = NO_MATTERS,
        kinds: Collection[str] = frozenset(KINDS),
        poll_s: float = POLL_S,
    ) -> None:
        """``tell`` is told the rules at once, by the plan while nothing is read, and whenever they are others.

        ``matters``: of the taxonomy; ``kinds``: those that this process needs.
        """
        self._store = store
        self._zone = zone
        self._tell = tell
        self._kinds = kinds
        self._poll_s = poll_s
        self._reading = asyncio.Lock()
        self._seen: Mapping[str, int] = {}
        self._tables = _Tables(policies={PLAN.version: PLAN})
        self.rules = replace(BY_PLAN, matters=matters)
        self.in_force = InForce(directory=Directory(()), table=DispatchTable(()), versions=())
        tell(self.rules)

    @property
    def policy_name(self) -> str:
        """The version of the policy, as events name it."""
        return f"{POLICY}:{self.rules.policy.version}"

    def unit_name(self, code: str) -> tuple[str, str] | None:
        """What the directory calls a unit in Chinese and in English; None when it has no such unit."""
        unit = self.in_force.directory.units.get(code)
        return None if unit is None else (unit.name_zh, unit.name_en or unit.name_zh)

    @property
    def public_days(self) -> PublicDays:
        """The holidays that are known."""
        return PublicDays() if self._tables.calendar is None else self._tables.calendar.value

    async def run(self) -> None:
        """Read them again whenever they are others, until cancelled."""
        while True:
            await until_stored(self.refresh)
            await asyncio.sleep(self._poll_s)

    async def refresh(self) -> bool:
        """Read what is newer than what is held; whether there was anything. ``StoreUnavailable``.

        Each table stands for itself: of one whose newest version cannot be read the newest that can stays in force,
        an alarm rings, and it is tried again when there is another version of any.
        """
        async with self._reading:
            newest = {
                kind: number for kind, number in (await self._store.newest_versions()).items() if kind in self._kinds
            }
            if newest == self._seen:
                return False
            held = self._tables
            tables = _Tables(
                policies=await self._policies(newest.get(POLICY, 0)),
                calendar=await self._newer(held.calendar, CALENDAR, public_days_of, newest),
                directory=await self._newer(held.directory, DIRECTORY, directory_of, newest),
                dispatch=await self._newer(held.dispatch, DISPATCH, dispatch_table_of, newest),
            )
            if tables != held:
                await self._take(tables)
            self._seen = newest
            return True

    async def _newer(
        self, held: Readable[T] | None, kind: str, read: Callable[[CatalogueVersion], T], newest: Mapping[str, int]
    ) -> Readable[T] | None:
        """The newest version that can be read: the one that is ``held``, unless there is a later one."""
        number, before = newest.get(kind, 0), 0 if held is None else held.number
        found = await newest_readable(self._store, kind, number, read, after=before) or held
        _tell_unreadable(kind, number, 0 if found is None else found.number)
        return found

    async def _policies(self, newest: int) -> Mapping[int, CasePolicy]:
        """Those that are known, and every other one up to ``newest`` that can be read."""
        known = dict(self._tables.policies)
        for number in range(1, newest + 1):
            if number not in known and (found := await readable(self._store, POLICY, number, policy_of)) is not None:
                known[number] = found.value
        _tell_unreadable(POLICY, newest, max(known))
        return known

    async def _take(self, tables: _Tables) -> None:
        public = PublicDays() if tables.calendar is None else tables.calendar.value
        directory = Directory(()) if tables.directory is None else tables.directory.value
        table = DispatchTable(()) if tables.dispatch is None else tables.dispatch.value
        calendars = await asyncio.to_thread(_calendars, directory, self._zone, public)
        names = tuple(one.name for one in (tables.directory, tables.dispatch) if one is not None)
        self._tables = tables
        self.in_force = InForce(directory=directory, table=table, versions=names)
        policy = tables.policies[max(tables.policies)]
        self.rules = replace(self.rules, policy=policy, earlier=tables.policies, calendars=calendars)
        calendar = () if tables.calendar is None else (tables.calendar.name,)
        _log.info("case_tables_taken", versions=[self.policy_name, *calendar, *names])
        self._tell(self.rules)


def _tell_unreadable(kind: str, newest: int, in_force: int) -> None:
    if newest:
        metrics.CASE_TABLE_UNREADABLE.labels(kind).set(in_force < newest)


def _calendars(directory: Directory, zone: tzinfo, public: PublicDays) -> dict[str, WorkCalendar]:
    """Of the units that have hours."""
    return {
        unit.code: WorkCalendar(code=unit.code, zone=zone, spans=tuple(map(parse_span, unit.hours)), public=public)
        for unit in directory.units.values()
        if unit.hours
    }
