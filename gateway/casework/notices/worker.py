"""Sends notices to units: letters are leased, worded, handed over, and what became of them is booked."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from gateway.casework.notices.hours import ReceivingHours
from gateway.casework.notices.wording import Wording
from gateway.domain.case.receivers import NoticeWay
from gateway.errors import PermanentDeliveryError, StoreUnavailable, TransientDeliveryError
from gateway.following.poll import never, until_stored
from gateway.following.retry import Retry
from gateway.following.worker import LeasedWorker
from gateway.ports.clock import Clock
from gateway.ports.notices import Letter, NoticeMessage, NoticeSender, NoticeStore, Pace
from gateway.telemetry import log, metrics

POLL_S = 2.0
DRAIN_S = 30.0
LEASE_MARGIN_S = 10.0
KEPT_DAYS = 90
"""So long what has left is kept: who was told, and when."""
RETRY = Retry(first_s=30.0, most_s=900.0, asked_most_s=900.0, max_age_s=float("inf"))
MOST_ATTEMPTS = 100
"""About a day. Its age does not count: over a holiday a notice waits for days before it is tried first."""
_log = log.get("notices")


class NoticeWorker:
    """Sends by ``senders``, the ways of this process. Several processes may: leases keep them apart."""

    def __init__(
        self,
        *,
        store: NoticeStore,
        make_senders: Callable[[], Mapping[NoticeWay, NoticeSender]],
        wording: Wording,
        hours: ReceivingHours,
        pace: Pace,
        clock: Clock,
        owner: str,
        jitter: random.Random,
    ) -> None:
        """``make_senders`` is asked for each run's own, since a run closes their connections for good at its end.

        ``owner`` is this process's name in leases.
        """
        self._store = store
        self._make_senders = make_senders
        self._senders = make_senders()
        self._wording = wording
        self._hours = hours
        self._pace = pace
        self._clock = clock
        self._owner = owner
        self._jitter = jitter
        self._paused: dict[NoticeWay, float] = {}
        """Until when a way rests whose other side does not answer, on the clock that never jumps."""
        self._under_way: Counter[NoticeWay] = Counter()
        self.sending: LeasedWorker[Letter] = LeasedWorker(
            "notices",
            take=self._take,
            work=self._send,
            parallel=sum(sender.at_once for sender in self._senders.values()),
            poll_s=POLL_S,
            on=never,
            drain_s=DRAIN_S,
            away=partial(_log.warning, "notices_wait_for_store"),
        )

    async def run(self) -> None:
        """Until cancelled; then what is under way has its time to end."""
        try:
            await self.sending.run()
        finally:
            for sender in self._senders.values():
                await sender.aclose()
            self._senders = self._make_senders()

    async def _take(self, room: int) -> Sequence[Letter]:
        """What is leased is carried out, though the store is away when the next way is asked for."""
        now = self._clock.monotonic()
        letters: list[Letter] = []
        for way, sender in self._senders.items():
            free = min(sender.at_once - self._under_way[way], room - len(letters))
            if free <= 0 or not sender.ready or self._paused.get(way, 0.0) > now:
                continue
            lease_s = sender.longest_s + LEASE_MARGIN_S
            try:
                letters += await self._store.take(self._owner, [way], self._pace, limit=free, lease_s=lease_s)
            except StoreUnavailable:
                if not letters:
                    raise
                break
        self._under_way.update(letter.way for letter in letters)
        return letters

    async def _send(self, letter: Letter) -> None:
        try:
            await self._carry(letter)
        finally:
            self._under_way[letter.way] -= 1

    async def _carry(self, letter: Letter) -> None:
        sender, now = self._senders[letter.way], self._clock.now()
        if not letter.urgent and (opens := await self._hours.opening(letter.unit, now)) > now:
            # It was due while nothing ran here, or could not be sent before the unit closed.
            await until_stored(lambda: self._store.hold(letter, opens))
            return
        try:
            await sender.send(self._worded(letter, sender.most_lines, now))
        except PermanentDeliveryError as error:
            await self._dead(letter, error)
        except TransientDeliveryError as error:
            if error.retry_after_s:
                self._paused[letter.way] = self._clock.monotonic() + min(error.retry_after_s, RETRY.asked_most_s)
            await self._again(letter, error, error.retry_after_s)
        except Exception as error:  # noqa: BLE001 - a way's fault must not cost the notice
            _log.error("notice_way_broke", way=letter.way.value, exc_info=error)
            await self._again(letter, error)
        else:
            metrics.NOTICES.labels(letter.way.value, "sent").inc()
            _log.info("notice_sent", way=letter.way.value, unit=letter.unit, notices=len(letter.lines))
            # Until it is written: what has left must not leave again because SQL was down for a moment.
            await until_stored(lambda: self._store.sent(letter, self._clock.now()))

    def _worded(self, letter: Letter, most_lines: int, now: datetime) -> NoticeMessage:
        return NoticeMessage(
            message_id=message_id(letter),
            address=letter.address,
            subject=self._wording.subject(letter),
            text=self._wording.text(letter, most_lines),
            at=now,
        )

    async def _again(self, letter: Letter, error: Exception, asked_s: float | None = None) -> None:
        """Later, but for those of its notices that were tried long enough: others have come since."""
        fresh = [line for line in letter.lines if line.attempts + 1 < MOST_ATTEMPTS]
        worn = [line for line in letter.lines if line.attempts + 1 >= MOST_ATTEMPTS]
        if fresh:
            attempts = max(line.attempts for line in fresh) + 1
            wait = RETRY.pause_s(attempts, jitter=self._jitter.random(), asked_s=asked_s)
            await self._later(replace(letter, lines=tuple(fresh)), error, wait)
        if worn:
            await self._dead(replace(letter, lines=tuple(worn)), error)

    async def _later(self, letter: Letter, error: Exception, wait: float) -> None:
        metrics.NOTICES.labels(letter.way.value, "retry").inc()
        _log.warning("notice_not_sent_yet", way=letter.way.value, unit=letter.unit, retry_s=wait, exc_info=error)
        next_at = self._clock.now() + timedelta(seconds=wait)
        await until_stored(lambda: self._store.again(letter, next_at, _said(error)))

    async def _dead(self, letter: Letter, error: Exception) -> None:
        metrics.NOTICES.labels(letter.way.value, "dead").inc()
        _log.error("notice_dead", way=letter.way.value, unit=letter.unit, notices=len(letter.lines), exc_info=error)
        await until_stored(lambda: self._store.dead(letter, self._clock.now(), _said(error)))


def message_id(letter: Letter) -> str:
    """The same for the same letter, and for no other."""
    to = hashlib.sha256(letter.address.encode()).hexdigest()[:12]
    return f"{letter.lines[0].event_seq}-{letter.lines[-1].event_seq}-{to}"


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
