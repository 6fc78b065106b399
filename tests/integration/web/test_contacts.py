"""POST /api/v1/contacts: accepted once, whoever sends it how often."""

from __future__ import annotations

import json
import time

import pytest

from gateway.errors import StoreUnavailable
from gateway.web.api.contacts import signature
from gateway.web.services import Limits
from tests.support.web_house import SOURCE_SECRET, WebHouse, web_house

pytestmark = pytest.mark.integration

BODY = {
    "source": {"name": "cityapp", "event_id": "evt-1"},
    "requester": {"kind": "citizen", "phone": "13800138000", "name": "张三"},
    "content": "龙华区民治街道路灯坏了，请尽快维修",
}
PATH = "/api/v1/contacts"


async def test_a_contact_becomes_a_ticket_with_what_it_said(house: WebHouse) -> None:
    body = {
        **BODY,
        "place": {"address": "民治大道 1 号", "district": {"code": "440309", "name": "龙华区"}},
        "attachments": [{"name": "lamp.jpg", "media_type": "image/jpeg", "url": "https://app.example/lamp.jpg"}],
    }
    status, answer = await house.ask("POST", PATH, "contacts", json=body)
    assert status == 201
    assert set(answer) == {"ticket_id", "ticket_no", "interaction_id"}
    _, record = await house.get(f"/api/v1/tickets/{answer['ticket_id']}", "admin")
    assert record["ticket_no"] == answer["ticket_no"]
    assert record["channel"] == "platform"
    assert record["source"] == {"name": "cityapp", "event_id": "evt-1"}
    assert record["requester"]["phone"] == "+8613800138000"
    assert record["requester"]["name"] == "张三"
    assert record["demand"]["content"] == BODY["content"]
    assert record["place"]["address"] == "民治大道 1 号"
    assert record["place"]["district"] == {"code": "440309", "name": "龙华区"}
    assert record["attachments"][0]["url"] == "https://app.example/lamp.jpg"
    assert record["interactions"][0]["messages"][0]["text"] == BODY["content"]


async def test_a_repeat_changes_nothing_and_another_body_under_the_key_is_refused(house: WebHouse) -> None:
    headers = {"Idempotency-Key": "k-1"}
    status, first = await house.ask("POST", PATH, "contacts", json=BODY, headers=headers)
    assert status == 201
    reordered = json.dumps(dict(reversed(BODY.items())), indent=2)
    status, again = await house.ask(
        "POST", PATH, "contacts", data=reordered, headers={**headers, "Content-Type": "application/json"}
    )
    assert (status, again) == (200, first)
    status, problem = await house.ask("POST", PATH, "contacts", json={**BODY, "content": "别的事"}, headers=headers)
    assert (status, problem["code"]) == (409, "conflict")
    _, page = await house.get("/api/v1/tickets")
    assert len(page["items"]) == 1


async def test_the_same_key_of_another_client_is_another_contact(house: WebHouse) -> None:
    headers = {"Idempotency-Key": "k-1"}
    await house.ask("POST", PATH, "contacts", json=BODY, headers=headers)
    status, _ = await house.ask("POST", PATH, "admin", json={**BODY, "content": "别的事"}, headers=headers)
    assert status == 201


async def test_messages_of_a_conversation_share_a_ticket(house: WebHouse) -> None:
    one = await house.contact("路灯坏了", event_id="a", conversation_id="c1")
    two = await house.contact("在民治街道", event_id="b", conversation_id="c1")
    assert one["ticket_id"] == two["ticket_id"]
    other = await house.contact("别的", event_id="c")
    assert other["ticket_id"] != one["ticket_id"]


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        ({**BODY, "surprise": 1}, 422, "surprise"),
        ({**BODY, "content": ""}, 422, "content"),
        ({**BODY, "content": "x" * 20_001}, 422, "content"),
        ({**BODY, "source": {"name": "a b"}}, 422, "source.name"),
        ({**BODY, "requester": {"kind": "alien"}}, 422, "requester.kind"),
        ({**BODY, "place": {"lat": 22.5, "lon": 114.0}}, 422, "place"),
        (
            {**BODY, "attachments": [{"name": "x", "media_type": "a/b", "url": "file:///etc/passwd"}]},
            422,
            "attachments",
        ),
        ({**BODY, "sent_at": "2026-01-01T00:00:00"}, 422, "sent_at"),
        ({**BODY, "sent_at": "0001-01-01T00:00:00+08:00"}, 422, "sent_at"),
        ({**BODY, "sent_at": "1999-12-31T00:00:00+08:00"}, 422, "sent_at"),
        ([BODY], 422, ""),
    ],
)
async def test_a_body_that_is_not_one_is_refused_with_its_place(
    house: WebHouse, body: object, status: int, path: str
) -> None:
    answered, problem = await house.ask("POST", PATH, "contacts", json=body)
    assert answered == status
    assert problem["errors"][0]["path"].startswith(path)


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"\xff\xfe", "application/json", 400),
        (b'{"a":"\\ud800"}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
    ],
)
async def test_bytes_that_are_no_json_are_refused(house: WebHouse, data: bytes, kind: str, status: int) -> None:
    answered, problem = await house.ask("POST", PATH, "contacts", data=data, headers={"Content-Type": kind})
    assert answered == status
    assert problem["status"] == status


async def test_a_contact_of_the_future_is_refused(house: WebHouse) -> None:
    status, problem = await house.ask("POST", PATH, "contacts", json={**BODY, "sent_at": "9999-12-31T23:00:00Z"})
    assert (status, problem["code"]) == (422, "rejected_input")
    assert problem["detail"].startswith("sent_at")


async def test_a_contact_that_cannot_be_read_is_kept(house: WebHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("six")

    monkeypatch.setattr("gateway.prefill.reader.who", broken)
    answer = await house.contact("民治街道的路灯坏了")
    _, record = await house.get(f"/api/v1/tickets/{answer['ticket_id']}", "admin")
    assert record["demand"]["content"] == "民治街道的路灯坏了"
    assert record["prefill"]["mentions"] == []


async def test_text_that_sql_cannot_hold_is_refused_alone(house: WebHouse) -> None:
    status, problem = await house.ask("POST", PATH, "contacts", json={**BODY, "content": "a\0b"})
    assert (status, problem["code"]) == (422, "rejected_input")
    await house.contact()


async def test_a_key_is_asked_for(house: WebHouse) -> None:
    body = {**BODY, "source": {"name": "cityapp"}}
    status, problem = await house.ask("POST", PATH, "contacts", json=body)
    assert (status, problem["code"]) == (400, "idempotency_key_missing")
    status, _ = await house.ask("POST", PATH, "contacts", json=body, headers={"Idempotency-Key": "k"})
    assert status == 201
    status, _ = await house.ask("POST", PATH, "contacts", json=body, headers={"Idempotency-Key": "k" * 201})
    assert status == 400


async def test_scopes_hold(house: WebHouse) -> None:
    assert (await house.ask("POST", PATH, "reader", json=BODY))[0] == 403
    assert (await house.ask("POST", PATH, None, json=BODY))[0] == 401
    assert (await house.get("/api/v1/tickets", "contacts"))[0] == 403


async def test_a_signed_source_needs_no_token(house: WebHouse) -> None:
    raw = json.dumps(BODY).encode()
    now = int(time.time())
    headers = {"Content-Type": "application/json", "X-Gateway-Signature": signature(SOURCE_SECRET, raw, now)}
    status, first = await house.ask("POST", PATH, None, data=raw, headers=headers)
    assert status == 201
    assert await house.ask("POST", PATH, None, data=raw, headers=headers) == (200, first)


@pytest.mark.parametrize("flaw", ["secret", "body", "old", "form", "source"])
async def test_a_signature_that_does_not_fit_is_refused(house: WebHouse, flaw: str) -> None:
    raw = json.dumps({**BODY, "source": {"name": "reader", "event_id": "1"}} if flaw == "source" else BODY).encode()
    at = int(time.time()) - (301 if flaw == "old" else 0)
    signed = signature("wrong" if flaw == "secret" else SOURCE_SECRET, raw, at)
    if flaw == "form":
        signed = signed.replace("t=", "")
    headers = {"Content-Type": "application/json", "X-Gateway-Signature": signed}
    status, problem = await house.ask("POST", PATH, None, data=raw + (b" " if flaw == "body" else b""), headers=headers)
    assert (status, problem["code"]) == (401, "unauthorized")
    assert (await house.get("/api/v1/tickets"))[1]["items"] == []


async def test_a_body_too_large_and_a_client_too_fast_are_told_so(tmp_path) -> None:
    async with web_house(tmp_path, limits=Limits(body_bytes=2000, contacts_per_s=0.5)) as house:
        status, problem = await house.ask("POST", PATH, "contacts", json={**BODY, "content": "长" * 2000})
        assert (status, problem["code"]) == (413, "body_too_large")
        answers = [await house.ask("POST", PATH, "contacts", json=BODY) for _ in range(3)]
        assert 429 in [status for status, _ in answers]


async def test_a_store_that_is_down_asks_to_come_back(house: WebHouse, monkeypatch) -> None:
    async def down(*_: object) -> None:
        raise StoreUnavailable("the disk is full", retry_after_s=7)

    monkeypatch.setattr(type(house.database.changes), "execute", down)
    async with house.http.post(house.url + PATH, json=BODY, headers=house.bearer("contacts")) as answer:
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "7"
        assert answer.content_type == "application/problem+json"
