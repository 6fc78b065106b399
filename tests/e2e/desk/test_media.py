"""What citizens sent, at the desk: pictures small and whole, files to keep, by hand, keyboard and screen reader."""

from __future__ import annotations

import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.change import Change, NewEvent
from gateway.intake.media.attachment_files import AttachmentFiles
from tests.e2e.desk.test_accessible import picture, sound
from tests.integration.web.test_contact_sources import form
from tests.support.browser import Browser
from tests.support.web_house import WebHouse, web_house

pytestmark = pytest.mark.e2e
HEIC = b"\0\0\0\x18ftypheic" + bytes(60)
VIEWER = "document.querySelector('dialog.viewer')"


def png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """A picture of one colour with a lighter band across it."""
    light = tuple(min(255, one + 70) for one in colour)
    rows = b"".join(b"\0" + bytes(light if height // 3 < y < height // 2 else colour) * width for y in range(height))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    whole = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + whole


PNG = png(640, 480, (40, 90, 120))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    async with web_house(tmp_path, files=AttachmentFiles(tmp_path / "attachments")) as opened:
        yield opened


async def sent(house: WebHouse, *files: tuple[str, bytes], **more: Any) -> str:
    """The ticket of a contact with these files."""
    body = {"source": {"name": "app", "event_id": "e"}, "content": "井盖缺失，见照片", **more}
    status, answer = await house.ask("POST", "/api/v1/contacts", "contacts", data=form(body, *files))
    assert status == 201, answer
    return str(answer["ticket_id"])


async def opened(house: WebHouse, desk: Browser, ticket_id: str) -> None:
    await desk.open(f"{house.url}/desk/#/tickets/{ticket_id}")
    await desk.find("#field-demand-type")


async def loaded(desk: Browser, css: str, width: int) -> None:
    script = "const e=document.querySelector(arguments[0]);return Boolean(e)&&e.complete&&e.naturalWidth===arguments[1]"
    await desk.find(css)
    await desk.js("document.querySelector(arguments[0]).scrollIntoView()", css)
    await desk.until(lambda: desk.js(script, css, width), f"{css} did not load")


async def test_pictures_are_seen_small_and_whole_and_every_file_can_be_kept(house: WebHouse, desk: Browser) -> None:
    other = png(320, 200, (120, 60, 40))
    ticket = await sent(
        house, ("井盖.png", PNG), ("路口.png", other), ("原图.heic", HEIC), ("说明.txt", "在路口".encode())
    )
    await opened(house, desk, ticket)
    await desk.see("井盖缺失", ".messages")
    await loaded(desk, ".thumb img", 640)
    assert await desk.js("return document.querySelectorAll('.thumb').length") == 2
    await desk.see("原图.heic", ".file")
    links = "return [...document.querySelectorAll('a[download]')].map((a)=>a.getAttribute('download'))"
    assert await desk.js(links) == ["井盖.png", "路口.png", "原图.heic", "说明.txt"]
    await sound(desk, "files of a ticket")
    await picture(desk, "files-1440")
    await desk.js("document.querySelector('.thumb').focus()")
    assert "井盖.png" in await desk.focused()
    await desk.press("Enter")
    await loaded(desk, "dialog.viewer img", 640)
    await desk.focus_on("关闭")
    await sound(desk, "a picture as a whole")
    await desk.press("\ue014")  # right
    await loaded(desk, "dialog.viewer img", 320)
    await desk.see("第 2 张，共 2 张：路口.png", "dialog.viewer")
    await desk.press("Escape")
    await desk.until(lambda: desk.js(f"return {VIEWER}===null"), "Escape did not close it")
    await desk.focus_on("井盖.png")
    assert [one for one in await desk.complaints() if "Content Security Policy" in one] == []
    for dark in (False, True):
        await desk.dark(on=dark)
        await desk.resize(360, 780)
        await desk.reload()
        await loaded(desk, ".thumb img", 640)
        await sound(desk, f"files on a phone, dark {dark}")
    await desk.click(".thumb")
    await loaded(desk, "dialog.viewer img", 640)
    await sound(desk, "a picture on a phone")


async def test_a_picture_that_unfolds_to_gigabytes_is_only_downloaded(house: WebHouse, desk: Browser) -> None:
    bomb = PNG[:16] + struct.pack(">II", 60_000, 60_000) + PNG[24:]
    ticket = await sent(house, ("大图.png", bomb))
    await opened(house, desk, ticket)
    await desk.js("document.querySelector('.messages').scrollIntoView()")
    await desk.see("此处无法显示", ".file")
    assert await desk.js("return document.querySelector('a[download]').getAttribute('download')") == "大图.png"


async def test_of_who_asked_for_secrecy_nothing_is_fetched_before_the_look_is_written_down(
    house: WebHouse, desk: Browser
) -> None:
    ticket = await sent(house, ("井盖.png", PNG), requester={"name": "王小明", "secret": True})
    await desk.js(
        "window.asked=[];new PerformanceObserver((list)=>list.getEntries().forEach((one)=>window.asked.push(one.name)))"
        ".observe({type:'resource'})"
    )
    await opened(house, desk, ticket)
    await desk.see("诉求人要求保密", ".file")
    assert await desk.js("return document.querySelectorAll('.thumb').length") == 0
    assert [one for one in await desk.js("return window.asked") if "/attachments/" in one] == []
    await desk.click(".review .button")
    await desk.see("本次查看已留痕")
    await loaded(desk, ".thumb img", 640)


async def test_files_that_stayed_at_their_source_and_a_rating_are_shown(house: WebHouse, desk: Browser) -> None:
    elsewhere = {"name": "现场.jpg", "media_type": "image/jpeg", "url": "https://grid.example/1.jpg"}
    made = await house.contact(attachments=[elsewhere])
    rated = {
        ("outcome", "evaluation", "channel"): "webchat",
        ("outcome", "evaluation", "satisfied"): 2,
        ("outcome", "evaluation", "comment"): "等太久，请打13912345678",
    }
    event = NewEvent(type="ticket.rated", at=house.clock.now(), data={"satisfied": 2})
    await house.database.changes.apply(Change(ticket_id=made["ticket_id"], ticket_fields=rated, events=(event,)))
    await opened(house, desk, made["ticket_id"])
    await desk.see("现场.jpg", ".files")
    assert await desk.js("return document.querySelector('.files a').rel") == "noopener noreferrer"
    await desk.see("2 分")
    await desk.see("等太久，请打139****5678")
    await sound(desk, "rating")
