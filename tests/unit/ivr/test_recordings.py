from pathlib import Path

import pytest

from gateway.ivr.audio import alaw
from gateway.ivr.new_prompts import check, put_in
from gateway.ivr.prompts import read_prompts

from .flows import PROMPT_IDS, write_prompts, write_tone

pytestmark = pytest.mark.unit


@pytest.fixture
def prompts(tmp_path: Path):
    write_prompts(tmp_path / "prompts")
    return read_prompts(tmp_path / "prompts")[0]


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """A folder of new Mandarin recordings as a studio delivers them: 48 kHz."""
    (tmp_path / "new" / "zh").mkdir(parents=True)
    for prompt_id in PROMPT_IDS:
        write_tone(tmp_path / "new" / "zh" / f"{prompt_id}.wav", seconds=0.7, rate=48000)
    return tmp_path / "new"


def test_fit_recordings_are_put_in_at_8_khz(prompts, new):
    (new / "zh" / "hello.txt").write_text("您好\n", encoding="utf-8")
    recordings, problems = check(new, prompts.items)
    assert problems == []
    assert {r.path.stem for r in recordings} == set(PROMPT_IDS)
    assert all(-18 < r.level_dbfs < -16 for r in recordings)
    before = alaw(prompts.item("en", "hello"))
    put_in(recordings, prompts.folder)
    after, wrong = read_prompts(prompts.folder)
    assert wrong == []
    assert (after.item("zh", "hello").text, after.item("zh", "bye").text) == ("您好", "zh bye")
    assert len(alaw(after.item("zh", "hello"))) == 5600
    assert alaw(after.item("en", "hello")) == before
    assert sorted(p.name for p in prompts.folder.iterdir()) == ["en", "zh"]


@pytest.mark.parametrize(
    ("wav", "expected"),
    [
        ({"rate": 6000}, "6000 Hz; record at 8000 Hz or more"),
        ({"seconds": 0.05}, "0.05 s long; allowed 0.15 to 30 s"),
        ({"seconds": 31}, "31.00 s long"),
        ({"level": 0.0}, "is silent"),
        ({"level": 0.02}, "level -37.0 dBFS; allowed -30 to -10"),
        ({"level": 0.9}, "level -3.9 dBFS"),
        ({"level": 1.0}, "of its samples are clipped; record it less loud"),
    ],
)
def test_unfit_recordings_are_named_with_the_reason(prompts, new, wav, expected):
    write_tone(new / "zh" / "hello.wav", **wav)
    recordings, problems = check(new, prompts.items)
    assert any("zh/hello.wav: " in p and expected in p for p in problems), problems
    assert "hello" not in {r.path.stem for r in recordings}


def test_silence_at_the_ends_is_refused(prompts, new):
    hello = new / "zh" / "hello.wav"
    write_tone(hello, seconds=3, rate=8000)
    data = bytearray(hello.read_bytes())
    data[44 : 44 + 16000 * 5 // 4] = bytes(16000 * 5 // 4)
    hello.write_bytes(data)
    assert "zh/hello.wav: begins with 1.2 s of silence" in check(new, prompts.items)[1][0]


def test_what_is_missing_unknown_or_no_wav(prompts, new):
    (new / "zh" / "bye.wav").unlink()
    (new / "zh" / "again.wav").write_bytes(b"not audio")
    write_tone(new / "zh" / "extra.wav")
    (new / "fr").mkdir()
    found = "\n".join(check(new, prompts.items)[1])
    assert "zh/bye.wav: missing; it says: zh bye" in found
    assert "zh/again.wav: not a RIFF/WAVE file" in found
    assert "zh/extra.wav: no prompt has this id; if it is a new one, write its words into extra.txt" in found
    assert "new/fr: no language of the flows; languages: en, zh" in found


def test_a_prompt_of_ones_own_comes_with_its_words(prompts, new):
    write_tone(new / "zh" / "extra.wav")
    (new / "zh" / "extra.txt").write_text("", encoding="utf-8")
    assert "extra.txt is empty" in check(new, prompts.items)[1][0]
    (new / "zh" / "extra.txt").write_text("另外\n", encoding="utf-8")
    recordings, problems = check(new, prompts.items)
    assert problems == []
    put_in(recordings, prompts.folder)
    assert read_prompts(prompts.folder)[0].item("zh", "extra").text == "另外"


def test_a_folder_without_recordings(prompts, tmp_path):
    assert check(tmp_path / "gone", prompts.items) == ([], [f"{tmp_path / 'gone'}: no such folder"])
    (tmp_path / "empty").mkdir()
    assert "has no folder named en, zh" in check(tmp_path / "empty", prompts.items)[1][0]
