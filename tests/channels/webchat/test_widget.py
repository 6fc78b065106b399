"""The widget in real browsers: what a person sees, through cuts, reloads, two tabs and two people."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.errors import StoreUnavailable
from tests.channels.webchat.harness import Site
from tests.channels.webchat.test_guards import PNG
from tests.channels.webchat.widget import Widget, widget
from tests.support.waiting import until

pytestmark = pytest.mark.e2e


@pytest.fixture
async def page(chat: Site, tmp_path: Path) -> AsyncIterator[Widget]:
    """A foreign page with the widget, its window open and its line up."""
    async with widget(tmp_path / "profile") as opened:
        await opened.browser.open(f"{chat.foreign}/")
        await opened.open()
        await opened.live()
        yield opened


async def _cut(page: Widget, chat: Site, *, on: bool) -> None:
    """Take the network away: from the browser, and from under its open line."""
    await page.browser.offline(on=on)
    if on:
        for line in chat.channel._exchange.lines:
            await line.close()


async def test_a_message_becomes_a_ticket_and_is_answered(chat: Site, page: Widget) -> None:
    await page.say("龙华区的路灯坏了")
    await page.delivered(1)
    await page.see("已登记，工单号 20261123-0000001")
    message = chat.house.received[0]
    assert message.text == "龙华区的路灯坏了"
    await chat.house.say(
        "web", message.sender, "请问在哪里？", quick_replies=(("here", "发位置"), ("人工", "转人工")), external_id="o1"
    )
    await page.see("请问在哪里？", ".row-us")
    await page.click(".reply:nth-child(2)")
    await page.delivered(2)
    assert (chat.house.received[1].text, chat.house.received[1].choice) == ("转人工", "人工")
    assert await page.js("return R.querySelectorAll('.reply').length") == 0
    await until(lambda: ("o1", "read") in [(r.external_id, r.state) for r in chat.house.receipts])
    assert [line for line in await page.browser.complaints() if "favicon" not in line] == []


async def test_what_is_written_without_a_network_goes_out_once_when_it_is_back(chat: Site, page: Widget) -> None:
    await page.say("第一条")
    await page.delivered(1)
    await _cut(page, chat, on=True)
    await page.see("网络已断开")
    for text in ("第二条", "第三条"):
        await page.say(text)
    await page.see("等待发送")
    assert len(chat.house.received) == 1
    await _cut(page, chat, on=False)
    await page.live()
    await page.delivered(3)
    assert [message.text for message in chat.house.received] == ["第一条", "第二条", "第三条"]


async def test_a_reload_resumes_the_conversation_and_what_waited_is_sent(chat: Site, page: Widget) -> None:
    await page.say("重新打开以前")
    await page.delivered(1)
    chat.house.failure = StoreUnavailable("disk full", retry_after_s=1)
    await page.say("还没有存下")
    await page.until("return R.querySelector('.mark-queued,.mark-sending')", "it does not wait")
    chat.house.failure = None
    await _cut(page, chat, on=True)
    await page.say("断网时写的")
    await page.until("return R.querySelectorAll('.mark-queued').length===2", "not two messages wait")
    await _cut(page, chat, on=False)
    await page.browser.reload()
    await page.open()
    await page.live()
    await page.delivered(3)
    written = ["重新打开以前", "还没有存下", "断网时写的"]
    assert await page.bubbles() == written
    assert [message.text for message in chat.house.received] == written
    assert len({message.sender for message in chat.house.received}) == 1


async def test_two_people_at_once_stay_apart(chat: Site, page: Widget, tmp_path: Path) -> None:
    async with widget(tmp_path / "second") as other:
        await other.browser.open(f"{chat.foreign}/")
        await other.open()
        await other.live()
        await asyncio.gather(page.say("我是甲"), other.say("我是乙"))
        await page.delivered(1)
        await other.delivered(1)
        senders = {message.text: message.sender for message in chat.house.received}
        assert senders["我是甲"] != senders["我是乙"]
        await chat.house.say("web", senders["我是甲"], "甲您好")
        await chat.house.say("web", senders["我是乙"], "乙您好")
        await page.see("甲您好")
        await other.see("乙您好")
        assert "乙" not in await page.text(".log")
        assert "甲" not in await other.text(".log")


async def test_two_tabs_show_one_conversation(chat: Site, page: Widget) -> None:
    await page.say("从第一个窗口")
    await page.delivered(1)
    first = await page.browser.command("GET", "/window")
    opened = await page.browser.command("POST", "/window/new", {"type": "tab"})
    await page.browser.command("POST", "/window", {"handle": opened["handle"]})
    await page.browser.open(f"{chat.foreign}/")
    await page.open()
    await page.see("从第一个窗口", ".row-you")
    await page.say("从第二个窗口")
    await page.delivered(2)
    await page.browser.command("POST", "/window", {"handle": first})
    await page.see("从第二个窗口", ".row-you")
    assert len({message.sender for message in chat.house.received}) == 1


async def test_unread_answers_are_counted_until_they_are_looked_at(chat: Site, page: Widget) -> None:
    await page.say("你好")
    await page.delivered(1)
    await page.browser.press("Escape")
    sender = chat.house.received[0].sender
    for n in range(2):
        await chat.house.say("web", sender, f"回复 {n}", external_id=f"o{n}")
    await page.see("2", ".count")
    assert await page.focus_name() == "打开 12345 在线服务，2 条未读消息"
    await until(lambda: [r.state for r in chat.house.receipts] == ["delivered", "delivered"])
    await page.browser.reload()
    await page.see("2", ".count")
    await page.open()
    await page.until("return R.querySelector('.count').hidden", "still unread")
    await until(lambda: [r.state for r in chat.house.receipts[2:]] == ["read", "read"])


async def test_pictures_files_places_and_voices_are_sent_and_seen_again(
    chat: Site, page: Widget, tmp_path: Path
) -> None:
    picture, letter = tmp_path / "路灯.png", tmp_path / "情况说明.pdf"
    picture.write_bytes(PNG)
    letter.write_bytes(b"%PDF-1.7\n%test")
    for css, path in (("input[accept]", picture), (".picker:not([accept])", letter)):
        found = await page.js("return R.querySelector(arguments[0])", css)
        element = next(iter(found.values()))
        await page.browser.command("POST", f"/element/{element}/value", {"text": str(path)})
    await page.delivered(2)
    await page.browser.cdp("Browser.grantPermissions", {"permissions": ["geolocation"], "origin": chat.foreign})
    await page.browser.cdp(
        "Emulation.setGeolocationOverride", {"latitude": 20.031, "longitude": 110.331, "accuracy": 10}
    )
    await page.click("[aria-controls=attach]")
    await page.click(".attach .option:nth-child(3)")
    await page.delivered(3)
    await page.click("[aria-label=录制语音消息]")
    await page.see("正在录音 0:01", ".recorder")
    await page.click("[aria-label=停止录音并发送]")
    await page.delivered(4)
    image, file, place, voice = chat.house.received
    assert image.media is not None
    assert file.media is not None
    assert voice.media is not None
    assert (image.kind, image.media.data, image.media.name) == ("image", PNG, "路灯.png")
    assert (file.kind, file.media.media_type) == ("file", "application/pdf")
    assert place.location is not None
    assert (place.location.lat, place.location.lon, place.location.crs) == (20.031, 110.331, "wgs84")
    assert voice.kind == "voice"
    assert voice.media.media_type in {"audio/webm", "audio/ogg"}
    assert len(voice.media.data or b"") > 1000
    await page.browser.reload()
    await page.open()
    await page.until("const i=R.querySelector('.picture img');return i&&i.naturalWidth>0", "the picture is gone")
    await page.element(".play")


async def test_a_file_that_is_refused_says_why_and_can_be_dropped(chat: Site, page: Widget, tmp_path: Path) -> None:
    program = tmp_path / "setup.exe"
    program.write_bytes(b"MZ\x90\x00" + bytes(64))
    found = await page.js("return R.querySelector('.picker:not([accept])')")
    await page.browser.command("POST", f"/element/{next(iter(found.values()))}/value", {"text": str(program)})
    await page.see("这种文件无法接收", ".row-you")
    await page.say("后面的照样送达")
    await page.delivered(1)
    await page.click(".mark-failed .linklike:last-child")
    await page.until("return !R.querySelector('.mark-failed')", "still there")
    assert [message.text for message in chat.house.received] == ["后面的照样送达"]


async def test_what_was_cleared_while_it_was_sent_is_not_kept(page: Widget) -> None:
    """The person clears a shared device while a picture is on its way; its answer comes afterwards."""
    await page.js(
        "const t=window.talk=document.querySelector('hotline-chat').talk;window.sent=[];"
        "t.transport.deliver=()=>new Promise(done=>window.sent.push(done));"
        "t.send({t:'media',kind:'image',name:'a.png'},new Blob(['x'],{type:'image/png'}))"
    )
    await page.until("return window.sent.length===1", "nothing was sent")
    await page.js("return window.talk.forget()")
    await page.js("window.sent[0]({t:'ack',seq:1,ticket_no:null})")
    await page.js("window.talk.send({t:'text',text:'新的'})")
    await page.until("return window.sent.length===2", "the next message was not sent")
    assert await page.js("return window.talk.store.all().then(all=>all.map(one=>one.frame.text||one.frame.name))") == [
        "新的"
    ]


async def test_a_house_that_is_starting_refuses_nothing_for_good(chat: Site, page: Widget) -> None:
    chat.refuse_sockets = True
    await page.browser.reload()
    await page.open()
    await page.live()
    await page.js(
        "const t=document.querySelector('hotline-chat').talk.transport;t.call0=t.call;"
        "t.call=()=>Promise.resolve({status:503,body:{code:'channel_starting'}})"
    )
    await page.say("还没收下")
    await page.until("return document.querySelector('hotline-chat').talk.missed===1", "it was not tried")
    assert await page.js("return R.querySelectorAll('.mark-failed').length") == 0
    await page.js("const t=document.querySelector('hotline-chat').talk.transport;t.call=t.call0")
    await page.delivered(1)
    assert [message.text for message in chat.house.received] == ["还没收下"]


async def test_where_no_websocket_passes_events_and_posts_do(chat: Site, page: Widget) -> None:
    chat.refuse_sockets = True
    await page.browser.reload()
    await page.open()
    await page.live()
    assert await page.js("return document.querySelector('hotline-chat').talk.transport.socketWorked") is False
    await page.say("不用 WebSocket")
    await page.delivered(1)
    await chat.house.say("web", chat.house.received[0].sender, "也能收到", external_id="o1")
    await page.see("也能收到")
    await until(lambda: [r.state for r in chat.house.receipts] == ["read"])


async def test_at_the_end_it_can_be_rated(chat: Site, page: Widget) -> None:
    await page.say("谢谢")
    await page.delivered(1)
    await page.click("[aria-controls=menu]")
    await page.click(".menu .option")
    await page.click(".star:nth-child(4)")
    await page.click(".card .button-main")
    await page.see("您的评价：★★★★☆")
    await page.see("对话已结束")
    await until(lambda: len(chat.house.received) == 3)
    rating, end = chat.house.received[1:]
    assert (rating.event, dict(rating.event_data), end.event) == ("rating", {"satisfied": 4}, "end")


async def test_a_device_can_forget(chat: Site, page: Widget) -> None:
    await page.say("图书馆的电脑")
    await page.delivered(1)
    await page.click("[aria-controls=menu]")
    await page.click(".menu .option:nth-child(2)")
    await page.click(".card .button-main")
    await page.until("return localStorage.length===0", "something is kept")
    await page.open()
    await page.live()
    await page.say("下一位")
    await page.delivered(1)
    assert "图书馆" not in await page.text(".log")
    assert len({message.sender for message in chat.house.received}) == 2


def test_the_picture_used_here_is_one() -> None:
    assert base64.b64encode(PNG).startswith(b"iVBOR")
