"""Fetching what people sent, and hearing their voice messages. The state is SQL's; a worker may die at any moment."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from gateway.domain.attachments import AttachmentUpdate
from gateway.domain.command import Applied, Command, Refs
from gateway.domain.events import AttachmentStored
from gateway.domain.limits import MESSAGE_CHARS
from gateway.domain.world import World
from gateway.errors import (
    AlreadyErased,
    GatewayError,
    NotFound,
    PermanentDeliveryError,
    RecogniserUnavailable,
    RejectedInput,
    TransientDeliveryError,
)
from gateway.following.poll import Wake, until_stored
from gateway.following.retry import Retry
from gateway.following.worker import LeasedWorker
from gateway.intake.channel.here import ChannelsHere
from gateway.intake.conversation.conversations import ConversationIntake
from gateway.intake.conversation.text_flow import TextFlow
from gateway.intake.conversation.voice_words import heard, lost
from gateway.intake.media.round_robin import RoundRobin
from gateway.media.decoding import DecoderFailed, SoundDecoder
from gateway.media.wav import alaw_wav
from gateway.ports.attachments import SETTLED_S, AttachmentRefused, Attachments, StoredFile
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import AttachmentRow, AttachmentStore, ThreadView, WaitingVoice
from gateway.ports.message import MediaRef, TextChannel
from gateway.ports.recogniser import Final
from gateway.ports.store import CommandStore
from gateway.telemetry import log, metrics

POLL_S = 2.0
PARALLEL = 8
FETCH_TIMEOUT_S = 60.0
HEAR_TIMEOUT_S = 600.0
"""A voice message's slot with the recogniser. The next one heard is somebody else's, if anybody else waits."""
HEAR_LEASE_S = HEAR_TIMEOUT_S * 2
HEARD_AT_ONCE = 2
"""Of different people, so that a short message need not wait for the end of a long one. Live calls come first."""
LOOKED_AT = 500
"""People among whom the next one is chosen."""
DECODINGS = 3
"""A file that has ended its decoder so often is given up."""
RETRY = Retry(first_s=2.0, most_s=300.0, asked_most_s=300.0, max_age_s=24 * 3600.0)
_log = log.get("media")
Transcribe = Callable[[Path, int], Awaitable[list[Final]]]


@dataclass(slots=True, kw_only=True)
class KeepAttachment:
    """A file has been fetched and is kept."""

    at: datetime
    ticket_id: str
    interaction_id: str
    update: AttachmentUpdate
    trace: str | None = None

    def refs(self) -> Refs:
        """The message's interaction and ticket."""
        return Refs(tickets=(self.ticket_id,), interactions=(self.interaction_id,))

    def decide(self, world: World) -> Applied:
        """``NotFound``."""
        ticket, update = world.ticket(self.ticket_id), self.update
        interaction = world.interaction(self.interaction_id, ticket)
        world.attached(update, ticket)
        ticket.record(
            AttachmentStored(
                at=self.at, attachment_id=update.attachment_id, bytes=update.bytes, media_type=update.media_type
            )
        )
        return world.applied(ticket, interaction)


class MediaWorker:
    """Looks after attachments of the channels that run in this process, and after all voice messages."""

    def __init__(
        self,
        *,
        store: CommandStore,
        attachments: AttachmentStore,
        conversations: ConversationIntake,
        flow: TextFlow,
        files: Attachments,
        channels: ChannelsHere,
        clock: Clock,
        owner: str,
        callback_due: timedelta,
        next_todo: Wake,
        transcribe: Transcribe | None,
        decoder: SoundDecoder,
        jitter: random.Random,
    ) -> None:
        """``transcribe`` None: no recogniser; voice messages wait for one."""
        self._store = store
        self._attachments = attachments
        self._conversations = conversations
        self._flow = flow
        self._files = files
        self._channels = channels
        self._clock = clock
        self._owner = owner
        self._callback_due = callback_due
        self._transcribe = transcribe
        self._decoder = decoder
        self._jitter = jitter
        self._turns = RoundRobin()
        self.fetching = LeasedWorker(
            "media-fetch", take=self._take_files, work=self._fetch, parallel=PARALLEL, poll_s=POLL_S, on=next_todo
        )
        """Fetches; runs in every process that has channels."""
        self.hearing = LeasedWorker(
            "media-hear", take=self._take_voice, work=self._hear, parallel=HEARD_AT_ONCE, poll_s=POLL_S, on=next_todo
        )
        """Transcribes voice messages; does not run where calls are served."""

    async def _take_files(self, room: int) -> list[AttachmentRow]:
        here = self._channels.conversing()
        if not here:
            return []
        return await self._attachments.lease(self._owner, limit=room, lease_s=FETCH_TIMEOUT_S * 2, channel_ids=here)

    async def _take_voice(self, _room: int) -> list[WaitingVoice]:
        """One at a time: the next one is another's."""
        if self._transcribe is None:
            return []
        turn = self._turns.begin(await self._attachments.waiting(LOOKED_AT, lease_s=HEAR_LEASE_S))
        if turn is None:
            return []
        self.hearing.wake()
        return [turn]

    async def _fetch(self, row: AttachmentRow) -> None:
        channel = self._channels.text(row.channel_id)
        if channel is None:
            await self._again(row, POLL_S, "channel is not running")
            return
        media = MediaRef(ref=row.ref, media_type=row.media_type, name=row.name, size=row.bytes)
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_S):
                stored = await self._files.keep(_content(channel, media), row.name)
        except AttachmentRefused as refused:
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
            metrics.ATTACHMENTS.labels(row.channel_id, "stored").inc()
            update = AttachmentUpdate(
                attachment_id=row.attachment_id,
                todo="transcribe" if hear else None,
                media_type=stored.media_type,
                bytes=stored.bytes,
                sha256=stored.sha256,
                location=stored.location,
            )
            command = KeepAttachment(
                at=self._clock.now(), ticket_id=row.ticket_id, interaction_id=row.interaction_id, update=update
            )
            try:
                await until_stored(lambda: self._store.execute(command))
            except AlreadyErased as error:
                _log.warning("attachment_erased", attachment_id=row.attachment_id, exc_info=error)
                await self._take_away(stored)

    async def _take_away(self, stored: StoredFile) -> None:
        """It was fetched for a ticket that has been erased meanwhile; somebody else may have sent the same one."""
        await asyncio.sleep(SETTLED_S)
        if not await self._attachments.names(stored.sha256, stored.location):
            await asyncio.to_thread(self._files.remove, stored.location)

    async def _hear(self, turn: WaitingVoice) -> None:
        try:
            row = await self._attachments.lease_voice(self._owner, turn.attachment_id, lease_s=HEAR_LEASE_S)
            if row is not None:
                await self._hear_one(row)
        finally:
            self._turns.end(turn)

    async def _hear_one(self, row: AttachmentRow) -> None:
        try:
            text = await self._words(row)
        except (RejectedInput, NotFound):
            await self._lost(row, "not_understood")
        except DecoderFailed as error:
            await self._not_decoded(row, error)
        except RecogniserUnavailable:
            wait = RETRY.pause_s(row.attempts + 1, jitter=self._jitter.random())
            await self._again(row, wait, "no recogniser")
        except TimeoutError:
            await self._later(row, "the recogniser took too long", None)
        except Exception as error:  # noqa: BLE001 - one message's fault must not stop the others
            _log.error("voice_message_broke", channel_id=row.channel_id, exc_info=error)
            await self._later(row, type(error).__name__, None)
        else:
            await self._heard(row, text)

    async def _words(self, row: AttachmentRow) -> str:
        assert self._transcribe is not None, "nothing is taken without a recogniser"
        if row.decodings > DECODINGS:
            raise DecoderFailed("whoever worked on it died")
        path = await asyncio.to_thread(self._files.path, row.location)
        alaw = await self._decoder.telephone(path, row.media_type)
        await until_stored(lambda: self._attachments.decoded(row.attachment_id))
        async with asyncio.timeout(HEAR_TIMEOUT_S):
            finals = await _transcribed(alaw, self._transcribe)
        english = bool(finals) and all(final.language == "en" for final in finals)
        text = (" " if english else "，").join(final.text.strip() for final in finals if final.text.strip())
        return text[:MESSAGE_CHARS]  # the recording keeps the rest

    async def _heard(self, row: AttachmentRow, text: str) -> None:
        if not text:
            await self._lost(row, "not_understood")
            return
        metrics.ATTACHMENTS.labels(row.channel_id, "transcribed").inc()
        now = self._clock.now()
        await self._amend(row, lambda view: heard(self._flow, row, view, text, now, self._callback_due), text)

    async def _not_decoded(self, row: AttachmentRow, error: DecoderFailed) -> None:
        metrics.ATTACHMENTS.labels(row.channel_id, "decoder_failed").inc()
        _log.warning("decoder_failed", attachment_id=row.attachment_id, why=str(error), times=row.decodings)
        if row.decodings >= DECODINGS:
            await self._lost(row, "not_decodable")
        else:
            await self._later(row, str(error), None)

    async def _later(self, row: AttachmentRow, error: str, retry_after_s: float | None) -> None:
        age_s = (self._clock.now() - row.created_at).total_seconds()
        wait = RETRY.in_s(row.attempts + 1, jitter=self._jitter.random(), age_s=age_s, asked_s=retry_after_s)
        if wait is None:
            await self._lost(row, "not_understood" if row.todo == "transcribe" else "fetch_failed")
            return
        metrics.ATTACHMENTS.labels(row.channel_id, "retry").inc()
        await self._again(row, wait, error)

    async def _again(self, row: AttachmentRow, retry_in_s: float, error: str) -> None:
        await until_stored(lambda: self._attachments.again(row.attachment_id, retry_in_s=retry_in_s, error=error))

    async def _lost(self, row: AttachmentRow, why: str) -> None:
        """It is not kept, or cannot be heard: the ticket and its sender are told."""
        metrics.ATTACHMENTS.labels(row.channel_id, why).inc()
        now = self._clock.now()
        await self._amend(row, lambda view: lost(row, view, why, now))

    async def _amend(self, row: AttachmentRow, make: Callable[[ThreadView], Command], text: str | None = None) -> None:
        try:
            key = (row.channel_id, row.sender or "")
            await until_stored(lambda: self._conversations.amend(key, make, text))
        except GatewayError as error:
            _log.error("attachment_not_booked", attachment_id=row.attachment_id, exc_info=error)


async def _content(channel: TextChannel, media: MediaRef) -> AsyncIterator[bytes]:
    async for chunk in channel.fetch(media):
        yield chunk


async def _transcribed(alaw: bytes, transcribe: Transcribe) -> list[Final]:
    """What is said; the recogniser reads a file, as it does for calls."""
    with tempfile.TemporaryDirectory(prefix="gateway-voice-") as folder:
        path = Path(folder) / "voice.wav"
        await asyncio.to_thread(path.write_bytes, alaw_wav(alaw))
        return await transcribe(path, 0)
