"""What decides about cases, held in memory: policy, calendars, directory, dispatch table.

They are read again when anybody, in whichever process, has brought another version into force.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path

from gateway.casework.catalogues import CALENDAR, DIRECTORY, DISPATCH, POLICY, InForce, rows_of, text_of
from gateway.domain.case.calendar import PublicDays, WorkCalendar
from gateway.domain.case.directory import Directory
from gateway.domain.case.dispatch_table import DispatchTable
from gateway.domain.case.matters import Matters
from gateway.domain.case.policy import PLAN, CasePolicy
from gateway.domain.case.rules_in_force import BY_PLAN, NO_MATTERS, CaseRules
from gateway.domain.hours import parse_span
from gateway.edge.case_policy import read_case_policy
from gateway.edge.unit_table import units_of
from gateway.edge.workdays import read_workdays
from gateway.errors import GatewayError, StoreUnavailable
from gateway.following.poll import until_stored
from gateway.ports.catalogues import CatalogueStore, CatalogueVersion
from gateway.telemetry import log

POLL_S = 2.0
"""A version that another process imports counts here at most so long afterwards."""
_KINDS = (POLICY, CALENDAR, DIRECTORY, DISPATCH)
_log = log.get("case_tables")


class TablesInForce:
    """The newest version of each table. What it holds is replaced as a whole, never altered."""

    def __init__(
        self,
        *,
        store: CatalogueStore,
        zone: tzinfo,
        tell: Callable[[CaseRules], None],
        matters: Matters = NO_MATTERS,
        poll_s: float = POLL_S,
    ) -> None:
        """Nothing is read yet; ``tell`` is told the rules whenever they are others. ``matters``: of the taxonomy."""
        self._store = store
        self._zone = zone
        self._tell = tell
        self._matters = matters
        self._poll_s = poll_s
        self._known: dict[str, int] = {}
        self._policies: dict[int, CasePolicy] = {}
        self.rules = replace(BY_PLAN, matters=matters)
        self.in_force = InForce(directory=Directory(()), table=DispatchTable(()), versions=())

    @property
    def policy_name(self) -> str:
        """The version of the policy, as events name it."""
        return f"{POLICY}:{self.rules.policy.version}"

    async def run(self) -> None:
        """Read them again whenever they are others, until cancelled."""
        while True:
            await until_stored(self.refresh)
            await asyncio.sleep(self._poll_s)

    async def refresh(self) -> bool:
        """Read what is newer than what is held; whether there was anything. What cannot be read stays as it was."""
        newest = await self._store.newest_versions()
        if newest == self._known:
            return False
        versions = {kind: await self._store.one(kind, newest[kind]) for kind in _KINDS if kind in newest}
        try:
            await self._take(versions)
        except StoreUnavailable:
            raise
        except GatewayError as error:  # verified when it was imported, by another release maybe
            _log.error("case_tables_not_taken", versions=[one.name for one in versions.values()], exc_info=error)
        else:
            _log.info("case_tables_taken", versions=[one.name for one in versions.values()])
        self._known = newest
        return True

    async def _take(self, versions: dict[str, CatalogueVersion]) -> None:
        policy = await self._policy(versions.get(POLICY))
        units, rows = rows_of(DIRECTORY, versions.get(DIRECTORY)), rows_of(DISPATCH, versions.get(DISPATCH))
        names = tuple(versions[kind].name for kind in (DIRECTORY, DISPATCH) if kind in versions)
        in_force = InForce.of(units, rows, *names)
        public = _public_days(versions.get(CALENDAR))
        calendars = {
            unit.code: WorkCalendar(
                code=unit.code, zone=self._zone, spans=tuple(map(parse_span, unit.hours)), public=public
            )
            for unit in units_of(units)
            if unit.hours
        }
        self.in_force = in_force
        earlier = {PLAN.version: PLAN, **self._policies}
        self.rules = CaseRules(policy=policy, earlier=earlier, calendars=calendars, matters=self._matters)
        self._tell(self.rules)

    async def _policy(self, newest: CatalogueVersion | None) -> CasePolicy:
        """The policy in force; those before it are known as well, since clocks still go by them."""
        if newest is None:
            return PLAN
        for version in range(newest.version, 0, -1):
            if version not in self._policies:
                body = newest if version == newest.version else await self._store.one(POLICY, version)
                self._policies[version] = _policy(body)
        return self._policies[newest.version]


def _policy(version: CatalogueVersion) -> CasePolicy:
    return read_case_policy(Path(version.name), text=text_of(version), version=version.version)


def _public_days(version: CatalogueVersion | None) -> PublicDays:
    return PublicDays() if version is None else read_workdays(Path(version.name), text=text_of(version))
