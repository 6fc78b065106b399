"""Contacts of city platforms, grid workers, sensors and monitors: coordinates, files, signatures, status."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.intake.media.attachment_files import AttachmentFiles
from gateway.ports.channel import SigningSource
from gateway.web.api.contacts import signature, status_text
from tests.support.web_house import SOURCE_SECRET, WebHouse, web_house

pytestmark = pytest.mark.integration
PATH = "/api/v1/contacts"
JPEG = b"\xff\xd8\xff\xe0" + b"lamp" * 300
GRID: dict[str, Any] = {
    "source": {"name": "cityapp", "event_id": "grid/1 号"},
    "requester": {"kind": "grid_worker", "name": "王网格"},
    "content": "窨井盖缺失",
    "place": {"grid_id": "460105-012", "lat": 20.025, "lon": 110.192, "crs": "gcj-02", "accuracy_m": 8},
    "grid": {"worker_id": "w-17", "tried": "已放置警示锥"},
}
SECRET, PREVIOUS = "the secret of the city brain", "the secret that it had before"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    sources = {"citybrain": SigningSource(channel_id="brain", secret=SECRET, previous_secret=PREVIOUS)}
    files = AttachmentFiles(tmp_path / "attachments", max_bytes=5000)
    async with web_house(tmp_path, files=files, sources=sources) as opened:
        yield opened


def form(body: Any, *files: tuple[str, bytes], first: str = "contact") -> aiohttp.FormData:
    data = aiohttp.FormData()
    data.add_field(first, json.dumps(body), content_type="application/json")
    for name, content in files:
        data.add_field("file", content, filename=name, content_type="application/octet-stream")
    return data


async def record(house: WebHouse, answer: dict[str, Any]) -> dict[str, Any]:
    return dict((await house.get(f"/api/v1/tickets/{answer['ticket_id']}", "admin"))[1])


async def test_a_grid_workers_report_keeps_place_raw_fix_and_what_was_tried(house: WebHouse) -> None:
    status, answer = await house.ask("POST", PATH, "contacts", json=GRID)
    assert status == 201
    found = await record(house, answer)
    place = found["place"]
    assert place["crs"] == "WGS84"
    assert place["grid_id"] == "460105-012"
    assert 0.0005 < abs(place["lat"] - 20.025) + abs(place["lon"] - 110.192) < 0.02
    text, location = found["interactions"][0]["messages"]
    assert text["text"] == "窨井盖缺失\n已尝试：已放置警示锥" == found["demand"]["content"]
    assert (location["kind"], location["text"]) == ("location", "GCJ02 20.025,110.192 ±8 m")
    again = {**GRID, "source": {**GRID["source"], "event_id": "2"}, "requester": {"kind": "grid_worker"}}
    _, second = await house.ask("POST", PATH, "contacts", json=again)
    known = (await record(house, second))["requester"]
    assert known["returning"]
    assert known["name"] is None
    _, offered = await house.get(f"/api/v1/tickets/{second['ticket_id']}/same-requester", "admin")
    assert [one["name"] for one in offered["items"]] == ["王网格"]


async def test_sensors_and_monitors_say_where_it_comes_from(house: WebHouse) -> None:
    reading = {"device_id": "W-3", "metric": "水位", "value": 2.4, "unit": "m", "threshold": 2}
    body = {"source": {"name": "water", "event_id": "1"}, "requester": {"kind": "machine"}, "content": "水位超限"}
    _, answer = await house.ask("POST", PATH, "contacts", json={**body, "sensor": reading})
    found = await record(house, answer)
    assert found["requester"]["kind"] == "machine"
    assert found["demand"]["content"] == "水位超限\n监测：W-3 水位 2.4 m（阈值 2）"
    media = {"outlet": "日报", "title": "积水", "url": "https://news.example/1"}
    body["source"] = {"name": "media", "event_id": "1"}
    _, answer = await house.ask("POST", PATH, "contacts", json={**body, "media": media})
    assert (await record(house, answer))["demand"]["content"].endswith("来源：日报 《积水》 https://news.example/1")


async def test_files_are_kept_by_their_content(house: WebHouse, tmp_path: Path) -> None:
    status, answer = await house.ask("POST", PATH, "contacts", data=form(GRID, ("../../lamp.html", JPEG)))
    assert status == 201
    digest = hashlib.sha256(JPEG).hexdigest()
    (file,) = (tmp_path / "attachments").glob(f"*/*/*/{digest}")
    assert file.read_bytes() == JPEG
    found = await record(house, answer)
    (kept,) = found["attachments"]
    assert {k: kept[k] for k in ("name", "media_type", "bytes", "sha256")} == {
        "name": "lamp.html",
        "media_type": "image/jpeg",
        "bytes": len(JPEG),
        "sha256": digest,
    }
    assert await house.get(kept["url"], "admin") == (200, JPEG)
    picture = found["interactions"][0]["messages"][-1]
    assert (picture["kind"], picture["attachment_id"]) == ("image", kept["attachment_id"])
    replay = await house.ask("POST", PATH, "contacts", data=form(GRID, ("../../lamp.html", JPEG)))
    assert replay == (200, answer)
    status, _ = await house.ask("POST", PATH, "contacts", data=form(GRID, ("lamp.jpg", JPEG + b"x")))
    assert status == 409


async def test_a_signed_form_names_its_files(house: WebHouse) -> None:
    listed = {"name": "lamp.jpg", "sha256": hashlib.sha256(JPEG).hexdigest()}
    body = {**GRID, "attachments": [listed]}
    signed = {"X-Gateway-Signature": signature(SOURCE_SECRET, json.dumps(body).encode(), int(time.time()))}

    async def post(*files: tuple[str, bytes]) -> tuple[int, Any]:
        return await house.ask("POST", PATH, None, data=form(body, *files), headers=signed)

    assert (await post(("lamp.jpg", JPEG)))[0] == 201
    assert (await post(("lamp.jpg", JPEG), ("more.jpg", JPEG + b"x")))[1]["code"] == "file_not_signed"
    assert (await post())[1]["code"] == "file_missing"
    forged = await house.ask("POST", PATH, None, data=form(GRID, ("lamp.jpg", JPEG)), headers=signed)
    assert forged[0] == 401


@pytest.mark.parametrize(
    ("files", "status", "code"),
    [
        ([("a.jpg", b"<html><script>")], 422, "file_not_allowed"),
        ([("a.jpg", b"MZ\x90\x00")], 422, "file_not_allowed"),
        ([("a.jpg", b"")], 422, "file_empty"),
        ([("a.jpg", JPEG * 5)], 413, "file_too_large"),
        ([(f"{n}.jpg", JPEG) for n in range(21)], 413, "too_many_files"),
    ],
)
async def test_files_that_are_not_taken(house: WebHouse, files: list[Any], status: int, code: str) -> None:
    answered, problem = await house.ask("POST", PATH, "contacts", data=form(GRID, *files))
    assert (answered, problem["code"]) == (status, code)
    assert (await house.get("/api/v1/tickets"))[1]["items"] == []


PART = b'--x\r\nContent-Disposition: form-data; name="contact"\r\n'
JSON = json.dumps(GRID).encode()
GOOD = PART + b"\r\n" + JSON + b"\r\n--x--\r\n"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("multipart/form-data", GOOD),
        ("multipart/form-data; boundary=" + "y" * 80, GOOD),
        ("multipart/form-data; boundary=other", GOOD),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", PART + b"\r\n" + JSON),
        ("multipart/form-data; boundary=x", PART + b"Content-Transfer-Encoding: base64\r\n\r\ne30=\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", PART + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\r\n--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            PART + b"Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\na\r\n--i--\r\n--x--\r\n",
        ),
        ("multipart/form-data; boundary=x", GOOD.replace(b'"contact"', b'"other"')),
        ("multipart/form-data; boundary=x", PART + b"H: " + b"a" * 20_000 + b"\r\n\r\n{}\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", PART + b"\r\n" + b"[" * 300_000 + b"\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", PART + b"\r\n\xff\xfe\r\n--x--\r\n"),
    ],
)
async def test_hostile_forms_are_refused_whole(house: WebHouse, kind: str, data: bytes) -> None:
    headers = {"Content-Type": kind}
    status, problem = await house.ask("POST", PATH, "contacts", data=data, headers=headers)
    assert status in {400, 413, 422}, problem
    assert problem["status"] == status
    assert (await house.get("/api/v1/tickets"))[1]["items"] == []


@pytest.mark.parametrize("crs", ["mars", "", None, 7])
async def test_coordinates_without_a_system_are_refused(house: WebHouse, crs: object) -> None:
    place = {"lat": 20.0, "lon": 110.0} | ({"crs": crs} if crs is not None else {})
    status, problem = await house.ask("POST", PATH, "contacts", json={**GRID, "place": place})
    assert status == 422
    assert problem["errors"][0]["path"].startswith("place")


def signed_status(source: str, event_id: str, secret: str, at: float | None = None) -> dict[str, str]:
    stamp = int(at if at is not None else time.time())
    return {"X-Gateway-Signature": signature(secret, status_text(source, event_id), stamp)}


async def test_a_source_asks_what_became_of_it(house: WebHouse) -> None:
    event_id = GRID["source"]["event_id"]
    _, answer = await house.ask("POST", PATH, "contacts", json=GRID, headers={"Idempotency-Key": "k"})
    path = f"{PATH}/cityapp/{quote(event_id, safe='')}"
    status, told = await house.get(path, "contacts")
    assert status == 200
    assert (told["ticket_no"], told["status"], told["public_reply"]) == (answer["ticket_no"], "registered", None)
    assert "王网格" not in json.dumps(told, ensure_ascii=False)
    assert (await house.get(path, "reader"))[0] == 403
    assert (await house.get(path, None))[0] == 401
    # Another client's contact is none of theirs, whoever's name it carries.
    assert (await house.get(path, None, headers=signed_status("cityapp", event_id, SOURCE_SECRET)))[0] == 404


async def test_a_configured_source_needs_no_token(house: WebHouse) -> None:
    raw = json.dumps({**GRID, "source": {"name": "citybrain", "event_id": "7"}}).encode()
    headers = {
        "X-Gateway-Signature": signature(SECRET, raw, int(time.time())),
        "Content-Type": "application/json",
    }
    status, answer = await house.ask("POST", PATH, None, data=raw, headers=headers)
    assert status == 201
    assert (await record(house, answer))["channel_id"] == "brain"
    path = f"{PATH}/citybrain/7"
    status, told = await house.get(path, None, headers=signed_status("citybrain", "7", SECRET))
    assert (status, told["ticket_id"]) == (200, answer["ticket_id"])
    for flawed in (
        signed_status("citybrain", "8", SECRET),
        signed_status("citybrain", "7", "another secret"),
        signed_status("citybrain", "7", SECRET, at=time.time() - 301),
        signed_status("citybrain", "7", SECRET, at=time.time() + 301),
        {"X-Gateway-Signature": "t=1,v1="},
    ):
        assert (await house.get(path, None, headers=flawed))[0] == 401
    assert (await house.get(f"{PATH}/citybrain/8", None, headers=signed_status("citybrain", "8", SECRET)))[0] == 404


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    extra=st.dictionaries(
        st.sampled_from(["content", "place", "grid", "sensor", "media", "requester", "attachments", "sent_at", "line"]),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
            max_leaves=5,
        ),
    ),
    event_id=st.text(min_size=1, max_size=30),
)
async def test_whatever_comes_is_answered_in_the_api_s_own_words(
    house: WebHouse, extra: dict[str, Any], event_id: str
) -> None:
    body = {**GRID, "source": {"name": "cityapp", "event_id": event_id}, **extra}
    status, answer = await house.ask(
        "POST", PATH, "contacts", data=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert status in {200, 201, 400, 409, 422}, answer
    if status >= 400:
        assert answer["status"] == status


async def test_while_its_secret_changes_a_source_may_sign_with_either(house: WebHouse) -> None:
    for event_id, secret, status in (("1", SECRET, 201), ("2", PREVIOUS, 201), ("3", "neither of the two", 401)):
        raw = json.dumps({**GRID, "source": {"name": "citybrain", "event_id": event_id}}).encode()
        headers = {
            "X-Gateway-Signature": signature(secret, raw, int(time.time())),
            "Content-Type": "application/json",
        }
        assert (await house.ask("POST", PATH, None, data=raw, headers=headers))[0] == status
