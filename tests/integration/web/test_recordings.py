"""Call audio over HTTP: ranges, HEAD, ETag, and a call that still goes on."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping

import pytest

from tests.support.waiting import until
from tests.support.web_house import TONE, WebHouse

pytestmark = pytest.mark.integration


async def fetch(
    house: WebHouse, path: str, method: str = "GET", **headers: str
) -> tuple[int, Mapping[str, str], bytes]:
    sent = {**house.bearer("listener"), **{key.replace("_", "-"): value for key, value in headers.items()}}
    async with house.http.request(method, house.url + path, headers=sent) as answer:
        return answer.status, answer.headers, await answer.read()


async def recorded(house: WebHouse) -> tuple[str, bytes]:
    call = await house.finished_call("路灯坏了", external_id="c", seconds=3)
    location = await house.database.reader.recording_path(call.interaction_id)
    assert location is not None
    path = f"/api/v1/tickets/{call.ticket_no}/recordings/{call.interaction_id}"
    return path, house.recordings.path(location).read_bytes()


async def test_the_whole_file_comes_with_its_hash(house: WebHouse) -> None:
    path, stored = await recorded(house)
    status, headers, body = await fetch(house, path)
    assert (status, body) == (200, stored)
    assert headers["ETag"] == f'"{hashlib.sha256(stored).hexdigest()}"'
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["Content-Type"] == "audio/x-wav"
    status, headers, body = await fetch(house, path, "HEAD")
    assert (status, body, int(headers["Content-Length"])) == (200, b"", len(stored))
    status, _, body = await fetch(house, path, If_None_Match=headers["ETag"])
    assert (status, body) == (304, b"")


async def test_ranges_are_served_as_the_rfc_says(house: WebHouse) -> None:
    path, stored = await recorded(house)
    size = len(stored)
    for header, part in (
        ("bytes=0-0", stored[:1]),
        ("bytes=44-143", stored[44:144]),
        (f"bytes={size - 10}-", stored[-10:]),
        ("bytes=-7", stored[-7:]),
        (f"bytes=-{size * 2}", stored),
        (f"bytes=5-{size * 2}", stored[5:]),
    ):
        status, headers, body = await fetch(house, path, Range=header)
        assert (status, body) == (206, part), header
        first = size - len(part) if header.startswith("bytes=-") else int(header[6:].split("-")[0])
        assert headers["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/{size}"
    for header in ("bytes=1-0", "bytes=0-1,3-4", "items=0-1", "bytes=-", "bytes=x-"):
        status, _, body = await fetch(house, path, Range=header)
        assert (status, body) == (200, stored), header
    for header in (f"bytes={size}-", "bytes=-0"):
        status, headers, _ = await fetch(house, path, Range=header)
        assert (status, headers["Content-Range"]) == (416, f"bytes */{size}")


async def test_a_changed_file_is_sent_whole(house: WebHouse) -> None:
    path, stored = await recorded(house)
    status, _, body = await fetch(house, path, Range="bytes=0-9", If_Range='"other"')
    assert (status, body) == (200, stored)
    etag = f'"{hashlib.sha256(stored).hexdigest()}"'
    status, _, body = await fetch(house, path, Range="bytes=0-9", If_Range=etag)
    assert (status, body) == (206, stored[:10])


async def test_a_call_is_heard_while_it_goes_on(house: WebHouse) -> None:
    call = house.call(external_id="c")
    await call.open(
        {"name": "hotline", "version": "1"}, house.recordings.location(call.interaction_id, call.started_at)
    )
    writer = house.recordings.start(call.interaction_id, call.started_at)
    for _ in range(200):
        writer.write(TONE, TONE)
    await call.answered()
    path = f"/api/v1/tickets/{call.ticket_id}/recordings/{call.interaction_id}"

    async def written() -> bool:
        return len((await fetch(house, path))[2]) >= 16_000

    await until(written, "what was said so far")
    status, headers, first = await fetch(house, path)
    assert status == 200
    assert "ETag" not in headers
    assert first[:4] == b"RIFF"
    for _ in range(200):
        writer.write(TONE, TONE)
    await asyncio.to_thread(writer.close)
    _, _, longer = await fetch(house, path)
    assert len(longer) > len(first)


async def test_what_is_not_there_is_not_found(house: WebHouse) -> None:
    made = await house.contact()
    other = await house.finished_call("路灯坏了", external_id="c")
    base = f"/api/v1/tickets/{made['ticket_id']}/recordings"
    for interaction in (made["interaction_id"], other.interaction_id, "nope", "..%2F..%2Fgateway.db"):
        status, headers, _ = await fetch(house, f"{base}/{interaction}")
        assert status == 404, interaction
        assert headers["Content-Type"].startswith("application/problem+json")
    location = await house.database.reader.recording_path(other.interaction_id)
    house.recordings.path(location or "").unlink()
    status, _, _ = await fetch(house, f"/api/v1/tickets/{other.ticket_id}/recordings/{other.interaction_id}")
    assert status == 404
