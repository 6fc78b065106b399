"""Who says what they saw is stopped by changes of that alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.web.test_form import log_in
from tests.support.web_house import WebHouse, audited

pytestmark = pytest.mark.integration


async def correct(house: WebHouse, ticket_id: str, body: dict[str, Any], who: str = "writer") -> tuple[int, Any]:
    return await house.ask("PATCH", f"/api/v1/tickets/{ticket_id}", who, json=body)


async def told(house: WebHouse, **requester: str) -> str:
    contact = await house.contact(
        "国贸路的路灯坏了", event_id="1", requester={"kind": "citizen", "name": "张三", **requester}
    )
    return str(contact["ticket_id"])


def seen(path: str, value: object) -> dict[str, Any]:
    return {"seen": [{"path": path, "value": value}]}


async def test_another_field_that_changed_meanwhile_is_no_conflict(house: WebHouse) -> None:
    ticket_id = await told(house)
    _, before = await house.get(f"/api/v1/tickets/{ticket_id}")
    kind, address = before["demand"]["type"], before["place"]["address"]
    assert (await correct(house, ticket_id, {"place": {"address": "国贸路1号"}} | seen("place.address", address)))[
        0
    ] == 200
    status, record = await correct(house, ticket_id, {"demand": {"type": "praise"}} | seen("demand.type", kind))
    assert (status, record["demand"]["type"], record["version"]) == (200, "praise", before["version"] + 2)
    status, problem = await correct(house, ticket_id, {"demand": {"type": "report"}} | seen("demand.type", kind))
    assert (status, problem["code"]) == (409, "field_changed")
    assert [error["path"] for error in problem["errors"]] == ["demand.type"]


async def test_what_was_seen_masked_is_held_against_what_is_shown_masked(house: WebHouse) -> None:
    ticket_id = await told(house)
    _, shown = await house.get(f"/api/v1/tickets/{ticket_id}")
    name = shown["requester"]["name"]
    assert name != "张三"
    body = {"requester": {"name": "李四"}, "seen": [{"path": "requester.name", "value": name}]}
    assert (await correct(house, ticket_id, body))[0] == 200
    assert (await correct(house, ticket_id, body))[0] == 409


async def test_seen_names_every_field_and_a_plain_patch_needs_its_version(house: WebHouse) -> None:
    ticket_id = await told(house)
    status, problem = await correct(house, ticket_id, {"demand": {"type": "help"}, "seen": []})
    assert (status, problem["code"]) == (422, "seen_missing")
    assert (await correct(house, ticket_id, {"demand": {"type": "help"}}))[0] == 428


async def test_a_guess_is_confirmed_as_it_was_seen(house: WebHouse) -> None:
    ticket_id = await told(house)
    _, record = await house.get(f"/api/v1/tickets/{ticket_id}")
    path = "demand.type"
    assert record["prefill"]["fields"][path]["confidence"] >= 0.5
    confirm = f"/api/v1/tickets/{ticket_id}/actions/confirm"
    wrong = {"paths": [path], "seen": [{"path": path, "value": "praise"}]}
    assert (await house.ask("POST", confirm, json=wrong))[0] == 409
    right = {"paths": [path], "seen": [{"path": path, "value": record["demand"]["type"]}]}
    status, after = await house.ask("POST", confirm, json=right)
    assert (status, after["prefill"]["fields"][path]["confirmed_by"]) == (200, "token:writer")


async def test_a_version_that_is_sent_counts_beside_what_was_seen(house: WebHouse) -> None:
    ticket_id = await told(house)
    _, before = await house.get(f"/api/v1/tickets/{ticket_id}")
    body = {"demand": {"type": "praise"}} | seen("demand.type", before["demand"]["type"])
    stale = {"If-Match": str(before["version"] + 1)}
    status, problem = await house.ask("PATCH", f"/api/v1/tickets/{ticket_id}", json=body, headers=stale)
    assert (status, problem["code"]) == (412, "stale_version")
    assert (await correct(house, ticket_id, body))[0] == 200


async def test_whoever_tries_out_unmasked_values_is_written_down(house: WebHouse) -> None:
    ticket_id = await told(house)
    csrf = await log_in(house)
    body = {"requester": {"name": "李四"}} | seen("requester.name", "王五")
    path = f"/api/v1/tickets/{ticket_id}?unmasked=true"
    assert (await house.ask("PATCH", path, None, json=body, headers=csrf))[0] == 409
    assert ("user:wang", "reveal") in await audited(house)


async def test_any_value_of_a_list_can_have_been_seen(house: WebHouse) -> None:
    ticket_id = await told(house)
    needs = ["手语翻译（周一 下午）"]
    body = {"requester": {"accessibility": needs}} | seen("requester.accessibility", [])
    assert (await correct(house, ticket_id, body))[0] == 200
    body = {"requester": {"accessibility": []}} | seen("requester.accessibility", needs)
    status, record = await correct(house, ticket_id, body)
    assert (status, record["requester"]["accessibility"]) == (200, [])
