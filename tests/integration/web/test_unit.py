"""Units work on their own tasks by the API of their pages, and see nothing beyond them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.casework.catalogue_versions import DIRECTORY
from gateway.casework.catalogues import Catalogues
from gateway.domain.case.picture import MOST_OF_A_TASK
from gateway.intake.media.attachment_files import AttachmentFiles
from tests.support.cases import UNITS
from tests.support.pictures import png
from tests.support.units import UnitPerson, dispatched, person_of
from tests.support.web_house import PASSWORD, PASSWORD_HASH, WebHouse, audited, web_house

pytestmark = pytest.mark.integration
TASKS = "/api/v1/unit/tasks"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    files = AttachmentFiles(tmp_path / "attachments")
    async with web_house(tmp_path, files=files) as opened:
        yield opened


@pytest.fixture
async def water(house: WebHouse) -> AsyncIterator[UnitPerson]:
    async with person_of(house, "M02") as person:
        yield person


@pytest.fixture
async def streets(house: WebHouse) -> AsyncIterator[UnitPerson]:
    async with person_of(house, "M04") as person:
        yield person


async def _ticket(house: WebHouse, event_id: str = "e1", **more: Any) -> str:
    requester = {"kind": "citizen", "name": "张三丰", "phone": "13800138000", **more.pop("requester", {})}
    contact = await house.contact("龙华区的小区停水了，请找张三丰", event_id=event_id, requester=requester, **more)
    return str(contact["ticket_id"])


async def test_sign_return_reply_from_the_phone_page(house: WebHouse, water: UnitPerson) -> None:
    first, second = await _ticket(house), await _ticket(house, "e2")
    (one,) = await dispatched(house, first, "M02")
    two, _ = await dispatched(house, second, "M02", "M04")
    status, page = await water.get(TASKS)
    assert status == 200
    assert [item["task_id"] for item in page["items"]] == [one, two]
    assert page["items"] == sorted(page["items"], key=lambda item: item["due_at"])
    status, task = await water.ask("POST", f"{TASKS}/{one}/actions/sign", json={}, headers={"If-Match": '"1"'})
    assert (status, task["version"], task["status"]) == (200, 2, "signed")
    status, problem = await water.ask("POST", f"{TASKS}/{one}/actions/respond", json={}, headers={"If-Match": '"1"'})
    assert (status, problem["code"]) == (412, "stale_version")
    assert (await water.do("return", two))[0] == 422
    status, task = await water.do("return", two, reason="not_ours", text="属交通局")
    assert (status, task["status"], task["verbs"]) == (200, "returning", ["arrive", "respond"])
    picture = png(4, 3)
    for shows in ("before", "after"):
        path = f"{TASKS}/{one}/pictures?shows={shows}&name=a.png"
        for _ in range(2):
            status, task = await water.ask("POST", path, data=picture)
            assert status == 201
    digest = hashlib.sha256(picture).hexdigest()
    assert [one["shows"] for one in task["pictures"]] == ["before", "after"]
    record = await house.database.reader.ticket(first)
    assert [one["sha256"] for one in record["attachments"]] == [digest, digest]
    got = await water.get(f"{TASKS}/{one}/pictures/{task['pictures'][0]['attachment_id']}")
    assert got == (200, picture)
    status, task = await water.do("reply", one, text="已恢复供水")
    assert (status, task["status"]) == (200, "accepted")
    assert [note["text"] for note in task["notes"]] == ["已恢复供水"]
    kinds = [entry["type"] for entry in task["history"]]
    assert kinds == ["task.offered", "task.signed", "task.pictured", "task.pictured", "task.replied", "task.accepted"]
    status, page = await water.get(f"{TASKS}?open=false")
    assert [item["task_id"] for item in page["items"]] == [one]


async def test_a_unit_signs_only_its_own(house: WebHouse, water: UnitPerson, streets: UnitPerson) -> None:
    (task,) = await dispatched(house, await _ticket(house), "M02")
    answers = [
        await streets.do("sign", task),
        await streets.get(f"{TASKS}/{task}"),
        await streets.ask("POST", f"{TASKS}/{task}/notes", json={"text": "让我看看"}),
        await streets.ask("POST", f"{TASKS}/{task}/pictures", data=png(1, 1)),
        await streets.get(f"{TASKS}/{task}/pictures/nothing"),
    ]
    nothing = await streets.do("sign", "nothing")
    assert {(status, answer["code"]) for status, answer in (*answers, nothing)} == {(404, "not_found")}
    assert (await streets.get(TASKS))[1]["items"] == []
    assert (await audited(house)).count(("user:m04", "task_refused")) == len(answers)
    assert (await water.get(f"{TASKS}/{task}"))[1]["status"] == "offered"


async def test_both_doors_to_a_task_are_one(house: WebHouse, water: UnitPerson) -> None:
    ticket_id = await _ticket(house)
    (task,) = await dispatched(house, ticket_id, "M02")
    (other,) = await dispatched(house, await _ticket(house, "e2"), "M02")
    number = (await house.database.reader.ticket(ticket_id))["ticket_no"]
    doors = [f"{TASKS}/{task}", f"/api/v1/tickets/{ticket_id}/tasks/{task}", f"/api/v1/tickets/{number}/tasks/{task}"]
    until = (house.clock.now() + timedelta(hours=60)).isoformat()
    for verb, status, code, body in (
        ("extend", 422, "invalid_body", {"reason": "parts"}),
        ("return", 422, "invalid_body", {"text": "属交通局"}),
        ("reply", 422, "invalid_body", {"reason": "done"}),
        ("sign", 422, "invalid_body", {"until": until}),
        ("resume", 409, "not_now", {}),
    ):
        for door in doors:
            answer, problem = await water.ask("POST", f"{door}/actions/{verb}", json=body)
            assert (answer, problem["code"]) == (status, code), (door, verb)
    for door in doors:
        for verb in ("accept", "uphold", "reassign", "send_back", "juggle"):
            body = {"unit": "M04", "reason": "duty"} if verb == "reassign" else {"reason": "duty"}
            assert (await water.ask("POST", f"{door}/actions/{verb}", json=body))[0] in {403, 404}, (door, verb)
    key = {"Idempotency-Key": "once"}
    said = {"reason": "not_ours", "text": "属交通局"}
    answers = [await water.ask("POST", f"{door}/actions/return", json=said, headers=key) for door in doors]
    assert answers == [answers[0]] * len(doors)
    assert (answers[0][0], answers[0][1]["status"], answers[0][1]["version"]) == (200, "returning", 2)
    changed = await water.ask("POST", f"{doors[0]}/actions/return", json=said | {"text": "x"}, headers=key)
    assert (changed[0], changed[1]["code"]) == (409, "not_now")
    elsewhere = f"/api/v1/tickets/{ticket_id}/tasks/{other}/actions/sign"
    assert (await water.ask("POST", elsewhere, json={}))[0] == 404, "a task of another ticket than the path names"
    assert (await water.ask("POST", f"/api/v1/tickets/nothing/tasks/{other}/actions/sign", json={}))[0] == 404


async def test_the_inbox_goes_on_where_a_page_ended(house: WebHouse, water: UnitPerson) -> None:
    tasks = [(await dispatched(house, await _ticket(house, f"e{nth}"), "M02"))[0] for nth in range(5)]
    seen: list[str] = []
    cursor = ""
    while True:
        status, page = await water.get(f"{TASKS}?limit=2{cursor}")
        assert status == 200
        seen += [item["task_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == tasks
    assert (await water.get(f"{TASKS}?cursor=nothing"))[0] == 422


async def test_an_extension_is_the_centres_to_grant(house: WebHouse, water: UnitPerson) -> None:
    (task,) = await dispatched(house, await _ticket(house), "M02")
    until = (house.clock.now() + timedelta(hours=60)).isoformat()
    assert (await water.do("extend", task, until=until))[0] == 422
    status, refused = await water.do("extend", task, until=until, reason="parts")
    assert (status, refused["code"]) == (409, "not_now"), "who has not signed has no need of more time"
    assert (await water.do("sign", task))[0] == 200
    status, shown = await water.do("extend", task, until=until, reason="parts")
    assert (status, shown["status"]) == (200, "signed")
    assert shown["asked_until"] is not None
    assert (await water.do("extend", task, until=until, reason="想到再说"))[0] == 422, "a code, no words"


async def test_notes_reach_the_other_units_of_the_ticket_and_reasons_do_not(
    house: WebHouse, water: UnitPerson, streets: UnitPerson
) -> None:
    mine, theirs = await dispatched(house, await _ticket(house), "M02", "M04")
    assert (await water.do("sign", mine))[0] == 200
    assert (await water.do("pause", mine, reason="requester", text="约了张三丰明天"))[0] == 200
    status, task = await streets.ask("POST", f"{TASKS}/{theirs}/notes", json={"text": "路面今晚挖开，13800138000"})
    assert (status, [one["unit"] for one in task["others"]]) == (200, ["M02"])
    assert [(note["kind"], note["unit"], note["text"]) for note in task["notes"]] == [
        ("talk", "M04", "路面今晚挖开，138****8000")
    ]
    _, task = await water.get(f"{TASKS}/{mine}")
    assert [(note["kind"], note["text"]) for note in task["notes"]] == [
        ("reason", "约了张**明天"),
        ("talk", "路面今晚挖开，138****8000"),
    ]
    assert all("text" not in str(entry) for entry in task["history"])


async def test_a_secret_reporter_is_nowhere_for_a_unit(house: WebHouse, water: UnitPerson) -> None:
    for event_id, hiding in (("s", {"secret": True}), ("a", {"anonymous": True})):
        ticket_id = await _ticket(house, event_id, requester=hiding)
        (task,) = await dispatched(house, ticket_id, "M02")
        status, shown = await water.get(f"{TASKS}/{task}")
        assert (status, shown["contact"], shown["attachments"]) == (200, None, [])
        _, inbox = await water.get(TASKS)
        for told in (str(shown), str(inbox)):
            assert "138" not in told
            assert "张" not in told
            assert "三丰" not in told


async def test_who_is_not_of_a_unit_has_no_inbox(house: WebHouse) -> None:
    for who in ("reader", "writer", "contacts", "listener"):
        assert (await house.get(TASKS, who))[1]["code"] == "scope_missing"
    assert (await house.get(TASKS, "admin"))[1]["code"] == "unit_only"


async def _centre(house: WebHouse, path: str, **body: Any) -> None:
    status, answer = await house.ask("POST", f"/api/v1/tickets/{path}", "writer", json=body)
    assert status == 200, answer


async def test_what_the_centre_writes_is_read_by_the_unit_it_is_meant_for(
    house: WebHouse, water: UnitPerson, streets: UnitPerson
) -> None:
    ticket = await _ticket(house)
    mine, theirs = await dispatched(house, ticket, "M02", "M04")
    assert (await water.do("return", mine, reason="not_ours"))[0] == 200
    await _centre(house, f"{ticket}/tasks/{mine}/actions/uphold", text="贵单位管网")
    await _centre(house, f"{ticket}/actions/supervise", reason="overdue", text="今日必须恢复，张三丰在等")
    assert (await water.do("reply", mine, text="修好了"))[0] == 200
    await _centre(house, f"{ticket}/tasks/{mine}/actions/send_back", reason="incomplete", text="请补充照片")
    for unit, task in ((water, mine), (streets, theirs)):
        assert (await unit.do("reply", task, text="已恢复供水"))[0] == 200
    await _centre(house, f"{ticket}/actions/reply", text="已恢复供水")
    await _centre(house, f"{ticket}/actions/reopen", reason="not_solved", text="仍未来水")
    told = [(note["unit"], note["name"], note["text"]) for note in (await water.get(f"{TASKS}/{mine}"))[1]["notes"]]
    assert told == [
        (None, None, "贵单位管网"),
        (None, None, "今日必须恢复，张**在等"),
        ("M02", "市水务局", "修好了"),
        (None, None, "请补充照片"),
        ("M02", "市水务局", "已恢复供水"),
        (None, None, "仍未来水"),
    ]
    others = [note["text"] for note in (await streets.get(f"{TASKS}/{theirs}"))[1]["notes"]]
    assert others == ["今日必须恢复，张**在等", "已恢复供水", "仍未来水"], "and nothing of another unit's task"


async def test_a_note_asked_for_again_under_its_key_stands_there_once(house: WebHouse, water: UnitPerson) -> None:
    (task,) = await dispatched(house, await _ticket(house), "M02")
    path, key = f"{TASKS}/{task}/notes", {"Idempotency-Key": "once"}
    answers = [await water.ask("POST", path, json={"text": "今晚会合"}, headers=key) for _ in range(2)]
    assert answers[0] == answers[1]
    assert [note["text"] for note in answers[0][1]["notes"]] == ["今晚会合"]
    changed = await water.ask("POST", path, json={"text": "改九点"}, headers=key)
    assert (changed[0], changed[1]["code"]) == (409, "not_now")


def _on_disk(tmp_path: Path) -> int:
    return sum(path.is_file() for path in (tmp_path / "attachments").rglob("*"))


async def test_a_picture_that_is_refused_does_not_lie_on_the_disk_and_a_repeat_is_none(
    house: WebHouse, water: UnitPerson, tmp_path: Path
) -> None:
    (task,) = await dispatched(house, await _ticket(house), "M02")
    path = f"{TASKS}/{task}/pictures"
    assert (await water.ask("POST", path, data=b"%PDF-1.7 no picture"))[1]["code"] == "file_not_allowed"
    assert _on_disk(tmp_path) == 0
    for nth in range(MOST_OF_A_TASK):
        assert (await water.ask("POST", path, data=png(2 + nth, 2)))[0] == 201
    assert (await water.ask("POST", path, data=png(2, 3)))[1]["code"] == "too_many_pictures"
    assert _on_disk(tmp_path) == MOST_OF_A_TASK
    status, shown = await water.ask("POST", path, data=png(2, 2))
    assert (status, len(shown["pictures"])) == (201, MOST_OF_A_TASK)
    assert (await water.do("return", task, reason="not_ours"))[0] == 200
    await _centre(house, f"{shown['ticket']['ticket_no']}/tasks/{task}/actions/accept")
    assert (await water.ask("POST", path, data=png(9, 9)))[1]["code"] == "not_now"
    assert _on_disk(tmp_path) == MOST_OF_A_TASK


async def test_who_sets_a_password_of_their_own_stays_of_their_unit(house: WebHouse) -> None:
    await house.database.users.add(
        username="shui", name="水", role="unit", unit="M02", password_hash=PASSWORD_HASH, one_time=True
    )
    status, session = await house.ask("POST", "/api/v1/session", None, json={"username": "shui", "password": PASSWORD})
    assert (status, session["unit"], session["unit_name"]) == (200, "M02", "市水务局")
    token = {"X-CSRF-Token": session["csrf_token"]}
    assert (await house.get(TASKS, None))[1]["code"] == "password_change_required"
    change = {"current": PASSWORD, "new": "every drop is counted 9"}
    status, session = await house.ask("POST", "/api/v1/session/password", None, json=change, headers=token)
    assert (status, session["role"], session["unit"]) == (200, "unit", "M02")
    assert await house.get(TASKS, None) == (200, {"items": [], "next_cursor": None})


async def test_a_unit_is_called_as_the_directory_in_force_calls_it(house: WebHouse, water: UnitPerson) -> None:
    task, _ = await dispatched(house, await _ticket(house), "M02", "M07")
    renamed = UNITS.replace("市水务局", "市水务和海洋局").replace("市政管理局", "市政园林局")
    catalogues = Catalogues(store=house.database.catalogues, clock=house.clock, categories={}, divisions={})
    await catalogues.import_table(DIRECTORY, renamed.encode(), author="cli:wang", note="")
    await house.case_tables.refresh()
    status, session = await water.get("/api/v1/session")
    assert (status, session["unit_name"]) == (200, "市水务和海洋局")
    status, shown = await water.get(f"{TASKS}/{task}")
    assert status == 200
    assert [one["name"] for one in shown["others"]] == ["市政园林局"]
