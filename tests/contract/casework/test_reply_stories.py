"""Whatever is merged, parted, answered, lost and followed twice: each person hears each reply once."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.events import event_of
from gateway.domain.fold import recounted
from gateway.domain.ids import from_rfc3339
from gateway.errors import Conflict
from tests.support.centre import MOBILE, Centre
from tests.support.clocks import SetClock
from tests.support.memory_store import MemoryStore

pytestmark = pytest.mark.contract
TICKETS = st.integers(0, 4)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("merge"), TICKETS, TICKETS),
        st.tuples(st.just("part"), TICKETS, st.just(0)),
        st.tuples(st.just("reply"), TICKETS, st.just(0)),
        st.tuples(st.just("reopen"), TICKETS, st.just(0)),
        st.tuples(st.just("fail"), TICKETS, st.just(0)),
        st.tuples(st.just("send"), TICKETS, st.just(0)),
        st.tuples(st.just("follow"), st.just(0), st.just(0)),
        st.tuples(st.just("again"), st.just(0), st.just(0)),
    ),
    max_size=25,
)


async def story(steps: list[tuple[str, int, int]]) -> None:
    centre = Centre(await MemoryStore().open(), SetClock())
    people = [("wechat", "o1", MOBILE), ("wechat", "o1", MOBILE), ("telegram", "t1", None), ("hotline", None, None)]
    people.append(("wechat", "o2", None))
    tickets = [await centre.registered(channel, sender, phone=phone) for channel, sender, phone in people]
    for what, first, second in steps:
        centre.clock.forward(60)
        with suppress(Conflict):
            await step(centre, what, tickets[first], tickets[second])
    await centre.follow()
    await checked(centre, tickets)
    if "part" not in {what for what, _, _ in steps}:  # who parts one ticket may hear it of another one
        await heard_once(centre, tickets, people)


async def step(centre: Centre, what: str, ticket: str, other: str) -> None:
    record = await centre.record(ticket)
    replies = record["handling"]["replies"]
    match what:
        case "merge":
            await centre.merged(ticket, other)
        case "part" if record["related"]["merged_into"] is not None:
            await centre.merged(ticket, record["related"]["merged_into"], undo=True)
        case "reply":
            await centre.do("reply", ticket, text="已经恢复供水")
        case "reopen":
            await centre.do("reopen", ticket, reason="not_done")
        case "fail" | "send" if replies and replies[-1]["message_id"] is not None:
            await centre.delivery(ticket, "failed" if what == "fail" else "sent", follow=False)
        case "follow" | "again":
            await centre.follow(again=what == "again")
        case _:
            return


def _ways(reply: dict[str, Any]) -> list[str | None]:
    """Each way that was gone: those that came to nothing, and the one that stands."""
    return [*reply["tried"], *([reply["way"]] if reply["state"] != "failed" else [])]


async def heard_once(centre: Centre, tickets: list[str], people: list[tuple[str, str | None, str | None]]) -> None:
    told: Counter[tuple[str, str]] = Counter()
    for ticket, person in zip(tickets, people, strict=True):
        for reply in (await centre.record(ticket))["handling"]["replies"]:
            told[str(person), reply["reply_id"]] += reply["way"] not in {None, "together"}
    assert all(count <= 1 for count in told.values())


async def checked(centre: Centre, tickets: list[str]) -> None:
    for ticket in tickets:
        record = await centre.record(ticket)
        replies = record["handling"]["replies"]
        assert len({one["reply_id"] for one in replies}) == len(replies)
        assert all(len(set(one["tried"])) == len(one["tried"]) for one in replies)
        written = await centre.messages(ticket)
        gone = [way for one in replies for way in _ways(one) if way in {"channel", "sms"}]
        assert len(written) == len(gone)
        events = await centre.db.reader.events(ticket_id=ticket)
        counted = recounted(
            (one["interaction_id"], event_of(one["type"], from_rfc3339(one["at"]), one["actor"], one["data"]))
            for one in events
        )
        for reply in replies:
            path = f"handling.replies.{reply['reply_id']}"
            assert counted.get(f"{path}.state") == reply["state"]
            assert counted.get(f"{path}.tried", []) == reply["tried"]


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_each_person_hears_each_reply_once(steps: list[tuple[str, int, int]]) -> None:
    asyncio.run(story(steps))
