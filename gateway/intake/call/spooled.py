"""Commands of calls as lines of the spool's files: ``{"kind", "version", "command"}``, one JSON object a line.

A line that an earlier version wrote is read as it was meant (``released``).
"""

from __future__ import annotations

import json
from typing import Any, Protocol

import msgspec

from gateway.domain.command import Applied, Command
from gateway.intake.call import released
from gateway.intake.call.begin import AnswerCall, OfferCall
from gateway.intake.call.finish import EndCall
from gateway.intake.call.talk import ChooseLine, CompleteTranscript, HearSegment, RequestCallback, TakeDemand

KINDS: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        OfferCall,
        AnswerCall,
        HearSegment,
        ChooseLine,
        TakeDemand,
        RequestCallback,
        EndCall,
        CompleteTranscript,
    )
}
VERSION = 1
"""Of the commands' fields. One that gets another meaning needs the next version, and a reader of this one."""


class OfCall(Command, Protocol):
    """A command of one call."""

    @property
    def ticket_id(self) -> str:
        """Its ticket."""
        ...

    @property
    def interaction_id(self) -> str:
        """The call."""
        ...


class CallStore(Protocol):
    """Where a call's commands go: the store, or the spool before it."""

    async def execute(self, command: OfCall) -> Applied:
        """See ``ports.store.CommandStore.execute``."""
        ...


def dumps(command: OfCall) -> str:
    """One line of ASCII."""
    told = {"kind": type(command).__name__, "version": VERSION, "command": msgspec.to_builtins(command)}
    return json.dumps(told, ensure_ascii=True, separators=(",", ":"))


def loads(line: str) -> OfCall:
    """The command of a line; ``ValueError`` when it is none that we know."""
    told = json.loads(line)
    try:
        command: OfCall = released.command_of(told) if "class" in told else _command(told)
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError("the line does not hold what a command holds") from error
    return command


def _command(told: dict[str, Any]) -> Any:
    if told["version"] != VERSION:
        raise ValueError(f"a command of version {told['version']}")
    return msgspec.convert(told["command"], KINDS[told["kind"]])
