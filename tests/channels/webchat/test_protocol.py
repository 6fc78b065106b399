"""The wire protocol, spoken by a real client over real sockets."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from channels.webchat import SPEC
from gateway.errors import RejectedInput, StoreUnavailable
from tests.channels.webchat.harness import Client, Site, site
from tests.support.fakes.house import FakeHouse

pytestmark = pytest.mark.integration


async def test_a_message_is_acknowledged_after_the_commit_and_comes_back_with_its_place(
    chat: Site, client: Client
) -> None:
    async with client.socket() as socket:
        assert (await socket.next())["t"] == "welcome"
        assert await socket.next() == {"t": "live", "seq": 0}
        await socket.send(t="text", id="client-0001", text="路灯坏了 😀")
        ack = await socket.next("ack")
        assert (ack["id"], ack["seq"], ack["replayed"]) == ("client-0001", 1, False)
        assert ack["ticket_no"].isdecimal()
        assert len(chat.house.received) == 1
    message = chat.house.received[0]
    assert message.channel == "webchat"
    assert message.external_id == f"{message.sender}:client-0001"
    assert (message.text, message.flow, message.line) == ("路灯坏了 😀", "chat", "citizen")


async def test_the_language_of_the_page_comes_with_every_message(chat: Site, client: Client) -> None:
    assert (await client.post(t="text", id="client-0001", text="hi", lang="en"))[0] == 200
    assert (await client.post(t="text", id="client-0002", text="hi"))[0] == 200
    png = b"\x89PNG\r\n\x1a\n" + bytes(64)
    assert (await client.upload(png, id="client-0003", kind="image", name="a.png", lang="zh"))[0] == 200
    headers = client.bearer | {"Accept-Language": "en-GB,en;q=0.9"}
    body = {"t": "text", "id": "client-0005", "text": "hi"}
    async with client.http.post(f"{client.url}/messages", json=body, headers=headers) as answer:
        assert answer.status == 200
    assert [message.language for message in chat.house.received] == ["en", None, "zh", "en"]
    assert (await client.post(t="text", id="client-0004", text="hi", lang="fr"))[0] == 422


@pytest.mark.parametrize(
    ("query", "accepts", "language"),
    [
        ("", "en-GB,en;q=0.9,zh;q=0.5", "en"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("", "fr-FR", "en"),
        ("", None, "zh-CN"),
        ("?lang=en", "zh-CN", "en"),
        ("?lang=zh-CN", "en", "zh-CN"),
    ],
)
async def test_our_own_page_is_in_the_language_of_its_reader(
    client: Client, query: str, accepts: str | None, language: str
) -> None:
    headers = {"Accept-Language": accepts} if accepts else {}
    async with client.http.get(f"{client.url}{query}", headers=headers) as answer:
        text = await answer.text()
        assert answer.headers["Vary"] == "Accept-Language"
    assert f'<html lang="{language}">' in text
    assert ("City Hotline" in text) is (language == "en")


async def test_sending_again_changes_nothing(chat: Site, client: Client) -> None:
    async with client.socket() as socket:
        for _ in range(2):
            await socket.send(t="text", id="client-0001", text="一次")
        first, second = await socket.next("ack"), await socket.next("ack")
    assert (first["seq"], first["replayed"]) == (1, False)
    assert (second["seq"], second["replayed"]) == (1, True)
    assert len(chat.house.received) == 1


async def test_nothing_is_acknowledged_while_nothing_can_be_stored(chat: Site, client: Client) -> None:
    chat.house.failure = StoreUnavailable("disk full", retry_after_s=7)
    async with client.socket() as socket:
        await socket.send(t="text", id="client-0001", text="喂")
        refused = await socket.next("ack", "refused")
        assert (refused["t"], refused["code"], refused["retry_after_s"]) == ("refused", "unavailable", 7)
        async with client.http.post(
            f"{client.url}/messages", json={"t": "text", "id": "client-0001", "text": "喂"}, headers=client.bearer
        ) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "7")
        chat.house.failure = None
        await socket.send(t="text", id="client-0001", text="喂")
        assert (await socket.next("ack"))["replayed"] is False


async def test_what_can_never_be_stored_is_refused_for_good(chat: Site, client: Client) -> None:
    chat.house.failure = RejectedInput("no")
    async with client.socket() as socket:
        await socket.send(t="text", id="client-0001", text="喂")
        refused = await socket.next("ack", "refused")
    assert (refused["code"], refused["retry_after_s"]) == ("rejected", None)
    assert chat.house.health.refusals == ["malformed"]


async def test_lone_surrogates_and_nul_are_refused_and_100_kb_pass(chat: Site, client: Client) -> None:
    long = "水" * 34_000
    async with client.socket() as socket:
        for text in ("a\ud800b", "a\0b"):
            await socket.raw.send_str(json.dumps({"t": "text", "id": "client-bad1", "text": text}))
            assert (await socket.next("ack", "refused"))["t"] == "refused"
        await socket.send(t="text", id="client-long", text=long)
        assert (await socket.next("ack"))["id"] == "client-long"
        await socket.send(t="text", id="client-more", text=long * 2)
        assert (await socket.next("refused"))["code"] == "too_long"
    assert chat.house.received[0].text == long


async def test_answers_are_pushed_resumed_and_marked_read(chat: Site, client: Client) -> None:
    async with client.socket() as socket:
        await socket.send(t="text", id="client-0001", text="你好")
        await socket.next("ack")
    sender = chat.house.received[0].sender
    said = await chat.house.say("web", sender, "请问在哪里?", quick_replies=(("1", "龙华区"),), external_id="out-1")
    assert (await chat.channel.send(said)).external_id == said.message_id
    async with client.socket(last_seq=1) as socket:
        message = await socket.next("message")
        assert (message["seq"], message["from"], message["text"]) == (2, "us", "请问在哪里?")
        assert message["quick_replies"] == [{"key": "1", "label": "龙华区"}]
        assert (await socket.next("live"))["seq"] == 2
        await socket.send(t="got", upto=2)
        await socket.send(t="read", upto=2)
        await socket.send(t="beat")
        await socket.next("beat")
        await chat.house.say("web", sender, "谢谢")
        assert (await socket.next("message"))["text"] == "谢谢"
    assert [(receipt.external_id, receipt.state) for receipt in chat.house.receipts] == [
        ("out-1", "delivered"),
        ("out-1", "read"),
    ]


async def test_two_tabs_see_the_same_conversation_and_each_others_typing(client: Client) -> None:
    async with client.socket() as one, client.socket() as two:
        await one.next("live")
        await two.next("live")
        await one.send(t="typing", on=True)
        assert await two.next("typing") == {"t": "typing", "from": "you", "on": True}
        await one.send(t="text", id="client-0001", text="从一号窗口")
        echoed = await two.next("message")
        assert (echoed["client_id"], echoed["from"], echoed["text"]) == ("client-0001", "you", "从一号窗口")
        await two.send(t="read", upto=1)
        assert await one.next("read") == {"t": "read", "upto": 1}


async def test_nobody_reads_anothers_conversation(chat: Site, client: Client, http: aiohttp.ClientSession) -> None:
    other = Client(http, chat.base)
    await other.begin()
    async with client.socket() as mine:
        await mine.send(t="text", id="client-0001", text="秘密")
        await mine.next("ack")
    async with other.socket() as theirs:
        assert (await theirs.next("message", "live"))["t"] == "live"


async def test_events_and_posts_carry_the_same_where_sockets_do_not_pass(client: Client) -> None:
    async with client.http.get(f"{client.url}/events", headers=client.bearer) as stream:
        assert stream.content_type == "text/event-stream"
        assert await _event(stream) == {"t": "welcome", "v": 1, "heartbeat_s": 25.0}
        assert (await _event(stream))["t"] == "live"
        status, ack = await client.post(t="text", id="client-0001", text="走 POST")
        assert (status, ack["t"], ack["seq"]) == (200, "ack", 1)
        assert (await _event(stream))["client_id"] == "client-0001"
        assert (await client.post(t="typing", on=True))[0] == 204
        assert (await _event(stream))["t"] == "typing"
    async with client.http.get(f"{client.url}/events", params={"after": "1"}, headers=client.bearer) as stream:
        await _event(stream)
        assert await _event(stream) == {"t": "live", "seq": 1}


async def _event(stream: aiohttp.ClientResponse) -> dict[str, object]:
    while True:
        line = (await asyncio.wait_for(stream.content.readline(), 10)).decode()
        assert line, "the stream ended"
        if line.startswith("data: "):
            found: dict[str, object] = json.loads(line[6:])
            return found


async def test_places_ratings_and_ends_are_messages(chat: Site, client: Client) -> None:
    assert (await client.post(t="location", id="client-0001", lat=20.03, lon=110.33, accuracy_m=12))[0] == 200
    assert (await client.post(t="rating", id="client-0002", satisfied=5, comment="很快"))[0] == 200
    assert (await client.post(t="end", id="client-0003"))[0] == 200
    place, rating, end = chat.house.received
    assert place.location is not None
    assert (place.kind, place.location.lat, place.location.crs) == ("location", 20.03, "wgs84")
    assert (rating.event, rating.event_data, rating.text, rating.opens) == ("rating", {"satisfied": 5}, "很快", False)
    assert (end.event, end.opens) == ("end", False)


@pytest.mark.parametrize(
    "frame",
    [
        {"t": "text", "id": "short", "text": "x"},
        {"t": "text", "id": "client-0001", "text": ""},
        {"t": "text", "id": "client-0001", "text": "x", "sender": "web-other"},
        {"t": "location", "id": "client-0001", "lat": 91, "lon": 0},
        {"t": "rating", "id": "client-0001", "satisfied": 6},
        {"t": "nothing"},
        {"t": "hello", "token": "x"},
        [],
    ],
)
async def test_other_frames_are_refused_without_repeating_them(
    chat: Site, client: Client, frame: dict[str, object]
) -> None:
    async with client.http.post(f"{client.url}/messages", json=frame, headers=client.bearer) as answer:
        problem = await answer.json()
        assert (answer.status, problem["code"]) == (422, "malformed")
        assert answer.content_type == "application/problem+json"
        assert "web-other" not in json.dumps(problem)
    assert chat.house.received == []


async def test_a_restart_closes_lines_and_their_clients_resume(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    house = FakeHouse()
    async with site(tmp_path, house=house) as before:
        client = Client(http, before.base)
        await client.begin()
        async with client.socket() as socket:
            await socket.send(t="text", id="client-0001", text="一")
            await socket.next("ack")
            await before.channel.aclose(drain_s=1)
            while (message := await socket.raw.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
                pass
            assert message.data == 1012
            assert not await before.channel.ready()
    async with site(tmp_path, house=house) as after:
        again = Client(http, after.base)
        again.token = client.token
        async with again.socket() as socket:
            assert (await socket.next("message"))["text"] == "一"


async def test_while_draining_nothing_new_is_taken(chat: Site, client: Client) -> None:
    async with client.socket() as socket:
        await socket.next("live")
        chat.house.draining = True
        await socket.send(t="text", id="client-0001", text="一")
        assert (await socket.next("refused"))["code"] == "restarting"
    async with client.http.get(f"{client.url}/events", headers=client.bearer) as answer:
        assert (answer.status, "Retry-After" in answer.headers) == (503, True)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        SPEC.settings(colour="red")
    with pytest.raises(ValueError, match="origin"):
        SPEC.settings(allowed_origins=("https://a.example/path",))
    assert SPEC.settings(title="一个标题").title == {"zh-CN": "一个标题", "en": "一个标题"}
