"""The widget in a real browser: the few things a person does, reaching into its shadow root."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.browser import ELEMENT, Browser, chromium

FLAGS = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
_ROOT = "const R=document.querySelector('hotline-chat').shadowRoot;"


class Widget:
    """One browser with the widget on its page."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    async def js(self, script: str, *args: Any) -> Any:
        """``script`` with ``R``, the widget's shadow root."""
        return await self.browser.js(_ROOT + script, *args)

    async def element(self, css: str) -> str:
        script = "const e=[...R.querySelectorAll(arguments[0])].find(e=>e.getClientRects().length);return e||null"

        async def look() -> str | None:
            found = await self.js(script, css)
            return found[ELEMENT] if found else None

        return str(await self.browser.until(look, f"no {css} to be seen"))

    async def click(self, css: str) -> None:
        await self.browser.command("POST", f"/element/{await self.element(css)}/click")

    async def open(self) -> None:
        await self.browser.find("hotline-chat")
        await self.click(".launcher")
        await self.element(".composer textarea")

    async def say(self, text: str) -> None:
        await self.js("R.querySelector('.line textarea').focus()")
        await self.browser.type(text)
        await self.browser.press("Enter")

    async def see(self, text: str, css: str = ".panel") -> None:
        script = "return [...R.querySelectorAll(arguments[0])].some(e=>e.innerText.includes(arguments[1]))"
        await self.until(script, f"{text!r} never appeared in {css}", css, text)

    async def until(self, script: str, failure: str, *args: Any) -> Any:
        async def look() -> Any:
            return await self.js(script, *args)

        try:
            return await self.browser.until(look, failure)
        except AssertionError as error:
            raise AssertionError(f"{error}; widget: {await self.text('.panel')}") from None

    async def text(self, css: str) -> str:
        return str(await self.js("const e=R.querySelector(arguments[0]);return e?e.innerText:''", css))

    async def live(self) -> None:
        await self.until("return R.querySelector('.frame').dataset.state==='live'", "the line never came up")

    async def bubbles(self) -> list[str]:
        found = await self.js("return [...R.querySelectorAll('.row-you .bubble')].map(e=>e.lastChild.textContent)")
        return [str(text) for text in found]

    async def delivered(self, count: int) -> None:
        """Until so many messages of the person show that they are stored, and none waits."""
        await self.until(
            "return R.querySelectorAll('.mark-sent').length===arguments[0]&&"
            "!R.querySelector('.mark-queued,.mark-sending')",
            f"not {count} delivered messages",
            count,
        )

    async def focus_name(self) -> str:
        """The accessible name of what has the focus within the widget."""
        return str(
            await self.js("const e=R.activeElement;return e?(e.getAttribute('aria-label')||e.innerText||e.tagName):''")
        ).strip()


@asynccontextmanager
async def widget(profile: Path) -> AsyncIterator[Widget]:
    async with chromium(profile, *FLAGS) as browser:
        await browser.resize(1440, 900)
        yield Widget(browser)
