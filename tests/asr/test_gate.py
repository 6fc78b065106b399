"""What is let through as text, and what is not."""

from __future__ import annotations

import pytest

from asr.whisper.decoder import tidy
from asr.whisper.gate import JudgedSegment, reason_to_drop
from asr.whisper.settings import WhisperSettings

pytestmark = pytest.mark.unit
SETTINGS = WhisperSettings()


def heard(
    text: str, *, logprob: float = -0.3, no_speech: float = 0.05, voiced_ms: int = 4_000, prompt: str = ""
) -> str | None:
    return reason_to_drop(
        JudgedSegment(text=text, logprob=logprob, no_speech=no_speech, voiced_ms=voiced_ms, prompt=prompt), SETTINGS
    )


@pytest.mark.parametrize(
    "text",
    [
        "我家楼下的路灯坏了三天了",
        "谢谢",
        "我要投诉小区停车场乱收费，谢谢大家",
        "电话是13800138000",
        "不是不是，是幸福路",
        "对对对",
        "There is a leak in my street, thank you.",
        "哈哈哈",
    ],
)
def test_what_people_say_is_text(text: str) -> None:
    assert heard(text) is None


def test_a_sure_short_answer_is_text() -> None:
    assert heard("好的", voiced_ms=400) is None


@pytest.mark.parametrize(
    ("text", "logprob", "no_speech"),
    [
        ("请不吝点赞 订阅 转发 打赏支持明镜与点点栏目", -0.2, 0.2),
        ("字幕by索兰娅", -0.6, 0.3),
        ("谢谢观看", -0.7, 0.2),
        ("谢谢大家", -0.3, 0.5),
        ("Thank you.", -0.8, 0.1),
        ("Thanks for watching!", -0.6, 0.1),
        ("作曲 李宗盛", -0.7, 0.4),
        ("优优独播剧场——YoYo Television Series Exclusive", -0.2, 0.1),
    ],
)
def test_subtitles_are_not(text: str, logprob: float, no_speech: float) -> None:
    assert heard(text, logprob=logprob, no_speech=no_speech) == "subtitle"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("。。。", "empty"),
        ("你好你好你好你好你好你好你好你好你好你好", "repetition"),
        ("We're going to have a big one. " * 6, "repetition"),
        ("0 0 0 0 0 0 0 0 0 0 0 0", "repetition"),
    ],
)
def test_nothing_and_loops_are_not(text: str, reason: str) -> None:
    assert heard(text) == reason


def test_improbable_words_are_not() -> None:
    assert heard("郭卡的重要", logprob=-1.3) == "improbable"


def test_words_the_model_thinks_are_no_speech_are_not() -> None:
    assert heard("幸福路的路灯", logprob=-0.7, no_speech=0.8) == "no_speech"
    assert heard("幸福路的路灯", logprob=-0.2, no_speech=0.8) is None


def test_more_words_than_anybody_can_say_are_not() -> None:
    assert heard("我们今天来到了一个非常美丽的地方给大家看看", voiced_ms=300) == "too_fast"


def test_the_hint_given_to_the_model_is_not_what_was_said() -> None:
    prompt = "市民热线、幸福小区、停车场"
    assert heard("市民热线幸福小区", prompt=prompt) == "prompt_echo"
    assert heard("幸福小区的停车场收费", prompt=prompt) is None
    assert heard("停车场", prompt=prompt) is None
    assert heard("幸福小区。", prompt=prompt) is None, "somebody answers with a hot word"
    assert heard("幸福小区", prompt=prompt, logprob=-0.7) == "prompt_echo"


def test_chinese_text_is_simplified_with_full_width_punctuation() -> None:
    assert tidy(" 我要投訴,小區 停車場亂收費. ", "zh") == "我要投诉，小区停车场乱收费。"
    assert tidy("随著 著名的 显著 著作", "zh") == "随着著名的显著著作"
    assert tidy("一共328.5元", "zh") == "一共328.5元"


def test_other_text_is_left_as_it_is() -> None:
    assert tidy(" Well, 3 days. ", "en") == "Well, 3 days."
