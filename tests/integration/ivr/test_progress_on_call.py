"""Progress by number and verification on a call, and the key that judges a reply; scripted caller, virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.domain.words import Disposition
from gateway.intake.call.progress import CallProgress
from gateway.intake.ticket.progress import ProgressByNumber
from gateway.ivr.engine import FlowEngine
from gateway.ivr.loader import load_flows
from tests.support.centre import MOBILE, Centre
from tests.support.clocks import SetClock
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
    reply: str | None = None,
    flow: str = "hotline",
) -> tuple[Call, dict[str, Any]]:
    """A call about a ticket whose number the caller is given; the call, and the ticket's record then."""

    async def run() -> tuple[Call, dict[str, Any]]:
        database, clock = await MemoryStore().open(), SetClock()
        centre = Centre(database, clock)
        ticket = await centre.registered("wechat", "o1", phone=MOBILE)
        if reply is not None:
            await centre.replied(ticket, reply)
        number = (await centre.record(ticket))["ticket_no"]
        progress = ProgressByNumber(
            reader=database.reader, store=database.changes, attempts=CountedAttempts(), clock=clock
        )
        call = Call(engine, flow, CallProgress(progress, "+8613900000000"))
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


def test_a_key_judges_the_reply(engine: FlowEngine) -> None:
    async def caller(call: Call, number: str) -> None:
        await asked(call, number, MOBILE[-4:])
        await call.leg.prompted()
        call.leg.press("2")

    call, record = called(engine, caller, reply="已经恢复供水")
    assert "感谢您的评价" in call.said
    (only,) = record["outcome"]["evaluations"]
    assert (only["satisfied"], only["channel"], only["score"]) == (2, "sip", "first")
