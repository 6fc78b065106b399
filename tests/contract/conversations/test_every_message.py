"""No message is met with silence, none is swallowed by a question that waits, and no answer is said twice running."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.command import Command
from gateway.domain.keys import Identity
from gateway.domain.refs import Applied
from gateway.intake.conversation.take_message import TakeMessage
from gateway.intake.conversation.text_flow import Heeded, TextFlow, Turn
from gateway.ivr.engine import FlowEngine
from gateway.ports.message import MediaRef
from gateway.ports.recogniser import Final
from gateway.prefill.reader import PrefillReader
from gateway.storage.writer import GroupCommitWriter
from tests.contract.conversations.house import FLOWS, HERE, PHONE, ROOT, ConversationHouse
from tests.support.change import Change, NewEvent
from tests.support.clocks import SetClock
from tests.support.reading import city_prefill
from tests.support.stores import Open

pytestmark = pytest.mark.contract
LAMP = "龙华区国贸路10号的路灯不亮"
PICTURE = MediaRef(data=b"\x89PNG\r\n\x1a\n" + bytes(64), name="a.png")
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def prefill() -> PrefillReader:
    return city_prefill()


@pytest.fixture
async def city(opened: Open, clock: SetClock, tmp_path: Path, prefill: PrefillReader) -> ConversationHouse:
    """A house that knows the city's places and what its demands are about."""
    return ConversationHouse(await opened(), clock, tmp_path, prefill=prefill)


async def said(house: ConversationHouse, *texts: str, sender: str = "li", **more: Any) -> list[str]:
    """Our answers to ``texts``, one each; an empty one where there was none."""
    answers = []
    for n, text in enumerate(texts):
        before = len(await house.answers(sender))
        await house.say(f"{sender}{before}-{n}-{text}", text, sender=sender, **more)
        answers.append("\n".join((await house.answers(sender))[before:]))
    return answers


@pytest.mark.parametrize(
    "text",
    [
        *(
            "谢谢",
            "好的",
            "嗯",
            "你好",
            "在吗",
            "？",
            "👍",
            "一共三盏",
            "你们都是废物",
            "怎么没人理我",
            "没有电话",
            "13912345678",
        ),
        *(
            "不知道",
            "撤销",
            "进度怎么样了",
            "还没修",
            "202511230000009",
            "1234",
            "什么",
            "no phone",
            "thanks",
            "any update?",
        ),
        *("人工", "说英语", "跳过", "ok", "补充一下，是三号楼"),
    ],
)
@pytest.mark.parametrize(
    "before", [("路灯不亮",), ("路灯不亮", "国贸路10号"), ("路灯不亮", "国贸路10号", "13800138000")]
)
async def test_whatever_comes_in_whatever_step_is_answered(
    city: ConversationHouse, before: tuple[str, ...], text: str
) -> None:
    await said(city, *before)
    first, second = await said(city, text, text)
    assert first
    assert second
    assert first != second


@pytest.mark.parametrize("kind", ["image", "voice", "file"])
@pytest.mark.parametrize("before", [(), ("你好",), ("路灯不亮",), ("路灯不亮", "国贸路10号", "13800138000")])
async def test_pictures_voices_and_files_are_answered(
    city: ConversationHouse, before: tuple[str, ...], kind: str
) -> None:
    await said(city, *before)
    for n in range(3):
        had = len(await city.answers())
        await city.say(f"m{n}", kind=kind, media=PICTURE)
        assert len(await city.answers()) == had + 1


@pytest.mark.parametrize("before", [(), ("你好",), ("路灯不亮",), ("路灯不亮", "国贸路10号", "13800138000")])
async def test_locations_edits_and_stickers_are_answered(city: ConversationHouse, before: tuple[str, ...]) -> None:
    await said(city, *before)
    await city.say("l1", kind="location", location=HERE)
    await city.say("l2", kind="location", location=HERE)
    await city.say("e", "改一下", kind="event", event="edit")
    await city.say("s", kind="event", event="unsupported")
    assert len(await city.answers()) == len(before) + 4


async def test_a_question_that_waits_swallows_no_question_for_progress(city: ConversationHouse) -> None:
    (asked, answered, taken) = await said(city, "路灯不亮", "进度怎么样了", "国贸路10号")
    record = await city.database.reader.ticket(
        (await city.conversations.receive(city.message("x", "谢谢"))).ticket_id or ""
    )
    assert "发生在哪里" in asked
    assert answered.endswith("已登记，等待派单。")
    assert "联系电话" in taken
    assert record["place"]["address"] == "国贸路10号"
    assert "进度" not in record["demand"]["content"]
    assert "ticket.progress_asked" in await city.types(record["ticket_id"])


@pytest.mark.parametrize("text", ["路灯不亮", "晚上黑得很，孩子放学都害怕", "真的很黑", "拜托快点派人"])
async def test_what_holds_no_place_is_never_an_address_and_the_question_is_put_twice(
    city: ConversationHouse, text: str
) -> None:
    asked, again, onward, phone = await said(city, "路灯不亮", text, text, "13800138000")
    record = await city.say("last", "谢谢")
    assert "发生在哪里" in asked
    assert "再写一下地点" in again
    assert "地点" not in onward
    assert "联系电话" in onward
    assert phone.startswith("谢谢")
    assert record["place"]["address"] is None
    assert record["requester"]["callback_phone"] == "+8613800138000"


async def test_a_place_that_comes_late_is_taken(city: ConversationHouse) -> None:
    await said(city, "路灯不亮", "很黑", "真的很黑", "13800138000", "龙华区国贸路10号")
    record = await city.say("last", "谢谢")
    assert record["place"]["address"] == "龙华区国贸路10号"


async def test_a_phone_number_that_comes_early_is_not_asked_for(city: ConversationHouse) -> None:
    asked, noted, done = await said(city, "路灯不亮", "我的电话是13800138000", "国贸路10号")
    assert "发生在哪里" in asked
    assert noted.startswith("已记下您的联系电话。")
    assert done.startswith("谢谢")


async def test_who_has_no_phone_is_not_asked_for_one(city: ConversationHouse) -> None:
    _, noted, done = await said(city, "路灯不亮", "我没有电话", "国贸路10号")
    assert "不留电话也照常办理" in noted
    assert done.startswith("谢谢")


async def test_greetings_are_no_demand_and_get_no_number(city: ConversationHouse) -> None:
    hello, again, third, demand = await said(city, "你好", "在吗", "？", LAMP)
    record = await city.say("last", "谢谢")
    assert "工单号" not in hello + again + third
    assert "工单号" in demand
    assert record["demand"]["content"] == LAMP
    assert record["empty"] is False


async def test_progress_of_nothing_is_told_so_and_is_no_demand(city: ConversationHouse) -> None:
    answered, numbered = await said(city, "进度怎么样了", "20251123-0000009")
    record = await city.say("last", "谢谢")
    assert "没有查到您名下的工单" in answered
    assert "没有查到您名下的这个工单" in numbered
    assert record["empty"] is True
    assert record["demand"]["content"] is None


async def test_an_own_number_from_a_later_conversation_and_anothers_within_one(city: ConversationHouse) -> None:
    first = await city.say("1", LAMP, identities=PHONE)
    await city.say("2", "楼上半夜装修很吵", sender="wang", identities=(Identity(kind="phone", value="+8613900000000"),))
    number = first["ticket_no"]
    (tail,) = await said(city, f"尾号{number[-4:]}")
    assert f"{number[:8]}-{number[8:]}" in tail
    (strange,) = await said(city, number, sender="wang")
    assert "没有查到" in strange
    assert "路灯" not in strange


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("秀英区海秀镇的垃圾没人收", True),
        ("另外，还有垃圾没人收", True),
        ("国贸路10号旁边的路灯也不亮", False),
        ("晚上很黑", False),
        ("旁边垃圾也没人收", False),
    ],
)
async def test_another_matter_has_a_ticket_of_its_own(city: ConversationHouse, text: str, own: bool) -> None:  # noqa: FBT001
    first = await city.say("1", LAMP, identities=PHONE)
    second = await city.say("2", text)
    assert (second["ticket_id"] != first["ticket_id"]) is own
    answer = (await city.answers())[-1]
    again = await city.say("2", text)
    assert again["ticket_id"] == second["ticket_id"]
    if not own:
        assert text in second["demand"]["content"]
        return
    number = second["ticket_no"]
    assert answer.startswith(f"这是另一件事，已单独登记。工单号：{number[:8]}-{number[8:]}")
    assert "电话" not in answer
    assert second["related"]["parent_id"] == first["ticket_id"]
    assert second["demand"]["content"] == text
    (closed,) = (await city.database.reader.ticket(first["ticket_id"]))["interactions"]
    assert closed["disposition"] == "completed"


@pytest.mark.parametrize("text", ["国贸路公交站", "就在国贸路公交站那里", "海秀镇菜市场门口", "秀英区垃圾站旁边"])
async def test_the_answer_to_where_is_no_other_matter(city: ConversationHouse, text: str) -> None:
    first = await city.say("1", "路灯不亮")
    second = await city.say("2", text)
    assert second["ticket_id"] == first["ticket_id"]
    assert second["place"]["address"] is not None
    other = await city.say("3", "另外，秀英区海秀镇的垃圾没人收")
    assert other["ticket_id"] != first["ticket_id"]


async def test_for_another_matter_the_number_is_not_asked_again(city: ConversationHouse) -> None:
    asked = await said(city, "路灯不亮", "龙华区国贸路10号", "13800138000", "另外，秀英区海秀镇的垃圾没人收")
    assert "单独登记" in asked[-1]
    assert "电话" not in asked[-1]


async def test_withdrawing_is_asked_back_and_then_done(city: ConversationHouse) -> None:
    record = await city.say("1", LAMP, identities=PHONE)
    (answered,) = await said(city, "我要撤销工单")
    assert "要撤销工单" in answered
    assert (await city.database.reader.ticket(record["ticket_id"]))["status"] == record["status"]
    await said(city, "等一下", "好的")
    assert (await city.database.reader.ticket(record["ticket_id"]))["status"] == record["status"]
    _, done = await said(city, "撤销", "是的，撤销")
    assert done.startswith("已撤销工单")
    assert (await city.database.reader.ticket(record["ticket_id"]))["status"] == "withdrawn"
    types = await city.types(record["ticket_id"])
    assert (types.count("ticket.withdraw_asked"), types.count("ticket.withdrawn")) == (2, 1)


@pytest.mark.parametrize(
    "text",
    [
        *("不要撤销", "先不撤销", "别撤销", "不是", "等你们消息", "没事", "没有了", "好的谢谢", "可以吗", "是吗"),
        *("please don't cancel the ticket", "do not withdraw it", "yes but not now", "ok", "不用撤销", "没问题"),
    ],
)
async def test_only_a_plain_yes_withdraws(city: ConversationHouse, text: str) -> None:
    record = await city.say("1", LAMP, identities=PHONE)
    _, answer = await said(city, "撤销工单", text)
    assert answer
    assert "撤销工单" not in answer
    await said(city, "是")
    assert (await city.database.reader.ticket(record["ticket_id"]))["status"] == "registered"


@pytest.mark.parametrize(
    "text", ["是", "是的", "对", "确认", "撤销", "确认撤销。", "撤销吧", "yes", "Yes, please!", "Confirm"]
)
async def test_a_plain_yes_withdraws(city: ConversationHouse, text: str) -> None:
    record = await city.say("1", LAMP, identities=PHONE)
    await said(city, "撤销工单", text)
    assert (await city.database.reader.ticket(record["ticket_id"]))["status"] == "withdrawn"


@pytest.mark.parametrize("text", ["路灯又不亮了，你们来修吧", "补充一下，路灯又不亮了", "还没人来修路灯"])
async def test_a_withdrawn_ticket_takes_nothing_more(city: ConversationHouse, text: str) -> None:
    first = await city.say("1", LAMP, identities=PHONE)
    await said(city, "撤销工单", "是")
    withdrawn = await city.database.reader.ticket(first["ticket_id"])
    assert withdrawn["interactions"][0]["disposition"] == "completed"
    assert "interaction.ended" in await city.types(first["ticket_id"])
    second = await city.say("2", text)
    assert second["ticket_id"] != first["ticket_id"]
    assert second["demand"]["content"] == text
    numbered = await city.say("3", f"{first['ticket_no']} 又有一盏灯坏了")
    assert numbered["ticket_id"] == second["ticket_id"]


async def test_what_is_worked_on_is_withdrawn_by_an_agent(city: ConversationHouse) -> None:
    record = await city.say("1", LAMP, identities=PHONE)
    event = NewEvent(type="ticket.handled", at=city.clock.now())
    fields: dict[tuple[str, ...], Any] = {("status",): "handling"}
    await city.database.changes.execute(Change(ticket_id=record["ticket_id"], ticket_fields=fields, events=(event,)))
    _, noted = await said(city, "撤销", "是")
    assert "由坐席核对后处理" in noted
    assert (await city.database.reader.ticket(record["ticket_id"]))["status"] == "handling"


async def test_a_unit_that_takes_it_before_the_yes_is_written_is_told_of(
    city: ConversationHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = await city.say("1", LAMP, identities=PHONE)
    await said(city, "撤销")
    execute = GroupCommitWriter.execute
    taken: list[Command] = []

    async def after_the_unit(store: GroupCommitWriter, command: Command) -> Applied:
        if isinstance(command, TakeMessage) and command.asked is not None and not taken:
            taken.append(command)
            event = NewEvent(type="ticket.handled", at=city.clock.now())
            fields: dict[tuple[str, ...], Any] = {("status",): "handling"}
            await execute(store, Change(ticket_id=record["ticket_id"], ticket_fields=fields, events=(event,)))
        return await execute(store, command)

    monkeypatch.setattr(GroupCommitWriter, "execute", after_the_unit)
    (noted,) = await said(city, "是")
    assert taken
    assert "由坐席核对后处理" in noted
    assert (await city.database.reader.ticket(record["ticket_id"]))["status"] == "handling"


@pytest.mark.parametrize("hello", [True, False])
async def test_a_question_about_another_matter_is_a_demand_of_its_own(city: ConversationHouse, hello: bool) -> None:  # noqa: FBT001
    first = await city.say("1", LAMP, identities=PHONE)
    city.clock.forward(1801)
    await city.idle.close_due()
    if hello:
        await city.say("2", "你好")
    second = await city.say("3", "秀英区永秀花园今天停电了，什么时候来电")
    assert second["ticket_id"] != first["ticket_id"]
    assert "停电" in second["demand"]["content"]


async def test_a_voice_message_is_heard_before_anything_is_asked(city: ConversationHouse) -> None:
    city.chat.contents["v"] = (ROOT / "tests" / "data" / "media" / "tone.ogg").read_bytes()
    city.heard = [Final(start_ms=0, end_ms=900, text=LAMP, language="zh", confidence=0.9, engine="whisper")]
    record = await city.say("1", kind="voice", media=MediaRef(ref="v"))
    number = f"{record['ticket_no'][:8]}-{record['ticket_no'][8:]}"
    assert await city.answers() == [f"语音已收到，正在转成文字。\n工单号：{number}。"]
    await city.fetch_due()
    await city.hear_due()
    assert "工单号" in (await city.answers())[-1]
    assert "联系电话" in (await city.answers())[-1]
    assert (await city.database.reader.ticket(record["ticket_id"]))["demand"]["content"] == LAMP


async def test_who_speaks_and_is_not_understood_has_a_number_and_a_chat_that_ends_ends(city: ConversationHouse) -> None:
    city.chat.contents["v"] = (ROOT / "tests" / "data" / "media" / "tone.ogg").read_bytes()
    record = await city.say("1", kind="voice", media=MediaRef(ref="v"))
    await city.fetch_due()
    await city.hear_due()
    first, sorry = await city.answers()
    assert record["ticket_no"][8:] in first
    assert "没能转成文字" in sorry
    ended = await city.say("2", kind="event", event="end")
    assert len(await city.answers()) == 2
    assert ended["interactions"][0]["disposition"] == "completed"


async def test_what_is_written_after_a_voice_message_that_nobody_understood_is_the_demand(
    city: ConversationHouse,
) -> None:
    city.chat.contents["v"] = (ROOT / "tests" / "data" / "media" / "tone.ogg").read_bytes()
    record = await city.say("1", kind="voice", media=MediaRef(ref="v"))
    await city.fetch_due()
    await city.hear_due()
    again = await city.say("2", LAMP)
    assert (again["ticket_id"], again["demand"]["content"]) == (record["ticket_id"], LAMP)
    assert "联系电话" in (await city.answers())[-1]


async def test_english_throughout(city: ConversationHouse) -> None:
    answers = await said(city, "hello", "the street lamp is broken", "no idea", "no phone", "thanks", "any update?")
    assert not any("一" <= character <= "鿿" for answer in answers for character in answer.replace("人工", ""))


async def test_the_languages_of_a_page_and_of_a_person(city: ConversationHouse) -> None:
    assert (await said(city, "", sender="a", kind="image", media=PICTURE, language="en"))[0].startswith("Hello")
    assert (await said(city, "hi", sender="b", language="zh"))[0].startswith("您好")
    assert (await said(city, "路灯不亮", sender="c", language="en"))[0].startswith("您好")
    assert (await said(city, "the street lamp is broken", sender="d", language="zh"))[0].startswith("Hello")


_SAYS = st.sampled_from(
    [
        "谢谢",
        "好的",
        "你好",
        "？",
        "一共三盏",
        "废物",
        "没有电话",
        "13912345678",
        "不知道",
        "国贸路10号",
        "人工",
        "ok",
        "1",
        "0",
        "English",
    ]
)


@given(texts=st.lists(_SAYS | st.text(min_size=1, max_size=40), max_size=8))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_dialogue_falls_silent_or_asks_a_third_time(prefill: PrefillReader, texts: list[str]) -> None:
    flow = TextFlow(engine=FlowEngine(FLOWS), prefill=prefill)
    turn = flow.begin("chat", language="zh", phone_known=False)
    told: list[str] = []
    for n, text in enumerate(["路灯不亮", *texts]):
        turn.lines = []
        flow.take(turn, Heeded(at=NOW, text=text), opening=n == 0)
        assert turn.lines or not text.strip()
        told += turn.lines
    for question in ("发生在哪里", "再写一下地点", "请留一个联系电话"):
        assert sum(question in line for line in told) <= 1


async def spoken(city: ConversationHouse, words: str) -> str:
    """Our answer to a voice message once its words are known."""
    number = f"v{len(city.chat.contents)}"
    city.chat.contents[number] = (ROOT / "tests" / "data" / "media" / "tone.ogg").read_bytes()
    city.heard = [Final(start_ms=0, end_ms=900, text=words, language="zh", confidence=0.9, engine="whisper")]
    await city.say(number, kind="voice", media=MediaRef(ref=number))
    before = len(await city.answers())
    await city.fetch_due()
    await city.hear_due()
    return "\n".join((await city.answers())[before:])


@pytest.mark.parametrize(
    ("words", "answer", "event"),
    [
        ("进度怎么样了", "已登记，等待派单", "ticket.progress_asked"),
        ("还没修好", "您的催促已记入工单", "ticket.urged"),
        ("撤销", "要撤销工单", "ticket.withdraw_asked"),
        ("{tail}", "已登记，等待派单", "ticket.progress_asked"),
        ("{number}", "已登记，等待派单", "ticket.progress_asked"),
    ],
)
@pytest.mark.parametrize("place", [True, False])
async def test_a_voice_message_about_a_ticket_is_answered_like_a_written_one(
    city: ConversationHouse,
    words: str,
    answer: str,
    event: str,
    place: bool,  # noqa: FBT001
) -> None:
    record = await city.say("1", LAMP if place else "路灯不亮", identities=PHONE if place else ())
    number = record["ticket_no"]
    said = await spoken(city, words.format(number=number, tail=f"尾号{number[-4:]}"))
    assert answer in said
    after = await city.database.reader.ticket(record["ticket_id"])
    assert after["demand"]["content"] == record["demand"]["content"]
    assert event in await city.types(record["ticket_id"])


async def test_a_voice_message_withdraws_when_it_is_asked_back(city: ConversationHouse) -> None:
    record = await city.say("1", LAMP, identities=PHONE)
    await spoken(city, "撤销")
    assert (await spoken(city, "是的")).startswith("已撤销工单")
    assert (await city.database.reader.ticket(record["ticket_id"]))["status"] == "withdrawn"


async def test_a_voice_message_first_of_all_asks_for_progress(city: ConversationHouse) -> None:
    assert "没有查到您名下的工单" in await spoken(city, "进度怎么样了")


@pytest.mark.parametrize(
    "text", ["有没有人啊", "打错了", "你们上班吗", "12345678", "322", "my house", "我家", "草泥马", "ty"]
)
def test_what_holds_no_demand_is_greeted_and_asked_for_one(prefill: PrefillReader, text: str) -> None:
    flow = TextFlow(engine=FlowEngine(FLOWS), prefill=prefill)
    for first in (text, "你好"):
        turn = flow.take(flow.begin("chat", language="zh", phone_known=False), Heeded(at=NOW, text=first), opening=True)
        if first != text:
            turn.lines = []
            flow.take(turn, Heeded(at=NOW, text=text), opening=False)
        assert turn.lines
        assert (turn.content, turn.demand_taken, turn.state.vars.get("demand")) == (None, False, None)
        assert not any("发生在哪里？" in line or "Where is it" in line for line in turn.lines)


@pytest.mark.parametrize("text", ["3栋", "12号", "12号楼", "三单元", "5楼", "301室"])
def test_a_house_number_answers_where(prefill: PrefillReader, text: str) -> None:
    flow = TextFlow(engine=FlowEngine(FLOWS), prefill=prefill)
    turn = flow.take(
        flow.begin("chat", language="zh", phone_known=False), Heeded(at=NOW, text="路灯不亮"), opening=True
    )
    turn = flow.take(Turn(state=turn.state), Heeded(at=NOW, text=text), opening=False)
    assert any("联系电话" in line for line in turn.lines)
    assert [g.value for g in turn.guesses if g.path == "place.address"] == [text]


@pytest.mark.parametrize(
    "said",
    [
        ("我没有电话但是我家在海甸三东路停电了",),
        ("海甸三东路停电了", "我没带电话"),
        ("海甸三东路停电了", "my phone is lost"),
        ("海甸三东路停电了", "我的手机被偷了"),
    ],
)
def test_nobody_without_a_phone_is_asked_again(prefill: PrefillReader, said: tuple[str, ...]) -> None:
    flow = TextFlow(engine=FlowEngine(FLOWS), prefill=prefill)
    turn = flow.begin("chat", language="zh", phone_known=False)
    for n, text in enumerate(said):
        turn.lines = []
        flow.take(turn, Heeded(at=NOW, text=text), opening=n == 0)
    assert not any("请留一个联系电话" in line or "请写下手机号" in line for line in turn.lines)
    assert any(line.startswith(("谢谢", "Thank")) for line in turn.lines)


async def test_a_voice_message_about_another_matter_is_asked_for_in_writing(city: ConversationHouse) -> None:
    record = await city.say("1", "海甸五西路12号停水了", identities=PHONE)
    answer = await spoken(city, "美兰区和平大道的井盖没了")
    assert answer.startswith("听起来是另一件事")
    assert "井盖" in (await city.database.reader.ticket(record["ticket_id"]))["demand"]["content"]
    assert "另一件事" not in await spoken(city, "整个小区都没水")
    (own,) = await said(city, "美兰区和平大道的井盖没了")
    assert "这是另一件事，已单独登记" in own
