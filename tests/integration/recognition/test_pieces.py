"""The client's parts: a track that is bounded, answers of any server, choosing a server, manifests and error rates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli.asr_eval import error_rate, normalised, read_manifest
from gateway.errors import ConfigError, NotFound, RejectedInput
from gateway.media.wav import alaw_header, interleaved
from gateway.ports.recogniser import Final, Partial, Recognised
from gateway.recognition.audio import read_speech
from gateway.recognition.protocol import answer, parse_config, read_answer
from gateway.recognition.track import Track

pytestmark = pytest.mark.unit


def numbered(count: int) -> bytes:
    return bytes(n % 251 for n in range(count))


def recording(path: Path, caller: bytes) -> Path:
    path.write_bytes(alaw_header(0, 2) + interleaved(caller, bytes(len(caller))))
    return path


def test_a_track_gives_back_what_was_pushed_from_memory_and_from_the_recording(tmp_path: Path) -> None:
    audio = numbered(400_000)
    track = Track(recording(tmp_path / "r.wav", audio), 0)
    for at in range(0, len(audio), 160):
        track.push(audio[at : at + 160])
    assert not track.in_memory(0)
    assert track.in_memory(len(audio) - 8_000)
    position, got = 0, b""
    while position < track.pushed:
        at, piece = track.read(position, 8_000)
        assert at == position
        assert 0 < len(piece) <= 8_000
        got, position = got + piece, position + len(piece)
    assert got == audio


def test_what_was_recognised_is_forgotten() -> None:
    track = Track(None, 0)
    track.push(numbered(1_000))
    track.forget(400)
    assert not track.in_memory(399)
    assert track.read(400, 10) == (400, numbered(410)[400:])
    assert track.read(0, 10) == (400, numbered(410)[400:])


def test_a_recording_still_being_written_is_as_long_as_its_bytes(tmp_path: Path) -> None:
    path = recording(tmp_path / "r.wav", numbered(1_000))
    assert Track.of_recording(path, 0).pushed == 1_000
    assert Track.of_recording(path, 1).read(5, 3) == (5, bytes(3))
    path.write_bytes(b"")
    with pytest.raises(RejectedInput):
        Track.of_recording(path, 0)
    with pytest.raises(NotFound):
        Track.of_recording(tmp_path / "gone.wav", 0)


def test_our_answer_reads_back_in_the_streams_own_time() -> None:
    ended = [
        Recognised(start_ms=100, end_ms=900, text="你好", language="zh", confidence=0.8),
        Recognised(start_ms=1_500, end_ms=2_000, text="yes", language="en"),
    ]
    body = answer(ended, "", "whisper", final=False)
    assert json.loads(body)["text"] == "你好 yes"
    first, second = read_answer(body, base_ms=10_000, from_ms=9_000, heard_ms=13_000)
    assert first == Final(start_ms=10_100, end_ms=10_900, text="你好", language="zh", confidence=0.8, engine="whisper")
    assert isinstance(second, Final)
    assert (second.start_ms, second.confidence) == (11_500, None)


def test_a_plain_servers_answers_get_times_from_words_or_from_what_it_heard() -> None:
    words = [{"word": "a", "start": 1.0, "end": 1.5, "conf": 0.5}, {"word": "b", "start": 1.6, "end": 2.0, "conf": 1.0}]
    (timed,) = read_answer(json.dumps({"text": "a b", "result": words}), base_ms=5_000, from_ms=4_000, heard_ms=8_000)
    assert timed == Final(start_ms=6_000, end_ms=7_000, text="a b", language=None, confidence=0.75, engine="remote")
    (bare,) = read_answer('{"text": "a b"}', base_ms=5_000, from_ms=4_000, heard_ms=8_000)
    assert isinstance(bare, Final)
    assert (bare.start_ms, bare.end_ms) == (4_000, 8_000)
    assert read_answer('{"partial": "a"}', base_ms=0, from_ms=7, heard_ms=9) == [Partial(start_ms=7, text="a")]
    for nothing in ('{"partial": ""}', '{"text": ""}', "{}"):
        assert read_answer(nothing, base_ms=0, from_ms=0, heard_ms=0) == []


@pytest.mark.parametrize("text", ["[]", "x", '{"text": "a", "result": [{}]}', '{"segments": [{"text": "a"}]}'])
def test_an_answer_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(RejectedInput):
        read_answer(text, base_ms=0, from_ms=0, heard_ms=0)


def test_a_wrong_config_names_the_key() -> None:
    with pytest.raises(RejectedInput, match="sample_rate"):
        parse_config({"config": {"sample_rate": -1}})


def test_manifests_of_every_form_are_read(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).touch()
    wanted = [(tmp_path / "a.wav", "你好"), (tmp_path / "b.wav", "再见")]
    forms = {
        "m.jsonl": '{"file": "a.wav", "text": "你好"}\n{"audio": "b.wav", "sentence": "再见"}\n',
        "h.tsv": "wav\tlang\ttext\na.wav\tzh\t你好\n\nb.wav\tzh\t再见\n",
        "n.tsv": "a.wav\t你好\nb.wav\t再见\n",
    }
    for name, text in forms.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert read_manifest(tmp_path / name) == wanted, name


def test_every_wrong_line_of_a_manifest_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text('{"file": 3}\n{"file": "gone.wav", "text": "x"}\n{\n', encoding="utf-8")
    with pytest.raises(ConfigError) as failure:
        read_manifest(tmp_path / "m.jsonl")
    assert [problem.split(":")[1] for problem in failure.value.problems] == ["1", "2", "3"]
    (tmp_path / "empty.tsv").touch()
    with pytest.raises(ConfigError, match="empty"):
        read_manifest(tmp_path / "empty.tsv")


def test_errors_are_counted_on_simplified_text_without_punctuation() -> None:
    assert normalised("市民熱線，１２３４５！ OK") == "市民热线12345ok"
    assert error_rate("路灯坏了", "路燈壞了。") == (0, 4)
    assert error_rate("路灯坏了", "路灯了") == (1, 4)
    assert error_rate("", "多") == (1, 0)


def test_a_file_is_read_at_the_rate_it_was_recorded_for(tmp_path: Path) -> None:
    path = recording(tmp_path / "r.wav", bytes([0xD5]) * 8_000)
    path.write_bytes(alaw_header(16_000, 2) + path.read_bytes()[58:])
    pcm, rate = read_speech(path)
    assert (len(pcm), rate) == (16_000, 8_000)
    with pytest.raises(ConfigError, match="no such file"):
        read_speech(tmp_path / "gone.wav")
