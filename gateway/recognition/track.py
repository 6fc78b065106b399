"""One speaker's audio since the last recognised word: newest in memory, the rest read back from the recording."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from gateway.errors import NotFound, RejectedInput

BYTES_PER_MS = 8
KEPT_S = 30
KEPT_WITHOUT_RECORDING_S = 300
_ALAW = 6
_HEAD_BYTES = 4096


class Track:
    """A-law at 8 kHz, one byte a sample; positions are samples since the stream began. Bounded, however long it is."""

    def __init__(self, recording: Path | None, channel: int) -> None:
        """``recording`` is a stereo A-law WAV, perhaps still being written; its ``channel`` is this track."""
        self._recording = recording
        self._channel = channel
        self._memory = bytearray()
        self._limit = 1000 * BYTES_PER_MS * (KEPT_S if recording is not None else KEPT_WITHOUT_RECORDING_S)
        self.pushed = 0
        """Samples so far."""

    @classmethod
    def of_recording(cls, recording: Path, channel: int) -> Track:
        """The whole of a finished recording. ``NotFound``, or ``RejectedInput`` when it is no A-law WAV. Blocking."""
        track = cls(recording, channel)
        with _opened(recording) as file:
            begin, channels = _layout(file, recording)
            track.pushed = max(0, file.seek(0, 2) - begin) // channels
        return track

    def push(self, alaw: bytes) -> None:
        """More audio."""
        self._memory += alaw
        self.pushed += len(alaw)
        if len(self._memory) > self._limit:
            del self._memory[: self._limit // 3]

    def forget(self, before: int) -> None:
        """Everything before this position has been recognised."""
        first = self.pushed - len(self._memory)
        if before > first:
            del self._memory[: before - first]

    def in_memory(self, position: int) -> bool:
        """Whether ``read`` needs no disk."""
        return position >= self.pushed - len(self._memory)

    def read(self, position: int, size: int) -> tuple[int, bytes]:
        """Up to ``size`` samples from ``position``, or from the next position that is still to be had; where, and what.

        Blocking when not ``in_memory``.
        """
        first = self.pushed - len(self._memory)
        if position < first and self._recording is not None:
            found = self._from_recording(position, min(size, first - position))
            if found:
                return position, found
        at = max(position, first)
        return at, bytes(self._memory[at - first : at - first + size])

    def _from_recording(self, position: int, size: int) -> bytes:
        assert self._recording is not None
        try:
            with _opened(self._recording) as file:
                begin, channels = _layout(file, self._recording)
                file.seek(begin + position * channels)
                data = file.read(size * channels)
        except (NotFound, RejectedInput, OSError):
            return b""
        return data[: len(data) // channels * channels][min(self._channel, channels - 1) :: channels]


def _opened(recording: Path) -> BinaryIO:
    try:
        return recording.open("rb")
    except FileNotFoundError:
        raise NotFound(f"recording {recording.name} is gone") from None


def _layout(file: BinaryIO, recording: Path) -> tuple[int, int]:
    """Where the samples begin, and how many channels there are. Sizes in the header may not be right yet."""
    head = file.read(_HEAD_BYTES)
    fmt, data = head.find(b"fmt ", 12), head.find(b"data", 12)
    if head[:4] != b"RIFF" or fmt < 0 or data < 0:
        raise RejectedInput(f"{recording.name} is not a WAV file")
    if int.from_bytes(head[fmt + 8 : fmt + 10], "little") != _ALAW:
        raise RejectedInput(f"{recording.name} is not A-law")
    return data + 8, max(1, int.from_bytes(head[fmt + 10 : fmt + 12], "little"))
