"""People of units at the web application, and tickets that their units have to act on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp

from gateway.casework.dispatch import DispatchTicket
from gateway.domain.case.case import Offer
from gateway.domain.ids import new_ulid
from gateway.domain.task_status import Role
from gateway.web.auth import CSRF_HEADER, csrf_token, sha256
from tests.support.web_house import PASSWORD_HASH, WebHouse


@dataclass
class UnitPerson:
    """Somebody of a unit who is logged in."""

    house: WebHouse
    http: aiohttp.ClientSession

    async def ask(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        """One request; status, and JSON or bytes."""
        async with self.http.request(method, self.house.url + path, **kwargs) as answer:
            return answer.status, await answer.json() if "json" in answer.content_type else await answer.read()

    async def get(self, path: str) -> tuple[int, Any]:
        """See ``ask``."""
        return await self.ask("GET", path)

    async def do(self, verb: str, task_id: str, **body: Any) -> tuple[int, Any]:
        """A verb on a task."""
        return await self.ask("POST", f"/api/v1/unit/tasks/{task_id}/actions/{verb}", json=body)


@asynccontextmanager
async def person_of(house: WebHouse, unit: str) -> AsyncIterator[UnitPerson]:
    """A session of somebody of ``unit``, whose name is the unit's code in small letters."""
    username, cookie, now = unit.lower(), new_ulid(), house.clock.now()
    await house.database.users.add(
        username=username, name=username, role="unit", unit=unit, password_hash=PASSWORD_HASH
    )
    await house.database.sessions.add(sha256(cookie), username, now + timedelta(hours=1), now)
    headers = {"Cookie": f"gateway={cookie}", CSRF_HEADER: csrf_token(cookie)}
    async with aiohttp.ClientSession(headers=headers, cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield UnitPerson(house, http)


async def dispatched(house: WebHouse, ticket_id: str, *units: str) -> list[str]:
    """The tasks of ``units``, of which the first leads."""
    offers = tuple(
        Offer(task_id=new_ulid(), unit=unit, role=Role.JOINT if nth else Role.LEAD) for nth, unit in enumerate(units)
    )
    await house.database.changes.execute(
        DispatchTicket(
            at=house.clock.now(),
            actor="user:chief",
            ticket_id=ticket_id,
            offers=offers,
            stage="function",
            rule="water",
            directory="directory:1",
            policy="policy:0",
        )
    )
    return [offer.task_id for offer in offers]
