"""Calls that are owed, over HTTP: the list that the desk works from, and what people do about a task."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.ids import rfc3339
from gateway.domain.words import Disposition
from gateway.web.auth import CSRF_HEADER
from tests.support.clocks import SetClock
from tests.support.web_house import PASSWORD, WebHouse, audited, web_house

pytestmark = pytest.mark.integration
SAID = "打我13912345678，龙华区国贸路的路灯坏了"
KEYS = {
    *(
        "callback_id",
        "ticket_id",
        "ticket_no",
        "interaction_id",
        "tickets",
        "phone_sure",
        "phone",
        "how",
        "line",
        "reason",
        "reasons",
        "state",
    ),
    *("created_at", "due_at", "attempts", "claimed_by", "claimed_until", "last_attempt", "closed", "version"),
}


@pytest.fixture
async def house(tmp_path: Path, clock: SetClock) -> AsyncIterator[WebHouse]:
    async with web_house(tmp_path, clock=clock) as house:
        yield house


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


async def cut_off(house: WebHouse, key: str = "a", *, said: str = "", user: str = "13800138000") -> dict[str, Any]:
    """A call that was abandoned; its task."""
    call = await house.finished_call(said, external_id=key, user=user, disposition=Disposition.ABANDONED_IN_FLOW)
    return next(task for task in await house.database.reader.callbacks() if task["ticket_id"] == call.ticket_id)


async def act(
    house: WebHouse, task: dict[str, Any], verb: str, who: str = "writer", *, query: str = "", **body: Any
) -> tuple[int, Any]:
    headers = body.pop("headers", {})
    path = f"/api/v1/callbacks/{task['callback_id']}/actions/{verb}{query}"
    sent = {"json": body} if body else {}
    return await house.ask("POST", path, who, headers=headers, **sent)


async def test_the_list_is_what_the_desk_works_from(house: WebHouse, clock: SetClock) -> None:
    await cut_off(house)
    clock.forward(60)
    await cut_off(house, "b", said=SAID, user="13700137000")
    await cut_off(house, "c", user="anonymous")
    status, page = await house.get("/api/v1/callbacks", "reader")
    assert status == 200
    assert [set(item) for item in page["items"]] == [KEYS] * 3
    assert [item["phone"] for item in page["items"]] == ["+86138****8000", "+86139****5678", None]
    assert [item["reasons"] for item in page["items"]] == [["abandoned_in_flow"]] * 3
    _, page = await house.get("/api/v1/callbacks?state=all", "admin")
    assert page["items"][1]["phone"] == "+8613912345678"
    for query, count in (
        ("state=done", 0),
        ("line=enterprise", 0),
        ("line=citizen&state=all", 3),
        ("has_phone=false", 1),
        ("has_phone=true&limit=1", 1),
        (f"due_before={rfc3339(clock.now() + timedelta(minutes=30))}", 1),
        ("due_before=2026-11-23T12:30:00.001%2B08:00", 1),
    ):
        status, page = await house.get(f"/api/v1/callbacks?{query}")
        assert (query, status, len(page["items"])) == (query, 200, count)
    for query in ("state=owed", "line=x", "due_before=2026-11-23T12:30:00", "has_phone=2", "limit=0"):
        assert (await house.get(f"/api/v1/callbacks?{query}"))[0] == 400


async def test_a_task_is_taken_tried_and_done(house: WebHouse, clock: SetClock) -> None:
    task = await cut_off(house)
    status, claimed = await act(house, task, "claim")
    assert (status, claimed["claimed_by"], claimed["version"]) == (200, "token:writer", 2)
    assert claimed["claimed_until"] == rfc3339(clock.now() + timedelta(minutes=30))
    assert await act(house, task, "claim") == (200, claimed)
    clock.forward(30 * 60)
    assert (await house.get("/api/v1/callbacks"))[1]["items"][0]["claimed_by"] is None, "it has run out"
    status, claimed = await act(house, task, "claim")
    assert (status, claimed["claimed_by"], claimed["version"]) == (200, "token:writer", 3)
    status, problem = await act(house, task, "done", "admin", result="reached")
    assert (status, problem["code"]) == (409, "callback_claimed")
    assert "token:writer has taken this callback until" in problem["detail"]
    status, tried = await act(house, task, "attempt", result="no_answer", reason="晚上打13912345678")
    assert (status, tried["attempts"], tried["claimed_by"]) == (200, 1, None)
    assert tried["last_attempt"]["note"] == "晚上打139****5678"
    assert (await house.get("/api/v1/callbacks", "admin"))[1]["items"][0]["last_attempt"]["note"] == "晚上打13912345678"
    status, over = await act(house, task, "done", result="reached", reason="已告知")
    assert (status, over["state"], over["closed"]["why"]) == (200, "done", "reached")
    assert await act(house, task, "done", result="reached", reason="已告知") == (200, over)
    status, problem = await act(house, task, "cancel", reason="重复")
    assert (status, problem["code"]) == (409, "callback_closed")
    record = (await house.get(f"/api/v1/tickets/{task['ticket_id']}"))[1]
    assert record["handling"]["callback"]["state"] == "done"
    events = (await house.get(f"/api/v1/tickets/{task['ticket_id']}/events"))[1]["items"]
    own = [(e["type"], e["actor"], e["data"]) for e in events if e["type"].startswith("callback.")]
    assert [kind for kind, _, _ in own] == [
        *("callback.opened", "callback.claimed", "callback.claimed", "callback.attempted", "callback.done")
    ]
    assert {actor for _, actor, _ in own[1:]} == {"token:writer"}
    assert {key: one for key, one in own[3][2].items() if key != "changed"} | {"due_at": "", "callback_id": ""} == {
        "callback_id": "",
        "due_at": "",
        "result": "no_answer",
        "attempts": 1,
    }
    assert "139" not in str(own)
    assert "告知" not in str(own)


async def test_what_is_wrong_is_said(house: WebHouse, clock: SetClock) -> None:
    task = await cut_off(house)
    for verb, body in (
        ("attempt", {"result": "reached"}),
        ("attempt", {"result": "busy", "due_at": rfc3339(clock.now())}),
        ("attempt", {"result": "busy", "due_at": rfc3339(clock.now() + timedelta(days=31))}),
        ("done", {"result": "busy"}),
        ("done", {"result": "reached", "extra": "me"}),
        ("cancel", {"reason": " "}),
        ("cancel", {"reason": "x" * 201}),
    ):
        assert (await act(house, task, verb, **body))[0] == 422, (verb, body)
    assert (await act(house, task, "launch"))[0] == 404
    assert (await act(house, {"callback_id": "nothing"}, "claim"))[0] == 404
    assert (await act(house, task, "claim", "reader"))[0] == 403
    assert (await act(house, task, "claim", query="?unmasked=true"))[1]["code"] == "desk_only"
    assert (await house.database.reader.callback(task["callback_id"])) == task


async def test_a_version_keeps_an_attempt_from_counting_twice(house: WebHouse, clock: SetClock) -> None:
    task = await cut_off(house)
    wished = rfc3339(clock.now() + timedelta(hours=3))
    body: dict[str, Any] = {"result": "call_later", "due_at": wished, "headers": {"If-Match": '"1"'}}
    status, tried = await act(house, task, "attempt", **body)
    assert (status, tried["due_at"], tried["version"]) == (200, wished, 2)
    status, problem = await act(house, task, "attempt", **body)
    assert (status, problem["code"]) == (412, "stale_version")
    assert (await house.database.reader.callback(task["callback_id"]))["attempts"] == 1


async def test_people_at_the_desk_see_the_number_and_that_is_written_down(house: WebHouse) -> None:
    task = await cut_off(house)
    login = {"username": "wang", "password": PASSWORD}
    status, session = await house.ask("POST", "/api/v1/session", None, json=login)
    assert status == 200
    headers = {CSRF_HEADER: session["csrf_token"]}
    path = f"/api/v1/callbacks/{task['callback_id']}/actions/claim"
    status, masked = await house.ask("POST", path, None, headers=headers)
    assert (status, masked["phone"], masked["claimed_by"]) == (200, "+86138****8000", "user:wang")
    status, told = await house.ask("POST", f"{path}?unmasked=true", None, headers=headers)
    assert (status, told["phone"]) == (200, "+8613800138000")
    assert ("user:wang", "reveal") in await audited(house)


async def test_of_who_hides_nothing_is_shown(house: WebHouse) -> None:
    task = await cut_off(house, said="我要匿名反映路灯不亮，请保密")
    await act(house, task, "attempt", result="busy", reason="张三不在")
    _, page = await house.get("/api/v1/callbacks", "reader")
    (item,) = page["items"]
    assert set(item["phone"]) <= {"*", "+"}
    assert "张三" not in item["last_attempt"]["note"]
