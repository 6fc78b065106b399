"""A site with the chat, and clients."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.channels.webchat.harness import Client, Site, site


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as opened:
        yield opened


@pytest.fixture
async def client(chat: Site, http: aiohttp.ClientSession) -> Client:
    opened = Client(http, chat.base)
    await opened.begin()
    return opened
