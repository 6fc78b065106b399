from __future__ import annotations

from pathlib import Path

import pytest

from gateway.storage.database import Database
from tests.contract.conversations.house import ConversationHouse
from tests.contract.storage.changes import TestClock
from tests.contract.storage.conftest import clock, db, opened, postgres, url

__all__ = ["clock", "db", "opened", "postgres", "url"]


@pytest.fixture
def house(db: Database, clock: TestClock, tmp_path: Path) -> ConversationHouse:
    return ConversationHouse(db, clock, tmp_path)
