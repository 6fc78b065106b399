"""Notices to units: who is told of what, when, how often; bounded after a night down, and nothing twice."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, cast

import pytest

from gateway.casework.case_work import WorkOnCase
from gateway.casework.fire_clock import FireClock
from gateway.casework.notices.following import GATHER, NoticeFollower
from gateway.casework.notices.hours import ReceivingHours, UnitsInForce
from gateway.casework.notices.wording import Wording
from gateway.casework.notices.worker import MOST_ATTEMPTS, NoticeWorker
from gateway.casework.task_sharing import NoteOnTask
from gateway.domain.case.calendar import WorkCalendar
from gateway.domain.case.directory import Directory, Unit, UnitContact, UnitKind
from gateway.domain.case.receivers import ROBOTS, Entry, NoticeWay, Posts, receivers
from gateway.domain.case.rules_in_force import BY_PLAN, CaseRules
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.command import Applied, Command, Refs
from gateway.domain.events import ClockBreached, Event, TicketAddedTo, TicketUrged
from gateway.domain.hours import parse_span
from gateway.domain.ids import new_ulid
from gateway.domain.world import World
from gateway.edge.case_policy import read_case_policy
from gateway.errors import DeliveryError, PermanentDeliveryError, StoreUnavailable, TransientDeliveryError
from gateway.following.follower import TRIES
from gateway.following.poll import never
from gateway.intake.ticket.withdraw import WithdrawTicket
from gateway.ports.notices import MOST, NewNotice, NoticeMessage, Pace
from gateway.ports.store import CommandStore
from gateway.storage.database import Database
from tests.contract.casework.test_case_work import Office
from tests.support.clocks import NOON, SHANGHAI, SetClock
from tests.support.command import ROOT
from tests.support.stores import SQL_ALONE, Open

pytestmark = [pytest.mark.contract, SQL_ALONE]

MOBILE, DEPUTY, CENTRE = "+8613800000001", "+8613800000002", "+8613900000009"
MAIL, ROBOT = "duty@water.example", f"{ROBOTS}k1"


def unit(code: str, *contacts: str, deputies: tuple[str, ...] = (), **more: Any) -> Unit:
    return Unit(
        code=code,
        name_zh=code,
        name_en=code,
        kind=UnitKind.DEPARTMENT,
        contacts=tuple(UnitContact(address=one) for one in contacts),
        deputies=tuple(UnitContact(address=one) for one in deputies),
        **more,
    )


UNITS = (
    unit("M02", MOBILE, MAIL, deputies=(DEPUTY,), parent="M01"),
    unit("M07", ROBOT, "+8689866001234", hours=("mon-fri 08:30-12:00", "mon-fri 14:30-17:30")),
    unit("M01", "+8613800000011"),
    unit("C00", CENTRE),
    unit("M09"),
)


@dataclass
class Post:
    """A way out that writes down what it is given; ``refuses`` what it answers instead, one after the other."""

    most_lines: int = 500
    at_once: int = 4
    longest_s: float = 30.0
    ready: bool = True
    messages: list[NoticeMessage] = field(default_factory=list)
    refuses: list[DeliveryError] = field(default_factory=list)
    asked: int = 0

    async def send(self, message: NoticeMessage) -> None:
        self.asked += 1
        if self.refuses:
            raise self.refuses.pop(0)
        self.messages.append(message)

    async def aclose(self) -> None:
        pass


@dataclass
class Silent(Post):
    """A way whose other side says nothing until it is gone."""

    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: NoticeMessage) -> None:
        self.asked += 1
        await self.gone.wait()
        raise TransientDeliveryError("gone")


@dataclass
class Shipped:
    """The store of commands, where the policy that is shipped is in force."""

    inner: CommandStore
    rules: CaseRules

    async def execute(self, command: Command) -> Applied:
        return await self.inner.execute(UnderRules(command, self.rules))


@dataclass
class UnderRules:
    """A command that decides by other rules."""

    command: Command
    rules: CaseRules
    trace: str | None = None

    def refs(self) -> Refs:
        return self.command.refs()

    def decide(self, world: World) -> Applied:
        world.case_rules = self.rules
        return self.command.decide(world)


@dataclass
class Happens:
    """What somebody else's message comes to."""

    ticket_id: str
    event: Event
    trace: str | None = None

    def refs(self) -> Refs:
        return Refs(tickets=(self.ticket_id,))

    def decide(self, world: World) -> Applied:
        ticket = world.ticket(self.ticket_id)
        ticket.record(self.event)
        return world.applied(ticket)


@dataclass
class House:
    """An office, and the notices that follow from what is done there."""

    office: Office
    db: Database
    clock: SetClock
    follower: NoticeFollower
    worker: NoticeWorker
    posts: dict[NoticeWay, Post]

    async def told(self, after_s: float = 0.0) -> list[NoticeMessage]:
        """What has left since the last time, ``after_s`` later."""
        for post in self.posts.values():
            post.messages.clear()
        while await self.follower._follower._page():
            pass
        self.clock.forward(after_s)
        while await self.worker.sending.step():
            await self.worker.sending.settled()
        return [message for post in self.posts.values() for message in post.messages]

    async def happens(self, event: Event) -> None:
        await self.db.changes.execute(Happens(self.office.ticket_id, event))

    async def told_at(self, at: datetime) -> list[NoticeMessage]:
        return await self.told((at - self.clock.now()).total_seconds())


@pytest.fixture
def posts() -> dict[NoticeWay, Post]:
    return {way: Post() for way in NoticeWay}


async def built(db: Database, clock: SetClock, posts: dict[NoticeWay, Post], owner: str = "w1") -> House:
    async def units() -> UnitsInForce:
        calendars = {
            one.code: WorkCalendar(code=one.code, zone=SHANGHAI, spans=tuple(map(parse_span, one.hours)))
            for one in UNITS
            if one.hours
        }
        return UnitsInForce(directory=Directory(UNITS), calendars=calendars)

    usual = WorkCalendar(code="usual", zone=SHANGHAI, spans=(parse_span("mon-sun 07:00-22:00"),))
    hours = ReceivingHours(units=units, usual=usual)
    follower = NoticeFollower(
        store=db.unit_notices,
        read=lambda after: db.reader.events(after=after),
        begin=db.reader.last_event_seq,
        cursors=db.channel_states,
        next_commit=never,
        posts=Posts(centre="C00"),
        ways=frozenset(NoticeWay),
        hours=hours,
        is_urgent=BY_PLAN.is_urgent,
        clock=clock,
    )
    worker = NoticeWorker(
        store=db.unit_notices,
        make_senders=lambda: posts,
        wording=Wording(
            language="zh",
            zone=SHANGHAI,
            link="https://12345.example/unit/",
            desk="https://12345.example/desk/",
            at_desk={"C00"},
        ),
        hours=hours,
        pace=Pace(urgent_s=60, ordinary_s=600),
        clock=clock,
        owner=owner,
        jitter=random.Random(7),
    )
    follower._follower.at = await follower._follower._start()
    return House(Office(db), db, clock, follower, worker, posts)


@pytest.fixture
async def house(db: Database, clock: SetClock, posts: dict[NoticeWay, Post]) -> House:
    return await built(db, clock, posts)


async def test_a_unit_is_told_of_its_task_by_each_way_once(house: House) -> None:
    await house.office.registered(category={"code": "010102", "l1": "供水", "l2": "水压低"})
    (task,) = await house.office.dispatched("M02")
    assert await house.told() == [], "what comes soon after is gathered"
    told = await house.told(GATHER.total_seconds())
    assert {one.address for one in told} == {MOBILE, MAIL}, "the deputy is told when the contacts do not act"
    no = (await house.office.record())["ticket_no"]
    assert {one.text for one in told} == {
        f"12345 {no[:8]}-{no[8:]} 派给单位 水压低 时限 11-23 12:30\nhttps://12345.example/unit/#/tasks/{task}"
    }
    assert await house.told(3600) == []


async def test_nothing_of_a_person_is_in_a_notice(house: House) -> None:
    await house.office.registered(
        content="我是张三，电话13976543210，住海甸二东路8号，家里停水",
        urgency={"level": "urgent", "reason": "张三家停水"},
    )
    await house.office.dispatched("M02")
    for message in await house.told():
        assert not any(said in message.text + message.subject for said in ("张三", "139", "二东路", "家里"))


async def test_an_urgent_ticket_calls_out_its_people_at_once(house: House) -> None:
    """S31b: at three in the morning the contact and the deputy are told; an ordinary one waits until seven."""
    night = NOON + timedelta(hours=15)
    house.clock.forward(15 * 3600)
    await house.office.registered(at=night, urgency={"level": "urgent", "reason": "停水"})
    await house.office.dispatched("M02", after_s=15 * 3600)
    told = await house.told()
    assert {one.address for one in told} == {MOBILE, DEPUTY, MAIL}
    assert all(one.text.startswith("[紧急] 12345 ") for one in told)
    await house.office.registered(at=night)
    await house.office.dispatched("M02", after_s=15 * 3600)
    assert await house.told(60) == []
    assert await house.told_at(NOON + timedelta(hours=18, minutes=59)) == []
    assert {one.address for one in await house.told_at(NOON + timedelta(hours=19))} == {MOBILE, MAIL}


async def test_notices_keep_the_receivers_hours_breaches_do_not(house: House) -> None:
    """M07 works two spans on workdays; a landline cannot be written to."""
    friday = datetime(2026, 12, 4, 17, 25, tzinfo=SHANGHAI)
    house.clock.forward((friday - house.clock.now()).total_seconds())
    after_s = (friday - NOON).total_seconds()
    await house.office.registered(at=friday)
    await house.office.dispatched("M07", after_s=after_s)
    assert [one.address for one in await house.told(30)] == [ROBOT]
    clock = await house.office.clock("sign")
    house.clock.forward(1800)
    while (clock := await house.office.clock("sign"))["next_at"] and clock["breached_at"] is None:
        await house.office.fire(clock)
    assert clock["breached_at"] == "2026-12-04T09:55:00.001Z"
    assert await house.told(3600) == []
    (told,) = await house.told_at(datetime(2026, 12, 7, 8, 30, tzinfo=SHANGHAI))
    assert "签收超时" in told.text


async def test_one_digest_a_unit_in_ten_minutes(house: House) -> None:
    numbers = []
    for _ in range(200):
        await house.office.registered()
        await house.office.dispatched("M02")
        numbers.append((await house.office.record())["ticket_no"])
    await house.told(60)
    house.clock.forward(1800)
    for due in await house.db.case_clocks.take("w", limit=500, lease_s=10):
        house.office.ticket_id = due.ticket_id
        await house.office.fire(await house.office.clock("sign"), at=due.found_at)
    told = [one for one in await house.told(GATHER.total_seconds()) if one.address == MAIL]
    assert len(told) == 1
    assert "共 200 件：签收超时 200" in told[0].subject
    assert all(f"{no[:8]}-{no[8:]}" in told[0].text for no in numbers)
    await house.office.registered()
    await house.office.dispatched("M02", after_s=1900)
    assert await house.told(500) == [], "ten minutes have not passed"
    assert {one.address for one in await house.told(100)} == {MOBILE, MAIL}


def mail(unit: str, seq: int) -> NewNotice:
    """Of a limit that has run out."""
    return NewNotice(
        event_seq=seq,
        unit=unit,
        way=NoticeWay.EMAIL,
        address=MAIL,
        ticket_id=f"t{seq}",
        ticket_no=f"20261123{seq:07}",
        type=ClockBreached.TYPE,
        clock_kind="sign",
        task_id="k",
        urgent=False,
        at=NOON,
        due_at=NOON,
    )


async def test_after_a_night_down_a_unit_hears_once_in_ten_minutes(house: House) -> None:
    """1,200 limits that ran out meanwhile: letters are as long as they may be, and no oftener than ever."""
    notices = [mail("M02", seq) for seq in range(1, 1201)]
    await house.db.unit_notices.add(notices)
    await house.db.unit_notices.add(notices[:10])
    counted = []
    for _ in range(70):
        counted += [(house.clock.now() - NOON, message.text.count("签收超时")) for message in await house.told(60)]
    assert [at for at, _ in counted] == [timedelta(minutes=minute) for minute in (1, 11, 21)]
    assert [lines for _, lines in counted] == [MOST + 1, MOST + 1, 200 + 1], "with the line that counts them"


async def test_what_one_message_cannot_list_is_counted(house: House) -> None:
    house.posts[NoticeWay.SMS].most_lines = 2
    for _ in range(5):
        await house.office.registered()
        await house.office.dispatched("M02")
    (told,) = [one for one in await house.told(60) if one.address == MOBILE]
    assert told.text.splitlines()[3:] == ["另有 3 件，见链接。", "https://12345.example/unit/"]


async def test_the_chain_is_told_in_order_once(db: Database, clock: SetClock, posts: dict[NoticeWay, Post]) -> None:
    """By the policy that is shipped: 30 minutes to sign, warned ten before; the deputies at once, the centre 2 h later.

    Of who has signed meanwhile the centre is told nothing.
    """
    shipped = Shipped(db.changes, CaseRules(policy=read_case_policy(ROOT / "config" / "case_policy.yaml")))
    house = await built(replace(db, changes=cast("Any", shipped)), clock, posts)
    heard: list[tuple[int, str, str]] = []

    async def pass_minutes(minutes: int) -> None:
        """Clocks are looked at each minute."""
        for _ in range(minutes):
            heard.extend((minute(), one.address, one.text) for one in await house.told(60))
            for due in await db.case_clocks.take("w", limit=100, lease_s=0):
                fire = FireClock(at=due.found_at, ticket_id=due.ticket_id, clock_id=due.clock_id, next_at=due.next_at)
                await shipped.execute(fire)

    def minute() -> int:
        return int((clock.now() - NOON).total_seconds() // 60)

    await house.office.registered()
    signed_late, (task,) = house.office.ticket_id, await house.office.dispatched("M02")
    await house.office.registered()
    await house.office.dispatched("M02")
    never_signed = (await house.office.record())["ticket_no"]
    await pass_minutes(40)
    house.office.ticket_id = signed_late
    await house.office.do("sign", task, after_s=40 * 60)
    await pass_minutes(140)
    of = {address: [at for at, to, _ in heard if to == address] for address in (MAIL, MOBILE, DEPUTY, CENTRE)}
    assert of[MAIL] == of[MOBILE] == [1, 21, 32]
    assert of[DEPUTY] == [32]
    assert of[CENTRE] == [151]
    (centre,) = [text for _, to, text in heard if to == CENTRE]
    assert f"{never_signed[:8]}-{never_signed[8:]} 签收升级" in centre
    assert len(centre.splitlines()) == 2, "of the ticket that nobody signed alone"


async def test_withdrawn_while_units_work_tells_each_of_them_once(house: House) -> None:
    await house.office.registered()
    await house.office.dispatched("M02", "M01")
    await house.told(60)
    await house.office.db.changes.execute(
        WorkOnCase(
            at=house.clock.now(),
            actor="user:li",
            ticket_id=house.office.ticket_id,
            verb=CaseVerb.INFORM,
            reason="petition",
            note_id="n",
        )
    )
    told = await house.told(600)
    assert sorted(one.address for one in told) == sorted([MOBILE, MAIL, "+8613800000011"])
    assert all("任务取消" in one.text for one in told)


async def test_supervision_reaches_every_unit_that_is_not_done_and_joint_talks_through_the_system_whom_they_name(
    house: House,
) -> None:
    await house.office.registered()
    await house.office.dispatched("M02", "M01")
    await house.told(60)

    async def do(verb: CaseVerb, **more: Any) -> None:
        await house.office.db.changes.execute(
            WorkOnCase(
                at=house.clock.now(), actor="user:li", ticket_id=house.office.ticket_id, verb=verb, note_id="n", **more
            )
        )

    await do(CaseVerb.SUPERVISE, reason="late")
    assert {one.address for one in await house.told(600)} == {MOBILE, MAIL, "+8613800000011"}
    await do(CaseVerb.CONFER, way="phone", units=("M07",))
    assert await house.told(600) == []
    await do(CaseVerb.CONFER, way="system", units=("M07",))
    assert [one.address for one in await house.told_at(datetime(2026, 11, 23, 14, 30, tzinfo=SHANGHAI))] == [ROBOT]


async def confer(house: House, *units: str, text: str, ticket_id: str = "") -> None:
    await house.db.changes.execute(
        WorkOnCase(
            at=house.clock.now(),
            actor="user:li",
            ticket_id=ticket_id or house.office.ticket_id,
            verb=CaseVerb.CONFER,
            way="system",
            units=units,
            text=text,
            note_id=new_ulid(),
        )
    )


async def test_a_unit_without_a_task_that_is_conferred_with_reads_the_question_in_the_notice(house: House) -> None:
    """It finds nothing of the ticket on its page: no link leads there, and no word names a person."""
    await house.office.registered(category={"code": "010102", "l1": "供水", "l2": "水压低"})
    (task,) = await house.office.dispatched("M02")
    await house.told(60)
    await confer(house, "M01", "M02", text="13976543210：这户的水压，管网归谁管？")
    told = {one.address: one.text for one in await house.told(600)}
    no = (await house.office.record())["ticket_no"]
    spelled = f"{no[:8]}-{no[8:]}"
    assert told["+8613800000011"] == (
        f"12345 {spelled} 联动会商 水压低 时限 11-23 12:30\n"
        "139****3210：这户的水压，管网归谁管？\n详情请询 12345 中心。"
    )
    assert told[MAIL].endswith(f"\nhttps://12345.example/unit/#/tasks/{task}")
    assert "管网归谁管" in told[MAIL]


async def test_a_question_is_not_lost_behind_the_next_one(house: House) -> None:
    await house.office.registered()
    await confer(house, "M01", text="管网归谁管？")
    await confer(house, "M01", text="阀门归谁管？")
    (told,) = await house.told(600)
    assert told.text.splitlines()[1:3] == ["管网归谁管？", "阀门归谁管？"]
    assert "联动会商 ×2" in told.text


async def test_who_urges_and_who_adds_reaches_every_unit_at_work_and_a_storm_is_one_line(house: House) -> None:
    await house.office.registered()
    await house.office.dispatched("M02", "M01")
    await house.told(60)
    for _ in range(40):
        await house.happens(TicketUrged(at=house.clock.now()))
    told = await house.told(600)
    assert {one.address for one in told} == {MOBILE, MAIL, "+8613800000011"}
    assert len(told) == 3
    assert all("催办 ×40" in one.text and one.text.count("催办") == 1 for one in told)
    await house.happens(TicketAddedTo(at=house.clock.now()))
    assert {one.address for one in await house.told(600) if "补充诉求" in one.text} == {MOBILE, MAIL, "+8613800000011"}


async def test_who_urges_while_no_unit_is_at_work_reaches_the_centre(house: House) -> None:
    await house.office.registered()
    await house.happens(TicketUrged(at=house.clock.now()))
    (told,) = await house.told(600)
    assert (told.address, "催办" in told.text) == (CENTRE, True)


async def test_an_urgent_ticket_that_is_urged_calls_out_its_people_at_once(house: House) -> None:
    await house.office.registered(urgency={"level": "urgent", "reason": "停水"})
    await house.office.dispatched("M02")
    await house.told()
    await house.happens(TicketUrged(at=house.clock.now()))
    assert {one.address for one in await house.told(60)} == {MOBILE, DEPUTY, MAIL}


async def test_a_units_note_reaches_the_other_units_and_the_centre(house: House) -> None:
    await house.office.registered()
    lead, joint = await house.office.dispatched("M02", "M01")
    await house.told(60)
    note = NoteOnTask(
        at=house.clock.now(),
        actor="unit:M01",
        ticket_id=house.office.ticket_id,
        task_id=joint,
        note_id=new_ulid(),
        text="张三家的表已换",
    )
    await house.db.changes.execute(note)
    told = {one.address: one.text for one in await house.told(600)}
    assert set(told) == {MOBILE, MAIL, CENTRE}
    assert told[MAIL].endswith(f"/unit/#/tasks/{lead}"), "its own task, never that of who wrote"
    assert not any("张三" in text for text in told.values())


@pytest.mark.parametrize(("approved", "letters"), [(True, 2), (False, 1)])
async def test_a_reply_tells_the_centre_when_it_waits_for_it(
    db: Database, clock: SetClock, posts: dict[NoticeWay, Post], *, approved: bool, letters: int
) -> None:
    """To be approved, or, of the last unit, to be passed on."""
    rules = replace(BY_PLAN, policy=replace(BY_PLAN.policy, approve_replies=approved))
    house = await built(replace(db, changes=cast("Any", Shipped(db.changes, rules))), clock, posts)
    await house.office.registered()
    lead, joint = await house.office.dispatched("M02", "M01")
    await house.told(60)
    told = []
    for task in (lead, joint):
        await house.office.do("reply", task, after_s=(house.clock.now() - NOON).total_seconds(), text="已修复")
        told += await house.told(600)
    assert [(one.address, "单位答复" in one.text) for one in told] == [(CENTRE, True)] * letters


async def test_a_reply_on_what_was_withdrawn_since_waits_for_nobody(house: House) -> None:
    await house.office.registered()
    tasks = await house.office.dispatched("M02", "M01")
    await house.told(60)
    at = house.clock.now()
    for task in tasks:
        await house.office.do("reply", task, after_s=(at - NOON).total_seconds(), text="已修复")
    version, ticket_id = (await house.office.record())["version"], house.office.ticket_id
    gone = WithdrawTicket(at=at, actor="user:li", ticket_id=ticket_id, version=version, reason="settled")
    await house.db.changes.execute(gone)
    assert await house.told(600) == []


async def test_one_event_that_breaks_costs_that_event_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    tickets = []
    for _ in range(5):
        await house.office.registered()
        await house.office.dispatched("M02")
        tickets.append(house.office.ticket_id)
    right = receivers

    def breaks(event: Entry, *rest: Any, **more: Any) -> Any:
        if event["ticket_id"] == tickets[2]:
            raise ValueError("an event of a newer release")
        return right(event, *rest, **more)

    monkeypatch.setattr("gateway.casework.notices.following.receivers", breaks)
    broke = 0
    while broke <= TRIES and not await settled(house):
        broke += 1
    assert broke <= TRIES
    told = {one["ticket_id"] for one in await house.db.unit_notices.listed()}
    assert told == {*tickets} - {tickets[2]}


async def settled(house: House) -> bool:
    """One run of the follower; whether it came to the end of the log."""
    try:
        while await house.follower._follower._page():
            pass
    except ValueError:
        return False
    return True


async def test_letters_that_are_leased_leave_though_the_store_goes_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the next way, or while a letter is read: nothing waits until a lease has run out."""
    await house.office.registered()
    await house.office.dispatched("M02")
    while await house.follower._follower._page():
        pass
    house.clock.forward(60)
    store, right = house.db.unit_notices, house.db.unit_notices.take

    async def only_texts(owner: str, ways: Any, *rest: Any, **more: Any) -> Any:
        if list(ways) != [NoticeWay.SMS]:
            raise StoreUnavailable("away")
        return await right(owner, ways, *rest, **more)

    monkeypatch.setattr(store, "take", only_texts)
    await house.worker.sending.step()
    await house.worker.sending.settled()
    assert [one.address for one in house.posts[NoticeWay.SMS].messages] == [MOBILE]
    monkeypatch.setattr(store, "take", right)
    reads, read = 0, store._sql.read

    async def fails_at_the_letter(work: Any) -> Any:
        nonlocal reads
        reads += 1
        if reads == 3:
            raise StoreUnavailable("away")
        return await read(work)

    monkeypatch.setattr(store._sql, "read", fails_at_the_letter)
    with pytest.raises(StoreUnavailable):
        await store.take("w1", [NoticeWay.EMAIL], Pace(urgent_s=0, ordinary_s=0), limit=4, lease_s=900)
    monkeypatch.setattr(store._sql, "read", read)
    (letter,) = await store.take("w1", [NoticeWay.EMAIL], Pace(urgent_s=0, ordinary_s=0), limit=4, lease_s=900)
    assert letter.address == MAIL


async def test_a_server_that_is_away_costs_no_notice_and_is_not_hammered(house: House) -> None:
    post = house.posts[NoticeWay.EMAIL]
    post.refuses = [TransientDeliveryError("down", retry_after_s=60.0) for _ in range(3)]
    for _ in range(20):
        await house.office.registered()
        await house.office.dispatched("M02")
    assert {one.address for one in await house.told(60)} == {MOBILE}
    assert post.asked == 1
    mails: list[NoticeMessage] = []
    for _ in range(20):
        mails += [one for one in await house.told(120) if one.address == MAIL]
    assert len(mails) == 1
    assert "共 20 件" in mails[0].subject
    assert post.asked == 4


async def test_a_server_that_never_answers_holds_up_no_other_way(house: House) -> None:
    """Its connections hang until their time is over; what leaves by other ways leaves meanwhile."""
    silent = house.posts[NoticeWay.EMAIL] = Silent()
    house.worker._senders = house.posts
    await house.db.unit_notices.add([mail(f"M{n:02}", n) for n in range(1, 2 * silent.at_once)])
    house.clock.forward(60)
    await house.worker.sending.step()
    await house.office.registered(urgency={"level": "urgent", "reason": "停水"})
    await house.office.dispatched("M02")
    while await house.follower._follower._page():
        pass
    await house.worker.sending.step()
    for _ in range(10):
        await asyncio.sleep(0)
    assert {one.address for one in house.posts[NoticeWay.SMS].messages} == {MOBILE, DEPUTY}
    assert silent.asked == silent.at_once, "nor is it asked by more than a few at once"
    silent.gone.set()
    await house.worker.sending.settled()


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=400)], ids=str)
async def test_what_a_clock_that_ran_ahead_put_off_leaves_when_it_is_put_right(
    house: House, clock: SetClock, ahead: timedelta
) -> None:
    """What is urgent at once; what is not, in the unit's hours, and not after the year that the clock had skipped."""
    clock.jump(ahead.total_seconds())
    await house.office.registered(at=NOON + ahead, urgency={"level": "urgent", "reason": "停水"})
    await house.office.dispatched("M02", after_s=ahead.total_seconds())
    await house.office.registered()
    await house.office.dispatched("M02", after_s=ahead.total_seconds())
    while await house.follower._follower._page():
        pass
    clock.jump(-ahead.total_seconds())
    assert {one.address for one in await house.told() if one.text.startswith("[紧急]")} == {MOBILE, DEPUTY, MAIL}
    await house.told(4800)
    assert [one for one in await house.db.unit_notices.listed() if one["sent_at"] is None] == []


async def test_what_was_tried_for_long_is_given_up_and_what_came_since_is_not(house: House) -> None:
    post = house.posts[NoticeWay.EMAIL]
    post.refuses = [TransientDeliveryError("452 mailbox full") for _ in range(MOST_ATTEMPTS)]
    await house.office.registered()
    await house.office.dispatched("M02")
    first = house.office.ticket_id
    while post.asked < MOST_ATTEMPTS - 1:
        await house.told(2000)
    await house.office.registered()
    await house.office.dispatched("M02", after_s=(house.clock.now() - NOON).total_seconds())
    for _ in range(20):
        await house.told(7200)
    assert post.asked == MOST_ATTEMPTS + 1
    (dead,) = await house.db.unit_notices.listed(dead=True)
    assert (dead["ticket_id"], dead["attempts"], dead["error"]) == (first, MOST_ATTEMPTS, "452 mailbox full")
    mailed = [one for one in await house.db.unit_notices.listed() if one["way"] == "email" and one["sent_at"]]
    assert [one["ticket_id"] for one in mailed] == [house.office.ticket_id]


async def test_what_waits_for_the_morning_is_not_late(house: House) -> None:
    house.posts[NoticeWay.EMAIL].refuses = [TransientDeliveryError("down") for _ in range(2)]
    evening = NOON + timedelta(hours=9, minutes=59)
    house.clock.forward((evening - NOON).total_seconds())
    await house.office.registered(at=evening)
    await house.office.dispatched("M02", after_s=(evening - NOON).total_seconds())
    await house.told(20)
    await house.told(3600)
    work = await house.db.open_work.count(())
    assert {way: queue.waiting for way, queue in work.notices.items()} == {}, "it is due at seven"
    assert {one.address for one in await house.told_at(NOON + timedelta(hours=19))} == set()
    assert {one.address for one in await house.told(3600)} == {MAIL}


async def test_what_cannot_be_delivered_is_a_dead_letter_that_can_be_sent_again(house: House) -> None:
    post = house.posts[NoticeWay.EMAIL]
    post.refuses = [PermanentDeliveryError("550 no such mailbox", errcode=550)]
    await house.office.registered()
    await house.office.dispatched("M02")
    await house.told(60)
    (dead,) = await house.db.unit_notices.listed(dead=True)
    assert (dead["unit"], dead["way"], dead["error"], dead["attempts"]) == ("M02", "email", "550 no such mailbox", 1)
    work = await house.db.open_work.count(())
    assert {way: (queue.waiting, queue.dead) for way, queue in work.notices.items()} == {"email": (0, 1)}
    assert await house.told(3600) == []
    assert await house.db.unit_notices.revive(house.clock.now()) == 1
    assert [one.address for one in await house.told()] == [MAIL]
    assert await house.db.unit_notices.listed(dead=True) == []


async def test_what_leaves_is_not_sent_again_by_another_process_nor_after_the_log_is_read_again(
    house: House, opened: Open, clock: SetClock
) -> None:
    await house.office.registered()
    await house.office.dispatched("M02")
    assert len(await house.told(60)) == 2
    other = await built(await opened(), clock, house.posts, "w2")
    other.follower._follower.at = 0
    assert await other.told(3600) == []


async def test_what_a_dead_process_had_leased_leaves_by_another(house: House, opened: Open, clock: SetClock) -> None:
    await house.office.registered()
    await house.office.dispatched("M02")
    house.worker._senders = {}
    await house.told(60)
    pace = Pace(urgent_s=0, ordinary_s=0)
    assert len(await house.db.unit_notices.take("dead", list(NoticeWay), pace, limit=8, lease_s=30)) == 2
    second = await opened(is_gone=lambda owner: owner == "dead")
    other = await built(second, clock, house.posts, "w2")
    assert {one.address for one in await other.told()} == {MOBILE, MAIL}


async def test_due_while_nothing_ran_it_waits_for_the_units_next_day(house: House) -> None:
    await house.office.registered()
    await house.office.dispatched("M02")
    house.worker._senders = {}
    await house.told(60)
    house.worker._senders = house.posts
    assert await house.told_at(NOON + timedelta(hours=15)) == []
    assert {one.address for one in await house.told_at(NOON + timedelta(hours=19))} == {MOBILE, MAIL}


async def test_a_unit_without_contacts_holds_up_nobody(house: House) -> None:
    await house.office.registered()
    await house.office.dispatched("M09", "M02")
    assert {one.address for one in await house.told(60)} == {MOBILE, MAIL}


async def test_what_has_left_is_forgotten_after_its_time_and_who_was_told_can_be_listed(house: House) -> None:
    await house.office.registered()
    await house.office.dispatched("M02")
    await house.told(60)
    no = (await house.office.record())["ticket_no"]
    listed = await house.db.unit_notices.listed(ticket_no=no)
    assert {(one["unit"], one["way"], one["sent_at"] is not None) for one in listed} == {
        ("M02", "sms", True),
        ("M02", "email", True),
    }
    assert await house.db.unit_notices.forget(house.clock.now()) == 0
    assert await house.db.unit_notices.forget(house.clock.now() + timedelta(seconds=1)) == 2


async def test_the_centre_is_told_of_what_it_has_to_decide_with_a_link_to_its_desk(house: House) -> None:
    await house.office.registered()
    (task,) = await house.office.dispatched("M02")
    await house.told(60)
    await house.office.do("return", task, after_s=60, reason="not_ours", text="张三说不归我们管")
    (told,) = await house.told(60)
    assert told.address == CENTRE
    assert "申请退单" in told.text
    assert told.text.endswith(f"\nhttps://12345.example/desk/#/tickets/{house.office.ticket_id}")
    assert "张三" not in told.text


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_each_is_told_once_in_hours_and_no_oftener_than_the_pace(
    house: House, seed: int
) -> None:
    """Two days of tickets at random, servers that fail at random: the rules hold at every letter."""
    chance = random.Random(seed)
    letters: list[tuple[datetime, NoticeMessage]] = []
    made = 0
    for _ in range(60):
        for _ in range(chance.choice((0, 1, 1, 3))):
            urgent = chance.random() < 0.2
            await house.office.registered(
                at=house.clock.now(), **({"urgency": {"level": "urgent", "reason": "停水"}} if urgent else {})
            )
            await house.office.dispatched(
                *chance.sample(["M02", "M07", "M01"], 2), after_s=(house.clock.now() - NOON).total_seconds()
            )
            made += 1
        post = house.posts[chance.choice(list(NoticeWay))]
        if chance.random() < 0.3:
            post.refuses.append(TransientDeliveryError("down", retry_after_s=chance.choice((None, 60.0))))
        letters += [(house.clock.now(), one) for one in await house.told(chance.choice((5, 30, 120, 900, 7200)))]
    for post in house.posts.values():
        post.refuses.clear()
    for _ in range(30):
        letters += [(house.clock.now(), one) for one in await house.told(7200)]
    rows = await house.db.unit_notices.listed(limit=10_000)
    assert made > 20
    assert len(rows) >= made * 2
    assert [row for row in rows if row["sent_at"] is None] == []
    by_group: dict[tuple[str, bool], list[datetime]] = {}
    for at, message in letters:
        urgent = message.text.startswith("[紧急]")
        by_group.setdefault((message.address, urgent), []).append(at)
        if not urgent:
            here = at.astimezone(SHANGHAI)
            if message.address == ROBOT:
                assert here.weekday() < 5
                assert (8, 30) <= (here.hour, here.minute) < (17, 30)
            else:
                assert 7 <= here.hour < 22
    for (_, urgent), times in by_group.items():
        pause = timedelta(seconds=60 if urgent else 600)
        assert all(later - earlier >= pause for earlier, later in pairwise(times))
