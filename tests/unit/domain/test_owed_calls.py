"""What a command may alter of the calls that are owed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.domain.callback import Reason, Task
from gateway.domain.form import Form, Requester
from gateway.domain.journal import Journal
from gateway.domain.owed_calls import OwedCalls
from gateway.domain.ticket import Ticket
from gateway.domain.world import World

pytestmark = pytest.mark.unit
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
NUMBER = "+8613800138000"


@pytest.mark.parametrize("asked", [True, False])
def test_what_others_of_the_batch_asked_to_see_stays_as_it_is(*, asked: bool) -> None:
    """A person's task without a number gets that of another ticket: but not because of who stood in the same batch."""
    world = World(journal=Journal(0), zone=ZoneInfo("Asia/Shanghai"), new_id=str)
    task = Task(
        callback_id="c",
        requester_id="r",
        line="citizen",
        phone=None,
        reasons=(Reason(reason="asked_for_person", ticket_id="other", interaction_id="i"),),
        due_at=NOON,
        created_at=NOON,
    )
    form = Form(requester=Requester(requester_id="r", phone=NUMBER))
    ids = {"ticket_id": "t", "channel": "sip", "channel_id": "hotline", "requester_id": "r"}
    ticket, other = [
        Ticket(journal=world.journal, **ids | {"ticket_id": name}, created_at=NOON, form=form, version=1)
        for name in ("t", "other")
    ]
    world.tickets, world.tasks, world.calls = {"t": ticket, "other": other}, {"c": task}, asked
    OwedCalls(world, ticket, NOON).settle()
    assert world.tasks["c"].phone == (NUMBER if asked else None)
