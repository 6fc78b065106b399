"""The schemas that CloudEvents name: served to anybody, and true of what the API tells."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

import jsonschema_rs
import pytest

from gateway.domain.events import REGISTRY, TicketUrged
from gateway.edge.dataschema import dataschema
from tests.support.web_house import WebHouse, web_house

pytestmark = pytest.mark.integration
PUBLIC = "https://12345.example"


async def test_anybody_may_fetch_a_schema_and_keep_it(tmp_path: Path) -> None:
    async with web_house(tmp_path, public_url=PUBLIC) as house:
        address = dataschema(PUBLIC, TicketUrged)
        async with house.http.get(address.replace(PUBLIC, house.url)) as answer:
            assert answer.status == HTTPStatus.OK
            assert answer.content_type == "application/schema+json"
            assert answer.headers["Cache-Control"] == "public, max-age=86400"
            schema = await answer.json(content_type=None)
    assert schema["$id"] == address
    jsonschema_rs.meta.validate(schema)


@pytest.mark.parametrize("path", ["ticket.nonsense/1", "ticket.urged/2", "ticket.urged/01", "ticket.urged/one"])
async def test_what_is_not_there_is_said_so(house: WebHouse, path: str) -> None:
    status, problem = await house.get(f"/api/v1/events/schemas/{path}", None)
    assert (status, problem["code"]) == (404, "not_found")
    assert "docs/events.md" in problem["detail"]


async def test_events_are_as_their_schemas_say(house: WebHouse) -> None:
    made = await house.contact()
    _, page = await house.get(f"/api/v1/tickets/{made['ticket_id']}/events")
    assert page["items"]
    for event in page["items"]:
        path = dataschema("", REGISTRY[event["type"]])
        async with house.http.get(house.url + path) as answer:
            schema = await answer.json(content_type=None)
        jsonschema_rs.Draft202012Validator(schema).validate({"event": event, "ticket": {}})
