"""诉求人撤回 by an agent, as a client sees it."""

from __future__ import annotations

import pytest

from tests.integration.web.house import WebHouse

pytestmark = pytest.mark.integration


async def withdraw(house: WebHouse, ticket_id: str, version: int, **body: str) -> tuple[int, dict[str, object]]:
    path, headers = f"/api/v1/tickets/{ticket_id}/actions/withdraw", {"If-Match": f'"{version}"'}
    return await house.ask("POST", path, headers=headers, json=body)


async def test_who_wants_nothing_more_has_it_taken_back_once(house: WebHouse) -> None:
    told = await house.contact("国贸路的路灯坏了", event_id="1", requester={"kind": "citizen"})
    status, record = await withdraw(house, told["ticket_id"], 1, reason="settled")
    assert (status, record["status"], record["version"]) == (200, "withdrawn", 2)
    status, again = await withdraw(house, told["ticket_id"], 1, reason="settled")
    assert (status, again["version"]) == (200, 2)
    _, events = await house.get(f"/api/v1/tickets/{told['ticket_id']}/events")
    told_of = [event["data"] for event in events["items"] if event["type"] == "ticket.withdrawn"]
    assert told_of == [{"reason": "settled", "changed": {"status": ["registered", "withdrawn"]}}]


async def test_a_stale_version_a_merged_ticket_and_a_reason_of_nobodys_are_refused(house: WebHouse) -> None:
    head = await house.contact("国贸路的路灯坏了", event_id="1", requester={"kind": "citizen"})
    other = await house.contact("国贸路的路灯不亮", event_id="2", requester={"kind": "citizen"})
    assert (await withdraw(house, other["ticket_id"], 7))[0] == 412
    assert (await withdraw(house, other["ticket_id"], 1, reason="不想说了"))[0] == 422
    path = f"/api/v1/tickets/{other['ticket_id']}/actions/merge"
    into = {"into": head["ticket_id"]}
    assert (await house.ask("POST", path, headers={"If-Match": '"1"'}, json=into))[0] == 200
    status, problem = await withdraw(house, other["ticket_id"], 2)
    assert (status, problem["code"]) == (409, "not_withdrawable")
