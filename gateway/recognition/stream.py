"""A stream to a recogniser that goes on over new connections when one is lost."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto

import aiohttp

from gateway.errors import RecogniserUnavailable, RejectedInput
from gateway.media.g711 import alaw_to_pcm16
from gateway.ports.recogniser import Final, Partial
from gateway.recognition.connection import Full, Unreachable
from gateway.recognition.pool import Pool
from gateway.recognition.protocol import EOF, config_message, read_answer, read_speech_ms
from gateway.recognition.track import BYTES_PER_MS, Track
from gateway.telemetry import log, metrics

RATE = 8_000
PIECE = 3 * RATE // 10
"""A message carries at least 0.3 s: fewer wake-ups of the process that also paces media …"""
LARGEST_PIECE = RATE
"""… and a second at most, when there is a backlog."""
WINDOW = 4 * RATE
"""Samples (4 s) that may be on their way unanswered."""
STALL_S = 60.0
"""Seconds after which a server that owes an answer counts as dead."""
FIRST_BACKOFF_S = 0.2
MAX_BACKOFF_S = 5.0
MAX_WAITING_PARTIALS = 20
"""Partial results that wait for a slow reader; beyond them it gets final ones only."""
MAX_STUCK = 4
"""After so many connections in a row without progress the audio is skipped."""
_EOF_MARK = -1
_log = log.get("recognition")


class _End(Enum):
    """How a connection ended."""

    DONE = auto()
    """Everything has been recognised."""
    FULL = auto()
    UNREACHABLE = auto()
    NOBODY = auto()
    """There was no recogniser to connect to."""
    LOST = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOptions:
    """Options of a stream."""

    languages: tuple[str, ...]
    hotwords: tuple[str, ...]
    live: bool
    patience_s: float


class ClientStream:
    """Implements ``RecognitionStream``. Positions are samples since the stream began."""

    def __init__(self, pool: Pool, track: Track, options: StreamOptions, *, begin: int = 0) -> None:
        """Starts connecting at once; audio before ``begin`` is not wanted."""
        self._pool = pool
        self._track = track
        self._options = options
        self._done_to = begin
        """Everything before has been recognised: a new connection begins here."""
        self._answered_to = begin
        self._sent_to = begin
        self._reached = begin
        """How far any connection has come."""
        self._owed: deque[int] = deque()
        self._reported_s = 0.0
        self._finished = False
        self._lost = False
        self._complete = False
        self._speech_ms: int | None = None
        self._speech_before = 0
        """Found by earlier connections. What a later one hears again counts again: rather too much than too little."""
        self._more = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._progress_at = self._answered_at = self._loop.time()
        self._results: asyncio.Queue[Partial | Final | RecogniserUnavailable | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._run(), name="recognition-stream")

    def push(self, alaw: bytes) -> None:
        """See ``RecognitionStream.push``."""
        if self._finished:
            return
        self._track.push(alaw)
        if self._track.pushed - self._sent_to >= PIECE:
            self._more.set()

    def finish(self) -> None:
        """See ``RecognitionStream.finish``."""
        if not self._finished:
            self._finished = True
            self._progress_at = self._loop.time()
            self._more.set()

    @property
    def complete(self) -> bool:
        """See ``RecognitionStream.complete``."""
        return self._complete

    @property
    def speech_ms(self) -> int | None:
        """See ``RecognitionStream.speech_ms``."""
        return self._speech_ms

    async def results(self) -> AsyncIterator[Partial | Final]:
        """See ``RecognitionStream.results``."""
        while (result := await self._results.get()) is not None:
            if isinstance(result, RecogniserUnavailable):
                raise result
            yield result

    async def aclose(self) -> None:
        """See ``RecognitionStream.aclose``."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._results.put_nowait(None)

    async def _run(self) -> None:
        backoff, stuck = FIRST_BACKOFF_S, 0
        try:
            while True:
                began = self._answered_to = self._sent_to = self._done_to
                reached = self._reached
                end = await self._attempt()
                if end is _End.DONE:
                    self._complete = not self._lost
                    self._results.put_nowait(None)
                    return
                if end in (_End.FULL, _End.NOBODY) and self._pool.usable and not self._options.live:
                    self._progress_at = self._loop.time()  # calls go first, however long they last
                if self._out_of_patience():
                    _log.warning("recogniser_given_up", live=self._options.live)
                    self._results.put_nowait(RecogniserUnavailable("no recogniser can be reached"))
                    return
                if end in (_End.FULL, _End.UNREACHABLE) and self._pool.any_fit(live=self._options.live):
                    continue
                if self._reached > reached:
                    backoff, stuck = FIRST_BACKOFF_S, 0
                else:
                    backoff = min(backoff * 2, MAX_BACKOFF_S)
                    stuck += end is _End.LOST and self._sent_to > began
                if stuck >= MAX_STUCK:
                    self._step_over()
                    stuck = 0
                await asyncio.sleep(backoff)
        except Exception as error:  # noqa: BLE001 - whoever reads the results must not wait for ever
            _log.error("recognition_stream_failed", exc_info=error)
            self._results.put_nowait(RecogniserUnavailable("the recognition client failed"))
        finally:
            self._report(over=True)

    def _step_over(self) -> None:
        """Skip audio that has ended every connection: it may crash recognisers."""
        self._lost = True
        self._done_to = self._reached = min(self._track.pushed, max(self._reached, self._done_to) + WINDOW)
        _log.error("recognition_stepped_over", to_ms=self._ms(self._done_to))

    def _out_of_patience(self) -> bool:
        return self._finished and self._loop.time() - self._progress_at > self._options.patience_s

    async def _attempt(self) -> _End:
        """One connection, from ``_done_to`` on."""
        url = self._pool.take(live=self._options.live)
        if url is None:
            return _End.NOBODY
        try:
            await self._connected(url)
        except Full:
            self._pool.full(url, live=self._options.live)
            return _End.FULL
        except Unreachable as error:
            self._pool.failed(url, str(error))
            return _End.UNREACHABLE
        except (aiohttp.ClientError, OSError, TimeoutError, RejectedInput) as error:
            _log.warning("recogniser_lost", url=url, refeed_from_ms=self._ms(self._done_to), exc_info=error)
            self._pool.lost(url)
            return _End.LOST
        finally:
            self._pool.release(url)
        return _End.DONE

    async def _connected(self, url: str) -> None:
        base = self._done_to
        self._speech_before = self._speech_ms or 0
        self._owed.clear()
        async with self._pool.access.connect(url) as socket:
            self._pool.connected(url)
            self._answered_at = self._loop.time()
            sender = asyncio.create_task(self._send(socket))
            watchdog = asyncio.create_task(self._watch(socket))
            try:
                await self._receive(socket, sender, base)
            finally:
                for task in (sender, watchdog):
                    task.cancel()
                await asyncio.gather(sender, watchdog, return_exceptions=True)

    async def _send(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.send_str(
            config_message(
                rate=RATE,
                languages=self._options.languages,
                hotwords=self._options.hotwords,
                live=self._options.live,
            )
        )
        ended = False
        while True:
            waiting = self._track.pushed - self._sent_to
            if self._sent_to - self._answered_to < WINDOW and (waiting >= PIECE or (waiting and self._finished)):
                await self._send_piece(socket)
                continue
            if self._finished and not waiting and not ended:
                ended = True
                self._owe(_EOF_MARK)
                await socket.send_str(EOF)
            self._more.clear()
            await self._more.wait()

    async def _watch(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Close a connection whose server owes an answer and gives none: it hangs, or the network is gone."""
        while True:
            await asyncio.sleep(STALL_S / 4)
            if self._owed and self._loop.time() - self._answered_at >= STALL_S:
                break
        _log.warning("recogniser_stalled", refeed_from_ms=self._ms(self._done_to))
        await socket.close()

    async def _send_piece(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        begin = self._sent_to
        if self._track.in_memory(begin):
            at, alaw = self._track.read(begin, LARGEST_PIECE)
        else:
            at, alaw = await asyncio.to_thread(self._track.read, begin, LARGEST_PIECE)
        if at > begin:
            # Neither memory nor the recording has it: silence keeps the times right, catch-up may find it later.
            self._lost = True
            alaw = bytes([0xD5]) * min(at - begin, LARGEST_PIECE)
        self._sent_to = begin + len(alaw)
        self._owe(len(alaw))
        await socket.send_bytes(alaw_to_pcm16(alaw))

    def _owe(self, what: int) -> None:
        if not self._owed:
            self._answered_at = self._loop.time()
        self._owed.append(what)

    async def _receive(self, socket: aiohttp.ClientWebSocketResponse, sender: asyncio.Task[None], base: int) -> None:
        """Hear until everything has been recognised; ``Full`` when the recogniser gives this stream's place away."""
        while True:
            message = await socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                # Some servers close after ``eof`` without a last answer.
                if self._owed and list(self._owed) == [_EOF_MARK] and socket.close_code == aiohttp.WSCloseCode.OK:
                    return
                if socket.close_code == aiohttp.WSCloseCode.TRY_AGAIN_LATER:
                    raise Full
                if sender.done() and not sender.cancelled() and sender.exception() is not None:
                    await sender
                raise ConnectionResetError("closed by the recogniser")
            was_full = self._sent_to - self._answered_to >= WINDOW
            answered = self._owed.popleft() if self._owed else 0
            self._answered_to += max(0, answered)
            self._answered_at = self._loop.time()
            if self._answered_to > self._reached:
                self._reached, self._progress_at = self._answered_to, self._answered_at
            self._hear(message.data, base)
            if answered == _EOF_MARK:
                return
            if was_full:
                self._more.set()

    def _hear(self, text: str, base: int) -> None:
        if (found := read_speech_ms(text)) is not None:
            self._speech_ms = self._speech_before + found
        for result in read_answer(
            text,
            base_ms=self._ms(base),
            from_ms=self._ms(self._done_to),
            heard_ms=self._ms(self._answered_to),
        ):
            if isinstance(result, Partial):
                if self._results.qsize() < MAX_WAITING_PARTIALS:
                    self._results.put_nowait(result)
                continue
            end = result.end_ms * BYTES_PER_MS
            if end <= self._done_to:
                continue
            self._done_to = min(end, self._answered_to)
            self._track.forget(self._done_to)
            if self._options.live:
                metrics.ASR_FINAL_SECONDS.observe(max(0, self._ms(self._track.pushed) - result.end_ms) / 1000)
            self._results.put_nowait(result)
        self._report()

    def _report(self, *, over: bool = False) -> None:
        """Keep this stream's share of the backlog gauge right."""
        waiting_s = 0.0 if over else (self._track.pushed - self._answered_to) / RATE
        metrics.ASR_BACKLOG_SECONDS.inc(waiting_s - self._reported_s)
        self._reported_s = waiting_s

    @staticmethod
    def _ms(position: int) -> int:
        return position // BYTES_PER_MS
