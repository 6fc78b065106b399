"""What people do about a case goes by the tables in force: who is dispatched to and why, what is refused, what runs."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from gateway.casework.acting import KEYS, Acting
from gateway.casework.automatic import CURSOR, AutomaticDispatch
from gateway.casework.catalogue_versions import CALENDAR, DIRECTORY, DISPATCH, POLICY
from gateway.casework.catalogues import Catalogues
from gateway.casework.dispatcher import Dispatcher, UnknownUnit
from gateway.casework.tables_in_force import TablesInForce
from gateway.domain.case.policy import ClockKind
from gateway.domain.case.rules_in_force import CaseRules
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.command import Applied, Command
from gateway.domain.ids import from_rfc3339
from gateway.domain.interaction import Interaction
from gateway.domain.keys import ExternalKey
from gateway.domain.messages import NewMessage
from gateway.domain.task_status import TaskVerb
from gateway.domain.words import Disposition
from gateway.errors import AlreadyDispatched, Conflict, NotFound, RejectedInput
from gateway.following.follower import KEY
from gateway.intake.call.finish import InterruptCall
from gateway.intake.call.talk import CompleteTranscript
from gateway.intake.ticket.add import AddToTicket
from gateway.intake.ticket.correct import CorrectTicket
from gateway.ports.cases import TaskQuery
from gateway.ports.catalogues import CatalogueVersion
from gateway.ports.store import CommandStore
from gateway.storage.database import Database
from tests.contract.storage.changes import call, written
from tests.support.clocks import NOON, SHANGHAI, SetClock
from tests.support.command import ROOT
from tests.support.stores import SQL_ALONE
from tests.support.waiting import until

pytestmark = [pytest.mark.contract, SQL_ALONE]
CATEGORIES = {"01": "供水排水", "0101": "供水故障", "0104": "排水排污", "0605": "占道经营", "0801": "表扬"}
MAY_STAY = {code: code != "0104" for code in CATEGORIES}
DIVISIONS = {"460108": "美兰区", "460108101": "灵山镇"}
UNITS = """code,name_zh,name_en,kind,parent,areas,hours
M02,市水务局,Water,department,,,mon-fri 08:30-12:00|mon-fri 14:30-17:30
M08,市综合行政执法局,Enforcement,department,,,
M09,市市场监督管理局,Market,department,,,
D08,美兰区人民政府,Meilan,district,,460108,
T1,灵山镇人民政府,Lingshan,town,D08,460108101,
"""
TABLE = """category,division,line,unit,role,note
01,*,*,M02,lead,
0605,*,*,M08,lead,
0605,*,*,M09,lead,
"""
WORKDAYS = "date,kind,name_zh,name_en,notice\n2026-10-01,holiday,国庆节,National Day,x\n"


class Centre:
    """A centre with its tables, its units and one ticket."""

    def __init__(self, db: Database, clock: SetClock) -> None:
        self.db, self.clock = db, clock
        self.catalogues = Catalogues(store=db.catalogues, clock=clock, categories=CATEGORIES, divisions=DIVISIONS)
        self.told: list[CaseRules] = []
        self.tables = TablesInForce(store=db.catalogues, zone=SHANGHAI, tell=self._tell)
        dispatcher = Dispatcher(tables=self.tables, categories=MAY_STAY, zone=SHANGHAI, clock=clock)
        self.acting = Acting(dispatcher=dispatcher, clock=clock)
        self.made = 0
        self.ticket_id = ""

    def _tell(self, rules: CaseRules) -> None:
        self.told.append(rules)
        self.db.changes.go_by(rules)

    async def open(self, policy: str | None = None) -> None:
        shipped = {
            "units.csv": UNITS.encode(),
            "dispatch.csv": TABLE.encode(),
            "case_policy.yaml": (policy or POLICY_TEXT).encode(),
            "workdays.csv": WORKDAYS.encode(),
        }
        await self.catalogues.adopt(shipped.get)
        assert await self.tables.refresh()

    async def registered(self, category: str | None = "0101", fields: Mapping[Any, Any] | None = None) -> str:
        self.made += 1
        demand = {("demand", "type"): "complaint"} | ({("demand", "category"): {"code": category}} if category else {})
        change = written(f"m{self.made}", at=NOON, content="小区停水三天", fields={**demand, **(fields or {})})
        self.ticket_id = (await self.db.changes.execute(change)).ticket_id
        return self.ticket_id

    async def record(self) -> dict[str, Any]:
        return await self.db.reader.ticket(self.ticket_id)

    async def case(self, verb: CaseVerb, key: ExternalKey | None = None, **said: Any) -> Any:
        command = self.acting.on_case(verb, await self.record(), "user:li", said, key=key)
        return await self.db.changes.execute(command)

    async def task(self, verb: TaskVerb, at: int = -1, **said: Any) -> Any:
        record = await self.record()
        task_id = record["handling"]["units"][at]["task_id"]
        return await self.db.changes.execute(self.acting.on_task(verb, record, task_id, "user:li", said))

    async def correct(self, **values: Any) -> None:
        named = {path.replace("__", "."): value for path, value in values.items()}
        self.clock.forward(600)
        await self.db.changes.execute(
            CorrectTicket(
                at=self.clock.now(), actor="user:li", ticket_id=self.ticket_id, values=named, told=tuple(named)
            )
        )

    async def events(self, kind: str) -> list[dict[str, Any]]:
        found = await self.db.reader.events(ticket_id=self.ticket_id)
        return [event["data"] for event in found if event["type"] == kind]

    async def clocks(self, kind: ClockKind) -> list[dict[str, Any]]:
        return [one for one in (await self.record())["handling"]["clocks"] if one["kind"] == kind]


@pytest.mark.parametrize("verb", [CaseVerb.CONFER, CaseVerb.DISPATCH, TaskVerb.REASSIGN])
async def test_no_words_stand_where_an_event_names_a_unit(centre: Centre, verb: CaseVerb | TaskVerb) -> None:
    await centre.registered()
    await centre.case(CaseVerb.DISPATCH)
    words = "张三 13800138000"
    if verb is CaseVerb.CONFER:
        asked = centre.case(verb, way="phone", units=("M02", words))
    elif verb is CaseVerb.DISPATCH:
        asked = centre.case(verb, unit="M08", joint=(words,), reason="duty")
    else:
        asked = centre.task(TaskVerb.REASSIGN, unit=words, reason="duty")
    with pytest.raises(UnknownUnit):
        await asked
    assert "张三" not in str(await centre.db.reader.events(ticket_id=centre.ticket_id))


POLICY_TEXT = (
    (ROOT / "config" / "case_policy.yaml").read_text(encoding="utf-8").split("limits:")[0]
    + """
limits:
  respond: {within: 30 min}
  sign: {within: 30 min, warn_before: 10 min}
  reply: {within: 48 h}
  decide: {within: 2 h}
  review: {within: 24 h}
  approve: {within: 24 h}
replies:
  consultation: {within: 24 h}
"""
)


@pytest.fixture
async def centre(db: Database, clock: SetClock) -> Centre:
    made = Centre(db, clock)
    await made.open()
    return made


async def test_a_dispatch_names_the_unit_and_why_and_the_versions_it_went_by(centre: Centre) -> None:
    await centre.registered()
    await centre.case(CaseVerb.DISPATCH)
    handling = (await centre.record())["handling"]
    assert [(one["unit"], one["role"], one["status"]) for one in handling["units"]] == [("M02", "lead", "offered")]
    (step,) = handling["routing_trace"]
    assert step == {"stage": "function", "rule": "named", "reason": None, "units": ["M02"], "rows": [2]}
    (told,) = await centre.events("case.dispatched")
    assert (told["trace"], told["directory"], told["table"], told["policy"]) == (
        ["function:named"],
        "directory:1",
        "dispatch:1",
        "policy:1",
    )
    assert (await centre.case(CaseVerb.DISPATCH)).skipped


async def test_what_is_undecided_waits_for_the_centre_with_a_clock_of_its_own(centre: Centre) -> None:
    await centre.registered("0605")
    await centre.case(CaseVerb.DISPATCH)
    record = await centre.record()
    assert (record["status"], record["handling"]["undecided_since"] is not None) == ("classified", True)
    (clock,) = await centre.clocks(ClockKind.DECIDE)
    assert (from_rfc3339(clock["due_at"]) - NOON).total_seconds() == 7200
    (told,) = await centre.events("case.undecided")
    assert (told["reason"], told["candidates"]) == ("undecided", ["M08", "M09"])
    with pytest.raises(RejectedInput, match="not passed down"):
        await centre.case(CaseVerb.DISPATCH, unit="T1", reason="duty")
    with pytest.raises(RejectedInput, match="say why"):
        await centre.case(CaseVerb.DISPATCH, unit="M09")
    await centre.case(CaseVerb.DISPATCH, unit="M09", joint=["M08"], reason="unclear_duty", text="张三的摊位，两局会商")
    record = await centre.record()
    assert [(one["unit"], one["role"]) for one in record["handling"]["units"]] == [("M09", "lead"), ("M08", "joint")]
    assert record["handling"]["undecided_since"] is None
    assert (await centre.clocks(ClockKind.DECIDE))[0]["met_at"] is not None
    assert record["handling"]["routing_trace"][-1]["reason"] == "张三的摊位，两局会商"
    assert "张三" not in str(await centre.db.reader.events(ticket_id=centre.ticket_id))


async def test_what_is_too_coarse_is_not_dispatched(centre: Centre) -> None:
    """Above the fourth level a ticket stays only where the taxonomy says so; else it is filed below, or chosen."""
    await centre.registered("0104")
    await centre.case(CaseVerb.DISPATCH)
    (told,) = await centre.events("case.undecided")
    assert told["candidates"] == ["M02"]
    handling = (await centre.record())["handling"]
    assert (handling["units"], handling["routing_trace"][0]["rule"]) == ([], "too_broad")
    with pytest.raises(RejectedInput, match="say why"):
        await centre.case(CaseVerb.DISPATCH, unit="M02")
    await centre.correct(demand__category={"code": "0101"})
    await centre.case(CaseVerb.DISPATCH)
    assert [one["unit"] for one in (await centre.record())["handling"]["units"]] == ["M02"]


async def test_the_unit_that_was_asked_first_keeps_what_crosses(centre: Centre) -> None:
    await centre.registered("0605")
    await centre.correct(handling__first_asked="M09")
    await centre.case(CaseVerb.DISPATCH)
    handling = (await centre.record())["handling"]
    assert (handling["lead_unit"], handling["first_asked"]) == ("M09", "M09")
    assert [step["rule"] for step in handling["routing_trace"]] == ["crossed", "first_asked_holds"]


async def test_what_is_the_territorys_may_go_to_its_town(centre: Centre) -> None:
    await centre.catalogues.import_table(DISPATCH, (TABLE + "*,*,*,属地,lead,\n").encode(), author="cli:li", note="")
    await centre.tables.refresh()
    await centre.registered("0801", {("place", "district"): {"code": "460108", "name": "美兰区"}})
    suggested = centre.acting.dispatcher.suggest(await centre.record()).decision
    assert (suggested.lead, suggested.stage) == ("D08", "territory")
    await centre.case(CaseVerb.DISPATCH, unit="T1", reason="place")
    assert (await centre.record())["handling"]["lead_unit"] == "T1"


async def test_another_unit_is_added_beside_the_one_that_leads(centre: Centre) -> None:
    await centre.registered()
    await centre.case(CaseVerb.DISPATCH)
    await centre.case(CaseVerb.DISPATCH, unit="M08", reason="joint_work")
    units = (await centre.record())["handling"]["units"]
    assert [(one["unit"], one["role"]) for one in units] == [("M02", "lead"), ("M08", "joint")]


async def test_a_request_repeated_under_its_key_changes_nothing(centre: Centre) -> None:
    await centre.registered()
    await centre.case(CaseVerb.DISPATCH)
    key = ExternalKey(channel_id=KEYS, external_id="k1", body_sha256="a" * 64)
    record = await centre.record()
    task_id = record["handling"]["units"][0]["task_id"]

    def reply(text: str) -> Any:
        return centre.acting.on_task(TaskVerb.REPLY, record, task_id, "user:li", {"text": text}, key=key)

    first = await centre.db.changes.execute(reply("已修好"))
    again = await centre.db.changes.execute(reply("已修好"))
    assert (first.replayed, again.replayed, again.version) == (False, True, first.version)
    assert len(await centre.events("task.replied")) == 1
    other = reply("别的话")
    other.key = replace(key, body_sha256="b" * 64)
    with pytest.raises(Conflict):
        await centre.db.changes.execute(other)


async def test_a_new_version_counts_from_the_next_look_on_and_moves_nothing_that_runs(centre: Centre) -> None:
    await centre.registered()
    await centre.case(CaseVerb.DISPATCH)
    assert not await centre.tables.refresh()
    text = POLICY_TEXT.replace("reply: {within: 48 h}", "reply: {within: 12 h}")
    await centre.catalogues.import_table(POLICY, text.encode(), author="cli:li", note="")
    assert await centre.tables.refresh()
    assert centre.told[-1].policy.version == 2
    (before,) = await centre.clocks(ClockKind.REPLY)
    await centre.registered()
    await centre.case(CaseVerb.DISPATCH)
    (after,) = await centre.clocks(ClockKind.REPLY)
    assert (before["policy"], before["length_ms"], after["policy"], after["length_ms"]) == (
        1,
        48 * 3_600_000,
        2,
        12 * 3_600_000,
    )


async def test_what_another_process_imports_counts_here_without_a_restart(centre: Centre) -> None:
    heard: asyncio.Queue[CaseRules] = asyncio.Queue()
    here = TablesInForce(store=centre.db.catalogues, zone=SHANGHAI, tell=heard.put_nowait, poll_s=0.01)
    running = asyncio.create_task(here.run())
    try:
        async with asyncio.timeout(30):
            assert [(await heard.get()).policy.version for _ in range(2)] == [0, 1]
            text = POLICY_TEXT.replace("48 h", "12 h")
            await centre.catalogues.import_table(POLICY, text.encode(), author="cli:li", note="")
            assert (await heard.get()).policy.version == 2
    finally:
        running.cancel()
        await asyncio.wait({running})
    assert here.policy_name == "policy:2"
    assert set(here.rules.earlier) == {0, 1, 2}


async def test_a_version_that_cannot_be_read_leaves_what_is_in_force(centre: Centre) -> None:
    before = centre.tables.rules
    body = json.dumps([{"text": "limits: nonsense"}])
    broken = CatalogueVersion(
        kind=POLICY,
        version=2,
        author="x",
        at=NOON,
        note="",
        body=body,
        sha256=hashlib.sha256(body.encode()).hexdigest(),
    )
    await centre.db.catalogues.add(broken)
    assert await centre.tables.refresh()
    assert not await centre.tables.refresh()
    assert centre.tables.rules is before


async def test_a_policy_is_compared_line_by_line_and_rolled_back(centre: Centre) -> None:
    text = POLICY_TEXT.replace("48 h", "12 h")
    await centre.catalogues.import_table(POLICY, text.encode(), author="cli:li", note="")
    (gone, new) = await centre.catalogues.difference(POLICY, await centre.catalogues.rows(POLICY, 1))
    assert (gone.before or {})["text"].strip() == "reply: {within: 12 h}"
    assert (new.after or {})["text"].strip() == "reply: {within: 48 h}"
    back = await centre.catalogues.roll_back(POLICY, 1, author="cli:li", note="")
    assert back.version is not None
    assert back.version.name == "policy:3"
    assert (await centre.db.catalogues.newest_versions())[CALENDAR] == 1


async def test_units_have_their_calendars_and_the_tables_are_held_together(centre: Centre) -> None:
    calendar = centre.tables.rules.calendars["M02"]
    assert not calendar.around_the_clock
    assert calendar.public.last_day is not None
    assert set(centre.tables.rules.calendars) == {"M02"}
    await centre.catalogues.import_table(DISPATCH, TABLE.replace("M08", "M02").encode(), author="cli:li", note="")
    await centre.catalogues.import_table(
        DIRECTORY, (UNITS + "M10,市交通局,,department,,,\n").encode(), author="l", note=""
    )
    await centre.tables.refresh()
    assert centre.tables.in_force.versions == ("directory:2", "dispatch:2")


async def test_found_urgent_it_is_due_from_registration_and_the_signature_waits_no_more(centre: Centre) -> None:
    await centre.registered()
    await centre.case(CaseVerb.DISPATCH)
    await centre.correct(demand__urgency={"level": "urgent", "reason": "停水"})
    (sign,), (respond,) = await centre.clocks(ClockKind.SIGN), await centre.clocks(ClockKind.RESPOND)
    assert sign["stopped_at"] is not None
    assert (from_rfc3339(respond["due_at"]) - NOON).total_seconds() == 1800
    await centre.correct(demand__urgency={"level": "normal"})
    (respond,) = await centre.clocks(ClockKind.RESPOND)
    signs = await centre.clocks(ClockKind.SIGN)
    assert respond["stopped_at"] is not None
    assert (len(signs), signs[-1]["stopped_at"]) == (2, None)


async def test_another_type_has_another_limit_from_the_dispatch_on(centre: Centre) -> None:
    await centre.registered()
    await centre.case(CaseVerb.DISPATCH)
    (before,) = await centre.clocks(ClockKind.REPLY)
    await centre.correct(demand__type="consultation")
    (after,) = await centre.clocks(ClockKind.REPLY)
    due = (from_rfc3339(one["due_at"]) - from_rfc3339(one["started_at"]) for one in (before, after))
    assert [span.total_seconds() / 3600 for span in due] == [48, 24]
    record = await centre.record()
    assert record["handling"]["units"][0]["due_at"] == after["due_at"]
    found, recounted = await centre.db.baselines.recount(centre.ticket_id)
    assert found == recounted


class MeanwhileCorrected:
    """A store in which somebody corrects the ticket between the first look at it and the dispatch."""

    def __init__(self, centre: Centre, code: str) -> None:
        self._centre, self._code, self._corrected = centre, code, False

    async def execute(self, command: Command) -> Applied:
        if not self._corrected:
            self._corrected = True
            await self._centre.correct(demand__category={"code": self._code})
        return await self._centre.db.changes.execute(command)


def following(centre: Centre, store: CommandStore) -> AutomaticDispatch:
    return AutomaticDispatch(
        dispatcher=centre.acting.dispatcher,
        store=store,
        reader=centre.db.reader,
        cursors=centre.db.channel_states,
        next_commit=centre.db.committed.next,
        clock=centre.clock,
    )


@pytest.mark.parametrize("code", ["0605", "0104"])
async def test_what_is_corrected_meanwhile_goes_by_what_it_says_then(db: Database, clock: SetClock, code: str) -> None:
    centre = Centre(db, clock)
    await centre.open(POLICY_TEXT + "automatic_dispatch_above: 0.9\n")
    await centre.registered()
    await following(centre, MeanwhileCorrected(centre, code)).look(centre.ticket_id)
    handling = (await centre.record())["handling"]
    assert (handling["lead_unit"], handling["undecided_since"] is not None) == (None, True)
    assert await centre.events("case.dispatched") == []


async def test_what_nobody_gives_out_waits_for_the_centre_by_a_clock(centre: Centre) -> None:
    follower = following(centre, centre.db.changes)
    for category in ("0101", None):
        await centre.registered(category)
        for _ in range(2):
            await follower.look(centre.ticket_id)
        (clock,) = await centre.clocks(ClockKind.DECIDE)
        assert (clock["unit"], clock["met_at"]) == (None, None)
        assert (await centre.record())["handling"]["undecided_since"] is None
    assert [one.kind for one in (await centre.db.case_lists.waiting(limit=9)).items] == ["decide", "decide"]
    await centre.case(CaseVerb.DISPATCH, unit="M02", reason="duty")
    assert len((await centre.db.case_lists.waiting(limit=9)).items) == 1


def heard_from_its_recording(offered: Applied) -> Command:
    return CompleteTranscript(
        at=NOON,
        ticket_id=offered.ticket_id,
        interaction_id=offered.interaction_id or "",
        heard=1,
        empty=False,
        caught_up=True,
    )


def said_more(offered: Applied) -> Command:
    added = Interaction(
        interaction_id="later",
        channel="platform",
        channel_id="web",
        direction="inbound",
        started_at=NOON,
        ended_at=NOON,
        disposition=Disposition.COMPLETED,
    )
    return AddToTicket(
        at=NOON,
        actor="token:city",
        key=ExternalKey(channel_id="web", external_id="more"),
        ticket_id=offered.ticket_id,
        interaction=added,
        message=NewMessage(message_id="m", direction="inbound", sent_at=NOON, text="小区停水三天"),
    )


@pytest.mark.parametrize("comes", [heard_from_its_recording, said_more])
async def test_what_says_something_only_after_its_end_waits_for_the_centre_too(
    centre: Centre, comes: Callable[[Applied], Command]
) -> None:
    """The process died before a word of the call was kept, or a contact came without any."""
    offered = await centre.db.changes.execute(call("c1"))
    centre.ticket_id = offered.ticket_id
    await centre.db.changes.execute(
        InterruptCall(
            at=NOON,
            ticket_id=offered.ticket_id,
            interaction_id=offered.interaction_id or "",
            disposition=Disposition.INTERRUPTED,
            answered_at=NOON,
            ended_at=NOON,
            recording=None,
        )
    )
    await centre.db.channel_states.put(CURSOR, KEY, str(await centre.db.reader.last_event_seq()))
    await centre.db.changes.execute(comes(offered))
    running = asyncio.create_task(following(centre, centre.db.changes).run())
    try:
        await until(lambda: centre.clocks(ClockKind.DECIDE), "the clock of whoever gives it out")
    finally:
        running.cancel()
        await asyncio.wait({running})


async def test_surely_classified_it_goes_by_itself_where_the_policy_allows(db: Database, clock: SetClock) -> None:
    centre = Centre(db, clock)
    await centre.open(POLICY_TEXT + "automatic_dispatch_above: 0.9\n")
    follower = following(centre, db.changes)
    await centre.registered()
    await follower.look(centre.ticket_id)
    assert (await centre.record())["handling"]["lead_unit"] == "M02"
    await follower.look(centre.ticket_id)
    assert len(await centre.events("case.dispatched")) == 1
    await centre.registered("0605")
    await follower.look(centre.ticket_id)
    assert (await centre.record())["handling"]["undecided_since"] is not None
    await centre.registered(None)
    await follower.look(centre.ticket_id)
    record = await centre.record()
    assert (record["status"], record["handling"]["undecided_since"]) == ("registered", None)


async def test_a_units_inbox_is_in_order_of_its_limits_and_notes_are_read(centre: Centre) -> None:
    for _ in range(3):
        await centre.registered()
        centre.clock.forward(60)
        await centre.case(CaseVerb.DISPATCH)
    await centre.task(TaskVerb.REPLY, text="已修好，联系人 13800138000")
    lists = centre.db.case_lists
    first = await lists.tasks(TaskQuery(unit="M02", open=True, limit=1))
    second = await lists.tasks(TaskQuery(unit="M02", open=True, limit=1, cursor=first.next_cursor))
    assert (len(first.items), len(second.items), second.next_cursor) == (1, 1, None)
    assert first.items != second.items
    assert len((await lists.tasks(TaskQuery(unit="M02"))).items) == 3
    with pytest.raises(RejectedInput):
        await lists.tasks(TaskQuery(cursor="nonsense"))
    (note,) = await lists.notes(centre.ticket_id)
    assert (note.kind, note.text) == ("reply", "已修好，联系人 13800138000")


async def test_a_reassignment_takes_a_unit_of_the_directory(centre: Centre) -> None:
    await centre.registered()
    await centre.case(CaseVerb.DISPATCH)
    with pytest.raises(RejectedInput, match="no unit X9"):
        await centre.task(TaskVerb.REASSIGN, unit="X9", reason="duty")
    with pytest.raises(RejectedInput, match="not passed down"):
        await centre.task(TaskVerb.REASSIGN, unit="T1", reason="duty")
    await centre.task(TaskVerb.REASSIGN, unit="M08", reason="duty")
    assert (await centre.record())["handling"]["lead_unit"] == "M08"
    record = await centre.record()
    with pytest.raises(NotFound):
        centre.acting.on_task(TaskVerb.SIGN, record, "nobody's", "user:li", {})


async def test_who_leads_is_decided_when_it_happens_not_by_what_an_officer_had_read(centre: Centre) -> None:
    await centre.registered()
    await centre.case(CaseVerb.DISPATCH)
    said = {"unit": "M08", "reason": "joint_work"}
    beside = centre.acting.on_case(CaseVerb.DISPATCH, await centre.record(), "user:li", said)
    await centre.task(TaskVerb.RETURN, reason="not_ours")
    await centre.task(TaskVerb.ACCEPT)
    read = await centre.record()
    leads = centre.acting.on_case(CaseVerb.DISPATCH, read, "user:wu", {"unit": "M09", "reason": "duty"})
    for command in (beside, leads):
        await centre.db.changes.execute(command)
    record = await centre.record()
    assert [(one["unit"], one["role"]) for one in record["handling"]["units"][1:]] == [
        ("M08", "lead"),
        ("M09", "joint"),
    ]
    assert (record["handling"]["lead_unit"], record["handling"]["undecided_since"]) == ("M08", None)


async def test_what_waits_for_the_centre_is_listed_by_its_limits_until_it_is_done(centre: Centre) -> None:
    lists = centre.db.case_lists
    undecided = await centre.registered("0605")
    await centre.case(CaseVerb.DISPATCH)
    returned = await centre.registered()
    await centre.case(CaseVerb.DISPATCH)
    await centre.task(TaskVerb.RETURN, reason="not_ours", text="非本局职责")
    first = await lists.waiting(limit=1)
    second = await lists.waiting(limit=1, cursor=first.next_cursor)
    found = [(one.ticket_id, one.kind) for page in (first, second) for one in page.items]
    assert found == [(undecided, "decide"), (returned, "review")]
    assert second.next_cursor is None
    with pytest.raises(RejectedInput):
        await lists.waiting(limit=1, cursor="nonsense")
    await centre.task(TaskVerb.UPHOLD)
    centre.ticket_id = undecided
    await centre.case(CaseVerb.DISPATCH, unit="M08", reason="unclear_duty")
    assert (await lists.waiting(limit=9)).items == ()


async def test_who_leads_a_dispatched_ticket_is_altered_by_its_tasks_alone(centre: Centre) -> None:
    await centre.registered()
    await centre.correct(handling__lead_unit="M09")
    await centre.case(CaseVerb.DISPATCH)
    assert (await centre.record())["handling"]["lead_unit"] == "M02"
    with pytest.raises(AlreadyDispatched):
        await centre.correct(handling__lead_unit="M09")
    await centre.task(TaskVerb.RETURN, reason="not_ours")
    await centre.task(TaskVerb.ACCEPT)
    await centre.correct(handling__lead_unit="M09")
    assert (await centre.record())["handling"]["lead_unit"] == "M09"
