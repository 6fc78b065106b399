"""The default engine for real: through the gateway it hears what it hears alone, and nothing where nobody speaks."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from gateway.cli.asr_eval import error_rate
from gateway.media.g711 import ALAW_SILENCE, alaw_to_pcm16
from gateway.media.wav import alaw_header, alaw_wav, interleaved
from gateway.ports.recogniser import Final, Recognised
from gateway.prefill.hot_words import hot_words
from gateway.recognition.client import WebSocketRecogniser
from gateway.recognition.local import joined
from tests.asr.real import models_dir, telephone, whisper
from tests.support.command import GATEWAY, ROOT, gateway
from tests.support.data import EACH_SPEECH, OWN, utterances
from tests.support.noises import NOBODY_SPEAKS
from tests.support.waiting import until

pytestmark = pytest.mark.integration
EVERY_NTH = 4
"""A quarter of the utterances is enough to see a fault of two points; more costs minutes."""
QUIET = bytes([ALAW_SILENCE])
CALLERS = utterances(OWN / "calls")


@asynccontextmanager
async def asr_role(data_dir: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, Path]]:
    """``gateway run --role asr`` as the supervisor starts it."""
    models_dir()
    env = {**os.environ, "GATEWAY_DATA_DIR": str(data_dir), "GATEWAY_LOG__LEVEL": "warning"}
    command = [*GATEWAY, "run", "--role", "asr", "--index", "0"]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=env)
    place = data_dir / "run" / "asr-0.json"

    def started() -> bool:
        assert process.returncode is None, "the recogniser process died at its start"
        return place.exists()

    try:
        await until(started, "the recogniser's start", within_s=120)
        yield process, place
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def urls(place: Path) -> list[str]:
    return [json.loads(place.read_text())["url"]] if place.exists() else []


async def listen(recogniser: WebSocketRecogniser, alaw: bytes, *, frames_a_turn: int = 0) -> list[Final]:
    """What is heard of it, given all at once or some frames a turn of the loop, as a call gives it."""
    stream = recogniser.open()
    for n, at in enumerate(range(0, len(alaw), 160)):
        stream.push(alaw[at : at + 160])
        if frames_a_turn and n % frames_a_turn == 0:
            await asyncio.sleep(0.005)
    stream.finish()
    found = [result async for result in stream.results() if isinstance(result, Final)]
    assert stream.complete
    await stream.aclose()
    return found


def alone(alaw: bytes) -> list[Recognised]:
    stream = whisper().stream(rate=8_000, languages=("zh", "en"), hotwords=())
    return stream.accept(alaw_to_pcm16(alaw)) + stream.finish()


def text(found: list[Final]) -> str:
    return joined([Recognised(start_ms=f.start_ms, end_ms=f.end_ms, text=f.text) for f in found])


@EACH_SPEECH
async def test_through_the_gateway_nothing_is_heard_worse_than_alone(tmp_path: Path, speech: Path) -> None:
    chosen = utterances(speech)[::EVERY_NTH]
    ours = bare = total = 0
    async with asr_role(tmp_path) as (_process, place):
        recogniser = WebSocketRecogniser(lambda: urls(place))
        for one in chosen:
            alaw = telephone(one.wav)
            ours += error_rate(one.text, text(await listen(recogniser, alaw)))[0]
            errors, length = error_rate(one.text, joined(await asyncio.to_thread(alone, alaw)))
            bare, total = bare + errors, total + length
    assert total > 60
    assert ours / total <= bare / total + 0.02
    assert bare / total < 0.5


@EACH_SPEECH
async def test_a_killed_recogniser_process_costs_no_word(tmp_path: Path, speech: Path) -> None:
    """SIGKILL while a sentence is being recognised; the next process gets it again from the recording."""
    spoken = [telephone(one.wav) for one in utterances(speech)[6:9]]
    alaw = b"".join(words + QUIET * 12_000 for words in spoken)
    recording = tmp_path / "call.wav"
    recording.write_bytes(alaw_header(2 * len(alaw), 2) + interleaved(alaw, QUIET * len(alaw)))
    expected = [s.text for s in alone(alaw)]
    found: list[Final] = []
    async with asr_role(tmp_path) as (process, place):
        stream = WebSocketRecogniser(lambda: urls(place), patience_s=120).open(recording=recording)
        results = aiter(stream.results())
        for at in range(0, len(alaw), 160):
            stream.push(alaw[at : at + 160])
        stream.finish()
        first = await anext(results)
        assert isinstance(first, Final)
        found.append(first)
        process.kill()
        await process.wait()
        place.unlink()
    async with asr_role(tmp_path):
        found += [result async for result in results if isinstance(result, Final)]
        await stream.aclose()
    assert stream.complete
    assert len(found) == len(expected)
    assert error_rate("".join(expected), "".join(f.text for f in found))[0] <= 3
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(found))


@asynccontextmanager
async def starved(pid: int) -> AsyncIterator[None]:
    """The process gets a third of its time, in turns."""

    async def take_turns() -> None:
        while True:
            os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(0.12)
            os.kill(pid, signal.SIGCONT)
            await asyncio.sleep(0.06)

    turns = asyncio.create_task(take_turns())
    try:
        yield
    finally:
        turns.cancel()
        await asyncio.gather(turns, return_exceptions=True)
        os.kill(pid, signal.SIGCONT)


async def test_a_recogniser_that_is_short_of_time_hears_the_same_only_later(tmp_path: Path) -> None:
    """It falls behind, gets larger pieces then, and what it hears are the segments, times and words of a quiet hour."""
    alaw = b"".join(telephone(one.wav)[:24_000] + QUIET * 8_000 for one in CALLERS[:3])
    async with asr_role(tmp_path) as (process, place):
        recogniser = WebSocketRecogniser(lambda: urls(place))
        quiet = await listen(recogniser, alaw, frames_a_turn=5)
        async with starved(process.pid):
            late = await listen(recogniser, alaw)
    in_pieces = whisper().stream(rate=8_000, languages=("zh", "en"), hotwords=())
    pcm = alaw_to_pcm16(alaw)
    bare = [s for at in range(0, len(pcm), 320) for s in in_pieces.accept(pcm[at : at + 320])] + in_pieces.finish()
    assert len(quiet) >= 3
    assert late == quiet
    assert [(f.start_ms, f.end_ms, f.text) for f in quiet] == [(s.start_ms, s.end_ms, s.text) for s in bare]


async def test_sigterm_ends_the_role_and_takes_its_address_back(tmp_path: Path) -> None:
    async with asr_role(tmp_path) as (process, place):
        assert set(json.loads(place.read_text())) == {"url", "pid"}
        stream = WebSocketRecogniser(lambda: urls(place)).open()
        stream.push(b"".join(telephone(one.wav) + QUIET * 12_000 for one in CALLERS[:4]))
        await anext(aiter(stream.results()))
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        assert not place.exists()
        await stream.aclose()


def test_without_a_model_the_role_says_so_in_one_line(tmp_path: Path) -> None:
    folders = {"GATEWAY_DATA_DIR": str(tmp_path), "GATEWAY_MODELS_DIR": str(tmp_path / "none")}
    done = gateway("run", "--role", "asr", environment=folders)
    assert done.returncode == 2
    assert [line for line in done.stderr.splitlines() if "gateway asr fetch" in line]
    assert "Traceback" not in done.stderr


def test_nobody_speaks_on_any_of_these_and_nothing_is_heard() -> None:
    engine, words = whisper(), hot_words(ROOT / "config")
    for name, sound in NOBODY_SPEAKS.items():
        stream = engine.stream(rate=8_000, languages=("zh", "en"), hotwords=words)
        assert stream.accept(sound(10)) + stream.finish() == [], name


@EACH_SPEECH
def test_speech_backwards_is_not_made_into_words(speech: Path) -> None:
    """It has a voice's sound and no words: the detectors let it through, the model invents, the gate drops it."""
    engine = whisper()
    invented = []
    chosen = utterances(speech)[:12:2]
    for one in chosen:
        pcm = alaw_to_pcm16(telephone(one.wav)[::-1])
        stream = engine.stream(rate=8_000, languages=("zh", "en"), hotwords=())
        invented += stream.accept(pcm) + stream.finish()
    assert len(invented) <= len(chosen) // 3


def test_more_hot_words_than_fit_leave_room_for_a_short_answer() -> None:
    pcm = alaw_to_pcm16(telephone(CALLERS[0].wav))[:16_000]
    decoded = whisper().decoder.decode(
        np.frombuffer(pcm, "<i2").astype(np.float32) / 32768,
        languages=("zh",),
        previous=None,
        hotwords=hot_words(ROOT / "config"),
    )
    assert "秀英区" in decoded.prompt
    assert decoded.logprob <= 0


@EACH_SPEECH
def test_each_segment_is_in_the_language_it_was_spoken_in(speech: Path) -> None:
    chinese, english = (utterances(speech, language)[0] for language in ("zh", "en"))
    alaw = telephone(chinese.wav) + QUIET * 12_000 + telephone(english.wav)
    found = alone(alaw)
    assert found[0].language == "zh"
    assert {s.language for s in found} == {"zh", "en"}
    only_zh = whisper().stream(rate=8_000, languages=("zh",), hotwords=())
    assert {s.language for s in only_zh.accept(alaw_to_pcm16(alaw)) + only_zh.finish()} <= {"zh"}


@EACH_SPEECH
def test_the_command_transcribes_files_and_our_recordings_callers_side(tmp_path: Path, speech: Path) -> None:
    said, other = utterances(speech)[-4], utterances(speech)[3]
    caller, ours = telephone(said.wav), telephone(other.wav)
    longest = max(len(caller), len(ours))
    recording = tmp_path / "call.wav"
    recording.write_bytes(alaw_wav(caller.ljust(longest, QUIET), ours.ljust(longest, QUIET)))
    models_dir()
    done = gateway("asr", "transcribe", "--json", said.wav, recording)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert [set(one) for one in answer] == [{"file", "text", "segments"}] * 2
    assert answer[0]["file"] == str(said.wav)
    for one in answer:
        errors, length = error_rate(said.text, one["text"])
        assert errors / length < 0.5
    assert set(answer[0]["segments"][0]) == {"start_ms", "end_ms", "text", "language", "confidence", "engine"}


def test_the_command_measures_a_manifest(tmp_path: Path) -> None:
    rows = CALLERS[:2]
    lines = [json.dumps({"file": str(one.wav), "text": one.text}, ensure_ascii=False) for one in rows]
    (tmp_path / "m.jsonl").write_text("\n".join(lines), encoding="utf-8")
    models_dir()
    done = gateway("asr", "eval", tmp_path / "m.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["n"], answer["engine"]) == (2, "whisper")
    assert 0 <= answer["cer"] < 1
    assert [one["file"] for one in answer["files"]] == [str(one.wav) for one in rows]


def test_a_file_that_is_no_audio_is_one_clear_line(tmp_path: Path) -> None:
    models_dir()
    (tmp_path / "x.wav").write_bytes(b"no audio")
    for name in ("x.wav", "missing.wav"):
        done = gateway("asr", "transcribe", tmp_path / name)
        assert (done.returncode, done.stdout) == (2, "")
        assert name in done.stderr
        assert "Traceback" not in done.stderr
