"""Open connections: WebSockets, or server-sent events where a network blocks those. Both push stored messages."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import WSMessage, WSMsgType, web

from channels.webchat.answers import Refusal, count, dumps
from channels.webchat.assets import reader_language
from channels.webchat.exchange import PAGE, ClientLine, Exchange
from channels.webchat.limits import ChatLimits
from channels.webchat.protocol import VERSION, Beat, Hello, Kept, Language, SeenFrame, Typing, parse, shown
from channels.webchat.sessions import Sessions
from channels.webchat.settings import WebChatSettings
from gateway.domain.limits import LONG_BODY
from gateway.edge.off_loop import off_loop
from gateway.errors import GatewayError, StoreUnavailable
from gateway.ports.channel import ChannelContext
from gateway.ports.message import TextServices
from gateway.telemetry import log, spans, trace

_log = log.get("webchat")
_CLOSE_S = 2.0
"""So long a socket that we close has to say good-bye."""
_STALL_S = 30.0
"""A client that takes no bytes for so long is cut off; it comes back and resumes."""
_AGAIN_S = 2.0
_FRAME_OVERHEAD = 4096
CLOSE_OVER = 4401
CLOSE_REFUSED = 4400
CLOSE_BUSY = 4429
CLOSE_RESTART = 1012


class Lines:
    """Serves lines until they or we close."""

    def __init__(
        self,
        *,
        settings: WebChatSettings,
        context: ChannelContext,
        text: TextServices,
        sessions: Sessions,
        limits: ChatLimits,
        exchange: Exchange,
    ) -> None:
        self._settings = settings
        self._context = context
        self._text = text
        self._sessions = sessions
        self._limits = limits
        self._exchange = exchange

    async def socket(self, request: web.Request, address: str) -> web.WebSocketResponse:
        """``GET ws``: the first frame is ``hello``, then frames both ways."""
        socket = web.WebSocketResponse(
            heartbeat=self._settings.heartbeat_s,
            timeout=_CLOSE_S,
            max_msg_size=4 * self._settings.max_text_bytes + _FRAME_OVERHEAD,
            compress=False,
        )
        with self._limits.silent(address):
            greeted = await self._greeted(request, socket)
        if greeted is None:
            return socket
        hello, sender = greeted
        try:
            with self._limits.connections.hold(address=address, sender=sender):
                await self._converse(socket, hello, sender, address, reader_language(request))
        except Refusal as refusal:
            count(self._text.health, refusal)
            await _refuse(socket, refusal)
        except (ConnectionError, _Closed):
            await socket.close()
        return socket

    async def _greeted(self, request: web.Request, socket: web.WebSocketResponse) -> tuple[Hello, str] | None:
        """The first frame and whose it is; None when none came in time or it was nobody's: the socket is closed."""
        try:
            await socket.prepare(request)
            async with asyncio.timeout(self._settings.hello_s):
                hello = _hello(await socket.receive())
            return hello, await self._sessions.sender(hello.token)
        except Refusal as refusal:
            count(self._text.health, refusal)
            await _refuse(socket, refusal)
        except StoreUnavailable as error:
            await _refuse(socket, Refusal(503, "unavailable", "Try again.", retry_after_s=error.retry_after_s))
        except (TimeoutError, ConnectionError, _Closed):
            await socket.close()
        return None

    async def _converse(
        self, socket: web.WebSocketResponse, hello: Hello, sender: str, address: str, language: Language | None
    ) -> None:
        async def close() -> None:
            await socket.close(code=CLOSE_RESTART, message=b"restart")

        line = ClientLine(sender, socket.send_str, close, hello.last_seq)
        self._exchange.joined(line)
        pusher = asyncio.create_task(self._pump(line))
        try:
            async for message in socket:
                await self._take(line, message, address, language)
        except _Closed:
            return
        finally:
            self._exchange.left(line)
            pusher.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await pusher

    async def _pump(self, line: ClientLine) -> None:
        """Push; should that ever fail, close, so that the client comes back and resumes."""
        try:
            await self._push(line)
        except ConnectionError:
            pass
        except Exception as error:  # noqa: BLE001 - whatever it is, the client must not wait on a dead line
            _log.error("webchat_push_failed", exc_info=error)
        await line.close()

    async def _take(self, line: ClientLine, message: WSMessage, address: str, language: Language | None) -> None:
        client_id = None
        try:
            frame = await _frame(message)
            client_id = getattr(frame, "id", None)
            # Each message is a contact's way of its own, not the socket.
            with trace.scope(), spans.span("webchat", entry=True):
                reply = await self._exchange.take(
                    frame, sender=line.sender, address=address, language=language, via=line
                )
        except Refusal as refusal:
            count(self._text.health, refusal)
            reply = refused(refusal, client_id)
        except StoreUnavailable:
            reply = None  # a read mark that could not be noted; the next one notes it, too
        if reply is not None:
            with suppress(ConnectionError):
                await line.say(reply)

    async def stream(
        self, request: web.Request, sender: str, address: str, headers: dict[str, str]
    ) -> web.StreamResponse:
        """``GET events``: the same frames as server-sent events (HTML standard 9.2)."""
        after = request.query.get("after", "0")
        if not after.isdecimal() or len(after) > 15:  # noqa: PLR2004 - digits of any seq there can be
            raise Refusal(400, "malformed", "after: a number")
        response = web.StreamResponse(headers={**headers, "Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        response.content_type = "text/event-stream"
        response.charset = "utf-8"
        with self._limits.connections.hold(address=address, sender=sender):
            await response.prepare(request)
            task = asyncio.current_task()
            assert task is not None
            over = asyncio.Event()

            async def write(frame: str) -> None:
                async with asyncio.timeout(_STALL_S):
                    await response.write(f"data: {frame}\n\n".encode())

            async def close() -> None:
                over.set()

            line = ClientLine(sender, write, close, int(after))
            self._exchange.joined(line)
            jobs = {asyncio.create_task(job) for job in (self._push(line), self._beat(line), over.wait())}
            try:
                await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._exchange.left(line)
                for job in jobs:
                    job.cancel()
                await asyncio.gather(*jobs, return_exceptions=True)
        return response

    async def _beat(self, line: ClientLine) -> None:
        while True:
            await asyncio.sleep(self._settings.heartbeat_s)
            await line.say({"t": "beat"})

    async def _push(self, line: ClientLine) -> None:
        """Write whatever is stored behind ``line.last_seq``, for as long as the line is open."""
        await line.say({"t": "welcome", "v": VERSION, "heartbeat_s": self._settings.heartbeat_s})
        async with self._text.conversations.watch(self._context.channel_id, line.sender) as news:
            await self._catch_up(line)
            await line.say({"t": "live", "seq": line.last_seq})
            async for _ in news:
                await self._catch_up(line)
                with suppress(StoreUnavailable):
                    await self._exchange.settle(line.sender)

    async def _catch_up(self, line: ClientLine) -> None:
        while True:
            try:
                page = await self._text.conversations.history(
                    self._context.channel_id, line.sender, after=line.last_seq, limit=PAGE
                )
            except GatewayError as error:
                _log.warning("webchat_history_failed", exc_info=error)
                await asyncio.sleep(_AGAIN_S)
                continue
            for message in page:
                await line.say(shown(message, line.sender))
                line.last_seq = message.seq
            if len(page) < PAGE:
                return


class _Closed(Exception):
    """The peer closed."""


def refused(refusal: Refusal, client_id: str | None) -> dict[str, object]:
    """``refusal`` as a frame; ``retry_after_s`` null: sending it again is of no use."""
    return {
        "t": "refused",
        "id": client_id,
        "code": refusal.code,
        "detail": refusal.detail,
        "retry_after_s": refusal.wait_s,
    }


def _text(message: WSMessage) -> str:
    if message.type == WSMsgType.TEXT:
        return str(message.data)
    if message.type == WSMsgType.BINARY:
        raise Refusal(422, "malformed", "Frames are text; files go to POST files.")
    raise _Closed


def _hello(message: WSMessage) -> Hello:
    frame = parse(_text(message))
    if not isinstance(frame, Hello):
        raise Refusal(422, "malformed", "The first frame is hello.")
    return frame


async def _frame(message: WSMessage) -> Kept | Typing | SeenFrame | Beat:
    text = _text(message)
    frame = await off_loop(len(text) > LONG_BODY, parse, text)
    if isinstance(frame, Hello):
        raise Refusal(422, "malformed", "One hello is enough.")
    return frame


async def _refuse(socket: web.WebSocketResponse, refusal: Refusal) -> None:
    code = {401: CLOSE_OVER, 422: CLOSE_REFUSED}.get(refusal.status, CLOSE_BUSY)
    with suppress(ConnectionError):
        await socket.send_str(dumps(refused(refusal, None)))
    await socket.close(code=code)
