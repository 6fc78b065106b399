from __future__ import annotations

from pathlib import Path

import pytest

from gateway.storage.database import Database
from tests.contract.conversations.house import ConversationHouse
from tests.contract.storage.conftest import clock, db, opened, url
from tests.support.clocks import SetClock

__all__ = ["clock", "db", "opened", "url"]


@pytest.fixture
def house(db: Database, clock: SetClock, tmp_path: Path) -> ConversationHouse:
    return ConversationHouse(db, clock, tmp_path)
