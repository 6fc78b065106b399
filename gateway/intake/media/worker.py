"""Fetching what people sent, and hearing their voice messages. The state is SQL's; a worker may die at any moment."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.domain.backoff import backoff_s
from gateway.domain.change import AttachmentUpdate, Change, NewEvent
from gateway.domain.limits import MESSAGE_CHARS
from gateway.errors import (
    GatewayError,
    NotFound,
    PermanentDeliveryError,
    RecogniserUnavailable,
    RejectedInput,
    StoreUnavailable,
    TicketErased,
    TransientDeliveryError,
)
from gateway.intake.channel.here import ChannelsHere
from gateway.intake.conversation.conversations import ConversationIntake
from gateway.intake.conversation.text_flow import TextFlow
from gateway.intake.conversation.voice_words import said_change, told_change
from gateway.intake.media.round_robin import RoundRobin
from gateway.media.decoding import DecoderFailed, SoundDecoder
from gateway.media.wav import alaw_wav
from gateway.ports.attachments import SETTLED_S, Attachments, Refused, StoredFile
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import AttachmentRow, AttachmentStore, ThreadView
from gateway.ports.message import MediaRef, TextChannel
from gateway.ports.recogniser import Final
from gateway.ports.store import ChangeStore
from gateway.telemetry import log, metrics

POLL_S = 2.0
PARALLEL = 8
FETCH_TIMEOUT_S = 60.0
HEAR_TIMEOUT_S = 600.0
"""A voice message's slot with the recogniser. The next one heard is somebody else's, if anybody else waits."""
HEARD_AT_ONCE = 2
"""Of different people, so that a short message need not wait for the end of a long one. Live calls come first."""
LOOKED_AT = 500
"""People among whom the next one is chosen."""
DECODINGS = 3
"""A file that has ended its decoder so often is given up."""
FIRST_RETRY_S = 2.0
MAX_RETRY_S = 300.0
GIVE_UP = timedelta(hours=24)
STORE_RETRY_S = 1.0
_log = log.get("media")
Transcribe = Callable[[Path, int], Awaitable[list[Final]]]


class MediaWorker:
    """Looks after attachments of the channels that run in this process, and after all voice messages."""

    def __init__(
        self,
        *,
        store: ChangeStore,
        attachments: AttachmentStore,
        conversations: ConversationIntake,
        flow: TextFlow,
        files: Attachments,
        channels: ChannelsHere,
        clock: Clock,
        owner: str,
        callback_due: timedelta,
        is_gone: Callable[[str], bool],
        transcribe: Transcribe | None,
        decoder: SoundDecoder,
        jitter: random.Random,
    ) -> None:
        """``transcribe`` None: no recogniser; voice messages wait for one. ``is_gone``: see ``OutboxWorker``."""
        self._store = store
        self._attachments = attachments
        self._conversations = conversations
        self._flow = flow
        self._files = files
        self._channels = channels
        self._clock = clock
        self._owner = owner
        self._callback_due = callback_due
        self._is_gone = is_gone
        self._transcribe = transcribe
        self._decoder = decoder
        self._jitter = jitter
        self._turns = RoundRobin()
        # One for each loop: with one for all, what wakes the one is cleared by the other.
        self._to_fetch, *self._to_hear = (asyncio.Event() for _ in range(1 + HEARD_AT_ONCE))

    def notify(self) -> None:
        """There may be something to fetch or to hear."""
        self._to_fetch.set()
        self._notify_hearing()

    def _notify_hearing(self) -> None:
        for wake in self._to_hear:
            wake.set()

    async def run(self, *, hears: bool = True) -> None:
        """Fetch until cancelled, and hear where this process ``hears``: not where calls are served."""
        with suppress(StoreUnavailable):  # then those leases run out by themselves
            await self._attachments.free(self._is_gone)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._forever(self.fetch_due, self._to_fetch), name="media-fetch")
            for wake in self._to_hear if hears else ():
                group.create_task(self._forever(self.hear_due, wake), name="media-hear")

    async def _forever(self, step: Callable[[], Awaitable[int]], wake: asyncio.Event) -> None:
        while True:
            wake.clear()
            try:
                done = await step()
            except StoreUnavailable:
                await asyncio.sleep(STORE_RETRY_S)
                continue
            if not done:
                try:
                    async with asyncio.timeout(POLL_S):
                        await wake.wait()
                except TimeoutError:
                    continue

    async def fetch_due(self) -> int:
        """Fetch what is due; how many."""
        here = self._channels.conversing()
        if not here:
            return 0
        lease_s = FETCH_TIMEOUT_S * 2
        due = await self._attachments.lease(self._owner, limit=PARALLEL, lease_s=lease_s, channel_ids=here)
        await asyncio.gather(*(self._fetch(row) for row in due))
        return len(due)

    async def hear_due(self) -> int:
        """Hear a voice message that is due, of whoever was heard longest ago; how many, 0 or 1."""
        if self._transcribe is None:
            return 0
        lease_s = HEAR_TIMEOUT_S * 2
        turn = self._turns.begin(await self._attachments.waiting(LOOKED_AT, lease_s=lease_s))
        if turn is None:
            return 0
        try:
            row = await self._attachments.lease_voice(self._owner, turn.attachment_id, lease_s=lease_s)
            if row is not None:
                await self._hear(row, self._transcribe)
        finally:
            self._turns.end(turn)
        return 1

    async def _fetch(self, row: AttachmentRow) -> None:
        channel = self._channels.text(row.channel_id)
        if channel is None:
            await self._attachments.again(row.attachment_id, retry_in_s=POLL_S, error="channel is not running")
            return
        media = MediaRef(ref=row.ref, media_type=row.media_type, name=row.name, size=row.bytes)
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_S):
                stored = await self._files.keep(_content(channel, media), row.name)
        except Refused as refused:
            await self._lost(row, refused.why)
        except PermanentDeliveryError as error:
            _log.error("attachment_lost", channel_id=row.channel_id, exc_info=error)
            await self._lost(row, "fetch_failed")
        except TransientDeliveryError as error:
            await self._later(row, str(error), error.retry_after_s)
        except TimeoutError:
            await self._later(row, "the provider did not deliver it in time", None)
        except Exception as error:  # noqa: BLE001 - a channel's fault must not cost the attachment
            _log.error("channel_fetch_broke", channel_id=row.channel_id, exc_info=error)
            await self._later(row, type(error).__name__, None)
        else:
            hear = row.kind == "voice" and not row.message_text
            update = AttachmentUpdate(
                attachment_id=row.attachment_id,
                todo="transcribe" if hear else None,
                media_type=stored.media_type,
                bytes=stored.bytes,
                sha256=stored.sha256,
                location=stored.location,
            )
            try:
                await self._apply(row, update, "stored", {"bytes": stored.bytes, "media_type": stored.media_type})
            except TicketErased:
                _log.warning("attachment_erased", attachment_id=row.attachment_id)
                await self._take_away(stored)
                return
            if hear:
                self._notify_hearing()

    async def _take_away(self, stored: StoredFile) -> None:
        """It was fetched for a ticket that has been erased meanwhile; somebody else may have sent the same one."""
        await asyncio.sleep(SETTLED_S)
        if not await self._attachments.names(stored.sha256, stored.location):
            await asyncio.to_thread(self._files.remove, stored.location)

    async def _hear(self, row: AttachmentRow, transcribe: Transcribe) -> None:
        try:
            text = await self._words(row, transcribe)
        except (RejectedInput, NotFound):
            await self._lost(row, "not_understood")
        except DecoderFailed as error:
            await self._not_decoded(row, error)
        except RecogniserUnavailable:
            await self._attachments.again(row.attachment_id, retry_in_s=self._backoff(row), error="no recogniser")
        except TimeoutError:
            await self._later(row, "the recogniser took too long", None)
        except Exception as error:  # noqa: BLE001 - one message's fault must not stop the others
            _log.error("voice_message_broke", channel_id=row.channel_id, exc_info=error)
            await self._later(row, type(error).__name__, None)
        else:
            await self._heard(row, text)

    async def _words(self, row: AttachmentRow, transcribe: Transcribe) -> str:
        if row.decodings > DECODINGS:
            raise DecoderFailed("whoever worked on it died")
        path = await asyncio.to_thread(self._files.path, row.location)
        alaw = await self._decoder.telephone(path, row.media_type)
        await self._attachments.decoded(row.attachment_id)
        async with asyncio.timeout(HEAR_TIMEOUT_S):
            finals = await _transcribed(alaw, transcribe)
        english = bool(finals) and all(final.language == "en" for final in finals)
        text = (" " if english else "，").join(final.text.strip() for final in finals if final.text.strip())
        return text[:MESSAGE_CHARS]  # the recording keeps the rest

    async def _heard(self, row: AttachmentRow, text: str) -> None:
        if not text:
            await self._lost(row, "not_understood")
            return
        metrics.ATTACHMENTS.labels(row.channel_id, "transcribed").inc()
        now = self._clock.now()
        await self._amend(row, lambda view: said_change(self._flow, row, view, text, now, self._callback_due), text)

    async def _not_decoded(self, row: AttachmentRow, error: DecoderFailed) -> None:
        metrics.ATTACHMENTS.labels(row.channel_id, "decoder_failed").inc()
        _log.warning("decoder_failed", attachment_id=row.attachment_id, why=str(error), times=row.decodings)
        if row.decodings >= DECODINGS:
            await self._lost(row, "not_decodable")
        else:
            await self._later(row, str(error), None)

    async def _later(self, row: AttachmentRow, error: str, retry_after_s: float | None) -> None:
        if self._clock.now() - row.created_at > GIVE_UP:
            await self._lost(row, "not_understood" if row.todo == "transcribe" else "fetch_failed")
            return
        metrics.ATTACHMENTS.labels(row.channel_id, "retry").inc()
        wait = max(self._backoff(row), min(retry_after_s or 0.0, MAX_RETRY_S))
        await self._attachments.again(row.attachment_id, retry_in_s=wait, error=error)

    def _backoff(self, row: AttachmentRow) -> float:
        return backoff_s(row.attempts + 1, first_s=FIRST_RETRY_S, most_s=MAX_RETRY_S, jitter=self._jitter.random())

    async def _lost(self, row: AttachmentRow, why: str) -> None:
        """It is not kept, or cannot be heard: the ticket and its sender are told."""
        metrics.ATTACHMENTS.labels(row.channel_id, why).inc()
        now = self._clock.now()
        await self._amend(row, lambda view: told_change(row, view, why, now))

    async def _amend(self, row: AttachmentRow, make: Callable[[ThreadView], Change], text: str | None = None) -> None:
        try:
            await self._conversations.amend((row.channel_id, row.sender or ""), make, text)
        except StoreUnavailable:
            raise
        except GatewayError as error:
            _log.error("attachment_not_booked", attachment_id=row.attachment_id, exc_info=error)

    async def _apply(self, row: AttachmentRow, update: AttachmentUpdate, what: str, data: dict[str, Any]) -> None:
        metrics.ATTACHMENTS.labels(row.channel_id, what).inc()
        event = NewEvent(
            type=f"attachment.{what}", at=self._clock.now(), data={"attachment_id": row.attachment_id, **data}
        )
        await self._store.apply(
            Change(
                ticket_id=row.ticket_id,
                interaction_id=row.interaction_id,
                attachment_updates=(update,),
                events=(event,),
            )
        )


async def _content(channel: TextChannel, media: MediaRef) -> AsyncIterator[bytes]:
    async for chunk in channel.fetch(media):
        yield chunk


async def _transcribed(alaw: bytes, transcribe: Transcribe) -> list[Final]:
    """What is said; the recogniser reads a file, as it does for calls."""
    with tempfile.TemporaryDirectory(prefix="gateway-voice-") as folder:
        path = Path(folder) / "voice.wav"
        await asyncio.to_thread(path.write_bytes, alaw_wav(alaw))
        return await transcribe(path, 0)
