"""What requesters think of a reply, and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.casework.case_report import TakeCaseReport
from gateway.domain.callback_work import Verb
from gateway.domain.case.reported import CaseReport, Reported
from gateway.domain.case.rules_in_force import BY_PLAN, CaseRules
from gateway.domain.keys import ExternalKey
from gateway.errors import Conflict, RejectedInput, VisitUnanswered
from gateway.storage.database import Database
from tests.support.centre import Centre
from tests.support.clocks import NOON, SetClock

pytestmark = pytest.mark.contract
LANDLINE = "+8689866223344"


@pytest.fixture
def centre(db: Database, clock: SetClock) -> Centre:
    return Centre(db, clock)


async def judge_of(centre: Centre, ticket: str) -> dict[str, Any]:
    """The newest limit of the centre's decision about dissatisfied requesters."""
    clocks: list[dict[str, Any]] = (await centre.record(ticket))["handling"]["clocks"]
    return next((one for one in reversed(clocks) if one["kind"] == "judge"), {})


async def test_first_and_final_score_say_which_reply_they_judge(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1")
    first = await centre.replied(ticket)
    await centre.do("evaluate", ticket, satisfied=2, text="还是没水")
    await centre.do("reopen", ticket, reason="dissatisfied")
    second = await centre.replied(ticket, "又修了一次")
    await centre.do("evaluate", ticket, satisfied=5)
    outcome = (await centre.record(ticket))["outcome"]
    told = [(one["satisfied"], one["reply_id"], one["score"]) for one in outcome["evaluations"]]
    assert told == [(2, first, "first"), (5, second, "final")]
    assert outcome["evaluation"]["satisfied"] == 5
    assert outcome["evaluations"][0]["comment"] == "还是没水"


async def test_a_rating_of_a_reply_that_was_replaced_does_not_overwrite(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1")
    first = await centre.replied(ticket)
    await centre.do("reopen", ticket, reason="not_done")
    second = await centre.replied(ticket, "又修了一次")
    await centre.do("evaluate", ticket, satisfied=1, reply_id=first)
    record = await centre.record(ticket)
    assert record["status"] == "replied"
    assert not [one for one in record["handling"]["clocks"] if one["kind"] == "judge"]
    with pytest.raises(Conflict, match="not evaluated"):
        await centre.do("archive", ticket, reason="evaluated")
    await centre.do("evaluate", ticket, satisfied=4, reply_id=second)
    await centre.do("evaluate", ticket, satisfied=1, reply_id=first)
    assert (await centre.record(ticket))["outcome"]["evaluation"]["satisfied"] == 4


async def test_dissatisfied_is_reopened_or_supervised_with_a_reason(centre: Centre) -> None:
    for verb in ("reopen", "supervise"):
        ticket = await centre.registered("wechat", f"o-{verb}")
        await centre.replied(ticket)
        await centre.do("evaluate", ticket, satisfied=1)
        await centre.follow()
        record = await centre.record(ticket)
        (judge,) = [one for one in record["handling"]["clocks"] if one["kind"] == "judge"]
        assert (record["status"], judge["met_at"]) == ("evaluated", None)
        with pytest.raises(Conflict, match="dissatisfied"):
            await centre.do("archive", ticket, reason="evaluated")
        with pytest.raises(RejectedInput, match="reason"):
            await centre.do(verb, ticket)
        await centre.do(verb, ticket, reason="not_solved")
        assert ((await judge_of(centre, ticket))["met_at"] is not None) == (verb == "reopen")


async def test_what_was_supervised_is_still_to_be_reopened_or_put_away(centre: Centre) -> None:
    again, over = await centre.registered("wechat", "o1"), await centre.registered("wechat", "o2")
    for ticket in (again, over):
        await centre.replied(ticket)
        await centre.do("evaluate", ticket, satisfied=1)
        await centre.do("supervise", ticket, reason="not_solved")
    await centre.follow()
    for ticket in (again, over):
        judge, record = await judge_of(centre, ticket), await centre.record(ticket)
        assert (record["status"], judge["met_at"], judge["stopped_at"]) == ("evaluated", None, None)
        assert judge["next_at"] is not None
    await centre.do("reopen", again, reason="not_solved")
    await centre.do("archive", over, reason="evaluated")
    for ticket in (again, over):
        assert (await judge_of(centre, ticket))["met_at"] is not None
    await centre.replied(again, "又修了一次")
    centre.at(hours=1)
    await centre.do("evaluate", again, satisfied=1)
    with pytest.raises(Conflict, match="dissatisfied"):
        await centre.do("archive", again, reason="evaluated")  # what was pressed on before is another matter


async def test_while_another_is_dissatisfied_nothing_that_was_supervised_is_put_away_alone(centre: Centre) -> None:
    head, other = await centre.registered("wechat", "o1"), await centre.registered("wechat", "o2")
    await centre.merged(other, head)
    await centre.replied(head)
    await centre.do("evaluate", other, satisfied=1)
    await centre.follow()
    await centre.do("supervise", head, reason="not_solved")
    await centre.do("evaluate", head, satisfied=5)
    await centre.follow()
    assert (await centre.record(head))["status"] == "evaluated"


async def test_who_thinks_again_after_the_case_was_put_away_is_heard(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1")
    await centre.replied(ticket)
    await centre.do("evaluate", ticket, satisfied=5)
    await centre.follow()
    await centre.do("evaluate", ticket, satisfied=1)
    await centre.do("supervise", ticket, reason="not_solved")
    assert (await judge_of(centre, ticket))["met_at"] is not None  # it is put away: that was the decision
    with pytest.raises(Conflict, match="cannot be supervised"):
        await centre.do("supervise", ticket, reason="once_more")
    await centre.do("reopen", ticket, reason="not_solved")
    await centre.do("evaluate", ticket, satisfied=1)
    judged = [one for one in (await centre.record(ticket))["handling"]["clocks"] if one["kind"] == "judge"]
    assert len(judged) == 1  # it is being done again: there is nothing to decide


async def test_nobody_acts_on_the_discontent_and_supervision_hears_of_it(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1")
    await centre.replied(ticket)
    await centre.do("evaluate", ticket, satisfied=1)
    for _ in range(2):  # it warns; is breached, and told to supervision
        await centre.fire(ticket, "judge")
    assert centre.clock.at == NOON + timedelta(hours=24, milliseconds=1)
    types = [one["type"] for one in await centre.db.reader.events(ticket_id=ticket)]
    assert types.count("clock.breached") == types.count("clock.escalated") == 1


async def test_judged_well_it_is_archived_by_itself(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1")
    await centre.replied(ticket)
    await centre.do("evaluate", ticket, satisfied=3)
    await centre.follow()
    record = await centre.record(ticket)
    assert record["status"] == "archived"
    assert not [one for one in record["handling"]["clocks"] if one["next_at"]]


async def test_nobody_judges_so_somebody_calls_and_types_what_they_say(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1", phone=LANDLINE)
    await centre.replied(ticket)
    await centre.fire(ticket, "visit")
    (call,) = await centre.calls()
    assert call["reasons"] == ["visit"]
    with pytest.raises(RejectedInput, match="satisfied"):
        await centre.call(call, Verb.DONE, "reached")
    await centre.call(call, Verb.DONE, "reached", satisfied=5)
    record = await centre.record(ticket)
    assert (record["status"], record["outcome"]["evaluation"]["channel"]) == ("archived", "callback")
    await centre.follow(again=True)
    assert await centre.calls() == []


async def test_who_judges_meanwhile_need_not_be_called(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1", phone=LANDLINE)
    await centre.replied(ticket)
    await centre.fire(ticket, "visit")
    assert len(await centre.calls()) == 1
    await centre.do("evaluate", ticket, satisfied=2)
    await centre.follow()
    assert await centre.calls() == []


async def test_nobody_calls_to_tell_an_outdated_reply(centre: Centre) -> None:
    ticket = await centre.registered("hotline", phone=LANDLINE)
    await centre.replied(ticket)
    assert [one["reasons"] for one in await centre.calls()] == [["reply"]]
    await centre.do("reopen", ticket, reason="not_done")
    await centre.follow()
    assert await centre.calls() == []


async def test_a_case_system_that_opens_it_again_leaves_no_call_about_the_old_reply(centre: Centre) -> None:
    told, asked = await centre.registered("hotline", phone=LANDLINE), await centre.registered("wechat", "o1")
    await centre.corrected(asked, {"requester.phone": LANDLINE})
    for ticket in (told, asked):
        await centre.replied(ticket)
    await centre.fire(asked, "visit")
    assert [one["reasons"] for one in await centre.calls()] == [["reply"], ["visit"]]
    for ticket in (told, asked):
        at = centre.clock.now()
        report = CaseReport(status=Reported.OPEN, at=at, note_id=f"n-{ticket}")
        key = ExternalKey(channel_id=":case_system", external_id=ticket)
        taken = TakeCaseReport(at=at, actor="token:cases", ticket_id=ticket, report=report, keys=(key,))
        await centre.db.changes.execute(taken)
    await centre.follow()
    assert await centre.calls() == []


async def test_three_tries_at_different_hours_make_unreachable(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1", phone=LANDLINE)
    await centre.replied(ticket)
    await centre.fire(ticket, "visit")
    (call,) = await centre.calls()
    for minutes in (0, 20, 40):  # within one hour
        centre.at(days=4, minutes=minutes)
        await centre.call(call, Verb.ATTEMPT, "no_answer")
    with pytest.raises(Conflict, match="hour"):
        await centre.do("archive", ticket, reason="unreachable")
    centre.at(days=4, hours=3)
    await centre.call(call, Verb.ATTEMPT, "call_later")
    assert (await centre.record(ticket))["status"] == "replied"
    await centre.call(call, Verb.ATTEMPT, "busy")
    centre.at(days=5, hours=-2)
    await centre.call(call, Verb.DONE, "not_reached")
    record = await centre.record(ticket)
    assert (record["status"], record["outcome"]["evaluation"]["satisfied"]) == ("archived", None)
    archived = [one for one in await centre.db.reader.events(ticket_id=ticket) if one["type"] == "case.archived"]
    assert [one["data"]["why"] for one in archived] == ["unreachable"]


async def test_whom_nobody_can_call_is_put_away_when_somebody_would_have_to(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1")
    await centre.replied(ticket)
    await centre.fire(ticket, "visit")
    assert await centre.calls() == []
    record = await centre.record(ticket)
    assert (record["status"], record["handling"]["replies"][-1]["visit_id"]) == ("archived", None)
    assert not [one for one in record["handling"]["clocks"] if one["next_at"]]
    events = await centre.db.reader.events(ticket_id=ticket)
    assert [one["data"]["why"] for one in events if one["type"] == "case.archived"] == ["unreachable"]
    assert [one["type"] for one in events].count("reply.uncallable") == 1
    await centre.do("evaluate", ticket, satisfied=1)
    (judge,) = [one for one in (await centre.record(ticket))["handling"]["clocks"] if one["kind"] == "judge"]
    assert judge["met_at"] is None  # who writes later is heard all the same


async def test_a_number_of_an_earlier_ticket_is_called(centre: Centre) -> None:
    await centre.registered("wechat", "o1", phone=LANDLINE)
    ticket = await centre.registered("wechat", "o1")
    await centre.replied(ticket)
    await centre.fire(ticket, "visit")
    assert [(one["reasons"], one["phone"] is None) for one in await centre.calls()] == [(["visit"], False)]
    assert (await centre.record(ticket))["status"] == "replied"


async def test_a_visit_whose_number_is_gone_is_cancelled_and_the_case_is_put_away(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1", phone=LANDLINE)
    await centre.replied(ticket)
    await centre.fire(ticket, "visit")
    (call,) = await centre.calls()
    with pytest.raises(VisitUnanswered):
        await centre.call(call, Verb.CANCEL)
    await centre.corrected(ticket, {"requester.phone": None})
    (call,) = await centre.calls()
    assert call["phone"] is None
    await centre.call(call, Verb.CANCEL)
    assert await centre.calls() == []
    events = [one for one in await centre.db.reader.events(ticket_id=ticket) if one["type"] == "case.archived"]
    assert [one["data"]["why"] for one in events] == ["unreachable"]


async def test_nothing_is_archived_without_an_evaluation(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1")
    await centre.replied(ticket)
    for reason in ("evaluated", "unreachable", "no_evaluation_needed"):
        with pytest.raises(Conflict):
            await centre.do("archive", ticket, reason=reason)


async def test_discontent_of_a_merged_reporter_is_offered_on_the_head(centre: Centre) -> None:
    head, other = await centre.registered("wechat", "o1"), await centre.registered("wechat", "o2")
    await centre.merged(other, head)
    await centre.replied(head)
    await centre.do("evaluate", other, satisfied=1)
    await centre.follow()
    (judge,) = [one for one in (await centre.record(head))["handling"]["clocks"] if one["kind"] == "judge"]
    assert judge["met_at"] is None
    told = [one for one in await centre.db.reader.events(ticket_id=head) if one["type"] == "case.dissatisfied"]
    assert [one["data"]["of"] for one in told] == [other]
    await centre.do("supervise", head, reason="not_solved")
    await centre.follow(again=True)
    again = [one["type"] for one in await centre.db.reader.events(ticket_id=head)]
    assert again.count("case.dissatisfied") == 1
    assert (await centre.record(other))["outcome"]["evaluation"]["satisfied"] == 1


async def test_a_policy_may_leave_archiving_to_people(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1")
    await centre.replied(ticket)
    await centre.do("evaluate", ticket, satisfied=5)
    assert (await centre.record(ticket))["status"] == "evaluated"
    await centre.do("archive", ticket, reason="evaluated")
    assert (await centre.record(ticket))["status"] == "archived"


async def test_where_people_archive_a_visit_in_vain_leaves_no_limit_that_runs_on(centre: Centre, db: Database) -> None:
    db.changes.go_by(CaseRules(policy=replace(BY_PLAN.policy, archive_alone=False)))
    silent, unknown = await centre.registered("wechat", "o1", phone=LANDLINE), await centre.registered("wechat", "o2")
    for ticket in (silent, unknown):
        await centre.replied(ticket)
    for ticket in (silent, unknown):
        await centre.fire(ticket, "visit")
    (call,) = await centre.calls()
    for hours in (0, 2):
        centre.at(days=4, hours=hours)
        await centre.call(call, Verb.ATTEMPT, "no_answer")
    centre.at(days=4, hours=4)
    await centre.call(call, Verb.DONE, "not_reached")
    for ticket in (silent, unknown):
        record = await centre.record(ticket)
        (visit,) = [one for one in record["handling"]["clocks"] if one["kind"] == "visit"]
        assert (record["status"], visit["next_at"], visit["breached_at"]) == ("replied", None, None)
        await centre.do("archive", ticket, reason="unreachable")


async def test_each_dissatisfied_reporter_is_heard_and_none_silences_another(centre: Centre) -> None:
    head, *others = [await centre.registered("wechat", f"o{nth}") for nth in range(3)]
    for one in others:
        await centre.merged(one, head)
    await centre.replied(head)
    for one, satisfied in ((others[0], 1), (head, 2), (others[1], 2), (others[1], 1), (head, 5)):
        await centre.do("evaluate", one, satisfied=satisfied)
        await centre.follow()
    await centre.follow(again=True)
    told = [one for one in await centre.db.reader.events(ticket_id=head) if one["type"] == "case.dissatisfied"]
    assert [one["data"].get("of") for one in told] == [others[0], None, others[1]]
    handling = (await centre.record(head))["handling"]
    assert handling["dissatisfied"] == others
    (judge,) = [one for one in handling["clocks"] if one["kind"] == "judge"]
    assert (judge["met_at"], judge["stopped_at"]) == (None, None)
    await centre.do("supervise", head, reason="not_solved")
    await centre.follow(again=True)
    events = [one["type"] for one in await centre.db.reader.events(ticket_id=head)]
    assert events.count("case.dissatisfied") == 3


async def test_a_second_thought_of_the_only_dissatisfied_one_stops_the_clock(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1")
    await centre.replied(ticket)
    for satisfied in (1, 5, 2):
        await centre.do("evaluate", ticket, satisfied=satisfied)
    judges = [one for one in (await centre.record(ticket))["handling"]["clocks"] if one["kind"] == "judge"]
    assert [one["stopped_at"] is not None for one in judges] == [True, False]


async def test_discontent_with_an_earlier_reply_is_not_offered_when_the_log_is_read_again(centre: Centre) -> None:
    head, other = await centre.registered("wechat", "o1"), await centre.registered("wechat", "o2")
    await centre.merged(other, head)
    await centre.replied(head)
    await centre.do("evaluate", other, satisfied=1)
    await centre.do("reopen", head, reason="not_solved")
    await centre.follow()
    await centre.replied(head)
    await centre.follow(again=True)
    events = [one["type"] for one in await centre.db.reader.events(ticket_id=head)]
    assert "case.dissatisfied" not in events


async def test_second_thoughts_of_every_merged_reporter_stop_the_clock(centre: Centre) -> None:
    head, *others = [await centre.registered("wechat", f"o{nth}") for nth in range(3)]
    for one in others:
        await centre.merged(one, head)
    await centre.replied(head)
    for one in (head, *others):
        await centre.do("evaluate", one, satisfied=1)
        await centre.follow()
    for nth, one in enumerate((others[0], head, others[1])):
        assert (await judge_of(centre, head))["stopped_at"] is None, nth
        await centre.do("evaluate", one, satisfied=4)
        await centre.follow()
    assert (await judge_of(centre, head))["stopped_at"] is not None
    record = await centre.record(head)
    assert (record["status"], record["handling"]["dissatisfied"]) == ("archived", [])
    events = await centre.db.reader.events(ticket_id=head)
    assert [one["data"].get("of") for one in events if one["type"] == "case.discontent_over"] == [
        others[0],
        None,
        others[1],
    ]
    await centre.follow(again=True)
    assert await centre.db.reader.events(ticket_id=head) == events, "what was thought before is asked nobody again"


async def test_discontent_goes_with_a_ticket_that_is_merged_and_comes_back_with_it(centre: Centre) -> None:
    head, other = await centre.registered("wechat", "o1"), await centre.registered("wechat", "o2")
    for ticket in (head, other):
        await centre.replied(ticket)
    await centre.do("evaluate", other, satisfied=1)
    await centre.merged(other, head)
    assert (await centre.record(head))["handling"]["dissatisfied"] == [other]
    running, over = await judge_of(centre, head), await judge_of(centre, other)
    assert (running["next_at"] is None, over["stopped_at"] is None) == (False, False)
    told = [one for one in await centre.db.reader.events(ticket_id=head) if one["type"] == "case.dissatisfied"]
    assert [(one["data"]["of"], one["data"]["satisfied"]) for one in told] == [(other, 1)]
    await centre.merged(other, head, undo=True)
    assert (await centre.record(head))["handling"]["dissatisfied"] == []
    over, running = await judge_of(centre, head), await judge_of(centre, other)
    assert (running["next_at"] is None, over["stopped_at"] is None) == (False, False)


async def test_what_is_in_work_is_not_asked_about_a_dissatisfied_requester_who_joins(centre: Centre) -> None:
    head, other = await centre.registered("wechat", "o1"), await centre.registered("wechat", "o2")
    await centre.replied(other)
    await centre.do("evaluate", other, satisfied=1)
    await centre.merged(other, head)
    assert await judge_of(centre, head) == {}
