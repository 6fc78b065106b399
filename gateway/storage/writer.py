"""The group-commit writer: commands that arrive while a commit is under way share the next one."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import tzinfo

import sqlalchemy as sa

from gateway.domain.case.rules_in_force import BY_PLAN, CaseRules
from gateway.domain.command import Applied, Command
from gateway.domain.ids import rfc3339
from gateway.errors import Conflict, GatewayError, RejectedInput, StoreUnavailable
from gateway.ports.clock import Clock
from gateway.storage import tables as t
from gateway.storage.batch import BatchWritten, InLine, Outcome, Spoiled, write_batch
from gateway.storage.codec import Row
from gateway.storage.engine import Sql, is_data_error
from gateway.storage.signal import CommitSignal
from gateway.storage.texts import check_command
from gateway.telemetry import log, metrics, spans, trace

MAX_BATCH = 256
MAX_WAITING = 10_000
HELD_S = 0.05
"""No batch is to work longer while it keeps all other writers waiting; the disk's flush comes on top of it."""
AIM_S = HELD_S / 2
"""How long a batch is to work: half, since one change may cost many times another."""
READ_AND_APPLIED_S = HELD_S / 4
"""A batch that has read and applied so long writes what it has: writing costs about twice as much again."""
MIN_BATCH = 8
"""A machine that has no time for its writers gains nothing by even smaller batches: each costs a flush."""
_log = log.get("storage")
Waiting = tuple[InLine, "asyncio.Future[Applied]", float]


class GroupCommitWriter:
    """Implements ``ports.store.CommandStore``. Commands commit in order of arrival, each whole or not at all."""

    def __init__(
        self, *, sql: Sql, zone: tzinfo, clock: Clock, committed: CommitSignal, max_batch: int = MAX_BATCH
    ) -> None:
        """Number tickets by the calendar of ``zone``; ``max_batch`` 1 commits each command alone (for comparison)."""
        self._sql = sql
        self._zone = zone
        self._clock = clock
        self._committed = committed
        self._max_batch = self._room = max_batch
        self._waiting: deque[Waiting] = deque()
        self._task: asyncio.Task[None] | None = None
        self._rules = BY_PLAN

    def go_by(self, rules: CaseRules) -> None:
        """What is decided about cases from the next batch on."""
        self._rules = rules

    async def execute(self, command: Command) -> Applied:
        """See ``ports.store.CommandStore.execute``."""
        began = time.perf_counter()
        check_command(command)
        arrived = InLine(command, command.refs(), command.trace or trace.current() or trace.new())
        if len(self._waiting) >= MAX_WAITING:
            raise StoreUnavailable(f"{MAX_WAITING} changes wait for the database already", retry_after_s=1)
        outcome: asyncio.Future[Applied] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrived, outcome, began))
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="storage-writer", context=trace.outside())
        if spans.wanted():
            with trace.scope(arrived.trace), spans.span("commit", command=type(command).__name__):
                return await outcome
        return await outcome

    async def aclose(self) -> None:
        """Commit what waits, then stop."""
        while self._task is not None:
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        batch: Sequence[Waiting] = ()
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._room))]
                await self._commit(batch)
                # Those just answered may have more to say: let them join the next batch.
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            for _, future, _ in (*batch, *self._waiting):
                if not future.done():
                    future.set_exception(StoreUnavailable("the process is stopping"))
            self._waiting.clear()
            raise
        finally:
            self._task = None

    async def _commit(self, batch: Sequence[Waiting]) -> None:
        outcomes = await self._outcomes([arrived for arrived, _, _ in batch])
        self._waiting.extendleft(reversed(batch[len(outcomes) :]))
        now = time.perf_counter()
        for (_, future, began), outcome in zip(batch, outcomes, strict=False):
            if isinstance(outcome, Applied):
                metrics.ACCEPT_SECONDS.observe(now - began)
            if future.done():
                continue  # its caller was cancelled; what was committed stays
            if isinstance(outcome, Applied):
                future.set_result(outcome)
            else:
                future.set_exception(outcome)

    async def _outcomes(self, batch: Sequence[InLine]) -> Sequence[Outcome | Exception]:
        """Commit ``batch``, or the beginning of it for which there was time.

        When its data makes SQL refuse it, each command is committed alone, so that only the bad one fails.
        """
        try:
            return await self._write(batch)
        except StoreUnavailable as error:
            return [_for_one(error) for _ in batch]
        except Spoiled as spoiled:  # what comes after it is for the next batch
            return await self._outcomes(batch[: spoiled.at]) if spoiled.at else [spoiled.refusal]
        except Exception as error:  # noqa: BLE001 - one of the batch is to blame; its neighbours must not suffer
            if len(batch) == 1:
                return [_blame(error)]
            _log.warning("batch_taken_apart", commands=len(batch), exc_info=error)
        return [outcome for one in batch for outcome in await self._outcomes([one])]

    async def _write(self, batch: Sequence[InLine]) -> list[Outcome]:
        done: BatchWritten | None = None
        worked_s = 0.0
        now, rules = rfc3339(self._clock.now()), self._rules

        def work(connection: sa.Connection) -> BatchWritten:
            nonlocal done, worked_s
            done = None
            began = time.perf_counter()
            enough = began + READ_AND_APPLIED_S
            done = write_batch(
                connection, batch, self._zone, now, rules=rules, enough=lambda: time.perf_counter() > enough
            )
            worked_s = time.perf_counter() - began
            return done

        try:
            written = await self._sql.write(work)
        except StoreUnavailable as error:
            if done is None or not await self._found_done(done, error):
                raise
            written = done
        else:
            self._room = room(self._room, len(written.outcomes), worked_s, self._max_batch)
        if written.commit is not None:
            self._committed.fire(written.commit)
        return written.outcomes

    async def _found_done(self, done: BatchWritten, error: StoreUnavailable) -> bool:
        """Whether ``done`` was committed all the same, though the answer to that never came."""
        if done.last_event is None or not await self._is_committed(done.last_event):
            return False
        _log.warning("commit_found_done", event_seq=done.last_event["event_seq"], exc_info=error)
        return True

    async def _is_committed(self, event: Row) -> bool:
        """Whether a transaction whose commit was never answered is there all the same."""
        query = sa.select(t.events.c.event_id).where(t.events.c.event_seq == event["event_seq"])
        with suppress(GatewayError):
            found = await self._sql.read(lambda connection: connection.execute(query).scalar())
            return bool(found == event["event_id"])
        return False


def room(before: int, done: int, worked_s: float, most: int) -> int:
    """How many changes the next batch may hold, after one of ``done`` that worked for ``worked_s`` seconds."""
    if worked_s > AIM_S:
        return min(most, max(MIN_BATCH, int(done * AIM_S / worked_s)))
    return min(most, before + before // 2 + 1) if done >= before else before


def _for_one(error: StoreUnavailable) -> StoreUnavailable:
    """One exception object for each change: they are raised in tasks that add their own tracebacks."""
    own = StoreUnavailable(str(error), retry_after_s=error.retry_after_s)
    own.__cause__ = error.__cause__  # what the database said: each door's log tells it
    return own


def _blame(error: Exception) -> Exception:
    """What the sender of a command that cannot be committed is told."""
    if isinstance(error, sa.exc.IntegrityError):
        return Conflict("a row of this command exists already under another key")
    if is_data_error(error):
        _log.error("change_refused_by_sql", exc_info=error)
        return RejectedInput("the database cannot hold a value of this change; see the log")
    return error
