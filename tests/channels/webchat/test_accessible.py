"""The widget for everybody: axe, the keyboard alone, two languages, light and dark, a phone and a desk."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.webchat.axe import axe_source
from tests.channels.webchat.harness import Site
from tests.channels.webchat.widget import Widget, widget

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[3]
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Widget]:
    async with widget(tmp_path / "profile") as opened:
        yield opened


async def _talk(page: Widget, chat: Site) -> None:
    """A short conversation with everything in it that is drawn differently."""
    await page.open()
    await page.live()
    await page.say("龙华区海垦街道金垦路的路灯坏了三盏，晚上很黑，老人不敢出门。")
    await page.delivered(1)
    sender = chat.house.received[0].sender
    await chat.house.say(
        "web",
        sender,
        "收到，已为您登记。请问具体在哪个路口或小区附近？也可以点“+”发送位置。",
        quick_replies=(("1", "金垦路与海垦路口"), ("2", "我来发位置"), ("人工", "转人工")),
    )
    await page.element(".reply")


async def _axe(page: Widget, source: str, where: str) -> list[str]:
    await page.browser.js(f"if(!window.axe){{{source};window.axe=axe}}")
    script = (
        "const done=arguments[arguments.length-1];"
        "axe.run(document.querySelector('hotline-chat'),{runOnly:arguments[0]})"
        ".then(r=>done(r.violations),e=>done([{id:String(e),nodes:[]}]))"
    )
    found = await page.browser.command("POST", "/execute/async", {"script": script, "args": [_RULES]})
    return [f"{where}: {one['id']}: {[n['html'][:120] for n in one['nodes']]}" for one in found]


async def test_axe_finds_nothing(chat: Site, page: Widget, tmp_path: Path) -> None:
    source, missing = await axe_source(tmp_path)
    if source is None:
        pytest.skip(missing)
    found: list[str] = []
    # Half-way through its entrance a window is half transparent: no state to measure contrast in.
    still = {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    await page.browser.cdp("Emulation.setEmulatedMedia", still)
    for lang, theme, width in (("zh-CN", "light", 1440), ("en", "dark", 1440), ("zh-CN", "dark", 360)):
        chat.attributes = f'data-lang="{lang}" data-theme="{theme}"'
        await page.browser.resize(width, 800)
        await page.browser.open(f"{chat.foreign}/")
        await page.element(".launcher")
        where = f"{lang} {theme} {width}"
        found += await _axe(page, source, f"{where} closed")
        await _talk(page, chat) if not chat.house.received else await page.open()
        await page.live()
        await page.element(".reply")
        found += await _axe(page, source, f"{where} open")
        await page.click("[aria-controls=attach]")
        found += await _axe(page, source, f"{where} attach")
        await page.browser.press("Escape")
        await page.click("[aria-controls=menu]")
        found += await _axe(page, source, f"{where} menu")
        await page.click(".menu .option")
        await page.element(".card")
        found += await _axe(page, source, f"{where} rating")
    chat.refuse_sockets = True
    await page.browser.offline(on=True)
    await page.browser.press("Escape")
    await page.element(".notice")
    found += await _axe(page, source, "offline")
    assert found == [], json.dumps(found, ensure_ascii=False, indent=1)


async def test_the_keyboard_is_enough(chat: Site, page: Widget) -> None:
    await page.browser.open(f"{chat.foreign}/")
    await page.element(".launcher")
    await page.browser.js("document.querySelector('#link').focus()")
    await page.browser.press("Tab")
    assert await page.focus_name() == "打开 12345 在线服务"
    await page.browser.press("Enter")
    await page.live()
    assert await page.focus_name() == "消息"
    await page.browser.type("只用键盘")
    await page.browser.press("Enter")
    await page.delivered(1)
    assert await page.focus_name() == "消息"
    await chat.house.say("web", chat.house.received[0].sender, "请选择", quick_replies=(("a", "甲"), ("b", "乙")))
    await page.element(".reply")
    names = []
    for _ in range(4):
        await page.browser.press("Tab", shift=True)
        names.append(await page.focus_name())
    assert names[0] == "添加照片、文件或位置"
    assert names[1:3] == ["乙", "甲"]
    await page.browser.press("Tab")
    await page.browser.press("Tab")
    await page.browser.press("Enter")
    await page.delivered(2)
    assert chat.house.received[1].choice in {"a", "b"}
    await page.browser.press("Tab", shift=True)
    await page.browser.press("Enter")
    assert await page.focus_name() == "照片"
    await page.browser.press("Escape")
    assert await page.focus_name() == "添加照片、文件或位置"
    await page.browser.press("Escape")
    assert await page.focus_name() == "打开 12345 在线服务"
    assert await page.js("return R.querySelector('.panel').hidden") is True


async def test_on_a_phone_the_window_keeps_the_focus_and_a_desk_lets_it_go(chat: Site, page: Widget) -> None:
    await page.browser.resize(360, 740)
    await page.browser.open(f"{chat.foreign}/")
    await page.open()
    await page.live()
    assert await page.js("return R.querySelector('.panel').getAttribute('aria-modal')") == "true"
    for _ in range(12):
        await page.browser.press("Tab")
        assert await page.browser.js("return document.activeElement.tagName") == "HOTLINE-CHAT"
    assert await page.browser.js("return document.documentElement.scrollWidth<=innerWidth") is True
    await page.browser.resize(1440, 900)
    await page.browser.press("Escape")
    await page.open()
    assert await page.js("return R.querySelector('.panel').getAttribute('aria-modal')") is None


async def test_readers_hear_news_once_and_no_history(chat: Site, page: Widget) -> None:
    await page.browser.open(f"{chat.foreign}/")
    await page.element(".launcher")
    log = "const l=R.querySelector('[role=log]');return [l.getAttribute('aria-busy'),l.getAttribute('aria-live')]"
    assert await page.js(log) == ["true", "polite"]
    await _talk(page, chat)
    assert await page.js(log) == ["false", "polite"]
    await page.browser.press("Escape")
    await chat.house.say("web", chat.house.received[0].sender, "师傅已出发")
    await page.see("12345：师傅已出发", "[aria-live=polite]:not([role=log])")


@pytest.mark.parametrize(
    ("lang", "title", "box"), [("en", "12345 City Hotline", "Message"), ("", "12345 在线服务", "消息")]
)
async def test_it_speaks_both_languages(chat: Site, page: Widget, lang: str, title: str, box: str) -> None:
    chat.attributes = f'data-lang="{lang}"' if lang else ""
    await page.browser.open(f"{chat.foreign}/")
    await page.open()
    await page.see(title, "#title")
    assert await page.focus_name() == box
    assert (await page.js("return R.querySelector('.frame').lang")) == (lang or "zh-CN")


async def test_the_languages_have_the_same_words(chat: Site, page: Widget) -> None:
    await page.browser.open(f"{chat.foreign}/")
    script = (
        "const done=arguments[1];import(arguments[0]+'/chat/web/words.js').then(({languages:l})=>"
        "done(Object.values(l).map(t=>Object.entries(t).map(([k,v])=>k+typeof v+(v.length??'')).map("
        "s=>s.replace(/string\\d+/,'string')))))"
    )
    zh, en = await page.browser.command("POST", "/execute/async", {"script": script, "args": [chat.base]})
    assert zh == en


async def test_pictures_for_the_readme(chat: Site, page: Widget, tmp_path: Path) -> None:
    """Draws docs/images/webchat-*.png when WEBCHAT_PICTURES is set; always looks that nothing is cut off."""
    folder = ROOT / "docs" / "images" if os.environ.get("WEBCHAT_PICTURES") else tmp_path
    chat.attributes = 'data-theme="auto"'
    await page.browser.open(f"{chat.foreign}/")
    await _talk(page, chat)
    for name, width, height, dark in (
        ("1440", 1440, 900, False),
        ("1440-dark", 1440, 900, True),
        ("360", 360, 740, False),
        ("360-dark", 360, 740, True),
    ):
        await page.browser.resize(width, height)
        await page.browser.dark(on=dark)
        await page.until(
            "return R.querySelector('.frame').dataset.scheme===arguments[0]",
            "wrong colours",
            "dark" if dark else "light",
        )
        box = await page.js(
            "const b=R.querySelector('.panel').getBoundingClientRect();return [b.left,b.top,b.right,b.bottom]"
        )
        assert box[0] >= 0
        assert box[1] >= 0
        assert box[2] <= width
        assert box[3] <= height
        await page.browser.picture(folder / f"webchat-{name}.png")
        assert (folder / f"webchat-{name}.png").stat().st_size > 10_000


async def test_a_page_of_our_own_shows_nothing_but_the_chat(chat: Site, page: Widget) -> None:
    await page.browser.resize(800, 700)
    await page.browser.open(f"{chat.base}/chat/web")
    await page.live()
    await page.say("从二维码进来")
    await page.delivered(1)
    assert await page.js("return [R.querySelector('.launcher'),R.querySelector('.close')]") == [None, None]
    assert [line for line in await page.browser.complaints() if "favicon" not in line] == []


@pytest.mark.parametrize(("width", "height"), [(360, 740), (480, 800), (800, 700), (1440, 900)])
async def test_a_page_of_our_own_has_no_strips(chat: Site, page: Widget, width: int, height: int) -> None:
    await page.browser.resize(width, height)
    for dark, ground in ((False, "rgb(244, 243, 238)"), (True, "rgb(16, 21, 20)")):
        await page.browser.dark(on=dark)
        await page.browser.open(f"{chat.base}/chat/web")
        await page.live()
        frame, panel = await page.js(
            "return ['.frame','.panel'].map(css=>{const b=R.querySelector(css).getBoundingClientRect();"
            "return [b.left,b.top,b.right,b.bottom]})"
        )
        assert frame == [0, 0, width, height]
        assert panel[1::2] == [0, height]
        assert panel[2] - panel[0] == min(width, 760)
        behind = await page.js(
            "const e=document.scrollingElement;return [getComputedStyle(document.documentElement).backgroundColor,"
            "e.scrollHeight-e.clientHeight,e.scrollWidth-e.clientWidth]"
        )
        assert behind == [ground, 0, 0]
    assert "viewport-fit=cover" in await page.js("return document.querySelector('meta[name=viewport]').content")
