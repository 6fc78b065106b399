"""A case system's own scope: it reports how far it is, and sees nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.casework.case_report import TakeCaseReport
from gateway.domain.ids import rfc3339
from gateway.storage.writer import GroupCommitWriter
from tests.support.web_house import WebHouse

pytestmark = pytest.mark.integration


async def _says(house: WebHouse, ticket: str, who: str = "cases", **body: Any) -> tuple[int, Any]:
    body.setdefault("at", rfc3339(house.clock.now()))
    return await house.ask("POST", f"/api/v1/tickets/{ticket}/updates", who, json=body)


async def test_an_update_and_its_repeats(house: WebHouse) -> None:
    ticket = (await house.contact())["ticket_no"]
    at = rfc3339(house.clock.now())
    first = {"update_id": "u-1", "status": "handling", "at": at}
    status, told = await _says(house, ticket, **first)
    assert (status, told["result"], told["status"]) == (200, "applied", "handling")
    assert told.keys() == {"ticket_id", "ticket_no", "status", "version", "result"}
    for repeat in (first, {**first, "update_id": "u-2"}, {key: first[key] for key in ("status", "at")}):
        assert (await _says(house, ticket, **repeat))[1]["result"] == "repeated"
    status, problem = await _says(house, ticket, **{**first, "text": "换了说法"})
    assert (status, problem["code"]) == (409, "conflict")
    older = rfc3339(house.clock.now() - timedelta(hours=1))
    assert (await _says(house, ticket, status="signed", at=older))[1]["result"] == "late"
    assert (await _says(house, ticket, status="open"))[1]["result"] == "unchanged"
    status, told = await _says(house, ticket, status="replied", text="灯已修好")
    assert (status, told["result"], told["status"]) == (200, "applied", "replied")


async def test_an_update_is_not_late_because_a_newer_one_comes_while_it_is_answered(
    house: WebHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = (await house.contact())["ticket_no"]
    earlier = rfc3339(house.clock.now() - timedelta(minutes=5))
    newer = {"status": "handling", "at": rfc3339(house.clock.now())}
    execute = GroupCommitWriter.execute

    async def then_a_newer_one(store: GroupCommitWriter, command: Any) -> Any:
        applied = await execute(store, command)
        if isinstance(command, TakeCaseReport) and rfc3339(command.report.at) == earlier:
            assert (await _says(house, ticket, **newer))[1]["result"] == "applied"
        return applied

    monkeypatch.setattr(GroupCommitWriter, "execute", then_a_newer_one)
    assert (await _says(house, ticket, status="signed", at=earlier))[1]["result"] == "applied"


async def test_a_clock_that_is_ahead_cannot_make_everything_after_it_old(house: WebHouse) -> None:
    ticket = (await house.contact())["ticket_id"]
    ahead = rfc3339(house.clock.now() + timedelta(minutes=11))
    assert (await _says(house, ticket, status="handling", at=ahead))[1]["code"] == "ahead_of_time"


async def test_a_case_system_is_no_desk(house: WebHouse) -> None:
    ticket = (await house.contact())["ticket_id"]
    path = f"/api/v1/tickets/{ticket}"
    for method, other in (
        ("GET", path),
        ("GET", "/api/v1/tickets"),
        ("GET", f"{path}/events"),
        ("GET", "/api/v1/stream"),
        ("POST", f"{path}/actions/reveal"),
        ("GET", "/api/v1/unit/tasks"),
    ):
        assert (await house.ask(method, other, "cases"))[1]["code"] == "scope_missing", other
    for who in ("reader", "writer", "contacts"):
        assert (await _says(house, ticket, who, status="handling"))[1]["code"] == "scope_missing"
    assert (await _says(house, "20200101-0000001", status="handling"))[0] == 404
