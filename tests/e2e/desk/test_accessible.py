"""The desk by keyboard, by screen reader, small and large, light and dark, in both languages; its pictures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.domain.words import Disposition
from tests.support.browser import Browser
from tests.support.web_house import PASSWORD, TONE, WebHouse, final

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[3]
KEPT = {
    "login",
    "list-1440",
    "list-360",
    "live-1440",
    "live-360",
    "callbacks-1440",
    "callbacks-360",
    "ticket-en",
    "files-1440",
    "case-1440",
    "overdue-1440",
    "overdue-360",
    "replies-1440",
    "replies-360",
} | {f"ticket-{width}{dark}" for width in (1440, 360) for dark in ("", "-dark")}

AUDIT = (Path(__file__).parent / "audit.js").read_text(encoding="utf-8")


async def sound(browser: Browser, where: str) -> None:
    found = await browser.js(AUDIT)
    assert found == [], f"{where}:\n" + "\n".join(found)
    told = (
        "const named=[...document.querySelectorAll('[aria-label],[title],[alt],[download]')].flatMap((e)=>"
        "['aria-label','title','alt','download'].map((name)=>e.getAttribute(name)||''));"
        "return [document.body.innerText,...named].join('\\n').match(/\\b[0-9A-HJKMNP-TV-Z]{26}\\b/g)||[]"
    )
    assert await browser.js(told) == [], f"{where} shows internal ids"


async def fill_house(house: WebHouse) -> dict[str, str]:
    """A morning at the hotline."""
    calls = (
        ("noise", "你好，我要投诉楼下烧烤店半夜噪音扰民，在美兰区海甸街道，请尽快处理。", Disposition.COMPLETED),
        ("silent", "", Disposition.ABANDONED_IN_FLOW),
        ("tax", "我想咨询一下小微企业的减税政策，需要准备什么材料？", Disposition.COMPLETED),
        ("praise", "表扬一下琼山区的交警同志，态度很好。", Disposition.INTERRUPTED),
        (
            "lamp",
            "我叫王小明，龙华区金贸街道万绿小区的路灯坏了三天，物业收了五百块也没修，请尽快处理，电话13912345678。",
            Disposition.COMPLETED,
        ),
    )
    made = {}
    for n, (key, said, disposition) in enumerate(calls):
        user = f"138{n}0138000"  # people of their own: who calls again is owed no call any more
        call = await house.finished_call(said, external_id=key, seconds=14, disposition=disposition, user=user)
        made[key] = call.ticket_id
    contact = await house.contact(
        "秀英区秀英街道人行道地砖松动，下雨天溅水，建议尽快修复。",
        requester={"kind": "enterprise", "name": "李四海", "phone": "13700001234", "org_name": "某某科技有限公司"},
    )
    made["paving"] = contact["ticket_id"]
    live = house.call(external_id="live", user="13600136000")
    location = house.recordings.location(live.interaction_id, live.started_at)
    await live.open({"name": "hotline", "version": "1"}, location)
    writer = house.recordings.start(live.interaction_id, live.started_at)
    for _ in range(400):
        writer.write(TONE, TONE)
    await live.answered()
    live.said("您好，这里是12345热线，请说明您的诉求。", 0, 2400, "zh")
    await live.heard(final("我们小区停水两天了，", 2600, 5200))
    await live.heard(final("物业说不知道什么时候来水。", 5400, 7900))
    made["live"] = live.ticket_id
    return made


async def picture(browser: Browser, name: str) -> None:
    """Pictures for the README are renewed when asked for: DESK_PICTURES=1."""
    if os.environ.get("DESK_PICTURES") and name in KEPT:
        await browser.picture(ROOT / "docs" / "images" / f"desk-{name}.png")


async def log_in(browser: Browser, house: WebHouse) -> None:
    await browser.open(f"{house.url}/desk/")
    await browser.fill("#username", "wang")
    await browser.fill("#password", PASSWORD)
    await browser.press("Enter")


async def test_every_page_is_sound_small_and_large_light_and_dark(house: WebHouse, browser: Browser) -> None:
    made = await fill_house(house)
    await browser.open(f"{house.url}/desk/")
    await browser.see("登录坐席台")
    await sound(browser, "login")
    await picture(browser, "login")
    await log_in(browser, house)
    pages = (
        ("list", "", "路灯"),
        ("ticket", f"tickets/{made['lamp']}", "文字记录"),
        ("live", f"tickets/{made['live']}", "物业说不知道"),
        ("message", f"tickets/{made['paving']}", "留言内容"),
        ("callbacks", "callbacks", "应回拨时间"),
    )
    await browser.see("实时")
    for width, height in ((1440, 900), (360, 780)):
        await browser.resize(width, height)
        for dark in (False, True):
            await browser.dark(on=dark)
            for name, path, text in pages:
                await browser.open(f"{house.url}/desk/#/{path}")
                await browser.see(text)
                if name in {"ticket", "live"}:
                    await browser.see("00:14" if name == "ticket" else "00:0", ".player .times")
                await sound(browser, f"{name} {width} {'dark' if dark else 'light'}")
                await picture(browser, f"{name}-{width}{'-dark' if dark else ''}")


async def test_the_checker_finds_what_is_wrong(house: WebHouse, browser: Browser) -> None:
    await browser.open(f"{house.url}/desk/")
    await browser.see("登录坐席台")
    await browser.js(
        "const add=(html)=>document.querySelector('main').insertAdjacentHTML('beforeend',html);"
        "add('<button></button>');add('<p id=faint>faint words</p>');add('<a href=x id=faint>twice</a>');"
        "document.querySelector('#faint').style.color='#ccc';document.body.style.width='3000px'"
    )
    found = "\n".join(await browser.js(AUDIT))
    for flaw in ("no name", "contrast", "id twice", "target", "scrolls sideways"):
        assert flaw in found


async def test_the_whole_way_works_by_keyboard(house: WebHouse, browser: Browser) -> None:
    await fill_house(house)
    await browser.open(f"{house.url}/desk/")
    await browser.see("登录坐席台")
    await browser.focus_on("用户名")
    await browser.type("wang")
    await browser.press("Tab")
    await browser.type(PASSWORD)
    await browser.press("Enter")
    await browser.see("路灯", ".rows")
    await browser.js("document.activeElement.blur()")
    await browser.press("Tab")
    await browser.focus_on("跳到主要内容")
    await browser.press("Enter")
    assert await browser.js("return document.activeElement.id") == "main"
    await browser.js("document.querySelector('.rows a').focus()")
    await browser.press("Down")
    await browser.press("Down")
    chosen = await browser.js("return document.activeElement.getAttribute('href')")
    await browser.press("Enter")
    await browser.find("#field-demand-type")
    assert chosen in await browser.js("return location.hash")
    await browser.until(
        lambda: browser.js("return document.activeElement.id==='ticket-title'"),
        "the focus is not at the ticket's title",
    )
    seen = []
    for _ in range(60):
        await browser.press("Tab")
        seen.append(await browser.focused())
        outlined = await browser.js(
            "const e=document.activeElement;return e===document.body||getComputedStyle(e).outlineStyle!=='none'"
        )
        assert outlined, f"no focus ring on {seen[-1]}"
        if "播放位置" in seen:
            break
    assert "类型" in seen
    assert "播放" in seen
    assert "播放位置" in seen


async def test_both_languages_are_whole(house: WebHouse, browser: Browser) -> None:
    made = await fill_house(house)
    await log_in(browser, house)
    await browser.see("实时")
    missing = await browser.command(
        "POST",
        "/execute/async",
        {
            "script": """
            const done = arguments[0];
            const keys = (node, path = "") => Object.entries(node).flatMap(([key, value]) =>
              value && typeof value === "object" ? keys(value, `${path}${key}.`) : [`${path}${key}:${typeof value}`]);
            import("/desk/shared/words.js").then(({ WORDS }) => {
              const zh = keys(WORDS.zh), en = keys(WORDS.en);
              done([...zh.filter((k) => !en.includes(k)), ...en.filter((k) => !zh.includes(k))]);
            }, (error) => done([String(error)]));""",
            "args": [],
        },
    )
    assert missing == []
    assert await browser.js("return document.documentElement.lang") == "zh-CN"
    await browser.click("button[aria-label='Switch to English']")
    await browser.see("Callbacks")
    assert await browser.js("return document.documentElement.lang") == "en"
    chinese = (
        "const r=[];const w=document.createTreeWalker(document.body,NodeFilter.SHOW_TEXT);"
        "while(w.nextNode()){const e=w.currentNode.parentElement;const t=w.currentNode.textContent.trim();"
        "const own='[lang=zh-CN],[lang=zh],noscript,.row-text,.row-where,.marked,.quote,.messages,'"
        "+'.mentions,.similar-list,.offer';"
        "if(/[\\u4e00-\\u9fff]/.test(t)&&!e.closest(own))"
        "r.push(t)}return r"
    )
    for name, path, text in (
        ("list", "", "Tickets"),
        ("ticket", f"tickets/{made['lamp']}", "Transcript"),
        ("", "callbacks", "left"),
    ):
        await browser.open(f"{house.url}/desk/#/{path}")
        await browser.see(text)
        assert await browser.js(chinese) == []
        await sound(browser, f"{name} in English")
        if name:
            await picture(browser, f"{name}-en")
    await browser.reload()
    await browser.see("Callbacks")


async def test_motion_stops_for_who_wants_none(house: WebHouse, browser: Browser) -> None:
    await fill_house(house)
    await log_in(browser, house)
    await browser.see("通话中")
    moving = "return getComputedStyle(document.querySelector('.live-dot')).animationName"
    assert await browser.js(moving) == "breathe"
    await browser.cdp(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    )
    assert await browser.js(moving) == "none"
