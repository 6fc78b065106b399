"""Similar tickets and merging, as a client sees them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.web_house import WebHouse

pytestmark = pytest.mark.integration

LAMP = "金贸街道国贸路的路灯坏了一个星期了，晚上很黑"
LAMP_TOO = "国贸路路灯坏了，金贸街道晚上看不见路"
PIPE = "海秀东路自来水管爆了，水流了一地"


async def told(house: WebHouse, n: int, content: str, phone: str, **requester: Any) -> str:
    who = {"kind": "citizen", "phone": phone, **requester}
    return str((await house.contact(content, event_id=f"s{n}", requester=who))["ticket_id"])


async def similar(house: WebHouse, ticket_id: str, count: int, who: str = "reader") -> dict[str, Any]:
    """What is similar, once the index knows ``count`` of them."""

    async with asyncio.timeout(30):  # only ends a test that would hang
        while True:
            status, answer = await house.get(f"/api/v1/tickets/{ticket_id}/similar", who)
            assert status == 200, answer
            if len(answer["items"]) == count and answer["complete"]:
                return dict(answer)
            await asyncio.sleep(0.05)


async def version(house: WebHouse, ticket_id: str) -> int:
    _, record = await house.get(f"/api/v1/tickets/{ticket_id}")
    return int(record["version"])


async def act(house: WebHouse, ticket_id: str, verb: str, at: int | None, **kwargs: Any) -> tuple[int, Any]:
    headers = {} if at is None else {"If-Match": f'"{at}"'}
    return await house.ask("POST", f"/api/v1/tickets/{ticket_id}/actions/{verb}", headers=headers, **kwargs)


async def test_who_repeats_and_how_many_report_one_thing(house: WebHouse) -> None:
    first = await told(house, 1, LAMP, "13800138001")
    again = await told(house, 2, LAMP_TOO, "13800138001")
    other = await told(house, 3, LAMP_TOO, "13800138002")
    await told(house, 4, PIPE, "13800138003")
    found = await similar(house, first, 2)
    assert {item["ticket_id"]: item["same_requester"] for item in found["items"]} == {again: True, other: False}
    assert (found["reporters"], found["repeats"]) == (2, 1)
    assert all(0 < item["score"] <= 1 and item["reporters"] == 1 for item in found["items"])
    _, record = await house.get(f"/api/v1/tickets/{first}")
    assert {one["ticket_id"] for one in record["related"]["similar"]} == {again, other}
    assert set(record["related"]["similar"][0]) == {"ticket_id", "score"}


async def test_a_corrected_ticket_moves_and_a_closed_one_leaves(house: WebHouse) -> None:
    first = await told(house, 1, LAMP, "13800138001")
    second = await told(house, 2, LAMP_TOO, "13800138002")
    await similar(house, first, 1)
    at = await version(house, second)
    status, _ = await house.ask(
        "PATCH",
        f"/api/v1/tickets/{second}",
        headers={"If-Match": f'"{at}"'},
        json={"demand": {"content": PIPE}, "place": {"street": None}},
    )
    assert status == 200
    assert (await similar(house, first, 0))["reporters"] == 1
    third = await told(house, 3, PIPE, "13800138003")
    assert (await similar(house, third, 1))["items"][0]["ticket_id"] == second


async def test_a_title_shows_no_number_to_those_who_may_not_see_it(house: WebHouse) -> None:
    first = await told(house, 1, LAMP, "13800138001")
    second = await told(house, 2, LAMP, "13800138002")
    title = {"demand": {"title": "路灯坏了，请打13912345678"}}
    headers = {"If-Match": f'"{await version(house, second)}"'}
    assert (await house.ask("PATCH", f"/api/v1/tickets/{second}", headers=headers, json=title))[0] == 200
    assert "139****5678" in (await similar(house, first, 1))["items"][0]["title"]
    assert "13912345678" in (await similar(house, first, 1, who="admin"))["items"][0]["title"]


async def test_merging_keeps_both_reporters_and_is_safe_to_repeat(house: WebHouse) -> None:
    head = await told(house, 1, LAMP, "13800138001")
    one = await told(house, 2, LAMP_TOO, "13800138002")
    third = await told(house, 3, LAMP, "13800138003")
    at = await version(house, one)
    status, record = await act(house, one, "merge", at, json={"into": head})
    assert status == 200, record
    assert (record["status"], record["related"]["merged_into"]) == ("merged", head)
    assert record["requester"]["phone"].endswith("8002")
    _, kept = await house.get(f"/api/v1/tickets/{head}")
    assert kept["related"]["merged_ids"] == [one]
    status, again = await act(house, one, "merge", at, json={"into": head})
    assert (status, again["version"]) == (200, record["version"])
    _, events = await house.get(f"/api/v1/tickets/{head}/events")
    assert [event["type"] for event in events["items"]].count("ticket.merged") == 1
    found = await similar(house, third, 1)
    assert (found["items"][0]["ticket_id"], found["items"][0]["reporters"]) == (head, 2)
    assert found["reporters"] == 3
    assert (await similar(house, one, 0))["repeats"] == 0
    looks: list[tuple[str, str]] = []
    async with asyncio.timeout(30):
        while ("token:writer", "record") not in looks:  # who looked is written down in bundles
            _, trail = await house.get("/api/v1/audit", "admin")
            looks = [(row["viewer"], row["what"]) for row in trail["items"]]
    assert ("token:writer", "ticket.merged") not in looks  # events tell of changes


async def test_a_merge_by_number_is_undone(house: WebHouse) -> None:
    head = (await house.contact(LAMP, event_id="h"))["ticket_no"]
    one = await told(house, 2, LAMP_TOO, "13800138002")
    status, record = await act(house, one, "merge", await version(house, one), json={"into": head})
    assert (status, record["status"]) == (200, "merged")
    status, record = await act(house, one, "unmerge", record["version"])
    assert (status, record["status"], record["related"]["merged_into"]) == (200, "registered", None)
    _, kept = await house.get(f"/api/v1/tickets/{head}")
    assert kept["related"]["merged_ids"] == []
    status, problem = await act(house, one, "unmerge", record["version"])
    assert (status, problem["code"]) == (409, "not_merged")


async def test_what_is_refused(house: WebHouse) -> None:
    head = await told(house, 1, LAMP, "13800138001")
    one = await told(house, 2, LAMP_TOO, "13800138002")
    for status, code, verb, at, options in (
        (428, "if_match_missing", "merge", None, {"json": {"into": head}}),
        (412, "stale_version", "merge", 99, {"json": {"into": head}}),
        (404, "not_found", "merge", 1, {"json": {"into": "01JD0000000000000000000000"}}),
        (409, "not_mergeable", "merge", 1, {"json": {"into": one}}),
        (422, "invalid_body", "merge", 1, {"json": {"into": "a b"}}),
        (422, "invalid_body", "merge", 1, {"json": {}}),
        (415, "not_json", "merge", 1, {"data": "x"}),
        (403, "scope_missing", "merge", 1, {"json": {"into": head}, "who": "reader"}),
        (404, "unknown_action", "mergee", 1, {"json": {"into": head}}),
    ):
        answer, problem = await act(house, one, verb, at, **options)
        assert (answer, problem["code"]) == (status, code), verb
    assert (await house.get("/api/v1/tickets/01JD0000000000000000000000/similar"))[0] == 404
