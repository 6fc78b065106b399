"""What keeps the chat from being abused: origins, tokens, proofs, limits, caps and looking at content."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from channels.webchat import channel as webchat
from channels.webchat import lines, uploads
from channels.webchat.sniff import as_kind, media_type
from channels.webchat.uploads import safe_name
from tests.channels.webchat.harness import Client, Site, site
from tests.support.fakes.house import FakeHouse
from tests.support.waiting import until

pytestmark = pytest.mark.integration
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WEBM = b"\x1a\x45\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1f\x42\x86\x81\x01\x42\x82\x84webm" + bytes(200)


async def test_only_listed_sites_may_use_it_and_every_answer_can_be_read_by_them(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    async with site(tmp_path, allowed_origins=("https://www.city.example",)) as chat:
        url = f"{chat.base}/chat/web"
        good, bad = {"Origin": "https://www.city.example"}, {"Origin": "https://evil.example"}
        async with http.options(f"{url}/session", headers=good) as answer:
            assert answer.status == 204
            assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
        async with http.post(f"{url}/session", json={}, headers=good) as answer:
            assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (201, good["Origin"])
        async with http.post(f"{url}/messages", json={}, headers=good) as answer:
            assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (401, good["Origin"])
        async with http.post(f"{url}/session", json={}, headers={"Origin": chat.base}) as answer:
            assert answer.status == 201
        for request in (http.post(f"{url}/session", json={}, headers=bad), http.options(f"{url}/ws", headers=bad)):
            async with request as answer:
                assert (answer.status, (await answer.json())["code"]) == (403, "origin_refused")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"{url}/ws", headers=bad)
        assert refused.value.status == 403
        assert "bad_signature" in chat.house.health.refusals


async def test_forged_damaged_and_foreign_tokens_open_nothing(chat: Site, client: Client) -> None:
    good = client.token
    raw = bytearray(base64.urlsafe_b64decode(good + "=" * (-len(good) % 4)))
    raw[3] ^= 1
    for token in ("", "x", base64.urlsafe_b64encode(raw).decode().rstrip("="), good[:-4], "界" * 20):
        client.token = token
        async with client.socket() as socket:
            refused = await socket.next()
            assert (refused["t"], refused["code"]) in {("refused", "session_over"), ("refused", "malformed")}
            assert (await socket.raw.receive(timeout=5)).data in {4401, 4400}
    client.token = good
    opened = await client.begin(token=good)
    assert opened["resumed"] is True
    assert (await client.begin(token="nonsense"))["resumed"] is False
    assert chat.house.received == []


async def test_a_proof_is_needed_once_and_holds_once(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with site(tmp_path, proof="altcha", proof_numbers=1000) as chat:
        client = Client(http, chat.base)
        assert await _session(client, {}) == (403, "proof_needed")
        async with http.get(f"{client.url}/challenge") as answer:
            puzzle = await answer.json()
        number = next(
            n
            for n in range(puzzle["maxnumber"] + 1)
            if hashlib.sha256(f"{puzzle['salt']}{n}".encode()).hexdigest() == puzzle["challenge"]
        )
        proof = {key: puzzle[key] for key in ("salt", "challenge", "signature")} | {"number": number}
        assert await _session(client, {"proof": proof | {"number": number + 1}}) == (403, "proof_wrong")
        later = proof | {"salt": puzzle["salt"] + "0"}
        assert await _session(client, {"proof": later}) == (403, "proof_wrong")
        assert (await client.begin(proof=proof))["resumed"] is False
        assert await _session(client, {"proof": proof}) == (403, "proof_spent")
        assert (await client.begin(token=client.token))["resumed"] is True


async def _session(client: Client, body: dict[str, Any]) -> tuple[int, str]:
    async with client.http.post(f"{client.url}/session", json=body) as answer:
        return answer.status, (await answer.json())["code"]


async def test_too_much_of_one_session_waits_and_others_go_on(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with site(tmp_path, messages_per_minute=4) as chat:
        one, two = Client(http, chat.base), Client(http, chat.base)
        await one.begin()
        await two.begin()
        answers = [(await one.post(t="text", id=f"client-{n:04}", text="x"))[0] for n in range(3)]
        assert answers == [200, 200, 429]
        status, problem = await one.post(t="text", id="client-0002", text="x")
        assert (status, problem["code"], problem["retry_after_s"] >= 1) == (429, "too_many", True)
        assert (await two.post(t="text", id="client-0000", text="x"))[0] == 200
        assert "rate" in chat.house.health.refusals


async def test_too_many_sessions_and_windows_are_refused(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with site(tmp_path, sessions_per_minute_per_ip=1, connections_per_session=1) as chat:
        client = Client(http, chat.base)
        await client.begin()
        await client.begin(token=client.token)
        assert await _session(client, {}) == (429, "too_many")
        async with client.socket() as first:
            await first.next("live")
            async with client.socket() as second:
                assert (await second.next())["code"] == "too_many_connections"
        async with client.http.get(f"{client.url}/events", headers=client.bearer) as stream:
            assert stream.status == 200


async def test_uploads_are_looked_at_stored_and_harmless_to_repeat(chat: Site, client: Client) -> None:
    for _ in range(2):
        status, ack = await client.upload(PNG, id="client-0001", kind="image", name="C:\\照片\\路灯.png")
        assert (status, ack["seq"]) == (200, 1)
    assert ack["replayed"] is True
    assert (await client.upload(WEBM, id="client-0002", kind="voice"))[0] == 200
    image, voice = chat.house.received
    assert image.media is not None
    assert (image.kind, image.media.media_type, image.media.name, image.media.data) == (
        "image",
        "image/png",
        "路灯.png",
        PNG,
    )
    assert voice.media is not None
    assert (voice.kind, voice.media.media_type) == ("voice", "audio/webm")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"MZ\x90\x00" + bytes(100), "file"),
        (b"<html><script>alert(1)</script>", "file"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image"),
        (PNG, "voice"),
        (b"%PDF-1.7 ", "image"),
        (b"", "file"),
    ],
)
async def test_what_is_not_what_it_says_is_refused(chat: Site, client: Client, content: bytes, kind: str) -> None:
    status, problem = await client.upload(content, id="client-0001", kind=kind, name="a.png")
    assert (status, problem["code"]) == (415, "type_refused")
    assert chat.house.received == []


async def test_large_bodies_are_cut_off_whether_they_say_so_or_not(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with site(tmp_path, max_file_bytes=2048) as chat:
        client = Client(http, chat.base)
        await client.begin()
        assert (await client.upload(PNG + bytes(4096), id="client-0001", kind="image"))[0] == 413

        async def drip() -> Any:
            for _ in range(8):
                yield PNG + bytes(512)
                await asyncio.sleep(0)

        async with http.post(
            f"{client.url}/files",
            data=drip(),
            params={"id": "client-0001", "kind": "image"},
            headers=client.bearer,
        ) as answer:
            assert (answer.status, (await answer.json())["code"]) == (413, "too_large")
        async with http.post(f"{client.url}/session", data=b"[" * 10_000) as answer:
            assert answer.status == 413
        assert chat.house.received == []


async def test_a_body_that_never_ends_is_ended(
    chat: Site, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webchat, "BODY_S", 0.2)
    held = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"{"
        await held.wait()

    async with asyncio.timeout(20):
        async with http.post(f"{chat.base}/chat/web/session", data=endless()) as answer:
            assert (answer.status, (await answer.json())["code"]) == (408, "too_slow")
    held.set()


async def test_an_upload_that_only_drips_is_given_up_and_frees_its_place(
    tmp_path: Path, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PACE_S", 0.2)
    held = asyncio.Event()

    async def dripping() -> AsyncIterator[bytes]:
        yield PNG
        while not held.is_set():
            yield b"\0"
            await asyncio.sleep(0.01)

    async with site(tmp_path, uploads_at_once=1, min_upload_bytes_per_s=100_000) as chat, asyncio.timeout(20):
        client = Client(http, chat.base)
        await client.begin()
        async with http.post(
            f"{client.url}/files",
            data=dripping(),
            params={"id": "client-0001", "kind": "image"},
            headers=client.bearer,
        ) as answer:
            assert (answer.status, (await answer.json())["code"]) == (408, "too_slow")
        held.set()
        assert (await client.upload(PNG, id="client-0002", kind="image"))[0] == 200


async def test_sockets_that_say_nothing_are_few(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    for limits, status in (({"silent_sockets_per_ip": 2}, 429), ({"max_silent_sockets": 2}, 503)):
        async with site(tmp_path / str(status), hello_s=60, **limits) as chat:
            client = Client(http, chat.base)
            await client.begin()
            silent = await http.ws_connect(f"{client.url}/ws")
            async with client.socket() as talking:
                await talking.next("live")  # who has said hello counts no more
                another = await http.ws_connect(f"{client.url}/ws")
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await http.ws_connect(f"{client.url}/ws")
                assert refused.value.status == status
            await silent.close()
            await another.close()


async def test_a_socket_that_says_nothing_is_closed(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with site(tmp_path, hello_s=0.2) as chat:
        silent = await http.ws_connect(f"{chat.base}/chat/web/ws")
        assert (await silent.receive(timeout=20)).type == aiohttp.WSMsgType.CLOSE


async def test_a_stream_whose_client_takes_no_bytes_gives_its_place_back(
    tmp_path: Path, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = web.StreamResponse.write

    async def stuck(_: web.StreamResponse, __: bytes) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(lines, "_STALL_S", 0.1)
    async with site(tmp_path, connections_per_session=1) as chat:
        client = Client(http, chat.base)
        await client.begin()
        monkeypatch.setattr(web.StreamResponse, "write", stuck)
        async with http.get(f"{client.url}/events", headers=client.bearer) as stalled:
            assert stalled.status == 200
            assert await stalled.content.read() == b""
        monkeypatch.setattr(web.StreamResponse, "write", write)

        async def free() -> bool:
            async with http.get(f"{client.url}/events", headers=client.bearer) as again:
                return again.status == 200

        await until(free, "a free place")


async def test_a_forged_token_holds_its_place_until_its_socket_is_closed(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    async with site(tmp_path, silent_sockets_per_ip=1) as chat:
        forger = await http.ws_connect(f"{chat.base}/chat/web/ws", autoclose=False)
        await forger.send_json({"t": "hello", "token": "forged"})
        assert (await forger.receive_json(timeout=20))["code"] == "session_over"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"{chat.base}/chat/web/ws")
        assert refused.value.status == 429
        await forger.close()

        async def free() -> bool:
            try:
                await (await http.ws_connect(f"{chat.base}/chat/web/ws")).close()
            except aiohttp.WSServerHandshakeError:
                return False
            return True

        await until(free, "a free place")


async def test_a_body_of_nothing_but_brackets_is_no_json(chat: Site, http: aiohttp.ClientSession) -> None:
    async with http.post(f"{chat.base}/chat/web/session", data=b"[" * 4000) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, "malformed")


async def test_the_widget_is_served_to_every_site_and_nothing_else_is(chat: Site, http: aiohttp.ClientSession) -> None:
    url = f"{chat.base}/chat/web"
    async with http.get(f"{url}/widget.js") as answer:
        assert (answer.status, answer.content_type) == (200, "text/javascript")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        etag = answer.headers["ETag"]
    async with http.get(f"{url}/widget.js", headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304
    async with http.get(url) as answer:
        assert "12345" in await answer.text()
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    for path in ("/..%2fsettings.py", "/page.html", "/nothing", "/static/widget.js"):
        async with http.get(url + path) as answer:
            assert answer.status == 404
    async with http.get(f"{url}/ws") as answer:
        assert answer.status == 426
    async with http.delete(f"{url}/session") as answer:
        assert answer.status == 404


async def test_processes_that_start_together_open_sessions_at_once_and_know_each_others(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    house = FakeHouse()
    async with (
        site(tmp_path, house=house) as one,
        site(tmp_path, house=house) as other,
        house.cache.lock("webchat session_key", 600),  # a process that died while it made the key
    ):
        clients = [Client(http, chat.base) for chat in (one, other) * 5]
        await asyncio.gather(*(client.begin() for client in clients))
        for client, chat in zip(clients, (other, one) * 5, strict=True):
            known = Client(http, chat.base)
            assert (await known.begin(token=client.token))["resumed"]


def test_contents_are_told_apart() -> None:
    assert media_type(b"\xff\xd8\xff\xe0" + bytes(20)) == "image/jpeg"
    assert media_type(b"RIFF\0\0\0\0WEBPVP8 ") == "image/webp"
    assert media_type(b"\0\0\0\x18ftypheic") == "image/heic"
    assert as_kind(str(media_type(b"\0\0\0\x18ftypmp42" + bytes(9))), "voice") == "audio/mp4"
    assert media_type("路灯坏了\n".encode("gb18030")) == "text/plain"
    assert media_type(b"\x1a\x45\xdf\xa3matroska" + bytes(50)) is None
    assert media_type(b"#!/bin/sh\n") is None


def test_names_lose_paths_and_tricks() -> None:
    assert safe_name("../../etc/passwd") == "passwd"
    assert safe_name("a\u202egpj.exe") == "a_gpj.exe"
    assert safe_name("长" * 300 + ".docx") == "长" * 115 + ".docx"
    assert safe_name(" .. ") is None
