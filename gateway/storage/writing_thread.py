"""The thread that writes to an SQLite file: one transaction at a time, each under the lock of all its writers."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import sqlalchemy as sa

from gateway.errors import StoreUnavailable
from gateway.storage.fair_lock import FairLock
from gateway.telemetry import log

T = TypeVar("T")
_log = log.get("storage")


class WritingThread:
    """Runs writes in order of arrival. Waiting for the lock is bounded for who asks, not for the thread itself."""

    def __init__(self, engine: sa.Engine, lock: FairLock | None) -> None:
        """``lock`` None: no other process can open this database (it lies in memory)."""
        self._engine = engine
        self._lock = lock
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        # A daemon: one that waits for a lock which nobody gives back must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name="sqlite-writer", daemon=True)
        self._started = False

    async def run(self, work: Callable[[sa.Connection], T], *, within_s: float) -> T:
        """Run ``work`` in a transaction and commit it.

        ``StoreUnavailable`` when it has not begun ``within_s`` seconds from now: then it never will.
        """
        if not self._started:
            self._started = True
            self._thread.start()
        loop = asyncio.get_running_loop()
        job = _Job(work, loop)
        self._jobs.put(job)
        giving_up = loop.call_later(within_s, job.give_up)
        try:
            result: T = await job.outcome
        finally:
            giving_up.cancel()
            job.give_up()
        return result

    async def aclose(self, *, within_s: float) -> None:
        """Commit what waits, end the thread. One that still waits for the lock after ``within_s`` is left behind."""
        if not self._started:
            return
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join, within_s)
        if self._thread.is_alive():
            _log.error("database_lock_never_came")

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            if not job.given_up:
                job.answer(*self._run(job))
        if self._lock is not None:
            self._lock.close()

    def _run(self, job: _Job) -> tuple[Any, BaseException | None]:
        try:
            if self._lock is None:
                return self._commit(job), None
            self._lock.acquire()
            try:
                return self._commit(job), None
            finally:
                self._lock.release()
        except Exception as error:  # noqa: BLE001 - whoever waits gets it, whatever it is
            return None, error

    def _commit(self, job: _Job) -> Any:
        if not job.begin():
            return None
        with self._engine.begin() as connection:
            return job.work(connection)


class _Job:
    """One write that somebody waits for."""

    def __init__(self, work: Callable[[sa.Connection], Any], loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.outcome: asyncio.Future[Any] = loop.create_future()
        self._loop = loop
        self._deciding = threading.Lock()
        self._begun = False
        self.given_up = False

    def begin(self) -> bool:
        """In the thread: whether it is still wanted; from now on it is not given up any more."""
        with self._deciding:
            self._begun = not self.given_up
            return self._begun

    def give_up(self) -> None:
        """On the loop: it is not wanted any more, unless it has begun."""
        with self._deciding:
            if self._begun or self.given_up:
                return
            self.given_up = True
        if not self.outcome.done():
            _log.error("database_kept_by_another_process")
            self.outcome.set_exception(
                StoreUnavailable("another process keeps the database for itself; retry, and see who holds its .lock")
            )

    def answer(self, result: Any, error: BaseException | None) -> None:
        """In the thread: tell who waits."""
        with suppress(RuntimeError):  # the loop has been closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._answer, result, error)

    def _answer(self, result: Any, error: BaseException | None) -> None:
        if self.outcome.done():
            return  # given up, or its caller was cancelled
        if error is None:
            self.outcome.set_result(result)
        else:
            self.outcome.set_exception(error)
