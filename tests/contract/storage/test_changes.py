"""What a Change does to the record."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.callback import NewCallback
from gateway.domain.command import Applied
from gateway.domain.guess import Guess
from gateway.domain.ids import new_ulid
from gateway.domain.keys import ExternalKey
from gateway.domain.transcript import NewSegment
from gateway.errors import NotFound, RejectedInput
from gateway.storage.database import Database
from tests.contract.storage.changes import call, event, written
from tests.support.change import Change
from tests.support.clocks import NOON

pytestmark = pytest.mark.contract


def guess(path: str, value: Any, confidence: float, span: tuple[int, int] | None = None) -> Guess:
    return Guess(path=path, value=value, source="rule", span=span, confidence=confidence)


def heard(applied: Applied, *guesses: Guess, **more: Any) -> Change:
    return Change(
        ticket_id=applied.ticket_id,
        interaction_id=applied.interaction_id,
        guesses=guesses,
        events=(event("transcript.segment", actor="system"),),
        **more,
    )


def segment(seq: int, text: str) -> NewSegment:
    return NewSegment(seq=seq, speaker="requester", start_ms=seq * 1000, end_ms=seq * 1000 + 900, text=text)


async def test_sure_guesses_fill_the_record_and_unsure_ones_are_offered(db: Database) -> None:
    applied = await db.changes.execute(call("c"))
    await db.changes.execute(
        heard(
            applied,
            guess("demand.type", "complaint", 0.8, (0, 2)),
            guess("demand.urgency", "urgent", 0.6),
            guess("demand.title", "噪声", 0.49),
            guess("place.district", {"code": "460108", "name": "美兰区"}, 0.9, (1, 4)),
        )
    )
    record = await db.reader.ticket(applied.ticket_id)
    assert record["demand"]["type"] == "complaint"
    assert record["demand"]["urgency"] == {"level": "urgent", "reason": None}
    assert record["demand"]["title"] is None
    assert record["place"]["district"] == {"code": "460108", "name": "美兰区"}
    fields = record["prefill"]["fields"]
    assert fields["demand.type"] == {
        "value": "complaint",
        "source": "rule",
        "span": [0, 2],
        "confidence": 0.8,
        "confirmed_by": None,
    }
    assert fields["demand.title"]["value"] == "噪声"
    assert fields["place.district"]["value"] == "460108"
    assert fields["demand.urgency"]["span"] is None


async def test_a_later_guess_replaces_an_earlier_one_unless_it_is_unsure(db: Database) -> None:
    applied = await db.changes.execute(call("c"))
    for value, confidence in (("help", 0.7), ("complaint", 0.6), ("praise", 0.3)):
        await db.changes.execute(heard(applied, guess("demand.type", value, confidence)))
    record = await db.reader.ticket(applied.ticket_id)
    assert record["demand"]["type"] == "complaint"
    assert record["prefill"]["fields"]["demand.type"]["value"] == "complaint"


async def test_what_is_left_open_between_two_places_is_taken_back_and_both_are_offered(db: Database) -> None:
    applied = await db.changes.execute(call("c"))
    first, second = {"code": "460105", "name": "秀英区"}, {"code": "460106", "name": "龙华区"}
    await db.changes.execute(heard(applied, guess("place.district", first, 0.85)))
    either = replace(guess("place.district", first, 0.4), candidates=(("460105", 0.4), ("460106", 0.4)))
    await db.changes.execute(heard(applied, either))
    record = await db.reader.ticket(applied.ticket_id)
    assert record["place"]["district"] == {"code": None, "name": None}
    assert [one["code"] for one in record["prefill"]["candidates"]["district"]] == ["460105", "460106"]
    await db.changes.execute(heard(applied, guess("place.district", second, 0.85)))
    record = await db.reader.ticket(applied.ticket_id)
    assert record["place"]["district"] == second
    assert record["prefill"]["candidates"]["district"] == []


async def test_what_a_person_corrected_is_left_alone(db: Database) -> None:
    applied = await db.changes.execute(call("c"))
    await db.changes.execute(heard(applied, guess("demand.type", "help", 0.9)))
    await db.changes.execute(
        Change(
            ticket_id=applied.ticket_id,
            ticket_fields={("demand", "type"): "report", ("place", "street"): {"code": "460108004", "name": "海甸"}},
            events=(event("ticket.corrected", actor="user:zhang"),),
        )
    )
    await db.changes.execute(
        heard(applied, guess("demand.type", "help", 0.99), guess("place.street", {"code": "1"}, 0.9))
    )
    record = await db.reader.ticket(applied.ticket_id)
    assert record["demand"]["type"] == "report"
    assert record["place"]["street"]["code"] == "460108004"
    assert record["prefill"]["fields"]["demand.type"] == {
        "value": "report",
        "source": "agent",
        "span": None,
        "confidence": 1.0,
        "confirmed_by": "user:zhang",
    }
    assert record["prefill"]["fields"]["place.street"]["confirmed_by"] == "user:zhang"


async def test_what_the_caller_marked_itself_stands(db: Database) -> None:
    applied = await db.changes.execute(call("c"))
    entry = {"value": "help", "source": "rule", "span": [0, 1], "confidence": 0.9, "confirmed_by": "user:li"}
    await db.changes.execute(
        Change(
            ticket_id=applied.ticket_id,
            ticket_fields={("demand", "type"): "help", ("prefill", "fields", "demand.type"): entry},
            events=(event("ticket.corrected", actor="user:zhang"),),
        )
    )
    await db.changes.execute(heard(applied, guess("demand.type", "praise", 0.99)))
    record = await db.reader.ticket(applied.ticket_id)
    assert record["prefill"]["fields"]["demand.type"] == entry
    assert record["demand"]["type"] == "help"


async def test_what_the_requester_stated_beats_a_guess(db: Database) -> None:
    applied = await db.changes.execute(
        written("k", requester={"name": "王芳"}, guesses=(guess("requester.name", "王方", 0.9),))
    )
    record = await db.reader.ticket(applied.ticket_id)
    assert record["requester"]["name"] == "王芳"
    assert record["prefill"]["fields"]["requester.name"]["value"] == "王方"


async def test_a_conversation_goes_on_in_its_ticket(db: Database) -> None:
    first = await db.changes.execute(written("m1", conversation="c", content="路灯坏了"))
    second, third = await asyncio.gather(
        db.changes.execute(
            written(
                "m2", conversation="c", content="在海甸岛", guesses=(guess("place.address", "海甸岛", 0.7, (1, 4)),)
            )
        ),
        db.changes.execute(written("m3", conversation="c", content="三天了")),
    )
    assert (second.ticket_id, second.interaction_id) == (first.ticket_id, first.interaction_id)
    assert third.version == 3
    record = await db.reader.ticket(first.ticket_no)
    assert record["demand"]["content"] == "路灯坏了\n在海甸岛\n三天了"
    start, end = record["prefill"]["fields"]["place.address"]["span"]
    assert record["demand"]["content"][start:end] == "海甸岛"
    assert [m["text"] for m in record["interactions"][0]["messages"]] == ["路灯坏了", "在海甸岛", "三天了"]
    assert [m["seq"] for m in record["interactions"][0]["messages"]] == [1, 2, 3]
    types = [e["type"] for e in await db.reader.events(ticket_id=first.ticket_id)]
    assert types == ["ticket.registered", "message.received", "message.received", "message.received"]
    again = await db.changes.execute(written("m2", conversation="c", content="在海甸岛"))
    assert again.replayed


async def test_a_conversation_that_ended_begins_anew(db: Database) -> None:
    first = await db.changes.execute(written("m1", conversation="c"))
    await db.changes.execute(
        Change(
            ticket_id=first.ticket_id,
            interaction_id=first.interaction_id,
            interaction_fields={"ended_at": NOON, "disposition": "idle_closed"},
            events=(event("interaction.ended", actor="system"),),
        )
    )
    second = await db.changes.execute(written("m2", conversation="c"))
    assert second.ticket_id != first.ticket_id
    other = replace(written("m3", conversation="c"), join=ExternalKey(channel_id="app", external_id="conversation:c"))
    assert (await db.changes.execute(other)).ticket_id not in {first.ticket_id, second.ticket_id}


async def test_a_conversations_first_two_messages_in_one_batch(db: Database) -> None:
    applied = await asyncio.gather(*(db.changes.execute(written(str(n), conversation="c")) for n in range(3)))
    assert len({a.ticket_id for a in applied}) == 1


def closing(applied: Applied, disposition: str) -> Change:
    return Change(
        ticket_id=applied.ticket_id,
        interaction_id=applied.interaction_id,
        close_unless_closed=True,
        interaction_fields={"ended_at": NOON, "disposition": disposition},
        callback=NewCallback(callback_id=new_ulid(), reason=disposition, due_at=NOON + timedelta(hours=2)),
        events=(event("interaction.ended", actor="system"),),
    )


async def test_owner_and_sweeper_close_a_call_once(db: Database) -> None:
    applied = await db.changes.execute(call("c"))
    one, two = await asyncio.gather(
        db.changes.execute(closing(applied, "abandoned_in_flow")), db.changes.execute(closing(applied, "interrupted"))
    )
    assert (one.skipped, two.skipped) == (False, True)
    assert two.version == one.version == 2
    record = await db.reader.ticket(applied.ticket_id)
    assert record["interactions"][0]["disposition"] == "abandoned_in_flow"
    due = {"state": "open", "due_at": "2026-11-23T06:00:00.000Z", "attempts": 0, "how": "phone"}
    assert record["handling"]["callback"] == due
    assert len(await db.reader.callbacks()) == 1


async def test_an_interaction_owes_one_callback(db: Database) -> None:
    applied = await db.changes.execute(call("c"))
    asked = replace(closing(applied, "x"), close_unless_closed=False, interaction_fields={})
    await db.changes.execute(asked)
    await db.changes.execute(closing(applied, "interrupted"))
    (task,) = await db.reader.callbacks()
    assert (task["reason"], task["line"], task["ticket_no"]) == ("x", "citizen", applied.ticket_no)
    assert task["reasons"] == ["x", "interrupted"]
    types = [e["type"] for e in await db.reader.events(ticket_id=applied.ticket_id)]
    assert types.count("callback.opened") == 1
    assert types.count("interaction.ended") == 2


async def test_a_segment_written_twice_is_there_once(db: Database) -> None:
    applied = await db.changes.execute(call("c"))
    await asyncio.gather(
        db.changes.execute(heard(applied, segments=(segment(1, "喂"), segment(2, "路灯坏了")))),
        db.changes.execute(heard(applied, segments=(segment(2, "路灯坏啦"), segment(3, "谢谢")))),
    )
    transcript = (await db.reader.ticket(applied.ticket_id))["interactions"][0]["transcript"]
    assert [(s["seq"], s["text"]) for s in transcript] == [(1, "喂"), (2, "路灯坏了"), (3, "谢谢")]


async def test_segments_are_corrected_beside_what_was_heard(db: Database) -> None:
    applied = await db.changes.execute(call("c"))
    await db.changes.execute(heard(applied, segments=(segment(1, "鹿灯"),)))
    correction = replace(heard(applied), corrected_segments={1: "路灯"})
    await db.changes.execute(correction)
    (first,) = (await db.reader.ticket(applied.ticket_id))["interactions"][0]["transcript"]
    assert (first["text"], first["corrected_text"]) == ("鹿灯", "路灯")
    with pytest.raises(NotFound):
        await db.changes.execute(replace(correction, corrected_segments={9: "x"}))


async def test_hot_fields_and_an_event_for_every_change(db: Database) -> None:
    applied = await db.changes.execute(call("c"))
    await db.changes.execute(
        Change(
            ticket_id=applied.ticket_id,
            ticket_fields={("line",): "enterprise", ("empty",): False, ("status",): "informed"},
        )
    )
    record = await db.reader.ticket(applied.ticket_id)
    assert (record["line"], record["empty"], record["status"]) == ("enterprise", False, "informed")
    last = (await db.reader.events(ticket_id=applied.ticket_id))[-1]
    assert last["type"] == "ticket.updated"
    assert record["event_seq"] == last["event_seq"]


@pytest.mark.parametrize(
    "change",
    [
        Change(ticket_id="x", ticket_fields={("demand", "typo"): 1}),
        Change(ticket_id="x", ticket_fields={("ticket_no",): "1"}),
        Change(ticket_id="x", ticket_fields={("demand", "title"): object()}),
        Change(ticket_id="x", ticket_fields={("place", "lat"): float("nan")}),
        Change(ticket_id="x", interaction_id="i", interaction_fields={"colour": "red"}),
        Change(ticket_id="x", segments=(segment(1, "x"),)),
        Change(),
    ],
)
async def test_what_the_record_has_no_room_for_is_refused(db: Database, change: Change) -> None:
    with pytest.raises(RejectedInput):
        await db.changes.execute(change)
    assert await db.reader.last_event_seq() == 0


async def test_an_interaction_of_another_ticket_is_not_found(db: Database) -> None:
    one, two = await db.changes.execute(call("1")), await db.changes.execute(call("2"))
    with pytest.raises(NotFound):
        await db.changes.execute(heard(replace(one, interaction_id=two.interaction_id)))


async def test_secrecy_stays_unless_a_change_lifts_it(db: Database) -> None:
    made = await db.changes.execute(written("a"))
    secret: dict[tuple[str, ...], Any] = {("requester", "secret"): True}
    known: dict[tuple[str, ...], Any] = {("requester", "secret"): False}

    async def applied(fields: Mapping[tuple[str, ...], Any], **more: Any) -> Any:
        await db.changes.execute(Change(ticket_id=made.ticket_id, ticket_fields=fields, events=(event(),), **more))
        return (await db.reader.ticket(made.ticket_id))["requester"]["secret"]

    assert await applied(known) is False
    assert await applied(secret) is True
    assert await applied(known) is True
    assert await applied(known, lifts_secrecy=True) is False
