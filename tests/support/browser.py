"""Chromium over the W3C WebDriver protocol: the few commands that the desk's tests need."""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Down": "\ue015", "Up": "\ue013", "Escape": "\ue00c", "Space": " "}
SHIFT = "\ue008"
WAIT_S = 20.0


class Browser:
    """One browser window."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self._http = http
        self._base = base

    async def command(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One command of the protocol; its value."""
        async with self._http.request(
            method, f"{self._base}{path}", json=body if body is not None else ({} if method == "POST" else None)
        ) as answer:
            value = (await answer.json())["value"]
        if isinstance(value, dict) and "error" in value:
            raise AssertionError(f"{path}: {value['error']}: {value['message'][:500]}")
        return value

    async def open(self, url: str) -> None:
        """Go to a page."""
        await self.command("POST", "/url", {"url": url})

    async def reload(self) -> None:
        """As a person does it."""
        await self.command("POST", "/refresh")

    async def js(self, script: str, *args: Any) -> Any:
        """Run a script in the page; what it returns."""
        return await self.command("POST", "/execute/sync", {"script": script, "args": list(args)})

    async def find(self, css: str) -> str:
        """The first element that fits, waiting for it."""
        return str(await self.until(lambda: self._find(css), f"no {css}"))

    async def _find(self, css: str) -> str | None:
        found = await self.command("POST", "/elements", {"using": "css selector", "value": css})
        return found[0][ELEMENT] if found else None

    async def click(self, css: str) -> None:
        """On the first element that fits."""
        await self.command("POST", f"/element/{await self.find(css)}/click")

    async def fill(self, css: str, text: str) -> None:
        """Replace what a field holds, as a person would: select it all, type."""
        await self.find(css)
        await self.js("const e=document.querySelector(arguments[0]);e.focus();e.select()", css)
        await self.type(text)

    async def text(self, css: str) -> str:
        """What the first element that fits shows."""
        return str(await self.command("GET", f"/element/{await self.find(css)}/text"))

    async def press(self, *keys: str, shift: bool = False) -> None:
        """Keys to whatever has the focus."""
        actions: list[dict[str, str]] = [{"type": "keyDown", "value": SHIFT}] if shift else []
        for key in keys:
            value = KEYS.get(key, key)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        if shift:
            actions.append({"type": "keyUp", "value": SHIFT})
        await self.command("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    async def type(self, text: str) -> None:
        """A text to whatever has the focus."""
        await self.press(*text)

    async def focused(self) -> str:
        """The accessible name, or text, of what has the focus."""
        return str(
            await self.js(
                "const e=document.activeElement,l=e.labels&&e.labels[0];"
                "return e.getAttribute('aria-label')||(l&&l.textContent)||e.textContent||e.tagName"
            )
        ).strip()

    async def focus_on(self, name: str) -> None:
        """Wait until what has the focus is called so, wholly or in part: the page moves it once it is drawn."""

        async def there() -> bool:
            return name in await self.focused()

        await self.until(there, f"the focus never came to {name!r}")

    async def until(self, check: Callable[[], Any], failure: str) -> Any:
        """What ``check`` says once it is truthy."""
        last: Any = None
        loop = asyncio.get_running_loop()
        end = loop.time() + WAIT_S
        while loop.time() < end:
            try:
                last = await check()
            except AssertionError as error:
                last = error
            if last and not isinstance(last, AssertionError):
                return last
            await asyncio.sleep(0.05)
        raise AssertionError(
            f"{failure}; last: {last}; page: {(await self.js('return document.body.innerText'))[:800]}"
        )

    async def see(self, text: str, css: str = "body") -> None:
        """Wait until ``text`` is shown within ``css``."""
        script = "const e=document.querySelector(arguments[0]);return Boolean(e&&e.innerText.includes(arguments[1]))"
        await self.until(lambda: self.js(script, css, text), f"{text!r} never appeared in {css}")

    async def gone(self, text: str, css: str = "body") -> None:
        """Wait until ``text`` is no longer shown within ``css``."""
        script = "const e=document.querySelector(arguments[0]);return !e||!e.innerText.includes(arguments[1])"
        await self.until(lambda: self.js(script, css, text), f"{text!r} stayed in {css}")

    async def resize(self, width: int, height: int) -> None:
        """The page's own size, as a phone or a desk screen has it."""
        await self.cdp(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )

    async def cdp(self, method: str, params: dict[str, Any]) -> Any:
        """A command of Chromium's own protocol."""
        return await self.command("POST", "/goog/cdp/execute", {"cmd": method, "params": params})

    async def dark(self, *, on: bool) -> None:
        """Ask for the dark form of the page, or the light one."""
        feature = {"name": "prefers-color-scheme", "value": "dark" if on else "light"}
        await self.cdp("Emulation.setEmulatedMedia", {"features": [feature]})

    async def offline(self, *, on: bool) -> None:
        """Take the network away, or give it back."""
        await self.cdp(
            "Network.emulateNetworkConditions",
            {"offline": on, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
        )

    async def picture(self, path: Path) -> None:
        """What is seen, as PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(await self.command("GET", "/screenshot")))

    async def complaints(self) -> list[str]:
        """What the browser wrote to its console as errors."""
        entries = await self.command("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]


@asynccontextmanager
async def chromium(profile: Path, *flags: str) -> AsyncIterator[Browser]:
    """A fresh, headless browser with further command line ``flags``; its driver is stopped at the end.

    Skips the test where there is none.
    """
    if shutil.which("chromedriver") is None or shutil.which("chromium") is None:
        pytest.skip("chromium and chromedriver are not installed (apt-get install chromium chromium-driver)")
    driver = await asyncio.create_subprocess_exec(
        "chromedriver",
        "--port=0",
        "--log-level=WARNING",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert driver.stdout is not None
    try:
        port = None
        while port is None:
            line = await asyncio.wait_for(driver.stdout.readline(), WAIT_S)
            assert line, "chromedriver ended before it listened"
            found = re.search(rb"successfully on port (\d+)", line)
            port = int(found.group(1)) if found else None
        drain = asyncio.create_task(driver.stdout.read())
        options = {
            "args": [
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--mute-audio",
                "--autoplay-policy=no-user-gesture-required",
                "--lang=zh-CN",
                f"--user-data-dir={profile}",
                *flags,
            ],
            "prefs": {"intl.accept_languages": "zh-CN"},
        }
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "SEVERE"}}
        timeout = aiohttp.ClientTimeout(total=60)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            bare = Browser(http, f"http://127.0.0.1:{port}")
            session = await bare.command("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
            browser = Browser(http, f"http://127.0.0.1:{port}/session/{session['sessionId']}")
            try:
                yield browser
            finally:
                await browser.command("DELETE", "")
        driver.send_signal(signal.SIGTERM)
        await drain
    finally:
        if driver.returncode is None:
            driver.kill()
        await driver.wait()
