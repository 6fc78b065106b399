"""Drops text that the model invented where nobody spoke: subtitle phrases, one word fifty times."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from asr.whisper.loops import syllables
from asr.whisper.settings import WhisperSettings

MAX_PER_SECOND = 11.0
"""Nobody speaks more syllables in a second: 11 Chinese characters, 33 letters of English."""
FREE_SYLLABLES = 4
REPEATS = 4
"""So many times the same piece in a row, when it makes up most of the text, is a loop."""
LOOP_SHARE = 0.6
ECHO_CHARS = 4
UNSURE_LOGPROB = -0.55
"""Below this mean log probability a phrase known from subtitles is believed to be one."""
UNSURE_NO_SPEECH = 0.3

_LOOP = re.compile(rf"(.{{1,12}}?)\1{{{REPEATS - 1},}}")
_NOT_WORD = re.compile(r"[\W_]+")
_BETWEEN_WORDS = re.compile(r"[、,]")
_ALWAYS = re.compile(
    r"amara\.?org|明镜与点点|点点栏目|优优独播剧场|YoYo Television|不吝点赞.*订阅|打赏支持|字幕by索兰娅", re.IGNORECASE
)
"""Learned from subtitles word for word; no caller says them, however sure the model is."""
_WHEN_UNSURE = re.compile(
    r"字幕(?:by|由|制作|志愿者|组|君)|(?:中文|简体|繁体|本)字幕|(?:作词|作曲|编曲|词曲)\s*[:：]?\s*李宗盛"
    r"|(?:谢谢|感谢|多谢)(?:大家|您|你|各位)?的?(?:观看|收看|收听|聆听|支持)|下期(?:再见|节目)|我们下(?:期|次)再见"
    r"|记得订阅|订阅(?:我|频道|转发)|点赞|thank(?:s| you)(?: (?:so|very) much)? for (?:watching|listening)|subscribe"
    r"|see you (?:next|in the next)"
    r"|^(?:thank you|thanks|bye(?: bye)?|you|okay|ok|so|oh|um|mm|hmm|谢谢|谢谢大家|再见|拜拜|嗯|啊|哦|呃|唉|好)$",
    re.IGNORECASE,
)
"""People do say these; when the model is unsure as well, nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedSegment:
    """One decoded segment and how sure the model was."""

    text: str
    logprob: float
    """Mean log probability of a token."""
    no_speech: float
    """Probability that the segment holds no speech."""
    voiced_ms: int
    prompt: str = ""


def reason_to_drop(heard: JudgedSegment, settings: WhisperSettings) -> str | None:  # noqa: PLR0911 - one line for each reason
    """The reason to drop the segment as invented; None when it may be real speech."""
    plain = _NOT_WORD.sub("", heard.text)
    if not plain:
        return "empty"
    unsure = heard.logprob < UNSURE_LOGPROB or heard.no_speech > UNSURE_NO_SPEECH
    if heard.logprob < settings.min_logprob:
        return "improbable"
    if heard.no_speech > settings.max_no_speech and heard.logprob < UNSURE_LOGPROB:
        return "no_speech"
    raw = heard.text.encode()
    if len(raw) / len(zlib.compress(raw)) > settings.max_compression or _looping(plain):
        return "repetition"
    if syllables(plain) > FREE_SYLLABLES + MAX_PER_SECOND * heard.voiced_ms / 1000:
        return "too_fast"
    if heard.prompt and _echo(plain, heard.prompt, unsure=unsure):
        return "prompt_echo"
    if _ALWAYS.search(heard.text):
        return "subtitle"
    if unsure and _WHEN_UNSURE.search(heard.text.strip(" 。.,，!！?？")):
        return "subtitle"
    return None


def _looping(plain: str) -> bool:
    found = _LOOP.search(plain)
    if found is None or found.group(1).isdigit():
        return found is not None and len(found.group()) > 2 * REPEATS and len(found.group()) >= LOOP_SHARE * len(plain)
    return len(found.group()) >= LOOP_SHARE * len(plain)


def _echo(plain: str, prompt: str, *, unsure: bool) -> bool:
    """One hot word clearly said is an answer; several in the prompt's order, or one that is not sure, are its echo."""
    if not unsure and plain in map(str.strip, _BETWEEN_WORDS.split(prompt)):
        return False
    whole = _NOT_WORD.sub("", prompt)
    return len(plain) >= ECHO_CHARS and (plain in whole or whole in plain)
