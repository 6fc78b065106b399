"""An administrator erases a ticket by the API; everybody then sees an empty case, and nobody a person."""

from __future__ import annotations

import pytest

from tests.support.waiting import until
from tests.support.web_house import WebHouse, audited

pytestmark = pytest.mark.integration
WORDS = "我叫张卫国，电话13876543210，龙华区国贸路10号的路灯坏了"


async def erase(house: WebHouse, ticket: str, who: str | None = "admin") -> tuple[int, dict[str, object]]:
    return await house.ask("POST", f"/api/v1/tickets/{ticket}/actions/erase", who)


async def withdraw(house: WebHouse, ticket: str) -> dict[str, object]:
    """Its requester takes it back; the ticket then."""
    path = f"/api/v1/tickets/{ticket}"
    headers = {"If-Match": f'"{(await house.get(path, "admin"))[1]["version"]}"'}
    status, record = await house.ask("POST", f"{path}/actions/withdraw", json={}, headers=headers)
    assert status == 200, record
    return dict((await house.get(path, "admin"))[1])


async def test_a_call_is_erased(house: WebHouse) -> None:
    call = await house.finished_call(WORDS, external_id="one", user="13876543210")
    other = await house.finished_call("龙华区国贸路10号的路灯坏了", external_id="two", user="13912345678")
    path = f"/api/v1/tickets/{call.ticket_id}"
    _, before = await house.get(path, "admin")
    (one,) = before["interactions"]
    similar = f"/api/v1/tickets/{other.ticket_id}/similar"
    await until(lambda: _items(house, similar), "the index to know it")
    for who in ("writer", "reader", "contacts", None):
        assert (await erase(house, call.ticket_id, who))[0] in {401, 403}
    before = await withdraw(house, call.ticket_id)
    status, erased = await erase(house, str(before["ticket_no"]))
    assert status == 200, erased
    for who in ("admin", "reader"):
        _, left = await house.get(path, who)
        assert left == {**erased, "related": left["related"]} if who == "admin" else True
        assert not any(said in repr(left) for said in ("张卫国", "13876543210", "国贸路", "876543210", "3210"))
        assert (left["status"], left["demand"]["type"], left["created_at"]) == (
            before["status"],
            before["demand"]["type"],
            before["created_at"],
        )
        assert left["erased_at"] is not None
        assert (await house.get(f"{path}/vcon", who))[0] == 200
    assert (await house.get(f"{path}/recordings/{one['interaction_id']}", "admin"))[0] == 404
    _, found = await house.get("/api/v1/tickets?text=13876543210", "admin")
    assert found["items"] == []
    _, found = await house.get("/api/v1/tickets?text=张卫国", "admin")
    assert found["items"] == []
    await until(lambda: _none(house, similar), "the index to forget it")
    assert ("token:admin", "erase") in await audited(house)
    _, events = await house.get(f"{path}/events", "reader")
    assert [event["type"] for event in events["items"]][-1] == "ticket.erased"
    assert (await erase(house, call.ticket_id))[0] == 200, "repeating is safe"
    _, again = await house.get(path, "admin")
    assert again["version"] == erased["version"]


async def test_what_has_to_end_first_is_told(house: WebHouse) -> None:
    call = house.call(external_id="up", user="13876543210")
    await call.open(
        {"name": "hotline", "version": "1"}, house.recordings.location(call.interaction_id, call.started_at)
    )
    status, problem = await erase(house, call.ticket_id)
    assert (status, problem["code"]) == (409, "not_erasable")
    assert str(problem["detail"]).startswith("A call or conversation of ticket")
    assert (await erase(house, "20260101-0000001"))[0] == 404
    waiting = (await house.contact(WORDS))["ticket_id"]
    status, problem = await erase(house, waiting)
    assert (status, problem["code"]) == (409, "not_erasable")
    assert "is still in work: withdraw it, or wait until it is answered" in str(problem["detail"])
    await withdraw(house, waiting)
    assert (await erase(house, waiting))[0] == 200


async def test_nothing_is_written_into_an_erased_ticket(house: WebHouse) -> None:
    ticket_id = (await house.contact(WORDS))["ticket_id"]
    await withdraw(house, ticket_id)
    _, erased = await erase(house, ticket_id)
    headers = {"If-Match": f'"{erased["version"]}"'}
    body = {"requester": {"name": "张卫国"}}
    status, problem = await house.ask("PATCH", f"/api/v1/tickets/{ticket_id}", json=body, headers=headers)
    assert (status, problem["code"]) == (409, "ticket_erased")
    body = {"demand": {"type": "complaint"}}
    status, problem = await house.ask("PATCH", f"/api/v1/tickets/{ticket_id}", json=body, headers=headers)
    assert status == 200, problem


async def _items(house: WebHouse, path: str) -> bool:
    return bool((await house.get(path, "admin"))[1]["items"])


async def _none(house: WebHouse, path: str) -> bool:
    return not await _items(house, path)
