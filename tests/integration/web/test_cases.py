"""A case by the API, as a client sees it: dispatched, worked on by its units, answered, evaluated, put away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.web.api.case_bodies import CASE_BODIES, TASK_BODIES
from gateway.web.api.corrections import ACTIONS
from gateway.web.app import API_ROUTES
from gateway.web.auth import OWN_TASKS, ROLE_SCOPES, SCOPES
from tests.support.cases import adopt_tables, classify, left_unsigned
from tests.support.web_house import WebHouse

pytestmark = pytest.mark.integration
SAID = "已联系王小明13800138000，路灯修好"
HOSTILE: list[Any] = [
    [],
    "text",
    7,
    {"reason": 7, "text": 7, "unit": 7, "until": 7, "solved": 7, "satisfied": "5", "way": 7, "units": 7, "joint": 7},
    {"reason": None, "text": None, "unit": None, "until": None, "solved": None, "satisfied": None, "units": None},
    {"reason": "duty", "text": "a\0b", "unit": "M\0", "satisfied": 5, "units": ["M\0"], "way": "system"},
    {"reason": "duty", "text": "a\0b"},
    {"text": "a\0b"},
    {"text": "a\0b", "satisfied": 5},
    {"unit": "M\0", "reason": "duty"},
    {"reason": "duty", "until": "9999-12-31T23:59:59+00:00"},
    {"reason": "duty", "until": "0001-01-01T00:00:00+14:00"},
    {"reason": "duty", "until": "9999-12-31T23:59:59-14:00"},
    {"reason": "duty", "until": "2026-12-01T00:00:00"},
    {"reason": "duty", "until": 1e308},
    {"satisfied": 10**30},
    {"satisfied": True},
    {"way": "system", "units": ["M07"] * 3},
    {"crossing": 7},
    {"crossing": "sideways", "unit": "M07"},
    {"reason": "\u202e", "text": "\u2028" * 5000},
    {"text": " " * 10},
    {"text": "长" * 100_000},
    {"reason": {"a": [{}] * 100}},
]


@pytest.fixture
async def city(house: WebHouse) -> WebHouse:
    await adopt_tables(house)
    return house


async def ticket(house: WebHouse, code: str = "040201") -> str:
    requester = {"kind": "citizen", "name": "王小明", "phone": "13800138000"}
    told = await house.contact("国贸路的路灯坏了", event_id=f"e-{code}", requester=requester)
    await classify(house, told["ticket_id"], code)
    return f"/api/v1/tickets/{told['ticket_id']}"


async def act(house: WebHouse, path: str, verb: str, status: int = 200, **more: Any) -> dict[str, Any]:
    body, headers = more.pop("json", more), more.pop("headers", {})
    body = {key: value for key, value in body.items() if key != "headers"}
    found, answer = await house.ask("POST", f"{path}/actions/{verb}", headers=headers, json=body)
    assert found == status, answer
    return dict(answer)


def verbs(possible: list[dict[str, Any]]) -> list[str]:
    return [one["verb"] for one in possible]


async def test_a_case_goes_through_its_units_and_is_put_away(city: WebHouse) -> None:
    path = await ticket(city)
    _, found = await city.get(f"/api/v1/dispatch/suggestion?ticket={path.rpartition('/')[2]}")
    assert (found["lead"]["zh"], found["confidence"], found["trace"][0]["rule"]["code"]) == ("市政管理局", 1.0, "named")
    record = await act(city, path, "dispatch")
    (task,) = record["handling"]["units"]
    assert (record["status"], task["unit"], task["status"]) == ("dispatched", "M07", "offered")
    own = f"{path}/tasks/{task['task_id']}"
    _, case = await city.get(f"{path}/case")
    assert "reply" not in verbs(case["possible"])
    assert verbs(case["tasks"][0]["possible"])[:3] == ["sign", "return", "reassign"]
    assert case["trace"][0]["stage"]["zh"] == "职能划分"
    assert [one["kind"]["code"] for one in case["clocks"]] == ["sign", "reply"]
    assert (await act(city, path, "reply", 409, text="已处理"))["code"] == "not_now"
    await act(city, own, "sign", headers={"If-Match": '"1"'})
    assert (await act(city, own, "respond", 412, headers={"If-Match": '"1"'}))["code"] == "stale_version"
    record = await act(city, own, "reply", text=SAID)
    assert record["handling"]["units"][0]["status"] == "accepted"
    assert (record["status"], record["outcome"]["public_reply"]) == ("replied", "已联系王**138****8000，路灯修好")
    assert (await act(city, path, "reply", 409, text="路灯已修好"))["code"] == "not_now"
    await act(city, path, "archive", 409, reason="evaluated")
    await act(city, path, "evaluate", satisfied=5, text="谢谢")
    record = await act(city, path, "archive", reason="evaluated")
    assert record["status"] == "archived"
    _, case = await city.get(f"{path}/case")
    assert verbs(case["possible"]) == ["evaluate", "reopen"]
    record = await act(city, path, "reopen", reason="not_solved", text="又坏了")
    assert (record["status"], record["handling"]["reopened"]) == ("handling", 1)


async def test_an_evaluation_may_name_the_reply_that_it_judges(city: WebHouse) -> None:
    path = await ticket(city)
    record = await act(city, path, "dispatch")
    own = f"{path}/tasks/{record['handling']['units'][0]['task_id']}"
    for text in ("已派人查看", "路灯已修好"):
        if record["status"] == "replied":
            await act(city, path, "reopen", reason="not_solved")
        record = await act(city, own, "reply", text=text)
    first, second = (one["reply_id"] for one in record["handling"]["replies"])
    assert (await act(city, path, "evaluate", 409, satisfied=1, reply_id=path.rpartition("/")[2]))["code"] == "not_now"
    assert (await act(city, path, "evaluate", 422, satisfied=1, reply_id="first"))["code"] == "invalid_body"
    await act(city, path, "evaluate", satisfied=2, reply_id=first)
    record = await act(city, path, "evaluate", satisfied=5)
    told = [(one["satisfied"], one["reply_id"], one["score"]) for one in record["outcome"]["evaluations"]]
    assert told == [(2, first, "first"), (5, second, "final")]
    assert record["outcome"]["evaluation"]["satisfied"] == 5


async def test_what_people_wrote_is_masked_as_everything_that_was_said(city: WebHouse) -> None:
    path = await ticket(city)
    record = await act(city, path, "dispatch")
    await act(city, f"{path}/tasks/{record['handling']['units'][0]['task_id']}", "reply", text=SAID)
    _, notes = await city.get(f"{path}/notes")
    assert [one["text"] for one in notes["items"]] == ["已联系王**138****8000，路灯修好"]
    _, whole = await city.get(f"{path}/notes", "admin")
    assert [one["text"] for one in whole["items"]] == [SAID]
    assert (await city.get(f"{path}/notes?unmasked=true"))[0] == 403
    _, events = await city.get(f"{path}/events")
    assert "13800138000" not in str(events)


async def test_the_centre_chooses_with_a_reason_and_unknown_units_name_the_nearest(city: WebHouse) -> None:
    path = await ticket(city)
    problem = await act(city, path, "dispatch", 422, unit="M7", reason="duty")
    assert (problem["code"], problem["errors"][0]["nearest"]["code"]) == ("unknown_code", "M07")
    assert (await act(city, path, "dispatch", 422, unit="M02"))["code"] == "rejected_input"
    assert (await act(city, path, "dispatch", 422, unit="T1", reason="duty"))["code"] == "rejected_input"
    assert (await act(city, path, "dispatch", 422, unit="M02", reason="因为张三要求"))["code"] == "invalid_body"
    assert (await act(city, path, "dispatch", 422, reason="duty"))["code"] == "invalid_body"
    record = await act(city, path, "dispatch", unit="M02", reason="duty", text="涉及水管")
    assert [step["rule"] for step in record["handling"]["routing_trace"]] == ["named", "duty"]
    assert (await act(city, path, "juggle", 404))["code"] == "unknown_action"
    assert (await city.ask("POST", f"{path}/tasks/none/actions/sign", json={}))[0] == 404
    assert (await city.ask("POST", f"{path}/actions/dispatch", "reader", json={}))[0] == 403


async def test_a_repeated_request_is_one_and_lists_hold_what_is_open_and_overdue(city: WebHouse) -> None:
    path = await ticket(city)
    record = await act(city, path, "dispatch")
    own = f"{path}/tasks/{record['handling']['units'][0]['task_id']}"
    _, inbox = await city.get("/api/v1/tasks?unit=M07&open=true")
    assert [one["ticket"]["ticket_no"] for one in inbox["items"]] == [record["ticket_no"]]
    key = {"Idempotency-Key": "one"}
    first = await act(city, own, "reply", headers=key, json={"text": "修好了"})
    again = await act(city, own, "reply", headers=key, json={"text": "修好了"})
    assert first["version"] == again["version"]
    assert (await act(city, own, "reply", 409, headers=key, json={"text": "别的"}))["code"] == "not_now"
    _, inbox = await city.get("/api/v1/tasks?unit=M07&open=true")
    assert inbox == {"items": [], "next_cursor": None}
    assert await city.get("/api/v1/overdue") == (200, {"items": [], "total": 0, "next_cursor": None})
    other = await ticket(city, "0801")
    await act(city, other, "dispatch")
    _, waiting = await city.get("/api/v1/waiting")
    decide = [one for one in waiting["items"] if one["kind"]["code"] != "visit"]
    assert [(one["kind"]["code"], one["ticket"]["status"]) for one in decide] == [("decide", "classified")]
    assert (await city.get("/api/v1/tasks?cursor=nonsense"))[0] == 422
    assert (await city.get("/api/v1/overdue?cursor=nonsense"))[0] == 422


async def test_what_is_overdue_is_listed_with_its_supervision_and_a_cursor(city: WebHouse) -> None:
    path = await ticket(city)
    ticket_id = path.rpartition("/")[2]
    await left_unsigned(city, ticket_id, "M07", timedelta(hours=2))
    await act(city, path, "supervise", json={"reason": "overdue"})
    _, page = await city.get("/api/v1/overdue?unit=M07&limit=1")
    (one,) = page["items"]
    assert (one["kind"]["code"], one["unit"], one["ticket"]["ticket_id"]) == ("sign", "M07", ticket_id)
    assert (page["total"], page["next_cursor"]) == (1, None)
    assert (one["supervised"], one["supervised_at"] > one["overdue_since"]) == (1, True)
    assert (await city.get("/api/v1/overdue?unit=M02"))[1] == {"items": [], "total": 0, "next_cursor": None}


async def test_the_case_tells_own_times_returns_and_what_is_offered(city: WebHouse) -> None:
    path = await ticket(city)
    record = await act(city, path, "dispatch")
    own = f"{path}/tasks/{record['handling']['units'][0]['task_id']}"
    await act(city, own, "return", json={"reason": "not_ours"})
    await act(city, own, "accept")
    _, case = await city.get(f"{path}/case")
    (task,) = case["tasks"]
    assert (case["reassigned"], isinstance(case["centre_time_ms"], int), isinstance(task["own_time_ms"], int)) == (
        0,
        True,
        True,
    )
    (back,) = task["returns"]
    assert (back["rule"]["zh"], back["upheld"], back["reviewed_by"]) == ("非本单位职责", False, "token:writer")
    (inform,) = [one for one in case["possible"] if one["verb"] == "inform"]
    assert {one["code"]: one["script"] for one in inform["reasons"]}["answered"] is None
    _, found = await city.get(f"/api/v1/dispatch/suggestion?ticket={record['ticket_id']}&crossing=enforcement")
    assert found["stage"] == "centre"
    assert (await city.get(f"/api/v1/dispatch/suggestion?ticket={record['ticket_id']}&crossing=x"))[0] == 400
    stated = await act(city, path, "dispatch", json={"crossing": "function", "unit": "M02", "reason": "returned"})
    assert stated["handling"]["crossing"] == "function"


async def test_wrong_bodies_of_every_verb_are_refused_and_never_a_fault(city: WebHouse) -> None:
    path = await ticket(city)
    record = await act(city, path, "dispatch")
    own = f"{path}/tasks/{record['handling']['units'][0]['task_id']}"
    doors = [f"{path}/actions/{verb}" for verb in CASE_BODIES] + [f"{own}/actions/{verb}" for verb in TASK_BODIES]
    doors += [f"{path}/updates"]
    for door in doors:
        for body in HOSTILE:
            status, answer = await city.ask("POST", door, "admin", json=body)
            assert status in {200, 400, 404, 409, 412, 413, 422, 428}, (door, body, answer)
        for raw in (b"", b"null", b"{", b"\xff", b'{"text": "\\ud800"}', b"[" * 5000, b'{"satisfied": NaN}'):
            headers = {"Content-Type": "application/json"}
            status, answer = await city.ask("POST", door, "admin", data=raw, headers=headers)
            assert status in {400, 413, 422, 428}, (door, raw, answer)


def test_every_verb_of_the_design_has_its_route() -> None:
    """The names that others rely on: a verb that is renamed or lost breaks their programs."""
    served = {route.path.removeprefix("/api/v1/tickets/{ticket}") for route in API_ROUTES if route.method == "POST"}
    whole = ["withdraw", "merge", "unmerge", "dispatch", "reply", "evaluate", "reopen", "archive", "inform", "deflect"]
    whole += ["supervise", "confer"]
    of_task = ["sign", "return", "uphold", "reassign", "extend", "pause", "resume", "arrive", "respond", "reply"]
    of_task += ["accept", "send_back"]
    assert {f"/actions/{verb}" for verb in whole} | {"/actions/{verb}"} <= served  # confirm and reveal are of the last
    assert {f"/tasks/{{task}}/actions/{verb}" for verb in of_task} <= served
    assert {"confirm", "reveal"} <= ACTIONS.keys()
    assert "cases:write" in SCOPES
    assert ROLE_SCOPES["unit"] == {OWN_TASKS}
