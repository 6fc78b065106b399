import os
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.ivr.audio import GROUP_GAP, alaw, duration_s
from gateway.ivr.prompts import read_prompts

from .flows import write_prompts, write_tone

pytestmark = pytest.mark.unit


@pytest.fixture
def prompts(tmp_path: Path):
    write_prompts(tmp_path)
    return read_prompts(tmp_path)[0]


def test_a_prompt_is_one_byte_a_sample(prompts):
    assert len(alaw(prompts.item("zh", "hello"))) == 4000
    assert duration_s(prompts.item("zh", "hello")) == 0.5


def test_digits_are_read_in_groups_and_the_rest_is_passed_over(prompts):
    one = alaw(prompts.digits("zh", "1"))
    assert alaw(prompts.digits("zh", "11")) == one * 2
    assert alaw(prompts.digits("zh", "1111-1")) == one * 4 + GROUP_GAP + one
    assert alaw(prompts.digits("zh", "")) == b""


def test_a_replaced_file_is_heard_at_once(prompts, tmp_path):
    item = prompts.item("zh", "hello")
    before = alaw(item)
    assert alaw(item) is before
    write_tone(tmp_path / "new.wav", seconds=1.0, rate=16000)
    os.utime(tmp_path / "new.wav", (1, 1))
    (tmp_path / "new.wav").replace(item.wav)
    assert len(alaw(item)) == 8000


def test_what_cannot_be_played_says_which_file(prompts):
    item = prompts.item("zh", "hello")
    Path(item.wav).write_bytes(b"ID3 this is an mp3")
    with pytest.raises(ConfigError, match=r"zh/hello\.wav: not a RIFF/WAVE file"):
        alaw(item)
    Path(item.wav).unlink()
    with pytest.raises(ConfigError, match=r"zh/hello\.wav: prompt cannot be read"):
        alaw(item)
