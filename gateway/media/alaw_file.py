"""A stereo A-law WAV that grows and is a whole, readable file after every append."""

from __future__ import annotations

import os
from pathlib import Path

from gateway.media.wav import HEADER_BYTES, alaw_header, interleaved

TRACKS = 2


class StereoAlawFile:
    """One open file. Blocking; every method may raise ``OSError``.

    A file that is there already is continued: what was recorded before is never overwritten.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            self.audio_bytes = max(0, os.fstat(self._fd).st_size - HEADER_BYTES) // TRACKS * TRACKS
            """Bytes of audio so far, both tracks."""
            self._write_header()
        except OSError:
            os.close(self._fd)
            raise

    def append(self, left: bytes, right: bytes) -> None:
        """Add both tracks (equally long); the header counts only what is written, so a failure leaves a good file."""
        audio = memoryview(interleaved(left, right))
        written = 0
        try:
            while written < len(audio):
                written += os.pwrite(self._fd, audio[written:], HEADER_BYTES + self.audio_bytes + written)
        finally:
            if written:
                self.audio_bytes += written // TRACKS * TRACKS
                self._write_header()

    def close(self) -> None:
        """Cut what is not counted, bring everything to the disk and close."""
        try:
            os.ftruncate(self._fd, HEADER_BYTES + self.audio_bytes)
            os.fsync(self._fd)
        finally:
            os.close(self._fd)

    def _write_header(self) -> None:
        header = alaw_header(self.audio_bytes, TRACKS)
        if os.pwrite(self._fd, header, 0) != len(header):
            raise OSError(f"the header of a recording was cut short after {self.audio_bytes} bytes of audio")
