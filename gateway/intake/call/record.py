"""What a call leaves in the record, from INVITE to goodbye: every method is one command."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.callback import NewCallback, owed, owed_after
from gateway.domain.command import Applied
from gateway.domain.form import Form, Prefill, Requester
from gateway.domain.guess import NOTHING_READ, Guess, Reading
from gateway.domain.ids import new_ulid
from gateway.domain.intents import ONLY_THERE, intent_of
from gateway.domain.interaction import FlowRun, Interaction, Recording
from gateway.domain.keys import ExternalKey, Identity
from gateway.domain.transcript import NewSegment
from gateway.domain.words import Disposition, Speaker, kind_on
from gateway.domain.world import NewTicket
from gateway.errors import ReaderUnavailable
from gateway.intake.call.begin import AnswerCall, OfferCall
from gateway.intake.call.finish import EndCall
from gateway.intake.call.numbers import caller_number
from gateway.intake.call.spooled import CallStore
from gateway.intake.call.talk import ChooseLine, CompleteTranscript, HearSegment, RequestCallback, TakeDemand
from gateway.intake.call.texting import Texting
from gateway.intake.conversation.matters import knows_where
from gateway.ports.call import CallInfo
from gateway.ports.clock import Clock
from gateway.ports.recogniser import Final
from gateway.ports.recordings import FinishedRecording
from gateway.ports.speech import SpeechReader
from gateway.prefill.danger import danger_said, raised_in, with_danger

MIN_SPEECH_MS = 800
"""So much speech counts as something said even where no word of it was understood."""


class CallRecord:
    """The ticket and interaction of one call."""

    def __init__(
        self,
        *,
        store: CallStore,
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
        applied = await self._store.execute(
            OfferCall(
                at=now,
                key=ExternalKey(channel_id=info.channel_id, external_id=info.external_id),
                ticket=NewTicket(
                    ticket_id=self.ticket_id,
                    created_at=now,
                    line=info.line,
                    channel="sip",
                    channel_id=info.channel_id,
                    empty=True,
                    requester_id=new_ulid(),
                    people=(Identity(kind="phone", value=self.phone),) if self.phone else (),
                    form=Form(
                        entry_number=info.to_user or None,
                        requester=Requester(
                            phone=self.phone,
                            secret=info.withheld,
                            kind=kind_on(info.line),
                        ),
                        prefill=Prefill(pending=True),
                    ),
                ),
                interaction=Interaction(
                    interaction_id=self.interaction_id,
                    channel="sip",
                    channel_id=info.channel_id,
                    started_at=now,
                    external_id=info.external_id,
                    from_raw=info.from_raw,
                    to_raw=info.to_raw,
                    asserted_identity=info.asserted_identity,
                    diversion=info.diversion,
                    node=self._node,
                    owner=self._owner,
                    lease_until=now + self._lease,
                    flow=FlowRun(**flow),
                    recording_path=recording,
                ),
            ),
        )
        self.ticket_id, self.ticket_no = applied.ticket_id, applied.ticket_no
        self.interaction_id = applied.interaction_id or self.interaction_id
        return applied

    async def answered(self) -> None:
        """The 200 OK has gone out, and the caller has acknowledged it."""
        self.answered_at = now = self._clock.now()
        after = now - self.started_at
        await self._store.execute(AnswerCall(at=now, **self._ids, after_ms=int(after.total_seconds() * 1000)))

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
        emergencies = self._new_emergencies(danger, reading.guesses)
        await self._store.execute(
            HearSegment(
                at=self._clock.now(),
                **self._ids,
                seq=segment.seq,
                language=final.language,
                segments=(*self._take_prompts(), segment),
                empty=not self._tells,
                guesses=reading.guesses,
                mentions=reading.mentions,
                emergencies=emergencies,
            )
        )
        self._raised.update(emergencies)

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
        await self._store.execute(ChooseLine(at=self._clock.now(), **self._ids, line=line))

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
            now = self._clock.now()
            text = self._texting.message(self.phone, language, now) if self._texting is not None else None
            message, thread = (text.message, text.thread) if text is not None else (None, None)
            await self._store.execute(TakeDemand(at=now, **self._ids, text=message, thread=thread))
            self.registered, self._texted = True, text is not None
        return self._texted

    async def request_callback(self, reason: str) -> None:
        """The caller asked for a person: they are owed a call."""
        now = self._clock.now()
        callback = NewCallback(callback_id=new_ulid(), reason=reason, due_at=now + self._callback_due)
        await self._store.execute(RequestCallback(at=now, **self._ids, callback=callback))
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
        media: bool,
    ) -> None:
        """The call is over. Abandoned and interrupted ones leave a debt, if anybody was ``proved`` to be there."""
        now = self._clock.now()
        asked = self._called_for or disposition is Disposition.CALLBACK_REQUESTED
        empty = not asked and self._nothing_said(0 if transcribed else spoken_ms)
        await self._store.execute(
            EndCall(
                at=now,
                **self._ids,
                owner=self._owner,
                disposition=disposition,
                segments=tuple(self._take_prompts()),
                empty=empty,
                dtmf=tuple(keys),
                recording=recording_of(recording),
                media=media,
                callback=owed(owed_after(disposition, proved=proved), now, self._callback_due),
                lease_until=now + self._lease,
            ),
        )

    async def transcribed(self, *, speech_ms: int) -> None:
        """Everything said is in the transcript. What nobody could read stays pending: recovery reads it.

        ``speech_ms`` of speech were found. Who spoke and was not understood is kept for a person to listen to.
        """
        reading = await self._read() if self._unread else NOTHING_READ
        if self._unread:
            return
        nothing = self._nothing_said(speech_ms)
        emergencies = self._new_emergencies(reading.guesses)
        await self._store.execute(
            CompleteTranscript(
                at=self._clock.now(),
                **self._ids,
                heard=len(self._said),
                empty=not self._called_for and nothing,
                guesses=reading.guesses,
                mentions=reading.mentions,
                not_understood=not self._said and not nothing,
                emergencies=emergencies,
            )
        )
        self._raised.update(emergencies)

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

    @property
    def _ids(self) -> dict[str, Any]:
        return {"ticket_id": self.ticket_id, "interaction_id": self.interaction_id}

    def _new_emergencies(self, *said: tuple[Guess, ...]) -> tuple[str, ...]:
        """Numbers to be called by what was said, of which nothing has been told yet."""
        numbers = dict.fromkeys(number for guesses in said if (number := raised_in(guesses)) is not None)
        return tuple(number for number in numbers if number not in self._raised)


def recording_of(finished: FinishedRecording | None) -> Recording | None:
    """The recording of an interaction."""
    if finished is None:
        return None
    return Recording(
        location=finished.location, duration_s=finished.duration_s, sha256=finished.sha256, bytes=finished.bytes
    )


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
