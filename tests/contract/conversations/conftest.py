from __future__ import annotations

from pathlib import Path

import pytest

from gateway.storage.database import Database
from tests.contract.conversations.house import ConversationHouse
from tests.support.clocks import SetClock
from tests.support.stores import sql_store as store

__all__ = ["store"]


@pytest.fixture
def house(db: Database, clock: SetClock, tmp_path: Path) -> ConversationHouse:
    return ConversationHouse(db, clock, tmp_path)
