"""A batch of commands in one transaction: lock, load, let each decide in order of arrival, save in bulk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

import sqlalchemy as sa

from gateway.domain.case.rules_in_force import CaseRules
from gateway.domain.command import Applied, Command, Refs
from gateway.domain.commit import Commit, thread_tag
from gateway.domain.world import World
from gateway.errors import GatewayError, RejectedInput
from gateway.storage.codec import Row
from gateway.storage.load import load
from gateway.storage.save import save

Outcome = Applied | GatewayError


@dataclass(slots=True)
class InLine:
    """A command with what it refers to, and the id of its contact in the logs."""

    command: Command
    refs: Refs
    trace: str


@dataclass(frozen=True, slots=True)
class BatchWritten:
    """What a batch came to, should its transaction be committed."""

    outcomes: list[Outcome]
    commit: Commit | None = None
    """None: nothing was written."""
    last_event: Row | None = None
    """It tells a commit from none."""


class Spoiled(Exception):
    """A command was refused when it might have altered something: what was loaded cannot be used any more."""

    def __init__(self, at: int, refusal: GatewayError) -> None:
        """``at``: its place in the batch; ``refusal``: what its sender is told."""
        super().__init__(at, refusal)
        self.at, self.refusal = at, refusal


def write_batch(
    connection: sa.Connection,
    batch: Sequence[InLine],
    zone: tzinfo,
    now: str,
    *,
    rules: CaseRules,
    enough: Callable[[], bool],
) -> BatchWritten:
    """Decide ``batch`` from its beginning until there is ``enough``, at least one command: so many outcomes.

    ``Spoiled``: nothing may be committed; what stands before that command can be.
    """
    loaded = load(connection, [one.refs for one in batch], zone)
    loaded.world.case_rules = rules
    outcomes: list[Outcome] = []
    for at, one in enumerate(batch):
        outcomes.append(_decided(at, one, loaded.world))
        if enough():
            break
    if not loaded.world.journal.entries:
        return BatchWritten(outcomes)
    events = save(connection, loaded, now)
    return BatchWritten(outcomes, _told(loaded.world), events[-1])


def _decided(at: int, one: InLine, world: World) -> Outcome:
    """What a command comes to. What is missing, in conflict or stale it finds before it alters anything."""
    since = len(world.journal.entries)
    world.trace, world.calls = one.trace, one.refs.calls
    try:
        applied = one.command.decide(world)
    except GatewayError as error:
        if isinstance(error, RejectedInput) or len(world.journal.entries) > since:
            raise Spoiled(at, error) from error
        return error
    world.finish(since, applied)
    return applied


def _told(world: World) -> Commit:
    """What other processes have to know of this batch."""
    entries = world.journal.entries
    return Commit(
        entries[0].event_seq,
        entries[-1].event_seq,
        frozenset(thread_tag(*key) for key in world.altered_threads),
        todo=any(one.message.queue is not None and not one.message.queue.taken for one in world.new_messages)
        or any(one.todo for one, _, _ in world.new_attachments)
        or any(one.todo for one in world.told_attachments),
    )
