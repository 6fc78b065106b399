"""The page on which a requester judges a reply: reading it judges nothing, and only its own form does."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.casework.case_work import CaseVerb, WorkOnCase
from gateway.casework.judging_links import JudgingLinks
from gateway.domain.ids import new_ulid
from tests.contract.storage.changes import written
from tests.support.web_house import WebHouse

pytestmark = pytest.mark.integration


async def answered(house: WebHouse, key: str) -> tuple[str, str]:
    """A ticket that was answered, and the path at which that is judged."""
    now = house.clock.now()
    ticket = (await house.database.changes.execute(written(key, at=now))).ticket_id
    reply = WorkOnCase(
        at=now, actor="user:li", ticket_id=ticket, verb=CaseVerb.REPLY, text="<b>修好了</b>", note_id=new_ulid()
    )
    await house.database.changes.execute(reply)
    link = await JudgingLinks(house.database.channel_states, "https://12345.example").link(ticket, 0)
    assert link is not None
    return ticket, link.removeprefix("https://12345.example")


async def evaluations(house: WebHouse, ticket: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await house.database.reader.ticket(ticket))["outcome"]["evaluations"]
    return found


def form_of(page: str) -> str:
    found = re.search(r'name="form" value="([A-Z2-7]+)"', page)
    assert found is not None
    return found[1]


async def test_a_scanners_get_rates_nothing(house: WebHouse) -> None:
    ticket, path = await answered(house, "1")
    for method in ("GET", "HEAD") * 25:
        async with house.http.request(method, house.url + path) as response:
            assert response.status == 200
            assert response.headers["Cache-Control"] == "no-store"
            page = await response.text()
            if method == "GET":
                assert "&lt;b&gt;修好了" in page
    assert await evaluations(house, ticket) == []


async def test_one_post_with_the_pages_token_rates(house: WebHouse) -> None:
    ticket, path = await answered(house, "1")
    _, other = await answered(house, "2")
    async with house.http.get(house.url + path, headers={"Accept-Language": "en"}) as response:
        page = await response.text()
    async with house.http.get(house.url + other) as response:
        foreign = form_of(await response.text())
    assert "Very satisfied" in page
    for form, score, status in (
        (foreign, "5", 403),
        ("", "5", 403),
        (form_of(page), "6", 422),
        (form_of(page), "2", 200),
    ):
        data = {"form": form, "satisfied": score, "comment": "还是不亮"}
        async with house.http.post(house.url + path, data=data) as response:
            assert response.status == status
    (only,) = await evaluations(house, ticket)
    assert (only["satisfied"], only["channel"], only["comment"], only["score"]) == (2, "link", "还是不亮", "first")
    async with house.http.post(house.url + path, data={"form": form_of(page), "satisfied": "5"}) as response:
        assert response.status == 200
    assert [one["satisfied"] for one in await evaluations(house, ticket)] == [2, 5]


async def test_an_address_that_was_made_up_is_nothing(house: WebHouse) -> None:
    _, path = await answered(house, "1")
    for wrong in (path[:-1] + ("A" if path[-1] != "A" else "B"), "/r/x", path.replace("-0-", "-1-"), path.lower()):
        async with house.http.get(house.url + wrong) as response:
            assert response.status == 404
