"""What a call leaves in the record, from INVITE to goodbye: every method is one Change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.callback import NewCallback, owed, owed_after
from gateway.domain.change import (
    Applied,
    Change,
    ExternalKey,
    Identity,
    NewEvent,
    NewInteraction,
    NewRequester,
    NewSegment,
    NewTicket,
)
from gateway.domain.guess import NOTHING_READ, Guess, Reading
from gateway.domain.ids import new_ulid
from gateway.domain.intents import ONLY_THERE, intent_of
from gateway.domain.words import Disposition, Line, Speaker
from gateway.errors import ReaderUnavailable
from gateway.intake.call.numbers import caller_number
from gateway.intake.call.texting import Texted, Texting
from gateway.intake.contact.emergency import danger_said, emergency_raised, with_danger
from gateway.intake.conversation.matters import knows_where
from gateway.ports.call import CallInfo
from gateway.ports.clock import Clock
from gateway.ports.recogniser import Final
from gateway.ports.recordings import FinishedRecording
from gateway.ports.speech import SpeechReader
from gateway.ports.store import ChangeStore

MIN_SPEECH_MS = 800
"""So much speech counts as something said even where no word of it was understood."""


class CallRecord:
    """The ticket and interaction of one call."""

    def __init__(
        self,
        *,
        store: ChangeStore,
        reader: SpeechReader,
        clock: Clock,
        info: CallInfo,
        node: str,
        owner: str | None = None,
        lease: timedelta,
        callback_due: timedelta,
        texting: Texting | None = None,
    ) -> None:
        """A call that has been offered and is not written yet."""
        self._store = store
        self._reader = reader
        self._clock = clock
        self._info = info
        self._node = node
        self._owner = owner
        self._lease = lease
        self._callback_due = callback_due
        self._texting = texting
        self._seq = 0
        self._said: tuple[NewSegment, ...] = ()
        self._unread = 0
        self._prompts: list[NewSegment] = []
        self.ticket_id = new_ulid()
        self.interaction_id = new_ulid()
        self.ticket_no = ""
        self.line = info.line
        self.phone = caller_number(info)
        self.started_at = clock.now()
        self._guesses: tuple[Guess, ...] = ()
        self.registered = False
        self._raised: set[str] = set()
        self._danger: tuple[Guess, ...] = ()
        self._watch: Callable[[Final], None] = lambda _: None
        self._texted = False
        self._called_for = False
        self.channel_id = info.channel_id
        self.answered_at: datetime | None = None
        self.spoken: list[tuple[str, int, int]] = []
        """Who spoke, from and to which millisecond after the answer."""

    async def open(self, flow: dict[str, str], recording: str) -> Applied:
        """Write ticket (``empty`` until something is said) and interaction; before this nothing is answered.

        ``recording`` is where audio will be: whoever recovers the call knows by it that it was answered.
        """
        info, now = self._info, self.started_at
        applied = await self._store.apply(
            Change(
                dedupe=ExternalKey(channel_id=info.channel_id, external_id=info.external_id),
                new_ticket=NewTicket(
                    ticket_id=self.ticket_id,
                    created_at=now,
                    line=info.line,
                    channel="sip",
                    channel_id=info.channel_id,
                    entry_number=info.to_user or None,
                    empty=True,
                    requester=NewRequester(
                        identities=(Identity(kind="phone", value=self.phone),) if self.phone else (),
                        fields={
                            "phone": self.phone,
                            "secret": info.withheld,
                            "kind": "enterprise" if info.line == Line.ENTERPRISE else "citizen",
                        },
                    ),
                    fields={("prefill", "pending"): True},
                ),
                new_interaction=NewInteraction(
                    interaction_id=self.interaction_id,
                    channel="sip",
                    channel_id=info.channel_id,
                    direction="inbound",
                    started_at=now,
                    external_id=info.external_id,
                    from_raw=info.from_raw,
                    to_raw=info.to_raw,
                    asserted_identity=info.asserted_identity,
                    diversion=info.diversion,
                    node=self._node,
                    owner=self._owner,
                    lease_until=now + self._lease,
                    fields={"flow": flow, "recording_path": recording},
                ),
                events=(
                    NewEvent(
                        type="ticket.registered", at=now, data={"channel": "sip", "line": info.line, "empty": True}
                    ),
                    NewEvent(type="interaction.started", at=now, data={"flow": flow["name"]}),
                ),
            ),
        )
        self.ticket_id, self.ticket_no = applied.ticket_id, applied.ticket_no
        self.interaction_id = applied.interaction_id or self.interaction_id
        return applied

    async def answered(self) -> None:
        """The 200 OK has gone out, and the caller has acknowledged it."""
        self.answered_at = now = self._clock.now()
        await self._apply(
            "interaction.answered",
            interaction={"answered_at": now},
            data={"after_ms": int((now - self.started_at).total_seconds() * 1000)},
        )

    def watch(self, heard: Callable[[Final], None]) -> None:
        """Have ``heard`` called with each sentence before it is written: help does not wait for a disk."""
        self._watch = heard

    async def heard(self, final: Final) -> None:
        """The requester said something: keep the segment and guess anew from everything said."""
        self._watch(final)
        self._seq += 1
        self._said = (*self._said, heard_segment(Speaker.REQUESTER, self._seq, final))
        self._unread += 1
        self.spoken.append((Speaker.REQUESTER.value, final.start_ms, final.end_ms))
        danger = danger_said([final.text])
        self._danger = self._danger or danger
        reading = await self._read()
        segment = self._said[-1]
        await self._apply(
            "transcript.segment",
            segments=(*self._take_prompts(), segment),
            ticket={("empty",): not self._tells},
            reading=reading,
            danger=danger,
            data={"seq": segment.seq, "language": final.language},
        )

    def said(self, text: str, start_ms: int, end_ms: int, language: str) -> None:
        """We said something; it is written with the next change."""
        self._seq += 1
        self.spoken.append((Speaker.BOT.value, start_ms, end_ms))
        self._prompts.append(
            NewSegment(
                seq=self._seq,
                speaker=Speaker.BOT.value,
                start_ms=start_ms,
                end_ms=end_ms,
                text=text,
                language=language,
            ),
        )

    async def choose_line(self, line: str) -> None:
        """The caller chose a line."""
        self.line = line
        kind = "enterprise" if line == Line.ENTERPRISE else "citizen"
        await self._apply(
            "interaction.line_chosen",
            ticket={("line",): line, ("requester", "kind"): kind},
            data={"line": line},
        )

    def lacks(self, wanted: str) -> bool:
        """Whether the caller has still to be asked for ``phone``, or for ``place`` once anything is understood."""
        if wanted == "phone":
            return self.number is None
        said = "，".join(segment.corrected_text or segment.text for segment in self._said)
        return wanted == "place" and bool(self._guesses) and not knows_where(said, self._guesses)

    @property
    def number(self) -> str | None:
        """Where the caller can be called back, as far as it is known now."""
        spoken = (str(g.value) for g in self._guesses if g.path == "requester.callback_phone")
        return self.phone or next(spoken, None)

    async def register(self, language: str = "zh") -> bool:
        """A demand has been taken down; its number is about to be read out. Whether it is texted besides.

        Whether it holds anything is told by words: a flow goes on after any sound, so that it need not wait for them.
        """
        if not self.registered:
            text = self._texting.message(self.phone, language, self._clock.now()) if self._texting is not None else None
            await self._apply("ticket.demand_taken", data={}, text=text)
            self.registered, self._texted = True, text is not None
        return self._texted

    async def request_callback(self, reason: str) -> None:
        """The caller asked for a person: they are owed a call."""
        now = self._clock.now()
        await self._apply(
            "callback.requested",
            ticket={("empty",): False},
            callback=owed(reason, now, self._callback_due),
            data={"reason": reason},
        )
        self._called_for = True

    async def close(
        self,
        *,
        disposition: Disposition,
        proved: bool,
        keys: list[str],
        recording: FinishedRecording | None,
        spoken_ms: int,
        transcribed: bool,
        quality: dict[str, Any],
    ) -> None:
        """The call is over. Abandoned and interrupted ones leave a debt, if anybody was ``proved`` to be there."""
        now = self._clock.now()
        asked = self._called_for or disposition is Disposition.CALLBACK_REQUESTED
        empty = not asked and self._nothing_said(0 if transcribed else spoken_ms)
        await self._store.apply(
            Change(
                ticket_id=self.ticket_id,
                interaction_id=self.interaction_id,
                close_unless_closed=True,
                owner=self._owner,
                segments=tuple(self._take_prompts()),
                ticket_fields={("empty",): empty},
                interaction_fields={
                    "ended_at": now,
                    "disposition": disposition.value,
                    "dtmf": keys,
                    "recording": recording_field(recording),
                },
                callback=owed(owed_after(disposition, proved=proved), now, self._callback_due),
                lease_until=now + self._lease,
                events=(
                    NewEvent(type="interaction.ended", at=now, data={"disposition": disposition.value, **quality}),
                ),
            ),
        )

    async def transcribed(self, *, speech_ms: int) -> None:
        """Everything said is in the transcript. What nobody could read stays pending: recovery reads it.

        ``speech_ms`` of speech were found. Who spoke and was not understood is kept for a person to listen to.
        """
        reading = await self._read() if self._unread else NOTHING_READ
        if self._unread:
            return
        await self._apply(
            "transcript.completed",
            ticket={
                ("prefill", "pending"): False,
                ("empty",): not self._called_for and self._nothing_said(speech_ms),
            },
            reading=reading,
            data={"segments": len(self._said), "not_understood": not self._said and not self._nothing_said(speech_ms)},
        )

    def _nothing_said(self, speech_ms: int) -> bool:
        """No word but that somebody is there, and hardly a sound of speech where there were no words."""
        return not self._tells and (bool(self._said) or speech_ms < MIN_SPEECH_MS)

    async def _read(self) -> Reading:
        """What everything said fills; when nobody reads now, only the danger in it."""
        try:
            understood = await self._reader.read(self._said, self.started_at, new=self._unread)
        except ReaderUnavailable:
            return with_danger(NOTHING_READ, self._danger)
        self._said, self._unread = understood.said, 0
        self._guesses = understood.reading.guesses
        return with_danger(understood.reading, self._danger)

    @property
    def _tells(self) -> bool:
        """Whether anything was said but that somebody is there."""
        return any(intent_of(segment.text) not in ONLY_THERE for segment in self._said)

    def _take_prompts(self) -> list[NewSegment]:
        prompts, self._prompts = self._prompts, []
        return prompts

    async def _apply(
        self,
        event: str,
        *,
        data: dict[str, Any],
        ticket: dict[tuple[str, ...], Any] | None = None,
        interaction: dict[str, Any] | None = None,
        segments: tuple[NewSegment, ...] = (),
        reading: Reading = NOTHING_READ,
        danger: tuple[Guess, ...] = (),
        callback: NewCallback | None = None,
        text: Texted | None = None,
    ) -> None:
        now = self._clock.now()
        told = (*emergency_raised(danger, now), *emergency_raised(reading.guesses, now))
        raised = {event.data["number"]: event for event in told if event.data["number"] not in self._raised}
        await self._store.apply(
            Change(
                ticket_id=self.ticket_id,
                interaction_id=self.interaction_id,
                ticket_fields=ticket or {},
                interaction_fields=interaction or {},
                segments=segments,
                guesses=reading.guesses,
                mentions=reading.mentions,
                callback=callback,
                thread=text.thread if text is not None else None,
                messages=(text.message,) if text is not None else (),
                events=(NewEvent(type=event, at=now, data=data), *raised.values()),
            ),
        )
        self._raised.update(raised)


def recording_field(finished: FinishedRecording | None) -> dict[str, Any] | None:
    """The ``recording`` of an interaction as it is stored."""
    if finished is None:
        return None
    return {
        "location": finished.location,
        "duration_s": finished.duration_s,
        "sha256": finished.sha256,
        "bytes": finished.bytes,
        "tracks": ["requester", "gateway"],
    }


def heard_segment(speaker: Speaker, seq: int, final: Final) -> NewSegment:
    """What a recogniser heard, as a segment."""
    return NewSegment(
        seq=seq,
        speaker=speaker.value,
        start_ms=final.start_ms,
        end_ms=final.end_ms,
        text=final.text,
        language=final.language,
        confidence=final.confidence,
        engine=final.engine,
    )


def end_of(started_at: datetime, answered_at: datetime | None, duration_s: float) -> datetime:
    """When a call whose process died ended, as far as its recording tells."""
    return (answered_at or started_at) + timedelta(seconds=duration_s)
