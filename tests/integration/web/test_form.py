"""What the edit-and-confirm form asks of the API: tables to choose from, coded fields, masks, evidence, the trail."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.change import Change, NewEvent
from gateway.domain.guess import Guess, Mention
from gateway.web import seen
from tests.support.web_house import PASSWORD, WebHouse, final

pytestmark = pytest.mark.integration
SAID = "我叫王小明，电话是13912345678，龙华区金贸街道的路灯坏了，王小明盼复。"


async def patched(house: WebHouse, path: str, body: dict[str, Any], who: str | None = "writer") -> tuple[int, Any]:
    _, record = await house.get(path, who)
    return await house.ask("PATCH", path, who, json=body, headers={"If-Match": str(record["version"])})


async def read_form(house: WebHouse) -> str:
    """A contact with a name and a phone found in its words; its path."""
    made = await house.contact(SAID)
    name = SAID.index("王小明")
    await house.database.changes.apply(
        Change(
            ticket_id=made["ticket_id"],
            guesses=(
                Guess(path="requester.name", value="王小明", source="rule", span=(name, name + 3), confidence=0.8),
                Guess(path="handling.lead_unit", value="E05", source="model", span=None, confidence=0.4),
            ),
            mentions=(Mention(kind="person", value="王小明", span=(name, name + 3), confidence=0.8),),
            events=(NewEvent(type="transcript.segment", at=house.clock.now()),),
        )
    )
    return f"/api/v1/tickets/{made['ticket_id']}"


async def log_in(house: WebHouse, username: str = "wang") -> dict[str, str]:
    body = {"username": username, "password": PASSWORD}
    _, session = await house.ask("POST", "/api/v1/session", None, json=body)
    return {"X-CSRF-Token": session["csrf_token"]}


@pytest.mark.parametrize("name", ["taxonomy", "units", "divisions"])
async def test_tables_are_read_once_and_then_only_compared(house: WebHouse, name: str) -> None:
    async with house.http.get(f"{house.url}/api/v1/{name}", headers=house.bearer("reader")) as answer:
        table = await answer.json()
        etag = answer.headers["ETag"]
    assert table["items"]
    assert all(item["code"] for item in table["items"])
    headers = {**house.bearer("reader"), "If-None-Match": etag}
    async with house.http.get(f"{house.url}/api/v1/{name}", headers=headers) as answer:
        assert answer.status == 304
    assert (await house.get(f"/api/v1/{name}", None))[0] == 401


async def test_a_category_is_named_by_its_code_and_a_unit_is_chosen(house: WebHouse) -> None:
    made = await house.contact()
    path = f"/api/v1/tickets/{made['ticket_id']}"
    _, table = await house.get("/api/v1/taxonomy")
    leaf = next(item for item in table["items"] if item["leaf"])
    body = {
        "demand": {"category": {"code": leaf["code"]}, "complained_about": {"name": "某某烧烤店"}},
        "handling": {"lead_unit": leaf["unit"]},
    }
    status, record = await patched(house, path, body)
    assert status == 200, record
    assert record["demand"]["category"]["l1"] == leaf["names"][0]
    assert record["demand"]["category"]["taxonomy_version"]
    assert record["demand"]["complained_about"] == {"name": "某某烧烤店", "phone": None}
    assert record["handling"]["lead_unit"] == leaf["unit"]
    fields = record["prefill"]["fields"]
    for name, value in (
        ("demand.category", leaf["code"]),
        ("demand.complained_about.name", "某某烧烤店"),
        ("handling.lead_unit", leaf["unit"]),
    ):
        assert (fields[name]["value"], fields[name]["confirmed_by"]) == (value, "token:writer")
    assert "demand.complained_about.phone" not in fields
    _, record = await patched(house, path, {"demand": {"complained_about": None}})
    assert record["demand"]["complained_about"] == {"name": None, "phone": None}


async def test_names_and_numbers_are_masked_in_the_words_and_an_edit_keeps_them(house: WebHouse) -> None:
    path = await read_form(house)
    _, record = await house.get(path)
    shown = SAID.replace("王小明", "王**").replace("13912345678", "139****5678")
    assert record["demand"]["content"] == shown
    assert record["interactions"][0]["messages"][0]["text"] == shown
    assert "王小明" not in str(record)
    assert "13912345678" not in str(record)
    edited = shown.replace("路灯坏了", "路灯坏了三天")
    status, record = await patched(house, path, {"demand": {"content": edited}})
    assert status == 200, record
    _, full = await house.get(path, "admin")
    assert full["demand"]["content"] == SAID.replace("路灯坏了", "路灯坏了三天")
    status, problem = await patched(house, path, {"demand": {"content": edited.replace("139****", "139***")}})
    assert (status, problem["code"]) == (422, "masked_value")


async def test_evidence_follows_its_words_through_an_edit(house: WebHouse) -> None:
    path = await read_form(house)
    _, before = await house.get(path, "admin")
    name = before["prefill"]["fields"]["requester.name"]["span"]
    content = "紧急！" + SAID.replace("13912345678", "保密")
    _, after = await patched(house, path, {"demand": {"content": content}}, "admin")
    span = after["prefill"]["fields"]["requester.name"]["span"]
    assert span == [name[0] + 3, name[1] + 3]
    assert content[slice(*span)] == "王小明"
    assert after["prefill"]["fields"]["requester.callback_phone"]["span"] is None
    assert [one["kind"] for one in after["prefill"]["mentions"] if one["kind"] == "person"] == ["person"]


async def test_what_is_heard_after_an_edit_has_no_spans_into_the_edited_words(house: WebHouse) -> None:
    call = house.call(external_id="c")
    location = house.recordings.location(call.interaction_id, call.started_at)
    await call.open({"name": "hotline", "version": "1"}, location)
    await call.answered()
    await call.heard(final("路灯坏了", 0, 900))
    path = f"/api/v1/tickets/{call.ticket_id}"
    assert (await patched(house, path, {"demand": {"content": "坐席写的内容"}}))[0] == 200
    await call.heard(final("我要投诉，在龙华区金贸街道", 1000, 1900))
    _, record = await house.get(path)
    assert record["demand"]["content"] == "坐席写的内容"
    assert record["place"]["district"]["name"] == "龙华区"
    spans = {name: one["span"] for name, one in record["prefill"]["fields"].items() if name != "demand.content"}
    assert set(spans.values()) == {None}, spans


async def test_a_person_at_the_desk_sees_all_after_it_is_written_down(house: WebHouse) -> None:
    path = await read_form(house)
    csrf = await log_in(house)
    _, masked = await house.get(path, None)
    assert "王小明" not in str(masked)
    _, full = await house.get(f"{path}?unmasked=true", None)
    assert full["demand"]["content"] == SAID
    for _ in range(3):
        await house.get(f"{path}?unmasked=true", None)
    headers = {**csrf, "If-Match": str(full["version"])}
    body = {"demand": {"title": "王小明的路灯"}}
    status, full = await house.ask("PATCH", f"{path}?unmasked=true", None, json=body, headers=headers)
    assert (status, full["demand"]["title"]) == (200, "王小明的路灯")
    assert (await house.get(f"{path}?unmasked=true", "writer"))[0] == 403
    _, page = await house.get(f"/api/v1/audit?viewer=wang&ticket_id={full['ticket_id']}", "admin")
    assert [row["what"] for row in page["items"]] == ["reveal", "record"]


async def test_the_trail_is_for_admins_and_pages(house: WebHouse) -> None:
    call = await house.finished_call(SAID, external_id="c")
    path = f"/api/v1/tickets/{call.ticket_id}"
    await house.get(path, "reader")
    await house.get(f"{path}/vcon", "reader")
    await house.get(f"{path}/recordings/{call.interaction_id}", "listener")
    await house.get(path, "reader")
    assert (await house.get("/api/v1/audit", "writer"))[0] == 403
    assert (await house.get("/api/v1/audit?surprise=1", "admin"))[0] == 400
    assert (await house.get("/api/v1/audit?ticket_id=20200101-0000001", "admin"))[0] == 404
    _, page = await house.get(f"/api/v1/audit?ticket_id={call.ticket_id}", "admin")
    assert sorted(row["what"] for row in page["items"]) == ["export", "record", "recording"]
    rows, cursors, before = [], [], ""
    while True:
        _, page = await house.get(f"/api/v1/audit?limit=2{before}", "admin")
        rows += page["items"]
        if page["next_before"] is None:
            break
        assert page["next_before"] not in cursors, "a cursor led back"
        cursors.append(page["next_before"])
        before = f"&before={page['next_before']}"
    assert len(rows) == 3


async def test_who_looked_last_is_written_down_before_the_house_closes(
    house: WebHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "GATHER_S", 3600.0)
    made = await house.contact()
    await house.get(f"/api/v1/tickets/{made['ticket_id']}", "reader")
    assert await house.database.accounts.trail(ticket_id=made["ticket_id"]) == []
    await house.serving.aclose()
    rows = await house.database.accounts.trail(ticket_id=made["ticket_id"])
    assert [(row["actor"], row["action"]) for row in rows] == [("token:reader", "record")]


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"demand": {"category": {"code": "0199"}}}, "demand.category.code", None),
        ({"demand": {"category": {"code": "供水故障"}}}, "demand.category.code", "0101"),
        ({"handling": {"lead_unit": "市水务局"}}, "handling.lead_unit", "M02"),
        ({"handling": {"lead_unit": "m02"}}, "handling.lead_unit", "M02"),
        ({"handling": {"lead_unit": "没有这个单位"}}, "handling.lead_unit", None),
    ],
)
async def test_a_code_that_is_in_no_table_is_refused_and_the_nearest_is_named(
    house: WebHouse, body: dict[str, Any], path: str, code: str | None
) -> None:
    ticket = f"/api/v1/tickets/{(await house.contact())['ticket_id']}"
    _, before = await house.get(ticket)
    status, problem = await patched(house, ticket, body)
    assert (status, problem["code"]) == (422, "unknown_code")
    [error] = problem["errors"]
    assert error["path"] == path
    tables = {"demand.category.code": "taxonomy", "handling.lead_unit": "units"}
    _, table = await house.get(f"/api/v1/{tables[path]}")
    assert error["nearest"]["code"] in {item["code"] for item in table["items"]}
    assert code is None or error["nearest"]["code"] == code
    assert error["nearest"]["code"] in problem["detail"]
    assert error["nearest"]["name"] in problem["detail"]
    assert (await house.get(ticket))[1] == before


async def test_a_code_that_another_system_brought_may_stay(house: WebHouse) -> None:
    made = await house.contact()
    theirs = {
        ("demand", "category"): {"code": "streetlight", "l1": "道路", "l2": "路灯", "taxonomy_version": "open311"}
    }
    event = NewEvent(type="ticket.updated", at=house.clock.now())
    await house.database.changes.apply(Change(ticket_id=made["ticket_id"], ticket_fields=theirs, events=(event,)))
    path = f"/api/v1/tickets/{made['ticket_id']}"
    assert (await patched(house, path, {"demand": {"category": {"code": "streetlight"}}}))[0] == 200
    assert (await patched(house, path, {"demand": {"category": None}, "handling": {"lead_unit": None}}))[0] == 200
    assert (await patched(house, path, {"demand": {"category": {"code": "streetlight"}}}))[0] == 422
