"""What a command refers to, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.keys import ExternalKey, Identity


@dataclass(slots=True, kw_only=True)
class Refs:
    """What a command needs to see. Keys are resolved by the loader: open interactions, their tickets, their people."""

    tickets: tuple[str, ...] = ()
    interactions: tuple[str, ...] = ()
    conversation: ExternalKey | None = None
    """The open interaction that carries it as ``external_id``, if any, with its ticket."""
    seen: tuple[ExternalKey, ...] = ()
    """Deliveries that may have come before."""
    new_ticket_at: datetime | None = None
    """A ticket may be registered: the day whose serial is drawn."""
    people: tuple[Identity, ...] = ()
    """Whose ticket it may be."""
    thread: tuple[str, str] | None = None
    messages: tuple[str, ...] = ()
    """Queued messages, by id: how their delivery stands."""
    writes_messages: bool = False
    """Messages of ``interactions`` or ``conversation`` are numbered."""
    transcript: bool = False
    """Words are added to the transcript of ``interactions``."""
    corrects: bool = False
    """Pieces of the transcript of ``interactions`` are named."""
    calls: bool = False
    """Calls that are owed to the people concerned may alter."""
    owes: bool = False
    """Somebody may be owed a call by it: an earlier number of theirs is looked up where the ticket has none."""
    callback: str | None = None
    """A callback task that is worked on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a command came to. ``replayed``: its key had been seen, the ids are the earlier ones, nothing changed."""

    ticket_id: str
    ticket_no: str
    interaction_id: str | None
    version: int
    event_seq: int
    replayed: bool = False
    skipped: bool = False
    """The record is as the command wants it already: nothing changed."""
    seqs: tuple[int, ...] = ()
    """Numbers of the command's messages in their thread."""
    dialogue_no: int = 0
    """How often the interaction's dialogue has been written."""
