"""Whoever contacts us from a known number is offered as maybe the same person, and never asserted to be them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.searching import indexed
from tests.support.web_house import WebHouse, audited

pytestmark = pytest.mark.integration
NAME = {"kind": "citizen", "phone": "13800138000", "name": "王小芳"}
NOBODY = {"kind": "citizen", "phone": "13800138000"}


async def contact(house: WebHouse, event_id: str, content: str = "路灯坏了", **requester: Any) -> str:
    made = await house.contact(content, event_id=event_id, requester=requester)
    return f"/api/v1/tickets/{made['ticket_id']}"


async def offered(house: WebHouse, path: str, who: str = "reader") -> list[dict[str, Any]]:
    status, answer = await house.get(f"{path}/same-requester", who)
    assert status == 200
    return list(answer["items"])


async def test_an_earlier_name_is_offered_with_where_it_comes_from(house: WebHouse) -> None:
    first = await contact(house, "1", **NAME)
    second = await contact(house, "2", **NOBODY)
    _, record = await house.get(second, "admin")
    assert (record["requester"]["name"], record["requester"]["returning"]) == (None, True)
    (one,) = await offered(house, second)
    _, before = await house.get(first, "admin")
    assert [one[key] for key in ("ticket_no", "created_at", "channel")] == [
        before[key] for key in ("ticket_no", "created_at", "channel")
    ]
    assert (one["name"], one["phone"]) == ("王**", "+86138****8000")
    assert (await offered(house, second, "admin"))[0]["name"] == "王小芳"


async def test_an_agent_takes_it_over_unseen(house: WebHouse) -> None:
    first = await contact(house, "1", **NAME)
    second = await contact(house, "2", **NOBODY)
    body = {"ticket_id": first.rpartition("/")[2]}
    for match, status in (("9", 412), ("1", 200)):
        answer = await house.ask("POST", f"{second}/actions/same_requester", json=body, headers={"If-Match": match})
        assert answer[0] == status, answer
    assert answer[1]["requester"]["name"] == "王**"
    entry = answer[1]["prefill"]["fields"]["requester.name"]
    assert (entry["source"], entry["confirmed_by"]) == ("agent", "token:writer")
    assert (await house.get(second, "admin"))[1]["requester"]["name"] == "王小芳"
    again = await house.ask("POST", f"{second}/actions/same_requester", json=body, headers={"If-Match": "2"})
    assert (again[0], again[1]["code"]) == (409, "nothing_to_take")
    other = {"ticket_id": second.rpartition("/")[2]}
    none = await house.ask("POST", f"{second}/actions/same_requester", json=other, headers={"If-Match": "2"})
    assert none[0] == 404


@pytest.mark.parametrize("wish", ["secret", "anonymous"])
async def test_who_hides_is_offered_to_nobody_and_hinted_at_nowhere(house: WebHouse, wish: str) -> None:
    hidden = await contact(house, "1", "张家的赌场在民治大道", **NAME, org_name="某某公司", **{wish: True})
    later = await contact(house, "2", "赌场还在民治大道", **NOBODY)
    assert await offered(house, hidden) == await offered(house, later) == []
    _, record = await house.get(later, "reader")
    assert record["requester"]["returning"] is False
    _, unknown = await house.get(hidden, "reader")
    assert set(unknown["requester"]["requester_id"]) == {"*"}
    _, view = await house.get(f"{later}/similar", "reader")
    assert not any(one["same_requester"] for one in view["items"])
    assert view["repeats"] == 0
    body = {"ticket_id": hidden.rpartition("/")[2]}
    answer = await house.ask("POST", f"{later}/actions/same_requester", json=body, headers={"If-Match": "1"})
    assert answer[0] == 404


async def test_a_mask_cannot_be_tried_out_by_searching(house: WebHouse) -> None:
    await contact(house, "1", "我叫王小芳，电话13912345678，路灯坏了", **NAME)
    hidden = await contact(house, "2", "赌场", kind="citizen", phone="13700137000", secret=True)

    async def found(text: str, who: str = "reader") -> int:
        status, page = await house.get("/api/v1/tickets", who, params={"text": text})
        assert status == 200
        return len(page["items"])

    await indexed(house.database)
    pieces = [f"138001{n}" for n in range(10)] + [f"139123{n}" for n in range(10)] + ["王小芳", "小芳", "+861", "00138"]
    assert [piece for piece in pieces if await found(piece)] == []
    assert await found("路灯") == 1
    assert await found("138 0013 8000") == await found("+8613800138000") == 1
    assert await found("13700137000") == 0
    assert await found("13700137000", "admin") == 1
    assert ("token:reader", "lookup") in await audited(house)
    assert hidden


async def test_a_whole_name_is_looked_up_by_people_at_the_desk_and_on_the_trail(house: WebHouse) -> None:
    await contact(house, "1", "路灯坏了", **NAME)
    await contact(house, "2", "赌场", **NAME, secret=True)

    async def found(name: str, who: str) -> int:
        status, page = await house.get("/api/v1/tickets", who, params={"name": name})
        assert status == 200
        return len(page["items"])

    status, problem = await house.get("/api/v1/tickets", "reader", params={"name": NAME["name"]})
    assert (status, problem["code"]) == (403, "desk_only")
    assert ("token:reader", "lookup") not in await audited(house)
    assert await found(NAME["name"], "admin") == 2
    assert await found(NAME["name"][:-1], "admin") == 0
    assert ("token:admin", "lookup") in await audited(house)


async def test_trying_out_numbers_is_slowed_down(house: WebHouse) -> None:
    answers = [(await house.get("/api/v1/tickets", "reader", params={"text": f"138{n:04}8000"}))[0] for n in range(30)]
    assert answers[0] == 200
    assert answers[-1] == 429
    again = [(await house.get("/api/v1/tickets", "reader", params={"text": "13800008000"}))[0] for _ in range(30)]
    assert set(again) == {200}, "a page repeats its search with every change"
    assert (await house.get("/api/v1/tickets", "reader", params={"text": "路灯"}))[0] == 200


async def test_only_a_supervisor_names_who_was_anonymous(house: WebHouse) -> None:
    path = await contact(house, "1", **NAME, anonymous=True)
    for body in ({"requester": {"anonymous": False}}, {"requester": {"anonymous": None}}):
        status, problem = await house.ask("PATCH", path, json=body, headers={"If-Match": "1"})
        assert (status, problem["code"]) == (403, "stays_anonymous")
    body = {"requester": {"anonymous": False}}
    assert (await house.ask("PATCH", path, "admin", json=body, headers={"If-Match": "1"}))[0] == 200
    assert ("token:admin", "unseal") in await audited(house)
    wish = {"requester": {"anonymous": True}}
    assert (await house.ask("PATCH", path, json=wish, headers={"If-Match": "2"}))[0] == 200
