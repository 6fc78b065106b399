"""Progress by number and verification on a call, and the key that judges a reply; scripted caller, virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.casework.dispatch import DispatchTicket
from gateway.casework.task_work import WorkOnTask
from gateway.domain.case.case import Offer
from gateway.domain.ids import from_rfc3339
from gateway.domain.task_status import Role, TaskVerb
from gateway.domain.words import Disposition
from gateway.intake.call.progress import CallProgress
from gateway.intake.ticket.progress import ProgressByNumber
from gateway.ivr.engine import FlowEngine
from gateway.ivr.loader import load_flows
from tests.support.centre import MOBILE, Centre
from tests.support.clocks import SHANGHAI, SetClock
from tests.support.fakes.attempts import CountedAttempts
from tests.support.memory_store import MemoryStore
from tests.support.virtual_time import run_virtual

from .caller import LAMP, ROOT, Call

pytestmark = pytest.mark.integration
SPEECH = LAMP[: 8000 * 2]
SPOKEN = str.maketrans("0123456789", "零幺二三四五六七八九")


@pytest.fixture(scope="module")
def engine() -> FlowEngine:
    return FlowEngine(load_flows(ROOT / "ivr_flows"))


def called(
    engine: FlowEngine,
    caller: Callable[[Call, str], Awaitable[None]],
    *,
    prepare: Callable[[Centre, str], Awaitable[None]] | None = None,
    channel: tuple[str, str | None] = ("wechat", "o1"),
    phone: str = MOBILE,
    flow: str = "hotline",
) -> tuple[Call, dict[str, Any]]:
    """A call about a ticket whose number the caller is given; the call, and the ticket's record then.

    ``prepare``: what has become of the ticket before the call.
    """

    async def run() -> tuple[Call, dict[str, Any]]:
        database, clock = await MemoryStore().open(), SetClock()
        centre = Centre(database, clock)
        ticket = await centre.registered(*channel, phone=phone)
        if prepare is not None:
            await prepare(centre, ticket)
        number = (await centre.record(ticket))["ticket_no"]
        progress = ProgressByNumber(
            reader=database.reader, store=database.changes, attempts=CountedAttempts(), clock=clock
        )
        call = Call(engine, flow, CallProgress(progress, "+8613900000000", SHANGHAI))
        await call.run(lambda call: caller(call, number))
        return call, await centre.record(ticket)

    return run_virtual(run())


async def asked(call: Call, number: str, digits: str) -> None:
    await call.leg.prompted()
    await call.says(SPEECH, "我想查一下进度")
    await call.leg.prompted()
    await call.says(SPEECH, number.translate(SPOKEN))
    await call.leg.prompted()
    await call.says(SPEECH, digits.translate(SPOKEN))


@pytest.mark.parametrize("flow", ["hotline", "after_hours"])
def test_number_and_last_four_digits_are_spoken_and_the_stage_is_told(engine: FlowEngine, flow: str) -> None:
    async def caller(call: Call, number: str) -> None:
        await asked(call, number, MOBILE[-4:])

    call, _ = called(engine, caller, flow=flow)
    assert "等待承办单位签收" in call.said
    assert call.flow.disposition(hung_up=False, lost=False) is Disposition.SELF_SERVICE


@pytest.mark.parametrize(("wrong_number", "digits"), [(False, "0000"), (True, MOBILE[-4:])])
def test_a_wrong_number_and_wrong_digits_are_answered_alike(
    engine: FlowEngine, digits: str, *, wrong_number: bool
) -> None:
    async def caller(call: Call, number: str) -> None:
        await asked(call, "202611239999999" if wrong_number else number, digits)

    call, _ = called(engine, caller)
    assert "没有查到，工单号或后四位不符。请准备好工单号，坐席核对后告知进度。" in call.said
    assert call.flow.disposition(hung_up=False, lost=False) is Disposition.CALLBACK_REQUESTED


async def told(centre: Centre, ticket: str) -> None:
    await centre.replied(ticket, "已经恢复供水")
    await centre.delivery(ticket, "sent")


async def keyed(call: Call, number: str, digits: str) -> None:
    """Nothing is said: there may be no recogniser."""
    call.leg.press("3")
    await call.leg.prompted()
    for key in f"{number}#":
        call.leg.press(key)
    await call.leg.prompted()
    for key in digits:
        call.leg.press(key)
    await call.leg.prompted()


def test_all_is_keyed_where_nobody_recognises_speech_and_unit_and_day_are_told(engine: FlowEngine) -> None:
    async def dispatched(centre: Centre, ticket: str) -> None:
        dispatch = DispatchTicket(
            at=centre.clock.now(),
            actor="user:li",
            ticket_id=ticket,
            offers=(Offer(task_id="k1", unit="M02", role=Role.LEAD),),
            stage="function",
            directory="directory:1",
            policy="policy:0",
        )
        await centre.db.changes.execute(dispatch)
        sign = WorkOnTask(
            at=centre.clock.now(), actor="unit:M02", ticket_id=ticket, task_id="k1", verb=TaskVerb.SIGN, note_id="n"
        )
        await centre.db.changes.execute(sign)

    async def caller(call: Call, number: str) -> None:
        await keyed(call, f"999*{number}", MOBILE[-4:])

    call, record = called(engine, caller, prepare=dispatched)
    due = from_rfc3339(record["handling"]["units"][0]["due_at"]).astimezone(SHANGHAI)
    assert f"承办单位正在办理。承办单位：市水务局答复期限：{due.month}月{due.day}日" in call.said


def test_one_key_alone_still_leads_to_a_person(engine: FlowEngine) -> None:
    async def caller(call: Call, number: str) -> None:  # noqa: ARG001
        call.leg.press("3")
        await call.leg.prompted()
        call.leg.press("0")
        await call.leg.prompted()

    call, _ = called(engine, caller)
    assert call.flow.disposition(hung_up=False, lost=False) is Disposition.CALLBACK_REQUESTED


async def on_its_way(centre: Centre, ticket: str) -> None:
    await centre.replied(ticket)
    assert (await centre.reply(ticket))["state"] == "under_way"


async def waits_for_a_call(centre: Centre, ticket: str) -> None:
    await centre.replied(ticket)
    assert (await centre.reply(ticket))["way"] == "callback"


async def told_long_ago(centre: Centre, ticket: str) -> None:
    await told(centre, ticket)
    centre.at(days=31)


@pytest.mark.parametrize(
    ("prepare", "landline", "words", "ends"),
    [
        (on_its_way, False, "您的工单已有答复，正在发送给您。", Disposition.SELF_SERVICE),
        (waits_for_a_call, True, "您的工单已有答复，还没有告知您，由坐席来电说明。", Disposition.CALLBACK_REQUESTED),
        (told_long_ago, False, "您的工单已有答复，并已告知您。", Disposition.SELF_SERVICE),
    ],
)
def test_who_has_not_heard_the_reply_or_heard_it_long_ago_is_not_asked(
    engine: FlowEngine,
    prepare: Callable[[Centre, str], Awaitable[None]],
    words: str,
    ends: Disposition,
    *,
    landline: bool,
) -> None:
    """A landline's reply waits for a call: its caller hears that a person tells it, and judges nothing unheard."""

    async def caller(call: Call, number: str) -> None:
        await keyed(call, number, MOBILE[-4:])
        call.leg.press("5")
        await call.leg.prompted()

    channel, phone = (("sip", None), "+868986600" + MOBILE[-4:]) if landline else (("wechat", "o1"), MOBILE)
    call, record = called(engine, caller, prepare=prepare, channel=channel, phone=phone)
    assert words in call.said
    assert "请按1到5评价" not in call.said
    assert record["outcome"]["evaluations"] == []
    assert call.flow.disposition(hung_up=False, lost=False) is ends


async def reopened_and_withdrawn(centre: Centre, ticket: str) -> None:
    await centre.do("reopen", ticket, reason="not_solved")
    await centre.withdrawn(ticket)


def test_a_judgement_that_cannot_be_is_told_so(engine: FlowEngine) -> None:
    there: list[tuple[Centre, str]] = []

    async def prepared(centre: Centre, ticket: str) -> None:
        await told(centre, ticket)
        there.append((centre, ticket))

    async def caller(call: Call, number: str) -> None:
        await keyed(call, number, MOBILE[-4:])
        ((centre, ticket),) = there
        await reopened_and_withdrawn(centre, ticket)
        call.leg.press("5")
        await call.leg.prompted()

    call, record = called(engine, caller, prepare=prepared)
    assert "抱歉，这次评价没有记下。" in call.said
    assert record["outcome"]["evaluations"] == []


def test_a_key_judges_the_reply(engine: FlowEngine) -> None:
    async def caller(call: Call, number: str) -> None:
        await asked(call, number, MOBILE[-4:])
        await call.leg.prompted()
        call.leg.press("2")

    call, record = called(engine, caller, prepare=told)
    assert "感谢您的评价" in call.said
    (only,) = record["outcome"]["evaluations"]
    assert (only["satisfied"], only["channel"], only["score"]) == (2, "sip", "first")
