"""Our server as any client of vosk-server's protocol meets it: one answer to each message, one to eof."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest
import websockets
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway.media.g711 import alaw_to_pcm16
from gateway.recognition.server import MAX_MESSAGE_BYTES, RecognitionServer
from tests.integration.recognition.bursts import BurstEngine, begin_ms, words

pytestmark = pytest.mark.integration


@asynccontextmanager
async def served(engine: BurstEngine | None = None, **options: object) -> AsyncIterator[str]:
    server = RecognitionServer(engine or BurstEngine(), languages=("zh", "en"), **options)
    try:
        yield await server.start()
    finally:
        await server.aclose()


async def lock_step(url: str, pcm: bytes, config: dict[str, object] | None, chunk: int = 3_200) -> list[dict]:
    """What vosk-server's own test client does: wait for an answer after every message."""
    answers = []
    async with websockets.connect(url) as socket:
        if config is not None:
            await socket.send(json.dumps({"config": config}))
        for at in range(0, len(pcm), chunk):
            await socket.send(pcm[at : at + chunk])
            answers.append(json.loads(await socket.recv()))
        await socket.send('{"eof" : 1}')
        answers.append(json.loads(await socket.recv()))
        with pytest.raises(ConnectionClosed):
            await socket.recv()
    return answers


def texts(answers: list[dict]) -> list[str]:
    return [word for answer in answers for word in answer.get("text", "").split()]


async def test_every_message_has_exactly_one_answer() -> None:
    pcm = alaw_to_pcm16(words(5))
    async with served() as url:
        answers = await lock_step(url, pcm, {"sample_rate": 8000})
    assert len(answers) == -(-len(pcm) // 3_200) + 1
    assert all(("partial" in answer) != ("text" in answer) for answer in answers)
    assert texts(answers) == ["w0", "w1", "w2", "w3", "w4"]
    assert "text" in answers[-1]
    assert any(answer.get("partial") == "…" for answer in answers)


async def test_results_carry_words_with_seconds_and_our_own_keys() -> None:
    async with served() as url:
        answers = await lock_step(url, alaw_to_pcm16(words(2)), {"sample_rate": 8000, "words": True})
    final = next(answer for answer in answers if answer.get("text") == "w1")
    (only,) = final["result"]
    assert set(only) == {"word", "start", "end", "conf"}
    assert only["start"] == pytest.approx(begin_ms(1) / 1000, abs=0.03)
    assert final["start_ms"] == round(1000 * only["start"])
    assert (final["language"], final["confidence"], final["engine"]) == ("zh", 0.9, "bursts")


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
async def test_other_sample_rates_are_understood(rate: int) -> None:
    narrow = np.frombuffer(alaw_to_pcm16(words(3)), "<i2")
    at = np.arange(len(narrow) * rate // 8_000) * 8_000 / rate
    pcm = np.interp(at, np.arange(len(narrow)), narrow).astype("<i2").tobytes()
    async with served() as url:
        answers = await lock_step(url, pcm, {"sample_rate": rate})
    assert texts(answers) == ["w0", "w1", "w2"]


async def test_no_config_means_8_khz_and_the_servers_languages() -> None:
    engine = BurstEngine()
    async with served(engine, hotwords=("小区",)) as url:
        assert texts(await lock_step(url, alaw_to_pcm16(words(1)), None)) == ["w0"]
    assert engine.opened == [(8_000, ("zh", "en"), ("小区",))]


async def test_hotwords_and_vosks_phrase_list_reach_the_engine() -> None:
    engine = BurstEngine()
    async with served(engine) as url:
        config = {"sample_rate": 8000, "languages": ["en"], "hotwords": ["a"], "phrase_list": ["b", "[unk]"], "odd": 1}
        await lock_step(url, alaw_to_pcm16(words(1)), config)
    assert engine.opened == [(8_000, ("en",), ("a", "b"))]


@pytest.mark.parametrize(
    "message", ['{"config": {"sample_rate": "fast"}}', '{"config": {"sample_rate": 7}}', "[]", "{"]
)
async def test_nonsense_is_refused_with_a_reason(message: str) -> None:
    async with served() as url, websockets.connect(url) as socket:
        await socket.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, bool(closed.value.rcvd.reason)) == (1008, True)


async def test_a_message_that_no_client_of_a_call_sends_ends_the_connection() -> None:
    async with served() as url, websockets.connect(url) as socket:
        await socket.send(bytes(MAX_MESSAGE_BYTES + 2))
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
        async with websockets.connect(url) as other:
            await other.send('{"eof": 1}')
            assert json.loads(await other.recv()) == {"text": ""}


async def test_a_token_is_asked_for_when_one_is_set() -> None:
    async with served(token="secret") as url:
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            with pytest.raises(InvalidStatus) as refused:
                await websockets.connect(url, additional_headers=headers)
            assert refused.value.response.status_code == 401
        async with websockets.connect(url, additional_headers={"Authorization": "Bearer secret"}) as socket:
            await socket.send('{"eof": 1}')
            assert json.loads(await socket.recv()) == {"text": ""}


async def test_streams_at_once_do_not_mix() -> None:
    async with served() as url:
        found = await asyncio.gather(
            *(lock_step(url, alaw_to_pcm16(words(4, first=n)), {"sample_rate": 8000}) for n in range(8))
        )
    assert [texts(answers) for answers in found] == [[f"w{n + k}" for k in range(4)] for n in range(8)]


async def test_a_live_stream_overtakes_catch_up() -> None:
    """One slow worker: what is live never waits for more than the one piece of catch-up that is being worked on."""
    order: list[str] = []

    async def stream(url: str, name: str, count: int, *, live: bool, ready: Callable[[], None]) -> None:
        async with websockets.connect(url) as socket:
            await socket.send(json.dumps({"config": {"sample_rate": 8000, "live": live}}))
            pcm = alaw_to_pcm16(words(count))
            for at in range(0, len(pcm), 9_600):
                await socket.send(pcm[at : at + 9_600])
            await socket.send('{"eof": 1}')
            ready()
            async for answer in socket:
                order.extend(name for _ in json.loads(answer).get("text", "").split())

    async with served(BurstEngine(slow_s=0.05)) as url:
        sent = [asyncio.Event() for _ in range(3)]
        backlog = [asyncio.create_task(stream(url, "catch-up", 10, live=False, ready=event.set)) for event in sent]
        await asyncio.gather(*(event.wait() for event in sent))
        await stream(url, "live", 5, live=True, ready=lambda: None)
        overtaken = order.count("catch-up")
        await asyncio.gather(*backlog)
    assert order.count("live") == 5
    assert order.count("catch-up") == 30
    assert overtaken < 30


async def test_stopping_sends_clients_elsewhere() -> None:
    server = RecognitionServer(BurstEngine(), languages=("zh",))
    async with websockets.connect(await server.start()) as socket:
        await socket.send(alaw_to_pcm16(words(1)))
        await socket.recv()
        await server.aclose()
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001
