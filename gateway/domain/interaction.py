"""A call or a written conversation of a ticket: when it began, how it ended, who handles it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.domain.events import Event
from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.domain.words import Disposition

PREFIX = "interaction."
_INSTANTS = ("queued_at", "answered_at", "ended_at")
_CODED = tuple((f"{PREFIX}{name}", name) for name in (*_INSTANTS, "disposition"))
_BY_RECOVERY = frozenset({Disposition.INTERRUPTED, Disposition.ABANDONED_BEFORE_ANSWER})


@dataclass(slots=True, kw_only=True)
class Recording:
    """Where the sound of a call lies (recordings port), and what it is."""

    location: str
    duration_s: float | None = None
    sha256: str | None = None
    bytes: int | None = None
    tracks: list[str] = field(default_factory=lambda: ["requester", "gateway"])


@dataclass(slots=True, kw_only=True)
class FlowRun:
    """Which flow answered, in which version."""

    name: str | None = None
    version: str | None = None


@dataclass(slots=True)
class Interaction:
    """``owner`` is the process of ``node`` that handles it, under a lease; None once recovery has closed it instead."""

    interaction_id: str
    channel: str
    channel_id: str
    started_at: datetime
    ticket_id: str = ""
    direction: str = "inbound"
    external_id: str | None = None
    from_raw: str | None = None
    to_raw: str | None = None
    asserted_identity: str | None = None
    diversion: str | None = None
    node: str | None = None
    owner: str | None = None
    lease_until: datetime | None = None
    queued_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    disposition: Disposition | None = None
    agent_id: str | None = None
    recording_path: str | None = None
    flow: FlowRun | None = None
    dtmf: list[str] = field(default_factory=list)
    recording: Recording | None = None
    dialogue: str | None = None
    dialogue_no: int = 0
    messages: int = 0
    """The last message's number."""
    new: bool = False
    dirty: bool = False

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return self.disposition is None

    @property
    def flow_name(self) -> str:
        """Which flow answered."""
        return (self.flow.name if self.flow is not None else None) or ""

    def coded(self) -> dict[str, list[Any]]:
        """What is coded of one that begins, as its event tells it."""
        return {path: [None, _code(value)] for path, name in _CODED if (value := getattr(self, name)) is not None}

    def apply(self, event: Event) -> None:
        """Alter the coded state as ``event`` tells."""
        for path, (_, code) in event.changed.items():
            name = path.removeprefix(PREFIX)
            if name == path:
                continue
            if name in _INSTANTS:
                setattr(self, name, from_rfc3339(code) if code else None)
            elif name == "disposition":
                self.disposition = Disposition(code) if code else None

    def answer(self, event: Event, at: datetime) -> None:
        """Somebody has answered, and been heard to be there."""
        self._alter(event, answered_at=at)

    def end(self, event: Event, disposition: Disposition, at: datetime, *, answered_at: datetime | None = None) -> None:
        """It is over. An end that is told again, by who knows better, takes the place of the first."""
        self._alter(event, disposition=disposition, ended_at=at, answered_at=answered_at or self.answered_at)

    def record(self, recording: Recording | None) -> None:
        """Where its sound lies, once it is whole."""
        self.recording = recording
        if recording is not None:
            self.recording_path = recording.location
        self.dirty = True

    def step(self, dialogue: str | None) -> None:
        """The flow's state, as JSON, once more."""
        if dialogue is not None:
            self.dialogue = dialogue
            self.dialogue_no += 1
            self.dirty = True

    @property
    def closed_by_recovery(self) -> bool:
        """Whether it was closed in place of an owner that was out of reach."""
        return self.disposition in _BY_RECOVERY and self.owner is None

    def _alter(self, event: Event, **values: Any) -> None:
        for name, value in values.items():
            before, after = _code(getattr(self, name)), _code(value)
            if before != after:
                event.changed[f"{PREFIX}{name}"] = [before, after]
        self.apply(event)
        self.dirty = True


def _code(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    return value.value if isinstance(value, Disposition) else value
