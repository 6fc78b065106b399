"""The webhook feed against a real receiver: scripts/case_system.py, and servers that misbehave."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from gateway.errors import FeedRefused, PermanentDeliveryError, TransientDeliveryError
from gateway.feeds import FEED_KINDS, FeedContext
from gateway.feeds.webhook import WebhookFeed, WebhookSettings, retry_after_s, signature
from gateway.ports.feed import Delivery
from scripts.case_system import CaseSystem, signed
from tests.support.certificates import Authority
from tests.support.ports import LOOPBACK
from tests.support.servers import served
from tests.support.sessions import open_sessions

pytestmark = pytest.mark.integration

SECRET = "0123456789abcdef"
PUBLIC = "https://12345.example"


def delivery(seq: int = 1, **record: Any) -> Delivery:
    event = {"event_seq": seq, "event_id": f"E{seq}", "type": "ticket.registered", "data": {}}
    return Delivery(
        feed="cases",
        event_seq=seq,
        event_id=f"E{seq}",
        type="ticket.registered",
        at="2026-11-23T08:00:00.000Z",
        ticket_id="T1",
        attempts=0,
        event=event,
        record={"ticket_id": "T1", "demand": {"content": "路灯坏了"}, "interactions": [], **record},
    )


def context(schemas_url: str = "") -> FeedContext:
    def no_redis(_: str) -> Any:
        raise AssertionError("a webhook needs no Redis")

    return FeedContext(feed_id="cases", public_url=PUBLIC, schemas_url=schemas_url, open_redis=no_redis)


async def send(url: str, what: Delivery, **options: Any) -> None:
    feed = WebhookFeed(WebhookSettings(url=url, secret=SECRET, **options), context())
    try:
        await feed.deliver(what)
    finally:
        await feed.aclose()


@pytest.fixture
async def case_system(tmp_path: Path) -> AsyncIterator[tuple[CaseSystem, str]]:
    receiver = CaseSystem(secret=SECRET, log=tmp_path / "cases.jsonl")
    url = await receiver.start()
    yield receiver, url
    await receiver.stop()


Serve = Callable[..., Awaitable[str]]
"""Of a handler, and a side of TLS where it speaks that."""


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """A server's side of TLS, with a certificate of nobody that we know."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*Authority(tmp_path).issue(LOOPBACK))
    return context


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a server with one handler; its URL."""
    async with AsyncExitStack() as stack:

        async def start(
            handler: Callable[[web.Request], Awaitable[web.StreamResponse]], tls: ssl.SSLContext | None = None
        ) -> str:
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", handler)
            return f"{await stack.enter_async_context(served(app, tls=tls))}/events"

        yield start


def answering(status: int, **headers: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status, text="why not", headers={k.replace("_", "-"): v for k, v in headers.items()})

    return handler


async def test_closed_it_sends_and_opens_nothing(case_system: tuple[CaseSystem, str]) -> None:
    receiver, url = case_system
    feed = WebhookFeed(WebhookSettings(url=url, secret=SECRET), context())
    await feed.deliver(delivery())
    await feed.aclose()
    before = open_sessions()
    with pytest.raises(TransientDeliveryError):
        await feed.deliver(delivery(2))
    assert open_sessions() == before
    assert len(list(receiver.ledger.posts())) == 1


async def test_a_receiver_gets_a_signed_cloud_event(case_system: tuple[CaseSystem, str]) -> None:
    receiver, url = case_system
    await send(url, delivery())
    [post] = receiver.ledger.posts()
    assert post["receipt"] == "CASE-00000001"
    assert {k: post[k] for k in ("specversion", "id", "source", "type", "subject", "time", "sequence")} == {
        "specversion": "1.0",
        "id": "E1",
        "source": "https://12345.example",
        "type": "cn.hotline12345.ticket.registered",
        "subject": "T1",
        "time": "2026-11-23T08:00:00.000Z",
        "sequence": "1",
    }
    assert post["data"]["ticket"]["demand"]["content"] == "路灯坏了"
    assert post["data"]["event"]["event_seq"] == 1


async def test_a_repetition_gets_the_same_receipt_and_survives_a_restart(
    case_system: tuple[CaseSystem, str], tmp_path: Path
) -> None:
    receiver, url = case_system
    for _ in range(2):
        await send(url, delivery(1))
    await send(url, delivery(2))
    assert receiver.summary() == {
        "raw_posts": 3,
        "events": 2,
        "tickets": 1,
        "out_of_order": 0,
        "bad_signatures": 0,
    }
    with (tmp_path / "cases.jsonl").open("ab") as log:
        log.write(b'{"torn')
    again = CaseSystem(secret=SECRET, log=tmp_path / "cases.jsonl")
    assert again.ledger.receipts == {"E1": "CASE-00000001", "E2": "CASE-00000002"}
    again.ledger.close()


async def test_a_wrong_secret_is_no_events_fault(case_system: tuple[CaseSystem, str]) -> None:
    receiver, url = case_system
    feed = WebhookFeed(WebhookSettings(url=url, secret="another secret, as long"), context())
    with pytest.raises(FeedRefused, match="HTTP 401") as caught:
        await feed.deliver(delivery())
    assert (caught.value.cause, caught.value.http_status) == ("key", 401)
    await feed.aclose()
    assert receiver.summary()["bad_signatures"] == 1
    assert receiver.summary()["raw_posts"] == 0


async def test_headers_carry_the_idempotency_key(serve: Serve) -> None:
    seen: list[tuple[Any, bytes]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append((request.headers.copy(), await request.read()))
        return web.Response(status=204)

    url = await serve(handler)
    await send(url, delivery())
    await send(url, replace(delivery(), trace="4bf92f3577b34da6a3ce929d0e0e4736"))
    [(headers, body), (traced, _)] = seen
    assert "traceparent" not in headers
    assert traced["traceparent"] == "00-4bf92f3577b34da6a3ce929d0e0e4736-a3ce929d0e0e4736-01"
    assert headers["Idempotency-Key"] == "E1"
    assert headers["Content-Type"].startswith("application/cloudevents+json")
    assert signed(SECRET.encode(), body, headers["X-Gateway-Signature"])
    assert not signed(SECRET.encode(), body + b" ", headers["X-Gateway-Signature"])


@pytest.mark.parametrize(
    ("schemas_url", "type_", "told"),
    [
        (PUBLIC, "ticket.urged", f"{PUBLIC}/api/v1/events/schemas/ticket.urged/1"),
        (f"{PUBLIC}/", "ticket.urged", f"{PUBLIC}/api/v1/events/schemas/ticket.urged/1"),
        ("", "ticket.urged", None),
        (PUBLIC, "ticket.of_a_newer_release", None),
    ],
)
async def test_the_schema_of_the_data_is_named_where_it_can_be_fetched(
    case_system: tuple[CaseSystem, str], schemas_url: str, type_: str, told: str | None
) -> None:
    receiver, url = case_system
    feed = WebhookFeed(WebhookSettings(url=url, secret=SECRET), context(schemas_url))
    await feed.deliver(replace(delivery(), type=type_))
    await feed.aclose()
    [post] = receiver.ledger.posts()
    assert post.get("dataschema") == told
    assert receiver.summary()["bad_signatures"] == 0


@pytest.mark.parametrize("status", [200, 201, 202, 204, 409])
async def test_delivered(serve: Serve, status: int) -> None:
    await send(await serve(answering(status)), delivery())


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_later(serve: Serve, status: int) -> None:
    with pytest.raises(TransientDeliveryError, match=f"HTTP {status}: why not") as caught:
        await send(await serve(answering(status, Retry_After="7")), delivery())
    assert caught.value.retry_after_s == 7.0


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (401, "key"),
        (403, "key"),
        (407, "key"),
        *((status, "address") for status in (301, 302, 304, 404, 405, 406, 410, 415, 421, 426)),
    ],
)
async def test_nobodys_event_is_at_fault(serve: Serve, status: int, cause: str) -> None:
    with pytest.raises(FeedRefused, match=f"HTTP {status}") as caught:
        await send(await serve(answering(status)), delivery())
    assert (caught.value.cause, caught.value.http_status) == (cause, status)


async def test_a_name_that_is_not_found() -> None:
    with pytest.raises(FeedRefused) as caught:
        await send("http://no-such-host.invalid/events", delivery())
    assert caught.value.cause == "name"


async def test_a_certificate_of_nobody(tls: ssl.SSLContext, serve: Serve) -> None:
    with pytest.raises(FeedRefused) as caught:
        await send(await serve(answering(200), tls), delivery())
    assert caught.value.cause == "certificate"


async def test_while_the_secret_changes_either_one_is_right(case_system: tuple[CaseSystem, str]) -> None:
    receiver, url = case_system
    for own, previous in (("a new secret, as long", SECRET), (SECRET, "a new secret, as long")):
        feed = WebhookFeed(WebhookSettings(url=url, secret=own, previous_secret=previous), context())
        await feed.deliver(delivery())
        await feed.aclose()
    assert receiver.summary()["bad_signatures"] == 0


@pytest.mark.parametrize("status", [400, 402, 411, 413, 422, 451])
async def test_never(serve: Serve, status: int) -> None:
    with pytest.raises(PermanentDeliveryError, match=f"HTTP {status}"):
        await send(await serve(answering(status)), delivery())


async def test_a_redirect_is_not_followed(serve: Serve, case_system: tuple[CaseSystem, str]) -> None:
    receiver, elsewhere = case_system
    with pytest.raises(FeedRefused, match="HTTP 307"):
        await send(await serve(answering(307, Location=elsewhere)), delivery())
    assert receiver.summary()["raw_posts"] == 0


async def test_nobody_there(case_system: tuple[CaseSystem, str]) -> None:
    receiver, url = case_system
    await receiver.stop()
    with pytest.raises(TransientDeliveryError):
        await send(url, delivery())
    receiver.ledger = type(receiver.ledger)(receiver.ledger.path)


async def test_an_answer_that_is_lost_is_no_success(tmp_path: Path) -> None:
    receiver = CaseSystem(secret=SECRET, log=tmp_path / "lossy.jsonl", lost_rate=1.0)
    url = await receiver.start()
    with pytest.raises(TransientDeliveryError):
        await send(url, delivery())
    assert receiver.summary()["events"] == 1
    await receiver.stop()


async def test_slowness_ends(tmp_path: Path) -> None:
    receiver = CaseSystem(secret=SECRET, log=tmp_path / "slow.jsonl", delay_s=5.0)
    url = await receiver.start()
    with pytest.raises(TransientDeliveryError, match="TimeoutError"):
        await send(url, delivery(), timeout_s=0.2)
    await receiver.stop()


async def test_a_ticket_that_is_too_large_goes_without_its_transcript(case_system: tuple[CaseSystem, str]) -> None:
    receiver, url = case_system
    talk = [{"interaction_id": "I1", "transcript": [{"text": "x" * 5000}], "messages": []}]
    await send(url, delivery(interactions=talk), max_body_bytes=2000)
    [post] = receiver.ledger.posts()
    assert post["data"]["truncated"] is True
    assert post["data"]["ticket"]["interactions"] == [{"interaction_id": "I1", "transcript": [], "messages": []}]
    with pytest.raises(PermanentDeliveryError, match="max_body_bytes"):
        await send(url, delivery(outcome="x" * 5000), max_body_bytes=2000)


def test_signature_is_hmac_of_time_and_body() -> None:
    assert signature((b"k",), b"b", 7).startswith("t=7,v1=")
    assert signed(b"k", b"b", signature((b"k",), b"b", 7), now=100)
    assert not signed(b"k", b"b", signature((b"k",), b"b", 7), now=1000)
    for broken in ("", "t=7", "v1=00", "t=x,v1=y", "t=7,v1=ü"):
        assert not signed(b"k", b"b", broken, now=7)


def test_retry_after() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert retry_after_s("120", now) == 120
    assert retry_after_s(format_datetime(now + timedelta(seconds=90), usegmt=True), now) == 90
    assert retry_after_s(format_datetime(now - timedelta(seconds=90), usegmt=True), now) == 0
    assert retry_after_s("soon", now) is None
    assert retry_after_s(None, now) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://x/"},
        {"url": "http://x/", "secret": "short"},
        {"url": "http://x/", "previous_secret": "short"},
        {"url": "http://x/", "colour": 1},
        {},
    ],
)
def test_settings_refuse(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FEED_KINDS["webhook"].settings(**{"secret": SECRET, **wrong})


def test_settings_hide_the_secret() -> None:
    settings = FEED_KINDS["webhook"].settings(url="http://x/", secret=SECRET)
    assert SECRET not in settings.model_dump_json()
    assert SECRET not in repr(settings)
    assert json.loads(settings.model_dump_json())["format"] == "cloudevents"
