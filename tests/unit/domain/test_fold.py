"""Whatever commands do: events tell all of it, a refusal leaves nothing behind, and no command alters itself."""

from __future__ import annotations

import copy
from dataclasses import replace
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.command import Command
from gateway.domain.events import Event, event_of
from gateway.domain.form import Form
from gateway.domain.form_paths import CODED, COLUMNS, PATHS
from gateway.domain.interaction import Interaction
from gateway.domain.journal import Journal, Recorded
from gateway.domain.ticket import CALLBACK, Ticket
from gateway.domain.world import World
from gateway.errors import Conflict, NotFound, StaleVersion
from tests.support.story import Story, new_world, told

pytestmark = pytest.mark.unit
NOTHING = Journal(0)
MANY = settings(max_examples=60, deadline=None)
STORIES = given(st.integers(0, 2**32).map(Random), st.integers(1, 60))


def coded(ticket: Ticket) -> dict[str, Any]:
    shown = ticket.form.handling.callback
    values = {path: getattr(ticket, path) for path in COLUMNS} | {CALLBACK: shown}
    return values | {path: PATHS[path].code(ticket.form) for path in CODED}


def as_stored(recorded: Recorded) -> Event:
    event = recorded.event
    return event_of(event.TYPE, event.at, event.actor, msgspec.json.decode(msgspec.json.encode(event.data())))


@MANY
@STORIES
def test_the_coded_state_of_tickets_and_interactions_is_the_fold_of_their_events(random: Random, commands: int) -> None:
    world = new_world()
    for _ in told(world, random, commands):
        pass
    for ticket in world.tickets.values():
        fold = Ticket(
            journal=Journal(0),
            ticket_id=ticket.ticket_id,
            channel=ticket.channel,
            channel_id=ticket.channel_id,
            created_at=ticket.created_at,
            form=Form(),
        )
        for recorded in world.journal.entries:
            if recorded.ticket_id == ticket.ticket_id:
                fold.apply(as_stored(recorded))
        assert coded(fold) == coded(ticket)
    for interaction in world.interactions.values():
        of_it = Interaction(
            interaction_id=interaction.interaction_id,
            channel=interaction.channel,
            channel_id=interaction.channel_id,
            started_at=interaction.started_at,
        )
        for recorded in world.journal.entries:
            if recorded.interaction_id == interaction.interaction_id:
                of_it.apply(as_stored(recorded))
        assert of_it.coded() == interaction.coded()


@MANY
@STORIES
def test_deciding_alters_no_command(random: Random, commands: int) -> None:
    before: list[tuple[Command, Command]] = [
        (command, copy.deepcopy(command)) for command in told(new_world(), random, commands, wrong=True)
    ]
    for command, as_it_was in before:
        assert command == as_it_was


@MANY
@STORIES
def test_what_is_missing_stale_or_in_conflict_is_refused_before_anything_is_altered(
    random: Random, commands: int
) -> None:
    world = new_world()
    story = Story(random)
    for _ in range(commands):
        command, before, since = story.next(), shown(world), len(world.journal.entries)
        tasks, world.calls = dict(world.tasks), command.refs().calls
        try:
            applied = command.decide(world)
        except (NotFound, Conflict, StaleVersion):
            assert shown(world) == before
            continue
        world.finish(since, applied)
        story.tell(command, applied)
        if applied.skipped or applied.replayed:
            assert shown(world) == before
        assert world.calls or world.tasks == tasks, "who did not ask for the calls that are owed alters none"


def shown(world: World) -> str:
    """Everything that a world holds."""
    tickets = [
        {name: getattr(one, name) for name in Ticket.__slots__ if name not in {"_form", "journal"}} | {"form": one.form}
        for one in world.tickets.values()
    ]
    return repr((replace(world, tickets={}, new_id=id, journal=NOTHING, calls=True), tickets, world.journal.entries))
