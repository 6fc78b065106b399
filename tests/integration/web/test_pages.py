"""A page of masked records is short and goes on; who sees everything gets the pages that they ask for."""

from __future__ import annotations

import pytest

from gateway.domain.limits import BODY_BYTES, CONTACT_BYTES, CONTENT_CHARS, MASKED_PAGE
from tests.support.web_house import WebHouse

pytestmark = pytest.mark.integration
JSON = {"Content-Type": "application/json"}


async def test_a_masked_page_holds_a_hundred_and_its_cursor_finds_the_rest(house: WebHouse) -> None:
    made = [await house.contact(f"路灯{n}坏了", event_id=f"e{n}") for n in range(MASKED_PAGE + 5)]
    for order in ("oldest", "newest"):
        path = f"/api/v1/tickets?limit=1000&order={order}"
        status, page = await house.get(path, "reader")
        assert (status, len(page["items"])) == (200, MASKED_PAGE)
        _, rest = await house.get(f"{path}&cursor={page['next_cursor']}", "reader")
        found = [item["ticket_id"] for item in (*page["items"], *rest["items"])]
        assert sorted(found) == sorted(one["ticket_id"] for one in made)
        assert rest["next_cursor"] is None
    _, whole = await house.get("/api/v1/tickets?limit=1000", "admin")
    assert len(whole["items"]) == len(made)


async def test_a_page_shows_a_change_at_once(house: WebHouse) -> None:
    made = await house.contact("路灯坏了,电话13800138000")
    path = "/api/v1/tickets?limit=10"
    _, page = await house.get(path, "reader")
    assert page["items"][0]["demand"]["content"] == "路灯坏了,电话138****8000"
    patch = {"demand": {"content": "水管坏了"}}
    ticket, etag = f"/api/v1/tickets/{made['ticket_id']}", {"If-Match": f'"{page["items"][0]["version"]}"'}
    assert (await house.ask("PATCH", ticket, "writer", json=patch, headers=etag))[0] == 200
    _, page = await house.get(path, "reader")
    assert page["items"][0]["demand"]["content"] == "水管坏了"
    _, whole = await house.get(ticket, "reader")
    assert whole["demand"]["content"] == "水管坏了"


async def test_a_body_is_as_long_as_its_route_takes(house: WebHouse) -> None:
    body = {"source": {"name": "app", "event_id": "long"}, "content": "😀" * CONTENT_CHARS}
    assert (await house.ask("POST", "/api/v1/contacts", "contacts", json=body))[0] == 201  # 240 kB of \ud83d\ude00
    body["content"] += "x"
    status, told = await house.ask("POST", "/api/v1/contacts", "contacts", json=body)
    assert (status, told["errors"][0]["path"]) == (422, "content")
    assert "20000 characters" in told["detail"]
    for path, who, most in (("/api/v1/contacts", "contacts", CONTACT_BYTES), ("/api/v1/session", None, BODY_BYTES)):
        status, told = await house.ask("POST", path, who, data=b" " * (most + 1), headers=JSON)
        assert (status, told["code"]) == (413, "body_too_large")
        assert str(most) in told["detail"]


async def test_a_body_with_many_mistakes_is_told_the_first_ones(house: WebHouse) -> None:
    body = {"source": {"name": "app", "event_id": "1"}, "content": "x", **{f"k{n}": 1 for n in range(5000)}}
    status, told = await house.ask("POST", "/api/v1/contacts", "contacts", json=body)
    assert (status, len(told["errors"])) == (422, 100)
