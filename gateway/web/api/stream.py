"""``GET /api/v1/stream``: events as they commit, as server-sent events; a client resumes by ``event_seq``."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from aiohttp import web

from gateway.errors import StoreUnavailable
from gateway.ports.store import Record
from gateway.web.api.hub import EventHub
from gateway.web.api.models import MAX_SEQ, StreamQuery
from gateway.web.auth import READ
from gateway.web.problems import Problem
from gateway.web.routing import HOUSE, Context, Route, check

MEDIA_TYPE = "text/event-stream"
RECHECK_S = 2.0
"""So often the streams look, all at once, whether their sessions and tokens still hold; with ``REMEMBER_S`` one that
does not ends within 5 s."""
_RETRY_MS = 2000


class Streams:
    """The open streams of this process."""

    def __init__(self, hub: EventHub) -> None:
        """Streams fed by ``hub``."""
        self.hub = hub
        self._by_actor: Counter[str] = Counter()
        self.tasks: set[asyncio.Task[Record]] = set()
        self._recheck: asyncio.Task[None] | None = None

    async def recheck(self) -> None:
        """Wait until all streams of this process are to look: one statement then answers them all."""
        if self._recheck is None or self._recheck.done():
            self._recheck = asyncio.create_task(asyncio.sleep(RECHECK_S), name="streams-recheck")
        await asyncio.shield(self._recheck)

    def enter(self, actor: str, *, most: int, most_each: int) -> None:
        """Count one more; 503 or 429 when there are too many."""
        if self._by_actor.total() >= most:
            raise Problem(503, "too_many_streams", "No more streams now; poll instead.", headers={"Retry-After": "10"})
        if self._by_actor[actor] >= most_each:
            raise Problem(429, "too_many_streams", "Close a stream first.", headers={"Retry-After": "10"})
        self._by_actor[actor] += 1

    def leave(self, actor: str) -> None:
        """Count one less."""
        self._by_actor[actor] -= 1
        if self._by_actor[actor] <= 0:
            del self._by_actor[actor]

    async def close(self, app: web.Application) -> None:
        """Shutdown signal: end every stream, so that nothing waits for its clients."""
        app[HOUSE].closing = True
        for task in tuple(self.tasks):
            task.cancel()


STREAMS: web.AppKey[Streams] = web.AppKey("streams", Streams)


async def get_stream(context: Context) -> web.StreamResponse:
    """Send events with ``event_seq`` as their id until the client goes, may no longer read, or takes no bytes."""
    limits = context.services.limits
    after = await _after(context)
    streams = context.request.app[STREAMS]
    principal = context.principal
    streams.enter(principal.actor, most=limits.streams, most_each=limits.streams_per_client)
    try:
        response = web.StreamResponse(
            headers={"Content-Type": f"{MEDIA_TYPE}; charset=utf-8", "X-Accel-Buffering": "no"}
        )
        await response.prepare(context.request)
        await _until_either(_pump(context, response, after), _until_revoked(context))
    finally:
        streams.leave(principal.actor)
    return response


async def _after(context: Context) -> int:
    """Where to begin: Last-Event-ID wins, because it is what a browser sends when it comes back."""
    last = context.request.headers.get("Last-Event-ID", "").strip()
    if last:
        if not (last.isascii() and last.isdigit()) or int(last) > MAX_SEQ:
            raise Problem(400, "invalid_query", "Last-Event-ID is an event_seq.")
        return int(last)
    query = context.query(StreamQuery)
    return await context.services.reader.last_event_seq() if query.after is None else query.after


async def _until_either(*jobs: Coroutine[Any, Any, None]) -> None:
    """Run until one of ``jobs`` ends, and end the others: also one that waits for a client who takes no bytes."""
    tasks = {asyncio.create_task(job) for job in jobs}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _until_revoked(context: Context) -> None:
    """Ends when the client's permission has ended or changed."""
    while True:
        await context.request.app[STREAMS].recheck()
        try:
            principal = await context.house.auth.principal(context.request, in_use=False)
            check(principal, ROUTE)
        except (Problem, StoreUnavailable):
            return
        if principal.scopes != context.principal.scopes:
            return


async def _pump(context: Context, response: web.StreamResponse, after: int) -> None:
    limits = context.services.limits
    await _write(response, f"retry: {_RETRY_MS}\n\n", limits.stall_s)
    streams = context.request.app[STREAMS]
    events = streams.hub.follow(after)
    pending = _next(events, streams)
    try:
        while not context.house.closing:
            done, _ = await asyncio.wait({pending}, timeout=limits.heartbeat_s)
            if not done:
                await _write(response, ": alive\n\n", limits.stall_s)
                continue
            try:
                event = pending.result()
            except (StopAsyncIteration, StoreUnavailable, asyncio.CancelledError):
                return
            data = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
            await _write(response, f"id: {event['event_seq']}\ndata: {data}\n\n", limits.stall_s)
            pending = _next(events, streams)
    finally:
        pending.cancel()
        await asyncio.gather(pending, return_exceptions=True)
        await events.aclose()


def _next(events: AsyncIterator[Record], streams: Streams) -> asyncio.Task[Record]:
    """The next event as a task: a heartbeat may pass it by without losing it."""

    async def step() -> Record:
        return await anext(events)

    task = asyncio.create_task(step())
    streams.tasks.add(task)
    task.add_done_callback(streams.tasks.discard)
    return task


async def _write(response: web.StreamResponse, text: str, stall_s: float) -> None:
    """Send, or drop a client that takes nothing for ``stall_s``: it comes back with Last-Event-ID."""
    try:
        async with asyncio.timeout(stall_s):
            await response.write(text.encode())
    except TimeoutError:
        raise ConnectionResetError("the client takes no events") from None


ROUTE = Route(
    method="GET",
    path="/api/v1/stream",
    handler=get_stream,
    summary="Server-sent events: id = event_seq, data = the event; comments as heartbeat",
    scope=READ,
    streaming=True,
    by_itself=True,
    query=StreamQuery,
    returns=MEDIA_TYPE,
    errors=(400, 401, 403, 429, 503),
    headers=(("Last-Event-ID", "Go on after this event_seq; wins over ``after``."),),
    tag="events",
)
ROUTES = (ROUTE,)
