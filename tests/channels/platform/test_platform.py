"""What only this kind does: contacts, places, files, replay window, what it calls back with."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from channels.platform.channel import PlatformChannel
from channels.platform.codec import MalformedBody, parsed
from channels.platform.settings import PlatformSettings
from channels.platform.signing import refusal, signature
from gateway.errors import PermanentDeliveryError, TransientDeliveryError
from gateway.ports.message import MediaRef, OutboundMessage
from tests.channels.platform.harness import SECRET, Harness, sign
from tests.contract.channels.harness import Said

pytestmark = pytest.mark.integration
CONTACT: dict[str, Any] = {
    "source": {"name": "ycsmy", "event_id": "c-1"},
    "requester": {"kind": "grid_worker", "phone": "13800138000", "secret": True},
    "content": "窨井盖缺失",
    "place": {"grid_id": "460105-012", "lat": 20.025, "lon": 110.192, "crs": "BD09"},
    "grid": {"worker_id": "w-17", "tried": "已放置警示锥"},
}


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Harness]:
    harness = Harness(tmp_path)
    await harness.open()
    await harness.start()
    yield harness
    await harness.close()


def channel(platform: Harness) -> PlatformChannel:
    assert isinstance(platform.channel, PlatformChannel)
    return platform.channel


def outbound(recipient: str, **context: Any) -> OutboundMessage:
    return OutboundMessage(
        message_id="01M8",
        channel_id="under-test",
        recipient=recipient,
        text="已修复",
        context=context,
        created_at=datetime(2026, 11, 23, tzinfo=UTC),
    )


async def test_a_contact_is_one_contact_with_all_it_said(platform: Harness) -> None:
    status, first = await platform.post(CONTACT)
    assert status == 201
    assert await platform.post(CONTACT) == (200, first)
    (contact,) = platform.house.accepted
    assert contact.external_id == "source:ycsmy:event:ycsmy:c-1"
    assert contact.requester["secret"] is True
    assert contact.place["crs"] == "WGS84"
    assert contact.raw_location == "BD09 20.025,110.192"
    assert contact.content == "窨井盖缺失\n已尝试：已放置警示锥"
    assert (await platform.post({**CONTACT, "content": "别的"}))[0] == 409
    for source in ({"name": "other", "event_id": "1"}, {"name": "ycsmy"}):
        assert (await platform.post({**CONTACT, "source": source}))[0] == 400


@pytest.mark.parametrize("sent_at", ["9999-12-31T23:00:00-12:00", "0001-01-01T00:00:00+14:00", "1970-01-01T00:00:00Z"])
async def test_absurd_times_are_refused(platform: Harness, sent_at: str) -> None:
    message: dict[str, Any] = {"sender": "u", "event_id": "1", "text": "路灯坏了"}
    bodies: tuple[dict[str, Any], ...] = (CONTACT, message)
    for body in bodies:
        status, _ = await platform.post({**body, "sent_at": sent_at})
        assert status == 400
    assert not platform.house.received
    assert not platform.house.accepted


async def test_places_files_choices_and_goodbyes(platform: Harness) -> None:
    base = {"sender": "u", "sent_at": "2026-11-23T08:00:00+08:00"}
    media = {"url": f"{platform.outside}/files/a.jpg", "media_type": "image/jpeg", "name": "a.jpg"}
    location = {"lat": 20.0, "lon": 110.0, "crs": "GCJ-02", "label": "海府路"}
    for n, said in enumerate(({"location": location}, {"media": media}, {"choice": "1"}, {"event": "end"})):
        assert (await platform.post({**base, "event_id": str(n), **said}))[0] == 201
    place, picture, choice, end = platform.house.received
    assert place.location is not None
    assert (place.kind, place.location.crs, place.location.label) == ("location", "gcj02", "海府路")
    assert (picture.kind, choice.choice, end.event) == ("image", "1", "end")
    assert picture.media is not None
    platform.files["a.jpg"] = b"\xff\xd8\xff"
    assert [chunk async for chunk in channel(platform).fetch(picture.media)] == [b"\xff\xd8\xff"]


@pytest.mark.parametrize(
    ("ref", "error"),
    [
        ("http://127.0.0.1:1/files/a.jpg", PermanentDeliveryError),
        ("http://user@{address}/files/a.jpg", PermanentDeliveryError),
        ("http://{address}/files/none", PermanentDeliveryError),
        ("", PermanentDeliveryError),
    ],
)
async def test_files_are_fetched_from_nowhere_else(platform: Harness, ref: str, error: type[Exception]) -> None:
    there = MediaRef(ref=ref.format(address=platform.outside.removeprefix("http://")))
    with pytest.raises(error):
        _ = [chunk async for chunk in channel(platform).fetch(there)]


async def test_a_signature_lives_for_five_minutes(platform: Harness) -> None:
    raw = json.dumps(platform.message(Said(1, "路灯坏了"))).encode()
    for at, status, refused in ((-310, 403, ["replay"]), (310, 403, ["replay"] * 2), (-200, 201, ["replay"] * 2)):
        assert (await platform.post(raw, header=sign(raw, at=time.time() + at)))[0] == status
        assert platform.house.health.refusals == refused
    for header in ("", "t=1", sign(raw) + "0", sign(raw).upper(), "t=9999999999999,v1=" + "0" * 64):
        assert (await platform.post(raw, header=header))[0] == 403


async def test_what_is_no_message_is_told_without_its_values(platform: Harness) -> None:
    for body in (
        b"",
        b"[]",
        b"\xff",
        b"[" * 200_000,
        b'{"sender": "event:x"}',
        b'{"sender": 1, "event_id": "13800138000x"}',
    ):
        status, answer = await platform.post(body)
        assert status == 400
        assert "13800138000" not in json.dumps(answer)
    assert (await platform.post({}, path="/more"))[0] == 404
    assert (await platform.post(b"x" * 100))[0] == 400
    assert platform.house.received == []


async def test_while_draining_nothing_new(platform: Harness) -> None:
    platform.house.draining = True
    assert not await platform.deliver(Said(1, "路灯坏了"))
    platform.house.draining = False
    assert await platform.deliver(Said(1, "路灯坏了"))


async def test_a_status_names_the_contact_and_where_to_ask(platform: Harness) -> None:
    sent = await channel(platform).send(outbound("event:a/1 号"))
    assert sent.external_id == "01M8"
    (told,) = platform.taken
    assert (told["type"], told["source"], told["recipient"]) == (
        "status",
        {"name": "ycsmy", "event_id": "a/1 号"},
        None,
    )
    assert told["status_url"] == f"{platform.url}/api/v1/contacts/ycsmy/a%2F1%20%E5%8F%B7"
    await channel(platform).send(outbound("user-7", event_id="m-9"))
    assert (platform.taken[1]["type"], platform.taken[1]["source"]["event_id"]) == ("message", "m-9")


async def test_faults_of_the_platform(platform: Harness) -> None:
    platform.fail()
    with pytest.raises(TransientDeliveryError, match="502"):
        await channel(platform).send(outbound("u"))
    mute = PlatformSettings(source="ycsmy", secret=SECRET)  # type: ignore[arg-type]  # pydantic makes it a SecretStr
    silent = PlatformChannel(mute, *_context(platform))
    with pytest.raises(PermanentDeliveryError, match="callback_url"):
        await silent.send(outbound("u"))


def _context(platform: Harness) -> Any:
    context = platform.house.context(channel_id="x", data_dir=platform.data_dir)
    return context, context.text


@pytest.mark.parametrize(
    "table",
    [{"secret": "short"}, {"source": "a b"}, {"callback_url": "ftp://x"}, {"media_hosts": ["http://x"]}, {"line": "x"}],
)
def test_settings_that_are_none(table: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PlatformSettings(**{"source": "ycsmy", "secret": SECRET} | table)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=15),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
KEYS = ["receipt", "sender", "event_id", "text", "media", "location", "source", "content", "place", "sent_at"]


@given(st.dictionaries(st.sampled_from(KEYS), JSON) | JSON)
def test_any_json_is_a_message_or_malformed(body: Any) -> None:
    with contextlib.suppress(MalformedBody):
        assert parsed(json.dumps(body).encode())


@given(st.binary(max_size=50), st.text(max_size=90))
def test_only_the_signer_signs(body: bytes, header: str) -> None:
    assert refusal((SECRET,), body, header, 0.0) == "bad_signature"
    assert refusal((SECRET,), body, signature((SECRET,), body, 100), 100.0) is None
    assert signature((SECRET,), body, 100) == sign(body, at=100)


def test_while_a_secret_changes_either_one_is_right() -> None:
    body, new = b"{}", "the new secret, as long"
    both = (new, SECRET)
    for one in both:
        assert refusal(both, body, signature((one,), body, 100), 100.0) is None
    assert refusal((new,), body, signature((SECRET,), body, 100), 100.0) == "bad_signature"
    stamp, first, second = signature(both, body, 100).split(",")
    assert [f"{stamp},{first}", f"{stamp},{second}"] == [signature((one,), body, 100) for one in both]
