"""OpenAPI, health, metrics, error shapes, headers, and peers that mean no good."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
import structlog

from gateway.web import app as web_app
from gateway.web import desk
from gateway.web.services import Limits
from tests.support.waiting import until
from tests.support.web_house import WebHouse, web_house

pytestmark = pytest.mark.integration


async def test_openapi_has_every_route_and_every_reference_resolves(house: WebHouse) -> None:
    status, document = await house.get("/api/v1/openapi.json", None)
    assert status == 200
    assert document["openapi"].startswith("3.1")
    served = {(route.method.lower(), route.path) for route in web_app.API_ROUTES}
    told = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert told == served
    for reference in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)):
        assert reference in document["components"]["schemas"], reference
    for path, methods in document["paths"].items():
        for operation in methods.values():
            named = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))
            for answer in operation["responses"].values():
                assert answer["description"]
    ids = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


def test_addresses_stay_where_they_were_promised() -> None:
    told = {route.path for route in (*web_app.API_ROUTES, *desk.ROUTES)}
    assert all(
        path.startswith(("/api/v1/", "/desk", "/unit", "/healthz", "/readyz", "/metrics")) or path == "/"
        for path in told
    )


async def test_an_answer_is_what_its_schema_says(house: WebHouse) -> None:
    call = await house.finished_call("龙华区路灯坏了", external_id="c")
    _, document = await house.get("/api/v1/openapi.json", None)
    schemas = document["components"]["schemas"]
    _, record = await house.get(f"/api/v1/tickets/{call.ticket_id}", "admin")
    assert set(schemas["Ticket"]["required"]) == set(record)
    assert set(schemas["Ticket"]["properties"]["requester"]["required"]) == set(record["requester"])
    assert set(schemas["Ticket"]["properties"]["demand"]["required"]) == set(record["demand"])
    assert set(schemas["Ticket"]["properties"]["place"]["required"]) == set(record["place"])
    assert set(schemas["Interaction"]["properties"]) == set(record["interactions"][0])
    _, page = await house.get(f"/api/v1/tickets/{call.ticket_id}/events")
    assert set(schemas["Event"]["required"]) == set(page["items"][0])


async def test_health_is_about_us_and_readiness_about_our_parts(house: WebHouse) -> None:
    assert await house.get("/healthz", None) == (200, {"status": "ok"})
    assert (await house.get("/readyz", None))[0] == 200
    house.parts["sql"] = False
    status, answer = await house.get("/readyz", None)
    assert (status, answer["parts"]["sql"]) == (503, False)
    house.parts["sql"] = True
    async with house.http.head(house.url + "/healthz") as answer:
        assert answer.status == 200


async def test_metrics_have_the_promised_names(house: WebHouse) -> None:
    await house.get("/api/v1/tickets/somebody-13800138000")
    _, raw = await house.get("/metrics", None)
    text = raw.decode()
    for name in (
        "gateway_calls_active",
        "gateway_rtp_ports_in_use",
        "gateway_tasks",
        "process_open_fds",
        "gateway_accept_seconds",
        "gateway_feed_pending",
        "gateway_feed_dead",
        "gateway_asr_backlog_seconds",
    ):
        assert re.search(rf"^# TYPE {name} ", text, re.MULTILINE), name
    assert 'route="/api/v1/tickets/{ticket}"' in text
    assert "13800138000" not in text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nope", 404),
        ("POST", "/healthz", 405),
        ("GET", "/api/v1/nope", 404),
        ("GET", "/desk/nope.js", 404),
        ("GET", "/desk/..%2f..%2fapp.py", 404),
        ("GET", "/desk/../../app.py", 404),
        ("PUT", "/api/v1/tickets", 405),
    ],
)
async def test_every_error_is_a_problem_detail(house: WebHouse, method: str, path: str, status: int) -> None:
    async with house.http.request(method, house.url + path) as answer:
        assert answer.status == status
        assert answer.content_type == "application/problem+json"
        body = await answer.json()
        assert {"type", "title", "status", "code", "detail"} <= set(body)
        if status == 405:
            assert answer.headers["Allow"]


async def test_a_fault_of_ours_tells_nothing(house: WebHouse, monkeypatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("SELECT secret FROM 13800138000")

    monkeypatch.setattr(type(house.database.reader), "tickets", broken)
    with structlog.testing.capture_logs() as logs:
        status, body = await house.get("/api/v1/tickets")
    assert (status, body["code"]) == (500, "internal_error")
    assert "SELECT" not in str(body)
    assert any(entry["event"] == "request_failed" for entry in logs)


async def test_log_lines_hold_no_personal_data(house: WebHouse) -> None:
    with structlog.testing.capture_logs() as logs:
        await house.get("/api/v1/tickets", params={"text": "13800138000"})
    line = next(entry for entry in logs if entry["event"] == "http_request")
    assert set(line) == {"event", "log_level", "component", "method", "route", "status", "ms", "pii_client"}
    assert "13800138000" not in str(line)


async def test_what_machines_ask_all_the_time_is_logged_at_debug_while_it_goes_well(house: WebHouse) -> None:
    asked = [
        ("GET", "/healthz", 200, "debug"),
        ("GET", "/readyz", 200, "debug"),
        ("GET", "/metrics", 200, "debug"),
        ("GET", "/desk/", 200, "debug"),
        ("GET", "/desk/app.js", 200, "debug"),
        ("GET", "/desk/nothing.js", 404, "info"),
        ("OPTIONS", "/api/v1/tickets", 405, "info"),
        ("GET", "/api/v1/tickets", 200, "info"),
    ]
    for method, path, status, level in asked:
        with structlog.testing.capture_logs() as logs:
            async with house.http.request(method, house.url + path, headers=house.bearer("writer")) as answer:
                assert answer.status == status, path
        lines = [entry for entry in logs if entry["event"] == "http_request"]
        assert [line["log_level"] for line in lines] == [level], path


async def test_only_who_proves_who_they_are_may_bring_an_id(house: WebHouse, capsys) -> None:
    theirs = "4bf92f3577b34da6a3ce929d0e0e4736"
    brought = {"traceparent": f"00-{theirs}-00f067aa0ba902b7-01"}
    body = {"source": {"name": "cityapp", "event_id": "t-1"}, "content": "路灯不亮"}
    for who, status in (("nobody", 401), ("contacts", 201)):
        headers = house.bearer(who)
        capsys.readouterr()
        async with house.http.post(f"{house.url}/api/v1/contacts", json=body, headers=headers | brought) as answer:
            assert answer.status == status, await answer.text()
        line = next(text for text in capsys.readouterr().err.splitlines() if "http_request" in text)
        assert (f"trace={theirs}" in line) is (status == 201)
        assert "trace=" in line
    ticket_id, _ = await house.database.ways.named(theirs)
    events = await house.database.reader.events(ticket_id=ticket_id)
    assert events


async def test_headers_protect_every_answer(house: WebHouse) -> None:
    for path in ("/desk/", "/api/v1/tickets", "/nope", "/healthz"):
        async with house.http.get(house.url + path) as answer:
            csp = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in csp
            assert "frame-ancestors 'none'" in csp
            assert "unsafe" not in csp
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] == ("no-cache" if path == "/desk/" else "no-store")
            assert "aiohttp" not in answer.headers["Server"].lower()
            assert "Access-Control-Allow-Origin" not in answer.headers


async def test_the_desk_is_served_with_its_types_and_not_twice(house: WebHouse) -> None:
    for name, kind in (
        ("", "text/html"),
        ("app.js", "text/javascript"),
        ("vendor/preact.js", "text/javascript"),
        ("shared/desk.css", "text/css"),
        ("icon.svg", "image/svg+xml"),
    ):
        async with house.http.get(f"{house.url}/desk/{name}") as answer:
            assert (answer.status, answer.content_type) == (200, kind)
            etag = answer.headers["ETag"]
        async with house.http.get(f"{house.url}/desk/{name}", headers={"If-None-Match": etag}) as answer:
            assert answer.status == 304
    async with house.http.get(house.url + "/desk", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (308, "/desk/")


def test_the_page_has_no_inline_script_or_style() -> None:
    page = desk.files()["desk/index.html"][0].decode()
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert "<style" not in page
    assert not re.search(r"\son\w+=|\sstyle=", page)


async def raw(house: WebHouse, sent: bytes, *, wait: bool = True) -> bytes:
    port = int(house.url.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    await writer.drain()
    try:
        return await asyncio.wait_for(reader.read(65_536), 20) if wait else b""
    finally:
        writer.close()


async def test_a_peer_that_never_ends_its_request_is_cut_off(tmp_path: Path) -> None:
    async with web_house(tmp_path, limits=Limits(stall_s=0.3, handler_s=0.3)) as house:
        assert await raw(house, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ") == b""
        head = (
            b"POST /api/v1/contacts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer token-of-contacts\r\nContent-Length: 100\r\n\r\n{"
        )
        assert b" 503 " in (await raw(house, head)).split(b"\r\n")[0]
        assert (await house.get("/healthz", None))[0] == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 5000 + b"\r\n",
    ],
)
async def test_bytes_that_are_no_request_harm_nobody(house: WebHouse, sent: bytes) -> None:
    answer = await raw(house, sent)
    assert answer == b"" or b" 40" in answer.split(b"\r\n")[0]
    assert (await house.get("/healthz", None))[0] == 200


async def test_a_listener_that_takes_no_bytes_is_dropped(tmp_path: Path) -> None:
    async with web_house(tmp_path, limits=Limits(stall_s=0.3)) as house:
        call = await house.finished_call("路灯坏了", external_id="c", seconds=600)
        path = f"/api/v1/tickets/{call.ticket_id}/recordings/{call.interaction_id}"
        port = int(house.url.rsplit(":", 1)[1])
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token-of-listener\r\n\r\n"
        writer.write(request.encode())
        await writer.drain()

        def busy() -> bool:
            return any(
                "start" in repr(task.get_coro()) and "RequestHandler" in repr(task.get_coro())
                for task in asyncio.all_tasks()
            )

        assert busy()
        await until(lambda: not busy(), "the end of the stalled answer")
        writer.close()
        assert (await house.get("/healthz", None))[0] == 200
