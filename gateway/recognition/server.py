"""The recogniser's server: one loaded engine, many streams, live calls before catch-up."""

from __future__ import annotations

import asyncio
import heapq
import hmac
import itertools
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, TypeVar

from aiohttp import WSCloseCode, WSMsgType, web

from gateway.errors import RejectedInput
from gateway.media.g711 import audioop
from gateway.ports.recogniser import Engine, EngineStream, Recognised
from gateway.recognition.protocol import StreamConfig, answer, parse_config, parse_control
from gateway.recognition.slots import Slots
from gateway.telemetry import log

LIVE, CATCH_UP = 0, 1
NATIVE_RATES = (8_000, 16_000)
MAX_MESSAGE_BYTES = 1 << 20
"""Ten seconds of audio at 48 kHz; ours are a second at 8 kHz."""
MAX_STREAMS = 1_000
SPARE_CONNECTIONS = 64
"""Besides one for each stream: probes, and streams that have not begun."""
IDLE_S = 120.0
"""Seconds without any message after which a client is disconnected: a call sends all the time, silence too."""
HEAD_S = 10.0
"""Seconds that a request's head may take, and that a connection may stay unused."""
TOLD_S = 60.0
"""Refused clients are logged once in this many seconds."""
LAST_WORDS_S = 0.5
"""Seconds that streams have to end at a stop; their clients go on elsewhere."""
JOIN_S = 4.0
"""Longer than one segment's recognition takes on a busy machine."""
_log = log.get("recogniser")
T = TypeVar("T")


class Workers:
    """Threads that run the engine. What is live goes first; within that, first come first served."""

    def __init__(self, threads: int) -> None:
        """``threads`` inferences at once."""
        self._waiting: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [threading.Thread(target=self._work, name=f"engine-{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    async def run(self, priority: int, call: Callable[[], T]) -> T:
        """``call`` in a worker thread; its result or its exception."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def settle(result: T | None, error: BaseException | None) -> None:
            if future.cancelled():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]  # None only where T allows it

        def job() -> None:
            if future.cancelled():
                return
            try:
                result = call()
            except Exception as error:  # noqa: BLE001 - it is raised where the result is awaited
                loop.call_soon_threadsafe(settle, None, error)
            else:
                loop.call_soon_threadsafe(settle, result, None)

        with self._changed:
            heapq.heappush(self._waiting, (priority, next(self._numbers), job))
            self._changed.notify()
        return await future

    async def aclose(self) -> None:
        """End the threads after what they are doing now: a native engine must not outlive the interpreter."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        for thread in self._threads:
            await asyncio.to_thread(thread.join, JOIN_S)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                _, _, job = heapq.heappop(self._waiting)
            job()


class RecognitionServer:
    """Serves ``engine`` to any client of vosk-server's protocol.

    A stream's next message is not read before its last one has been recognised: TCP holds back a client that sends
    faster.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        languages: Sequence[str],
        hotwords: Sequence[str] = (),
        token: str = "",
        threads: int = 1,
        max_streams: int = MAX_STREAMS,
    ) -> None:
        """``languages`` and ``hotwords`` for clients that name none; ``token`` empty: everybody may connect.

        Of more than ``max_streams`` streams the rest is told to go elsewhere, catch-up before live calls.
        """
        self._engine = engine
        self._languages = tuple(languages)
        self._hotwords = tuple(hotwords)
        self._token = token
        self._threads = threads
        self._workers: Workers | None = None
        self._runner: web.AppRunner | None = None
        self._open: set[web.WebSocketResponse] = set()
        self._slots = Slots(max_streams)
        self._max_connections = max_streams + SPARE_CONNECTIONS
        self._closing: set[asyncio.Task[object]] = set()
        self._told_at = float("-inf")

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Bind and serve; the URL. Port 0 picks a free one. ``OSError`` when it is taken."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._serve)
        self._workers = Workers(self._threads)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=LAST_WORDS_S, keepalive_timeout=HEAD_S)
        await self._runner.setup()
        return await self.listen(host, port)

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> str:
        """After ``start``: serve at one more address; its URL. ``OSError`` when it is taken or not this machine's."""
        assert self._runner is not None
        await web.TCPSite(self._runner, host, port, ssl_context=tls).start()
        bound = self._runner.addresses[-1]
        name = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        return f"{'wss' if tls else 'ws'}://{name}:{bound[1]}"

    async def aclose(self) -> None:
        """Tell every client to go elsewhere, and stop."""
        for socket in tuple(self._open):
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"the recogniser stops")
        if self._runner is not None:
            await self._runner.cleanup()
        if self._workers is not None:
            await self._workers.aclose()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if self._token and not hmac.compare_digest(given.encode(), self._token.encode()):
            self._tell_of_stranger(request.remote)
            return web.Response(status=401, text="a bearer token is needed: [asr] token\n")
        if len(self._open) >= self._max_connections:
            return web.Response(status=503, text="too many connections\n", headers={"Retry-After": "5"})
        socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES, compress=False)
        await socket.prepare(request)
        self._open.add(socket)
        try:
            await self._converse(socket)
        except RejectedInput as error:
            _log.warning("stream_refused", reason=str(error), exc_info=error)
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=str(error).encode()[:120])
        except TimeoutError as error:
            _log.info("stream_idle", idle_s=IDLE_S, exc_info=error)
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"nothing was sent")
        except ConnectionError as error:
            _log.info("stream_lost", exc_info=error)
        except Exception as error:  # noqa: BLE001 - one stream's fault never ends the others'
            _log.error("stream_failed", exc_info=error)
            await socket.close(code=WSCloseCode.INTERNAL_ERROR)
        finally:
            self._open.discard(socket)
        return socket

    def _tell_of_stranger(self, address: str | None) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= TOLD_S:
            self._told_at = now
            _log.warning("client_refused", address=address, do="give it the same [asr] token, if it is one of yours")

    async def _converse(self, socket: web.WebSocketResponse) -> None:
        config = StreamConfig()
        stream: _Stream | None = None
        with ExitStack() as held:
            while True:
                message = await socket.receive(timeout=IDLE_S)
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    return
                control = parse_control(message.data) if message.type is WSMsgType.TEXT else None
                if control is not None and "eof" not in control:
                    if "config" in control and stream is None:
                        config = parse_config(control)
                    continue
                if stream is None:
                    slot = self._slots.take(live=config.live, make_way=lambda: self._send_away(socket))
                    if slot is None:
                        _log.info("stream_refused_full", live=config.live, streams=len(self._slots))
                        await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"no place for one more stream")
                        return
                    held.callback(self._slots.release, slot)
                    stream = self._stream(config)
                if control is None:
                    await socket.send_str(await stream.accept(message.data))
                    continue
                await socket.send_str(await stream.finish())
                await socket.close()
                return

    def _send_away(self, socket: web.WebSocketResponse) -> None:
        """End a catch-up stream whose place a live call takes."""
        _log.info("stream_makes_way")
        closing = asyncio.create_task(socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"live calls go first"))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _stream(self, config: StreamConfig) -> _Stream:
        assert self._workers is not None
        rate = round(config.sample_rate)
        native = rate if rate in NATIVE_RATES else NATIVE_RATES[-1]
        hotwords = dict.fromkeys((*config.hotwords, *(p for p in config.phrase_list if p != "[unk]")))
        try:
            opened = self._engine.stream(
                rate=native, languages=config.languages or self._languages, hotwords=tuple(hotwords) or self._hotwords
            )
        except ValueError as error:
            raise RejectedInput(str(error)) from None
        priority = LIVE if config.live else CATCH_UP
        return _Stream(opened, self._workers, priority, self._engine.name, rate=rate, native=native)


class _Stream:
    """One client's stream in the engine."""

    def __init__(
        self, stream: EngineStream, workers: Workers, priority: int, engine: str, *, rate: int, native: int
    ) -> None:
        self._stream = stream
        self._workers = workers
        self._priority = priority
        self._engine = engine
        self._rate = rate
        self._native = native
        self._resampling: Any = None
        self._odd = b""

    async def accept(self, pcm: bytes) -> str:
        return await self._workers.run(self._priority, lambda: self._accept(pcm))

    async def finish(self) -> str:
        return await self._workers.run(self._priority, self._finish)

    def _accept(self, pcm: bytes) -> str:
        if self._rate != self._native:
            pcm = self._odd + pcm
            self._odd = pcm[len(pcm) & ~1 :]
            pcm, self._resampling = audioop.ratecv(
                pcm[: len(pcm) & ~1], 2, 1, self._rate, self._native, self._resampling
            )
        ended: list[Recognised] = self._stream.accept(pcm)
        partial = "" if ended else self._stream.partial()
        return answer(ended, partial, self._engine, final=False, speech_ms=self._stream.speech_ms)

    def _finish(self) -> str:
        ended = self._stream.finish()
        return answer(ended, "", self._engine, final=True, speech_ms=self._stream.speech_ms)
