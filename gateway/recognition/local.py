"""Recognising files in this process, with the same engine that calls get."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gateway.errors import ConfigError
from gateway.ports.recogniser import Engine, EngineSpec, Recognised
from gateway.recognition.audio import read_speech

PIECE_S = 1


def load_engine(spec: EngineSpec[object], options: object, models_dir: Path) -> Engine:
    """The engine, loaded; ``ConfigError`` when it runs elsewhere or its model is missing or wrong."""
    if spec.load is None:
        raise ConfigError([f"engine {spec.name!r} runs on another machine; choose one that runs here, e.g. whisper"])
    engine: Engine = spec.load(options, models_dir)
    return engine


def recognise_file(
    engine: Engine, path: Path, *, languages: Sequence[str], hotwords: Sequence[str]
) -> list[Recognised]:
    """Every segment of a file. Blocking."""
    pcm, rate = read_speech(path)
    stream = engine.stream(rate=rate, languages=languages, hotwords=hotwords)
    found: list[Recognised] = []
    step = 2 * rate * PIECE_S
    for at in range(0, len(pcm), step):
        found += stream.accept(pcm[at : at + step])
    return found + stream.finish()


def joined(segments: Sequence[Recognised]) -> str:
    """Their texts as one: a blank only where Latin letters would run together."""
    text = ""
    for segment in segments:
        gap = " " if text and text[-1].isascii() and segment.text[:1].isascii() else ""
        text += gap + segment.text
    return text
