"""The closed vocabularies of the record (docs/glossary.md has their Chinese words)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Line(StrEnum):
    """专线: who the caller said they are."""

    CITIZEN = "citizen"
    ENTERPRISE = "enterprise"


class Status(StrEnum):
    """Where a ticket is in the closed loop 接诉-分类-派单-反馈-评价."""

    REGISTERED = "registered"
    CLASSIFIED = "classified"
    DISPATCHED = "dispatched"
    SIGNED = "signed"
    HANDLING = "handling"
    REPLIED = "replied"
    EVALUATED = "evaluated"
    ARCHIVED = "archived"
    MERGED = "merged"
    DEFLECTED = "deflected"
    INFORMED = "informed"
    WITHDRAWN = "withdrawn"


GIVEN = (Status.REGISTERED, Status.MERGED, Status.WITHDRAWN)
"""The statuses that this version gives to tickets; lists offer these, the others are still to come."""


class Disposition(StrEnum):
    """How an interaction ended."""

    COMPLETED = "completed"
    SELF_SERVICE = "self_service"
    ANSWERED = "answered"
    VOICEMAIL = "voicemail"
    CALLBACK_REQUESTED = "callback_requested"
    TRANSFERRED = "transferred"
    DEFLECTED = "deflected"
    ABANDONED_BEFORE_ANSWER = "abandoned_before_answer"
    ABANDONED_IN_FLOW = "abandoned_in_flow"
    ABANDONED_IN_QUEUE = "abandoned_in_queue"
    REJECTED = "rejected"
    INTERRUPTED = "interrupted"
    IDLE_CLOSED = "idle_closed"


ABANDONED = frozenset(
    {
        Disposition.ABANDONED_BEFORE_ANSWER,
        Disposition.ABANDONED_IN_FLOW,
        Disposition.ABANDONED_IN_QUEUE,
        Disposition.INTERRUPTED,
    },
)
"""Dispositions after which the city calls back."""


class DemandType(StrEnum):
    """诉求类型."""

    CONSULTATION = "consultation"
    HELP = "help"
    COMPLAINT = "complaint"
    REPORT = "report"
    SUGGESTION = "suggestion"
    PRAISE = "praise"
    OTHER = "other"


class ContactBy(StrEnum):
    """How a requester wants to be reached; unknown counts as ``phone``."""

    PHONE = "phone"
    MESSAGE = "message"


class Speaker(StrEnum):
    """Whose words a transcript segment holds."""

    REQUESTER = "requester"
    AGENT = "agent"
    BOT = "bot"


class CallbackState(StrEnum):
    """A callback task's life."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class DangerKind(StrEnum):
    """A danger to life."""

    FIRE = "fire"
    """Fire, gas, explosion, drowning, people trapped or buried."""
    POLICE = "police"
    """Violence, robbery, intruders, people gone missing."""
    MEDICAL = "medical"
    """Somebody may die of illness, injury or poison."""
    TRAFFIC = "traffic"
    """An accident on the road in which somebody was hit or hurt."""
    SELF_HARM = "self_harm"
    """Somebody is about to kill themselves."""


EMERGENCY_NUMBER: Final[Mapping[DangerKind, str]] = {
    DangerKind.FIRE: "119",
    DangerKind.POLICE: "110",
    DangerKind.MEDICAL: "120",
    DangerKind.TRAFFIC: "122",
    DangerKind.SELF_HARM: "110",
}
"""Which number answers which danger. Threatened suicides are the police's, who bring the others."""
