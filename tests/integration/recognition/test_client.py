"""Our client: whatever happens to recognisers, every segment arrives once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
import websockets

from gateway.errors import NotFound, RecogniserUnavailable
from gateway.media.g711 import ALAW_SILENCE
from gateway.media.wav import alaw_header, interleaved
from gateway.ports.recogniser import Final, Partial, RecognitionStream
from gateway.recognition.client import WebSocketRecogniser
from gateway.recognition.server import RecognitionServer
from gateway.telemetry import metrics
from tests.integration.recognition.bursts import GAP_MS, WORD_MS, BurstEngine, begin_ms, words
from tests.support.waiting import until

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[3]
FRAME = 160


@asynccontextmanager
async def served(engine: BurstEngine | None = None, **options: object) -> AsyncIterator[str]:
    server = RecognitionServer(engine or BurstEngine(), languages=("zh",), **options)
    try:
        yield await server.start()
    finally:
        await server.aclose()


async def finals(stream: RecognitionStream) -> list[Final]:
    return [result async for result in stream.results() if isinstance(result, Final)]


async def speak(stream: RecognitionStream, audio: bytes, *, frames_a_turn: int = 5) -> None:
    """Push frames as a call does, only faster."""
    for n, at in enumerate(range(0, len(audio), FRAME)):
        stream.push(audio[at : at + FRAME])
        if n % frames_a_turn == 0:
            await asyncio.sleep(0.001)


def numbers(found: list[Final]) -> list[int]:
    return [int(final.text[1:]) for final in found]


def stereo(path: Path, caller: bytes) -> Path:
    path.write_bytes(alaw_header(2 * len(caller), 2) + interleaved(caller, bytes([ALAW_SILENCE]) * len(caller)))
    return path


class Recording:
    """A recording that grows as the call goes on, its header still that of an empty file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(alaw_header(0, 2))

    def write(self, caller: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(interleaved(caller, bytes([ALAW_SILENCE]) * len(caller)))


class Worker:
    """A recogniser process that can be killed and started anew, as the supervisor does."""

    def __init__(self, place: Path, slow_s: float) -> None:
        self.place = place
        self._slow_s = slow_s
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.integration.recognition.worker", str(self.place), str(self._slow_s)]
        self._process = subprocess.Popen(command, cwd=ROOT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def workers(folder: Path, count: int, slow_s: float) -> Iterator[list[Worker]]:
    started = [Worker(folder / f"asr-{n}.json", slow_s) for n in range(count)]
    for worker in started:
        worker.start()
    try:
        yield started
    finally:
        for worker in started:
            worker.kill()


def urls_in(folder: Path) -> list[str]:
    return [json.loads(place.read_text())["url"] for place in sorted(folder.glob("asr-*.json"))]


async def up(folder: Path, count: int) -> None:
    await until(lambda: len(urls_in(folder)) >= count, f"{count} workers", within_s=60)


async def test_segments_come_in_order_with_the_streams_times() -> None:
    async with served() as url:
        stream = WebSocketRecogniser(lambda: [url]).open()
        reading = asyncio.create_task(finals(stream))
        await speak(stream, words(8))
        stream.finish()
        found = await reading
        await stream.aclose()
    assert stream.complete
    assert numbers(found) == list(range(8))
    for n, final in enumerate(found):
        assert final.start_ms == pytest.approx(begin_ms(n), abs=30)
        assert final.end_ms == pytest.approx(begin_ms(n) + WORD_MS, abs=30)
        assert (final.language, final.confidence, final.engine) == ("zh", 0.9, "bursts")


async def test_what_is_being_said_comes_as_a_partial() -> None:
    async with served() as url:
        stream = WebSocketRecogniser(lambda: [url]).open()
        stream.push(words(1)[: 8 * 350])
        partial = await anext(aiter(stream.results()))
        await stream.aclose()
    assert partial == Partial(start_ms=0, text="…")


async def test_killed_workers_lose_and_double_nothing(tmp_path: Path) -> None:
    """Two processes; whichever serves is killed with SIGKILL in the middle of words, three times, and started anew."""
    recording = Recording(tmp_path / "call.wav")
    audio = words(40)
    with workers(tmp_path, 2, slow_s=0.02) as processes:
        await up(tmp_path, 2)
        stream = WebSocketRecogniser(lambda: urls_in(tmp_path), patience_s=120).open(recording=recording.path)
        reading = asyncio.create_task(finals(stream))
        kills = {7: 0, 15: 1, 26: 0}
        for at in range(0, len(audio), FRAME):
            frame = audio[at : at + FRAME]
            recording.write(frame)
            stream.push(frame)
            await asyncio.sleep(0.002)
            for number in [n for n in kills if begin_ms(n) + 100 <= at // 8]:
                victim = processes[kills.pop(number)]
                victim.kill()
                victim.start()
        stream.finish()
        found = await reading
        await stream.aclose()
    assert numbers(found) == list(range(40))
    assert stream.complete
    assert [final.start_ms for final in found] == pytest.approx([begin_ms(n) for n in range(40)], abs=40)


async def test_a_worker_that_was_away_for_longer_than_memory_is_refed_from_the_recording(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav")
    audio = words(120)
    recording.write(audio)
    urls: list[str] = []
    stream = WebSocketRecogniser(lambda: urls).open(recording=recording.path)
    for at in range(0, len(audio), FRAME):
        stream.push(audio[at : at + FRAME])
    stream.finish()
    async with served() as url:
        urls.append(url)
        found = await finals(stream)
        await stream.aclose()
    assert numbers(found) == [n % 80 for n in range(120)]
    assert stream.complete


async def test_without_a_recording_old_audio_is_given_up_and_said_so() -> None:
    urls: list[str] = []
    stream = WebSocketRecogniser(lambda: urls).open()
    quiet = bytes([ALAW_SILENCE]) * 8_000
    stream.push(words(1))
    for _ in range(400):
        stream.push(quiet)
    stream.push(words(1, first=5))
    stream.finish()
    async with served() as url:
        urls.append(url)
        found = await finals(stream)
        await stream.aclose()
    assert numbers(found) == [5]
    assert found[0].start_ms == pytest.approx(400_000 + WORD_MS + GAP_MS, abs=30)
    assert not stream.complete


async def test_push_never_waits_and_never_grows_without_end(tmp_path: Path) -> None:
    """Ten minutes of speech with no recogniser: what is held is bounded."""
    stream = WebSocketRecogniser(list).open(recording=tmp_path / "none.wav")
    for _ in range(600):
        stream.push(bytes(8_000))
    held = len(stream._track._memory)
    await stream.aclose()
    assert held <= 30 * 8_000


async def test_audio_that_ends_every_connection_is_stepped_over() -> None:
    """It may kill processes: it must not be fed for ever, and the words after it are heard."""
    engine = BurstEngine(fails_at="w5")
    async with served(engine) as url:
        stream = WebSocketRecogniser(lambda: [url]).open()
        await speak(stream, words(20), frames_a_turn=1)
        stream.finish()
        found = await finals(stream)
        await stream.aclose()
    heard = numbers(found)
    assert heard == sorted(set(heard))
    assert heard[:5] == list(range(5))
    assert heard[-4:] == [16, 17, 18, 19]
    assert 5 not in heard
    assert not stream.complete
    assert len(engine.opened) <= 8


async def test_no_recogniser_at_all_ends_with_an_error_after_the_call() -> None:
    stream = WebSocketRecogniser(list, patience_s=0.1).open()
    await speak(stream, words(2))
    stream.finish()
    with pytest.raises(RecogniserUnavailable):
        await finals(stream)
    await stream.aclose()
    assert not stream.complete


async def test_a_wrong_token_is_no_recogniser_and_the_right_one_is() -> None:
    async with served(token="right") as url:
        for token in ("wrong", "right"):
            stream = WebSocketRecogniser(lambda: [url], token, patience_s=0.1).open()
            await speak(stream, words(1))
            stream.finish()
            if token == "wrong":
                with pytest.raises(RecogniserUnavailable):
                    await finals(stream)
            else:
                assert numbers(await finals(stream)) == [0]
            await stream.aclose()


async def test_catch_up_transcribes_the_callers_track_from_where_it_is_needed(tmp_path: Path) -> None:
    path = stereo(tmp_path / "call.wav", words(12))
    async with served() as url:
        recogniser = WebSocketRecogniser(lambda: [url])
        everything = await recogniser.transcribe(path)
        rest = await recogniser.transcribe(path, begin_ms(7) - 50)
        ours = await recogniser.transcribe(path, channel=1)
        with pytest.raises(NotFound):
            await recogniser.transcribe(tmp_path / "gone.wav")
    assert numbers(everything) == list(range(12))
    assert numbers(rest) == list(range(7, 12))
    assert rest[0].start_ms == pytest.approx(begin_ms(7), abs=30)
    assert ours == []


async def test_catch_up_without_a_recogniser_says_so(tmp_path: Path) -> None:
    with pytest.raises(RecogniserUnavailable):
        await WebSocketRecogniser(list, patience_s=0.1).transcribe(stereo(tmp_path / "call.wav", words(1)))


async def test_streams_go_to_the_server_with_the_fewest() -> None:
    engines = BurstEngine(), BurstEngine()
    async with served(engines[0]) as first, served(engines[1]) as second:
        recogniser = WebSocketRecogniser(lambda: [first, second])
        streams = [recogniser.open() for _ in range(6)]
        for stream in streams:
            await speak(stream, words(1))
            stream.finish()
        for stream in streams:
            assert numbers(await finals(stream)) == [0]
            await stream.aclose()
    assert [len(engine.opened) for engine in engines] == [3, 3]


async def test_the_backlog_gauge_rises_and_comes_back_to_zero() -> None:
    before = metrics.ASR_BACKLOG_SECONDS._value.get()
    async with served(BurstEngine(slow_s=0.05)) as url:
        stream = WebSocketRecogniser(lambda: [url]).open()
        stream.push(words(10))
        results = aiter(stream.results())
        await anext(results)
        during = metrics.ASR_BACKLOG_SECONDS._value.get()
        stream.finish()
        async for _ in results:
            pass
        await stream.aclose()
    assert during > before
    assert metrics.ASR_BACKLOG_SECONDS._value.get() == pytest.approx(before)


class PlainServer:
    """A vosk-server as others run it: it knows none of our keys, gives times only in words, or not at all."""

    def __init__(self, *, with_words: bool, dies_after: tuple[int, ...] = ()) -> None:
        self._with_words = with_words
        self._dies_after = list(dies_after)
        self.connections = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        async with websockets.serve(self._talk, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            yield f"ws://127.0.0.1:{port}"

    async def _talk(self, socket: websockets.ServerConnection) -> None:
        self.connections += 1
        stream = BurstEngine().stream(rate=8_000, languages=(), hotwords=())
        left = self._dies_after.pop(0) if self._dies_after else None
        async for message in socket:
            if isinstance(message, str):
                if "eof" not in message:
                    continue
                ended = stream.finish()
            else:
                ended = stream.accept(message)
            if left is not None and (left := left - 1) < 0:
                socket.transport.abort()
                return
            body: dict[str, object] = {"text": " ".join(s.text for s in ended)} if ended else {"partial": ""}
            if ended and self._with_words:
                body["result"] = [
                    {"word": s.text, "start": s.start_ms / 1000, "end": s.end_ms / 1000, "conf": 1.0} for s in ended
                ]
            if isinstance(message, str):
                await socket.send(json.dumps({"text": "", **body}))
                return
            await socket.send(json.dumps(body))


@pytest.mark.parametrize("with_words", [True, False])
async def test_a_plain_vosk_server_serves_and_its_deaths_lose_nothing(tmp_path: Path, *, with_words: bool) -> None:
    plain = PlainServer(with_words=with_words, dies_after=(4, 9))
    path = stereo(tmp_path / "call.wav", words(20))
    async with plain.running() as url:
        stream = WebSocketRecogniser(lambda: [url]).open(recording=path)
        reading = asyncio.create_task(finals(stream))
        await speak(stream, words(20), frames_a_turn=1)
        stream.finish()
        found = await reading
        await stream.aclose()
    heard = [int(w[1:]) for final in found for w in final.text.split()]
    assert heard == list(range(20))
    assert plain.connections == 3
    assert stream.complete


async def test_a_stopped_process_is_not_waited_for_when_it_is_killed(tmp_path: Path) -> None:
    """SIGSTOP first: the socket stays open and nothing answers, then the process dies."""
    with workers(tmp_path, 1, slow_s=0.0) as processes:
        await up(tmp_path, 1)
        pid = json.loads((tmp_path / "asr-0.json").read_text())["pid"]
        recogniser = WebSocketRecogniser(lambda: urls_in(tmp_path), patience_s=120)
        stream = recogniser.open(recording=stereo(tmp_path / "call.wav", words(6)))
        reading = asyncio.create_task(finals(stream))
        await speak(stream, words(3), frames_a_turn=1)
        os.kill(pid, signal.SIGSTOP)
        await speak(stream, words(3, first=3), frames_a_turn=1)
        stream.finish()
        processes[0].kill()
        processes[0].start()
        assert numbers(await reading) == list(range(6))
        await stream.aclose()


@pytest.mark.parametrize("nonsense", ["[" * 100_000, '"' + "x" * (2 << 20) + '"', "{}{"])
async def test_a_server_that_answers_nonsense_is_left_for_another(nonsense: str) -> None:
    """Nothing of it is taken, and neither memory nor the stream is lost to it."""

    async def talk(socket: websockets.ServerConnection) -> None:
        async for message in socket:
            if isinstance(message, bytes):
                await socket.send(nonsense)

    async with websockets.serve(talk, "127.0.0.1", 0) as bad, served() as good:
        urls = [f"ws://127.0.0.1:{bad.sockets[0].getsockname()[1]}", good]
        stream = WebSocketRecogniser(lambda: urls).open()
        await speak(stream, words(3))
        stream.finish()
        found = await finals(stream)
        assert numbers(found) == [0, 1, 2]
        assert stream.complete
        await stream.aclose()
