"""vosk-server's WebSocket protocol, with keys of our own that its other speakers ignore.

Client: ``{"config": {"sample_rate": 8000, …}}``, then binary 16-bit little-endian PCM, then ``{"eof": 1}``. Server:
exactly one answer to each binary message and one to ``eof``: ``{"partial": …}`` while a segment lasts, ``{"text": …,
"result": [{word, start, end, conf}]}`` (seconds from the first sample) when one ended. Ours: config ``hotwords``,
``languages``, ``live``; answers ``segments``, ``start_ms``, ``end_ms``, ``language``, ``confidence``, ``engine``; and
``speech_ms`` in every answer of an engine that knows it: how much speech this connection has had, understood or not.
Format: vosk-server, websocket/asr_server.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import RejectedInput
from gateway.ports.recogniser import Final, Partial, Recognised

EOF = json.dumps({"eof": 1})


class StreamConfig(BaseModel):
    """What a client asks for. Keys of other servers' are ignored, as theirs ignore ours."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    sample_rate: float = Field(8000, ge=2000, le=384_000)
    languages: tuple[str, ...] = ()
    hotwords: tuple[str, ...] = ()
    phrase_list: tuple[str, ...] = ()
    """vosk-server's own key: phrases to expect; we take them for hotwords."""
    live: bool = True


def config_message(*, rate: int, languages: Sequence[str], hotwords: Sequence[str], live: bool) -> str:
    """A client's first message."""
    config: dict[str, Any] = {"sample_rate": rate, "words": True, "languages": list(languages), "live": live}
    if hotwords:
        config["hotwords"] = list(hotwords)
    return json.dumps({"config": config}, ensure_ascii=False)


def parse_control(text: str) -> dict[str, Any]:
    """A client's text message; ``RejectedInput`` when it is none of the protocol's."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise RejectedInput("not JSON") from None
    if not isinstance(message, dict):
        raise RejectedInput("a JSON object is expected")
    return message


def parse_config(message: dict[str, Any]) -> StreamConfig:
    """The ``config`` of a client's message; ``RejectedInput`` says which key is wrong."""
    try:
        return StreamConfig.model_validate(message["config"])
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise RejectedInput(f"config.{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def answer(ended: Sequence[Recognised], partial: str, engine: str, *, final: bool, speech_ms: int | None = None) -> str:
    """The one answer to a message: the segments it ended, or the words so far; ``speech_ms`` where it is known."""
    found: dict[str, Any] = {} if speech_ms is None else {"speech_ms": speech_ms}
    if not ended and not final:
        return json.dumps({"partial": partial, **found}, ensure_ascii=False)
    texts = [s.text for s in ended]
    body: dict[str, Any] = {"text": " ".join(texts), **found}
    if ended:
        body["result"] = [
            {"word": s.text, "start": s.start_ms / 1000, "end": s.end_ms / 1000, "conf": _known(s.confidence)}
            for s in ended
        ]
        body["segments"] = [
            {
                "start_ms": s.start_ms,
                "end_ms": s.end_ms,
                "text": s.text,
                "language": s.language,
                "confidence": s.confidence,
            }
            for s in ended
        ]
        body |= {
            "start_ms": ended[0].start_ms,
            "end_ms": ended[-1].end_ms,
            "language": ended[-1].language,
            "confidence": ended[-1].confidence,
            "engine": engine,
        }
    return json.dumps(body, ensure_ascii=False)


def _known(confidence: float | None) -> float:
    return 1.0 if confidence is None else confidence


def read_answer(text: str, *, base_ms: int, from_ms: int, heard_ms: int) -> list[Partial | Final]:
    """What a server said, in milliseconds of the whole stream.

    ``base_ms``: where this connection's audio began; ``from_ms``: the end of the last final; ``heard_ms``: how far the
    server has heard; the last two stand in for times that a plain server does not give. ``RejectedInput``: not the
    protocol.
    """
    message = parse_control(text)
    try:
        if "segments" in message:
            return [
                Final(
                    start_ms=base_ms + int(s["start_ms"]),
                    end_ms=base_ms + int(s["end_ms"]),
                    text=str(s["text"]),
                    language=s.get("language"),
                    confidence=s.get("confidence"),
                    engine=str(message.get("engine", "remote")),
                )
                for s in message["segments"]
                if s["text"]
            ]
        if message.get("text"):
            return [_plain(message, base_ms=base_ms, from_ms=from_ms, heard_ms=heard_ms)]
        if message.get("partial"):
            return [Partial(start_ms=from_ms, text=str(message["partial"]))]
    except (KeyError, TypeError, ValueError) as error:
        raise RejectedInput(f"an answer that is not vosk-server's: {error!r}") from None
    return []


def read_speech_ms(text: str) -> int | None:
    """How much speech a server has found on this connection; None from one that does not tell."""
    found = parse_control(text).get("speech_ms")
    return found if isinstance(found, int) and found >= 0 else None


def _plain(message: dict[str, Any], *, base_ms: int, from_ms: int, heard_ms: int) -> Final:
    words = message.get("result") or []
    known = [float(word["conf"]) for word in words if "conf" in word]
    return Final(
        start_ms=base_ms + round(1000 * float(words[0]["start"])) if words else from_ms,
        end_ms=base_ms + round(1000 * float(words[-1]["end"])) if words else heard_ms,
        text=str(message["text"]),
        language=message.get("language"),
        confidence=round(sum(known) / len(known), 3) if known else None,
        engine=str(message.get("engine", "remote")),
    )
