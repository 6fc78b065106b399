"""The port of speech recognition: a stream in, segments out. Recognition never runs in the voice process (ADR 4)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """What has been understood so far of a sentence under way; replaced by the next one."""

    start_ms: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """A finished segment; times are milliseconds from the start of the stream's audio."""

    start_ms: int
    end_ms: int
    text: str
    language: str | None
    confidence: float | None
    engine: str


class RecognitionStream(Protocol):
    """One speaker's audio on its way to text. Reconnecting after a fault and refeeding are its own business."""

    def push(self, alaw: bytes) -> None:
        """Give A-law audio (8 kHz).

        Never blocks; what does not fit a bounded queue is read back from the recording later.
        """
        ...

    def results(self) -> AsyncIterator[Partial | Final]:
        """Results as they come.

        Ends after ``finish`` when everything pushed has been recognised or ``RecogniserUnavailable`` for good.
        """
        ...

    def finish(self) -> None:
        """No more audio will come."""
        ...

    @property
    def complete(self) -> bool:
        """After ``results`` ended: whether every segment pushed was recognised (else catch-up has to run)."""
        ...

    @property
    def speech_ms(self) -> int | None:
        """How much speech the recogniser has found, understood or not; None when it does not tell."""
        ...

    async def aclose(self) -> None:
        """Let go at once."""
        ...


class Recogniser(Protocol):
    """Opens streams."""

    def open(
        self, *, hotwords: Sequence[str] = (), recording: Path | None = None, channel: int = 0, live: bool = True
    ) -> RecognitionStream:
        """Start a stream.

        ``recording`` (stereo A-law WAV, ``channel`` 0 = caller) is what it refeeds from after a fault.
        ``live=False`` marks catch-up work, which yields to live calls.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A segment an engine produced, times relative to the audio it was given."""

    start_ms: int
    end_ms: int
    text: str
    language: str | None = None
    confidence: float | None = None


class EngineStream(Protocol):
    """An engine's own stream, living in the asr process; synchronous, called from a worker thread."""

    def accept(self, pcm: bytes) -> list[Recognised]:
        """Take 16-bit little-endian mono PCM at the stream's rate; the segments that it finished, if any."""
        ...

    def partial(self) -> str:
        """The words so far of the segment under way, or an empty string."""
        ...

    def finish(self) -> list[Recognised]:
        """Flush; the stream is used up."""
        ...

    @property
    def speech_ms(self) -> int | None:
        """How much speech was found so far, understood or not; None: this engine cannot tell it from other sounds."""
        ...


class Engine(Protocol):
    """A loaded recogniser, shared by all streams of an asr process."""

    name: str

    def stream(self, *, rate: int, languages: Sequence[str], hotwords: Sequence[str]) -> EngineStream:
        """A new stream at ``rate`` Hz (8000 or 16000)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A model this engine can use: never loaded unless its sha256 is the expected one."""

    name: str
    path: str
    """Relative to ``models_dir``."""
    sha256: str
    description: str = ""


class ModelStore(Protocol):
    """How an engine's models come to ``models_dir``. ``say`` is told what is going on, a short text at a time."""

    def fetch(self, models_dir: Path, *, mirror: str, say: Callable[[str], None]) -> Path:
        """See that a verified default model lies there; its path. Instant when it does; ``ConfigError`` else."""
        ...

    def add(self, models_dir: Path, name: str, source: Path, *, say: Callable[[str], None]) -> Path:
        """Verify what the operator brought as the listed model ``name`` and copy it in; ``ConfigError`` if wrong."""
        ...

    def state(self, models_dir: Path, name: str) -> str:
        """``verified``, ``missing`` or ``wrong``: reads every byte."""
        ...


S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec(Generic[S]):
    """What ``asr/<engine>/__init__.py`` exports as ``SPEC``; ``name`` equals the folder's name."""

    name: str
    settings: type[S]
    """A pydantic model (extra="forbid", frozen) of the keys of ``[asr]`` that are the engine's own."""
    load: Any
    """``load(settings, models_dir: Path) -> Engine``; slow, called once in the asr process. None for ``remote``."""
    streaming: bool = False
    models: tuple[ModelFile, ...] = field(default_factory=tuple)
    store: ModelStore | None = None
