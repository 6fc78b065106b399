"""No attack that was ever found holds an event loop for longer than 50 ms of CPU."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.bounded.house import WebProcess, web_process
from tests.support.attacks import ATTACKS, Attack

pytestmark = pytest.mark.integration


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[WebProcess]:
    async with web_process(tmp_path) as running:
        yield running


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
async def test_no_attack_holds_the_loop(process: WebProcess, attack: Attack) -> None:
    (await process.held_by(attack)).check()
