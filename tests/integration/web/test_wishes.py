"""Who asked to stay unknown stays so; callbacks follow how people want to be reached."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.words import Disposition
from tests.support.change import Change, NewEvent
from tests.support.events import told
from tests.support.web_house import WebHouse, audited, web_house

pytestmark = pytest.mark.integration
SECRET = "请给我保密，楼下饭店偷排油烟"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    async with web_house(tmp_path) as opened:
        yield opened


async def record(house: WebHouse, ticket_id: str) -> dict[str, Any]:
    status, found = await house.get(f"/api/v1/tickets/{ticket_id}", "admin")
    assert status == 200
    return dict(found)


async def corrected(house: WebHouse, ticket_id: str, who: str, requester: dict[str, Any]) -> tuple[int, Any]:
    version = (await record(house, ticket_id))["version"]
    path = f"/api/v1/tickets/{ticket_id}"
    return await house.ask("PATCH", path, who, json={"requester": requester}, headers={"If-Match": str(version)})


@pytest.mark.parametrize(
    ("content", "path", "value", "words"),
    [
        (SECRET, "secret", True, "保密"),
        ("我要匿名举报一家黑网吧", "anonymous", True, "匿名"),
        ("我是游客，出租车绕路", "kind", "visitor", "我是游客"),
        ("我听力不好，路灯坏了", "accessibility", ["hearing"], "听力不好"),
        ("路灯坏了，别给我打电话", "contact_by", "message", "别给我打电话"),
    ],
)
async def test_a_wish_is_in_the_record_with_its_evidence(
    house: WebHouse, content: str, path: str, value: Any, words: str
) -> None:
    made = await house.contact(content, requester={"phone": "13800138000"})
    called = await house.finished_call(content, external_id="call")
    for ticket_id in (made["ticket_id"], called.ticket_id):
        found = await record(house, ticket_id)
        assert found["requester"][path] == value
        entry = found["prefill"]["fields"][f"requester.{path}"]
        assert (entry["value"], entry["source"]) == (value, "rule")
        start, end = entry["span"]
        assert found["demand"]["content"][start:end] == words


async def test_a_source_that_says_not_secret_does_not_outdo_the_text(house: WebHouse) -> None:
    made = await house.contact(SECRET, requester={"secret": False, "anonymous": False})
    assert (await record(house, made["ticket_id"]))["requester"]["secret"] is True


async def test_choosing_the_citizens_line_makes_no_citizen_of_a_visitor(house: WebHouse) -> None:
    call = await house.finished_call("我是游客，出租车绕路", external_id="visitor")
    await call.choose_line("citizen")
    assert (await record(house, call.ticket_id))["requester"]["kind"] == "visitor"
    await call.choose_line("enterprise")
    assert (await record(house, call.ticket_id))["requester"]["kind"] == "enterprise"


@pytest.mark.parametrize("value", [False, None])
@pytest.mark.parametrize("who", ["writer", "admin"])
async def test_a_plain_write_does_not_make_a_secret_requester_known(house: WebHouse, who: str, value: Any) -> None:
    ticket_id = (await house.contact(SECRET))["ticket_id"]
    status, problem = await corrected(house, ticket_id, who, {"secret": value})
    assert (status, problem["code"]) == (409, "secret_stays")
    assert f"/api/v1/tickets/{ticket_id}/actions/lift-secrecy" in problem["detail"]
    assert (await record(house, ticket_id))["requester"]["secret"] is True
    assert (await corrected(house, ticket_id, who, {"secret": True, "kind": "visitor"}))[0] == 200


async def test_no_other_change_takes_secrecy_back(house: WebHouse) -> None:
    ticket_id = (await house.contact(SECRET, conversation_id="c", requester={"secret": True}))["ticket_id"]
    again = await house.contact(
        "不用保密了", event_id="e2", conversation_id="c", requester={"secret": False, "anonymous": False}
    )
    assert again["ticket_id"] == ticket_id
    event = NewEvent(type="ticket.corrected", at=house.clock.now(), actor="feed:cases")
    change = Change(ticket_id=ticket_id, ticket_fields={("requester", "secret"): False}, events=(event,))
    await house.database.changes.execute(change)
    assert (await record(house, ticket_id))["requester"]["secret"] is True


async def test_a_further_message_makes_a_conversation_secret(house: WebHouse) -> None:
    ticket_id = (await house.contact("路灯坏了", conversation_id="c"))["ticket_id"]
    await house.contact("在民治街道", event_id="e2", conversation_id="c", requester={"secret": True, "anonymous": True})
    requester = (await record(house, ticket_id))["requester"]
    assert (requester["secret"], requester["anonymous"]) == (True, True)


async def test_secrecy_is_lifted_by_who_sees_all_with_a_reason_and_written_down(house: WebHouse) -> None:
    ticket_id = (await house.contact(SECRET, conversation_id="c"))["ticket_id"]
    path, body = f"/api/v1/tickets/{ticket_id}/actions/lift-secrecy", {"reason": "requester_asked"}
    assert (await house.ask("POST", path, "writer", json=body))[0] == 403
    assert (await house.ask("POST", path, "admin", json={}))[0] == 422
    assert (await record(house, ticket_id))["requester"]["secret"] is True
    status, lifted = await house.ask("POST", path, "admin", json=body)
    assert (status, lifted["requester"]["secret"]) == (200, False)
    assert lifted["prefill"]["fields"]["requester.secret"]["confirmed_by"] == "token:admin"
    assert ("token:admin", "lift_secrecy:requester_asked") in await audited(house)
    events = (await house.get(f"/api/v1/tickets/{ticket_id}/events", "admin"))[1]["items"]
    (event,) = [one for one in events if one["type"] == "ticket.secrecy_lifted"]
    assert (event["actor"], told(event)) == ("token:admin", {"reason": "requester_asked"})
    assert (await house.ask("POST", path, "admin", json=body))[0] == 409
    await house.contact("还是请保密", event_id="e2", conversation_id="c")
    assert (await record(house, ticket_id))["requester"]["secret"] is True


async def test_a_callback_follows_how_somebody_wants_to_be_reached(house: WebHouse) -> None:
    await house.finished_call("路灯坏了", external_id="one", disposition=Disposition.ABANDONED_IN_FLOW)
    call = await house.finished_call(
        "路灯坏了，不要打电话，发短信就行", external_id="two", disposition=Disposition.ABANDONED_IN_FLOW
    )
    tasks = (await house.get("/api/v1/callbacks", "admin"))[1]["items"]
    assert [task["how"] for task in tasks] == ["message"], "one person, one call: as they wish at last"
    assert (await record(house, call.ticket_id))["handling"]["callback"]["how"] == "message"
    assert (await corrected(house, call.ticket_id, "writer", {"contact_by": "phone"}))[0] == 200
    tasks = (await house.get("/api/v1/callbacks", "admin"))[1]["items"]
    assert [task["how"] for task in tasks] == ["phone"]


async def test_needs_and_ways_can_be_corrected(house: WebHouse) -> None:
    ticket_id = (await house.contact("我听力不好"))["ticket_id"]
    status, found = await corrected(house, ticket_id, "writer", {"accessibility": ["vision"], "contact_by": "message"})
    assert (status, found["requester"]["accessibility"], found["requester"]["contact_by"]) == (
        200,
        ["vision"],
        "message",
    )
    assert (await corrected(house, ticket_id, "writer", {"contact_by": "pigeon"}))[0] == 422
