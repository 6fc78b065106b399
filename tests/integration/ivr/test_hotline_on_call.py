"""The shipped flows on a call: real engine, prompts, barge-in, keys and record; scripted caller, virtual time."""

from __future__ import annotations

import asyncio

import pytest

from gateway.domain.words import Disposition
from gateway.ivr.engine import FlowEngine
from gateway.ivr.loader import load_flows
from tests.support.virtual_time import run_virtual

from .caller import LAMP, ROOT, Call

pytestmark = pytest.mark.integration
SPEECH = LAMP[: 8000 * 3]
NUMBER = "202611230000001"
TAIL = f"{NUMBER[-4:]} {NUMBER[-4:]}"


@pytest.fixture(scope="module")
def engine() -> FlowEngine:
    return FlowEngine(load_flows(ROOT / "ivr_flows"))


def played(engine: FlowEngine, caller, flow: str = "hotline") -> Call:
    async def run() -> Call:
        call = Call(engine, flow)
        await call.run(caller)
        return call

    return run_virtual(run())


@pytest.mark.parametrize("flow", ["hotline", "after_hours"])
def test_a_demand_is_registered_and_its_number_read_out(engine, flow):
    async def caller(call: Call) -> None:
        await call.leg.prompted()
        await call.says(LAMP, "龙华区的路灯坏了")

    call = played(engine, caller, flow)
    assert call.flow.disposition(hung_up=False, lost=False) is Disposition.COMPLETED
    assert call.said.count(TAIL) == 1
    assert call.said.endswith("感谢您的来电，再见。")
    assert "ticket.demand_taken" in call.store.events
    assert call.leg.now_s < 40


def test_speaking_into_the_greeting_stops_it(engine):
    heard_after = []

    async def caller(call: Call) -> None:
        await asyncio.sleep(2)
        assert call.leg.hears_something
        speaking = asyncio.ensure_future(call.says(SPEECH, "路灯坏了"))
        await asyncio.sleep(1.5)
        heard_after.append(call.leg.hears_something)
        await speaking

    call = played(engine, caller)
    assert heard_after == [False]
    assert call.said.count("请问事情发生在哪里？") == 1  # not said yet: asked in place of 还有补充吗
    assert TAIL in call.said


def test_forty_five_seconds_are_heard_to_the_end(engine):
    async def caller(call: Call) -> None:
        await call.leg.prompted()
        await call.says((LAMP * 6)[: 8000 * 45], "说来话长")
        assert "还有补充吗" not in call.said

    call = played(engine, caller)
    assert TAIL in call.said


def test_star_reads_the_whole_number_also_while_its_end_is_read(engine):
    async def caller(call: Call) -> None:
        await call.leg.prompted()
        await call.says(SPEECH, "路灯坏了")
        while TAIL not in call.said:
            await asyncio.sleep(0.1)
        await asyncio.sleep(3)
        call.leg.press("*")

    call = played(engine, caller)
    assert (call.said.count(TAIL), call.said.count(NUMBER)) == (1, 1)


@pytest.mark.parametrize("words", ["嗯", "请再说一遍。", None])
def test_speech_cuts_the_number_and_it_is_read_again(engine, words):
    async def caller(call: Call) -> None:
        await call.leg.prompted()
        await call.says(SPEECH, "路灯坏了")
        while TAIL not in call.said:
            await asyncio.sleep(0.1)
        if words is None:
            await call.leg.speak(SPEECH[:8000])
        else:
            await call.says(SPEECH[:8000], words)

    assert played(engine, caller).said.count(TAIL) == 2


@pytest.mark.parametrize("way", ["0", "人工"])
def test_who_asks_for_a_person_is_called_back(engine, way):
    async def caller(call: Call) -> None:
        await asyncio.sleep(3)
        if way == "0":
            call.leg.press("0")
        else:
            await call.says(SPEECH[:12000], "转人工。")

    call = played(engine, caller)
    assert call.flow.disposition(hung_up=False, lost=False) is Disposition.CALLBACK_REQUESTED
    assert [c.callback.reason for c in call.store.commands if getattr(c, "callback", None)] == ["asked_for_person"]
    assert call.said.endswith("坐席会给您回电。感谢您的来电，再见。")


def test_key_2_chooses_the_enterprise_line(engine):
    async def caller(call: Call) -> None:
        await asyncio.sleep(1)
        call.leg.press("2")
        await call.leg.prompted()
        await call.says(SPEECH, "执照怎么办")

    call = played(engine, caller)
    assert call.record.line == "enterprise"
    assert "已转到企业专线" in call.said
    assert TAIL in call.said


@pytest.mark.parametrize("way", ["9", "speech"])
def test_english_is_answered_in_english(engine, way):
    async def caller(call: Call) -> None:
        if way == "9":
            await asyncio.sleep(1)
            call.leg.press("9")
        await call.leg.prompted()
        await call.says(SPEECH, "the street lamp is broken", "en")

    call = played(engine, caller)
    assert call.flow.state.language == "en"
    assert call.said.endswith("Thank you for calling. Goodbye.")
    assert f"Registered, ending in {TAIL}" in call.said


def test_silence_is_asked_twice_and_then_called_back(engine):
    async def caller(_: Call) -> None:
        await asyncio.sleep(300)

    call = played(engine, caller)
    assert call.said.count("没有听到您的声音，请说明您的诉求。") == 2
    assert call.flow.disposition(hung_up=False, lost=False) is Disposition.ABANDONED_IN_FLOW


def test_the_store_going_down_is_told_honestly(engine):
    async def caller(call: Call) -> None:
        await call.leg.prompted()
        call.store.down = True
        await call.leg.speak(SPEECH)

    call = played(engine, caller)
    assert "您的诉求已经录音，稍后将为您登记。" in call.said
    assert TAIL not in call.said


@pytest.mark.parametrize("flow", ["hotline", "after_hours"])
def test_danger_is_answered_in_the_middle_of_a_sentence(engine, flow):
    """The caller speaks on; as soon as danger is understood they hear where to call, before the store has it."""
    said_by_then = []

    async def caller(call: Call) -> None:
        await call.leg.prompted()
        speaking = asyncio.ensure_future(call.leg.speak((LAMP * 4)[: 8000 * 20]))
        await asyncio.sleep(3)
        call.recognition.understand("我家着火了快来人", call.listener.now_ms)
        await asyncio.sleep(0.2)
        said_by_then.append(call.leg.hears_something)
        await speaking

    call = played(engine, caller, flow)
    assert said_by_then == [True]
    assert call.said.count("拨打119") == 1
    assert "emergency.raised" in call.store.events
    assert "ticket.demand_taken" in call.store.events
    assert call.flow.disposition(hung_up=False, lost=False) is Disposition.COMPLETED


def test_danger_told_while_the_number_is_read_stops_the_reading(engine):
    async def caller(call: Call) -> None:
        await call.leg.prompted()
        await call.says(SPEECH, "路灯坏了")
        while "ticket.demand_taken" not in call.store.events:
            await asyncio.sleep(0.1)
        await asyncio.sleep(1)
        call.recognition.understand("有人要跳楼", call.listener.now_ms)

    call = played(engine, caller)
    assert call.said.endswith("感谢您的来电，再见。")
    assert "110" in call.said.rpartition(NUMBER)[2]


def test_the_same_danger_is_told_once_and_another_again(engine):
    async def caller(call: Call) -> None:
        await call.leg.prompted()
        for words in ("着火了", "真的着火了", "我爸晕倒了"):
            await call.says(SPEECH, words)

    call = played(engine, caller)
    assert (call.said.count("拨打119"), call.said.count("拨打120")) == (1, 1)
    assert call.store.events.count("emergency.raised") == 2


def test_danger_is_answered_while_the_store_is_down(engine):
    async def caller(call: Call) -> None:
        await call.leg.prompted()
        call.store.down = True
        await call.leg.speak(SPEECH)
        call.recognition.understand("煤气泄漏了", call.listener.now_ms)

    call = played(engine, caller)
    assert "拨打119" in call.said


def test_danger_told_in_english_is_answered_in_english(engine):
    async def caller(call: Call) -> None:
        await call.leg.prompted()
        await call.leg.speak(SPEECH)
        call.recognition.understand("Someone is breaking into my house", call.listener.now_ms, "en")

    call = played(engine, caller)
    assert "Call 110 now" in call.said


def test_two_dangers_at_once_are_both_answered_and_the_ticket_is_taken_once(engine):
    async def caller(call: Call) -> None:
        await call.leg.prompted()
        await call.leg.speak(SPEECH)
        for words in ("我家着火了", "我爸晕倒了没有呼吸"):
            call.recognition.understand(words, call.listener.now_ms)

    call = played(engine, caller)
    assert "请立即拨打119。您的情况已记录。" in call.said
    assert "请立即拨打120。您的情况已记录。" in call.said
    assert call.store.events.count("ticket.demand_taken") == 1


def test_what_is_said_after_the_danger_does_not_make_it_normal(engine):
    async def caller(call: Call) -> None:
        await call.leg.prompted()
        await call.leg.speak(SPEECH)
        call.recognition.understand("我家着火了", call.listener.now_ms)
        await call.leg.prompted()
        more = "我住在龙华区国贸路十号" + "，这里的物业之前从来不管消防的事情，我投诉过很多次" * 4
        await call.leg.speak(SPEECH)
        call.recognition.understand(more, call.listener.now_ms)
        await asyncio.sleep(1)

    call = played(engine, caller)
    urgencies = [
        g.value["level"] for c in call.store.commands for g in getattr(c, "guesses", ()) if g.path == "demand.urgency"
    ]
    assert set(urgencies) == {"urgent"}
