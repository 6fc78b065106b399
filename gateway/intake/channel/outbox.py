"""Sending what waits in the outbox: in order for each person, again after faults, never outside a reply window."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

from gateway.domain.callback import REPLY_WINDOW_CLOSED, NewCallback, owed
from gateway.domain.ids import new_ulid
from gateway.domain.messages import DeliveryUpdate, NewMessage, Queued, ThreadStep
from gateway.domain.reply_window import may_send
from gateway.errors import (
    GatewayError,
    PermanentDeliveryError,
    ReplyWindowClosed,
    TransientDeliveryError,
)
from gateway.following.poll import Wake, until_stored
from gateway.following.retry import Retry
from gateway.following.worker import GATHER_S, LeasedWorker
from gateway.intake.channel.deliveries import BookDelivery
from gateway.intake.channel.health import HealthBoard
from gateway.intake.channel.here import ChannelsHere
from gateway.intake.channel.watchers import Watchers
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import OutboxRow, OutboxStore
from gateway.ports.message import OutboundMessage, Sent, TextChannel
from gateway.ports.store import CommandStore
from gateway.telemetry import log, spans, trace

POLL_S = 1.0
PARALLEL = 64
SEND_TIMEOUT_S = 30.0
LEASE_MARGIN_S = 30.0
MAX_PAUSE_S = 3600.0
RETRY = Retry(first_s=1.0, most_s=300.0, asked_most_s=MAX_PAUSE_S, max_age_s=24 * 3600.0)
OUTDATED = "outdated"
"""Why a reply is not sent that stands no more."""
KEPT_DAYS = 30
"""Of what was sent, or never will be."""
_log = log.get("outbox")


class OutboxWorker:
    """Sends for the channels that run in this process. Several processes may: leases keep them apart."""

    def __init__(
        self,
        *,
        store: CommandStore,
        outbox: OutboxStore,
        channels: ChannelsHere,
        health: HealthBoard,
        watchers: Watchers,
        clock: Clock,
        owner: str,
        callback_due: timedelta,
        sms_channel: str | None,
        sent_as: Callable[[str, str | None], Awaitable[None]],
        next_todo: Wake,
        jitter: random.Random,
    ) -> None:
        """``sms_channel`` takes what a closed window keeps back; ``sent_as`` hears of each message sent."""
        self._store = store
        self._outbox = outbox
        self._channels = channels
        self._health = health
        self._watchers = watchers
        self._clock = clock
        self._owner = owner
        self._callback_due = callback_due
        self._sms_channel = sms_channel
        self._sent_as = sent_as
        self._jitter = jitter
        self._paused: dict[str, float] = {}
        self.sending = LeasedWorker(
            "outbox",
            take=self._take,
            work=self._person,
            parallel=PARALLEL,
            poll_s=POLL_S,
            on=next_todo,
            gather_s=GATHER_S,
            drain_s=SEND_TIMEOUT_S,
        )
        """What runs: at its end what is under way has one attempt's time to end and be written down."""

    async def _take(self, room: int) -> list[list[OutboxRow]]:
        now = self._clock.monotonic()
        ready = [c for c in self._channels.conversing() if self._paused.get(c, 0.0) <= now]
        if not ready:
            return []
        return await self._outbox.lease(ready, self._owner, recipients=room, lease_s=SEND_TIMEOUT_S + LEASE_MARGIN_S)

    async def _person(self, rows: list[OutboxRow]) -> None:
        """Send one person's messages in order; the first that has to wait makes the others wait."""
        sent = list(rows[0].sent)
        for n, row in enumerate(rows):
            channel = self._channels.text(row.channel_id)
            if channel is None or self._paused.get(row.channel_id, 0.0) > self._clock.monotonic():
                await self._give_back(rows[n:], POLL_S, None)
                return
            with trace.scope(row.trace):
                if row.outdated:
                    await self._book(row, self._lost(row, "the case was reopened"), OUTDATED)
                    continue
                if not may_send(row.heard, sent, channel.window, self._clock.now()):
                    await self._elsewhere(row)
                    continue
                retry_in_s = await self._send(row, channel)
            if retry_in_s is not None:
                await self._give_back(rows[n:], *retry_in_s)
                return
            sent.append(self._clock.now())

    async def _give_back(self, rows: list[OutboxRow], retry_in_s: float, error: str | None) -> None:
        ids = [row.message_id for row in rows]
        await until_stored(lambda: self._outbox.again(ids, retry_in_s=retry_in_s, error=error))

    async def _send(self, row: OutboxRow, channel: TextChannel) -> tuple[float, str] | None:
        """One attempt. None: it is over, well or not; otherwise seconds until the next one, and the error."""
        message = OutboundMessage(
            message_id=row.message_id,
            channel_id=row.channel_id,
            recipient=row.recipient,
            text=row.text,
            quick_replies=row.quick_replies,
            context=row.context,
            created_at=row.created_at,
        )
        try:
            with spans.span("outbox", channel_id=row.channel_id, attempt=row.attempts + 1):
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    sent = await channel.send(message)
        except ReplyWindowClosed:
            # The provider counts better than we do: messages sent by others, people who left.
            await self._elsewhere(row)
        except PermanentDeliveryError as error:
            await self._failed(row, error.code, str(error), error)
        except TransientDeliveryError as error:
            if error.retry_after_s:
                pause = min(error.retry_after_s, MAX_PAUSE_S)
                self._paused[row.channel_id] = self._clock.monotonic() + pause
            return await self._later(row, str(error), error, error.retry_after_s)
        except TimeoutError as error:
            return await self._later(row, "the provider did not answer in time", error)
        except Exception as error:  # noqa: BLE001 - a channel's fault must not cost the message
            _log.error("channel_send_broke", channel_id=row.channel_id, exc_info=error)
            return await self._later(row, type(error).__name__, error)
        else:
            await self._sent(row, sent)
        return None

    async def _sent(self, row: OutboxRow, sent: Sent) -> None:
        now = self._clock.now()
        self._health.sent(row.channel_id)
        _log.info("message_sent", channel_id=row.channel_id, message_id=row.message_id, attempts=row.attempts + 1)
        await self._book(
            row, DeliveryUpdate(message_id=row.message_id, state="sent", at=now, external_id=sent.external_id)
        )
        await self._sent_as(row.channel_id, sent.external_id)

    async def _later(
        self, row: OutboxRow, error: str, cause: Exception, retry_after_s: float | None = None
    ) -> tuple[float, str] | None:
        age_s = (self._clock.now() - row.created_at).total_seconds()
        wait = RETRY.in_s(row.attempts + 1, jitter=self._jitter.random(), age_s=age_s, asked_s=retry_after_s)
        if wait is None:
            await self._failed(row, "gave_up", error, cause)
            return None
        self._health.failed(row.channel_id, for_good=False)
        _log.warning("message_not_sent_yet", channel_id=row.channel_id, attempts=row.attempts + 1, exc_info=cause)
        return wait, error

    async def _failed(self, row: OutboxRow, reason: str, error: str, cause: Exception) -> None:
        """It can never be sent: the ticket says so."""
        self._health.failed(row.channel_id)
        _log.error("message_failed", channel_id=row.channel_id, reason=reason, exc_info=cause)
        await self._book(row, self._lost(row, error), reason)

    def _lost(self, row: OutboxRow, error: str) -> DeliveryUpdate:
        return DeliveryUpdate(message_id=row.message_id, state="failed", at=self._clock.now(), error=error)

    async def _elsewhere(self, row: OutboxRow) -> None:
        """The provider's window is closed: by SMS if we can, otherwise a person calls."""
        now, gone = self._clock.now(), self._lost(row, "reply window closed")
        sms, phone = self._sms_channel, row.phone
        if sms is None or phone is None or row.channel_id == sms:
            callback = owed(REPLY_WINDOW_CLOSED, now, self._callback_due)
            await self._book(row, gone, REPLY_WINDOW_CLOSED, callback=callback)
            return
        queue, message_id = Queued(channel_id=sms, recipient=phone), new_ulid()
        instead = NewMessage(message_id=message_id, direction="outbound", sent_at=now, text=row.text, queue=queue)
        thread = ThreadStep(channel_id=sms, sender=phone)
        await self._book(row, gone, REPLY_WINDOW_CLOSED, instead=instead, thread=thread)

    async def _book(
        self,
        row: OutboxRow,
        update: DeliveryUpdate,
        reason: str | None = None,
        *,
        instead: NewMessage | None = None,
        thread: ThreadStep | None = None,
        callback: NewCallback | None = None,
    ) -> None:
        """Until it is written: what has been sent must not be sent again because SQL was down for a moment."""
        command = BookDelivery(
            at=self._clock.now(),
            ticket_id=row.ticket_id,
            interaction_id=row.interaction_id,
            update=update,
            reason=reason,
            instead=instead,
            thread=thread,
            callback=callback,
        )
        try:
            await until_stored(lambda: self._store.execute(command))
        except GatewayError as error:
            _log.error("delivery_not_booked", exc_info=error)
        self._watchers.wake(row.channel_id, row.recipient)
