"""A house with a desk, and a real browser in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import Browser, chromium
from tests.support.web_house import PASSWORD, WebHouse, web_house


@pytest.fixture
def silent() -> list[str]:
    """Kinds of channels that are quieter than they should be; a test adds some."""
    return []


@pytest.fixture
async def house(tmp_path: Path, silent: list[str]) -> AsyncIterator[WebHouse]:
    async def report() -> list[dict[str, Any]]:
        return [{"channel_id": f"one-{kind}", "kind": kind, "silent": kind in silent} for kind in ("sip", "wechat")]

    async with web_house(tmp_path, channels_report=report) as opened:
        yield opened


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with chromium(tmp_path / "profile") as opened:
        await opened.resize(1440, 900)
        yield opened


@pytest.fixture
async def desk(house: WebHouse, browser: Browser) -> Browser:
    """Logged in as an agent, at the list."""
    await browser.open(f"{house.url}/desk/")
    await browser.fill("#username", "wang")
    await browser.fill("#password", PASSWORD)
    await browser.press("Enter")
    await browser.see("实时")
    return browser
