"""Any commands in any order by anybody: what is refused alters nothing, and no case is left that nobody has."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.casework.await_dispatch import AwaitDispatch
from gateway.casework.case_report import TakeCaseReport
from gateway.casework.case_work import WorkOnCase
from gateway.casework.dispatch import DispatchTicket, LeaveUndecided
from gateway.casework.fire_clock import FireClock
from gateway.casework.task_work import WorkOnTask
from gateway.domain.case.case import Offer
from gateway.domain.case.policy import ClockKind
from gateway.domain.case.reasons import ConferWay, WhyArchived, WhyInformed
from gateway.domain.case.reported import CaseReport, Reported
from gateway.domain.case.stage import WITHIN, stage
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.command import Applied, Command
from gateway.domain.fold import coded_state, recounted
from gateway.domain.form import Form
from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.domain.status import CLOSED
from gateway.domain.task_status import BEGUN, RUNNING, WITH_UNIT, Role, TaskStatus, TaskVerb, is_gone
from gateway.domain.ticket import Ticket
from gateway.errors import GatewayError
from gateway.intake.ticket.correct import CorrectTicket
from gateway.intake.ticket.merge import MergeTicket
from gateway.intake.ticket.withdraw import WithdrawTicket
from tests.support.casework import SHIPPED, OneTicket

pytestmark = pytest.mark.unit
NINE = datetime(2026, 12, 1, 1, tzinfo=UTC)
UNITS = ("M01", "M02", "M03")
WORDS = "张三说的话"
texts = st.sampled_from([None, None, WORDS])
reasons = st.sampled_from(["not_ours", "weather", *WhyArchived, *list(WhyInformed)[:1]])
CASE_VERBS = [verb for verb in CaseVerb if verb not in {CaseVerb.DISPATCH, CaseVerb.WITHDRAW}]
on_tasks = st.fixed_dictionaries(
    {
        "verb": st.sampled_from([*TaskVerb, TaskVerb.REPLY, TaskVerb.ACCEPT, TaskVerb.RETURN]),
        "nth": st.integers(0, 9),
        "by_unit": st.booleans(),
        "reason": reasons,
        "text": texts,
        "to": st.sampled_from(UNITS),
        "role": st.sampled_from([Role.LEAD, Role.LEAD, Role.JOINT]),
        "hours": st.integers(1, 90),
    }
)


class Life(RuleBasedStateMachine):
    """One ticket, another one into which it may go."""

    def __init__(self) -> None:
        super().__init__()
        self.one = OneTicket(registered="12-01 09:00")
        self.ticket, self.world = self.one.ticket, self.one.world
        self.world.tickets["head"] = Ticket(
            journal=self.world.journal,
            ticket_id="head",
            channel="web",
            channel_id="web",
            created_at=NINE,
            line="citizen",
            form=Form(),
            new=True,
        )
        self.began = coded_state(self.ticket, ())
        self.now, self.made = NINE, 0
        self.whole = False
        """Its person has said what they had to say."""

    # -- what is done -------------------------------------------------------------------------------------------------

    def done(self, command: Command) -> Applied | None:
        """None: it was refused."""
        before, told = coded_state(self.ticket, ()), len(self.world.journal.entries)
        notes = len(self.world.new_notes)
        try:
            applied = command.decide(self.world)
        except GatewayError:
            assert coded_state(self.ticket, ()) == before
            assert (len(self.world.journal.entries), len(self.world.new_notes)) == (told, notes)
            return None
        if applied.skipped:
            assert len(self.world.journal.entries) == told
        self.world.finish(told, applied)
        return applied

    def name(self) -> str:
        self.made += 1
        return f"x{self.made}"

    @initialize(
        units=st.lists(st.sampled_from(UNITS), max_size=2, unique=True),
        code=st.sampled_from(["0402", "010101"]),
        approve=st.booleans(),
        empty=st.sampled_from([False, False, False, True]),
    )
    def begin(self, units: list[str], code: str, *, approve: bool, empty: bool) -> None:
        self.world.case_rules = replace(SHIPPED, policy=replace(SHIPPED.policy, approve_replies=approve))
        self.ticket.empty = empty
        self.began = coded_state(self.ticket, ())
        values = {"demand.category": {"code": code}}
        about: dict[str, Any] = {"at": self.now, "actor": "system", "ticket_id": "t", "told": tuple(values)}
        assert self.done(CorrectTicket(**about, values=values)) is not None
        if units:
            self.dispatch(units, leads=True)

    @rule()
    def all_is_said(self) -> None:
        if self.done(AwaitDispatch(at=self.now, ticket_id="t")) is not None:
            self.whole = True

    @rule(
        units=st.lists(st.sampled_from(UNITS), min_size=1, max_size=3, unique=True),
        leads=st.booleans(),
        beside=st.booleans(),
    )
    def dispatch(self, units: list[str], *, leads: bool, beside: bool = False) -> None:
        offers = tuple(
            Offer(task_id=self.name(), unit=unit, role=Role.JOINT if nth or not leads else Role.LEAD)
            for nth, unit in enumerate(units)
        )
        self.done(
            DispatchTicket(
                at=self.now,
                actor="user:li",
                ticket_id="t",
                offers=offers,
                stage="function",
                directory="directory:1",
                policy="policy:1",
                beside=beside,
            )
        )

    @precondition(lambda self: self.ticket.form.handling.units)
    @rule(did=st.lists(on_tasks, min_size=1, max_size=4))
    def on_task(self, did: list[dict[str, Any]]) -> None:
        for one in did:
            self.now += timedelta(minutes=3)
            self.work(**one)

    def work(
        self, verb: TaskVerb, nth: int, reason: str, text: str | None, to: str, role: Role, hours: int, *, by_unit: bool
    ) -> None:
        units = self.ticket.form.handling.units
        task = units[nth % len(units)]
        command: dict[str, Any] = {
            "actor": "user:li",
            "unit": task.unit if by_unit else None,
            "ticket_id": "t",
            "task_id": task.task_id,
            "verb": verb,
            "reason": reason,
            "text": WORDS if verb is TaskVerb.REPLY else text,
            "note_id": self.name(),
            "until": self.now + timedelta(hours=hours),
            "to": Offer(task_id=self.name(), unit=to, role=role),
        }
        if self.done(WorkOnTask(at=self.now, **command)) is not None and command["text"] is None:
            again = self.done(WorkOnTask(at=self.now + timedelta(seconds=1), **command))
            assert again is None or again.skipped

    @rule(
        verb=st.sampled_from([*[CaseVerb.REPLY, CaseVerb.EVALUATE, CaseVerb.REOPEN] * 3, *CASE_VERBS]),
        reason=reasons,
        text=texts,
        satisfied=st.integers(1, 5),
    )
    def on_case(self, verb: CaseVerb, reason: str, text: str | None, satisfied: int) -> None:
        command = WorkOnCase(
            at=self.now,
            actor="user:li",
            ticket_id="t",
            verb=verb,
            reason=reason,
            text=WORDS if verb is CaseVerb.REPLY else text,
            note_id=self.name(),
            satisfied=satisfied,
            way=ConferWay.PHONE,
            units=("M01",),
        )
        self.done(command)

    @rule(
        what=st.sampled_from(["undecided", "merge", "merge", "unmerge", "unmerge", "correct", "withdraw", "report"]),
        code=st.sampled_from(["0402", "010101", None]),
        kind=st.sampled_from(["help", "praise", "consultation"]),
        said=st.sampled_from(list(Reported)),
        text=texts,
    )
    def seldom(self, what: str, code: str | None, kind: str, said: Reported, text: str | None) -> None:
        about: dict[str, Any] = {"at": self.now, "actor": "user:li", "ticket_id": "t"}
        version = self.ticket.version
        values = {"demand.category": {"code": code} if code else None, "demand.type": kind}
        report = CaseReport(status=said, at=self.now, note_id=self.name(), text=text)
        ways: dict[str, Command] = {
            "undecided": LeaveUndecided(**about, reason="unclear", steps=(), candidates=()),
            "merge": MergeTicket(**about, head="head", version=version),
            "unmerge": MergeTicket(**about, head="head", version=version, undo=True),
            "correct": CorrectTicket(**about, values=values, told=tuple(values)),
            "withdraw": WithdrawTicket(**about, version=version, reason="settled"),
            "report": TakeCaseReport(**about, report=report, keys=()),
        }
        self.done(ways[what])

    @rule(minutes=st.sampled_from([1, 7, 31, 125, 24 * 60, 48 * 60 + 1, 8 * 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        due = [(one.next_at, one.clock_id) for one in self.ticket.form.handling.clocks if one.next_at is not None]
        for next_at, clock_id in sorted(due):
            command = FireClock(at=self.now, ticket_id="t", clock_id=clock_id, next_at=from_rfc3339(next_at))
            self.done(command)
            assert (again := self.done(command)) is not None
            assert again.skipped

    # -- what is always so --------------------------------------------------------------------------------------------

    @invariant()
    def the_state_is_the_fold_of_the_events(self) -> None:
        events = [(None, one.event) for one in self.world.journal.entries if one.ticket_id == "t"]
        assert recounted(events, self.began) == coded_state(self.ticket, ())

    @invariant()
    def the_status_follows_from_the_tasks(self) -> None:
        units = self.ticket.form.handling.units
        if self.ticket.form.handling.reported_at is None:  # else a case system may have it
            assert self.ticket.status is stage(self.ticket.status, units, classified=False)

    @invariant()
    def a_case_is_somebodys(self) -> None:
        handling = self.ticket.form.handling
        if handling.undecided_since is not None:
            assert self.ticket.status in WITHIN
            assert self.running(ClockKind.DECIDE) == [None]
        if self.ticket.status not in WITHIN:
            return
        there = [one for one in handling.units if not is_gone(one.status)]
        leads = sum(one.role == Role.LEAD for one in there)
        assert leads <= 1
        finished = bool(leads) and all(one.status == TaskStatus.ACCEPTED for one in there)
        assert (None in self.running(ClockKind.ANSWER)) is finished
        if handling.reported_at is not None:  # a case system may have it
            return
        if handling.units:
            assert (leads == 1) is (handling.undecided_since is None)
        nobodys = not there and not self.ticket.empty
        if nobodys and (self.whole or handling.units):
            assert None in (*self.running(ClockKind.DECIDE), *self.running(ClockKind.RESPOND))
        answered = self.ticket.form.outcome.replied_at or handling.reopened
        answered = answered or any(one.responded_at or one.arrived_at for one in handling.units)
        urgent = self.world.case_rules.is_urgent(self.ticket.form) and not answered
        assert (None in self.running(ClockKind.RESPOND)) is (nobodys and urgent)

    @invariant()
    def what_is_urgent_is_answered_from_registration_on(self) -> None:
        clocks = [one for one in self.ticket.form.handling.clocks if one.kind == ClockKind.RESPOND]
        if clocks and clocks[0].task_id is None:
            assert clocks[0].started_at == rfc3339(NINE)
        if self.world.case_rules.is_urgent(self.ticket.form):
            met = {one.task_id for one in clocks if one.met_at is not None}
            for task in self.ticket.form.handling.units:
                unanswered = task.responded_at is None and task.arrived_at is None and task.task_id not in met
                if unanswered and task.status in {TaskStatus.OFFERED, TaskStatus.SIGNED, TaskStatus.RETURNING}:
                    assert task.task_id in self.running(ClockKind.RESPOND)

    @invariant()
    def who_has_more_than_the_offer_has_signed(self) -> None:
        for task in self.ticket.form.handling.units:
            assert task.signed_at is not None or TaskStatus(task.status) not in BEGUN

    @invariant()
    def nobody_is_late_while_the_centre_reads(self) -> None:
        reading = {one.task_id for one in self.ticket.form.handling.units if one.status == TaskStatus.REPLIED}
        for clock in self.ticket.form.handling.clocks:
            if clock.kind == ClockKind.REPLY and clock.task_id in reading:
                assert clock.next_at is None
        assert reading <= set(self.running(ClockKind.APPROVE))

    @invariant()
    def clocks_run_for_who_has_something_to_do(self) -> None:
        tasks = {one.task_id: TaskStatus(one.status) for one in self.ticket.form.handling.units}
        for kind in ClockKind:
            running = self.running(kind)
            assert len(running) == len(set(running)), f"two clocks {kind} of one task"
            assert all(task_id is None or tasks[task_id] in RUNNING for task_id in running)
        if self.ticket.status in CLOSED:
            assert not any(self.running(kind) for kind in ClockKind if kind is not ClockKind.JUDGE)
        if self.ticket.status in WITHIN:
            waits = {task_id for task_id, status in tasks.items() if status in RUNNING}
            assert waits == set(self.running(ClockKind.REPLY))

    @invariant()
    def who_wishes_for_time_has_the_task(self) -> None:
        for task in self.ticket.form.handling.units:
            wishes = task.asked_until is not None or task.asked_pause is not None
            assert not wishes or TaskStatus(task.status) in WITH_UNIT
            assert not wishes or task.task_id in self.running(ClockKind.APPROVE)

    @invariant()
    def no_words_stand_in_events(self) -> None:
        told = json.dumps([one.event.data() for one in self.world.journal.entries], ensure_ascii=False, default=str)
        assert WORDS not in told

    def running(self, kind: ClockKind) -> list[str | None]:
        clocks = self.ticket.form.handling.clocks
        return [one.task_id for one in clocks if one.kind == kind and one.met_at is None and one.stopped_at is None]


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
