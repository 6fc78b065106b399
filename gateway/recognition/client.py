"""Client of recognisers: streams that neither lose nor repeat a segment when a server or a connection fails."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.errors import NotFound, RejectedInput
from gateway.ports.recogniser import Final
from gateway.recognition.connection import Access
from gateway.recognition.pool import Pool
from gateway.recognition.stream import RATE, ClientStream, StreamOptions
from gateway.recognition.track import Track

PATIENCE_S = 20.0
"""Seconds that a stream waits for a recogniser after its last audio, without any answer."""


class WebSocketRecogniser:
    """Implements ``Recogniser`` on servers of vosk-server's protocol."""

    def __init__(
        self,
        urls: Callable[[], Sequence[str]],
        token: str = "",
        languages: Sequence[str] = ("zh", "en"),
        *,
        hotwords: Sequence[str] = (),
        patience_s: float = PATIENCE_S,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``urls()``: ``ws://`` or ``wss://`` servers of this moment; ``token``: a bearer token, or empty.

        ``hotwords`` are for every stream, after its own; ``tls`` verifies ``wss://`` servers (None: the machine's CAs).
        """
        self.pool = Pool(urls, Access(token, tls))
        self._languages = tuple(languages)
        self._hotwords = tuple(hotwords)
        self._patience_s = patience_s

    def open(
        self, *, hotwords: Sequence[str] = (), recording: Path | None = None, channel: int = 0, live: bool = True
    ) -> ClientStream:
        """See ``Recogniser.open``. Needs a running event loop; connects in the background."""
        return self._stream(Track(recording, channel), 0, hotwords, live=live)

    async def transcribe(
        self, path: Path, from_ms: int = 0, *, channel: int = 0, hotwords: Sequence[str] = ()
    ) -> list[Final]:
        """Every segment of a finished recording's track that begins after ``from_ms``; yields to live calls.

        ``NotFound`` when there is no audio, ``RecogniserUnavailable`` when no server could be reached in time.
        """
        try:
            track = await asyncio.to_thread(Track.of_recording, path, channel)
        except RejectedInput as error:
            raise NotFound(f"no audio can be read: {error}") from None
        begin = from_ms * RATE // 1000
        if begin >= track.pushed:
            return []
        stream = self._stream(track, begin, hotwords, live=False)
        stream.finish()
        try:
            return [result async for result in stream.results() if isinstance(result, Final)]
        finally:
            await stream.aclose()

    def _stream(self, track: Track, begin: int, hotwords: Sequence[str], *, live: bool) -> ClientStream:
        options = StreamOptions(
            languages=self._languages,
            hotwords=tuple(dict.fromkeys((*hotwords, *self._hotwords))),
            live=live,
            patience_s=self._patience_s,
        )
        return ClientStream(self.pool, track, options, begin=begin)
