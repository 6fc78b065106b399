"""Reading, masking, correcting."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.words import Disposition
from gateway.errors import FeedRefused
from gateway.ports.refused_call import RefusedCall
from tests.support.searching import indexed
from tests.support.web_house import WebHouse, final

pytestmark = pytest.mark.integration
SAID = "龙华区民治街道的路灯坏了，我叫王五，电话13912345678"


async def test_a_ticket_is_found_by_id_and_by_number_however_written(house: WebHouse) -> None:
    made = await house.contact()
    no = made["ticket_no"]
    for name in (made["ticket_id"], made["ticket_id"].lower(), no, f"{no[:8]}-{no[8:]}"):
        status, record = await house.get(f"/api/v1/tickets/{name}")
        assert (status, record["ticket_id"]) == (200, made["ticket_id"])
    for name in ("nope", "20200101-0000001", "%00", "..%2f..%2fetc"):
        status, problem = await house.get(f"/api/v1/tickets/{name}")
        assert status in {404, 422}, name
        assert problem["status"] == status


async def test_named_tickets_come_as_far_as_they_fit_and_no_more_than_a_hundred(house: WebHouse) -> None:
    made = [await house.contact(f"第{n}件", event_id=str(n)) for n in range(3)]
    named = ",".join(made[n]["ticket_id"] for n in (2, 0))
    _, page = await house.get(f"/api/v1/tickets?ids={named}&order=newest", "reader")
    assert [item["ticket_id"] for item in page["items"]] == [made[2]["ticket_id"], made[0]["ticket_id"]]
    await indexed(house.database)
    _, page = await house.get("/api/v1/tickets", "reader", params={"ids": named, "text": "第2件"})
    assert [item["ticket_id"] for item in page["items"]] == [made[2]["ticket_id"]]
    for wrong in ("", "x", f"{named},", f"{named};", ",".join([made[0]["ticket_id"]] * 101)):
        status, problem = await house.get("/api/v1/tickets", "reader", params={"ids": wrong})
        assert (status, problem["code"]) == (400, "invalid_query"), wrong


async def test_lists_page_filter_and_follow_changes(house: WebHouse) -> None:
    for n in range(5):
        await house.contact(f"第{n}件", event_id=str(n), requester={"kind": "enterprise" if n == 3 else "citizen"})
    await house.finished_call("", external_id="silent", disposition=Disposition.ABANDONED_IN_FLOW)
    seen, cursors, cursor = [], [], ""
    while True:
        _, page = await house.get(f"/api/v1/tickets?limit=2{cursor}")
        seen += [item["ticket_no"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        assert page["next_cursor"] not in cursors, "a cursor led back"
        cursors.append(page["next_cursor"])
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 6
    assert "transcript" not in page["items"][0]["interactions"][0]
    _, page = await house.get("/api/v1/tickets?empty=false")
    assert len(page["items"]) == 5
    _, page = await house.get("/api/v1/tickets?empty=true&channel=sip")
    assert len(page["items"]) == 1
    _, page = await house.get("/api/v1/tickets?line=enterprise")
    assert [item["demand"]["content"] for item in page["items"]] == ["第3件"]
    await indexed(house.database)
    _, page = await house.get("/api/v1/tickets", params={"text": "第2件"})
    assert len(page["items"]) == 1
    _, page = await house.get("/api/v1/tickets?order=newest&limit=1&empty=false")
    assert page["items"][0]["demand"]["content"] == "第4件"
    last = await house.database.reader.last_event_seq()
    await house.contact("新的", event_id="new")
    _, page = await house.get(f"/api/v1/tickets?since={last}")
    assert [item["demand"]["content"] for item in page["items"]] == ["新的"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "since=-1",
        "since=x",
        "status=gone",
        "line=x",
        "empty=2",
        "surprise=1",
        "limit=1&limit=2",
    ],
)
async def test_a_query_that_is_not_one_is_told(house: WebHouse, query: str) -> None:
    status, problem = await house.get(f"/api/v1/tickets?{query}")
    assert (status, problem["code"]) == (400, "invalid_query")


async def test_a_cursor_that_is_not_ours_is_refused(house: WebHouse) -> None:
    status, _ = await house.get("/api/v1/tickets?cursor=abc")
    assert status == 422


async def test_only_admin_sees_names_and_numbers_and_looking_leaves_a_trace(house: WebHouse) -> None:
    call = await house.finished_call(SAID, external_id="c")
    await house.contact("找李四", event_id="n", requester={"kind": "citizen", "name": "欧阳三", "phone": "13800138000"})
    path = f"/api/v1/tickets/{call.ticket_id}"
    _, record = await house.get(path, "reader")
    text = str(record)
    assert "13800138000" not in text
    assert "13912345678" not in text
    assert record["requester"]["phone"] == "+86138****8000"
    assert record["prefill"]["fields"]["requester.callback_phone"]["value"] == "+86139****5678"
    shown = SAID.replace("13912345678", "139****5678").replace("王五", "王*")
    assert record["interactions"][0]["transcript"][-1]["text"] == shown
    _, page = await house.get("/api/v1/tickets?channel=platform", "reader")
    assert page["items"][0]["requester"]["name"] == "欧**"
    _, record = await house.get(path, "admin")
    assert record["requester"]["phone"] == "+8613800138000"
    await house.get("/api/v1/tickets", "admin")
    status, page = await house.get(f"/api/v1/audit?ticket_id={call.ticket_no}", "admin")
    assert status == 200, page
    assert {(row["viewer"], row["what"]) for row in page["items"]} == {
        ("token:reader", "record"),
        ("token:admin", "reveal"),
        ("token:admin", "list"),
    }


async def test_events_and_vcon_tell_the_story_masked(house: WebHouse) -> None:
    call = await house.finished_call(SAID, external_id="c")
    status, page = await house.get(f"/api/v1/tickets/{call.ticket_no}/events")
    assert [event["type"] for event in page["items"]][:2] == ["ticket.registered", "interaction.started"]
    assert page["next_after"] is None
    _, first = await house.get(f"/api/v1/tickets/{call.ticket_no}/events?limit=1")
    assert first["next_after"] == first["items"][0]["event_seq"]
    status, vcon = await house.get(f"/api/v1/tickets/{call.ticket_no}/vcon")
    document = json.loads(vcon)
    assert status == 200
    assert document["vcon"] == "0.4.0"
    assert document["parties"][0]["tel"] == "+86138****8000"
    assert document["dialog"][0]["type"] == "recording"
    assert document["dialog"][0]["content_hash"].startswith("sha256-")
    kinds = [one["type"] for one in document["analysis"]]
    assert kinds == ["transcript", "report"]
    assert document["uuid"][14] == "8"


async def test_a_person_corrects_fields_and_no_guess_touches_them_again(house: WebHouse) -> None:
    call = house.call(external_id="c")
    await call.open(
        {"name": "hotline", "version": "1"}, house.recordings.location(call.interaction_id, call.started_at)
    )
    await call.answered()
    await call.heard(final("路灯坏了", 0, 900))
    path = f"/api/v1/tickets/{call.ticket_id}"
    _, before = await house.get(path)
    patch = {
        "demand": {"type": "complaint", "urgency": {"level": "urgent", "reason": "夜间"}},
        "place": {"district": {"code": "440309", "name": "龙华区"}},
        "requester": {"callback_phone": "0755-12345678"},
        "line": "enterprise",
    }
    status, after = await house.ask("PATCH", path, json=patch, headers={"If-Match": f'"{before["version"]}"'})
    assert status == 200, after
    assert after["demand"]["type"] == "complaint"
    assert after["demand"]["urgency"]["level"] == "urgent"
    assert after["place"]["district"]["name"] == "龙华区"
    assert after["line"] == "enterprise"
    entry = after["prefill"]["fields"]["demand.type"]
    assert (entry["value"], entry["source"], entry["confirmed_by"]) == ("complaint", "agent", "token:writer")
    assert after["prefill"]["fields"]["place.district"]["value"] == "440309"
    await call.heard(final("我想表扬一下", 1000, 1900))
    _, later = await house.get(path)
    assert later["demand"]["type"] == "complaint"
    _, page = await house.get(f"{path}/events")
    corrected = next(event for event in page["items"] if event["type"] == "ticket.corrected")
    assert corrected["actor"] == "token:writer"
    assert corrected["data"]["fields"] == [
        "demand.type",
        "demand.urgency",
        "line",
        "place.district",
        "requester.callback_phone",
    ]
    assert "12345678" not in str(corrected)


async def test_a_guess_that_a_person_agrees_with_keeps_its_evidence(house: WebHouse) -> None:
    made = await house.contact("我要投诉楼下噪音扰民")
    path = f"/api/v1/tickets/{made['ticket_id']}"
    _, record = await house.get(path)
    guess = record["prefill"]["fields"]["demand.type"]
    status, after = await house.ask(
        "POST", f"{path}/actions/confirm", json={"paths": ["demand.type"]}, headers={"If-Match": str(record["version"])}
    )
    assert status == 200
    assert after["prefill"]["fields"]["demand.type"] == {**guess, "confirmed_by": "token:writer"}
    status, problem = await house.ask(
        "POST", f"{path}/actions/confirm", json={"paths": ["demand.nope"]}, headers={"If-Match": str(after["version"])}
    )
    assert (status, problem["code"]) == (422, "not_prefilled")


async def test_words_are_corrected_beside_what_was_recognised(house: WebHouse) -> None:
    call = await house.finished_call(SAID, external_id="c")
    path = f"/api/v1/tickets/{call.ticket_id}"
    _, record = await house.get(path)
    segment = record["interactions"][0]["transcript"][-1]
    patch = {
        "interactions": [
            {
                "interaction_id": call.interaction_id,
                "transcript": [{"seq": segment["seq"], "corrected_text": "民治街道的路灯坏了"}],
            }
        ]
    }
    headers = {"If-Match": f'"{record["version"]}"'}
    status, after = await house.ask("PATCH", path, json=patch, headers=headers)
    assert status == 200
    found = after["interactions"][0]["transcript"][-1]
    assert found["corrected_text"] == "民治街道的路灯坏了"
    assert found["text"] == segment["text"].replace("13912345678", "139****5678")
    patch["interactions"][0]["transcript"][0]["seq"] = 99
    status, _ = await house.ask("PATCH", path, json=patch, headers={"If-Match": f'"{after["version"]}"'})
    assert status == 422


async def test_a_version_is_asked_for_and_must_be_the_newest(house: WebHouse) -> None:
    made = await house.contact()
    path = f"/api/v1/tickets/{made['ticket_id']}"
    patch = {"demand": {"title": "路灯"}}
    assert (await house.ask("PATCH", path, json=patch))[0] == 428
    assert (await house.ask("PATCH", path, json=patch, headers={"If-Match": "*"}))[0] == 400
    async with house.http.get(house.url + path, headers=house.bearer("reader")) as answer:
        etag = answer.headers["ETag"]
    assert (await house.ask("PATCH", path, json=patch, headers={"If-Match": etag}))[0] == 200
    status, problem = await house.ask("PATCH", path, json=patch, headers={"If-Match": etag})
    assert (status, problem["code"]) == (412, "stale_version")


@pytest.mark.parametrize(
    "patch",
    [
        {},
        {"status": "archived"},
        {"demand": {"type": "wish"}},
        {"requester": {"name": "张*"}},
        {"requester": {"callback_phone": "123"}},
        {"line": None},
        {"place": {"lat": 91, "lon": 0, "crs": "WGS84"}},
        {"ticket_no": "1"},
        {"interactions": [{"interaction_id": "nope", "transcript": [{"seq": 1, "corrected_text": "x"}]}]},
    ],
)
async def test_only_what_may_be_corrected_can_be(house: WebHouse, patch: dict) -> None:
    made = await house.contact()
    path = f"/api/v1/tickets/{made['ticket_id']}"
    _, record = await house.get(path)
    status, problem = await house.ask("PATCH", path, json=patch, headers={"If-Match": str(record["version"])})
    assert status == 422, problem
    _, after = await house.get(path)
    assert after["version"] == record["version"]


async def test_null_clears_a_field(house: WebHouse) -> None:
    made = await house.contact()
    path = f"/api/v1/tickets/{made['ticket_id']}"
    _, record = await house.get(path)
    patch = {"demand": {"title": None}, "place": {"district": None}}
    status, after = await house.ask("PATCH", path, json=patch, headers={"If-Match": str(record["version"])})
    assert status == 200
    assert after["demand"]["title"] is None
    assert after["place"]["district"] == {"code": None, "name": None}


async def test_reading_does_not_allow_writing(house: WebHouse) -> None:
    made = await house.contact()
    path = f"/api/v1/tickets/{made['ticket_id']}"
    for method, rest in (("PATCH", ""), ("POST", "/actions/confirm"), ("POST", "/actions/reveal")):
        status, problem = await house.ask(method, path + rest, "reader", json={})
        assert (status, problem["code"]) == (403, "scope_missing")
    assert (await house.ask("POST", f"{path}/actions/launch", json={}))[0] == 404
    status, problem = await house.ask("POST", f"{path}/actions/reveal", "writer")
    assert (status, problem["code"]) == (403, "desk_only")


async def test_refused_calls_are_listed_longest_ago_first_and_masked(house: WebHouse) -> None:
    at = house.clock.now()
    store = house.database.refused_calls
    call = RefusedCall(
        channel_id="hotline", day=at.date().isoformat(), number="+8613800138000", phone="+8613800138000",
        to_raw="<sip:12345@198.51.100.1>", reason="full", proved=True, first_at=at, last_at=at, attempts=3,
    )  # fmt: skip
    long_ago = at - timedelta(hours=30)
    others = [
        replace(call, number="anonymous", phone=None, last_at=at - timedelta(hours=2)),
        replace(call, number="old", phone=None, last_at=long_ago),
    ]
    await store.add([call, *others], most_a_day=10)
    status, page = await house.get("/api/v1/refused-calls", "reader")
    assert status == 200
    nobody, somebody = page["items"]
    assert nobody["phone"] is None
    assert (somebody["number"], somebody["phone"], somebody["attempts"]) == ("+86138****8000", "+86138****8000", 3)
    assert (somebody["reason"], somebody["proved"], somebody["channel_id"]) == ("full", True, "hotline")
    _, page = await house.get("/api/v1/refused-calls?hours=48&limit=2", "admin")
    assert [item["number"] for item in page["items"]] == ["old", "anonymous"]
    _, page = await house.get("/api/v1/refused-calls", "admin")
    assert page["items"][1]["phone"] == "+8613800138000"
    assert (await house.get("/api/v1/refused-calls?hours=0", "reader"))[0] == 400


async def test_dead_letters_are_for_admins_to_see_and_replay(house: WebHouse) -> None:
    await house.contact()
    store = house.database.deliveries
    delivery = (await store.lease("cases", "me", limit=1, lease_s=60))[0]
    await store.failed("cases", delivery.event_seq, "HTTP 400: no", retry_in_s=None)
    assert (await house.get("/api/v1/feeds/dead-letters", "writer"))[0] == 403
    _, page = await house.get("/api/v1/feeds/dead-letters?feed=cases", "admin")
    assert page["items"][0]["last_error"] == "HTTP 400: no"
    _, counts = await house.get("/api/v1/feeds", "admin")
    assert counts["items"][0]["dead"] == 1
    path = f"/api/v1/feeds/cases/dead-letters/{delivery.event_seq}/replay"
    assert (await house.ask("POST", path, "admin"))[0] == 202
    assert (await house.get("/api/v1/feeds/dead-letters", "admin"))[1]["items"] == []
    assert (await house.ask("POST", path, "admin"))[0] == 404
    assert (await house.ask("POST", path.replace(str(delivery.event_seq), "x"), "admin"))[0] == 404


async def test_feeds_are_replayed_and_released_by_admins_and_it_is_written_down(house: WebHouse) -> None:
    for _ in range(3):
        await house.contact()
    store = house.database.deliveries
    while leased := await store.lease("cases", "me", limit=10, lease_s=60):
        await store.delivered("cases", [delivery.event_seq for delivery in leased])
    path = "/api/v1/feeds/cases/actions"
    assert (await house.ask("POST", f"{path}/replay", "writer", json={"all": True}))[0] == 403
    for wrong in ({}, {"all": True, "dead": True}, {"events": []}, {"since": 0}, {"begin": "2026-11-29"}, {"x": 1}):
        assert (await house.ask("POST", f"{path}/replay", "admin", json=wrong))[0] == 422, wrong
    status, told = await house.ask("POST", f"{path}/replay", "admin", json={"all": True})
    assert (status, told["feed"]) == (202, "cases")
    assert told["events"] >= 2
    [delivery] = await store.lease("cases", "me", limit=1, lease_s=60)
    await store.failed("cases", delivery.event_seq, "HTTP 422", retry_in_s=None)
    _, told = await house.ask("POST", f"{path}/replay", "admin", json={"dead": True, "since": delivery.event_seq})
    assert told["events"] == 1
    _, told = await house.ask("POST", f"{path}/replay", "admin", json={"events": [delivery.event_seq]})
    assert told["events"] == 0, "it waits already"
    assert (await house.ask("POST", "/api/v1/feeds/nobody/actions/replay", "admin", json={"all": True}))[0] == 404

    edge = {"begin": "0001-01-01T00:00:00+14:00", "end": "9999-12-31T23:59:59-14:00"}
    assert (await house.ask("POST", f"{path}/replay", "admin", json=edge))[0] in {202, 422}
    assert (await house.ask("POST", "/api/v1/feeds/%00/actions/release", "admin"))[0] == 404

    await store.hold("cases", FeedRefused("HTTP 401: no", cause="key", http_status=401), probe_in_s=60)
    _, page = await house.get("/api/v1/feeds", "admin")
    held = page["items"][0]["held"]
    assert (held["cause"], held["http_status"], held["why"]) == ("key", 401, "HTTP 401: no")
    assert "secret" in held["do"]
    assert (await house.ask("POST", f"{path}/release", "writer"))[0] == 403
    assert await house.ask("POST", f"{path}/release", "admin") == (202, {"feed": "cases", "released": True})
    assert (await house.ask("POST", f"{path}/release", "admin"))[1]["released"] is False
    assert (await house.get("/api/v1/feeds", "admin"))[1]["items"][0]["held"] is None
    trail = (await house.get("/api/v1/audit?limit=20", "admin"))[1]["items"]
    assert [entry["what"] for entry in trail if entry["what"].startswith("feed.")].count("feed.released") == 2
    assert {"feed": "cases", "all": True} in [entry["detail"] for entry in trail]
