"""What a use case asks of the record: a command, decided where the truth is.

The store loads what the commands of a batch refer to, has each ``decide`` in order of arrival, and saves what they
altered, in one transaction. ``decide`` reads no clock, random number, file or configuration: times, ids and versions
of policies come with the command. It refuses (``GatewayError``) before it alters anything.
"""

from __future__ import annotations

from typing import Protocol

from gateway.domain.refs import Applied, Refs
from gateway.domain.world import World

__all__ = ("Applied", "Command", "Refs")


class Command(Protocol):
    """A slotted dataclass of plain data that nobody alters: it can be written to a file and read again.

    ``trace``: the id of the contact in the logs, 32 hexadecimal digits; None: of whoever hands it to the store.
    """

    trace: str | None

    def refs(self) -> Refs:
        """What it needs to see."""
        ...

    def decide(self, world: World) -> Applied:
        """Alter what ``world`` holds. ``Conflict``, ``StaleVersion``, ``NotFound``, ``RejectedInput``: nothing was."""
        ...
