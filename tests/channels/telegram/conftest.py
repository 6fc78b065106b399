"""A bot by webhook on a Bot API server of our own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.telegram.harness import Harness, PollingHarness


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Harness]:
    harness = Harness(tmp_path)
    await harness.open()
    await harness.start()
    yield harness
    await harness.close()


@pytest.fixture
async def polling(tmp_path: Path) -> AsyncIterator[PollingHarness]:
    """Not started yet."""
    harness = PollingHarness(tmp_path)
    await harness.open()
    yield harness
    await harness.close()
