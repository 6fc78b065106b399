"""Open311 tells nobody more than the API tells its readers, and the public less."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.domain.change import Change, NewEvent
from gateway.domain.guess import Guess
from tests.integration.open311.client import KEY, READER, V2, fetch, reported
from tests.support.web_house import WebHouse

pytestmark = pytest.mark.integration
SAID = "住在民治大道12号3栋401的张三丰殴打路人"


async def told(house: WebHouse, number: str, **query: str) -> str:
    pages = [
        await fetch(house, path, **query)
        for path in (f"requests/{number}.json", "requests.json", "servicerequestupdates.json")
    ]
    return json.dumps(pages, ensure_ascii=False)


async def report(house: WebHouse, **form: str) -> str:
    """A request that names somebody in its text."""
    number: str = await reported(house, description=SAID, address_string="民治大道12号3栋401", **form)
    _, record = await house.get(f"/api/v1/tickets/{number}", "admin")
    mention: Any = {"kind": "person", "value": "张三丰", "span": [14, 17], "confidence": 0.9}
    await house.database.changes.apply(
        Change(
            ticket_id=record["ticket_id"],
            ticket_fields={
                ("prefill", "mentions"): [mention],
                ("place", "district"): {"code": "440309", "name": "龙华区"},
                ("outcome", "public_reply"): "已联系张三丰 13912345678",
                ("status",): "replied",
            },
            guesses=(Guess(path="demand.type", value="report", source="rule", span=None, confidence=0.9),),
            events=(NewEvent(type="ticket.updated", at=house.clock.now()),),
        )
    )
    return number


@pytest.mark.parametrize("key", [None, KEY, READER])
async def test_names_in_the_text_are_hidden(house: WebHouse, key: str | None) -> None:
    number = await report(house)
    found = await told(house, number, **({"api_key": key} if key else {}))
    assert number in found
    assert "张三丰" not in found
    assert "1391234" not in found
    assert "已联系" in found


async def test_the_public_learns_where_about_and_not_whose_door(house: WebHouse) -> None:
    number = await report(house)
    _, (public,) = await fetch(house, f"requests/{number}.json")
    assert public["address"] == "龙华区"
    assert "3栋401" not in json.dumps(public, ensure_ascii=False)
    assert public["media_url"] is None
    _, (ours,) = await fetch(house, f"requests/{number}.json", api_key=READER)
    assert ours["address"] == "民治大道12号3栋401"


async def test_a_box_on_the_map_finds_no_secret_place(house: WebHouse) -> None:
    number = await reported(house)
    _, record = await house.get(f"/api/v1/tickets/{number}", "admin")
    box = f"{V2}/requests.json?bbox=110,20,111,21&api_key={KEY}"
    assert len((await house.get(box, None))[1]) == 1
    await house.database.changes.apply(
        Change(
            ticket_id=record["ticket_id"],
            ticket_fields={("requester", "secret"): True},
            events=(NewEvent(type="ticket.updated", at=house.clock.now()),),
        )
    )
    assert (await house.get(box, None))[1] == []
    assert len((await fetch(house, "requests.json", api_key=KEY))[1]) == 1
