"""The internal connection: one process of this machine asks another, by a Unix socket in ``data_dir/run``.

A frame is four bytes of length (network order) and a JSON object. A question is ``{"id", "verb", "body"}``, its answer
``{"id", "body"}`` or ``{"id", "error": {"code", "message"}}``; answers come in any order. Only processes of the same
user are heard (the folder is closed to others, and the kernel names the peer's user: ``SO_PEERCRED``).
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gateway.errors import GatewayError, PeerDown
from gateway.interprocess.run_dir import make_private
from gateway.telemetry import log, trace

Body = dict[str, Any]
Handler = Callable[[Body], Awaitable[Body]]
MAX_FRAME = 8 * 1024 * 1024
_HEAD = struct.Struct("!I")
_log = log.get("connection")


class SocketListener:
    """Server for the questions of other processes of this machine."""

    def __init__(self, path: Path, handlers: Mapping[str, Handler]) -> None:
        """``handlers`` by verb; one that raises answers with the error's code and costs the others nothing."""
        self._path = path
        self._handlers = handlers
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    async def start(self) -> None:
        """Listen. A socket that is there was left by a killed process: the name is this one's (``live.in_use``)."""
        make_private(self._path.parent)
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, str(self._path))
        self._path.chmod(0o600)

    async def aclose(self) -> None:
        """Stop listening and drop what is under way."""
        self._closing = True
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if not _is_own_user(writer):
                _log.error("stranger_refused")
                return
            async with asyncio.TaskGroup() as group:
                while (question := await _read(reader)) is not None:
                    group.create_task(self._answer(question, writer))
        except asyncio.CancelledError:
            if not self._closing:
                raise
            # By ``aclose``. asyncio's own callback asks this task for its exception, which a cancelled one raises.
        except (OSError, ValueError, ExceptionGroup) as error:
            _log.warning("connection_failed", exc_info=error)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, question: Body, writer: asyncio.StreamWriter) -> None:
        answer: Body = {"id": question.get("id")}
        try:
            handler = self._handlers[str(question.get("verb"))]
            answer["body"] = await handler(question.get("body") or {})
        except KeyError:
            answer["error"] = {"code": "unknown_verb", "message": "this process does not answer that"}
        except GatewayError as error:
            answer["error"] = {"code": error.code, "message": str(error)}
        except Exception as error:  # noqa: BLE001 - the asker has to hear of it, and the connection goes on
            _log.error("question_failed", verb=str(question.get("verb")), exc_info=error)
            answer["error"] = {"code": "internal", "message": type(error).__name__}
        with suppress(OSError):
            await _write(writer, answer)


class Peer:
    """Client of one other process. Connects when first asked, and anew after that process was restarted."""

    def __init__(self, path: Path) -> None:
        """``path`` is the other's socket; nothing is opened yet."""
        self._path = path
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._opening = asyncio.Lock()
        self._waiting: dict[int, asyncio.Future[Body]] = {}
        self._last = 0

    async def ask(self, verb: str, body: Body | None = None, *, timeout_s: float) -> Body:
        """The answer's body. ``PeerDown`` when there is none within ``timeout_s`` or the peer refuses to give one."""
        self._last += 1
        number = self._last
        outcome: asyncio.Future[Body] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout_s):
                writer = await self._connected()
                self._waiting[number] = outcome
                await _write(writer, {"id": number, "verb": verb, "body": body or {}})
                answer = await outcome
        except (TimeoutError, OSError) as error:
            raise PeerDown(f"{self._path.stem} does not answer ({type(error).__name__})") from None
        finally:
            self._waiting.pop(number, None)
            outcome.cancel()
        if "error" in answer:
            raise PeerDown(f"{self._path.stem} answered {answer['error'].get('code')}")
        return dict(answer.get("body") or {})

    async def aclose(self) -> None:
        """Close; pending questions get ``PeerDown``."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _connected(self) -> asyncio.StreamWriter:
        async with self._opening:
            if self._writer is None:
                reader, writer = await asyncio.open_unix_connection(str(self._path))
                self._writer = writer
                self._reading = asyncio.create_task(
                    self._read_answers(reader, writer), name="connection-answers", context=trace.outside()
                )
            return self._writer

    async def _read_answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (answer := await _read(reader)) is not None:
                waiting = self._waiting.get(int(answer.get("id") or 0))
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)
        except (OSError, ValueError) as error:
            _log.warning("connection_failed", exc_info=error)
        finally:
            self._writer = None
            writer.close()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(ConnectionResetError())


def _is_own_user(writer: asyncio.StreamWriter) -> bool:
    found = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", found)[1] == os.getuid())


async def _read(reader: asyncio.StreamReader) -> Body | None:
    """The next frame; None at the end. ``ValueError`` when it is too long or no JSON object."""
    try:
        (length,) = _HEAD.unpack(await reader.readexactly(_HEAD.size))
        if length > MAX_FRAME:
            raise ValueError(f"a frame of {length} bytes")
        found = json.loads(await reader.readexactly(length))
    except asyncio.IncompleteReadError:
        return None
    if not isinstance(found, dict):
        raise ValueError("a frame that is no object")  # noqa: TRY004 - the peer's data, not a caller's type
    return found


async def _write(writer: asyncio.StreamWriter, body: Body) -> None:
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    writer.write(_HEAD.pack(len(data)) + data)
    await writer.drain()
